//! Which addresses of a network are for whom.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    free_range::RangeSet,
    prefix::{address_from_number, address_number, last_address},
    range::{RangeKind, Span},
};

/// What an address is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressKind {
    /// A host's own address.
    Vm,
    /// Kept back by an operator.
    Reserved,
    /// Shared by several hosts, or moved between them.
    Vip,
    /// Given out by the DHCP server, always to the same MAC address. A record: no lease is made on a router.
    Dhcp,
    /// The network's gateway. Derived from the network, never recorded.
    Gateway,
    /// A router's own address beside the gateway. Derived from the network, never recorded.
    Router,
}

impl AddressKind {
    /// Those that a request may ask for.
    pub const REQUESTABLE: [Self; 4] = [Self::Vm, Self::Reserved, Self::Vip, Self::Dhcp];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Vm => "vm",
            Self::Reserved => "reserved",
            Self::Vip => "vip",
            Self::Dhcp => "dhcp",
            Self::Gateway => "gateway",
            Self::Router => "router",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Vm, Self::Reserved, Self::Vip, Self::Dhcp, Self::Gateway, Self::Router]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// Where a recorded address stands. In each of these nobody else gets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressStatus {
    /// Somebody has it.
    Assigned,
    /// Kept for somebody until a moment; then it is free by itself.
    Held,
    /// Released, and not given out again before a moment.
    Quarantined,
}

impl AddressStatus {
    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Held => "held",
            Self::Quarantined => "quarantined",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Assigned, Self::Held, Self::Quarantined].into_iter().find(|status| status.as_str() == text)
    }
}

/// Which address of a network is to be its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GatewayChoice {
    /// The first that a host could have.
    #[default]
    First,
    /// The last that a host could have.
    Last,
    /// This one.
    At(IpAddr),
}

/// Why an address cannot be the gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// Neither of the words nor an address.
    #[error("{0:?} is no gateway: write first, last, or an address of the network")]
    Malformed(String),
    /// It is the network's or broadcast address, or lies elsewhere.
    #[error("{gateway} cannot be the gateway of {prefix}: choose one from {first} to {last}")]
    NotUsable {
        /// What was asked for.
        gateway: IpAddr,
        /// The network's prefix.
        prefix: IpNet,
        /// The lowest that would do.
        first: IpAddr,
        /// The highest that would do.
        last: IpAddr,
    },
}

impl std::str::FromStr for GatewayChoice {
    type Err = GatewayError;

    fn from_str(text: &str) -> Result<Self, GatewayError> {
        match text {
            "first" => Ok(Self::First),
            "last" => Ok(Self::Last),
            other => match other.parse() {
                Ok(address) => Ok(Self::At(address)),
                Err(_) => Err(GatewayError::Malformed(other.chars().take(60).collect())),
            },
        }
    }
}

/// The special addresses of a network, derived from its prefix and gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    prefix: IpNet,
    /// First and last that are not the network's own or broadcast address.
    usable: (u128, u128),
    gateway: u128,
    /// The lower of the two routers' own addresses.
    pair: Option<u128>,
}

/// Longest prefix, counted in host bits, in which a pair of routers fits beside the gateway (design, section 5).
const PAIR_HOST_BITS: u8 = 4;

impl Layout {
    /// The layout of this prefix with the usual gateway, the first address.
    ///
    /// The network and broadcast addresses are never handed out, except in a /31 (RFC 3021), /127
    /// (RFC 6164), /32 and /128. In IPv6 only the subnet-router anycast address, the first, is kept
    /// back (RFC 4291, section 2.6.1).
    #[must_use]
    pub fn new(prefix: IpNet) -> Self {
        let usable = usable(&prefix);
        Self::at(prefix, usable, usable.0)
    }

    /// The layout of a network that has this gateway.
    #[must_use]
    pub fn with_gateway(prefix: IpNet, gateway: IpAddr) -> Self {
        Self::at(prefix, usable(&prefix), address_number(gateway))
    }

    /// The layout with the gateway chosen.
    ///
    /// # Errors
    /// [`GatewayError::NotUsable`] names those that would do.
    pub fn choose(prefix: IpNet, choice: GatewayChoice) -> Result<Self, GatewayError> {
        let usable = usable(&prefix);
        let gateway = match choice {
            GatewayChoice::First => usable.0,
            GatewayChoice::Last => usable.1,
            GatewayChoice::At(address) => {
                let number = address_number(address);
                if !prefix.contains(&address) || number < usable.0 || usable.1 < number {
                    let layout = Self::at(prefix, usable, usable.0);
                    let (first, last) = (layout.address(usable.0), layout.address(usable.1));
                    return Err(GatewayError::NotUsable { gateway: address, prefix, first, last });
                }
                number
            }
        };
        Ok(Self::at(prefix, usable, gateway))
    }

