//! Events of changes, for those who watch live.

use moxxie_core::{ChangeId, Timestamp, identity::Scope};
use serde_json::Value;

use crate::{Reads, Result, Tx};

/// One event of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeEvent {
    /// Its place, from 1 without gaps.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// What.
    pub event: Value,
}

impl Reads {
    /// Events of a change behind `after` (0: from the first), at most 1000.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn events_after(&self, scope: Scope, change: ChangeId, after: i64) -> Result<Vec<ChangeEvent>> {
        todo!()
    }
}

impl Tx {
    /// Appends an event, in the transaction that does what it tells; answers its place.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn append_event(&mut self, change: ChangeId, event: &Value, now: Timestamp) -> Result<i64> {
        todo!()
    }
}
