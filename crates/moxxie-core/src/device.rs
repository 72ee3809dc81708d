//! Device intent: what one router should carry, in no vendor's words.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{DomainId, Name, NetworkId, TenantId, encapsulation::TagStack, profile::Profile};

/// Everything one router should carry.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DeviceIntent {
    /// Sources that may always reach the networks.
    pub management: Vec<IpNet>,
    /// The networks, in any order.
    pub networks: Vec<NetworkIntent>,
    /// The profiles that they use, in any order; the built-in ones are known anyway.
    #[serde(default)]
    pub profiles: Vec<Profile>,
    /// How often the rules of a profile have been written; 1 where nothing is said. Each revision has chains of its
    /// own, so that the step from one to the next is the switch of a jump.
    #[serde(default)]
    pub revisions: BTreeMap<Name, u32>,
}

impl DeviceIntent {
    /// The revision of a profile, from 1.
    #[must_use]
    pub fn revision(&self, name: &Name) -> u32 {
        self.revisions.get(name).copied().unwrap_or(1)
    }

    /// The profile of that name.
    #[must_use]
    pub fn profile(&self, name: &Name) -> Option<&Profile> {
        Profile::built_in().iter().chain(&self.profiles).find(|profile| profile.name == *name)
    }
}

/// One network on one router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkIntent {
    /// Which network.
    pub network: NetworkId,
    /// Whose it is: profiles may let networks of one tenant reach each other.
    pub tenant: TenantId,
    /// The VLAN domain: networks of one domain share its service VLAN.
    pub domain: DomainId,
    /// Its tags on the trunk.
    pub tags: TagStack,
    /// The router's address in it, with the prefix length; of a dual-stack network the IPv4 one.
    pub gateway: IpNet,
    /// The IPv6 one of a dual-stack network.
    #[serde(default)]
    pub second: Option<IpNet>,
    /// DNS servers that router advertisements name (RFC 8106); may be empty.
    #[serde(default)]
    pub dns6: Vec<IpAddr>,
    /// Who may open connections: the name of a profile.
    pub profile: Name,
    /// DHCP, when the router serves it.
    pub dhcp: Option<DhcpIntent>,
    /// For comments on the router, after the mark: `tenant/name`.
    pub label: String,
}

impl NetworkIntent {
    /// The router's addresses in it: one, or one of each family.
    pub fn gateways(&self) -> impl Iterator<Item = &IpNet> {
        [Some(&self.gateway), self.second.as_ref()].into_iter().flatten()
    }

    /// The router's IPv6 address in it.
    #[must_use]
    pub fn gateway6(&self) -> Option<&IpNet> {
        self.gateways().find(|gateway| gateway.addr().is_ipv6())
    }
}

/// DHCP in one network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DhcpIntent {
    /// First and last address given out.
    pub range: (IpAddr, IpAddr),
    /// DNS servers given out; may be empty.
    pub dns: Vec<IpAddr>,
    /// Lease time in seconds.
    pub lease_s: u32,
}
