//! The ranges of a cluster in one address family, and its families.

use std::{fmt::Display, net::IpAddr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use moxxie_core::Name;

/// A prefix of one family.
pub trait Net: Copy + Display + Into<IpNet> {
    /// Its addresses.
    type Addr: Copy + Display + Into<IpAddr>;
    /// As Cilium's objects call the family.
    const AFI: &'static str;
    /// Bits of an address.
    const BITS: u8;
}

impl Net for Ipv4Net {
    type Addr = std::net::Ipv4Addr;
    const AFI: &'static str = "ipv4";
    const BITS: u8 = 32;
}

impl Net for Ipv6Net {
    type Addr = std::net::Ipv6Addr;
    const AFI: &'static str = "ipv6";
    const BITS: u8 = 128;
}

/// A router that the nodes speak to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Router<A> {
    /// Its name; the session is called by it.
    pub name: Name,
    /// Its own address in the node subnet: never a shared one (VRRP), which moves.
    pub address: A,
}

/// The ranges of one family. [`crate::Draft::check`] says whether they fit together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyPlan<N: Net> {
    /// The nodes' subnet, which is the cluster's VLAN.
    pub nodes: N,
    /// Where pods have their addresses.
    pub pods: N,
    /// Prefix length of one node's block of `pods`.
    pub node_block: u8,
    /// Where services have their addresses inside the cluster.
    pub services: N,
    /// What load balancer services get, one range or more.
    pub load_balancers: Vec<N>,
    /// What is reached with pods' own addresses: at least `pods`, with ClusterMesh a range around all
    /// clusters' pods.
    pub native_routing: N,
    /// The routers, each one session of every node.
    pub routers: Vec<Router<N::Addr>>,
}

/// The families of a cluster. Each has sessions of its own: IPv6 prefixes over an IPv4 session arrive
/// with a next hop that the router cannot use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Families {
    /// IPv4 alone.
    V4(FamilyPlan<Ipv4Net>),
    /// IPv6 alone; router ids are 32-bit numbers all the same, and come from a pool of their own.
    V6 {
        /// The ranges.
        plan: FamilyPlan<Ipv6Net>,
        /// Where router ids come from, unique among everything that speaks BGP.
        router_ids: Ipv4Net,
    },
    /// Both.
    Dual(FamilyPlan<Ipv4Net>, FamilyPlan<Ipv6Net>),
}

impl Families {
    /// The IPv4 ranges.
    #[must_use]
    pub const fn v4(&self) -> Option<&FamilyPlan<Ipv4Net>> {
        match self {
            Self::V4(plan) | Self::Dual(plan, _) => Some(plan),
            Self::V6 { .. } => None,
        }
    }

    /// The IPv6 ranges.
    #[must_use]
    pub const fn v6(&self) -> Option<&FamilyPlan<Ipv6Net>> {
        match self {
            Self::V6 { plan, .. } | Self::Dual(_, plan) => Some(plan),
            Self::V4(_) => None,
        }
    }
}