    fn at(prefix: IpNet, usable: (u128, u128), gateway: u128) -> Self {
        let host_bits = prefix.max_prefix_len() - prefix.prefix_len();
        // Behind the gateway, or before it where there is no room behind.
        let pair = (host_bits >= PAIR_HOST_BITS)
            .then(|| if usable.1 - gateway >= 2 { gateway + 1 } else { gateway - 2 });
        Self { prefix, usable, gateway, pair }
    }

    fn address(&self, number: u128) -> IpAddr {
        // Every number asked for lies inside the prefix, so it fits its family.
        address_from_number(number, self.prefix.network()).unwrap_or_else(|| self.prefix.network())
    }

    /// The gateway.
    #[must_use]
    pub fn gateway(&self) -> IpAddr {
        self.address(self.gateway)
    }

    /// The gateway with the length of the prefix, as it is put on an interface.
    #[must_use]
    pub fn gateway_on_interface(&self) -> IpNet {
        IpNet::new(self.gateway(), self.prefix.prefix_len()).unwrap_or(self.prefix)
    }

    /// The two routers' own addresses for a later VRRP pair; `None` in a network smaller than a /28.
    #[must_use]
    pub fn router_pair(&self) -> Option<[IpAddr; 2]> {
        self.pair.map(|lower| [self.address(lower), self.address(lower + 1)])
    }

    /// The addresses that can be given to a host, as numbers.
    #[must_use]
    pub fn host_set(&self) -> RangeSet {
        let mut set = RangeSet::default();
        set.insert(self.usable.0, self.usable.1);
        set.remove(self.gateway, self.gateway);
        if let Some(lower) = self.pair {
            set.remove(lower, lower + 1);
        }
        set
    }

    /// Lowest and highest address that can be given to a host; `None` when the routers take all. A gateway in the
    /// middle lies between them.
    #[must_use]
    pub fn hosts(&self) -> Option<(IpAddr, IpAddr)> {
        let set = self.host_set();
        let (first, last) = (set.iter().next()?.0, set.iter().next_back()?.1);
        Some((self.address(first), self.address(last)))
    }

    /// Whether the address can be given to a host.
    #[must_use]
    pub fn is_host(&self, address: IpAddr) -> bool {
        let number = address_number(address);
        let routers = number == self.gateway || self.pair.is_some_and(|l| l <= number && number <= l + 1);
        self.prefix.contains(&address) && self.usable.0 <= number && number <= self.usable.1 && !routers
    }

    /// The DHCP range: .100 to .200 in a /24 and the matching middle part of other sizes; the larger part of
    /// it when the gateway was chosen to lie inside. `None` when there is no room for one or the network is
    /// IPv6.
    #[must_use]
    pub fn dhcp_range(&self) -> Option<(IpAddr, IpAddr)> {
        if self.prefix.network().is_ipv6() {
            return None;
        }
        let size = 1_u128 << (32 - self.prefix.prefix_len());
        let base = address_number(self.prefix.network());
        let middle = (base + 100 * size / 256, base + 200 * size / 256);
        let parts = self.host_set();
        let parts = parts.iter().map(|(first, last)| (first.max(middle.0), last.min(middle.1)));
        // Of equally large ones the first.
        let (from, to) = parts.filter(|(from, to)| from <= to).rev().max_by_key(|(from, to)| to - from)?;
        Some((self.address(from), self.address(to)))
    }

    /// Which addresses the next one is taken from, as numbers: those of the static ranges if there are any, else
    /// all that can be given to hosts; without what DHCP gives out and what is reserved or excluded.
    #[must_use]
    pub fn candidates(&self, ranges: &[Span], dhcp: bool) -> RangeSet {
        let hosts = self.host_set();
        let of = |kind: RangeKind| ranges.iter().filter(move |span| span.kind == kind);
        let mut set = RangeSet::default();
        for span in of(RangeKind::Static) {
            for (first, last) in hosts.iter() {
                set.insert(first.max(span.first), last.min(span.last));
            }
        }
        if of(RangeKind::Static).next().is_none() {
            set = hosts;
        }
        for span in ranges.iter().filter(|span| span.kind != RangeKind::Static) {
            set.remove(span.first, span.last);
        }
        if let Some((first, last)) = self.dhcp_span(ranges, dhcp) {
            set.remove(first, last);
        }
        set
    }

