//! Addresses, networks and ranges, with the forms in which RouterOS prints them.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

/// An address with a prefix length, host bits kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Prefix {
    pub(crate) address: IpAddr,
    pub(crate) length: u8,
}

impl Prefix {
    /// `10.0.0.1/24`; `10.0.0.1/255.255.255.0` and a bare address (full length) are taken too.
    pub(crate) fn parse(text: &str, v6: bool) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().ok()?;
        if address.is_ipv6() != v6 {
            return None;
        }
        let full = if v6 { 128 } else { 32 };
        let length = match length {
            None => full,
            Some(mask) if mask.contains('.') && !v6 => {
                let mask = u32::from(mask.parse::<Ipv4Addr>().ok()?);
                (mask.leading_ones() + mask.trailing_zeros() == 32 || mask == u32::MAX)
                    .then_some(mask.leading_ones() as u8)?
            }
            Some(length) if length.starts_with('+') => return None,
            Some(length) => length.parse().ok().filter(|length| *length <= full)?,
        };
        Some(Prefix { address, length })
    }

    /// With host bits cleared.
    pub(crate) fn network(self) -> Self {
        match IpNet::new(self.address, self.length) {
            Ok(net) => Prefix { address: net.network(), length: self.length },
            Err(_) => self,
        }
    }

    pub(crate) fn is_host(self) -> bool {
        self.length == if self.address.is_ipv6() { 128 } else { 32 }
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.length)
    }
}

/// The network that an interface address `10.0.0.1/24` is in.
pub(crate) fn prefix_of_address(text: &str) -> Option<Prefix> {
    Prefix::parse(text, text.contains(':'))
}

/// `1.2.3.4`, `10.0.0.0/8` or `A-B`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressRange {
    Network(Prefix),
    Between(IpAddr, IpAddr),
}

/// What is wrong with a range.
pub(crate) enum NotARange {
    NoAddressBeforeDash,
    Other,
}

impl AddressRange {
    pub(crate) fn parse(text: &str, v6: bool) -> Result<Self, NotARange> {
        if let Some((first, last)) = text.split_once('-') {
            let first: IpAddr = first.parse().map_err(|_| NotARange::NoAddressBeforeDash)?;
            let last: IpAddr = last.parse().map_err(|_| NotARange::Other)?;
            if first.is_ipv6() != v6 || last.is_ipv6() != v6 || first > last {
                return Err(NotARange::Other);
            }
            return Ok(AddressRange::Between(first, last));
        }
        // A real row kept the host bits of its IPv6 network.
        let kept = |prefix: Prefix| if v6 { prefix } else { prefix.network() };
        Prefix::parse(text, v6).map(|prefix| AddressRange::Network(kept(prefix))).ok_or(NotARange::Other)
    }
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // A single IPv4 address prints without length (reference 4, address-list); IPv6 keeps /128.
            AddressRange::Network(prefix) if prefix.is_host() && prefix.address.is_ipv4() => {
                write!(f, "{}", prefix.address)
            }
            AddressRange::Network(prefix) => prefix.fmt(f),
            AddressRange::Between(first, last) => write!(f, "{first}-{last}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        AddressRange::parse(text, text.contains(':')).ok().map(|range| range.to_string())
    }

    #[test]
    fn ranges_print_as_a_router_does() {
        assert_eq!(shown("10.0.0.1/32").as_deref(), Some("10.0.0.1"));
        assert_eq!(shown("10.0.0.9/24").as_deref(), Some("10.0.0.0/24"));
        assert_eq!(shown("123:dead::beaf/64").as_deref(), Some("123:dead::beaf/64"));
        assert_eq!(shown("10.0.0.1-10.0.0.9").as_deref(), Some("10.0.0.1-10.0.0.9"));
        assert_eq!(shown("10.0.0.9-10.0.0.1"), None);
        assert_eq!(Prefix::parse("10.0.0.1/255.255.255.0", false).unwrap().length, 24);
        assert_eq!(Prefix::parse("10.0.0.1/255.0.255.0", false), None);
        assert_eq!(Prefix::parse("10.0.0.1/+24", false), None);
    }
}
