//! Rows as they were last applied to routers.

use std::collections::BTreeMap;

use moxxie_core::{ChangeId, RouterId, Timestamp, plan::Settled, row};
use serde_json::{Value, json};

use crate::{
    Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement = Statement::new(
    "applied.list",
    "SELECT row, rank, renderer, accepted FROM applied_row WHERE router_id = $1 ORDER BY menu, mark",
);
static PUT: Statement = Statement::new(
    "applied.put",
    "INSERT INTO applied_row (router_id, menu, mark, object, row, rank, renderer, facts, change_id, applied_at)
     SELECT value ->> 'router', value ->> 'menu', value ->> 'mark', value ->> 'object', value ->> 'row',
         value ->> 'rank', $2, value ->> 'facts', $3, $4
     FROM json_each($1) WHERE TRUE
     ON CONFLICT (router_id, menu, mark) DO UPDATE SET
         object = excluded.object, row = excluded.row, rank = excluded.rank, renderer = excluded.renderer,
         facts = excluded.facts, change_id = excluded.change_id, applied_at = excluded.applied_at,
         accepted = NULL",
)
.postgres(
    "INSERT INTO applied_row (router_id, menu, mark, object, row, rank, renderer, facts, change_id, applied_at)
     SELECT router, menu, mark, object, r.row, rank, $2, facts, $3, $4
     FROM json_to_recordset($1::json) AS r (router text, menu text, mark text, object text, \"row\" text,
         rank bigint, facts text)
     ON CONFLICT (router_id, menu, mark) DO UPDATE SET
         object = excluded.object, row = excluded.row, rank = excluded.rank, renderer = excluded.renderer,
         facts = excluded.facts, change_id = excluded.change_id, applied_at = excluded.applied_at,
         accepted = NULL",
);
static RANK: Statement = Statement::new(
    "applied.rank",
    "UPDATE applied_row SET rank = r.rank
     FROM (SELECT value ->> 'router' AS router, value ->> 'menu' AS menu, value ->> 'mark' AS mark,
               value ->> 'rank' AS rank FROM json_each($1)) AS r
     WHERE applied_row.router_id = r.router AND applied_row.menu = r.menu AND applied_row.mark = r.mark",
)
.postgres(
    "UPDATE applied_row SET rank = r.rank
     FROM json_to_recordset($1::json) AS r (router text, menu text, mark text, rank bigint)
     WHERE applied_row.router_id = r.router AND applied_row.menu = r.menu AND applied_row.mark = r.mark",
);
static TAKE: Statement = Statement::new(
    "applied.take",
    "DELETE FROM applied_row WHERE (router_id, menu, mark) IN
         (SELECT value ->> 'router', value ->> 'menu', value ->> 'mark' FROM json_each($1))",
)
.postgres(
    "DELETE FROM applied_row WHERE (router_id, menu, mark) IN
         (SELECT router, menu, mark FROM json_to_recordset($1::json) AS r (router text, menu text, mark text))",
);
static FORGET: Statement = Statement::new(
    "applied.forget",
    "DELETE FROM applied_row WHERE object = $2
         AND router_id IN (SELECT router_id FROM change_router WHERE change_id = $1)",
);
static ACCEPTED: Statement = Statement::new(
    "applied.accepted",
    "SELECT accepted FROM applied_row WHERE router_id = $1 AND menu = $2 AND mark = $3",
)
.locking("applied_row");
static ACCEPT: Statement = Statement::new(
    "applied.accept",
    "UPDATE applied_row SET accepted = $4 WHERE router_id = $1 AND menu = $2 AND mark = $3",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &PUT, &RANK, &TAKE, &FORGET, &ACCEPTED, &ACCEPT];

/// Values that somebody accepted in place of the applied ones, by field; see [`AppliedRow::accepted`].
pub type Accepted = BTreeMap<String, Option<String>>;

/// A row as it was last applied to a router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedRow {
    /// The row.
    pub row: row::Row,
    /// Revision of the renderer that made it.
    pub renderer: u32,
    /// Values that somebody accepted in place of the applied ones, by field; `None`: absent. Under the
    /// empty name: the row itself may be absent.
    pub accepted: Accepted,
}

