//! Drift: what of the rows applied is not on a router as it was, who looks after it, and what was said.

use std::time::Duration;

use moxxie_core::{
    ChangeId, DriftId, NetworkId, RouterId, SiteId, TenantId, Timestamp,
    drift::{self, DriftKind, DriftState},
    identity::Scope,
};
use serde_json::json;

use crate::{
    Listing, Page, Reads, Result, Store, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.router_id, d.site_id, d.tenant_id, d.network_id, d.menu, d.mark, d.object, d.kind,
                 d.field, d.expected, d.found, d.who, d.since, d.state, d.said_at, d.said_by, d.reason,
                 d.expires_at, d.ended_at
             FROM drift d ",
            $rest
        )
    };
}

static GET: Statement =
    Statement::new("drift.get", select!("WHERE d.id = $1 AND (d.tenant_id = $2 OR $2 IS NULL)"));
static LIST: Statement = Statement::new(
    "drift.list",
    select!(
        "WHERE (d.tenant_id = $1 OR $1 IS NULL) AND (d.site_id = $2 OR $2 IS NULL)
           AND (d.router_id = $3 OR $3 IS NULL) AND (d.network_id = $4 OR $4 IS NULL)
           AND (d.kind = $5 OR $5 IS NULL) AND (d.state = $6 OR $6 IS NULL)
           AND ($7 OR d.ended_at IS NULL) AND (d.id > $8 OR $8 IS NULL)
         ORDER BY d.id LIMIT $9"
    ),
);
static ALIVE: Statement = Statement::new(
    "drift.alive",
    select!("WHERE d.router_id = $1 AND d.ended_at IS NULL ORDER BY d.menu, d.mark, d.kind, d.field"),
);
static COUNT: Statement = Statement::new(
    "drift.count",
    "SELECT COUNT(*) AS count FROM drift
     WHERE (tenant_id = $1 OR $1 IS NULL) AND router_id = $2 AND state = 'open'",
);
static INSERT: Statement = Statement::new(
    "drift.insert",
    "INSERT INTO drift (id, router_id, site_id, tenant_id, network_id, menu, mark, object, kind, field, expected,
         found, who, since, state)
     SELECT value ->> 'id', $1, $2, value ->> 'tenant', value ->> 'network', value ->> 'menu', value ->> 'mark',
         value ->> 'object', value ->> 'kind', value ->> 'field', value ->> 'expected', value ->> 'found',
         value ->> 'who', $3, 'open'
     FROM json_each($4) WHERE TRUE",
)
.postgres(
    "INSERT INTO drift (id, router_id, site_id, tenant_id, network_id, menu, mark, object, kind, field, expected,
         found, who, since, state)
     SELECT id, $1, $2, tenant, network, menu, mark, object, kind, field, expected, found, who, $3, 'open'
     FROM json_to_recordset($4::json) AS r (id text, tenant text, network text, menu text, mark text, object text,
         kind text, field text, expected text, found text, who text)",
);
static MOVE: Statement = Statement::new(
    "drift.move",
    "UPDATE drift SET expected = r.expected, found = r.found, who = COALESCE(r.who, drift.who), state = r.state,
         ended_at = CASE WHEN r.state = 'resolved' THEN $1 END,
         said_at = CASE WHEN r.state = 'open' THEN NULL ELSE said_at END,
         said_by = CASE WHEN r.state = 'open' THEN NULL ELSE said_by END,
         reason = CASE WHEN r.state = 'open' THEN NULL ELSE reason END,
         expires_at = CASE WHEN r.state = 'open' THEN NULL ELSE expires_at END
     FROM (SELECT value ->> 'id' AS id, value ->> 'expected' AS expected, value ->> 'found' AS found,
               value ->> 'who' AS who, value ->> 'state' AS state FROM json_each($2)) AS r
     WHERE drift.id = r.id",
)
.postgres(
    "UPDATE drift SET expected = r.expected, found = r.found, who = COALESCE(r.who, drift.who), state = r.state,
         ended_at = CASE WHEN r.state = 'resolved' THEN $1::bigint END,
         said_at = CASE WHEN r.state = 'open' THEN NULL ELSE said_at END,
         said_by = CASE WHEN r.state = 'open' THEN NULL ELSE said_by END,
         reason = CASE WHEN r.state = 'open' THEN NULL ELSE reason END,
         expires_at = CASE WHEN r.state = 'open' THEN NULL ELSE expires_at END
     FROM json_to_recordset($2::json) AS r (id text, expected text, found text, who text, state text)
     WHERE drift.id = r.id",
);
static SAY: Statement = Statement::new(
    "drift.say",
    "UPDATE drift SET state = $2, said_at = $3, said_by = $4, reason = $5, expires_at = $6
     WHERE id = $1 AND ended_at IS NULL",
);
static PRUNE: Statement =
    Statement::new("drift.prune", "DELETE FROM drift WHERE router_id = $1 AND ended_at < $2");

