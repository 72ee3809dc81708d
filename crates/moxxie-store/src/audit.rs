//! The audit trail: append-only, hash-chained. Verification and signatures are in `checkpoint.rs`.

use moxxie_core::{
    EventId, TenantId, Timestamp,
    audit::{AuditEvent, GENESIS},
    identity::Scope,
};
use serde_json::Value;

use crate::{
    Listing, Page, Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:expr) => {
        concat!(
            "SELECT position, id, writer, seq, at, actor, source, action, object, tenant_id, outcome, detail,
                 previous, hash
             FROM audit_event ",
            $rest
        )
    };
}
macro_rules! filter {
    ($rest:literal) => {
        concat!(
            "WHERE (tenant_id = $1 OR $1 IS NULL) AND (actor = $2 OR $2 IS NULL)
               AND (action = $3 OR $3 IS NULL) AND (object = $4 OR $4 IS NULL)
               AND (outcome = $5 OR $5 IS NULL) AND (at >= $6 OR $6 IS NULL) AND (at < $7 OR $7 IS NULL) ",
            $rest
        )
    };
}

static LIST: Statement = Statement::new(
    "audit.list",
    select!(filter!("AND (position < $8 OR $8 IS NULL) ORDER BY position DESC LIMIT $9")),
);
static EXPORT: Statement = Statement::new(
    "audit.export",
    select!(filter!("AND (position > $8 OR $8 IS NULL) ORDER BY position LIMIT $9")),
);
pub(crate) static CHAINS: Statement = Statement::new(
    "audit.chains",
    select!("WHERE writer > $1 OR (writer = $1 AND seq > $2) ORDER BY writer, seq LIMIT 1000"),
);
static LOCK_HEAD: Statement =
    Statement::new("audit.lock_head", "SELECT seq, hash FROM audit_head WHERE writer = $1")
        .locking("audit_head");
pub(crate) static INSERT_HEAD: Statement = Statement::new(
    "audit.insert_head",
    "INSERT INTO audit_head (writer, seq, hash, checkpointed) VALUES ($1, 0, $2, 0)
     ON CONFLICT (writer) DO NOTHING",
);
static UPDATE_HEAD: Statement =
    Statement::new("audit.update_head", "UPDATE audit_head SET seq = $2, hash = $3 WHERE writer = $1");
static INSERT: Statement = Statement::new(
    "audit.insert",
    "INSERT INTO audit_event (id, writer, seq, at, actor, source, action, object, tenant_id, outcome,
         detail, previous, hash)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);
// Events of one chain, as one JSON text: an import has a hundred thousand of them.
static INSERT_MANY: Statement = Statement::new(
    "audit.insert_many",
    "INSERT INTO audit_event (id, writer, seq, at, actor, source, action, object, tenant_id, outcome,
         detail, previous, hash)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6,
            value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
     FROM json_each($1)",
)
.postgres(
    "INSERT INTO audit_event (id, writer, seq, at, actor, source, action, object, tenant_id, outcome,
         detail, previous, hash)
     SELECT value ->> 0, value ->> 1, (value ->> 2)::bigint, (value ->> 3)::bigint, value ->> 4, value ->> 5,
            value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12
     FROM json_array_elements($1::json)",
);

pub(crate) static STATEMENTS: &[&Statement] =
    &[&LIST, &EXPORT, &CHAINS, &LOCK_HEAD, &INSERT_HEAD, &UPDATE_HEAD, &INSERT, &INSERT_MANY];

/// An audit event to be: the chain gives it its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDraft {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who: a token's name or `system`.
    pub actor: String,
    /// From where.
    pub source: String,
    /// What was done, such as `network.provision`.
    pub action: String,
    /// To what: a printed id.
    pub object: String,
    /// Whose it is, when it is one tenant's.
    pub tenant_id: Option<TenantId>,
    /// `accepted`, `succeeded`, `refused`, `failed`.
    pub outcome: String,
    /// Whatever the action calls for. No secrets.
    pub detail: Value,
}

/// Which audit events are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// To this object.
    pub object: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

pub(crate) fn read(row: &Row) -> Result<AuditEvent> {
    Ok(AuditEvent {
        id: row.parsed("id")?,
        writer: row.text("writer")?,
        seq: row.int("seq")?,
        at: row.time("at")?,
        actor: row.text("actor")?,
        source: row.text("source")?,
        action: row.text("action")?,
        object: row.text("object")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        outcome: row.text("outcome")?,
        detail: row.json("detail")?,
        previous: row.text("previous")?,
        hash: row.text("hash")?,
    })
}

impl Reads {
    /// Audit events, newest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn audit_events(
        &self,
        scope: Scope,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEvent>> {
        self.audit_page(&LIST, scope, filter, page).await
    }

