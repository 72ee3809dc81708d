//! VRFs: address spaces.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A VRF to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VrfCreate {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
}

/// What to change about a VRF; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VrfUpdate {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// A VRF. Prefixes, pools and addresses may overlap only across VRFs.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Vrf {
    /// Its id, `vrf-...`.
    pub id: String,
    /// Its name; `main` is always there.
    pub name: String,
    /// Free text.
    pub description: String,
    /// Whether networks in it can be put on routers; only those of `main` can, in this version.
    pub provisionable: bool,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}
