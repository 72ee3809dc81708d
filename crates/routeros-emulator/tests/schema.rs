//! No menu, command, field or value that the command tree of a real router lacks.
//!
//! The trees lie beside the repository; a clone without them says so and goes on.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use routeros_emulator::{MenuDescription, Version, describe};
use serde_json::Value;

fn directory() -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/routeros/schema");
    if path.is_dir() {
        return Some(path);
    }
    println!("no command trees at {}: nothing compared", path.display());
    None
}

fn load(directory: &std::path::Path, name: &str) -> Option<Value> {
    let text = std::fs::read_to_string(directory.join(name)).ok()?;
    Some(serde_json::from_str(&text).unwrap())
}

fn node<'a>(tree: &'a Value, path: &str) -> Option<&'a Value> {
    path.trim_start_matches('/').split('/').try_fold(&tree["tree"], |node, part| node.get(part))
}

fn arguments(menu: &Value, command: &str) -> Option<BTreeSet<String>> {
    let command = menu.get(command)?.as_object()?;
    Some(command.iter().filter(|(_, value)| value["_type"] == "arg").map(|(name, _)| name.clone()).collect())
}

fn completions(menu: &Value, command: &str, argument: &str) -> BTreeSet<String> {
    let values = &menu[command][argument]["_completion"];
    values.as_object().map(|values| values.keys().cloned().collect()).unwrap_or_default()
}

/// Commands that exist over the API only: `getall` and `listen` are forms of print.
const API_ONLY: &[&str] = &["getall", "listen"];