    /// Audit events as they were written, oldest first, for export: each chain is in its order.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn audit_export(
        &self,
        scope: Scope,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEvent>> {
        self.audit_page(&EXPORT, scope, filter, page).await
    }

    async fn audit_page(
        &self,
        statement: &'static Statement,
        scope: Scope,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEvent>> {
        let params = params![
            scope,
            &filter.actor,
            &filter.action,
            &filter.object,
            &filter.outcome,
            filter.since,
            filter.until,
            page.parsed::<i64>()?,
            page.fetch(),
        ];
        let items = self.list(statement, &params, |row| Ok((row.int("position")?, read(row)?))).await?;
        let Listing { items, next } = page.listing(items, |(position, _)| position.to_string());
        Ok(Listing { items: items.into_iter().map(|(_, event)| event).collect(), next })
    }
}

impl Tx {
    /// Puts the drafts behind the chain's head. Nothing else is locked after the head, and the commit
    /// follows at once.
    pub(crate) async fn append_audit(&mut self, drafts: Vec<AuditDraft>) -> Result<()> {
        if drafts.is_empty() {
            return Ok(());
        }
        let writer = self.shared.writer.clone();
        let (mut seq, mut hash) = self.lock_head(&writer).await?;
        let many = drafts.len() > 1;
        let mut rows = Vec::new();
        let count = drafts.len();
        for (index, draft) in drafts.into_iter().enumerate() {
            let mut event = event_of(draft, &writer)?;
            event.seal(Some((seq, &hash)));
            if many {
                rows.push(many_row(&event)?);
                if rows.len() == MANY || index + 1 == count {
                    self.execute(&INSERT_MANY, &[Param::json(&rows)?]).await?;
                    rows.clear();
                }
                (seq, hash) = (event.seq, event.hash);
                continue;
            }
            let params = params![
                event.id,
                &event.writer,
                event.seq,
                event.at,
                &event.actor,
                &event.source,
                &event.action,
                &event.object,
                event.tenant_id,
                &event.outcome,
                Param::json(&event.detail)?,
                &event.previous,
                &event.hash,
            ];
            self.execute(&INSERT, &params).await?;
            (seq, hash) = (event.seq, event.hash);
        }
        self.touch("audit head", &UPDATE_HEAD, &params![&writer, seq, hash]).await
    }

    async fn lock_head(&mut self, writer: &String) -> Result<(i64, String)> {
        let read = |row: &Row| Ok((row.int("seq")?, row.text("hash")?));
        if let Some(head) = self.one(&LOCK_HEAD, &params![writer], read).await? {
            return Ok(head);
        }
        self.execute(&INSERT_HEAD, &params![writer, GENESIS]).await?;
        let head = self.one(&LOCK_HEAD, &params![writer], read).await?;
        head.ok_or(StoreError::NotFound("audit head"))
    }
}

/// How many events are written by one statement.
const MANY: usize = 500;

/// An event for [`INSERT_MANY`].
fn many_row(event: &AuditEvent) -> Result<Value> {
    let Param::Text(detail) = Param::json(&event.detail)? else { return Ok(Value::Null) };
    Ok(serde_json::json!([
        event.id,
        event.writer,
        event.seq,
        event.at.as_microsecond(),
        event.actor,
        event.source,
        event.action,
        event.object,
        event.tenant_id,
        event.outcome,
        detail,
        event.previous,
        event.hash,
    ]))
}

/// Whether a value is the same once it was written and read: only fractions may come back as another number.
fn exact(value: &Value) -> bool {
    match value {
        Value::Number(number) => !number.is_f64(),
        Value::Array(items) => items.iter().all(exact),
        Value::Object(map) => map.values().all(exact),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// The event as it will be read back, which is what has to be hashed: times in microseconds, numbers
/// as JSON text gives them.
pub(crate) fn event_of(draft: AuditDraft, writer: &str) -> Result<AuditEvent> {
    let corrupt =
        |error: &dyn std::fmt::Display| StoreError::Corrupt { what: format!("an audit draft: {error}") };
    let at = Timestamp::from_microsecond(draft.at.as_microsecond()).map_err(|error| corrupt(&error))?;
    let detail = match exact(&draft.detail) {
        true => draft.detail,
        false => serde_json::from_str(&draft.detail.to_string()).map_err(|error| corrupt(&error))?,
    };
    Ok(AuditEvent {
        id: draft.id,
        writer: writer.to_owned(),
        seq: 0,
        at,
        actor: draft.actor,
        source: draft.source,
        action: draft.action,
        object: draft.object,
        tenant_id: draft.tenant_id,
        outcome: draft.outcome,
        detail,
        previous: String::new(),
        hash: String::new(),
    })
}
