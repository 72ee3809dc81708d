//! `/console/inspect`: the command tree, as others have measured its answers on 7.9 to 7.24 (published notes of
//! tikoci/lsp-routeros-ts and of restraml, whose walker made the trees of the schema).
//!
//! It shows what is emulated, never more. `highlight` and `error` are not there (assumption `inspect`).

use super::actions::{self, Action};
use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome};
use crate::errors::{ErrorId, Trap};
use crate::schema::{Access, CompiledMenu, Type, print_arguments};
use crate::state::{Caller, Router};
use crate::value::{Names, format_duration};

pub(super) const ARGUMENTS: &[&str] = &["as-value", "input", "path", "request", "without-paging"];

/// Directories that are `path` in a listing; all others are `dir`.
const PATHS: &[&str] = &["interface", "ip", "ipv6", "system", "tool", "user"];

/// A place in the tree.
enum Node<'a> {
    Directory { path: String },
    Command { menu: Option<&'a CompiledMenu>, name: &'a str, action: Option<&'static Action> },
    Argument { menu: Option<&'a CompiledMenu>, name: &'a str },
}

/// Name and type of a child.
type Child = (String, &'static str);

pub(super) fn inspect(router: &mut Router, _: &Caller, request: &Request, out: &mut Replies) -> Outcome {
    let kind = request.text("request").ok_or_else(|| vec![Trap::with(ErrorId::Missing, "request")])?;
    // Parts of the path are separated by commas.
    let text = request.text("path").unwrap_or_default();
    let path: Vec<&str> = text.split(',').filter(|part| !part.is_empty()).collect();
    match kind.as_str() {
        // `input` is ignored, and what is not there answers nothing.
        "child" => {
            if let Some(node) = node(router, &path) {
                child(router, &path, &node, out);
            }
        }
        "syntax" => {
            if let Some(node) = node(router, &path) {
                syntax(router, &path, &node, out);
            }
        }
        "completion" => completion(router, &path, &request.text("input").unwrap_or_default(), out),
        _ => return Err(vec![Trap::with(ErrorId::NoMatch, "request")]),
    }
    Ok(Answer::done())
}

fn node<'a>(router: &'a Router, path: &[&'a str]) -> Option<Node<'a>> {
    let joined = path.iter().map(|part| format!("/{part}")).collect::<String>();
    if path.is_empty() || is_directory(router, &joined) {
        return Some(Node::Directory { path: joined });
    }
    let command = |path: &[&'a str]| {
        let (name, above) = path.split_last()?;
        let above = above.iter().map(|part| format!("/{part}")).collect::<String>();
        let menu = router.schema.menu(&above).map(|menu| &**menu);
        let action = actions::listed(router.minor(), &format!("{above}/{name}"));
        let there = action.is_some() || menu.is_some_and(|menu| commands(menu).any(|other| other == *name));
        there.then_some(Node::Command { menu, name, action })
    };
    if let Some(command) = command(path) {
        return Some(command);
    }
    let (name, above) = path.split_last()?;
    let parent = command(above)?;
    let Node::Command { menu, .. } = parent else { return None };
    arguments(router, &parent).iter().any(|other| other == name).then_some(Node::Argument { menu, name })
}

fn is_directory(router: &Router, path: &str) -> bool {
    !path.contains("/.") && (router.schema.is_directory(path) || actions::is_directory(path))
}

/// Commands of the console; `getall` and `listen` are the API's.
fn commands(menu: &CompiledMenu) -> impl Iterator<Item = &'static str> {
    menu.commands.iter().copied().filter(|name| !matches!(*name, "getall" | "listen"))
}

fn children(router: &Router, node: &Node<'_>) -> Vec<Child> {
    let mut children: Vec<Child> = match node {
        Node::Directory { path } => {
            let below = format!("{path}/");
            let first = |other: &str| {
                let rest = other.strip_prefix(&below)?;
                Some(rest.split('/').next().unwrap_or(rest).to_owned())
            };
            let menus = router.schema.menus.keys().filter(|menu| !menu.contains("/."));
            let places = menus.copied().chain(actions::directories()).filter_map(first);
            let kind = |name: &str| if path.is_empty() && PATHS.contains(&name) { "path" } else { "dir" };
            let mut found: Vec<Child> = places.map(|name| (kind(&name), name)).map(|(k, n)| (n, k)).collect();
            if let Some(menu) = router.schema.menu(path) {
                found.extend(commands(menu).map(|name| (name.to_owned(), "cmd")));
            }
            let alone = actions::all(router.minor()).filter_map(|action| action.path.strip_prefix(&below));
            found.extend(alone.filter(|name| !name.contains('/')).map(|name| (name.to_owned(), "cmd")));
            found
        }
        Node::Command { .. } => {
            arguments(router, node).into_iter().map(|name| (name.to_owned(), "arg")).collect()
        }
        Node::Argument { .. } => Vec::new(),
    };
    children.sort();
    children.dedup();
    children
}

/// Arguments of a command in the console; those with a dot are the API's.
fn arguments(router: &Router, command: &Node<'_>) -> Vec<&'static str> {
    let Node::Command { menu, name, action } = command else { return Vec::new() };
    let minor = router.minor();
    if let Some(action) = action {
        return action.arguments(minor);
    }
    let Some(menu) = menu else { return Vec::new() };
    if let Some(own) = menu.extra(name) {
        return own.iter().copied().filter(|name| !name.starts_with('.')).collect();
    }
    let list = menu.is_list();
    let fields = |wanted: &[Access]| {
        let fields = menu.fields().iter().filter(|field| wanted.contains(&field.access));
        fields.map(|field| field.name).collect::<Vec<_>>()
    };
    let mut names = match *name {
        "add" => fields(&[Access::Write, Access::AddOnly]),
        "set" => fields(&[Access::Write, Access::SetOnly]),
        "print" => print_arguments(&menu.menu, minor),
        "get" => vec!["as-string", "as-string-value", "value-name"],
        "find" => vec!["where"],
        "export" => {
            vec!["compact", "file", "hide-sensitive", "show-sensitive", "terse", "verbose", "where"]
        }
        "comment" => vec!["comment"],
        "move" => vec!["destination"],
        "unset" => vec!["value-name"],
        _ => Vec::new(),
    };
    match *name {
        "get" if list => names.push("number"),
        "export" if minor >= 23 => names.push("path"),
        "add" if menu.menu.ordered => names.push("place-before"),
        "print" | "find" | "export" | "add" | "get" => {}
        _ if list => names.push("numbers"),
        _ => {}
    }
    names
}

fn row(out: &mut Replies, fields: &[(&str, &str)]) {
    out.begin("!re");
    fields.iter().for_each(|(name, value)| out.attribute(name, value.as_bytes()));
    out.end();
}

fn child(router: &Router, path: &[&str], node: &Node<'_>, out: &mut Replies) {
    let own = match node {
        Node::Directory { .. } if path.len() == 1 && PATHS.contains(&path[0]) => "path",
        Node::Directory { .. } => "dir",
        Node::Command { .. } => "cmd",
        Node::Argument { .. } => "arg",
    };
    if let Some(name) = path.last() {
        row(out, &[("type", "self"), ("name", name), ("node-type", own)]);
    }
    for (name, kind) in children(router, node) {
        row(out, &[("type", "child"), ("name", &name), ("node-type", kind)]);
    }
}

/// One row for the place itself, and below a container one for each member.
fn syntax(router: &Router, path: &[&str], node: &Node<'_>, out: &mut Replies) {
    let line = |out: &mut Replies, symbol: &str, kind: &str, nested: &str, text: &str| {
        let nonorm = if kind == "collection" { "true" } else { "false" };
        let fields = [
            ("type", "syntax"),
            ("symbol", symbol),
            ("symbol-type", kind),
            ("nested", nested),
            ("nonorm", nonorm),
            ("text", text),
        ];
        row(out, &fields);
    };
    if let Node::Argument { menu, name } = node {
        let ty = menu.and_then(|menu| menu.field(name).map(|ix| &menu.at(ix).ty));
        let text = ty.map(notation).unwrap_or_default();
        return line(out, path.last().unwrap_or(&""), "definition", "0", &text);
    }
    line(out, "", "collection", "0", "");
    for (name, _) in children(router, node) {
        line(out, &name, "explanation", "1", "");
    }
}

/// How the console writes a type; what has words is told by completion instead.
fn notation(ty: &Type) -> String {
    match ty {
        Type::Text => "string value".to_owned(),
        Type::Time { low: 0, high } if *high == u64::from(u32::MAX) * 1000 => "time interval".to_owned(),
        Type::Time { low, high } => {
            format!("{}..{}    (time interval)", format_duration(*low), format_duration(*high))
        }
        Type::Ip4 | Type::Address4 => "A.B.C.D    (IP address)".to_owned(),
        Type::Prefix4 => "A.B.C.D/M    (IP prefix)".to_owned(),
        Type::Prefix6 | Type::Address6 => "IPv6/0..128    (IPv6 prefix)".to_owned(),
        Type::Range { v6: false, .. } | Type::PoolRanges => {
            "A.B.C.D[-A.B.C.D |0..32 |/A.B.C.D ]    (IP address range)".to_owned()
        }
        Type::Mac => "AB[:|-|.]CD[:|-|.]EF[:|-|.]GH[:|-|.]IJ[:|-|.]KL    (MAC address)".to_owned(),
        Type::Not(inner) => notation(inner),
        _ => String::new(),
    }
}

/// What may stand where `input` ends.
fn completion(router: &Router, path: &[&str], input: &str, out: &mut Replies) {
    let mut place: Vec<&str> = if input.trim_start().starts_with('/') { Vec::new() } else { path.to_vec() };
    let last = input.rfind([' ', '/']).map_or(0, |at| at + 1);
    let (before, word) = input.split_at(last);
    for part in before.split([' ', '/']).filter(|part| !part.is_empty()) {
        match node(router, &place) {
            Some(Node::Directory { .. }) => place.push(part),
            // Behind the command come its arguments, complete by now.
            Some(Node::Command { .. }) => {}
            _ => return,
        }
    }
    let Some(found) = node(router, &place) else { return };
    let candidate = |out: &mut Replies, text: &str, offset: usize, style: &str| {
        let offset = offset.to_string();
        let fields = [
            ("type", "completion"),
            ("completion", text),
            ("offset", &offset),
            ("preference", "96"),
            ("show", "true"),
            ("style", style),
            ("text", ""),
        ];
        row(out, &fields);
    };
    if let (Node::Command { menu, name, .. }, Some((argument, begun))) = (&found, word.split_once('=')) {
        let offset = last + argument.len() + 1;
        let values = menu.map(|menu| values(router, menu, name, argument)).unwrap_or_default();
        for value in values.iter().filter(|value| value.starts_with(begun)) {
            candidate(out, value, offset, "none");
        }
        return;
    }
    let matching: Vec<_> =
        children(router, &found).into_iter().filter(|(name, _)| name.starts_with(word)).collect();
    for (name, kind) in &matching {
        // A listing of the console knows no `path`.
        candidate(out, name, last, if *kind == "path" { "dir" } else { kind });
    }
    // Old versions say nothing of what they do not know.
    if !word.is_empty() && !matching.iter().any(|(name, _)| name == word) && router.minor() >= 10 {
        let what = if matches!(found, Node::Command { .. }) { "parameter" } else { "command" };
        let (offset, text) = (last.to_string(), format!("unknown {what}"));
        let fields = [
            ("type", "completion"),
            ("completion", ""),
            ("offset", offset.as_str()),
            ("preference", "-20"),
            ("show", "false"),
            ("style", "obj-inactive"),
            ("text", text.as_str()),
        ];
        row(out, &fields);
    }
}

/// Words of an enumeration, names of rows that may be referred to, properties of a print.
fn values(router: &Router, menu: &CompiledMenu, command: &str, argument: &str) -> Vec<String> {
    let fields = || menu.fields().iter();
    let mut values: Vec<String> = match (command, argument) {
        ("print", "proplist") => fields().map(|field| field.name.to_owned()).collect(),
        ("get", "value-name") => fields().map(|field| field.name.to_owned()).collect(),
        ("unset", "value-name") => {
            fields().filter(|field| field.unset).map(|field| field.name.to_owned()).collect()
        }
        _ => {
            let Some(ix) = menu.field(argument) else { return Vec::new() };
            let ty = &menu.at(ix).ty;
            let mut values: Vec<String> = ty.enumeration().iter().map(|word| (*word).to_owned()).collect();
            if *ty == Type::Bool {
                values.extend(["no".to_owned(), "yes".to_owned()]);
            }
            for space in ty.references() {
                let owners = router.schema.menus.values().filter(|owner| owner.menu.space == *space);
                let rows =
                    owners.flat_map(|owner| router.stored(owner).map(|row| row.id).collect::<Vec<_>>());
                let names = rows.filter_map(|id| router.name_of(space, id));
                values.extend(names.map(|name| String::from_utf8_lossy(name).into_owned()));
            }
            values
        }
    };
    values.sort();
    values.dedup();
    values
}
