//! Fields of interfaces that follow from others.

use crate::LOOPBACK;
use crate::schema::CompiledMenu;
use crate::state::{Router, Row, mac_address};
use crate::value::{Target, Value};

pub(super) fn field(router: &Router, menu: &CompiledMenu, row: &Row, name: &str) -> Option<Value> {
    if menu.menu.space != "/interface" {
        return None;
    }
    let value = match name {
        "type" => Value::fixed(router.schema.menu(row.menu)?.menu.interface_type?),
        "running" => Value::bool(running(router, row)),
        "slave" => Value::bool(port_of(router, row.id).is_some()),
        "l2mtu" => Value::text(l2mtu(router, row)?.to_string()),
        "max-l2mtu" if row.menu == "/interface/ethernet" => {
            // 9570 on a CCR2116, 65535 on a virtual port (reference 6).
            Value::fixed(if router.is_chr() { "65535" } else { "9570" })
        }
        "actual-mtu" => match text(router, row, "mtu")? {
            "auto" => Value::fixed("1500"),
            mtu => Value::text(mtu.to_owned()),
        },
        "mac-address" => Value::text(mac(router, row, 0)?),
        "last-link-up-time" if running(router, row) => {
            Value::text(crate::clock::format_date_time(router.booted))
        }
        "loop-protect-status" => {
            Value::fixed(if text(router, row, "loop-protect") == Some("on") { "on" } else { "off" })
        }
        "hw-offloaded" => Value::bool(false),
        // There is nobody else: whoever runs is master.
        "master" if row.menu == "/interface/vrrp" => running(router, row).then(|| Value::bool(true))?,
        _ => return None,
    };
    Some(value)
}

fn text<'a>(router: &Router, row: &'a Row, field: &str) -> Option<&'a str> {
    router.value_of(row, field).and_then(Value::as_str)
}

fn parent<'a>(router: &'a Router, row: &Row) -> Option<&'a Row> {
    let (space, id) = router.value_of(row, "interface")?.target()?;
    router.row(space, id)
}

/// Deep enough for every stack of VLANs, and an end for a ring of references.
const DEPTH: u32 = 8;

/// Enabled, and so is everything below. A child of a removed parent does not run (reference 4).
pub(crate) fn running(router: &Router, row: &Row) -> bool {
    runs(router, row, 0)
}

fn runs(router: &Router, row: &Row, depth: u32) -> bool {
    if !router.enabled(row) || depth > DEPTH {
        return false;
    }
    match row.menu {
        "/interface/ethernet" | "/interface/bridge" => true,
        LOOPBACK => true,
        _ if router.schema.menu(row.menu).is_some_and(|menu| menu.field("interface").is_some()) => {
            parent(router, row).is_some_and(|parent| runs(router, parent, depth + 1))
        }
        _ => true,
    }
}

/// A VLAN tag takes four bytes of the L2MTU below (reference 6).
pub(crate) fn l2mtu(router: &Router, row: &Row) -> Option<u32> {
    fn of(router: &Router, row: &Row, depth: u32) -> Option<u32> {
        match row.menu {
            "/interface/ethernet" => text(router, row, "l2mtu")?.parse().ok(),
            "/interface/vlan" | "/interface/macvlan" if depth < DEPTH => {
                of(router, parent(router, row)?, depth + 1)?.checked_sub(4)
            }
            // The smallest of the ports; none, and it is as large as can be.
            "/interface/bridge" => {
                let menu = router.menu("/interface/bridge/port")?;
                let ports = router.stored(&menu).filter(|port| {
                    router.value_of(port, "bridge").and_then(Value::target) == Some(("/interface", row.id))
                });
                let smallest = ports.filter_map(|port| of(router, parent(router, port)?, depth + 1)).min();
                Some(smallest.unwrap_or(65535))
            }
            "/interface/vxlan" => Some(65535),
            _ => None,
        }
    }
    of(router, row, 0)
}

/// Own, given by the administrator, or the parent's.
pub(super) fn mac(router: &Router, row: &Row, depth: u32) -> Option<String> {
    for given in ["admin-mac", "mac-address"] {
        if let Some(mac) = text(router, row, given) {
            return Some(mac.to_owned());
        }
    }
    match row.menu {
        "/interface/vlan" if depth < DEPTH => mac(router, parent(router, row)?, depth + 1),
        // That of its first port.
        "/interface/bonding" if depth < DEPTH => {
            let slaves = router.value_of(row, "slaves").map(Value::targets).unwrap_or_default();
            let first = slaves.iter().find_map(|slave| match slave {
                Target::Row(space, id) => router.row(space, *id),
                Target::Word(_) => None,
            });
            mac(router, first?, depth + 1)
        }
        "/interface/bridge" => Some(mac_address(u64::from(row.id), 0xb000 + row.id)),
        "/interface/vrrp" => {
            let vrid: u8 = text(router, row, "vrid")?.parse().ok()?;
            Some(format!("00:00:5E:00:01:{vrid:02X}"))
        }
        _ => None,
    }
}

/// The bridge port row of an interface.
pub(crate) fn port_of(router: &Router, interface: u32) -> Option<&Row> {
    const PORTS: &str = "/interface/bridge/port";
    let menu = router.schema.menu(PORTS)?;
    let mut probe = Row::new(PORTS);
    probe.put(menu.field("interface")?, Value::row("/interface", interface));
    let space = router.space(PORTS)?;
    space.collision(menu, &probe).and_then(|(_, id)| space.get(id))
}
