//! What some menus check or fill in beyond their table.

use std::net::Ipv4Addr;

use bytes::Bytes;

use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router, Row, fresh};
use crate::value::{Names, POLICIES, Prefix, SCRIPT_POLICIES, Value};

/// Called with a row that is about to be stored, new (`before` is none) or changed.
pub(super) fn before_write(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    before: Option<&Row>,
    row: &mut Row,
) -> Result<(), Trap> {
    match menu.path() {
        "/ip/address" if before.is_none() => fill_network(menu, row),
        "/ip/dns/static" => {
            let has = |name| menu.field(name).is_some_and(|ix| row.get(ix).is_some());
            if has("name") == has("regexp") {
                return Err(Trap::new(ErrorId::NameOrRegexp));
            }
        }
        "/interface/bonding" if before.is_none() => {
            let slaves = menu.field("slaves").and_then(|ix| row.get(ix));
            if slaves.is_none_or(|slaves| slaves.targets().is_empty()) {
                return Err(Trap::new(ErrorId::NeedSlave));
            }
        }
        "/interface/vlan" => check_vlan_mtu(router, menu, row)?,
        "/ip/firewall/address-list" | "/ipv6/firewall/address-list" if before.is_none() => {
            stamp(router, menu, row, "creation-time");
            // An entry that times out is dynamic and does not survive a reboot (reference 4).
            if text(menu, row, "timeout").is_some() {
                put(menu, row, "dynamic", Value::bool(true));
            }
        }
        "/system/scheduler" => {
            if before.is_none() {
                fill_scheduler(router, caller, menu, row);
            }
            check_policies(caller, menu, row)?;
        }
        "/system/script" if before.is_none() => {
            if text(menu, row, "owner").is_none() {
                put(menu, row, "owner", Value::text(caller.user.clone()));
            }
            if text(menu, row, "policy").is_none() {
                put(menu, row, "policy", Value::text(policies(caller, SCRIPT_POLICIES)));
            }
        }
        "/user" => check_last_full_user(router, menu, before, Some(row))?,
        "/routing/filter/rule" => check_filter(menu, row)?,
        "/file" => super::files::before_write(router, menu, row)?,
        _ => {}
    }
    if menu.path() == "/system/scheduler" {
        router.plan_scheduler(menu, row);
    }
    Ok(())
}

/// `set` only: what follows from the arguments given.
pub(super) fn before_set(
    _router: &mut Router,
    _caller: &Caller,
    menu: &CompiledMenu,
    row: &mut Row,
    arguments: &[(String, Bytes)],
) -> Result<(), Trap> {
    let given = |name: &str| arguments.iter().any(|argument| argument.0 == name);
    // Assumption `address-network`: the network follows a changed address.
    if menu.path() == "/ip/address" && given("address") && !given("network") {
        if let Some(ix) = menu.field("network") {
            row.clear(ix);
        }
        fill_network(menu, row);
    }
    Ok(())
}

/// A rule that cannot be read is refused (assumption `filter-refused`).
fn check_filter(menu: &CompiledMenu, row: &Row) -> Result<(), Trap> {
    let Some(rule) = text(menu, row, "rule") else { return Ok(()) };
    crate::filter::parse(rule).map(drop).map_err(|wrong| {
        let near: String = rule.get(wrong.at..).unwrap_or_default().chars().take(16).collect();
        Trap::with2(ErrorId::FilterSyntax, wrong.expected, &near)
    })
}

/// Called with the row in place: what it brings about elsewhere. `old_name` is the name before the change.
pub(super) fn after_write(router: &mut Router, menu: &CompiledMenu, id: u32, old_name: Option<&str>) {
    if menu.path() == "/ip/vrf" {
        let name = router.row(menu.path(), id).and_then(|row| text(menu, row, "name")).map(str::to_owned);
        if name.as_deref() != old_name {
            if let Some(old) = old_name {
                remove_table(router, old);
            }
            if let Some(name) = name {
                add_table(router, &name);
            }
        }
    }
}

/// A VRF makes a dynamic routing table of its name (reference 4).
fn add_table(router: &mut Router, name: &str) {
    let Some(tables) = router.menu("/routing/table") else { return };
    let mut row = fresh(&tables);
    row.dynamic = true;
    put(&tables, &mut row, "name", Value::text(name));
    put(&tables, &mut row, "fib", Value::bool(true));
    router.insert(&tables, row, None);
}

fn remove_table(router: &mut Router, name: &str) {
    let Some(tables) = router.menu("/routing/table") else { return };
    let found = router.find(tables.path(), name.as_bytes());
    if let Some(id) = found.filter(|id| router.row(tables.path(), *id).is_some_and(|row| row.dynamic)) {
        router.delete(&tables, id);
    }
}

