//! Containers: prefixes that pools are arranged in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A container to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerCreate {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// The prefix.
    #[schema(example = "172.16.0.0/12")]
    pub prefix: String,
    /// The VRF, by name or id; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// The datacentre it is for, if it is for one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// Free text.
    #[serde(default)]
    pub description: String,
}

/// What to change about a container; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ContainerUpdate {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The datacentre it is for; `null`: for none in particular.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[schema(value_type = Option<String>)]
    pub datacenter: Option<Option<String>>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A container.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Container {
    /// Its id, `con-...`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The VRF's name.
    pub vrf: String,
    /// The prefix.
    pub prefix: String,
    /// The datacentre it is for.
    pub datacenter: Option<String>,
    /// Free text.
    pub description: String,
    /// What the pools in it have, and how full they are.
    pub usage: Usage,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// How full a node of the prefix tree is: kept as prefixes are taken and released, never counted on the
/// way.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Addresses in the node, as a decimal number: IPv6 has more than a JSON number holds.
    pub addresses: String,
    /// Share of them in pools, 0 to 100.
    pub pooled_percent: f64,
    /// Share of the addresses in pools that is taken, 0 to 100.
    pub used_percent: f64,
    /// Pools in it.
    pub pools: u64,
    /// Prefixes in use.
    pub assigned: u64,
    /// Prefixes held.
    pub held: u64,
    /// Prefixes never given out.
    pub reserved: u64,
    /// Prefixes in quarantine.
    pub quarantined: u64,
}
