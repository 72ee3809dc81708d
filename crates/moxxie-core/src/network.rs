//! A network: what users ask for.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{
    AttachmentId, DomainId, Name, NetworkId, PoolId, SiteId, TenantId, Timestamp, VrfId, address::Layout,
    vlan::VlanId,
};

/// Where a network stands. Derived from its changes, never set by a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NetworkStatus {
    /// VLAN and prefix are reserved; no router knows it.
    Allocated,
    /// A change is putting it on its routers.
    Provisioning,
    /// It is on its routers and verified.
    Provisioned,
    /// A change is taking it off its routers.
    Deprovisioning,
    /// A change could not be completed nor undone; VLAN and prefix stay held.
    Failed,
}

impl NetworkStatus {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Allocated, Self::Provisioning, Self::Provisioned, Self::Deprovisioning, Self::Failed];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allocated => "allocated",
            Self::Provisioning => "provisioning",
            Self::Provisioned => "provisioned",
            Self::Deprovisioning => "deprovisioning",
            Self::Failed => "failed",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// What a network carries beside its VLAN and prefix.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkOptions {
    /// Whether the router serves DHCP in it.
    pub dhcp: bool,
    /// What it gives out, where that is not the usual range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dhcp_range: Option<(IpAddr, IpAddr)>,
    /// Who may open connections: the name of a profile.
    pub profile: Name,
    /// Free text, also for the router's comments.
    pub description: String,
}

impl Default for NetworkOptions {
    fn default() -> Self {
        let profile = Name::fixed(crate::profile::STANDARD);
        Self { dhcp: false, dhcp_range: None, profile, description: String::new() }
    }
}

/// A network with its one active attachment, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Its name, unique within the tenant.
    pub name: Name,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What kind of thing it is for, the operator's own word (`vm`, `storage`, ...).
    pub kind: Name,
    /// Free text.
    pub purpose: String,
    /// The site it was ordered for.
    pub site_id: SiteId,
    /// The VRF its prefix lives in.
    pub vrf_id: VrfId,
    /// The pool its prefix came from.
    pub pool_id: PoolId,
    /// Its prefix; of a dual-stack network the IPv4 one.
    pub prefix: IpNet,
    /// Its gateway.
    pub gateway: IpAddr,
    /// The IPv6 part of a dual-stack network.
    #[serde(default)]
    pub second: Option<Second>,
    /// What it carries.
    pub options: NetworkOptions,
    /// Its labels.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Where it stands.
    pub status: NetworkStatus,
    /// Its active attachment.
    pub attachment: Attachment,
    /// When it was ordered.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts its changes, for `ETag` and optimistic locking.
    pub version: i64,
}

/// The IPv6 part of a dual-stack network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Second {
    /// The pool its prefix came from.
    pub pool_id: PoolId,
    /// Its prefix.
    pub prefix: IpNet,
    /// Its gateway.
    pub gateway: IpAddr,
}

impl Network {
    /// The special addresses of one of its prefixes.
    #[must_use]
    pub fn layout(&self, prefix: IpNet) -> Layout {
        match &self.second {
            Some(second) if second.prefix == prefix => Layout::with_gateway(prefix, second.gateway),
            _ if prefix == self.prefix => Layout::with_gateway(prefix, self.gateway),
            _ => Layout::new(prefix),
        }
    }

    /// What the router gives out by DHCP: first and last address.
    #[must_use]
    pub fn dhcp_range(&self) -> Option<(IpAddr, IpAddr)> {
        let usual = || self.layout(self.prefix).dhcp_range();
        if self.options.dhcp { self.options.dhcp_range.or_else(usual) } else { None }
    }
}

/// A network in a VLAN domain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// Its id.
    pub id: AttachmentId,
    /// The domain.
    pub domain_id: DomainId,
    /// The VLAN id in it.
    pub vlan: VlanId,
}
