//! Changes: runs of plans, with their state.

use moxxie_core::{
    ChangeId, NetworkId, RouterId, SiteId, TenantId, Timestamp,
    change::{ChangeKind, ChangeState, Decision},
    identity::Scope,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Listing, Page, Reads, Result, StoreError, Subject, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT c.id, c.kind, c.state, c.decision, c.network_id, c.tenant_id, c.site_id, c.attempt,
                 c.not_before, c.deadline, c.reached, c.error, c.request, c.principal, c.created_at,
                 c.updated_at, c.finished_at, c.version,
                 (SELECT string_agg(r.router_id, ',' ORDER BY r.router_id) FROM change_router r
                  WHERE r.change_id = c.id) AS routers
             FROM change c ",
            $rest
        )
    };
}
// The words of `ChangeState::is_final`, and what the partial index change_open_state leaves out.
macro_rules! is_open {
    () => {
        "c.state NOT IN ('applied', 'rolled_back', 'cancelled')"
    };
}

static GET: Statement =
    Statement::new("change.get", select!("WHERE c.id = $1 AND (c.tenant_id = $2 OR $2 IS NULL)"));
static LOCK: Statement =
    Statement::new("change.lock", select!("WHERE c.id = $1 AND (c.tenant_id = $2 OR $2 IS NULL)"))
        .locking("c");
static LIST: Statement = Statement::new(
    "change.list",
    select!(concat!(
        "WHERE (c.tenant_id = $1 OR $1 IS NULL) AND (c.state = $2 OR $2 IS NULL)
           AND (c.kind = $3 OR $3 IS NULL)
           AND (c.id IN (SELECT n.change_id FROM change_network n WHERE n.network_id = $4) OR $4 IS NULL)
           AND (c.site_id = $5 OR $5 IS NULL OR c.id IN
               (SELECT s.change_id FROM change_router s JOIN router x ON x.id = s.router_id WHERE x.site_id = $5))
           AND (c.id IN (SELECT r.change_id FROM change_router r WHERE r.router_id = $6) OR $6 IS NULL)
           AND (NOT $7 OR ",
        is_open!(),
        ") AND (c.id < $8 OR $8 IS NULL)
         ORDER BY c.id DESC LIMIT $9"
    )),
);
static RUNNABLE: Statement = Statement::new(
    "change.runnable",
    select!(concat!(
        "WHERE ",
        is_open!(),
        " AND c.state <> 'needs_operator' AND c.not_before <= $1 ORDER BY c.created_at, c.id"
    )),
);
static NEXT_RUNNABLE: Statement = Statement::new(
    "change.next_runnable",
    concat!(
        "SELECT MIN(c.not_before) AS next FROM change c WHERE ",
        is_open!(),
        " AND c.state <> 'needs_operator' AND c.not_before > $1"
    ),
);
// A change that waits has left its routers as they were; one that needs an operator may wait for weeks.
static UNSETTLED: Statement = Statement::new(
    "change.unsettled",
    "SELECT c.id, r.router_id FROM change c JOIN change_router r ON r.change_id = c.id
     WHERE c.state IN ('running', 'verifying', 'rolling_back', 'awaiting_peer')",
);
static OPEN_OF_NETWORK: Statement = Statement::new(
    "change.open_of_network",
    select!("WHERE c.id = (SELECT n.change_id FROM change_network n WHERE n.network_id = $1 AND n.open)"),
);
static INSERT: Statement = Statement::new(
    "change.insert",
    "INSERT INTO change (id, kind, state, decision, network_id, tenant_id, site_id, attempt, not_before,
         deadline, reached, error, request, principal, created_at, updated_at, finished_at, version)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)",
);
static INSERT_ROUTER: Statement = Statement::new(
    "change.insert_router",
    "INSERT INTO change_router (change_id, router_id) VALUES ($1, $2)",
);
// `reached` is also set by the journal, without a new version, and never goes back.
static UPDATE: Statement = Statement::new(
    "change.update",
    "UPDATE change SET state = $3, decision = $4, attempt = $5, not_before = $6, deadline = $7,
         reached = (reached OR $8), error = $9, updated_at = $10, finished_at = $11, version = version + 1
     WHERE id = $1 AND version = $2
     RETURNING reached",
);

pub(crate) static STATEMENTS: &[&Statement] = &[
    &GET,
    &LOCK,
    &LIST,
    &RUNNABLE,
    &NEXT_RUNNABLE,
    &UNSETTLED,
    &OPEN_OF_NETWORK,
    &INSERT,
    &INSERT_ROUTER,
    &UPDATE,
];

/// A change, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// What it does.
    pub kind: ChangeKind,
    /// Where it stands.
    pub state: ChangeState,
    /// Whether it goes forward or back.
    pub decision: Decision,
    /// The network it is about, when there is only one; it may be gone by now.
    pub network_id: Option<NetworkId>,
    /// Whose networks, when they are all of one tenant.
    pub tenant_id: Option<TenantId>,
    /// Where, when all its networks are at one site.
    pub site_id: Option<SiteId>,
    /// The routers it touches, by id. Set once, when it is inserted.
    pub routers: Vec<RouterId>,
    /// How often it was tried.
    pub attempt: i64,
    /// Not to be tried before.
    pub not_before: Timestamp,
    /// When waiting ends.
    pub deadline: Timestamp,
    /// Whether anything may have reached a router. Once true it stays true.
    pub reached: bool,
    /// What went wrong last.
    pub error: Option<ChangeError>,
    /// The request as it was made.
    pub request: Value,
    /// Who asked, by name.
    pub principal: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it became final.
    pub finished_at: Option<Timestamp>,
    /// Counts its updates, for `ETag` and optimistic locking.
    pub version: i64,
}