#[test]
fn commands_and_arguments_exist_in_every_version() {
    let Some(directory) = directory() else { return };
    let mut wrong = Vec::new();
    let mut emulated = 0;
    for version in Version::all() {
        let Some(tree) = load(&directory, &format!("{}.json", version.number())) else { continue };
        for (path, menu) in describe(version) {
            if menu.hardware {
                continue;
            }
            let Some(node) = node(&tree, path) else {
                wrong.push(format!("{version} {path}: no such menu"));
                continue;
            };
            compare(version, path, &menu, node, &mut wrong);
            emulated += menu.fields.values().filter(|field| field.access != "read").count();
        }
    }
    println!("{emulated} arguments emulated");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

fn compare(version: Version, path: &str, menu: &MenuDescription, node: &Value, wrong: &mut Vec<String>) {
    for (command, extra) in &menu.commands {
        if API_ONLY.contains(command) {
            continue;
        }
        let Some(arguments) = arguments(node, command) else {
            wrong.push(format!("{version} {path}: no such command {command}"));
            continue;
        };
        for argument in extra {
            // Items may be named by `.id` over the API, and properties chosen.
            if !matches!(*argument, ".id" | ".proplist") && !arguments.contains(*argument) {
                wrong.push(format!("{version} {path}/{command}: no such argument {argument}"));
            }
        }
    }
    for (command, accesses) in [("add", ["write", "add-only"]), ("set", ["write", "set-only"])] {
        let Some(arguments) = arguments(node, command).filter(|_| menu.commands.contains_key(command)) else {
            continue;
        };
        for (name, field) in &menu.fields {
            if accesses.contains(&field.access) && !arguments.contains(*name) {
                wrong.push(format!("{version} {path}/{command}: no such argument {name}"));
            }
        }
    }
}

/// Where the list lies.
const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/NOT-EMULATED.md");

/// What a person at a console does, not a program.
const CONSOLE_ONLY: &[&str] = &["edit", "recursive-print"];

/// Versions that lack something, by what they lack.
type Lacking = BTreeMap<String, Vec<Version>>;

#[test]
fn what_is_not_emulated_is_listed() {
    let Some(directory) = directory() else { return };
    let (mut menus, mut commands, mut arguments, mut printed) =
        (Lacking::new(), Lacking::new(), Lacking::new(), Lacking::new());
    for version in Version::all() {
        let Some(tree) = load(&directory, &format!("{}.json", version.number())) else { continue };
        let described = describe(version);
        let mut open = vec![(String::new(), &tree["tree"])];
        while let Some((path, node)) = open.pop() {
            let children = node.as_object().unwrap().iter().filter(|(_, child)| child.is_object());
            let (places, own): (Vec<_>, Vec<_>) = children.partition(|(_, child)| child["_type"] != "cmd");
            open.extend(places.into_iter().map(|(name, child)| (format!("{path}/{name}"), child)));
            let own: Vec<_> =
                own.into_iter().filter(|(name, _)| !CONSOLE_ONLY.contains(&name.as_str())).collect();
            // What stands at the root is the console's language.
            if path.is_empty() || own.iter().all(|(name, _)| *name == "export") {
                continue;
            }
            let Some(menu) = described.get(path.as_str()) else {
                menus.entry(path.clone()).or_default().push(version);
                continue;
            };
            for (command, node) in own {
                if !menu.commands.contains_key(command.as_str()) {
                    commands.entry(format!("{path} {command}")).or_default().push(version);
                } else if matches!(command.as_str(), "add" | "set") {
                    let names = node.as_object().unwrap().iter().filter(|(_, child)| child["_type"] == "arg");
                    for (name, _) in names {
                        let known = menu.fields.contains_key(name.as_str())
                            || matches!(name.as_str(), "numbers" | "copy-from" | "place-before");
                        if !known {
                            arguments.entry(format!("{path} {name}")).or_default().push(version);
                        }
                    }
                }
            }
        }
        let Some(deep) = load(&directory, &format!("{}-deep.json", version.number())) else { continue };
        for (path, menu) in &described {
            let Some(node) = node(&deep, path) else { continue };
            for name in completions(node, "print", "proplist") {
                if name != "about" && !menu.fields.contains_key(name.as_str()) {
                    printed.entry(format!("{path} {name}")).or_default().push(version);
                }
            }
        }
    }
    let text = format!(
        "# What is not emulated\n\nWhat command trees of real routers have and the emulator has not, in the menus that the \
         trees were trimmed to.\nWhat only a console does is left out. `tests/schema.rs` makes this list \
         (`UPDATE_NOT_EMULATED=1`) and compares it,\nwhere the trees lie beside the repository.\n\n## Menus\n\n{}\n\
         ## Commands of emulated menus\n\n{}\n## Arguments of `add` and `set`\n\n{}\n\
         ## Printed properties (trees of 7.21 and 7.22 have them)\n\n{}",
        listed(&menus),
        listed(&commands),
        listed(&arguments),
        listed(&printed)
    );
    if std::env::var_os("UPDATE_NOT_EMULATED").is_some() {
        std::fs::write(LIST, &text).unwrap();
    }
    let committed = std::fs::read_to_string(LIST).unwrap_or_default();
    assert_eq!(committed, text, "run this test with UPDATE_NOT_EMULATED=1 and look at the difference");
}

/// One line for each menu, its items with the versions where not all of them lack it.
fn listed(lacking: &Lacking) -> String {
    let mut lines: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (what, versions) in lacking {
        let (menu, item) = what.split_once(' ').unwrap_or((what, ""));
        let (first, last) = (versions[0], versions[versions.len() - 1]);
        let since =
            if first == Version::all().next().unwrap() { String::new() } else { format!("from {first}") };
        let until = if last == Version::all().last().unwrap() { String::new() } else { format!("to {last}") };
        let range = [since, until].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
        let range = if range.is_empty() { range } else { format!(" ({range})") };
        lines.entry(menu).or_default().push(format!("{item}{range}").trim().to_owned());
    }
    let line =
        |(menu, items): (&&str, &Vec<String>)| format!("- `{menu}` {}", items.join(", ")).trim().to_owned();
    lines.iter().map(line).map(|line| line + "\n").collect()
}

/// What `/console/inspect` shows is what the walker of the trees has seen, or less.
#[tokio::test]
async fn inspect_shows_nothing_that_the_tree_lacks() {
    let Some(directory) = directory() else { return };
    let mut wrong = Vec::new();
    let mut seen = 0;
    for version in Version::all() {
        let Some(tree) = load(&directory, &format!("{}.json", version.number())) else { continue };
        let emu = client::emulator(&version.to_string()).await;
        let mut client = client::session(&emu).await;
        let mut open = vec![String::new()];
        while let Some(path) = open.pop() {
            let reply =
                client.run(&["/console/inspect", "=request=child", &format!("=path={path}")]).await.ok();
            for row in reply.rows.iter().filter(|row| row["type"] == "child") {
                seen += 1;
                let name = &row["name"];
                let below = if path.is_empty() { name.clone() } else { format!("{path},{name}") };
                let found = below.split(',').try_fold(&tree["tree"], |node, part| node.get(part));
                // The trees leave out menus that are not moxxie's; their roots are listed apart.
                let kind = match path.as_str() {
                    "" => tree["_root"].get(name),
                    _ => found.and_then(|node| node.get("_type")),
                };
                let trimmed =
                    below.starts_with("console") || below.starts_with("safe-mode") && found.is_none();
                if kind.and_then(Value::as_str) != Some(&row["node-type"]) && !trimmed {
                    wrong.push(format!("{version} {below}: {} instead of {kind:?}", row["node-type"]));
                } else if !trimmed && row["node-type"] != "arg" {
                    open.push(below);
                }
            }
        }
    }
    println!("{seen} nodes");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 50_000, "{seen}");
}

#[test]
fn printed_unset_and_enumerated_exist() {
    let Some(directory) = directory() else { return };
    let mut wrong = Vec::new();
    for version in ["7.21", "7.22"] {
        let version: Version = version.parse().unwrap();
        let Some(tree) = load(&directory, &format!("{}-deep.json", version.number())) else { continue };
        for (path, menu) in describe(version) {
            let Some(node) = node(&tree, path).filter(|_| !menu.hardware) else { continue };
            let printed = completions(node, "print", "proplist");
            let unset = completions(node, "unset", "value-name");
            for (name, field) in &menu.fields {
                if !printed.is_empty() && !printed.contains(*name) && !is_write_only(path, name) {
                    wrong.push(format!("{version} {path}: does not print {name}"));
                }
                if field.unset && !unset.contains(*name) {
                    wrong.push(format!("{version} {path}: cannot unset {name}"));
                }
                let command = if menu.commands.contains_key("add") { "add" } else { "set" };
                let values = completions(node, command, name);
                if field.access != "read" && field.references.is_empty() && !values.is_empty() {
                    for value in field.values.iter().filter(|value| !values.contains(**value)) {
                        wrong.push(format!("{version} {path}: {name} has no value {value}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
}

/// Passwords of users never come back.
fn is_write_only(path: &str, name: &str) -> bool {
    (path, name) == ("/user", "password")
}
