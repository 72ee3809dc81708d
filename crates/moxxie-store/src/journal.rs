//! The journal: what was going to be sent to a router, and what became of it.

use moxxie_core::{
    ChangeId, RouterId, Timestamp,
    change::Outcome,
    identity::Scope,
    plan::{Command, Plan},
};

use crate::{Reads, Result, Tx};

/// One command in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// The router it is for.
    pub router_id: RouterId,
    /// Its place in the router's plan, from 0.
    pub ordinal: i64,
    /// Its wave.
    pub wave: u16,
    /// The command.
    pub command: Command,
    /// What became of it.
    pub outcome: Outcome,
    /// The router's words, when it refused.
    pub answer: Option<String>,
    /// When its outcome was written.
    pub at: Timestamp,
}

impl Reads {
    /// The journal of a change: by router id, then in order.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn journal(&self, scope: Scope, change: ChangeId) -> Result<Vec<JournalEntry>> {
        todo!()
    }
}

impl Tx {
    /// Writes the commands of a plan into the journal, all pending, in place of an earlier plan of that
    /// router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn journal_write(
        &mut self,
        change: ChangeId,
        router: RouterId,
        plan: &Plan,
        now: Timestamp,
    ) -> Result<()> {
        todo!()
    }

    /// Marks commands as sent and the change as having reached a router. Commit before the first byte
    /// leaves.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn journal_sent(
        &mut self,
        change: ChangeId,
        router: RouterId,
        ordinals: &[i64],
        now: Timestamp,
    ) -> Result<()> {
        todo!()
    }

    /// Writes what became of commands.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn journal_outcomes(
        &mut self,
        change: ChangeId,
        router: RouterId,
        outcomes: &[(i64, Outcome, Option<String>)],
        now: Timestamp,
    ) -> Result<()> {
        todo!()
    }
}
