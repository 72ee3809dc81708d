//! Pools: supernets that networks come from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pool to register.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolCreate {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// The only datacentre that may use it; every one when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The supernet.
    #[schema(example = "172.20.0.0/16")]
    pub prefix: String,
    /// The VRF, by name or id; `main` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// Where in it the next prefix is taken: `best_fit` (the default), `first_fit`, `sparse`, or `by_vlan`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// How long a prefix stays unused after its release; 0, not at all, when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_seconds: Option<i64>,
    /// Free text.
    #[serde(default)]
    pub description: String,
}

/// What to change about a pool; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolUpdate {
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The only datacentre that may use it; `null`: every one.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::patch::given")]
    #[schema(value_type = Option<String>)]
    pub datacenter: Option<Option<String>>,
    /// Where in it the next prefix is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// How long a prefix stays unused after its release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quarantine_seconds: Option<i64>,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// Into what a pool is cut: parts of a length, or one part taken out of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolSplit {
    /// Parts of this length; the pool keeps the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    /// This part becomes a pool of its own; the pool keeps the largest of the rest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Name of the pool that `prefix` becomes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// With what a pool is made one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PoolMerge {
    /// The others, by name or id; together they must be one prefix. They are gone afterwards.
    pub with: Vec<String>,
}

/// Several pools, by address.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolList {
    /// The pools.
    pub pools: Vec<Pool>,
}

/// A registered pool.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Pool {
    /// Its id, `pool-...`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The only datacentre that may use it.
    pub datacenter: Option<String>,
    /// The supernet.
    pub prefix: String,
    /// The VRF's name.
    pub vrf: String,
    /// Where in it the next prefix is taken.
    pub policy: String,
    /// How long a prefix stays unused after its release; 0: not at all.
    pub quarantine_seconds: u32,
    /// Free text.
    pub description: String,
    /// How full it is.
    pub usage: PoolUsage,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// How full a pool is.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolUsage {
    /// The pool's name.
    pub pool: String,
    /// The supernet.
    pub prefix: String,
    /// Share of its addresses in use, 0 to 100.
    pub used_percent: f64,
    /// Prefixes taken, in whatever way.
    pub prefixes: u64,
    /// Of these, prefixes in use.
    pub assigned: u64,
    /// Of these, prefixes held.
    pub held: u64,
    /// Of these, prefixes never given out.
    pub reserved: u64,
    /// Of these, prefixes in quarantine.
    pub quarantined: u64,
    /// The shortest length that is still to be had, such as `/20`; `null` when it is full.
    pub largest_free: Option<String>,
}