pub(crate) static STATEMENTS: &[&Statement] = &[&GET, &LIST, &ALIVE, &COUNT, &INSERT, &MOVE, &SAY, &PRUNE];

// By the one clock that all instances share, as leases.
macro_rules! claim {
    ($now:literal) => {
        concat!(
            "INSERT INTO drift_watch (router_id, holder, expires_at, checks) VALUES ($1, $2, ",
            $now,
            " + $3, 0)
             ON CONFLICT (router_id) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at
             WHERE drift_watch.holder IS NULL OR drift_watch.holder = excluded.holder
                OR drift_watch.expires_at <= excluded.expires_at - $3
                OR drift_watch.expires_at > excluded.expires_at
             RETURNING checks"
        )
    };
}

static CLAIM: Statement =
    Statement::new("drift_watch.claim", claim!("CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)"))
        .postgres(claim!("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"));
static LEAVE: Statement = Statement::new(
    "drift_watch.leave",
    "UPDATE drift_watch SET holder = NULL, expires_at = 0 WHERE router_id = $1 AND holder = $2",
);
static END_ALL: Statement = Statement::new(
    "drift_watch.end_all",
    "UPDATE drift_watch SET holder = NULL, expires_at = 0 WHERE holder IS NOT NULL",
);
static WATCH: Statement = Statement::new(
    "drift_watch.get",
    "SELECT checks, checked_at, unknown_since, error, history FROM drift_watch WHERE router_id = $1",
);
static DONE: Statement = Statement::new(
    "drift_watch.done",
    "INSERT INTO drift_watch (router_id, expires_at, checks, checked_at, history) VALUES ($1, 0, 1, $3, $4)
     ON CONFLICT (router_id) DO UPDATE SET checks = drift_watch.checks + 1, checked_at = excluded.checked_at,
         history = excluded.history, unknown_since = NULL, error = NULL
     WHERE drift_watch.checks = $2",
);
static UNKNOWN: Statement = Statement::new(
    "drift_watch.unknown",
    "INSERT INTO drift_watch (router_id, expires_at, checks, unknown_since, error) VALUES ($1, 0, 0, $2, $3)
     ON CONFLICT (router_id) DO UPDATE SET
         unknown_since = COALESCE(drift_watch.unknown_since, excluded.unknown_since), error = excluded.error",
);
static LEASE: Statement =
    Statement::new("drift.lease", "SELECT epoch, holder FROM router_lease WHERE router_id = $1");
static OPEN: Statement = Statement::new(
    "drift.open_changes",
    "SELECT c.id, c.version FROM change c JOIN change_router r ON r.change_id = c.id
     WHERE r.router_id = $1 AND c.state NOT IN ('applied', 'rolled_back', 'cancelled') ORDER BY c.id",
);

pub(crate) static WATCH_STATEMENTS: &[&Statement] =
    &[&CLAIM, &LEAVE, &END_ALL, &WATCH, &DONE, &UNKNOWN, &LEASE, &OPEN];

/// What was said about a piece of drift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// Until when it counts; `None`: until the drift is over.
    pub until: Option<Timestamp>,
}

/// A piece of drift, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Its id.
    pub id: DriftId,
    /// The router that shows it.
    pub router_id: RouterId,
    /// Where that is.
    pub site_id: SiteId,
    /// Whose network it concerns.
    pub tenant_id: Option<TenantId>,
    /// The network it concerns.
    pub network_id: Option<NetworkId>,
    /// What it is.
    pub drift: drift::Drift,
    /// Who did it, where the router told.
    pub who: Option<String>,
    /// When it was found.
    pub since: Timestamp,
    /// What became of it.
    pub state: DriftState,
    /// What was said about it.
    pub said: Option<Said>,
    /// When it was seen to be over.
    pub ended_at: Option<Timestamp>,
}