pub(super) fn before_remove(router: &mut Router, menu: &CompiledMenu, id: u32) -> Result<(), Trap> {
    match menu.path() {
        "/user" => {
            let row = router.row("/user", id).cloned();
            check_last_full_user(router, menu, row.as_ref(), None)
        }
        "/ip/vrf" => {
            let name = router.row(menu.path(), id).and_then(|row| text(menu, row, "name")).map(str::to_owned);
            if let Some(name) = name {
                remove_table(router, &name);
            }
            Ok(())
        }
        _ => Ok(()),
    }
}

fn text<'a>(menu: &CompiledMenu, row: &'a Row, field: &str) -> Option<&'a str> {
    row.get(menu.field(field)?)?.as_str()
}

fn put(menu: &CompiledMenu, row: &mut Row, field: &str, value: Value) {
    if let Some(ix) = menu.field(field) {
        row.put(ix, value);
    }
}

fn stamp(router: &Router, menu: &CompiledMenu, row: &mut Row, field: &str) {
    put(menu, row, field, Value::text(crate::clock::format_date_time(router.now)));
}

fn policies(caller: &Caller, among: &[&'static str]) -> String {
    let held: Vec<&str> = among.iter().copied().filter(|policy| caller.may(policy)).collect();
    held.join(",")
}

/// `network` is computed from the address (reference 4). A netmask given apart is an input only.
fn fill_network(menu: &CompiledMenu, row: &mut Row) {
    let Some(address) = text(menu, row, "address").map(str::to_owned) else { return };
    let mask = text(menu, row, "netmask").and_then(|mask| mask.parse::<Ipv4Addr>().ok());
    let Some(mut prefix) = Prefix::parse(&address, false) else { return };
    if let (Some(mask), true) = (mask, prefix.is_host()) {
        prefix.length = u32::from(mask).leading_ones() as u8;
        put(menu, row, "address", Value::text(prefix.to_string()));
    }
    for field in ["netmask", "broadcast"] {
        if let Some(ix) = menu.field(field) {
            row.clear(ix);
        }
    }
    if text(menu, row, "network").is_none() {
        put(menu, row, "network", Value::text(prefix.network().address.to_string()));
    }
}

/// The host part of an address, for the connected route.
pub(crate) fn host_of(address: &str) -> &str {
    address.split('/').next().unwrap_or(address)
}

/// Assumption `vlan-mtu`: an MTU above what the lower interface's L2MTU leaves is refused.
fn check_vlan_mtu(router: &Router, menu: &CompiledMenu, row: &Row) -> Result<(), Trap> {
    let mtu: u32 = text(menu, row, "mtu").and_then(|mtu| mtu.parse().ok()).unwrap_or(1500);
    let parent = menu.field("interface").and_then(|ix| row.get(ix)).and_then(Value::target);
    match parent.and_then(|(space, id)| crate::derive::l2mtu(router, router.row(space, id)?)) {
        Some(limit) if mtu > limit.saturating_sub(4) => Err(Trap::new(ErrorId::CouldNotSetMtu)),
        _ => Ok(()),
    }
}

/// Owner, policy and start of a new scheduler row (reference 4: policy defaults to those of the adder).
fn fill_scheduler(router: &Router, caller: &Caller, menu: &CompiledMenu, row: &mut Row) {
    put(menu, row, "owner", Value::text(caller.user.clone()));
    if text(menu, row, "policy").is_none() {
        put(menu, row, "policy", Value::text(policies(caller, POLICIES)));
    }
    if text(menu, row, "start-date").is_none() {
        put(menu, row, "start-date", Value::text(crate::clock::format_date(router.now)));
    }
    if text(menu, row, "start-time").is_none() {
        put(menu, row, "start-time", Value::text(crate::clock::format_time(router.now)));
    }
}

/// Nobody hands out what he does not hold (reference 4, scheduler).
fn check_policies(caller: &Caller, menu: &CompiledMenu, row: &Row) -> Result<(), Trap> {
    let wanted = text(menu, row, "policy").unwrap_or_default();
    match wanted.split(',').filter(|policy| !policy.is_empty()).all(|policy| caller.may(policy)) {
        true => Ok(()),
        false => Err(Trap::new(ErrorId::Permissions)),
    }
}

/// The last enabled user of group full can be neither removed nor demoted (reference 4).
fn check_last_full_user(
    router: &Router,
    menu: &CompiledMenu,
    before: Option<&Row>,
    after: Option<&Row>,
) -> Result<(), Trap> {
    let full = router.space("/user/group").and_then(|space| space.by_name(b"full"));
    let is_full = |row: &Row| {
        let group = menu.field("group").and_then(|ix| row.get(ix)).and_then(Value::target);
        group.map(|(_, id)| id) == full && router.enabled(row)
    };
    let Some(before) = before.filter(|row| is_full(row)) else { return Ok(()) };
    if after.is_some_and(is_full) {
        return Ok(());
    }
    let others = router.stored(menu).filter(|row| row.id != before.id && is_full(row)).count();
    if others == 0 { Err(Trap::new(ErrorId::LastFullUser)) } else { Ok(()) }
}
