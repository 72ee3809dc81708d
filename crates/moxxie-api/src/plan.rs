//! What a write would do: the answer to `?dryRun=true`.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::network::Network;

/// What a write would do.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DryRun {
    /// The network as it would be; nothing is reserved by asking.
    pub network: Option<Network>,
    /// What each router would get.
    pub routers: Vec<RouterPlan>,
}

/// What one router would get.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterPlan {
    /// The router's name.
    pub router: String,
    /// The commands in order.
    pub commands: Vec<PlannedCommand>,
    /// The commands as a diff for people.
    pub diff: String,
    /// The commands as a RouterOS script that does the same by hand.
    pub script: String,
}

/// One command of a plan.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PlannedCommand {
    /// Commands of one wave may run in any order.
    pub wave: u16,
    /// The step it belongs to.
    pub step: String,
    /// `add`, `set` or `remove`.
    pub action: String,
    /// The menu.
    pub menu: String,
    /// The fields, by name.
    #[schema(value_type = Object)]
    pub fields: Value,
    /// The values they had, for `set`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub before: Option<Value>,
    /// The comment, which carries the mark of ownership.
    pub comment: String,
}
