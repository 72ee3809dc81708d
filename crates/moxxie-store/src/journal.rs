//! The journal: what was going to be sent to a router, and what became of it.

use moxxie_core::{
    ChangeId, RouterId, Timestamp,
    change::Outcome,
    identity::Scope,
    plan::{Command, Plan},
};

use crate::{
    Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement = Statement::new(
    "journal.list",
    "SELECT router_id, ordinal, wave, command, outcome, answer, at FROM journal
     WHERE change_id = $1 AND ($2 = (SELECT c.tenant_id FROM change c WHERE c.id = change_id) OR $2 IS NULL)
     ORDER BY router_id, ordinal",
);
static CLEAR: Statement =
    Statement::new("journal.clear", "DELETE FROM journal WHERE change_id = $1 AND router_id = $2");
static INSERT: Statement = Statement::new(
    "journal.insert",
    "INSERT INTO journal (change_id, router_id, ordinal, wave, command, outcome, answer, at)
     VALUES ($1, $2, $3, $4, $5, $6, NULL, $7)",
);
static OUTCOME: Statement = Statement::new(
    "journal.outcome",
    "UPDATE journal SET outcome = $4, answer = $5, at = $6
     WHERE change_id = $1 AND router_id = $2 AND ordinal = $3",
);
static REACHED: Statement =
    Statement::new("journal.reached", "UPDATE change SET reached = TRUE WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &CLEAR, &INSERT, &OUTCOME, &REACHED];

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

fn read(row: &Row) -> Result<JournalEntry> {
    Ok(JournalEntry {
        router_id: row.parsed("router_id")?,
        ordinal: row.int("ordinal")?,
        wave: row.number("wave")?,
        command: row.json("command")?,
        outcome: row.word("outcome", Outcome::parse)?,
        answer: row.text_or_null("answer")?,
        at: row.time("at")?,
    })
}

impl Reads {
    /// The journal of a change: by router id, then in order.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn journal(&self, scope: Scope, change: ChangeId) -> Result<Vec<JournalEntry>> {
        self.list(&LIST, &params![change, scope], read).await
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
        self.execute(&CLEAR, &params![change, router]).await?;
        for (ordinal, command) in (0_i64..).zip(&plan.commands) {
            let params = params![
                change,
                router,
                ordinal,
                command.wave,
                Param::json(command)?,
                Outcome::Pending.as_str(),
                now,
            ];
            self.execute(&INSERT, &params).await?;
        }
        Ok(())
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
        self.touch("change", &REACHED, &params![change]).await?;
        for ordinal in ordinals {
            self.journal_outcome(change, router, *ordinal, Outcome::Sent, None, now).await?;
        }
        Ok(())
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
        for (ordinal, outcome, answer) in outcomes {
            self.journal_outcome(change, router, *ordinal, *outcome, answer.as_deref(), now).await?;
        }
        Ok(())
    }

    async fn journal_outcome(
        &mut self,
        change: ChangeId,
        router: RouterId,
        ordinal: i64,
        outcome: Outcome,
        answer: Option<&str>,
        now: Timestamp,
    ) -> Result<()> {
        let params = params![change, router, ordinal, outcome.as_str(), answer, now];
        self.touch("journal entry", &OUTCOME, &params).await
    }
}
