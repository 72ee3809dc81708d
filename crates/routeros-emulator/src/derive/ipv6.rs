//! IPv6 addresses that interfaces have by themselves, and what follows from addresses.

use super::interface::{mac, port_of, running};
use super::{DYNAMIC_ID, computed, has_dead_reference};
use crate::LOOPBACK;
use crate::schema::CompiledMenu;
use crate::state::{Router, Row};
use crate::value::{Names, Value, prefix_of_address};

pub(super) fn field(router: &Router, row: &Row, name: &str) -> Option<Value> {
    let own = || {
        let address = prefix_of_address(router.value_of(row, "address")?.as_str()?)?.address;
        Some(matches!(address, std::net::IpAddr::V6(v6) if v6.is_unicast_link_local()))
    };
    match name {
        "link-local" => Some(Value::bool(own()?)),
        "global" => (!own()?).then(|| Value::bool(true)),
        // The bridge when the interface is a port, as with IPv4.
        "actual-interface" => {
            let interface = router.value_of(row, "interface")?;
            let port = interface.target().and_then(|(_, id)| port_of(router, id));
            Some(port.and_then(|port| router.value_of(port, "bridge")).unwrap_or(interface).clone())
        }
        "slave" => {
            let (_, id) = router.value_of(row, "interface")?.target()?;
            port_of(router, id).is_some().then(|| Value::bool(true))
        }
        "invalid" => Some(Value::bool(has_dead_reference(router, row))),
        _ => None,
    }
}

/// Interfaces that run, stand for themselves and have a MAC address, with the address made of it.
pub(super) fn link_local(router: &Router) -> Vec<(u32, String)> {
    let off = router.setting("/ipv6/settings", "disable-ipv6").as_deref() == Some("true");
    let Some(menu) = router.menu("/interface").filter(|_| !off) else { return Vec::new() };
    router
        .stored(&menu)
        .filter(|row| row.menu != LOOPBACK && running(router, row) && port_of(router, row.id).is_none())
        .filter_map(|row| Some((row.id, eui64(&mac(router, row, 0)?)?)))
        .collect()
}

/// `fe80::` and the MAC address in the form of EUI-64 (RFC 4291, appendix A), as a real row shows it.
fn eui64(mac: &str) -> Option<String> {
    let bytes: Vec<u16> =
        mac.split(':').map(|byte| u16::from_str_radix(byte, 16).ok()).collect::<Option<_>>()?;
    let [a, b, c, d, e, f] = bytes[..] else { return None };
    let words = [0xfe80, 0, 0, 0, (a ^ 2) << 8 | b, c << 8 | 0xff, 0xfe00 | d, e << 8 | f];
    Some(std::net::Ipv6Addr::from(words).to_string())
}

/// The dynamic rows of `/ipv6/address`.
pub(super) fn addresses(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    link_local(router)
        .into_iter()
        .map(|(interface, address)| {
            let mut row = computed(
                menu,
                DYNAMIC_ID + interface,
                &[
                    ("address", format!("{address}/64")),
                    ("advertise", "false".into()),
                    ("disabled", "false".into()),
                    ("eui-64", "false".into()),
                    ("from-pool", String::new()),
                    ("no-dad", "false".into()),
                ],
            );
            row.dynamic = true;
            if let Some(ix) = menu.field("interface") {
                row.put(ix, Value::row("/interface", interface));
            }
            row
        })
        .collect()
}

/// What link-local addresses add to the connected routes: interface, name and own address.
pub(super) fn link_local_routes(router: &Router) -> Vec<(u32, String, String)> {
    link_local(router)
        .into_iter()
        .map(|(id, address)| {
            let name = router.name_of("/interface", id).unwrap_or_default();
            (id, String::from_utf8_lossy(name).into_owned(), address)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::eui64;

    #[test]
    fn a_mac_address_makes_an_identifier() {
        assert_eq!(eui64("56:05:AB:CD:12:31").as_deref(), Some("fe80::5405:abff:fecd:1231"));
        assert_eq!(eui64("56:05:AB"), None);
    }
}
