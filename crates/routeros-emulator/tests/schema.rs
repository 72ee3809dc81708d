//! No menu, command, field or value that the command tree of a real router lacks.
//!
//! The trees lie beside the repository; a clone without them says so and goes on.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

use std::collections::BTreeSet;
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
    let mut missing = 0;
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
            let add = arguments(node, "add").or_else(|| arguments(node, "set")).unwrap_or_default();
            emulated += menu.fields.values().filter(|field| field.access != "read").count();
            let unknown: Vec<_> = add
                .iter()
                .filter(|name| !menu.fields.contains_key(name.as_str()))
                .filter(|name| !matches!(name.as_str(), "numbers" | "copy-from" | "place-before"))
                .collect();
            missing += unknown.len();
            if !unknown.is_empty() {
                println!("{version} {path}: not emulated {unknown:?}");
            }
        }
    }
    println!("{emulated} arguments emulated, {missing} of the same menus not");
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
