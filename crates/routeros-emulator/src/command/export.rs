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

pub(super) const ARGUMENTS: &[&str] =
    &["compact", "file", "hide-sensitive", "path", "show-sensitive", "terse", "verbose", "where"];

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
    let known = |name: &str| ARGUMENTS.contains(&name) && (name != "path" || router.minor() >= 23);
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
    let mut text = header(router);
    let export = Export { router, pristine: Router::new(router.settings.clone(), router.now), style };
    for menu in in_dependency_order(router) {
        let below = menu.path() == path || menu.path().starts_with(&format!("{path}/"));
        if below && (menu.path() == path || !LEFT_OUT.iter().any(|out| menu.path().starts_with(out))) {
            export.menu(&menu, &mut text);
        }
    }
    let size = text.len();
    write_file(router, &with_ending(&file, ".rsc"), text, size).map_err(|trap| vec![trap])?;
    Ok(Answer::done())
}

/// The lines that begin with `#`.
fn header(router: &Router) -> String {
    let date = crate::clock::format_date_time(router.now);
    let mut text =
        format!("# {date} by RouterOS {}\n# software id = \n#\n", router.settings.version.number());
    if let Some(serial) = &router.settings.board_serial {
        text.push_str(&format!("# model = CCR2116-12G-4S+\n# serial number = {serial}\n"));
    }
    text
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

/// Columns of a line; what is longer goes on in the next.
const WIDTH: usize = 80;

struct Export<'a> {
    router: &'a Router,
    /// The router as it came: of built-in rows only what was changed is exported.
    pristine: Router,
    style: Style,
}

impl Export<'_> {
    fn menu(&self, menu: &CompiledMenu, text: &mut String) {
        if menu.menu.view || menu.menu.read_only || menu.menu.no_undo || menu.path().contains("/.") {
            return;
        }
        let place = menu.path().replacen('/', "\u{0}", 1).replace('/', " ").replace('\u{0}', "/");
        let mut begun = self.style.terse;
        for (at, row) in self.router.stored(menu).filter(|row| !row.dynamic).enumerate() {
            let Some(words) = self.row(menu, row, at) else { continue };
            if !begun {
                text.push_str(&format!("{place}\n"));
                begun = true;
            }
            if self.style.terse {
                text.push_str(&format!("{place} {}\n", words.join(" ")));
            } else {
                wrap(&words, text);
            }
        }
    }

    /// `add ...`, or `set ...` for rows that are there from the start.
    fn row(&self, menu: &CompiledMenu, row: &Row, at: usize) -> Option<Vec<String>> {
        let added = menu.is_list() && !row.builtin;
        let inborn = self.pristine.row(menu.menu.space, row.id).filter(|inborn| inborn.menu == row.menu);
        let mut words = match (added, menu.is_list()) {
            (true, _) => vec!["add".to_owned()],
            (_, true) => vec!["set".to_owned(), self.selector(menu, row, inborn, at)],
            _ => vec!["set".to_owned()],
        };
        let bare = words.len();
        for ix in 0..menu.fields().len() as u16 {
            words.extend(self.field(menu, row, ix, inborn.filter(|_| !added)));
        }
        (words.len() > bare || added).then_some(words)
    }

    /// How a built-in row is named (assumption `export-builtin`).
    fn selector(&self, menu: &CompiledMenu, row: &Row, inborn: Option<&Row>, at: usize) -> String {
        if menu.path() == "/interface/ethernet" {
            let name = self.shown(self.router, menu, row, "default-name").unwrap_or_default();
            return format!("[ find default-name={} ]", quoted(&name));
        }
        let others = self.router.stored(menu).filter(|row| row.builtin).count() > 1;
        let marked = menu.field("default").is_some();
        match inborn.and_then(|row| self.shown(&self.pristine, menu, row, "name")) {
            Some(name) if !(marked && others) => quoted(&name),
            None if marked && !others => "[ find default=yes ]".to_owned(),
            _ => at.to_string(),
        }
    }

    fn shown(&self, router: &Router, menu: &CompiledMenu, row: &Row, field: &str) -> Option<String> {
        let view = RowView { router, menu, row, sensitive: self.style.sensitive };
        view.get(&Key::find(menu, field.as_bytes())).map(|value| String::from_utf8_lossy(&value).into_owned())
    }

    fn field(&self, menu: &CompiledMenu, row: &Row, ix: u16, inborn: Option<&Row>) -> Option<String> {
        let field = menu.at(ix);
        let added = menu.is_list() && !row.builtin;
        let given =
            if added { matches!(field.access, Access::Write | Access::AddOnly) } else { field.settable() };
        if !given || field.volatile || (row.get(ix).is_none() && inborn.and_then(|row| row.get(ix)).is_none())
        {
            return None;
        }
        if field.secret == Secret::WriteOnly || (field.secret == Secret::Sensitive && !self.style.sensitive) {
            return None;
        }
        let value = self.shown(self.router, menu, row, field.name);
        // What a port is born with, other than its name, follows from the device.
        let of_port = menu.path() == "/interface/ethernet"
            && matches!(field.name, "l2mtu" | "mac-address" | "orig-mac-address");
        let usual = match inborn {
            Some(inborn) => self.shown(&self.pristine, menu, inborn, field.name),
            None if menu.path() == "/interface/ethernet" && field.name == "name" => {
                self.shown(self.router, menu, row, "default-name")
            }
            None => field.default.map(str::to_owned),
        };
        if (value == usual || of_port) && !self.style.verbose {
            return None;
        }
        let Some(value) = value else { return Some(format!("!{}", field.name)) };
        Some(match (&field.ty, value.as_str()) {
            (Type::Bool, "true") => format!("{}=yes", field.name),
            (Type::Bool, "false") => format!("{}=no", field.name),
            _ => format!("{}={}", field.name, quoted(&value)),
        })
    }
}

fn wrap(words: &[String], text: &mut String) {
    let mut column = 0;
    for (at, word) in words.iter().enumerate() {
        if at > 0 && column + word.len() + 3 > WIDTH {
            text.push_str(" \\\n    ");
            column = 4;
        } else if at > 0 {
            text.push(' ');
            column += 1;
        }
        text.push_str(word);
        column += word.len();
    }
    text.push('\n');
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
