//! Routers under management.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// A router to register.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouterCreate {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// The datacentre it stands in.
    pub datacenter: String,
    /// `host:port` of its API service; port 8728 (plain) or 8729 (TLS) when absent.
    #[schema(example = "192.0.2.1:8729")]
    pub address: String,
    /// The user to log in as.
    pub username: String,
    /// Its password; kept sealed, never given back.
    #[schema(write_only)]
    pub password: String,
    /// How the connection is protected; plain when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// The interface that carries the VLANs.
    #[schema(example = "ether2")]
    pub trunk: String,
    /// Comment of the two rules (chains `forward` and `input`) before which moxxie puts its own;
    /// `moxxie-anchor` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall_anchor: Option<String>,
}

impl std::fmt::Debug for RouterCreate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouterCreate")
            .field("name", &self.name)
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

/// What to change about a router; what is left out stays as it is.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouterUpdate {
    /// `host:port` of its API service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The user to log in as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// Its password; kept sealed, never given back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(write_only)]
    pub password: Option<String>,
    /// How the connection is protected. To go back to plain, register the router anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Comment of the rules before which moxxie puts its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall_anchor: Option<String>,
}

impl std::fmt::Debug for RouterUpdate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RouterUpdate").field("address", &self.address).finish_non_exhaustive()
    }
}

/// How a router's management connection is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tls {
    /// SHA-256 of the router's public key info, 64 hex digits.
    pub spki_sha256: String,
}

/// A registered router.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Router {
    /// Its id, `rtr-...`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The datacentre it stands in.
    pub datacenter: String,
    /// `host:port` of its API service.
    pub address: String,
    /// The user to log in as.
    pub username: String,
    /// How the connection is protected.
    pub tls: Option<Tls>,
    /// The interface that carries the VLANs.
    pub trunk: String,
    /// Comment of the rules before which moxxie puts its own.
    pub firewall_anchor: String,
    /// Serial number or system id it was enrolled with; `null` until it has first been reached.
    pub serial: Option<String>,
    /// Board as it told.
    pub board: Option<String>,
    /// RouterOS version as it told when enrolled.
    pub version: Option<String>,
    /// When it was registered.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// What a router says of itself now.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterStatus {
    /// The router's name.
    pub router: String,
    /// `up`, `unreachable`, `identity_changed`, `login_failed`, `unsupported`.
    pub state: String,
    /// Why, when it is not `up`.
    pub reason: Option<String>,
    /// RouterOS version.
    pub version: Option<String>,
    /// Board.
    pub board: Option<String>,
    /// Serial number or system id.
    pub serial: Option<String>,
    /// Name the router has for itself.
    pub identity: Option<String>,
    /// Uptime in seconds.
    pub uptime_s: Option<u64>,
    /// CPU load in percent.
    pub cpu_load_percent: Option<u32>,
    /// Free memory in bytes.
    pub free_memory_bytes: Option<u64>,
    /// Round trip of one small request in milliseconds.
    pub round_trip_ms: Option<f64>,
    /// Rows of ours by menu.
    pub owned_rows: BTreeMap<String, u64>,
    /// Changes that wait for this router.
    pub open_changes: u64,
}

/// One route of a router.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// Destination prefix.
    pub destination: String,
    /// Gateway as the router shows it.
    pub gateway: Option<String>,
    /// Administrative distance.
    pub distance: Option<u32>,
    /// Routing table.
    pub table: Option<String>,
    /// Whether it is in use.
    pub active: bool,
    /// `connected`, `static`, `bgp`, `ospf`, `dhcp`, `other`.
    pub origin: String,
}

/// The rows of ours on a router, by menu.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterRows {
    /// The router's name.
    pub router: String,
    /// Menu to rows; each row is field to value, in the router's own words and order.
    pub menus: BTreeMap<String, Vec<BTreeMap<String, String>>>,
}
