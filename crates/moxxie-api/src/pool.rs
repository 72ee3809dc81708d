//! Pools: supernets that networks come from.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A pool to register.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
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
    /// Free text.
    #[serde(default)]
    pub description: String,
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
    /// Prefixes given out.
    pub prefixes: u64,
    /// The shortest length that is still to be had, such as `/20`; `null` when it is full.
    pub largest_free: Option<String>,
}
