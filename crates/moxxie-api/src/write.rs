//! What writes that reach a router take in their query, and answers that depend on it.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{change::Change, network::Network, plan::DryRun};

/// Whether only to ask.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DryRunQuery {
    /// `true`: say what would be done (200) and do nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
}

/// Whether only to ask, and how long to wait for the end of the change.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct WriteQuery {
    /// `true`: say what would be done (200) and do nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// Seconds to wait for the end of the change, 0 to 120. Without it, and when the change is still
    /// running at the end of the wait, the answer is 202 with the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(minimum = 0, maximum = 120, example = 30)]
    pub wait: Option<u32>,
    /// `planId` of a dry run of this request: it is done only while a dry run would still say the same, else it is
    /// refused (409 `plan_changed`) with the plan as it would be now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[param(example = "plan-4be1c0ffee00d1ce4be1c0ffee00d1ce")]
    pub plan: Option<String>,
}

/// The change, or with `dryRun` what would be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum ChangeOrDryRun {
    /// The change that did it.
    Change(Box<Change>),
    /// What would be done.
    DryRun(Box<DryRun>),
}

/// The network, or with `dryRun` what would be done.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum NetworkOrDryRun {
    /// The network.
    Network(Box<Network>),
    /// What would be done.
    DryRun(Box<DryRun>),
}
