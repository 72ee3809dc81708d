//! Prefixes.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A prefix to take: the next one of a size or a certain one; of both families in one request.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixRequest {
    /// The next free prefix of this length: `/24`, or `/64` from an IPv6 pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// This very prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// With an IPv4 prefix, also the next free IPv6 prefix of this length.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size6: Option<String>,
    /// With an IPv4 prefix, also this very IPv6 prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix6: Option<String>,
    /// The pool, by name or id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The pool of the IPv6 prefix, when `pool` is for the IPv4 one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool6: Option<String>,
    /// Any pool this datacentre may use, its own first; needed for the next one when no pool is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The VRF, by name or id; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// Where in the pool: `best_fit`, `first_fit`, `sparse`; as the pool says when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
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

/// Prefixes to take, all or none.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixBulk {
    /// 1 to 1000 of them.
    pub items: Vec<PrefixRequest>,
}

/// Prefixes that were taken, in the order of the request; IPv4 before IPv6.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrefixesTaken {
    /// The prefixes.
    pub prefixes: Vec<Prefix>,
}

/// What to change about a prefix; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixUpdate {
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

/// Another size for a prefix or a pool: a length, or the very prefix it becomes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Resize {
    /// A shorter length makes it the larger prefix around it; a longer one its lowest part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// What it becomes: contains it or lies in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
}

/// Into what a prefix is cut.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixSplit {
    /// The length of the parts.
    #[schema(example = "/25")]
    pub size: String,
}

/// With what a prefix is made one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixMerge {
    /// The others, by id or as prefixes; together they must be one prefix.
    pub with: Vec<String>,
}

/// Where a prefix moves to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PrefixMove {
    /// The pool it belongs to from then on, by name or id.
    pub pool: String,
}

/// A prefix that is taken.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Prefix {
    /// Its id, `pfx-...`.
    pub id: String,
    /// The prefix.
    pub prefix: String,
    /// The VRF's name.
    pub vrf: String,
    /// The pool it comes from.
    pub pool: String,
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
    /// The network it belongs to.
    pub network_id: Option<String>,
    /// Since when it is as it is.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// When it was taken.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Which prefixes to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PrefixQuery {
    /// Of this VRF; `main` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// Only in this prefix, itself included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// Only from this pool.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
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

/// Which VRF a prefix in a path is of.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct VrfQuery {
    /// The VRF; `main` when absent. An id needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
}

/// Which VRF a prefix in a path is of, and as of which time it is shown.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PrefixPastQuery {
    /// The VRF; `main` when absent. An id needs none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// As it was at this time (RFC 3339); now when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "2026-11-01T00:00:00Z")]
    pub at: Option<String>,
}

/// Which part of the prefix tree is wanted.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TreeQuery {
    /// Of this VRF; `main` when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// Only in this prefix.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<String>,
    /// `pools`: containers and pools only; `prefixes` (the default): down to prefixes and free blocks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub level: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A node of the prefix tree. Nodes come in the order of addresses, the outer ones before what is in them.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TreeNode {
    /// `container`, `pool`, `prefix`, `free` (of a pool), or `unpooled` (of a container, in no pool).
    pub kind: String,
    /// The prefix.
    pub prefix: String,
    /// How many containers and pools of this tree it lies in.
    pub depth: u32,
    /// Its id; what is free has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Name of a container or pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Of a prefix.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// When a hold or a quarantine ends by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// Whose a prefix is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The network a prefix belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_id: Option<String>,
    /// How full a container or pool is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub usage: Option<super::container::Usage>,
}
