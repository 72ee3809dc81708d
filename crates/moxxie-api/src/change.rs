//! Changes: what moxxie is doing, has done, or could not do.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

/// One step of a change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProvisioningStep {
    /// `ipam_allocation`, `router_vlan_creation`, `router_configuration`, `firewall_rules`,
    /// `dhcp_configuration`, `dns_update`, `bgp_configuration`, `verification`.
    pub step: String,
    /// `pending`, `running`, `completed`, `failed`, `undone`, `skipped`.
    pub status: String,
    /// When it got this status; `null` while pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub timestamp: Option<Timestamp>,
    /// Why, when it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// A change.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// Its id, `chg-...`.
    pub change_id: String,
    /// `provision`, `deprovision`, `restore` or `modify`.
    pub kind: String,
    /// `planned`, `waiting`, `running`, `verifying`, `awaiting_peer`, `applied`, `rolling_back`,
    /// `rolled_back`, `needs_operator`, `cancelled`.
    pub state: String,
    /// Whether it is over.
    pub finished: bool,
    /// The network it is about, when there is only one; `GET /changes/{id}/networks` shows several.
    pub network_id: Option<String>,
    /// The tenant, when it is one.
    pub client_id: Option<String>,
    /// The datacentre, when it is one.
    pub datacenter: Option<String>,
    /// The routers it touches, by name.
    pub routers: Vec<String>,
    /// Its steps.
    pub steps: Vec<ProvisioningStep>,
    /// Why it failed or waits.
    pub error: Option<ChangeError>,
    /// How often it has been tried.
    pub attempt: u32,
    /// When it is tried again, while it waits.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub retry_at: Option<Timestamp>,
    /// Until when it is tried.
    #[schema(value_type = String, format = DateTime)]
    pub deadline: Timestamp,
    /// Who asked for it.
    pub created_by: String,
    /// When it was asked for.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it last moved.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// When it was over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub finished_at: Option<Timestamp>,
}

/// Why a change failed or waits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeError {
    /// A stable word: `foreign_row`, `router_unreachable`, `router_refused`, ...
    pub code: String,
    /// What happened, and what would help.
    pub message: String,
    /// More that programs can use, such as the rows in the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub context: Option<Value>,
}

/// One event of a change, as sent live.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ChangeEvent {
    /// Its number within the change, from 1.
    pub seq: i64,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// `state`, `step` or `progress`.
    pub kind: String,
    /// The state, the step's name, or the router that got on.
    pub name: String,
    /// The step's status; absent for a state.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// In words.
    pub message: String,
}

/// Why an operator writes a change off.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ResolveRequest {
    /// Why: it is kept in the audit trail.
    pub reason: String,
}

/// Which events to send.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventsQuery {
    /// Only events after this number; the header `Last-Event-ID` says the same and wins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0)]
    pub after: Option<i64>,
}

/// Which changes to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ChangeQuery {
    /// Only in this state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// Only of this network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_id: Option<String>,
    /// Only in this datacentre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// Only those that are not over (`true`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub open: Option<bool>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}
