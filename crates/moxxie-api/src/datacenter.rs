//! Datacentres (`site` everywhere else).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A datacentre to register.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatacenterCreate {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    #[schema(example = "dc2")]
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Where it is, free text.
    #[serde(default)]
    pub location: String,
    /// How VLANs are tagged on the router's trunk; `dot1q` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encapsulation: Option<Encapsulation>,
    /// The VLAN ids networks may get; `100-4000` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = "100-2000")]
    pub vlan_range: Option<String>,
    /// How long a VLAN id stays unused after its release; 0, not at all, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_quarantine_seconds: Option<i64>,
    /// Sources that may always reach the networks, as prefixes.
    #[serde(default)]
    #[schema(example = json!(["10.255.0.0/24"]))]
    pub management_prefixes: Vec<String>,
    /// DNS servers that DHCP hands out; the gateway when empty.
    #[serde(default)]
    pub dns_servers: Vec<String>,
    /// `provider-tags` (hosts send the inner tag alone; the default) or `host-tags`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_off: Option<String>,
}

/// How VLANs are tagged on a trunk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Encapsulation {
    /// `dot1q` or `qinq`.
    #[serde(rename = "type")]
    #[schema(example = "qinq")]
    pub kind: String,
    /// The provider's service VLAN; only with `qinq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(example = 1000)]
    pub service_vlan: Option<i64>,
    /// EtherType of the service tag, `0x88a8` (the default) or `0x8100`; only with `qinq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tpid: Option<String>,
}

/// What to change about a datacentre; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DatacenterUpdate {
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Where it is, free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// The VLAN ids networks may get from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_range: Option<String>,
    /// How long a VLAN id stays unused after its release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_quarantine_seconds: Option<i64>,
}

/// A registered datacentre.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Datacenter {
    /// Its id, `site-...`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Where it is.
    pub location: String,
    /// How VLANs are tagged.
    pub encapsulation: Encapsulation,
    /// The VLAN ids networks may get.
    pub vlan_range: String,
    /// How long a VLAN id stays unused after its release.
    pub vlan_quarantine_seconds: u32,
    /// Sources that may always reach the networks.
    pub management_prefixes: Vec<String>,
    /// DNS servers that DHCP hands out.
    pub dns_servers: Vec<String>,
    /// Who puts the service tag on towards hosts.
    pub hand_off: String,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What is left in a datacentre.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AvailableResources {
    /// The datacentre's name.
    pub datacenter: String,
    /// Its VLAN range.
    pub vlan_range: String,
    /// VLAN ids in the range.
    pub vlans_total: u32,
    /// VLAN ids nobody has.
    pub vlans_free: u32,
    /// The pools its networks come from.
    pub pools: Vec<super::pool::PoolUsage>,
}
