//! The networks of a change.

use moxxie_core::{
    ChangeId, NetworkId,
    network::{NetworkOptions, NetworkStatus},
};
use serde_json::{Value, json};

use crate::{
    Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement = Statement::new(
    "subject.list",
    "SELECT network_id, made, status_before, status_during, carried FROM change_network
     WHERE change_id = $1 ORDER BY network_id",
);
static INSERT: Statement = Statement::new(
    "subject.insert",
    "INSERT INTO change_network (change_id, network_id, made, status_before, status_during, carried, open)
     SELECT $1, value ->> 'network', value ->> 'made', value ->> 'before', value ->> 'during',
            value ->> 'carried', true
     FROM json_each($2)",
)
.postgres(
    "INSERT INTO change_network (change_id, network_id, made, status_before, status_during, carried, open)
     SELECT $1, network, made, before, during, carried, true
     FROM json_to_recordset($2::json)
         AS r (network text, made boolean, before text, during text, carried text)",
);
static CLOSE: Statement =
    Statement::new("subject.close", "UPDATE change_network SET open = false WHERE change_id = $1 AND open");

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &INSERT, &CLOSE];

/// A network of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    /// Which; it may be gone by now.
    pub network: NetworkId,
    /// Whether the change made it: when the change is undone, it goes again.
    pub made: bool,
    /// What it was before, and is again when the change is undone.
    pub before: NetworkStatus,
    /// What it is while the change is under way.
    pub during: NetworkStatus,
    /// What it carried before, where the change is about that.
    pub carried: Option<NetworkOptions>,
}

fn read(row: &Row) -> Result<Subject> {
    Ok(Subject {
        network: row.parsed("network_id")?,
        made: row.flag("made")?,
        before: row.word("status_before", NetworkStatus::parse)?,
        during: row.word("status_during", NetworkStatus::parse)?,
        carried: row.json_or_null("carried")?,
    })
}

impl Reads {
    /// The networks of a change, the oldest first. Who may see the change may see them.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn subjects(&self, change: ChangeId) -> Result<Vec<Subject>> {
        self.list(&LIST, &params![change], read).await
    }
}

impl Tx {
    /// Writes the networks of a new change; a network has at most one change that is not final.
    pub(crate) async fn insert_subjects(&mut self, change: ChangeId, subjects: &[Subject]) -> Result<()> {
        let mut rows: Vec<Value> = Vec::with_capacity(subjects.len());
        for subject in subjects {
            let carried = subject.carried.as_ref().map(serde_json::to_string).transpose();
            let carried = carried
                .map_err(|error| StoreError::Corrupt { what: format!("options to be written: {error}") })?;
            rows.push(json!({
                "network": subject.network,
                "made": subject.made,
                "before": subject.before.as_str(),
                "during": subject.during.as_str(),
                "carried": carried,
            }));
        }
        self.execute(&INSERT, &params![change, Param::json(&rows)?]).await.map(drop)
    }

    /// The networks of a change that is over are free for others.
    pub(crate) async fn close_subjects(&mut self, change: ChangeId) -> Result<()> {
        self.execute(&CLOSE, &params![change]).await.map(drop)
    }
}