/// Which drift is wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriftFilter {
    /// At this site.
    pub site: Option<SiteId>,
    /// Of this router.
    pub router: Option<RouterId>,
    /// Of this network.
    pub network: Option<NetworkId>,
    /// Of this kind.
    pub kind: Option<DriftKind>,
    /// In this state.
    pub state: Option<DriftState>,
    /// Also what is over.
    pub ended: bool,
}

/// A step of a piece of drift that is known already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftStep {
    /// Which one.
    pub id: DriftId,
    /// What it should be.
    pub expected: Option<String>,
    /// What it is.
    pub found: Option<String>,
    /// Who did it, when that is known now.
    pub who: Option<String>,
    /// What becomes of it: `open` takes back what was said, `resolved` ends it.
    pub state: DriftState,
}

/// How the checks of a router went.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DriftWatch {
    /// How many checks ended.
    pub checks: i64,
    /// When the last one did.
    pub checked_at: Option<Timestamp>,
    /// Since when nothing is known of it, if so.
    pub unknown_since: Option<Timestamp>,
    /// Why.
    pub error: Option<String>,
    /// The newest entry of the router's history at the last check.
    pub history: Option<String>,
}

/// What moves on a router: two equal ones with no open change that is being carried out between them show
/// that nothing of ours was written to it in the meantime.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Motion {
    /// Its lease: how often it was taken, and by whom it is held.
    pub lease: Option<(i64, Option<String>)>,
    /// Changes of it that are not over, with their versions.
    pub changes: Vec<(ChangeId, i64)>,
}

fn read(row: &Row) -> Result<Drift> {
    let said = match row.time_or_null("said_at")? {
        Some(at) => Some(Said {
            at,
            by: row.text("said_by")?,
            reason: row.text("reason")?,
            until: row.time_or_null("expires_at")?,
        }),
        None => None,
    };
    Ok(Drift {
        id: row.parsed("id")?,
        router_id: row.parsed("router_id")?,
        site_id: row.parsed("site_id")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        network_id: row.parsed_or_null("network_id")?,
        drift: drift::Drift {
            menu: row.text("menu")?,
            mark: row.text("mark")?,
            object: row.text("object")?,
            kind: row.word("kind", DriftKind::parse)?,
            field: row.text("field")?,
            expected: row.text_or_null("expected")?,
            found: row.text_or_null("found")?,
        },
        who: row.text_or_null("who")?,
        since: row.time("since")?,
        state: row.word("state", DriftState::parse)?,
        said,
        ended_at: row.time_or_null("ended_at")?,
    })
}

impl Reads {
    /// One piece of drift.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn drift(&self, scope: Scope, id: DriftId) -> Result<Option<Drift>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// Drift, the oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn drifts(&self, scope: Scope, filter: &DriftFilter, page: &Page) -> Result<Listing<Drift>> {
        let params = params![
            scope,
            filter.site,
            filter.router,
            filter.network,
            filter.kind.map(DriftKind::as_str),
            filter.state.map(DriftState::as_str),
            filter.ended,
            page.parsed::<DriftId>()?,
            page.fetch(),
        ];
        let items = self.list(&LIST, &params, read).await?;
        Ok(page.listing(items, |one| one.id.to_string()))
    }

    /// The drift of a router that is not over.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn drift_alive(&self, router: RouterId) -> Result<Vec<Drift>> {
        self.list(&ALIVE, &params![router], read).await
    }

    /// How much drift of a router waits for somebody.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn count_drift(&self, scope: Scope, router: RouterId) -> Result<u64> {
        Ok(self.one(&COUNT, &params![scope, router], |row| row.number("count")).await?.unwrap_or(0))
    }

    /// How the checks of a router went.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn drift_watch(&self, router: RouterId) -> Result<DriftWatch> {
        let read = |row: &Row| {
            Ok(DriftWatch {
                checks: row.int("checks")?,
                checked_at: row.time_or_null("checked_at")?,
                unknown_since: row.time_or_null("unknown_since")?,
                error: row.text_or_null("error")?,
                history: row.text_or_null("history")?,
            })
        };
        Ok(self.one(&WATCH, &params![router], read).await?.unwrap_or_default())
    }

    /// What moves on a router at the moment.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn motion(&self, router: RouterId) -> Result<Motion> {
        let lease = |row: &Row| Ok((row.int("epoch")?, row.text_or_null("holder")?));
        let change = |row: &Row| Ok((row.parsed("id")?, row.int("version")?));
        Ok(Motion {
            lease: self.one(&LEASE, &params![router], lease).await?,
            changes: self.list(&OPEN, &params![router], change).await?,
        })
    }
}

