//! `/export file=` and `MENU/export file=`: the configuration as a script.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::files::{with_ending, write_file};
use super::replies::Replies;
use super::request::Request;
use super::view::{Key, RowView};
use super::{Answer, Outcome};
use crate::errors::{ErrorId, Trap};
use crate::schema::{Access, CompiledMenu, Secret, Type};
use crate::state::{Caller, Router, Row};

/// Never part of an export of everything (reference 7.2).
const LEFT_OUT: &[&str] = &["/user", "/certificate", "/file", "/system/clock", "/routing/bgp/session"];

const ARGUMENTS: &[&str] =
    &["file", "compact", "verbose", "terse", "hide-sensitive", "show-sensitive", "where"];

pub(super) fn everything(
    router: &mut Router,
    caller: &Caller,
    request: &Request,
    _: &mut Replies,
) -> Outcome {
    export(router, caller, "", request)
}

/// The menus at and below `path`. Without a file the API returns nothing (reference 1.10).
pub(super) fn export(router: &mut Router, caller: &Caller, path: &str, request: &Request) -> Outcome {
    let known = |name: &str| ARGUMENTS.contains(&name) || (name == "path" && router.minor() >= 23);
    if let Some((name, _)) = request.arguments.iter().find(|argument| !known(&argument.0)) {
        return Err(vec![Trap::with(ErrorId::UnknownParameter, name)]);
    }
    let Some(file) = request.text("file") else { return Ok(Answer::done()) };
    if !caller.may("ftp") {
        return Err(vec![Trap::new(ErrorId::Permissions)]);
    }
    let flag = |name: &str| request.text(name).is_some_and(|value| !matches!(value.as_str(), "no" | "false"));
    let style = Style {
        verbose: flag("verbose"),
        terse: flag("terse"),
        sensitive: flag("show-sensitive") && caller.may("sensitive"),
    };
    let mut text = format!(
        "# {} by RouterOS {}\n#\n",
        crate::clock::format_date_time(router.now),
        router.settings.version.number()
    );
    for menu in in_dependency_order(router) {
        let below = menu.path() == path || menu.path().starts_with(&format!("{path}/"));
        if below && (menu.path() == path || !LEFT_OUT.iter().any(|out| menu.path().starts_with(out))) {
            write_menu(router, &menu, style, &mut text);
        }
    }
    let size = text.len();
    write_file(router, &with_ending(&file, ".rsc"), text, size).map_err(|trap| vec![trap])?;
    Ok(Answer::done())
}

#[derive(Clone, Copy)]
struct Style {
    verbose: bool,
    terse: bool,
    sensitive: bool,
}

/// What is referred to comes before what refers to it, so that the script can be imported.
fn in_dependency_order(router: &Router) -> Vec<Arc<CompiledMenu>> {
    fn visit(router: &Router, path: &str, seen: &mut BTreeSet<String>, out: &mut Vec<Arc<CompiledMenu>>) {
        let Some(menu) = router.menu(path).filter(|_| seen.insert(path.to_owned())) else { return };
        for space in menu.fields().iter().flat_map(|field| field.ty.references()) {
            for owner in router.schema.menus.values().filter(|owner| owner.menu.space == *space) {
                visit(router, owner.path(), seen, out);
            }
        }
        out.push(menu);
    }
    let (mut seen, mut out) = (BTreeSet::new(), Vec::new());
    // Ports before what stands on them.
    for first in ["/interface/ethernet", "/interface/bridge", "/interface/bonding", "/interface/vlan"] {
        visit(router, first, &mut seen, &mut out);
    }
    for path in router.schema.menus.keys() {
        visit(router, path, &mut seen, &mut out);
    }
    out
}

fn write_menu(router: &Router, menu: &CompiledMenu, style: Style, text: &mut String) {
    if menu.menu.view || menu.menu.read_only || menu.menu.no_undo || menu.path().contains("/.") {
        return;
    }
    let place = menu.path().replacen('/', "\u{0}", 1).replace('/', " ").replace('\u{0}', "/");
    let mut begun = style.terse;
    for row in router.stored(menu).filter(|row| !row.dynamic) {
        let Some(line) = line(router, menu, row, style) else { continue };
        if !begun {
            text.push_str(&format!("{place}\n"));
            begun = true;
        }
        if style.terse {
            text.push_str(&format!("{place} "));
        }
        text.push_str(&line);
        text.push('\n');
    }
}

/// `add ...`, or `set ...` for rows that are there from the start. Of those, ports alone are named.
fn line(router: &Router, menu: &CompiledMenu, row: &Row, style: Style) -> Option<String> {
    let view = RowView { router, menu, row, sensitive: style.sensitive };
    let port = menu.path() == "/interface/ethernet";
    if row.builtin && menu.is_list() && !port {
        return None;
    }
    let mut line = match (menu.is_list(), port) {
        (_, true) => {
            let name = view.get(&Key::find(menu, b"default-name"))?.into_owned();
            format!("set [ find default-name={} ]", String::from_utf8_lossy(&name))
        }
        (true, _) => "add".to_owned(),
        (false, _) => "set".to_owned(),
    };
    let bare = line.len();
    for (ix, field) in menu.fields().iter().enumerate() {
        let given = if row.builtin || !menu.is_list() {
            field.settable()
        } else {
            matches!(field.access, Access::Write | Access::AddOnly)
        };
        if !given || field.volatile || row.get(ix as u16).is_none() {
            continue;
        }
        if field.secret == Secret::WriteOnly || (field.secret == Secret::Sensitive && !style.sensitive) {
            continue;
        }
        let Some(value) = view.get(&Key::Field(ix as u16)) else { continue };
        let value = String::from_utf8_lossy(&value).into_owned();
        let inborn = port && matches!(field.name, "l2mtu" | "mac-address" | "orig-mac-address");
        let same = field.default == Some(value.as_str())
            || (port && field.name == "name" && line.ends_with(&format!("default-name={value} ]")));
        if (same || inborn) && !style.verbose {
            continue;
        }
        match (&field.ty, value.as_str()) {
            (Type::Bool, "true") => line.push_str(&format!(" {}=yes", field.name)),
            (Type::Bool, "false") => line.push_str(&format!(" {}=no", field.name)),
            _ => line.push_str(&format!(" {}={}", field.name, quoted(&value))),
        }
    }
    (line.len() > bare || (menu.is_list() && !row.builtin)).then_some(line)
}

fn quoted(value: &str) -> String {
    let plain = !value.is_empty()
        && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._:/,-*!%@+".contains(&byte));
    if plain {
        return value.to_owned();
    }
    let mut text = String::from("\"");
    for letter in value.chars() {
        match letter {
            '"' | '\\' | '$' => text.extend(['\\', letter]),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            _ => text.push(letter),
        }
    }
    text.push('"');
    text
}
