//! What a router computes: read-only fields of stored rows, and rows that nothing stores.

mod about;
mod advertisement;
mod bridge;
mod interface;
mod ip;
mod ipv6;
mod neighbor;
mod route;
mod system;

pub(crate) use about::about;
pub(crate) use interface::{l2mtu, running};
pub(crate) use neighbor::{Asked, answers, ask};
pub(crate) use route::{leads_somewhere, towards};

use crate::schema::CompiledMenu;
use crate::state::{Caller, Router, Row};
use crate::value::{Names, Target, Value};

/// Ids of computed rows are high (reference 1.2: `*80000001`).
pub(crate) const DYNAMIC_ID: u32 = 0x8000_0000;

/// A read-only field that is not stored. `None`: the table's default, or absent.
pub(crate) fn field(router: &Router, menu: &CompiledMenu, row: &Row, name: &str) -> Option<Value> {
    match name {
        "dynamic" => return Some(Value::bool(row.dynamic)),
        "builtin" | "default" => return Some(Value::bool(row.builtin)),
        _ => {}
    }
    if let Some(value) = interface::field(router, menu, row, name) {
        return Some(value);
    }
    let special = match menu.path() {
        "/interface/bridge/port" | "/interface/bridge/vlan" => bridge::field(router, menu, row, name),
        "/ip/address" | "/ip/pool" => ip::field(router, menu, row, name),
        "/ipv6/address" => ipv6::field(router, row, name),
        "/ip/dhcp-server/option" | "/ipv6/dhcp-server/option" if name == "raw-value" => {
            let value = router.value_of(row, "value").and_then(Value::as_str).unwrap_or_default();
            Some(Value::text(ip::raw_option(value)))
        }
        // Made of the interface's address (a real row: 0x00030001 and a MAC address).
        "/ipv6/dhcp-server" if name == "duid" => {
            let (space, id) = router.value_of(row, "interface")?.target()?;
            let mac = interface::mac(router, router.row(space, id)?, 0)?;
            Some(Value::text(format!("0x00030001{}", mac.replace(':', "").to_lowercase())))
        }
        "/ip/arp" if !row.dynamic => neighbor::field(router, row, name),
        "/ip/route" | "/ipv6/route" => route::field(router, row, name),
        // What cannot work says so, and why (reference 4).
        path if path.starts_with("/routing/bgp/") => bgp(router, row, name),
        // A disabled rule is inactive, as a real row shows.
        "/routing/filter/rule" if name == "inactive" => {
            Some(Value::bool(!router.enabled(row) || has_dead_reference(router, row)))
        }
        path if path.starts_with("/system/") => system::field(router, menu, name),
        _ => None,
    };
    special.or_else(|| match name {
        // A reference to something that is gone makes a row useless (reference 4).
        "invalid" | "inactive" => Some(Value::bool(has_dead_reference(router, row))),
        _ => None,
    })
}

fn bgp(router: &Router, row: &Row, name: &str) -> Option<Value> {
    match name {
        "inactive" if row.menu != "/routing/bgp/vpn" => Some(Value::bool(about(router, row).is_some())),
        "uptime" => {
            let up = (router.now - router.bgp_established(row.id)?).max(0) as u64;
            Some(Value::text(crate::value::format_duration(up - up % 1000)))
        }
        _ => None,
    }
}

/// Menus with rows that are computed when asked for.
const COMPUTED: &[&str] = &[
    "/ip/route",
    "/ipv6/route",
    "/ipv6/address",
    "/routing/bgp/advertisements",
    "/routing/route",
    "/interface/bridge/vlan",
    "/log",
    "/system/history",
    "/user/active",
    "/ip/service",
];

/// Whether rows of the menu come and go without being written.
pub(crate) fn computes_rows(menu: &CompiledMenu) -> bool {
    COMPUTED.contains(&menu.path())
}

/// Rows of a menu that are computed when asked for.
pub(crate) fn rows(router: &Router, menu: &CompiledMenu, caller: &Caller) -> Vec<Row> {
    match menu.path() {
        "/ip/route" => route::connected(router, menu, false),
        "/ipv6/route" => route::connected(router, menu, true),
        "/ipv6/address" => ipv6::addresses(router, menu),
        "/routing/bgp/advertisements" => advertisement::rows(router, menu),
        "/ip/arp" => neighbor::rows(router, menu, false),
        "/ipv6/neighbor" => neighbor::rows(router, menu, true),
        "/routing/route" => route::all(router, menu),
        "/interface/bridge/vlan" => bridge::dynamic_rows(router, menu),
        "/log" => system::log(router, menu),
        "/system/history" => system::history(router, menu),
        "/user/active" => system::active(router, menu),
        "/ip/service" => system::connections(router, menu),
        "/safe-mode" => vec![system::safe_mode(router, menu, caller)],
        // A read-only singleton has nothing stored, unless it was set at the device itself.
        path if menu.menu.read_only && !menu.is_list() && router.single(path).is_none() => {
            vec![Row::new(path)]
        }
        _ => Vec::new(),
    }
}

pub(crate) fn has_dead_reference(router: &Router, row: &Row) -> bool {
    row.values().any(|(_, value)| {
        value.targets().iter().any(|target| match target {
            Target::Row(space, id) => !router.exists(space, *id),
            Target::Word(_) => false,
        })
    })
}

/// A computed row out of names and texts.
pub(super) fn computed(menu: &CompiledMenu, id: u32, fields: &[(&str, String)]) -> Row {
    let mut row = Row::new(menu.path());
    row.id = id;
    for (name, value) in fields {
        if let Some(ix) = menu.field(name) {
            row.put(ix, Value::text(value.clone()));
        }
    }
    row
}
