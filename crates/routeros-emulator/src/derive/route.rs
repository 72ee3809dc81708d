//! Routes: which static ones are active, and those that addresses bring about.

use std::net::IpAddr;

use super::interface::running;
use super::{DYNAMIC_ID, has_dead_reference};
use crate::command::host_of;
use crate::schema::CompiledMenu;
use crate::state::{Router, Row};
use crate::value::{Names, Prefix, Value, prefix_of_address};

/// A connected route.
pub(super) struct Connected {
    address_id: u32,
    pub(super) network: Prefix,
    pub(super) interface: u32,
    pub(super) local: String,
}

pub(super) fn field(router: &Router, row: &Row, name: &str) -> Option<Value> {
    // Flags that are false are absent, but for these two.
    let active = || is_active(router, row);
    match name {
        "static" => (!row.dynamic).then(|| Value::bool(true)),
        "active" => active().then(|| Value::bool(true)),
        "inactive" => Some(Value::bool(!active() && router.enabled(row))),
        "immediate-gw" if active() => {
            let gateway = router.value_of(row, "gateway").and_then(Value::as_str)?;
            let interface = interface_towards(router, gateway)?;
            let name = name_of(router, interface);
            let direct = router.find("/interface", gateway.as_bytes()).is_some();
            Some(Value::text(if direct { name } else { format!("{}%{name}", bare(gateway)) }))
        }
        _ => None,
    }
}

fn bare(gateway: &str) -> &str {
    gateway.split(['%', '@']).next().unwrap_or(gateway)
}

pub(super) fn name_of(router: &Router, interface: u32) -> String {
    String::from_utf8_lossy(router.name_of("/interface", interface).unwrap_or_default()).into_owned()
}

fn is_active(router: &Router, row: &Row) -> bool {
    if !router.enabled(row) || has_dead_reference(router, row) {
        return false;
    }
    if router.value_of(row, "blackhole").is_some_and(Value::is_true) {
        return true;
    }
    router
        .value_of(row, "gateway")
        .and_then(Value::as_str)
        .is_some_and(|gateway| interface_towards(router, gateway).is_some())
}

/// The interface through which a gateway is reached: named, behind the `%`, or the one whose network holds the
/// address.
fn interface_towards(router: &Router, gateway: &str) -> Option<u32> {
    let zone = gateway.split('@').next().and_then(|gateway| gateway.split_once('%')).map(|(_, zone)| zone);
    if let Some(id) = router.find("/interface", zone.unwrap_or(gateway).as_bytes()) {
        return router.row("/interface", id).filter(|row| running(router, row)).map(|row| row.id);
    }
    let address: IpAddr = bare(gateway).parse().ok()?;
    connected_routes(router, address.is_ipv6())
        .into_iter()
        .find(|route| contains(route.network, address))
        .map(|route| route.interface)
}

pub(super) fn contains(network: Prefix, address: IpAddr) -> bool {
    ipnet::IpNet::new(network.address, network.length).is_ok_and(|net| net.contains(&address))
}

/// Whether the way to this address leads over a gateway, to somebody who is taken to answer (assumption `ping`).
pub(crate) fn leads_somewhere(router: &Router, address: IpAddr) -> bool {
    let connected = connected_routes(router, address.is_ipv6());
    !connected.iter().any(|route| contains(route.network, address)) && towards(router, address).is_some()
}

/// Through which interface packets to this address leave, and to whom. None when there is no way.
pub(crate) fn towards(router: &Router, address: IpAddr) -> Option<(String, String)> {
    let v6 = address.is_ipv6();
    if let Some(route) =
        connected_routes(router, v6).into_iter().find(|route| contains(route.network, address))
    {
        return Some((name_of(router, route.interface), address.to_string()));
    }
    let menu = router.menu(if v6 { "/ipv6/route" } else { "/ip/route" })?;
    let best = router
        .stored(&menu)
        .filter(|row| is_active(router, row))
        .filter_map(|row| {
            let network = prefix_of_address(router.value_of(row, "dst-address")?.as_str()?)?;
            contains(network, address).then_some((network.length, row))
        })
        .max_by_key(|(length, _)| *length);
    let (_, row) = best.filter(|(_, row)| !router.value_of(row, "blackhole").is_some_and(Value::is_true))?;
    let gateway = router.value_of(row, "gateway").and_then(Value::as_str)?;
    Some((name_of(router, interface_towards(router, gateway)?), bare(gateway).to_owned()))
}

/// A route in force, as others hear of it.
pub(super) struct Active {
    pub(super) dst: ipnet::IpNet,
    pub(super) protocol: &'static str,
    pub(super) distance: u32,
    pub(super) blackhole: bool,
}