    /// What DHCP gives out, as numbers: the range that was set for it, else the usual one; `None` without DHCP.
    #[must_use]
    pub fn dhcp_span(&self, ranges: &[Span], dhcp: bool) -> Option<(u128, u128)> {
        if !dhcp {
            return None;
        }
        match ranges.iter().find(|span| span.kind == RangeKind::Dhcp) {
            Some(span) => Some((span.first, span.last)),
            None => self.dhcp_range().map(|(first, last)| (address_number(first), address_number(last))),
        }
    }
}

/// First and last that are not the network's own or broadcast address.
fn usable(prefix: &IpNet) -> (u128, u128) {
    let (low, high) = (address_number(prefix.network()), address_number(last_address(prefix)));
    match (prefix.max_prefix_len() - prefix.prefix_len(), prefix.network()) {
        (0 | 1, _) => (low, high),
        (_, IpAddr::V4(_)) => (low + 1, high - 1),
        (_, IpAddr::V6(_)) => (low + 1, high),
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

    fn with_gateway(prefix: &str, gateway: &str) -> Layout {
        Layout::choose(prefix.parse().unwrap(), gateway.parse().unwrap()).unwrap()
    }

    #[test]
    fn the_gateway_can_be_chosen() {
        let last = with_gateway("172.16.5.0/24", "last");
        assert_eq!(last.gateway().to_string(), "172.16.5.254");
        assert_eq!(last.router_pair().unwrap().map(|a| a.to_string()), ["172.16.5.252", "172.16.5.253"]);
        assert_eq!(last.hosts().unwrap().0.to_string(), "172.16.5.1");
        let middle = with_gateway("172.16.5.0/24", "172.16.5.120");
        assert_eq!(middle.dhcp_range().unwrap().0.to_string(), "172.16.5.123");
        assert!(!middle.is_host("172.16.5.122".parse().unwrap()));
        assert!(middle.is_host("172.16.5.1".parse().unwrap()));
        assert_eq!(middle, Layout::with_gateway("172.16.5.0/24".parse().unwrap(), middle.gateway()));
        for bad in ["172.16.5.0", "172.16.5.255", "172.16.6.1", "2001:db8::1"] {
            let choice = bad.parse().unwrap();
            assert!(Layout::choose("172.16.5.0/24".parse().unwrap(), choice).is_err(), "{bad}");
        }
        assert!("middle".parse::<GatewayChoice>().is_err());
    }

    #[test]
    fn the_smallest_networks() {
        let hosts = |text: &str| layout(text).host_set().iter().map(|(a, b)| b - a + 1).sum::<u128>();
        assert_eq!(["10.0.0.0/30", "10.0.0.0/31", "10.0.0.0/32"].map(hosts), [1, 1, 0]);
        assert_eq!(["2001:db8::/126", "2001:db8::/127", "2001:db8::/128"].map(hosts), [2, 1, 0]);
        assert_eq!(with_gateway("10.0.0.0/31", "last").hosts().unwrap().0.to_string(), "10.0.0.0");
    }

    #[test]
    fn ranges_say_where_the_next_address_comes_from() {
        let net = layout("10.0.0.0/24");
        let base = address_number("10.0.0.0".parse().unwrap());
        let span = |kind, first: u128, last: u128| Span { kind, first: base + first, last: base + last };
        let next = |ranges: &[Span], dhcp| {
            let set = net.candidates(ranges, dhcp);
            set.iter().map(|(a, b)| (a - base, b - base)).collect::<Vec<_>>()
        };
        assert_eq!(next(&[], false), [(4, 254)]);
        assert_eq!(next(&[], true), [(4, 99), (201, 254)]);
        assert_eq!(next(&[span(RangeKind::Dhcp, 10, 20)], true), [(4, 9), (21, 254)]);
        let ranges = [span(RangeKind::Static, 0, 60), span(RangeKind::Excluded, 10, 20)];
        assert_eq!(next(&ranges, true), [(4, 9), (21, 60)]);
        assert_eq!(next(&[span(RangeKind::Reserved, 4, 255)], false), []);
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
