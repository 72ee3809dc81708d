//! Commands to an emulated router, made of bytes: mostly what its menus know, so that deep states are reached, and
//! some of what they do not.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use arbitrary::Unstructured;
use routeros_emulator::{FieldDescription, MenuDescription, Version, describe};

/// The menus of one version, in a fixed order.
pub struct World {
    /// Which.
    pub version: Version,
    menus: Vec<(&'static str, MenuDescription)>,
}

/// The words of one command.
pub type Words = Vec<Vec<u8>>;

/// Menus whose rows depend on others, have an order, or bring something about: half of all commands go there.
const BUSY: &[&str] = &[
    "/interface/vlan",
    "/interface/bridge",
    "/interface/bridge/port",
    "/interface/bridge/vlan",
    "/interface/list",
    "/interface/list/member",
    "/interface/vrrp",
    "/ip/address",
    "/ip/vrf",
    "/ip/route",
    "/ip/pool",
    "/ip/dhcp-server",
    "/ip/dhcp-server/network",
    "/ip/dhcp-server/lease",
    "/ip/firewall/filter",
    "/ip/firewall/address-list",
    "/ipv6/address",
    "/routing/table",
    "/routing/filter/rule",
    "/routing/bgp/connection",
    "/routing/bgp/template",
    "/system/script",
    "/system/scheduler",
    "/system/identity",
    "/system/clock",
    "/user",
    "/user/group",
    "/certificate",
    "/file",
];

/// Commands outside every menu.
const ACTIONS: &[&str] = &[
    "/undo",
    "/redo",
    "/safe-mode/take",
    "/safe-mode/release",
    "/safe-mode/unroll",
    "/system/history/print",
    "/system/backup/save",
    "/system/backup/load",
    "/export",
    "/import",
    "/ping",
    "/ip/route/print",
    "/system/reboot",
    "/user/active/remove",
    "/no/such/menu/print",
    "/ip",
    "//",
];

/// Values that are at the edge of something.
const EDGES: &[&str] = &[
    "",
    "*",
    "*0",
    "*1",
    "*FFFFFFFF",
    "*100000000",
    "*80000001",
    "-1",
    "--1",
    "--9223372036854775808",
    "0x",
    "0xFFFFFFFFFFFFFFFF",
    "18446744073709551615",
    "4294967295",
    "4294967296",
    "18446744073709551615w",
    "9999999999999999:00:00",
    "1d00:00:00.5",
    "00:00",
    "0.0.0.0/0",
    "255.255.255.255/32",
    "10.0.0.1/255.255.255.0",
    "10.0.0.9-10.0.0.1",
    "10.0.0.1-",
    "-10.0.0.1",
    "::/0",
    "::ffff:10.0.0.1/96",
    "fe80::1%ether1",
    "!",
    "!!x",
    "!ether1",
    ",",
    "a,,b",
    "1-",
    "4095-1",
    "caf\u{e9}",
    "\"\\",
    "a b;c",
    "none",
    "all",
    "auto",
];

const SCRIPTS: &[&str] = &[
    "/ip/address/add address=10.9.0.1/24 interface=ether1",
    "/ip/pool/add name=n1 ranges=10.0.0.1-10.0.0.9; /ip/pool/remove n1",
    ":if (1 = 1) do={ /system/identity/set name=s }",
    ":foreach i in=[/ip/address/find] do={ /ip/address/remove $i }",
    "/undo",
    "/system/script/run n1",
    "/ip/address/remove [find interface=ether1]",
    ":delay 1s; :log info \"x\"",
    "/system/scheduler/remove n1",
    "{",
    ":do { /ip/pool/remove n9 } on-error={ :put no }",
    "/system/reboot",
];

const RULES: &[&str] = &[
    "accept",
    "if (dst-len > 24) { reject }",
    "if (",
    "jump n1",
    "set distance +1; accept",
    "if (dst in n1) {return}",
];

/// The router of one byte: any version.
pub fn world(u: &mut Unstructured<'_>) -> &'static World {
    static WORLDS: OnceLock<Vec<World>> = OnceLock::new();
    let worlds = WORLDS.get_or_init(|| {
        let world = |version| World { version, menus: describe(version).into_iter().collect() };
        Version::all().map(world).collect()
    });
    &worlds[pick(u, worlds.len())]
}

/// A number below `bound`; 0 when the bytes have run out.
pub fn pick(u: &mut Unstructured<'_>, bound: usize) -> usize {
    let number = if bound > 256 {
        usize::from(u.arbitrary::<u16>().unwrap_or(0))
    } else {
        usize::from(u.arbitrary::<u8>().unwrap_or(0))
    };
    number % bound.max(1)
}

fn one<'a>(u: &mut Unstructured<'_>, words: &[&'a str]) -> &'a str {
    words[pick(u, words.len())]
}

/// One command.
pub fn command(u: &mut Unstructured<'_>, world: &World) -> Words {
    let way = pick(u, 16);
    if way == 0 {
        let mut words = vec![one(u, ACTIONS).as_bytes().to_vec()];
        for _ in 0..pick(u, 3) {
            let name =
                one(u, &["name", "file-name", ".id", "numbers", "file", "address", "count", "password"]);
            words.push(argument(name, &edge(u)));
        }
        return words;
    }
    let busy: Vec<_> = world.menus.iter().filter(|(path, _)| BUSY.contains(path)).collect();
    let (path, menu) =
        if way < 10 { busy[pick(u, busy.len())] } else { &world.menus[pick(u, world.menus.len())] };
    let mut command = match pick(u, 8) {
        0..4 => "add",
        4 => "set",
        5 => "remove",
        _ => menu.commands.keys().nth(pick(u, menu.commands.len())).copied().unwrap_or("print"),
    };
    if !menu.commands.contains_key(command) {
        command = if menu.commands.contains_key("set") { "set" } else { "print" };
    }
    let mut words = vec![format!("{path}/{command}").into_bytes()];
    match command {
        "add" => {
            let must = menu.fields.iter().filter(|(name, field)| field.mandatory || **name == "name");
            words.extend(must.map(|(name, field)| argument(name, &value(u, name, field))));
            some_fields(u, menu, &mut words, 4);
            if pick(u, 8) == 0 {
                let name = one(u, &["place-before", "copy-from"]);
                words.push(argument(name, &target(u)));
            }
        }
        "set" => {
            words.push(argument(one(u, &[".id", "numbers"]), &target(u)));
            some_fields(u, menu, &mut words, 4);
        }
        "unset" => {
            words.push(argument(".id", &target(u)));
            words.push(argument("value-name", field_name(u, &menu.fields).as_bytes()));
        }
        "move" => {
            words.push(argument("numbers", &target(u)));
            if pick(u, 4) > 0 {
                words.push(argument("destination", &target(u)));
            }
        }
        "print" | "getall" | "find" | "listen" => {
            for _ in 0..pick(u, 3) {
                let name = one(
                    u,
                    &[".proplist", "count-only", "detail", "follow", "follow-only", ".id", "from", "stats"],
                );
                let value = if name == ".proplist" {
                    field_name(u, &menu.fields).as_bytes().to_vec()
                } else {
                    edge(u)
                };
                words.push(argument(name, &value));
            }
            words.extend(queries(u, menu));
        }
        _ => {
            words.push(argument(one(u, &[".id", "numbers", "number"]), &target(u)));
            if let Some(arguments) = menu.commands.get(command).filter(|arguments| !arguments.is_empty()) {
                words.push(argument(one(u, arguments), &edge(u)));
            }
            if pick(u, 3) == 0 {
                some_fields(u, menu, &mut words, 2);
            }
        }
    }
    words
}

/// Query words about a menu's fields.
pub fn queries(u: &mut Unstructured<'_>, menu: &MenuDescription) -> Words {
    let mut words = Vec::new();
    for _ in 0..pick(u, 6) {
        let name = if pick(u, 6) == 0 { ".id" } else { field_name(u, &menu.fields) };
        let word = match pick(u, 8) {
            0 => format!("?{name}"),
            1 => format!("?-{name}"),
            2 => format!("?={name}="),
            3 => format!("?<{name}="),
            4 => format!("?>{name}="),
            5 => {
                let mut word = "?#".to_owned();
                for _ in 0..pick(u, 5) {
                    word.push(char::from(b"!&|.0123x"[pick(u, 9)]));
                }
                words.push(word.into_bytes());
                continue;
            }
            _ => format!("?{name}="),
        };
        let mut word = word.into_bytes();
        if word.ends_with(b"=") {
            let value = match menu.fields.get(name) {
                Some(field) => value(u, name, field),
                None => target(u),
            };
            word.extend_from_slice(&value);
        }
        words.push(word);
    }
    words
}

/// A menu of the world by its path.
pub fn menu<'a>(world: &'a World, path: &str) -> Option<&'a MenuDescription> {
    world.menus.iter().find(|(other, _)| *other == path).map(|(_, menu)| menu)
}

/// Paths of all menus.
pub fn paths(world: &World) -> impl Iterator<Item = &'static str> {
    world.menus.iter().map(|(path, _)| *path)
}

