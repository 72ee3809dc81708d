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

/// The bytes of a DHCP option, in hexadecimal: `0x` and digits, or a text or address in apostrophes, several in a row.
pub(super) fn raw_option(value: &str) -> String {
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let mut out = String::new();
    let mut rest = value;
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix('\'') {
            let (text, behind) = quoted.split_once('\'').unwrap_or((quoted, ""));
            out += &match text.parse::<std::net::IpAddr>() {
                Ok(std::net::IpAddr::V4(address)) => hex(&address.octets()),
                Ok(std::net::IpAddr::V6(address)) => hex(&address.octets()),
                Err(_) => hex(text.as_bytes()),
            };
            rest = behind;
        } else {
            let digits = rest.strip_prefix("0x").unwrap_or(rest);
            let end = digits.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(digits.len());
            out += &digits[..end];
            // What is neither ends it.
            rest = if end == 0 || rest.len() == digits.len() { "" } else { &digits[end..] };
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::raw_option;

    #[test]
    fn options_as_real_rows_have_them() {
        assert_eq!(raw_option("0x00002311"), "00002311");
        assert_eq!(raw_option("0x07'example'0x05'local'0x00"), "076578616d706c65056c6f63616c00");
        assert_eq!(raw_option("'10.0.0.1'"), "0a000001");
        assert_eq!(raw_option("rest"), "");
        assert_eq!(raw_option("'open"), "6f70656e");
    }
}
