//! `/ip/address` and `/ip/pool`.

use std::net::IpAddr;

use super::interface::port_of;
use crate::schema::CompiledMenu;
use crate::state::{Router, Row};
use crate::value::{AddressRange, Value};

pub(super) fn field(router: &Router, menu: &CompiledMenu, row: &Row, name: &str) -> Option<Value> {
    match (menu.path(), name) {
        ("/ip/address", "actual-interface") => {
            let interface = router.value_of(row, "interface")?;
            // The bridge when the interface is a port (reference 4).
            let port = interface.target().and_then(|(_, id)| port_of(router, id));
            Some(port.and_then(|port| router.value_of(port, "bridge")).unwrap_or(interface).clone())
        }
        ("/ip/address", "slave") => {
            let target = router.value_of(row, "interface")?.target()?;
            Some(Value::bool(port_of(router, target.1).is_some()))
        }
        ("/ip/address", "vrf") => Some(Value::fixed("main")),
        ("/ip/pool", "total" | "available") => Some(Value::text(total(router, row)?.to_string())),
        ("/ip/pool", "used") => Some(Value::fixed("0")),
        _ => None,
    }
}

/// Number of addresses in the ranges of a pool.
fn total(router: &Router, row: &Row) -> Option<u128> {
    let ranges = router.value_of(row, "ranges")?.as_str()?;
    let sizes = ranges.split(',').filter_map(|range| match AddressRange::parse(range, false).ok()? {
        AddressRange::Between(IpAddr::V4(first), IpAddr::V4(last)) => {
            Some(u128::from(u32::from(last) - u32::from(first)) + 1)
        }
        AddressRange::Network(prefix) => Some(1u128 << (32 - prefix.length.min(32))),
        AddressRange::Between(..) => None,
    });
    Some(sizes.sum())
}
