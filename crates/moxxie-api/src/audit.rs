//! The audit trail.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// One audit event. The export has one per line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent {
    /// Its id.
    pub id: String,
    /// The chain it is in: one per run of a server process.
    pub writer: String,
    /// Its place in the chain, from 1.
    pub seq: i64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub actor: String,
    /// From where.
    pub source: String,
    /// What: `network.provision`, `router.commands`, ...
    pub action: String,
    /// To what.
    pub object: String,
    /// Whose it is, when it is one tenant's.
    pub tenant_id: Option<String>,
    /// `accepted`, `succeeded`, `refused`, `failed`.
    pub outcome: String,
    /// Why, before and after, router commands and answers.
    #[schema(value_type = Object)]
    pub detail: Value,
    /// Hash of the event before it in the chain.
    pub previous: String,
    /// Its hash.
    pub hash: String,
}

/// Which events to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct AuditQuery {
    /// Only by this actor.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor: Option<String>,
    /// Only this action.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub action: Option<String>,
    /// Only about this object (an id).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub object: Option<String>,
    /// Only with this outcome.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Only from this time on (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// Only before this time (RFC 3339).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// What checking the trail found.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AuditVerification {
    /// Whether every chain holds.
    pub intact: bool,
    /// Chains looked at.
    pub chains: u64,
    /// Events looked at.
    pub events: u64,
    /// Signed checkpoints looked at.
    pub checkpoints: u64,
    /// What does not hold.
    pub problems: Vec<String>,
}
