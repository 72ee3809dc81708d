//! Ranges of networks.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A range to set apart.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RangeRequest {
    /// `dhcp`: given out by the router; `static`: where the next free address comes from; `reserved`: only for who
    /// names the address; `excluded`: for nobody.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its first address.
    #[schema(example = "172.20.0.10")]
    pub first: String,
    /// Its last address.
    #[schema(example = "172.20.0.19")]
    pub last: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
}

/// A range of a network.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Range {
    /// Its id, `rng-...`.
    pub id: String,
    /// The network.
    pub network_id: String,
    /// `dhcp`, `static`, `reserved` or `excluded`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its first address.
    pub first: String,
    /// Its last address.
    pub last: String,
    /// Free text.
    pub description: String,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}
