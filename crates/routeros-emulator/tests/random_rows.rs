//! For every menu and version: seeded random rows are added, read back, set, unset, removed; fields of other
//! versions are refused.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::collections::{BTreeMap, BTreeSet};

use client::{Client, session};
use routeros_emulator::{Emulator, FieldDescription, MenuDescription, Version, describe};

/// Menus whose rows depend on each other in a way that random values do not meet.
const APART: &[&str] = &["/ip/dns/static", "/user", "/user/group"];

#[tokio::test]
async fn rows_of_every_menu_live_and_die() {
    for version in Version::all() {
        let emu = client::emulator(&version.to_string()).await;
        scene(&emu);
        let mut client = session(&emu).await;
        let before = emu.snapshot();
        let mut random = fastrand::Rng::with_seed(u64::from(version.minor()));
        for (path, menu) in describe(version) {
            let adds = menu.commands.contains_key("add") && !menu.hardware && !APART.contains(&path);
            if adds {
                live_and_die(&mut client, path, &menu, &mut random).await;
            }
        }
        let after = emu.snapshot();
        assert_eq!(after, before, "{version}\n{}", before.diff(&after));
    }
}

/// Rows that references can name.
fn scene(emu: &Emulator) {
    let add = |menu: &str, fields: &[(&str, &str)]| {
        emu.add_row(menu, fields).unwrap_or_else(|error| panic!("{menu}: {error}"));
    };
    add("/ip/pool", &[("name", "ref-pool"), ("ranges", "10.0.0.1-10.0.0.9")]);
    add("/interface/bridge", &[("name", "ref-bridge")]);
    add("/ipv6/dhcp-server/option", &[("name", "ref-option"), ("code", "24"), ("value", "0x00")]);
    add("/routing/ospf/instance", &[("name", "ref-ospf")]);
    add("/routing/ospf/area", &[("name", "ref-area"), ("instance", "ref-ospf")]);
    if emu.version().minor() >= 20 {
        add("/routing/bgp/instance", &[("name", "ref-bgp"), ("as", "65001")]);
    }
}

