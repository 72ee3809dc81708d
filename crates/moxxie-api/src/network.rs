//! Networks.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::change::ProvisioningStep;

/// A network to allocate or to provision. The same for every datacentre, however it tags.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkRequest {
    /// The tenant, by name or id.
    #[schema(example = "acme")]
    pub client_id: String,
    /// What kind of thing it is for, the operator's own word; `vm` when absent.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The datacentre, by name or id.
    #[schema(example = "dc2")]
    pub datacenter: String,
    /// Its size as a prefix length: `/24` or `24`; a length above 32 makes a network that is IPv6 alone.
    #[schema(example = "/24")]
    pub size: String,
    /// Free text.
    #[serde(default)]
    pub purpose: String,
    /// Its name, unique within the tenant; made from datacentre and VLAN when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A certain VLAN id; the lowest free one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_id: Option<i64>,
    /// A certain prefix, which must have the size asked for; the best fitting free one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet: Option<String>,
    /// A certain pool; any pool of the datacentre when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// Makes it dual stack: also the next free IPv6 prefix of this length, such as `/64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size6: Option<String>,
    /// Makes it dual stack with this IPv6 prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subnet6: Option<String>,
    /// A certain pool for the IPv6 prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool6: Option<String>,
    /// `first` (the default) or `last` usable address, or a certain one together with `subnet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// The same for the IPv6 prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway6: Option<String>,
    /// The VRF, by name or id; `main` when absent. Only networks of `main` can be provisioned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// Where in the pool: `best_fit`, `first_fit`, `sparse`, or `by_vlan` (the block whose number is the VLAN id, or refused); as the pool says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// What it carries.
    #[serde(default)]
    pub options: NetworkOptions,
    /// Labels: keys of at most 63 characters, values of at most 255; at most 32.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// Other sizes for the prefixes of a network that is on no router.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkResize {
    /// Length of its prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// Length of the IPv6 prefix of a dual-stack network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size6: Option<String>,
}

/// Several networks to provision by one change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkBulk {
    /// The networks, 1 to 1000; they may be in several datacentres.
    pub items: Vec<NetworkRequest>,
}

/// Which networks are meant: those that all given conditions hold for. At least one is needed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkSelection {
    /// All networks, so that a forgotten condition does not mean that.
    #[serde(default)]
    pub all: bool,
    /// These, by id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_ids: Option<Vec<String>>,
    /// In this datacentre, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// Of this tenant, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// With this firewall profile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall_profile: Option<String>,
    /// With this label: `key` or `key=value`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// What several networks carry from now on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworksUpdate {
    /// Which networks.
    pub select: NetworkSelection,
    /// What they carry from now on; what is left out stays.
    pub options: NetworkOptionsUpdate,
}

/// Several networks to be removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworksRemoval {
    /// Which networks.
    pub select: NetworkSelection,
}

/// What became of an order to modify several networks.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NetworksModified {
    /// The change that brings the routers after it; absent when no router has to be asked.
    pub change: Option<crate::change::Change>,
    /// Ids of the networks that are changed already, because they are on no router.
    pub modified: Vec<String>,
}

/// What is to be changed about a network.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkUpdate {
    /// What it carries from now on; what is left out stays.
    #[serde(default)]
    pub options: NetworkOptionsUpdate,
}

/// What a network carries from now on; what is left out stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkOptionsUpdate {
    /// Whether the router serves DHCP in it.
    #[serde(default, rename = "enableDHCP", skip_serializing_if = "Option::is_none")]
    pub enable_dhcp: Option<bool>,
    /// `standard`, `isolated` or `open`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall_profile: Option<String>,
    /// Free text, also put into the router's comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// What a network carries.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NetworkOptions {
    /// Whether the router serves DHCP in it.
    #[serde(default, rename = "enableDHCP")]
    pub enable_dhcp: bool,
    /// A firewall profile: `standard` (the default), `isolated`, `open`, or one that you wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall_profile: Option<String>,
    /// Whether the prefix is announced by iBGP. Not supported yet: `true` is refused.
    #[serde(default)]
    pub bgp_enabled: bool,
    /// Free text, also put into the router's comments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A network.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Network {
    /// Its id, `net-...`.
    pub network_id: String,
    /// Its name.
    pub name: String,
    /// The tenant's name.
    pub client_id: String,
    /// What kind of thing it is for.
    #[serde(rename = "type")]
    pub kind: String,
    /// Free text.
    pub purpose: String,
    /// Its VLAN id (the inner one under Q-in-Q).
    pub vlan_id: u16,
    /// Its prefix.
    pub subnet: String,
    /// Its gateway.
    pub gateway: String,
    /// The IPv6 prefix of a dual-stack network.
    pub subnet6: Option<String>,
    /// Its gateway.
    pub gateway6: Option<String>,
    /// The VRF's name.
    pub vrf: String,
    /// What a reader should know that no other field says, such as that hosts get IPv6 addresses by hand.
    #[serde(default)]
    pub notes: Vec<String>,
    /// First and last address given out by DHCP, `172.16.5.100-172.16.5.200`; `null` without DHCP.
    pub dhcp_range: Option<String>,
    /// The datacentre it was ordered for.
    pub datacenter: String,
    /// The datacentre it was ordered for.
    pub primary_datacenter: String,
    /// The datacentre that serves it now.
    pub current_datacenter: String,
    /// Whether the datacentre wraps it in a service VLAN.
    pub qinq: bool,
    /// The service VLAN; `null` where there is none.
    pub service_vlan: Option<u16>,
    /// The tags a host must send, outermost first.
    pub host_tags: Vec<HostTag>,
    /// The pool its prefix came from.
    pub pool: String,
    /// What it carries.
    pub options: NetworkOptions,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether a pair of routers can serve it later (from a /28 on).
    pub pairable: bool,
    /// `allocated`, `provisioning`, `provisioned`, `deprovisioning`, `failed`.
    pub status: String,
    /// The latest change of it.
    pub change_id: Option<String>,
    /// The steps of that change.
    pub provisioning_steps: Vec<ProvisioningStep>,
    /// When it was ordered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Counts its changes.
    pub version: i64,
}

/// One tag a host must send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HostTag {
    /// `0x8100` or `0x88a8`.
    pub tpid: String,
    /// The VLAN id.
    pub vlan_id: u16,
}

/// Which networks to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NetworkQuery {
    /// Only this datacentre's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// Only this tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Only with this VLAN id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan_id: Option<i64>,
    /// Only with this label, `key=value`, or any value of a key, `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "app=web")]
    pub label: Option<String>,
    /// As it was at this time (RFC 3339); now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "2026-11-01T00:00:00Z")]
    pub at: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
