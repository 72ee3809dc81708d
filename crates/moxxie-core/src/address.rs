//! Which addresses of a network are for whom.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::prefix::{address_from_number, address_number, last_address};

/// The special addresses of a network, derived from its prefix alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    prefix: IpNet,
    first: u128,
    last: u128,
    reserved: u128,
}

/// Longest IPv4 prefix in which a pair of routers fits beside the gateway (design, section 5).
const PAIR_HOST_BITS: u8 = 4;

impl Layout {
    /// The layout of this prefix.
    ///
    /// The network and broadcast addresses are never handed out, except in a /31 (RFC 3021), /127
    /// (RFC 6164), /32 and /128. In IPv6 only the subnet-router anycast address, the first, is kept
    /// back (RFC 4291, section 2.6.1).
    #[must_use]
    pub fn new(prefix: IpNet) -> Self {
        let (low, high) = (address_number(prefix.network()), address_number(last_address(&prefix)));
        let host_bits = prefix.max_prefix_len() - prefix.prefix_len();
        let (first, last) = match (host_bits, prefix.network()) {
            (0 | 1, _) => (low, high),
            (_, IpAddr::V4(_)) => (low + 1, high - 1),
            (_, IpAddr::V6(_)) => (low + 1, high),
        };
        // Gateway, and from a /28 on two routers' own addresses.
        let reserved = if host_bits >= PAIR_HOST_BITS { 3 } else { 1 };
        Self { prefix, first, last, reserved }
    }

    fn address(&self, number: u128) -> IpAddr {
        // Every number asked for lies inside the prefix, so it fits its family.
        address_from_number(number, self.prefix.network()).unwrap_or_else(|| self.prefix.network())
    }

    /// The gateway: the first usable address.
    #[must_use]
    pub fn gateway(&self) -> IpAddr {
        self.address(self.first)
    }

    /// The gateway with the length of the prefix, as it is put on an interface.
    #[must_use]
    pub fn gateway_on_interface(&self) -> IpNet {
        IpNet::new(self.gateway(), self.prefix.prefix_len()).unwrap_or(self.prefix)
    }

    /// The two routers' own addresses for a later VRRP pair; `None` in a network smaller than a /28.
    #[must_use]
    pub fn router_pair(&self) -> Option<[IpAddr; 2]> {
        (self.reserved == 3).then(|| [self.address(self.first + 1), self.address(self.first + 2)])
    }

    /// First and last address that can be given to a host; `None` when the routers take all.
    #[must_use]
    pub fn hosts(&self) -> Option<(IpAddr, IpAddr)> {
        let first = self.first + self.reserved;
        (first <= self.last).then(|| (self.address(first), self.address(self.last)))
    }

    /// Whether the address can be given to a host.
    #[must_use]
    pub fn is_host(&self, address: IpAddr) -> bool {
        let number = address_number(address);
        self.prefix.contains(&address) && self.first + self.reserved <= number && number <= self.last
    }

    /// The DHCP range: .100 to .200 in a /24 and the matching middle part of other sizes; `None` when
    /// there is no room for one or the network is IPv6.
    #[must_use]
    pub fn dhcp_range(&self) -> Option<(IpAddr, IpAddr)> {
        let (IpAddr::V4(_), Some((lowest, highest))) = (self.prefix.network(), self.hosts()) else {
            return None;
        };
        let size = 1_u128 << (32 - self.prefix.prefix_len());
        let base = address_number(self.prefix.network());
        let from = (base + 100 * size / 256).max(address_number(lowest));
        let to = (base + 200 * size / 256).min(address_number(highest));
        (from <= to).then(|| (self.address(from), self.address(to)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(text: &str) -> Layout {
        Layout::new(text.parse().unwrap())
    }

    fn range(text: &str) -> Option<String> {
        layout(text).dhcp_range().map(|(a, b)| format!("{a}-{b}"))
    }

    #[test]
    fn a_slash_24() {
        let net = layout("172.16.5.0/24");
        assert_eq!(net.gateway_on_interface().to_string(), "172.16.5.1/24");
        assert_eq!(net.router_pair().unwrap().map(|a| a.to_string()), ["172.16.5.2", "172.16.5.3"]);
        assert_eq!(range("172.16.5.0/24").unwrap(), "172.16.5.100-172.16.5.200");
        assert!(net.is_host("172.16.5.4".parse().unwrap()));
        for not_host in ["172.16.5.0", "172.16.5.1", "172.16.5.3", "172.16.5.255", "172.16.6.4"] {
            assert!(!net.is_host(not_host.parse().unwrap()), "{not_host}");
        }
    }

    #[test]
    fn dhcp_takes_the_middle_of_other_sizes() {
        assert_eq!(range("10.0.0.0/22").unwrap(), "10.0.1.144-10.0.3.32");
        assert_eq!(range("10.0.0.16/28").unwrap(), "10.0.0.22-10.0.0.28");
        assert_eq!(range("10.0.0.0/29").unwrap(), "10.0.0.3-10.0.0.6");
        assert_eq!(range("10.0.0.0/30").unwrap(), "10.0.0.2-10.0.0.2");
        assert_eq!(range("10.0.0.0/31").unwrap(), "10.0.0.1-10.0.0.1");
        assert_eq!(range("10.0.0.0/32"), None);
        assert_eq!(range("2001:db8::/64"), None);
    }

    #[test]
    fn small_networks_have_no_room_for_a_pair() {
        assert!(layout("10.0.0.0/28").router_pair().is_some());
        assert!(layout("10.0.0.0/29").router_pair().is_none());
    }

    #[test]
    fn ipv6_keeps_the_anycast_address_back() {
        let net = layout("2001:db8:5::/64");
        assert_eq!(net.gateway().to_string(), "2001:db8:5::1");
        assert!(!net.is_host("2001:db8:5::".parse().unwrap()));
        assert_eq!(
            net.hosts().unwrap().1.to_string(),
            "2001:db8:5::ffff:ffff:ffff:ffff".replace("5::", "5:0:")
        );
    }
}
