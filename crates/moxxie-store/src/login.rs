//! Failed logins, counted per source and minute so that a flood of them is a few rows.

use moxxie_core::Timestamp;

use crate::{Reads, Result, Store};

/// How often a source failed to log in within one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthFailures {
    /// The source's address.
    pub source: String,
    /// The beginning of the minute.
    pub minute: Timestamp,
    /// How often.
    pub count: u64,
}

impl Reads {
    /// Failures since, newest first, at most 1000 rows.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn auth_failures(&self, since: Timestamp) -> Result<Vec<AuthFailures>> {
        todo!()
    }
}

impl Store {
    /// Counts failures of a source.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn record_auth_failures(&self, source: &str, now: Timestamp, count: u64) -> Result<()> {
        todo!()
    }
}
