//! VLAN ids.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A VLAN id to take without a network.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VlanRequest {
    /// This VLAN id; the lowest free one of the datacentre's range when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vlan_id: Option<i64>,
    /// `assigned` (the default), `held` (lapses by itself) or `reserved` (never given out).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How long it is held, with status `held`: 1 s to 5 years; a day when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
    /// Whose it is, by name or id; the operator's own when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Free text.
    #[serde(default)]
    pub purpose: String,
    /// Labels: keys of at most 63 characters, values of at most 255; at most 32.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
}

/// What to change about a taken VLAN id; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VlanUpdate {
    /// `assigned` (confirms a hold), `held` or `reserved`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// How long it is held from now on: makes it held, or holds it longer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_seconds: Option<i64>,
    /// Whose it is; `null`: the operator's own.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[schema(value_type = Option<String>)]
    pub client_id: Option<Option<String>>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// All its labels from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, String>>,
}

/// A VLAN id that is taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vlan {
    /// The id of the record, `vlan-...`.
    pub id: String,
    /// The datacentre.
    pub datacenter: String,
    /// The VLAN domain in which it is unique.
    pub domain: String,
    /// The VLAN id (the inner one under Q-in-Q).
    pub vlan_id: u16,
    /// `assigned`, `held`, `reserved` or `quarantined`.
    pub status: String,
    /// When a hold or a quarantine ends by itself.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Whose it is; `null`: the operator's own.
    pub client_id: Option<String>,
    /// Free text.
    pub purpose: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// The network that has it.
    pub network_id: Option<String>,
    /// Since when it is as it is.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// The VLAN ids of a datacentre.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct VlanList {
    /// The datacentre.
    pub datacenter: String,
    /// Its VLAN domain.
    pub domain: String,
    /// The VLAN ids networks may get.
    pub range: String,
    /// How long a VLAN id stays unused after its release; 0: not at all.
    pub quarantine_seconds: u32,
    /// What is free of the range, such as `100-149`.
    pub free: Vec<String>,
    /// What is taken, ascending.
    pub items: Vec<Vlan>,
}

/// Which VLAN ids to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VlanQuery {
    /// Only with this label, `key=value`, or any value of a key, `key`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "app=web")]
    pub label: Option<String>,
    /// As it was at this time (RFC 3339); now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "2026-11-01T00:00:00Z")]
    pub at: Option<String>,
}
