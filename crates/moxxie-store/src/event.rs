//! Events of changes, for those who watch live.

use moxxie_core::{ChangeId, Timestamp, identity::Scope};
use serde_json::Value;

use crate::{
    Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement = Statement::new(
    "event.list",
    "SELECT seq, at, event FROM change_event
     WHERE change_id = $1 AND ($2 = (SELECT c.tenant_id FROM change c WHERE c.id = change_id) OR $2 IS NULL)
       AND seq > $3
     ORDER BY seq LIMIT 1000",
);
static LOCK: Statement =
    Statement::new("event.lock", "SELECT id FROM change WHERE id = $1").locking("change");
static INSERT: Statement = Statement::new(
    "event.insert",
    "INSERT INTO change_event (change_id, seq, at, event)
     VALUES ($1, (SELECT COALESCE(MAX(seq), 0) + 1 FROM change_event WHERE change_id = $1), $2, $3)
     RETURNING seq",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &LOCK, &INSERT];

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

fn read(row: &Row) -> Result<ChangeEvent> {
    Ok(ChangeEvent { seq: row.int("seq")?, at: row.time("at")?, event: row.json("event")? })
}

impl Reads {
    /// Events of a change behind `after` (0: from the first), at most 1000.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn events_after(&self, scope: Scope, change: ChangeId, after: i64) -> Result<Vec<ChangeEvent>> {
        self.list(&LIST, &params![change, scope, after], read).await
    }
}

impl Tx {
    /// Appends an event, in the transaction that does what it tells; answers its place.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn append_event(&mut self, change: ChangeId, event: &Value, now: Timestamp) -> Result<i64> {
        // Whoever waits here sees the other's event, so places have no gaps and are never taken twice.
        self.row(&LOCK, &params![change]).await?.ok_or(StoreError::NotFound("change"))?;
        let seq = self.one(&INSERT, &params![change, now, Param::json(event)?], |row| row.int("seq")).await?;
        self.tells = true;
        seq.ok_or(StoreError::NotFound("change"))
    }
}
