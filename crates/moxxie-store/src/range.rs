//! Ranges of networks.

use std::net::IpAddr;

use moxxie_core::{
    NetworkId, RangeId,
    identity::Scope,
    prefix::address_bytes,
    range::{Range, RangeKind},
};

use crate::{Reads, Result, Tx, param::params, row::Row, statement::Statement};

static LIST: Statement = Statement::new(
    "range.list",
    "SELECT id, prefix_id, network_id, tenant_id, kind, first_text, last_text, description, created_at
     FROM ip_range WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL) ORDER BY first",
);
static INSERT: Statement = Statement::new(
    "range.insert",
    "INSERT INTO ip_range (id, prefix_id, network_id, tenant_id, kind, first, last, first_text, last_text,
         description, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
static DELETE: Statement = Statement::new("range.delete", "DELETE FROM ip_range WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &INSERT, &DELETE];

fn read(row: &Row) -> Result<Range> {
    Ok(Range {
        id: row.parsed("id")?,
        prefix_id: row.parsed("prefix_id")?,
        network_id: row.parsed("network_id")?,
        tenant_id: row.parsed("tenant_id")?,
        kind: row.word("kind", RangeKind::parse)?,
        first: row.parsed::<IpAddr>("first_text")?,
        last: row.parsed::<IpAddr>("last_text")?,
        description: row.text("description")?,
        created_at: row.time("created_at")?,
    })
}

impl Reads {
    /// The ranges of a network, lowest first. There are few of them.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn ranges(&self, scope: Scope, network: NetworkId) -> Result<Vec<Range>> {
        self.list(&LIST, &params![network, scope], read).await
    }
}

impl Tx {
    /// Adds a range. What is free in its prefix has to be computed anew.
    ///
    /// # Errors
    /// [`crate::Constraint::RangeOverlap`] when another range of the prefix shares addresses with it, and when the
    /// database fails.
    pub async fn insert_range(&mut self, range: &Range) -> Result<()> {
        let params = params![
            range.id,
            range.prefix_id,
            range.network_id,
            range.tenant_id,
            range.kind.as_str(),
            address_bytes(range.first),
            address_bytes(range.last),
            range.first.to_string(),
            range.last.to_string(),
            &range.description,
            range.created_at,
        ];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Removes a range. What is free in its prefix has to be computed anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails, or there is no such range.
    pub async fn delete_range(&mut self, id: RangeId) -> Result<()> {
        self.touch("range", &DELETE, &params![id]).await
    }
}
