//! VLAN interfaces, addresses, static routes, and how to get from some to others.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::desired::{KernelNames, Row, Rows, is_true, text, works};

/// Something that `ip` makes and takes away.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Object {
    /// What it is, without how: two of one key cannot be there together.
    key: String,
    /// The key of what it stands on: when that is made anew, so is this.
    on: Option<String>,
    /// Lines for `ip -batch`.
    add: Vec<String>,
    del: String,
}

/// All of them, each after what it stands on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Links(Vec<Object>);

impl Links {
    pub(super) fn of(rows: Rows<'_>, names: &KernelNames) -> Self {
        let mut objects = vlans(&rows("/interface/vlan"), names);
        let mut networks = Vec::new();
        for menu in ["/ip/address", "/ipv6/address"] {
            for row in rows(menu).iter().filter(|row| works(row) && is_carried(row)) {
                objects.extend(address(row, names, &mut networks));
            }
        }
        for menu in ["/ip/route", "/ipv6/route"] {
            let stored = rows(menu);
            let rows = stored.iter().filter(|row| !is_true(row, "dynamic") && !is_true(row, "disabled"));
            objects.extend(rows.filter_map(|row| route(row, &networks)));
        }
        let mut seen = BTreeSet::new();
        objects.retain(|object| seen.insert(object.key.clone()));
        Links(objects)
    }

    /// Lines for `ip -batch` that lead from these to others.
    pub(crate) fn batch_to(&self, to: &Links) -> Vec<String> {
        let mut kept = BTreeSet::new();
        for object in &to.0 {
            let stands = object.on.as_ref().is_none_or(|on| kept.contains(on) || !to.has(on));
            if stands && self.0.contains(object) {
                kept.insert(object.key.clone());
            }
        }
        let gone = self.0.iter().rev().filter(|object| !kept.contains(&object.key));
        let new = to.0.iter().filter(|object| !kept.contains(&object.key));
        gone.map(|object| object.del.clone())
            .chain(new.flat_map(|object| object.add.iter().cloned()))
            .collect()
    }

    fn has(&self, key: &str) -> bool {
        self.0.iter().any(|object| object.key == key)
    }
}

/// Only addresses that say themselves what they are; no dynamic ones, which the kernel makes as well.
fn is_carried(row: &Row) -> bool {
    !is_true(row, "dynamic") && !is_true(row, "eui-64") && text(row, "from-pool").is_none()
}

fn link_key(kernel: &str) -> String {
    format!("link {kernel}")
}

/// Parents first: a VLAN interface may stand on another.
fn vlans(rows: &[Row], names: &KernelNames) -> Vec<Object> {
    let mut waiting: Vec<&Row> = rows.iter().filter(|row| !is_true(row, "invalid")).collect();
    let mut objects = Vec::new();
    loop {
        let all: BTreeSet<&str> = waiting.iter().filter_map(|row| text(row, "name")).collect();
        let (later, ready): (Vec<_>, Vec<_>) =
            waiting.into_iter().partition(|row| text(row, "interface").is_some_and(|on| all.contains(on)));
        if ready.is_empty() {
            // What is left stands on itself, which the router refuses to store.
            return objects;
        }
        objects.extend(ready.into_iter().filter_map(|row| vlan(row, names)));
        waiting = later;
    }
}

fn vlan(row: &Row, names: &KernelNames) -> Option<Object> {
    let name = names.kernel(text(row, "name")?)?;
    let parent = names.kernel(text(row, "interface")?)?;
    let id = text(row, "vlan-id")?;
    let protocol = if is_true(row, "use-service-tag") { "802.1ad" } else { "802.1Q" };
    let state = if is_true(row, "disabled") { "down" } else { "up" };
    let mut add = vec![format!("link add link {parent} name {name} type vlan protocol {protocol} id {id}")];
    if let Some(mtu) = text(row, "mtu").filter(|mtu| mtu.parse::<u16>().is_ok_and(|mtu| mtu != 1500)) {
        add.push(format!("link set {name} mtu {mtu}"));
    }
    add.push(format!("link set {name} {state}"));
    Some(Object { key: link_key(name), on: Some(link_key(parent)), add, del: format!("link del {name}") })
}

fn address(row: &Row, names: &KernelNames, networks: &mut Vec<IpNet>) -> Option<Object> {
    let interface = names.kernel(text(row, "interface")?)?;
    let address: IpNet = text(row, "address")?.parse().ok()?;
    networks.push(address.trunc());
    // Nobody waits for duplicate address detection: a router takes an address that is configured.
    let nodad = if address.addr().is_ipv6() { " nodad" } else { "" };
    Some(Object {
        key: format!("address {address} {interface}"),
        on: Some(link_key(interface)),
        add: vec![format!("address add {address} dev {interface}{nodad}")],
        del: format!("address del {address} dev {interface}"),
    })
}

/// A static route of the main table, if its gateway is on a connected network; else it is inactive, there as
/// here.
fn route(row: &Row, networks: &[IpNet]) -> Option<Object> {
    if text(row, "routing-table").is_some_and(|table| table != "main") {
        return None;
    }
    let to: IpNet = text(row, "dst-address")?.parse().ok()?;
    let distance = text(row, "distance").unwrap_or("1");
    let how = if is_true(row, "blackhole") {
        format!("blackhole {to} metric {distance}")
    } else {
        let gateway: IpAddr = text(row, "gateway")?.parse().ok()?;
        networks.iter().find(|network| network.contains(&gateway))?;
        format!("{to} via {gateway} metric {distance}")
    };
    Some(Object {
        key: format!("route {how}"),
        on: None,
        add: vec![format!("route add {how} proto static")],
        del: format!("route del {how} proto static"),
    })
}
