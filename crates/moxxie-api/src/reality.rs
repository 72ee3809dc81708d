//! Reality: what routers show, and where it differs from the records.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What one look at a router showed.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterScan {
    /// Name of the router.
    pub router: String,
    /// Which look at this router it was, from 1.
    pub scan: i64,
    /// When the router was read.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// How many addresses each source told of: `arp`, `neighbor`, `lease`, `written`, `configured`.
    pub seen: BTreeMap<String, u64>,
    /// Tables that were longer than what is read of one, by menu; nobody is called silent because of them.
    pub truncated: Vec<String>,
    /// How many findings there are of each kind, those that somebody said may stay left out.
    pub findings: BTreeMap<String, u64>,
}

/// A difference between a router and the records.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Its id, `fnd-...`.
    pub finding_id: String,
    /// `unknown_in_use`, `lease_unrecorded`, `recorded_silent`, `duplicate_mac`, `mac_mismatch`, `misplaced`,
    /// `router_address` or `foreign_vlan`.
    pub kind: String,
    /// What it is, and what would help.
    pub detail: String,
    /// The router that shows it.
    pub router: String,
    /// Its datacentre.
    pub datacenter: String,
    /// The network concerned.
    pub network_id: Option<String>,
    /// The address concerned.
    pub address: Option<String>,
    /// The MAC address seen, or recorded of a silent one.
    pub mac: Option<String>,
    /// The router's interface.
    pub interface: Option<String>,
    /// The VLAN id.
    pub vlan_id: Option<u16>,
    /// What the host calls itself. It is the host's word: control characters are replaced, nothing else is
    /// checked.
    pub host_name: Option<String>,
    /// Since when it is so, as far as is known: of a silent record when it was last seen or recorded.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was last found.
    #[schema(value_type = String, format = DateTime)]
    pub last_found: Timestamp,
    /// That somebody said that it may stay.
    pub acknowledged: Option<Acknowledgement>,
}

/// Who said that a finding may stay, and why.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Acknowledgement {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

/// Why a finding may stay.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcknowledgeRequest {
    /// The reason, 1 to 500 characters.
    pub reason: String,
}

/// How to record an address that is in use without record. MAC address and host name are taken as seen.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AdoptRequest {
    /// Host name, in place of what the host calls itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// `vm` (the default), `reserved` or `vip`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// The caller's own id of the virtual machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// Free labels.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// Which findings to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct FindingQuery {
    /// Only at this datacentre, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// Only of this router, by name or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// Only of this network, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// `true`: also those that somebody said may stay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Whether the network's router is asked before an address is recorded.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VerifyQuery {
    /// `true`: the router asks on the network whether the address is in use, and one that answers is not
    /// recorded. Without the router the answer is 503.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verify: Option<bool>,
}
