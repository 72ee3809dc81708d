//! Rows of real routers, written into the emulator and read back: they must come out as they are.
//!
//! The rows lie beside the repository; a clone without them says so and goes on.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests, too, fail by panicking")]

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use routeros_emulator::{Emulator, FieldDescription, MenuDescription, Version, describe};
use serde_json::Value;

type Fields = BTreeMap<String, String>;

/// Rows by menu; some lists are in lists.
fn samples() -> Option<BTreeMap<String, Vec<Fields>>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/routeros/schema/sample-rows.json");
    let Ok(text) = std::fs::read_to_string(&path) else {
        println!("no rows of real routers beside the repository: nothing compared");
        return None;
    };
    fn rows(value: &Value, out: &mut Vec<Fields>) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| rows(value, out)),
            Value::Object(fields) => out.push(
                fields
                    .iter()
                    .map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned()))
                    .collect(),
            ),
            _ => {}
        }
    }
    let json: Value = serde_json::from_str(&text).unwrap();
    let menus = json["rows"].as_object().unwrap().iter().map(|(menu, value)| {
        let mut found = Vec::new();
        rows(value, &mut found);
        (menu.clone(), found)
    });
    Some(menus.collect())
}

/// Fields that are no fields, and what a person blanked.
fn compared(row: &Fields) -> impl Iterator<Item = (&String, &String)> {
    row.iter().filter(|(name, value)| !name.starts_with('.') && !value.contains("redacted"))
}

/// Where the emulator differs for a reason; an empty field stands for the whole row.
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    ("/certificate", "", "it was signed, after it was added"),
    ("/interface/ethernet", "advertise", "speeds had other names before 7.16"),
    ("/ipv6/dhcp-server", "use-radius", "a boolean before 7.16"),
    ("/ipv6/nd", "advertise-dns", "a boolean before 7.16"),
    ("/routing/bgp/connection", "input.limit-process-routes-ipv4", "any number before 7.16"),
    ("/routing/bgp/connection", "input.limit-process-routes-ipv6", "any number before 7.16"),
    ("/routing/bgp/template", "input.affinity", "a number before 7.16"),
    ("/routing/bgp/template", "output.affinity", "a number before 7.16"),
    ("/routing/bgp/template", "output.redistribute", "`copy` is gone in 7.16"),
    ("/routing/ospf/area", "", "its values were blanked"),
    ("/routing/ospf/interface-template", "", "its values were blanked"),
    ("/system/ntp/client", "synced-server", "there is no server that would answer"),
    ("/system/ntp/client", "synced-stratum", "there is no server that would answer"),
    ("/system/ntp/client", "system-offset", "there is no server that would answer"),
    ("/system/ntp/client", "freq-drift", "there is no server that would answer"),
    ("/system/script", "last-started", "it never ran"),
    ("/system/script", "run-count", "it never ran"),
    ("/user", "last-logged-in", "nobody did"),
    ("/user", "expired", "passwords do not expire here"),
];

/// The version that knows most of the row's fields, the oldest of several: the rows are of 7.5 to 7.20.
fn version_for(menu: &str, row: &Fields) -> Option<(Version, MenuDescription)> {
    let known = Version::all().filter_map(|version| {
        let menu = describe(version).remove(menu)?;
        Some((
            compared(row).filter(|(name, _)| menu.fields.contains_key(name.as_str())).count(),
            version,
            menu,
        ))
    });
    known
        .max_by_key(|(count, version, _)| (*count, Reverse(*version)))
        .map(|(_, version, menu)| (version, menu))
}

/// What a value looks like, for those that the router makes itself.
fn form(value: &str) -> &'static str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let duration = |text: &str| {
        text.ends_with(['w', 'd', 'h', 'm', 's'])
            && text.starts_with(|c: char| c.is_ascii_digit())
            && text.bytes().all(|byte| byte.is_ascii_digit() || b"wdhms".contains(&byte))
    };
    let date = |text: &str| text.len() >= 10 && text.as_bytes()[4] == b'-' && digits(&text[..4]);
    let old_date = |text: &str| text.len() >= 11 && text.as_bytes()[3] == b'/' && text.as_bytes()[6] == b'/';
    match value {
        "true" | "false" => "bool",
        "yes" | "no" => "yes or no",
        _ if digits(value) => "number",
        _ if value.starts_with("0x") => "hex",
        _ if date(value) || old_date(value) => "date",
        _ if duration(value) => "duration",
        _ if value.len() == 17 && value.as_bytes()[2] == b':' => "mac",
        _ => "text",
    }
}