/// What went wrong in a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeError {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// What a program may want to know beside it.
    pub detail: Value,
}

/// Which changes are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeFilter {
    /// In this state.
    pub state: Option<ChangeState>,
    /// Of this kind.
    pub kind: Option<ChangeKind>,
    /// About this network.
    pub network: Option<NetworkId>,
    /// At this site.
    pub site: Option<SiteId>,
    /// Touching this router.
    pub router: Option<RouterId>,
    /// Only those that are not final.
    pub open_only: bool,
}

fn read(row: &Row) -> Result<Change> {
    let routers = row.text_or_null("routers")?.unwrap_or_default();
    let routers = routers.split(',').filter(|id| !id.is_empty()).map(|id| {
        id.parse().map_err(|error| StoreError::Corrupt { what: format!("routers of a change: {error}") })
    });
    Ok(Change {
        id: row.parsed("id")?,
        kind: row.word("kind", ChangeKind::parse)?,
        state: row.word("state", ChangeState::parse)?,
        decision: row.word("decision", Decision::parse)?,
        network_id: row.parsed_or_null("network_id")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        site_id: row.parsed_or_null("site_id")?,
        routers: routers.collect::<Result<_>>()?,
        attempt: row.int("attempt")?,
        not_before: row.time("not_before")?,
        deadline: row.time("deadline")?,
        reached: row.flag("reached")?,
        error: row.json_or_null("error")?,
        request: row.json("request")?,
        principal: row.text("principal")?,
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        finished_at: row.time_or_null("finished_at")?,
        version: row.int("version")?,
    })
}

impl Reads {
    /// One change.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn change(&self, scope: Scope, id: ChangeId) -> Result<Option<Change>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// Changes, newest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn changes(&self, scope: Scope, filter: &ChangeFilter, page: &Page) -> Result<Listing<Change>> {
        let params = params![
            scope,
            filter.state.map(ChangeState::as_str),
            filter.kind.map(ChangeKind::as_str),
            filter.network,
            filter.site,
            filter.router,
            filter.open_only,
            page.cursor(),
            page.fetch(),
        ];
        let items = self.list(&LIST, &params, read).await?;
        Ok(page.listing(items, |change| change.id.to_string()))
    }

    /// Every change a worker should look at now, oldest first: neither final nor waiting for an operator,
    /// and not to be left alone until later.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn runnable_changes(&self, now: Timestamp) -> Result<Vec<Change>> {
        self.list(&RUNNABLE, &params![now], read).await
    }

    /// When the next change that is left alone until later becomes runnable.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn next_runnable_at(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        let next = self.one(&NEXT_RUNNABLE, &params![now], |row| row.time_or_null("next")).await?;
        Ok(next.flatten())
    }

    /// The changes that have begun on routers and are not over, with each of their routers: no other
    /// change may begin there before they end, because rows are shared.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn unsettled_changes(&self) -> Result<Vec<(ChangeId, RouterId)>> {
        self.list(&UNSETTLED, &[], |row| Ok((row.parsed("id")?, row.parsed("router_id")?))).await
    }

    /// The change of a network that is not final.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn open_change_of_network(&self, network: NetworkId) -> Result<Option<Change>> {
        self.one(&OPEN_OF_NETWORK, &params![network], read).await
    }
}

impl Tx {
    /// Opens a change of these networks. A network has at most one that is not final.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_change(&mut self, change: &Change, subjects: &[Subject]) -> Result<()> {
        let params = params![
            change.id,
            change.kind.as_str(),
            change.state.as_str(),
            change.decision.as_str(),
            change.network_id,
            change.tenant_id,
            change.site_id,
            change.attempt,
            change.not_before,
            change.deadline,
            change.reached,
            Param::json_or_null(change.error.as_ref())?,
            Param::json(&change.request)?,
            &change.principal,
            change.created_at,
            change.updated_at,
            change.finished_at,
            change.version,
        ];
        self.execute(&INSERT, &params).await?;
        for router in &change.routers {
            self.execute(&INSERT_ROUTER, &params![change.id, *router]).await?;
        }
        self.insert_subjects(change.id, subjects).await
    }

    /// Writes state, decision, attempt, times, `reached` and error when the version is still the one in
    /// `change`, and brings `version`, `updated_at` and `finished_at` in it up to date.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_change(&mut self, change: &mut Change, now: Timestamp) -> Result<()> {
        let finished_at = change.finished_at.or_else(|| change.state.is_final().then_some(now));
        let params = params![
            change.id,
            change.version,
            change.state.as_str(),
            change.decision.as_str(),
            change.attempt,
            change.not_before,
            change.deadline,
            change.reached,
            Param::json_or_null(change.error.as_ref())?,
            now,
            finished_at,
        ];
        let Some(row) = self.row(&UPDATE, &params).await? else {
            return Err(match self.change(Scope::All, change.id).await? {
                Some(_) => StoreError::Stale("change"),
                None => StoreError::NotFound("change"),
            });
        };
        change.reached = row.flag("reached")?;
        if change.finished_at.is_none() && finished_at.is_some() {
            self.close_subjects(change.id).await?;
            self.close_profiles(change.id).await?;
        }
        change.version += 1;
        change.updated_at = now;
        change.finished_at = finished_at;
        Ok(())
    }

    /// Reads a change and locks it until the transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_change(&mut self, scope: Scope, id: ChangeId) -> Result<Option<Change>> {
        self.one(&LOCK, &params![id, scope], read).await
    }
}
