//! Routes: which static ones are active, and those that addresses bring about.

use std::net::IpAddr;

use super::interface::running;
use super::{DYNAMIC_ID, has_dead_reference};
use crate::command::host_of;
use crate::schema::CompiledMenu;
use crate::state::{Router, Row};
use crate::value::{Names, Prefix, Value, prefix_of_address};

/// A connected route.
struct Connected {
    address_id: u32,
    network: Prefix,
    interface: u32,
    local: String,
}

pub(super) fn field(router: &Router, _menu: &CompiledMenu, row: &Row, name: &str) -> Option<Value> {
    // Flags that are false are absent, but for these two.
    let active = || is_active(router, row);
    match name {
        "static" => Some(Value::bool(true)),
        "active" => active().then(|| Value::bool(true)),
        "inactive" => Some(Value::bool(!active() && router.enabled(row))),
        "immediate-gw" if active() => {
            let gateway = router.value_of(row, "gateway").and_then(Value::as_str)?;
            let interface = interface_towards(router, gateway)?;
            let name = String::from_utf8_lossy(router.name_of("/interface", interface)?).into_owned();
            let direct = router.find("/interface", gateway.as_bytes()).is_some();
            Some(Value::text(if direct { name } else { format!("{}%{name}", bare(gateway)) }))
        }
        _ => None,
    }
}

fn bare(gateway: &str) -> &str {
    gateway.split(['%', '@']).next().unwrap_or(gateway)
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

/// The interface through which a gateway is reached: named, or the one whose network holds the address.
fn interface_towards(router: &Router, gateway: &str) -> Option<u32> {
    if let Some(id) = router.find("/interface", gateway.as_bytes()) {
        return router.row("/interface", id).filter(|row| running(router, row, 0)).map(|row| row.id);
    }
    let address: IpAddr = bare(gateway).parse().ok()?;
    connected_routes(router)
        .into_iter()
        .find(|route| contains(route.network, address))
        .map(|route| route.interface)
}

fn contains(network: Prefix, address: IpAddr) -> bool {
    ipnet::IpNet::new(network.address, network.length).is_ok_and(|net| net.contains(&address))
}

fn connected_routes(router: &Router) -> Vec<Connected> {
    let Some(menu) = router.schema.menu("/ip/address") else { return Vec::new() };
    router
        .stored(menu)
        .filter(|row| router.enabled(row))
        .filter_map(|row| {
            let (space, interface) = router.value_of(row, "interface")?.target()?;
            router.row(space, interface).filter(|row| running(router, row, 0))?;
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
pub(super) fn connected(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    connected_routes(router)
        .into_iter()
        .map(|route| {
            let name = router.name_of("/interface", route.interface).unwrap_or_default();
            let name = String::from_utf8_lossy(name).into_owned();
            let mut row = super::computed(
                menu,
                DYNAMIC_ID + route.address_id,
                &[
                    ("dst-address", route.network.to_string()),
                    ("routing-table", "main".into()),
                    ("gateway", name.clone()),
                    ("immediate-gw", name.clone()),
                    ("local-address", format!("{}%{name}", route.local)),
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
        })
        .collect()
}

/// `/routing/route`: the same for all families, one read-only table.
pub(super) fn all(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let Some(routes) = router.schema.menu("/ip/route") else { return Vec::new() };
    let mut rows = Vec::new();
    let connected = connected(router, routes);
    let stored = router.stored(routes).cloned();
    for (at, route) in connected.into_iter().chain(stored).enumerate() {
        let view = crate::command::RowView { router, menu: routes, row: &route, sensitive: false };
        let mut fields = vec![("afi", "ip4".to_owned())];
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
        let mut row = super::computed(menu, DYNAMIC_ID + 1 + at as u32, &fields);
        row.dynamic = route.dynamic;
        rows.push(row);
    }
    rows
}
