//! AS numbers and the ranges they come from.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A range of AS numbers to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AsnRangeCreate {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// First and last number; none of them may be reserved by a standard.
    #[schema(example = "64512-65534")]
    pub range: String,
    /// The datacentre that takes its numbers from it; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The only tenant that gets numbers of it; any when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// How long a number stays unused after its release; 0, not at all, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_seconds: Option<i64>,
}

/// What to change about a range; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AsnRangeUpdate {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// First and last number; what is taken must stay inside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// The datacentre; `null`: any.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[schema(value_type = Option<String>)]
    pub datacenter: Option<Option<String>>,
    /// The tenant; `null`: any.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[schema(value_type = Option<String>)]
    pub client_id: Option<Option<String>>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// How long a number stays unused after its release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_seconds: Option<i64>,
}

/// A range of AS numbers.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AsnRange {
    /// Its id, `asr-...`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// First and last number.
    pub range: String,
    /// The datacentre that takes from it.
    pub datacenter: Option<String>,
    /// The only tenant that gets numbers of it.
    pub client_id: Option<String>,
    /// Free text.
    pub description: String,
    /// How long a number stays unused after its release.
    pub quarantine_seconds: u32,
    /// Numbers in it.
    pub total: u64,
    /// Numbers taken, in whatever way.
    pub taken: u64,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// An AS number to take.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AsnRequest {
    /// This very number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asn: Option<i64>,
    /// The lowest free number of this range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// The lowest free number for this datacentre: from a range kept for the tenant, then the datacentre's, then any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
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

/// What to change about a taken number; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AsnUpdate {
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

/// An AS number that is taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Asn {
    /// The id of the record, `asn-...`.
    pub id: String,
    /// The number.
    pub asn: u32,
    /// The range it is from.
    pub range: String,
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
    /// Since when it is as it is.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Which AS numbers to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AsnQuery {
    /// Only from this range.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub range: Option<String>,
    /// Only this tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// Only with this status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
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
