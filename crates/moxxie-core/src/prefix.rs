//! Prefixes: bounds, host bits, the addresses a network gives away.

use std::net::IpAddr;

use ipnet::IpNet;

/// Why a text is no prefix.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Not `address/length`.
    #[error("{0:?} is not a prefix: write an address and a length, such as 172.16.5.0/24 or 2001:db8:5::/64")]
    Malformed(String),
    /// Bits are set beyond the length.
    #[error("{given} has host bits set: the prefix of that length is {truncated}")]
    HostBits {
        /// What was given.
        given: IpNet,
        /// The prefix it lies in.
        truncated: IpNet,
    },
}

/// Reads a prefix and refuses host bits, naming the prefix that was probably meant.
///
/// # Errors
/// [`PrefixError`] says which of the two it was.
pub fn parse(text: &str) -> Result<IpNet, PrefixError> {
    let given: IpNet =
        text.trim().parse().map_err(|_| PrefixError::Malformed(text.chars().take(60).collect()))?;
    let truncated = given.trunc();
    if given == truncated { Ok(given) } else { Err(PrefixError::HostBits { given, truncated }) }
}

/// First and last address of a prefix as 16 bytes each, in network order, IPv4 in the last four.
///
/// Fixed width makes the bytes compare like the addresses in both databases; the family is stored
/// beside them because the two families share the number space.
#[must_use]
pub fn bounds(prefix: &IpNet) -> ([u8; 16], [u8; 16]) {
    (address_bytes(prefix.network()), address_bytes(last_address(prefix)))
}

/// The highest address in the prefix (the broadcast address of an IPv4 subnet).
#[must_use]
pub fn last_address(prefix: &IpNet) -> IpAddr {
    prefix.broadcast()
}

/// An address as 16 bytes in network order, IPv4 in the last four.
#[must_use]
pub fn address_bytes(address: IpAddr) -> [u8; 16] {
    address_number(address).to_be_bytes()
}

/// An address as a number within its family.
#[must_use]
pub fn address_number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

/// The address of that number in the family of `like`; `None` when the number does not fit.
#[must_use]
pub fn address_from_number(number: u128, like: IpAddr) -> Option<IpAddr> {
    match like {
        IpAddr::V4(_) => u32::try_from(number).ok().map(|n| IpAddr::V4(n.into())),
        IpAddr::V6(_) => Some(IpAddr::V6(number.into())),
    }
}

/// The family as stored: 4 or 6.
#[must_use]
pub fn family(prefix: &IpNet) -> i64 {
    if prefix.addr().is_ipv4() { 4 } else { 6 }
}

/// How many addresses a prefix of this length has in a family whose addresses have this many bits;
/// saturates for `::/0`.
#[must_use]
pub fn size(length: u8, bits: u8) -> u128 {
    1_u128.checked_shl(bits.saturating_sub(length).into()).unwrap_or(u128::MAX)
}

/// Whether two prefixes share an address.
#[must_use]
pub fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_bits_name_the_prefix_that_was_meant() {
        let error = parse("172.16.5.9/24").unwrap_err();
        assert_eq!(
            error.to_string(),
            "172.16.5.9/24 has host bits set: the prefix of that length is 172.16.5.0/24"
        );
        for bad in ["", "172.16.5.0", "172.16.5.0/33", "x/24"] {
            assert!(matches!(parse(bad), Err(PrefixError::Malformed(_))), "{bad}");
        }
    }

    #[test]
    fn bounds_sort_like_addresses() {
        let (first, last) = bounds(&parse("10.0.0.0/8").unwrap());
        let (inner, _) = bounds(&parse("10.200.0.0/16").unwrap());
        assert!(first < inner && inner < last);
        assert_eq!(bounds(&parse("2001:db8::/64").unwrap()).1[8..], [0xff; 8]);
    }

    #[test]
    fn numbers_come_back() {
        for text in ["0.0.0.0", "255.255.255.255", "2001:db8::1"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(address_from_number(address_number(address), address), Some(address));
        }
        assert_eq!(address_from_number(1 << 32, "1.1.1.1".parse().unwrap()), None);
    }
}