/// The routes of a table that are in force.
pub(super) fn active(router: &Router, v6: bool, table: &str) -> Vec<Active> {
    let net = |prefix: Prefix| Some(ipnet::IpNet::new(prefix.address, prefix.length).ok()?.trunc());
    let mut routes = Vec::new();
    if table == "main" {
        let connected = connected_routes(router, v6).into_iter().filter_map(|route| net(route.network));
        routes.extend(connected.map(|dst| Active {
            dst,
            protocol: "connected",
            distance: 0,
            blackhole: false,
        }));
    }
    let Some(menu) = router.menu(if v6 { "/ipv6/route" } else { "/ip/route" }) else { return routes };
    let text = |row: &Row, field| {
        let value = router.value_of(row, field)?;
        Some(String::from_utf8_lossy(&crate::value::show(value, router)).into_owned())
    };
    for row in router.stored(&menu).filter(|row| is_active(router, row)) {
        if text(row, "routing-table").is_some_and(|of| of != table) {
            continue;
        }
        let dst = text(row, "dst-address").and_then(|text| net(prefix_of_address(&text)?));
        let distance = text(row, "distance").and_then(|text| text.parse().ok()).unwrap_or(1);
        let blackhole = router.value_of(row, "blackhole").is_some_and(Value::is_true);
        routes.extend(dst.map(|dst| Active { dst, protocol: "static", distance, blackhole }));
    }
    routes
}

pub(super) fn connected_routes(router: &Router, v6: bool) -> Vec<Connected> {
    let path = if v6 { "/ipv6/address" } else { "/ip/address" };
    let Some(menu) = router.schema.menu(path) else { return Vec::new() };
    router
        .stored(menu)
        .filter(|row| router.enabled(row))
        .filter_map(|row| {
            let (space, interface) = router.value_of(row, "interface")?.target()?;
            router.row(space, interface).filter(|row| running(router, row))?;
            let address = router.value_of(row, "address")?.as_str()?;
            let mut network = prefix_of_address(address)?.network();
            // A /32 with another network address is a point-to-point link.
            if network.is_host()
                && let Some(far) = router.value_of(row, "network").and_then(Value::as_str)
            {
                network.address = far.parse().ok()?;
            }
            Some(Connected { address_id: row.id, network, interface, local: host_of(address).to_owned() })
        })
        .collect()
}

/// Dynamic rows for connected networks (reference 4).
pub(super) fn connected(router: &Router, menu: &CompiledMenu, v6: bool) -> Vec<Row> {
    let networks = connected_routes(router, v6).into_iter().map(|route| {
        let name = name_of(router, route.interface);
        row(menu, route.address_id, route.network.to_string(), &name, &route.local)
    });
    let link_local = if v6 { super::ipv6::link_local_routes(router) } else { Vec::new() };
    let link_local = link_local
        .into_iter()
        .map(|(id, name, local)| row(menu, LINK_LOCAL_ID + id, format!("fe80::%{name}/64"), &name, &local));
    networks.chain(link_local).collect()
}

/// Ids of link-local routes, out of the way of those that addresses bring about.
const LINK_LOCAL_ID: u32 = 0x0100_0000;

fn row(menu: &CompiledMenu, id: u32, network: String, name: &str, local: &str) -> Row {
    let mut row = super::computed(
        menu,
        DYNAMIC_ID + id,
        &[
            ("dst-address", network),
            ("routing-table", "main".into()),
            ("gateway", name.to_owned()),
            ("immediate-gw", name.to_owned()),
            ("local-address", format!("{local}%{name}")),
            ("distance", "0".into()),
            ("scope", "10".into()),
            ("target-scope", "5".into()),
            ("active", "true".into()),
            ("connect", "true".into()),
            ("inactive", "false".into()),
            ("static", "false".into()),
            ("disabled", "false".into()),
        ],
    );
    row.dynamic = true;
    if let Some(ix) = menu.field("static") {
        row.clear(ix);
    }
    row
}

/// `/routing/route`: the same for all families, one read-only table.
pub(super) fn all(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let mut rows = Vec::new();
    for (path, afi) in [("/ip/route", "ip4"), ("/ipv6/route", "ip6")] {
        if let Some(routes) = router.schema.menu(path) {
            family(router, menu, routes, afi, &mut rows);
        }
    }
    rows
}

fn family(router: &Router, menu: &CompiledMenu, routes: &CompiledMenu, afi: &str, rows: &mut Vec<Row>) {
    let connected = connected(router, routes, afi == "ip6");
    let stored = router.stored(routes).cloned();
    for route in connected.into_iter().chain(stored) {
        let view = crate::command::RowView { router, menu: routes, row: &route, sensitive: false };
        let mut fields = vec![("afi", afi.to_owned())];
        let names = [
            "dst-address",
            "routing-table",
            "gateway",
            "immediate-gw",
            "distance",
            "scope",
            "target-scope",
            "local-address",
            "active",
            "connect",
            "static",
            "dynamic",
            "disabled",
            "blackhole",
        ];
        for name in names {
            let value = routes.field(name).and_then(|ix| view.get(&crate::command::Key::Field(ix)));
            if let Some(value) = value.filter(|value| **value != *b"false") {
                fields.push((name, String::from_utf8_lossy(&value).into_owned()));
            }
        }
        fields.push(("belongs-to", if route.dynamic { "connected" } else { "static" }.to_owned()));
        let mut row = super::computed(menu, DYNAMIC_ID + 1 + rows.len() as u32, &fields);
        row.dynamic = route.dynamic;
        rows.push(row);
    }
}