fn argument(name: &str, value: &[u8]) -> Vec<u8> {
    [b"=", name.as_bytes(), b"=", value].concat()
}

fn field_name(u: &mut Unstructured<'_>, fields: &BTreeMap<&'static str, FieldDescription>) -> &'static str {
    let at = pick(u, fields.len());
    fields.keys().nth(at).copied().unwrap_or("name")
}

fn some_fields(u: &mut Unstructured<'_>, menu: &MenuDescription, words: &mut Words, most: usize) {
    for _ in 0..pick(u, most) {
        let name = field_name(u, &menu.fields);
        if let Some(field) = menu.fields.get(name) {
            let clear = if pick(u, 12) == 1 { "!" } else { "" };
            words.push(argument(&format!("{clear}{name}"), &value(u, name, field)));
        }
    }
}

/// Rows that are likely there: by id, by name, several.
fn target(u: &mut Unstructured<'_>) -> Vec<u8> {
    match pick(u, 8) {
        0 => name(u).into_bytes(),
        1 => edge(u),
        2 => format!("*{:X},*{:X}", pick(u, 24), pick(u, 24)).into_bytes(),
        _ => format!("*{:X}", pick(u, 24)).into_bytes(),
    }
}

/// Few names, so that they meet.
fn name(u: &mut Unstructured<'_>) -> String {
    match pick(u, 12) {
        0 => "ether1".to_owned(),
        1 => "ether2".to_owned(),
        2 => "main".to_owned(),
        3 => "lo".to_owned(),
        n => format!("n{n}"),
    }
}