/// What the row refers to has to be there.
fn prepare(emu: &Emulator, field: &FieldDescription, value: &str) {
    let Some(space) = field.references.first() else { return };
    for name in value.trim_start_matches('!').split(',').filter(|name| !name.is_empty()) {
        let there = field
            .references
            .iter()
            .any(|menu| emu.rows(menu).iter().any(|row| row.get("name").is_some_and(|other| other == name)));
        if there || field.values.contains(&name) {
            continue;
        }
        let menu = if *space == "/interface" { "/interface/bridge" } else { space };
        let mut fields = vec![("name", name)];
        match menu {
            "/ip/pool" => fields.push(("ranges", "10.0.0.1-10.0.0.9")),
            "/ipv6/pool" => fields.extend([("prefix", "2001:db8:ffff::/48"), ("prefix-length", "64")]),
            "/routing/bgp/instance" => fields.push(("as", "65000")),
            "/routing/ospf/area" => {
                emu.add_row("/routing/ospf/instance", &[("name", "o")]).unwrap();
                fields.push(("instance", "o"));
            }
            "/ip/dhcp-server/option" | "/ipv6/dhcp-server/option" => {
                fields.extend([("code", "66"), ("value", "0x00")]);
            }
            _ => {}
        }
        emu.add_row(menu, &fields).unwrap_or_else(|refused| panic!("{menu} {name}: {refused}"));
    }
}

#[tokio::test]
async fn rows_of_real_routers_come_back_as_they_are() {
    let Some(samples) = samples() else { return };
    let mut wrong = Vec::new();
    let (mut equal, mut alike) = (0, 0);
    let mut absent = BTreeSet::new();
    for (menu, rows) in &samples {
        let excepted = |field: &str| {
            EXCEPTIONS.iter().any(|(of, name, _)| of == menu && (name.is_empty() || *name == field))
        };
        for row in rows.iter().filter(|_| !excepted("")) {
            let Some((version, description)) = version_for(menu, row) else {
                absent.insert(menu.clone());
                continue;
            };
            let emu = Emulator::builder().version(&version.to_string()).unwrap().ethernet(4);
            let emu = emu.start().await.unwrap();
            let writes = |name: &str| {
                description.fields.get(name).is_some_and(|field| match field.access {
                    "write" => true,
                    "add-only" => description.kind == "list",
                    _ => description.kind != "list" || !description.commands.contains_key("add"),
                } && field.access != "read")
            };
            // An empty value in a sample is a field that was never set.
            let given: Vec<(&str, &str)> = compared(row)
                .filter(|(name, value)| writes(name) && !value.is_empty() && !excepted(name))
                .map(|(name, value)| (name.as_str(), value.as_str()))
                // No router shows it.
                .chain((menu == "/user").then_some(("password", "secret")))
                .collect();
            for (name, value) in &given {
                prepare(&emu, &description.fields[name], value);
            }
            // A row that every router has is changed; another one is added.
            let name = row.get("name");
            let own = |shown: &Fields| name.is_none_or(|name| shown.get("name") == Some(name));
            let there = description.kind != "list" || name.is_some() && emu.rows(menu).iter().any(own);
            let written = match (there, name.filter(|_| description.kind == "list")) {
                (false, _) => emu.add_row(menu, &given).map(Some),
                (true, Some(name)) => emu.set_row(menu, name, &given).map(|()| None),
                (true, None) => emu.set_row(menu, "", &given).map(|()| None),
            };
            let id = match written {
                Ok(id) => id,
                Err(refused) => {
                    wrong.push(format!("{version} {menu}: refused: {refused}"));
                    continue;
                }
            };
            let shown = emu.rows(menu).into_iter().find(|shown| match &id {
                Some(id) => shown[".id"] == *id,
                None => {
                    row.get("name").is_none_or(|name| shown.get("name").is_none_or(|other| other == name))
                }
            });
            let shown = shown.unwrap();
            for (name, value) in compared(row).filter(|(name, _)| !excepted(name)) {
                match (shown.get(name), description.fields.get(name.as_str())) {
                    (_, None) => {
                        absent.insert(format!("{menu} {name}"));
                    }
                    (Some(shown), Some(_)) if given.iter().any(|(given, _)| given == name) => {
                        equal += 1;
                        if shown != value {
                            wrong.push(format!("{version} {menu} {name}: {shown:?} instead of {value:?}"));
                        }
                    }
                    (Some(shown), Some(_)) => {
                        alike += 1;
                        if form(shown) != form(value) && !value.is_empty() {
                            wrong.push(format!("{version} {menu} {name}: {shown:?} looks unlike {value:?}"));
                        }
                    }
                    (None, Some(_)) if value.is_empty() => {}
                    (None, Some(_)) => wrong.push(format!("{version} {menu} {name}: not printed, {value:?}")),
                }
            }
        }
    }
    println!("{equal} values equal, {alike} alike; not emulated: {absent:#?}");
    assert!(wrong.is_empty(), "{} differences\n{}", wrong.len(), wrong.join("\n"));
    assert!(equal > 300, "{equal}");
}
