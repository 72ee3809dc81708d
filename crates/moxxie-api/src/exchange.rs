//! Import and export.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// How a file is imported.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ImportQuery {
    /// `true`: says what would be done and what is wrong, line by line, and does nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dry_run: Option<bool>,
    /// The type of lines whose column `type` is empty or missing: `tenant`, `vrf`, `container`,
    /// `pool`, `asn_range`, `network`, `range`, `prefix`, `vlan`, `asn`, `address`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
}

/// What an import did, or would do.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportReport {
    /// Whether nothing was done.
    pub dry_run: bool,
    /// Lines read, without the first.
    pub lines: u64,
    /// What was made, by type.
    pub created: BTreeMap<String, u64>,
    /// Lines that say what is so already.
    pub unchanged: u64,
    /// Lines that cannot be imported. With any of these nothing is.
    pub problem_count: u64,
    /// The first thousand of them.
    pub problems: Vec<ImportProblem>,
}

/// A line that cannot be imported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ImportProblem {
    /// Its number; the first line of the file, which names the columns, is 1.
    pub line: u64,
    /// The column; empty when it is about the whole line.
    pub column: String,
    /// What is wrong and what would work.
    pub message: String,
}

/// What is exported, and how.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ExportQuery {
    /// `csv` (the default; `POST /import` reads it), `json`, or `ansible`: an inventory of the hosts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Only this type: `tenant`, `vrf`, `container`, `pool`, `asn_range`, `network`, `range`, `prefix`, `vlan`,
    /// `asn`, `address`. Not for `ansible`.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Only what is this tenant's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
}
