//! Drift: rows on a router that are not as they were last applied.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// A row on a router that is not as it was last applied.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Drift {
    /// Its id, `drf-...`.
    pub drift_id: String,
    /// `missing`, `changed`, `disabled`, `moved`, `copied`, `left_over`, `damaged` or `foreign_mark`.
    pub kind: String,
    /// The router that shows it.
    pub router: String,
    /// Its datacentre.
    pub datacenter: String,
    /// The network whose row it is, if it is one's.
    pub network_id: Option<String>,
    /// Whose row it is: an id such as `net-...`, or the name of something that networks share.
    pub object: String,
    /// The menu, such as `/ip/address`.
    pub menu: String,
    /// The row's mark, the first word of its comment.
    pub mark: String,
    /// The field that differs; absent when it is the row as a whole.
    pub field: Option<String>,
    /// What it should be; absent: nothing.
    pub expected: Option<String>,
    /// What it is; absent: nothing.
    pub found: Option<String>,
    /// Who did it, where the router's history told: names of its users.
    pub who: Option<String>,
    /// When it was found.
    #[schema(value_type = String, format = DateTime)]
    pub since: Timestamp,
    /// `open`, `ignored`, `accepted` or `resolved`.
    pub state: String,
    /// What somebody said about it.
    pub said: Option<DriftWord>,
    /// When it was seen to be over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub ended_at: Option<Timestamp>,
}

/// What somebody said about a piece of drift.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DriftWord {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when it counts; absent: until the drift is over.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// The drift of one router, and how much is known of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterDrift {
    /// Name of the router.
    pub router: String,
    /// When it was last checked; absent: never.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub checked_at: Option<Timestamp>,
    /// Since when nothing is known, when the router does not answer: what is listed is as of `checkedAt`.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub unknown_since: Option<Timestamp>,
    /// Why nothing is known.
    pub reason: Option<String>,
    /// How much drift waits for somebody.
    pub open: u64,
    /// Drift that is not over, the oldest first.
    pub items: Vec<Drift>,
    /// Give it back as `cursor` for the next page.
    pub next_cursor: Option<String>,
}

/// Which drift to list.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DriftQuery {
    /// Only at this datacentre, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// Only of this router, by name or id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub router: Option<String>,
    /// Only of this network, by id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Only of this kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only in this state: `open`, `ignored`, `accepted`, `resolved`. Absent: all that is not over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Why drift may stay, and how long.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoreRequest {
    /// The reason, 1 to 500 characters.
    pub reason: String,
    /// Until when; absent: until it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub until: Option<Timestamp>,
}

/// Why what was found is right.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AcceptRequest {
    /// The reason, 1 to 500 characters.
    pub reason: String,
}
