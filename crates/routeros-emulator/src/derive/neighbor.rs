//! `/ip/arp` and `/ipv6/neighbor`: what the router has learnt of the hosts behind its interfaces.

use std::collections::{BTreeMap, HashSet};
use std::net::IpAddr;

use super::interface::running;
use super::route::{connected_routes, contains};
use super::{DYNAMIC_ID, computed, has_dead_reference};
use crate::schema::CompiledMenu;
use crate::state::{Router, Row};
use crate::value::{Prefix, Value};

/// Ids of learnt rows, out of the way of other dynamic ones.
const LEARNT_ID: u32 = DYNAMIC_ID + 0x0200_0000;

/// Fields of a written ARP entry: it is permanent, and complete when it works.
pub(super) fn field(router: &Router, row: &Row, name: &str) -> Option<Value> {
    let works = || {
        router.enabled(row)
            && !has_dead_reference(router, row)
            && router.value_of(row, "mac-address").is_some()
    };
    match name {
        "complete" => works().then(|| Value::bool(true)),
        "status" => Some(Value::fixed(if works() { "permanent" } else { "noarp" })),
        _ => None,
    }
}

/// Interfaces on which the router learns of others, by name: id and the networks connected there.
fn places(router: &Router, v6: bool) -> BTreeMap<String, (u32, Vec<Prefix>)> {
    let mut places: BTreeMap<String, (u32, Vec<Prefix>)> = BTreeMap::new();
    for route in connected_routes(router, v6) {
        let Some(row) = router.row("/interface", route.interface) else { continue };
        // `disabled` neither asks nor answers; `reply-only` answers and learns nothing (manual, ARP).
        let mode = router.value_of(row, "arp").and_then(Value::as_str).unwrap_or("enabled");
        if !v6 && matches!(mode, "disabled" | "reply-only") {
            continue;
        }
        let name = super::route::name_of(router, route.interface);
        places.entry(name).or_insert_with(|| (route.interface, Vec::new())).1.push(route.network);
    }
    if v6 {
        for (id, name, _) in super::ipv6::link_local_routes(router) {
            places.entry(name).or_insert_with(|| (id, Vec::new()));
        }
    }
    places
}

fn reaches(networks: &[Prefix], address: IpAddr) -> bool {
    let link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    link_local || networks.iter().any(|network| contains(*network, address))
}

/// The dynamic rows.
pub(super) fn rows(router: &Router, menu: &CompiledMenu, v6: bool) -> Vec<Row> {
    let places = places(router, v6);
    let written: HashSet<(u32, String)> = router
        .stored(menu)
        .filter_map(|row| {
            let (_, interface) = router.value_of(row, "interface")?.target()?;
            Some((interface, router.value_of(row, "address")?.as_str()?.to_owned()))
        })
        .collect();
    let learnt = router.lan.learnt(router.now).filter(|(_, _, address, _)| address.is_ipv6() == v6);
    let rows = learnt.filter_map(|(number, interface, address, mac)| {
        let (id, networks) = places.get(interface)?;
        if !reaches(networks, address) || written.contains(&(*id, address.to_string())) {
            return None;
        }
        let mut fields = vec![("address", address.to_string()), ("disabled", "false".to_owned())];
        match mac {
            Some(mac) => {
                fields.push(("mac-address", mac.to_owned()));
                fields.push(("status", "reachable".into()));
                if !v6 {
                    fields.push(("complete", "true".into()));
                }
            }
            // An entry without an answer has no MAC address (assumption `arp-failed`).
            None => fields.push(("status", "failed".into())),
        }
        if !v6 {
            fields.push(("published", "false".into()));
            fields.push(("invalid", "false".into()));
            fields.push(("dhcp", "false".into()));
        }
        let mut row = computed(menu, LEARNT_ID + number, &fields);
        row.dynamic = true;
        if let Some(ix) = menu.field("interface") {
            row.put(ix, Value::row("/interface", *id));
        }
        Some(row)
    });
    rows.collect()
}

/// What the router finds when it asks for an address on the wire.
pub(crate) enum Asked {
    /// It has the address itself.
    Own,
    /// It lies in a network connected to this interface: the id and name of it, and who answers.
    Neighbour { interface: String, mac: Option<String>, pings: bool },
    /// It is not on a wire of this router.
    Elsewhere,
}

/// Asks for an address: on the interface named, or where it is connected.
pub(crate) fn ask(router: &Router, address: IpAddr, on: Option<&str>) -> Asked {
    if address.is_loopback() || own(router, address) {
        return Asked::Own;
    }
    let place = places(router, address.is_ipv6()).into_iter().find(|(name, (id, networks))| {
        on.is_none_or(|on| on == name)
            && (on.is_some() || reaches(networks, address))
            && router.row("/interface", *id).is_some_and(|row| running(router, row))
    });
    let Some((interface, _)) = place else { return Asked::Elsewhere };
    let host = router.lan.host(&interface, address);
    Asked::Neighbour {
        mac: host.map(|host| host.mac.clone()),
        pings: host.is_some_and(|host| host.pings),
        interface,
    }
}

/// Whether an echo request to this address is answered (assumption `ping`).
pub(crate) fn answers(router: &Router, address: IpAddr) -> bool {
    match ask(router, address, None) {
        Asked::Own => true,
        Asked::Neighbour { pings, .. } => pings,
        Asked::Elsewhere => super::leads_somewhere(router, address),
    }
}

fn own(router: &Router, address: IpAddr) -> bool {
    connected_routes(router, address.is_ipv6()).iter().any(|route| route.local.parse() == Ok(address))
}