/// What a change made of one router.
#[derive(Debug, Clone)]
pub struct NewApplied<'a> {
    /// The router.
    pub router: RouterId,
    /// What it said about itself, as JSON.
    pub facts: Value,
    /// Rows that it has now.
    pub rows: Vec<&'a row::Row>,
    /// Rows that it has no more: menu and mark.
    pub gone: Vec<(&'a str, &'a row::Mark)>,
    /// What of the plan needed no command.
    pub settled: &'a Settled,
}

fn read(row: &Row) -> Result<AppliedRow> {
    let mut applied: row::Row = row.json("row")?;
    applied.rank = row.number("rank")?;
    Ok(AppliedRow {
        row: applied,
        renderer: row.number("renderer")?,
        accepted: row.json_or_null("accepted")?.unwrap_or_default(),
    })
}

impl Reads {
    /// The rows last applied to a router, by menu and mark.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn applied_rows(&self, router: RouterId) -> Result<Vec<AppliedRow>> {
        self.list(&LIST, &params![router], read).await
    }
}

impl Tx {
    /// Notes what a change made of its routers, with a fixed number of statements: in the transaction that
    /// ends it.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails or a router is gone.
    pub async fn put_applied(
        &mut self,
        change: ChangeId,
        renderer: u32,
        routers: &[NewApplied<'_>],
        now: Timestamp,
    ) -> Result<()> {
        let (mut rows, mut gone, mut ranks) = (Vec::new(), Vec::new(), Vec::new());
        for one in routers {
            let facts = one.facts.to_string();
            for row in one.rows.iter().copied().chain(&one.settled.there) {
                rows.push(json!({
                    "router": one.router, "menu": row.menu, "mark": row.mark.to_string(),
                    "object": row.mark.object, "row": as_text(&unplaced(row))?, "rank": row.rank,
                    "facts": facts,
                }));
            }
            let settled = one.settled.gone.iter().map(|(menu, mark)| (menu.as_str(), mark));
            for (menu, mark) in one.gone.iter().copied().chain(settled) {
                gone.push(json!({"router": one.router, "menu": menu, "mark": mark.to_string()}));
            }
            for (menu, mark, rank) in &one.settled.ranks {
                let mark = mark.to_string();
                ranks.push(json!({"router": one.router, "menu": menu, "mark": mark, "rank": rank}));
            }
        }
        if !gone.is_empty() {
            self.execute(&TAKE, &params![Param::json(&gone)?]).await?;
        }
        if !rows.is_empty() {
            self.execute(&PUT, &params![Param::json(&rows)?, renderer, change, now]).await?;
        }
        if !ranks.is_empty() {
            self.execute(&RANK, &params![Param::json(&ranks)?]).await?;
        }
        Ok(())
    }

    /// Forgets the rows of an object on the routers of a change: what they still have of it is left over.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn forget_applied(&mut self, change: ChangeId, object: &str) -> Result<u64> {
        self.execute(&FORGET, &params![change, object]).await
    }

    /// Takes a value in place of the applied one, where `Some(None)` is no value; with `None` the applied one
    /// counts again.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] when the row is not applied any more; or when the database fails.
    pub async fn accept_applied(
        &mut self,
        router: RouterId,
        menu: &str,
        mark: &str,
        field: &str,
        value: Option<Option<&str>>,
    ) -> Result<()> {
        let read = |row: &Row| row.json_or_null::<Accepted>("accepted");
        let found = self.one(&ACCEPTED, &params![router, menu, mark], read).await?;
        let mut accepted = found.ok_or(StoreError::NotFound("applied row"))?.unwrap_or_default();
        match value {
            Some(value) => accepted.insert(field.to_owned(), value.map(str::to_owned)),
            None => accepted.remove(field),
        };
        let params = params![router, menu, mark, Param::json(&accepted)?];
        self.touch("applied row", &ACCEPT, &params).await
    }
}

/// The row without the neighbour it was placed before: another one may stand there by now. An anchor stays.
fn unplaced(row: &row::Row) -> row::Row {
    let neighbour = row.before.as_ref().is_some_and(|before| before.parse::<row::Mark>().is_ok());
    row::Row { before: row.before.clone().filter(|_| !neighbour), ..row.clone() }
}

fn as_text(row: &row::Row) -> Result<String> {
    serde_json::to_string(row)
        .map_err(|error| StoreError::Corrupt { what: format!("a row to be written: {error}") })
}