/// A new piece of drift: its id, whose it is, what it is, who did it.
pub type NewDrift = (DriftId, Option<(NetworkId, TenantId)>, drift::Drift, Option<String>);

impl Tx {
    /// Ends a check that began when the router had been checked that often; `false` when another check has
    /// ended since, and nothing must be written.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn end_drift_check(
        &mut self,
        router: RouterId,
        checks: i64,
        history: Option<&str>,
        now: Timestamp,
    ) -> Result<bool> {
        Ok(self.execute(&DONE, &params![router, checks, now, history]).await? > 0)
    }

    /// Writes new drift.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn insert_drift(
        &mut self,
        router: RouterId,
        site: SiteId,
        new: &[NewDrift],
        now: Timestamp,
    ) -> Result<()> {
        let rows: Vec<_> = new
            .iter()
            .map(|(id, network, one, who)| {
                json!({
                    "id": id, "network": network.map(|(id, _)| id), "tenant": network.map(|(_, id)| id),
                    "menu": one.menu, "mark": one.mark, "object": one.object, "kind": one.kind.as_str(),
                    "field": one.field, "expected": one.expected, "found": one.found, "who": who,
                })
            })
            .collect();
        self.execute(&INSERT, &params![router, site, now, Param::json(&rows)?]).await.map(drop)
    }

    /// Carries known drift on.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn step_drift(&mut self, steps: &[DriftStep], now: Timestamp) -> Result<()> {
        let rows: Vec<_> = steps
            .iter()
            .map(|step| {
                json!({
                    "id": step.id, "expected": step.expected, "found": step.found, "who": step.who,
                    "state": step.state.as_str(),
                })
            })
            .collect();
        self.execute(&MOVE, &params![now, Param::json(&rows)?]).await.map(drop)
    }

    /// Says what becomes of a piece of drift.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`] when it is over; or when the database fails.
    pub async fn say_drift(&mut self, id: DriftId, state: DriftState, said: Option<&Said>) -> Result<()> {
        let params = params![
            id,
            state.as_str(),
            said.map(|said| said.at),
            said.map(|said| said.by.as_str()),
            said.map(|said| said.reason.as_str()),
            said.and_then(|said| said.until),
        ];
        self.touch("drift", &SAY, &params).await
    }

    /// Forgets drift that was over before that moment.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prune_drift(&mut self, router: RouterId, before: Timestamp) -> Result<u64> {
        self.execute(&PRUNE, &params![router, before]).await
    }

    /// Notes that nothing is known of a router, and why.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn drift_unknown(&mut self, router: RouterId, now: Timestamp, error: &str) -> Result<()> {
        self.execute(&UNKNOWN, &params![router, now, error]).await.map(drop)
    }
}

impl Store {
    /// Claims or keeps the right to watch a router for `ttl`; `false` when another process has it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn claim_watch(&self, router: RouterId, holder: &str, ttl: Duration) -> Result<bool> {
        let micros = i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX / 4);
        Ok(self.alone(&CLAIM, &params![router, holder, micros]).await?.is_some())
    }

    /// Gives the right to watch a router back.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn leave_watch(&self, router: RouterId, holder: &str) -> Result<()> {
        self.alone(&LEAVE, &params![router, holder]).await.map(drop)
    }

    /// Ends every watch. Right only where no other process can be alive, as with leases.
    pub(crate) async fn end_watches(&self) -> Result<()> {
        self.alone(&END_ALL, &[]).await.map(drop)
    }
}
