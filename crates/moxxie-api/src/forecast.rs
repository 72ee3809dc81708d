//! When pools will be full.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long a pool will last, as far as its past tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PoolForecast {
    /// The pool's name.
    pub pool: String,
    /// `full` (at this pace it will be), `not_in_sight` (it does not grow, or would last ten years),
    /// `too_little_data` (known for less than a week). More may come.
    pub outlook: String,
    /// Days until nothing is left; absent unless `full`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days_left: Option<f64>,
    /// When that is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub full_at: Option<Timestamp>,
    /// Addresses taken per day, less those given back: the median of the last 90 days; absent with too
    /// little data.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub addresses_per_day: Option<f64>,
    /// How many addresses are free (a decimal number of up to 128 bits).
    pub free_addresses: String,
    /// How many daily samples are known. They are kept for a year.
    pub samples: u64,
    /// The day of the first sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub since: Option<Timestamp>,
}
