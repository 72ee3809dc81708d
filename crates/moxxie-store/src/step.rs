//! The steps of a change as users see them.

use moxxie_core::{
    ChangeId, Timestamp,
    change::{StepName, StepState},
    identity::Scope,
};

use crate::{Reads, Result, Tx, param::params, row::Row, statement::Statement};

static LIST: Statement = Statement::new(
    "step.list",
    "SELECT ordinal, name, state, at, detail FROM change_step
     WHERE change_id = $1 AND ($2 = (SELECT c.tenant_id FROM change c WHERE c.id = change_id) OR $2 IS NULL)
     ORDER BY ordinal",
);
static SET: Statement = Statement::new(
    "step.set",
    "INSERT INTO change_step (change_id, ordinal, name, state, at, detail) VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (change_id, ordinal) DO UPDATE SET
         name = excluded.name, state = excluded.state, at = excluded.at, detail = excluded.detail",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &SET];

/// One step as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place, from 0.
    pub ordinal: i64,
    /// Which step.
    pub name: StepName,
    /// Where it stands.
    pub state: StepState,
    /// When it came to stand there.
    pub at: Timestamp,
    /// A sentence for people; may be empty.
    pub detail: String,
}

fn read(row: &Row) -> Result<Step> {
    Ok(Step {
        ordinal: row.int("ordinal")?,
        name: row.word("name", StepName::parse)?,
        state: row.word("state", StepState::parse)?,
        at: row.time("at")?,
        detail: row.text("detail")?,
    })
}

impl Reads {
    /// The steps of a change in order.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn steps(&self, scope: Scope, change: ChangeId) -> Result<Vec<Step>> {
        self.list(&LIST, &params![change, scope], read).await
    }
}

impl Tx {
    /// Writes a step, in place of what stood at its ordinal.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn set_step(&mut self, change: ChangeId, step: &Step) -> Result<()> {
        let params =
            params![change, step.ordinal, step.name.as_str(), step.state.as_str(), step.at, &step.detail];
        self.execute(&SET, &params).await.map(drop)
    }
}