fn edge(u: &mut Unstructured<'_>) -> Vec<u8> {
    match pick(u, 6) {
        0 => {
            let length = pick(u, 12).min(u.len());
            u.bytes(length).unwrap_or_default().to_vec()
        }
        1 => name(u).into_bytes(),
        _ => one(u, EDGES).as_bytes().to_vec(),
    }
}

/// A value that the field takes, mostly.
fn value(u: &mut Unstructured<'_>, field_name: &str, field: &FieldDescription) -> Vec<u8> {
    let kind = field.r#type.trim_start_matches("[!] ").trim_start_matches("list of ");
    let n = pick(u, 256);
    // One in sixteen is anything.
    if n >= 240 {
        return edge(u);
    }
    if n >= 220 && field.r#type.starts_with("[!] ") {
        return [
            b"!".to_vec(),
            value(u, field_name, &FieldDescription { r#type: kind.to_owned(), ..field.clone() }),
        ]
        .concat();
    }
    if n >= 128 && !field.values.is_empty() {
        return field.values[n % field.values.len()].as_bytes().to_vec();
    }
    if let Some((low, high)) = kind.strip_prefix("number ").and_then(|range| range.split_once("..")) {
        let (low, high): (i64, i64) = (low.parse().unwrap_or(0), high.parse().unwrap_or(0));
        let number = if n < 128 { low.saturating_add((n % 8) as i64).min(high) } else { high };
        return number.to_string().into_bytes();
    }
    if !field.references.is_empty() {
        return name(u).into_bytes();
    }
    let text = match kind {
        "text" if field_name == "rule" => one(u, RULES).to_owned(),
        "text" if matches!(field_name, "source" | "on-event" | "script") => one(u, SCRIPTS).to_owned(),
        "bool" | "switch" => one(u, &["yes", "no", "true", "false", ""]).to_owned(),
        "time" => one(u, &["1s", "00:00:05", "1w2d3h4m5s6ms", "5"]).to_owned(),
        "ipv4" | "ip" => format!("10.0.{}.1", n % 4),
        "ipv6" => format!("2001:db8::{:x}", n % 4),
        "ipv4 address/length" | "ipv4 prefix" | "ip prefix" => {
            format!("10.0.{}.1/{}", n % 4, [8, 24, 32][n % 3])
        }
        "ipv6 address/length" | "ipv6 prefix" => format!("2001:db8:{:x}::1/64", n % 4),
        "address range" | "address ranges" => format!("10.0.{0}.1-10.0.{0}.9", n % 4),
        "mac" => format!("0E:00:00:00:00:{n:02X}"),
        kind if kind.starts_with("number ranges") => format!("{},{}-{}", 1 + n % 4, 10, 10 + n % 4),
        "policies" => "read,write,api".to_owned(),
        _ => name(u),
    };
    text.into_bytes()
}