async fn live_and_die(client: &mut Client, path: &str, menu: &MenuDescription, random: &mut fastrand::Rng) {
    let mut fields = BTreeMap::new();
    for (name, field) in &menu.fields {
        // A bond of nothing is refused by its own words.
        let needed = field.mandatory || (path, *name) == ("/interface/bonding", "slaves");
        let chosen = needed || *name == "name" || random.u8(..) < 80;
        if matches!(field.access, "write" | "add-only")
            && chosen
            && let Some(value) = value(name, field, random)
        {
            fields.insert(*name, value);
        }
    }
    let mut words = vec![format!("{path}/add")];
    words.extend(fields.iter().map(|(name, value)| format!("={name}={value}")));
    let reply = client.run(&words).await;
    assert!(reply.traps.is_empty(), "{words:?}: {:?}", reply.traps);
    let id = reply.id();

    let rows = client.run(&[format!("{path}/print"), format!("?.id={id}")]).await.ok().rows;
    assert_eq!(rows.len(), 1, "{path} {id}");
    for (name, value) in &fields {
        let field = &menu.fields[name];
        let shown = rows[0].get(*name);
        let expected = Some(value).filter(|value| !(field.r#type == "switch" && *value == "false"));
        if (path, *name) != ("/ip/address", "netmask") && (path, *name) != ("/ip/address", "broadcast") {
            assert_eq!(shown, expected, "{path} {name}");
        }
    }
    let target = format!("=.id={id}");
    let mut words = vec![format!("{path}/set"), target.clone()];
    let settable = fields.iter().filter(|(name, _)| menu.fields[*name].access != "add-only");
    words.extend(settable.map(|(name, value)| format!("={name}={value}")));
    client.run(&words).await.ok();
    let unset: Vec<_> = menu.fields.iter().filter(|(_, field)| field.unset).collect();
    for (name, _) in &unset {
        client.run(&[format!("{path}/unset"), target.clone(), format!("=value-name={name}")]).await.ok();
    }
    let rows = client.run(&[format!("{path}/print"), format!("?.id={id}")]).await.ok().rows;
    for (name, field) in unset {
        let expected = field.default.filter(|_| field.r#type != "switch").map(str::to_owned);
        assert_eq!(rows[0].get(*name).cloned(), expected, "{path} unset {name}");
    }
    client.run(&[format!("{path}/remove"), format!("=.id={id}")]).await.ok();
    assert!(client.run(&[format!("{path}/print"), format!("?.id={id}")]).await.ok().rows.is_empty());
    let gone = client.run(&[format!("{path}/remove"), format!("=.id={id}")]).await;
    assert_eq!(gone.trap(), "no such item");
}

/// A value in the form in which it prints.
fn value(name: &str, field: &FieldDescription, random: &mut fastrand::Rng) -> Option<String> {
    let n = random.u8(1..250);
    let kind = field.r#type.trim_start_matches("[!] ");
    if let Some(range) = kind.strip_prefix("number ").filter(|range| !range.starts_with("ranges")) {
        let (low, high) = range.split_once("..")?;
        let (low, high): (i64, i64) = (low.parse().ok()?, high.parse().ok()?);
        let number = random.i64(low..=high.min(low.saturating_add(1000)));
        // Hexadecimal fields and MTUs with a bound of their own are met elsewhere.
        return (name != "priority" && name != "mtu").then(|| number.to_string());
    }
    if let Some(space) = field.references.first() {
        let target = match (*space, name) {
            ("/interface", "bridge") => "ref-bridge",
            ("/interface", _) => ["ether1", "ether2", "ether3"][random.usize(..3)],
            ("/ip/pool", _) => "ref-pool",
            ("/ip/dhcp-server", _) => "all",
            ("/ipv6/dhcp-server/option", _) => "ref-option",
            ("/routing/ospf/area", _) => "ref-area",
            ("/routing/ospf/instance", _) => "ref-ospf",
            ("/routing/bgp/instance", _) => "ref-bgp",
            ("/routing/bgp/template", _) => "default",
            ("/interface/list", _) => "all",
            ("/user/group", _) => "read",
            ("/routing/table" | "/ip/vrf", _) => "main",
            ("/system/logging/action", _) => "memory",
            ("/user", _) => "admin",
            ("/ip/service", _) => "api",
            _ => return None,
        };
        return Some(target.to_owned());
    }
    Some(match kind {
        // Routing filter rules are read, not only stored.
        "text" if name == "rule" => format!("if (dst-len in 8-24) {{ set distance +{n}; accept }}"),
        "text" => format!("text-{n}-{}", random.u32(..)),
        "bool" => random.bool().to_string(),
        "switch" => "true".to_owned(),
        "time" => return None,
        "ipv4" | "ip" => format!("10.{n}.{}.1", random.u8(..)),
        "ipv6" => format!("2001:db8::{n:x}"),
        "ipv4 address/length" => format!("10.{n}.{}.1/24", random.u8(..)),
        "ipv6 address/length" => format!("2001:db8:{n:x}::{:x}/64", random.u16(1..)),
        "ipv4 prefix" | "ip prefix" => format!("10.{n}.{}.0/24", random.u8(..)),
        "ipv6 prefix" => format!("2001:db8:{n:x}::/64"),
        "word or number 1..254" => n.to_string(),
        "mac" => format!("0E:00:00:00:00:{n:02X}"),
        "enum" | "set" => (*field.values.get(random.usize(..field.values.len().max(1)))?).to_owned(),
        "number ranges 1..4094" => format!("{n},1000-{}", 1000 + u32::from(n)),
        "address ranges" => format!("10.{n}.0.1-10.{n}.0.99"),
        "list of ipv4" | "list of ip" => format!("10.0.0.{n},10.0.1.{n}"),
        "list of ip prefix" => format!("10.{n}.0.0/24"),
        "list of text" => format!("a{n},b"),
        "opaque" => format!("{n}"),
        _ => return None,
    })
}

#[tokio::test]
async fn fields_of_other_versions_are_refused() {
    let mut everywhere: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for version in Version::all() {
        for (path, menu) in describe(version) {
            let names =
                menu.fields.iter().filter(|(_, field)| field.access == "write").map(|(name, _)| *name);
            everywhere.entry(path).or_default().extend(names);
        }
    }
    let mut refused = 0;
    for version in Version::all() {
        let emu = client::emulator(&version.to_string()).await;
        let mut client = session(&emu).await;
        for (path, menu) in describe(version) {
            if menu.hardware || !menu.commands.contains_key("add") {
                continue;
            }
            let writable = |name: &str| menu.fields.get(name).is_some_and(|field| field.access != "read");
            for name in everywhere[path].iter().filter(|name| !writable(name)) {
                let reply = client.run(&[format!("{path}/add"), format!("={name}=x")]).await;
                assert_eq!(reply.trap(), format!("unknown parameter {name}"), "{version} {path}");
                refused += 1;
            }
        }
    }
    assert!(refused > 100, "{refused}");
}

/// Whatever is asked, the answer is a reply, and the next command gets one too.
#[tokio::test]
async fn nonsense_is_answered() {
    for version in ["7.16", "7.22"] {
        let emu = client::emulator(version).await;
        scene(&emu);
        let mut client = session(&emu).await;
        let mut random = fastrand::Rng::with_seed(5);
        // Reboots and the like stand in directories.
        let menus: Vec<(&str, MenuDescription)> = describe(version.parse().unwrap())
            .into_iter()
            .filter(|(_, menu)| menu.kind != "directory")
            .collect();
        let values = [
            "",
            "*1",
            "*80000001",
            "ether1",
            "0",
            "-1",
            "yes",
            "1.2.3.4/33",
            "::/0",
            "*",
            "*ZZ",
            "a,b",
            "\u{e9}\"\\",
        ];
        for _ in 0..4_000 {
            let (path, menu) = &menus[random.usize(..menus.len())];
            let command = menu.commands.keys().nth(random.usize(..menu.commands.len())).unwrap();
            // These end the conversation, or never end.
            if ["apply-changes", "listen", "sign"].contains(command)
                || path.starts_with("/user")
                || *path == "/safe-mode"
            {
                continue;
            }
            let mut words = vec![format!("{path}/{command}")];
            // A monitor would go on.
            if menu.commands[command].contains(&"once") {
                words.push("=once=".to_owned());
            }
            for _ in 0..random.usize(..5) {
                let names: Vec<&str> =
                    menu.fields.keys().copied().chain([".id", "numbers", "value-name", "flag"]).collect();
                let name = names[random.usize(..names.len())];
                words.push(format!("={name}={}", values[random.usize(..values.len())]));
            }
            if random.bool() {
                words.push(
                    ["?name", "?#|", "?#!9&", "?>mtu=1", "?.id=*1", "?-x", "?"][random.usize(..7)].to_owned(),
                );
            }
            if path.starts_with("/ip/service") && *command != "print" {
                continue;
            }
            let reply = client.run(&words).await;
            assert_eq!(reply.fatal, None, "{words:?}");
        }
        client.run(&["/system/identity/print"]).await.ok();
    }
}
