//! Batches: many allocations and releases in one transaction.
//!
//! On PostgreSQL a batch is one statement, so that it takes one round trip and one flush to disk however many
//! requests it answers. Everything in it depends on the fence of the spaces it touches: when one of them is not at
//! the version it was planned with, nothing is written. On SQLite the same rows go in one short transaction.
//!
//! Batches have an audit chain of their own, whose end is known in memory: one process writes one batch at a time.

use moxxie_core::{
    EventId, Timestamp,
    address::AddressStatus,
    audit::{AuditEvent, GENESIS},
    free_range::RangeChanges,
    prefix::address_bytes,
};
use serde_json::{Value, json};

use crate::{
    Address, AuditDraft, Idempotent, Reads, Result, Store, StoreError, Tx,
    address::family,
    audit::{INSERT_HEAD, event_of},
    error::classify,
    label::label_rows,
    param::{Param, params},
    past::past_rows,
    row::Row,
    source::{Pool, postgres_query, refuse_nul},
    statement::{Dialect, Statement},
};

// The parts that PostgreSQL's two statements have in common. `go` is true when every fence holds; a statement
// that waited for somebody else's lock sees the version that was written meanwhile.
macro_rules! postgres_take {
    ($more:expr) => {
        concat!(
            "WITH fence AS (
                 UPDATE space AS s SET version = s.version + 1, low = f.low
                 FROM unnest($1::text[], $2::bigint[], $3::bytea[]) AS f (id, version, low)
                 WHERE s.id = f.id AND s.version = f.version RETURNING s.id
             ), go AS MATERIALIZED (
                 SELECT COUNT(*) = cardinality($1::text[]) AS ok FROM fence
             ), taken AS (
                 INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status,
                     expires_at, kind, hostname, mac, vm_id, owner, tags, since, created_at)
                 SELECT a.*, a.since
                 FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::bigint[],
                     $10::bytea[], $11::text[], $12::text[], $13::bigint[], $14::text[], $15::text[],
                     $16::text[], $17::text[], $18::text[], $19::text[], $20::bigint[])
                     AS a (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status, expires_at,
                           kind, hostname, mac, vm_id, owner, tags, since)
                 WHERE (SELECT ok FROM go)
             ), event AS (
                 INSERT INTO audit_event (id, seq, at, actor, source, action, object, tenant_id, outcome,
                     detail, previous, hash, writer)
                 SELECT e.*, $33
                 FROM unnest($21::text[], $22::bigint[], $23::bigint[], $24::text[], $25::text[], $26::text[],
                     $27::text[], $28::text[], $29::text[], $30::text[], $31::text[], $32::text[]) AS e
                 WHERE (SELECT ok FROM go)
             ), head AS (
                 UPDATE audit_head SET seq = $34, hash = $35 WHERE writer = $33 AND (SELECT ok FROM go)
             )",
            $more,
            " SELECT ok FROM go"
        )
    };
}

static TAKE: Statement =
    Statement::new("batch.take", "").postgres(postgres_take!("")).only(Dialect::Postgres);
static MIXED: Statement = Statement::new("batch.mixed", "")
    .postgres(postgres_take!(
        ", free_stale AS (
             DELETE FROM free_range AS r USING space AS s
             WHERE s.id = ANY($1::text[]) AND r.space_id = s.id AND r.first < s.low AND (SELECT ok FROM go)
             RETURNING r.space_id, s.low, r.last
         ), free_gone AS (
             DELETE FROM free_range AS r USING unnest($36::text[], $37::bytea[]) AS f (space_id, first)
             WHERE r.space_id = f.space_id AND r.first = f.first AND (SELECT ok FROM go)
         ), free_new AS (
             INSERT INTO free_range (space_id, first, last)
             SELECT f.* FROM unnest($38::text[], $39::bytea[], $40::bytea[]) AS f WHERE (SELECT ok FROM go)
             UNION ALL
             SELECT * FROM free_stale AS s WHERE (s.space_id, s.low) NOT IN (
                 SELECT * FROM unnest($36::text[], $37::bytea[])
                 UNION ALL SELECT * FROM unnest($38::text[], $39::bytea[])
             )
             ON CONFLICT (space_id, first) DO UPDATE SET last = EXCLUDED.last
         ), gone AS (
             DELETE FROM address WHERE id = ANY($41::text[]) AND (SELECT ok FROM go)
         ), unlabelled AS (
             DELETE FROM label WHERE object_id = ANY($41::text[]) AND (SELECT ok FROM go)
         ), turned AS (
             UPDATE address AS a SET status = t.status, expires_at = t.expires_at, since = t.since
             FROM unnest($42::text[], $43::text[], $44::bigint[], $45::bigint[])
                 AS t (id, status, expires_at, since)
             WHERE a.id = t.id AND (SELECT ok FROM go)
         ), labelled AS (
             INSERT INTO label (object_id, tenant_id, key, value)
             SELECT object, tenant, key, value
             FROM json_to_recordset($46::json) AS r (object text, tenant text, key text, value text)
             WHERE (SELECT ok FROM go)
         ), remembered AS (
             INSERT INTO past (kind, space, family, first, last, object, tenant_id, since, until, snapshot)
             SELECT kind, space, family, decode(first, 'hex'), decode(last, 'hex'), object, tenant, since,
                    until, snapshot
             FROM json_to_recordset($47::json) AS r (kind text, space text, family bigint, first text,
                    last text, object text, tenant text, since bigint, until bigint, snapshot text)
             WHERE (SELECT ok FROM go) ON CONFLICT DO NOTHING
         ), answer AS (
             INSERT INTO idempotency (principal, route, key, body_hash, status, response, created_at)
             SELECT i.* FROM unnest($48::text[], $49::text[], $50::text[], $51::bytea[], $52::bigint[],
                 $53::text[], $54::bigint[]) AS i
             WHERE (SELECT ok FROM go)
         )"
    ))
    .only(Dialect::Postgres);

static FENCE: Statement = Statement::new(
    "batch.fence",
    "UPDATE space SET version = space.version + 1
     FROM (SELECT value ->> 0 AS id, value ->> 1 AS version FROM json_each($1)) AS f
     WHERE space.id = f.id AND space.version = f.version",
)
.only(Dialect::Sqlite);
// Several statements in one text: each of them alone would be a hand-over to SQLite's thread and back.
macro_rules! sqlite_take {
    ($more:expr) => {
        concat!(
            "DELETE FROM free_range WHERE (space_id, first) IN
                 (SELECT value ->> 0, unhex(value ->> 1) FROM json_each($1));
             INSERT INTO free_range (space_id, first, last)
                 SELECT value ->> 0, unhex(value ->> 1), unhex(value ->> 2) FROM json_each($2) WHERE true
                 ON CONFLICT (space_id, first) DO UPDATE SET last = EXCLUDED.last;
             INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status,
                     expires_at, kind, hostname, mac, vm_id, owner, tags, since, created_at)
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                        unhex(value ->> 6), value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11,
                        value ->> 12, value ->> 13, value ->> 14, value ->> 15, value ->> 16, value ->> 16
                 FROM json_each($3);
             INSERT INTO audit_event (id, seq, at, actor, source, action, object, tenant_id, outcome, detail,
                     previous, hash, writer)
                 SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5,
                        value ->> 6, value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, $5
                 FROM json_each($4);
             UPDATE audit_head SET seq = $6, hash = $7 WHERE writer = $5;",
            $more
        )
    };
}
static TAKE_ROWS: Statement = Statement::new("batch.take_rows", sqlite_take!("")).only(Dialect::Sqlite);
static MIXED_ROWS: Statement = Statement::new(
    "batch.mixed_rows",
    sqlite_take!(
        "DELETE FROM address WHERE id IN (SELECT value FROM json_each($8));
         DELETE FROM label WHERE object_id IN (SELECT value FROM json_each($8));
         UPDATE address SET status = t.status, expires_at = t.expires_at, since = t.since
             FROM (SELECT value ->> 0 AS id, value ->> 1 AS status, value ->> 2 AS expires_at,
                          value ->> 3 AS since FROM json_each($9)) AS t
             WHERE address.id = t.id;
         INSERT INTO label (object_id, tenant_id, key, value)
             SELECT value ->> 'object', value ->> 'tenant', value ->> 'key', value ->> 'value'
             FROM json_each($10);
         INSERT INTO past (kind, space, family, first, last, object, tenant_id, since, until, snapshot)
             SELECT value ->> 'kind', value ->> 'space', value ->> 'family', unhex(value ->> 'first'),
                    unhex(value ->> 'last'), value ->> 'object', value ->> 'tenant', value ->> 'since',
                    value ->> 'until', value ->> 'snapshot'
             FROM json_each($11) WHERE true ON CONFLICT DO NOTHING;
         INSERT INTO idempotency (principal, route, key, body_hash, status, response, created_at)
             SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), value ->> 4, value ->> 5,
                    value ->> 6
             FROM json_each($12);"
    ),
)
.only(Dialect::Sqlite);
static HEAD: Statement = Statement::new("batch.head", "SELECT seq, hash FROM audit_head WHERE writer = $1");
static EVENT: Statement = Statement::new("batch.event", "SELECT seq FROM audit_event WHERE id = $1");
static VOID: Statement = Statement::new("batch.void", "UPDATE space SET version = version + 1 WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&TAKE, &MIXED, &FENCE, &TAKE_ROWS, &MIXED_ROWS, &HEAD, &EVENT, &VOID];

/// What a batch does in one space, by what [`Reads::free_window`] said of it.
#[derive(Debug, Clone)]
pub struct SpaceStep {
    /// The space.
    pub id: String,
    /// The version at which it was planned.
    pub version: i64,
    /// What becomes of its free ranges.
    pub changes: RangeChanges,
    /// The same in one number, when all of it is that numbers went from the beginning of the lowest range: where that
    /// begins now.
    pub low: Option<u128>,
}

/// Another status of an address that stays recorded.
#[derive(Debug, Clone)]
pub struct AddressTurn {
    /// The record as it was.
    pub before: Address,
    /// What it becomes.
    pub status: AddressStatus,
    /// Until when.
    pub expires_at: Option<Timestamp>,
}

/// What is written at once, or not at all.
#[derive(Debug, Clone)]
pub struct Batch {
    /// When.
    pub now: Timestamp,
    /// The spaces it touches, in order of id, each once.
    pub spaces: Vec<SpaceStep>,
    /// Addresses to record.
    pub taken: Vec<Address>,
    /// Addresses that are free from now on.
    pub released: Vec<Address>,
    /// Addresses that stay, otherwise.
    pub turned: Vec<AddressTurn>,
    /// What the audit trail says of it; at least one event, whose id tells whether the batch was written.
    pub events: Vec<AuditDraft>,
    /// What is answered when a request is repeated.
    pub answers: Vec<Idempotent>,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is committed.
    Done,
    /// A space had moved: nothing was written.
    Stale,
}

impl Batch {
    /// Whether it only takes the lowest addresses, which is what most do on PostgreSQL.
    fn only_lowest(&self) -> bool {
        self.only_takes() && self.spaces.iter().all(|space| space.low.is_some())
    }

    /// Whether it only takes addresses without labels.
    fn only_takes(&self) -> bool {
        self.released.is_empty()
            && self.turned.is_empty()
            && self.answers.is_empty()
            && self.taken.iter().all(|address| address.tags.is_empty())
    }

    /// Places the events behind the head of the chain; answers them and the new head.
    fn seal(&self, writer: &str, head: (i64, String)) -> Result<(Vec<AuditEvent>, (i64, String))> {
        let (mut seq, mut hash) = head;
        let mut events = Vec::with_capacity(self.events.len());
        for draft in &self.events {
            let mut event = event_of(draft.clone(), writer)?;
            event.seal(Some((seq, &hash)));
            seq = event.seq;
            hash.clone_from(&event.hash);
            events.push(event);
        }
        Ok((events, (seq, hash)))
    }

    fn labels(&self) -> Result<Param> {
        let ids: Vec<String> = self.taken.iter().map(|address| address.id.to_string()).collect();
        let rows = ids.iter().zip(&self.taken).map(|(id, a)| (id.as_str(), Some(a.tenant_id), &a.tags));
        Ok(label_rows(rows)?.unwrap_or_else(|| Param::from("[]")))
    }

    fn ended(&self) -> Result<Param> {
        let ended: Vec<Address> =
            self.released.iter().chain(self.turned.iter().map(|turn| &turn.before)).cloned().collect();
        Ok(past_rows(&ended, self.now)?.unwrap_or_else(|| Param::from("[]")))
    }

    /// The parameters of PostgreSQL's statement: columns.
    fn columns(&self, writer: &str, events: &[AuditEvent], head: &(i64, String)) -> Result<Vec<Param>> {
        let spaces = &self.spaces;
        let gone = || spaces.iter().flat_map(|s| s.changes.gone.iter().map(move |first| (s, *first)));
        let new = || {
            let ranges =
                |s: &'_ SpaceStep| s.changes.moved.iter().chain(&s.changes.new).copied().collect::<Vec<_>>();
            spaces.iter().flat_map(move |s| ranges(s).into_iter().map(move |range| (s, range)))
        };
        let taken = &self.taken;
        let lowest = self.only_lowest();
        // With its ranges written out a space needs no mark.
        let low = |space: &SpaceStep| space.low.filter(|_| lowest).unwrap_or(0).to_be_bytes().to_vec();
        let mut all = vec![
            texts(spaces, |s| Some(s.id.clone())),
            ints(spaces, |s| Some(s.version)),
            Param::Blobs(spaces.iter().map(low).collect()),
            texts(taken, |a| Some(a.id.to_string())),
            texts(taken, |a| Some(a.prefix_id.to_string())),
            texts(taken, |a| Some(a.network_id.to_string())),
            texts(taken, |a| Some(a.tenant_id.to_string())),
            texts(taken, |a| Some(a.vrf_id.to_string())),
            ints(taken, |a| Some(family(a.address))),
            Param::Blobs(taken.iter().map(|a| address_bytes(a.address).to_vec()).collect()),
            texts(taken, |a| Some(a.address.to_string())),
            texts(taken, |a| Some(a.status.as_str().to_owned())),
            ints(taken, |a| a.expires_at.map(Timestamp::as_microsecond)),
            texts(taken, |a| Some(a.kind.as_str().to_owned())),
            texts(taken, |a| a.hostname.clone()),
            texts(taken, |a| a.mac.clone()),
            texts(taken, |a| a.vm_id.clone()),
            texts(taken, |a| a.owner.clone()),
            texts_of(taken, tags)?,
            ints(taken, |a| Some(a.since.as_microsecond())),
            texts(events, |e| Some(e.id.to_string())),
            ints(events, |e| Some(e.seq)),
            ints(events, |e| Some(e.at.as_microsecond())),
            texts(events, |e| Some(e.actor.clone())),
            texts(events, |e| Some(e.source.clone())),
            texts(events, |e| Some(e.action.clone())),
            texts(events, |e| Some(e.object.clone())),
            texts(events, |e| e.tenant_id.map(|id| id.to_string())),
            texts(events, |e| Some(e.outcome.clone())),
            texts(events, |e| Some(e.detail.to_string())),
            texts(events, |e| Some(e.previous.clone())),
            texts(events, |e| Some(e.hash.clone())),
            writer.into(),
            head.0.into(),
            (&head.1).into(),
        ];
        if !lowest {
            let (turned, answers) = (&self.turned, &self.answers);
            all.extend([
                Param::Texts(gone().map(|(s, _)| Some(s.id.clone())).collect()),
                Param::Blobs(gone().map(|(_, first)| first.to_be_bytes().to_vec()).collect()),
                Param::Texts(new().map(|(s, _)| Some(s.id.clone())).collect()),
                Param::Blobs(new().map(|(_, (first, _))| first.to_be_bytes().to_vec()).collect()),
                Param::Blobs(new().map(|(_, (_, last))| last.to_be_bytes().to_vec()).collect()),
                texts(&self.released, |a| Some(a.id.to_string())),
                texts(turned, |t| Some(t.before.id.to_string())),
                texts(turned, |t| Some(t.status.as_str().to_owned())),
                ints(turned, |t| t.expires_at.map(Timestamp::as_microsecond)),
                ints(turned, |_| Some(self.now.as_microsecond())),
                self.labels()?,
                self.ended()?,
                texts(answers, |i| Some(i.principal.clone())),
                texts(answers, |i| Some(i.route.clone())),
                texts(answers, |i| Some(i.key.clone())),
                Param::Blobs(answers.iter().map(|i| i.body_hash.to_vec()).collect()),
                ints(answers, |i| Some(i.status.into())),
                texts(answers, |i| Some(i.response.to_string())),
                ints(answers, |i| Some(i.created_at.as_microsecond())),
            ]);
        }
        Ok(all)
    }

    /// The parameters of SQLite's statement: rows as JSON.
    fn rows(&self, writer: &str, events: &[AuditEvent], head: &(i64, String)) -> Result<Vec<Param>> {
        let hex = |number: u128| format!("{number:032x}");
        let mut gone: Vec<Value> = Vec::new();
        let mut new: Vec<Value> = Vec::new();
        for space in &self.spaces {
            let changes = &space.changes;
            gone.extend(changes.gone.iter().map(|first| json!([space.id, hex(*first)])));
            let ranges = changes.moved.iter().chain(&changes.new);
            new.extend(ranges.map(|(first, last)| json!([space.id, hex(*first), hex(*last)])));
        }
        let mut taken: Vec<Value> = Vec::with_capacity(self.taken.len());
        for a in &self.taken {
            taken.push(json!([
                a.id.to_string(),
                a.prefix_id.to_string(),
                a.network_id.to_string(),
                a.tenant_id.to_string(),
                a.vrf_id.to_string(),
                family(a.address),
                moxxie_core::audit::hex(&address_bytes(a.address)),
                a.address.to_string(),
                a.status.as_str(),
                a.expires_at.map(Timestamp::as_microsecond),
                a.kind.as_str(),
                a.hostname,
                a.mac,
                a.vm_id,
                a.owner,
                tags(a)?,
                a.since.as_microsecond(),
            ]));
        }
        let events: Vec<Value> = events
            .iter()
            .map(|e| {
                json!([
                    e.id.to_string(),
                    e.seq,
                    e.at.as_microsecond(),
                    e.actor,
                    e.source,
                    e.action,
                    e.object,
                    e.tenant_id.map(|id| id.to_string()),
                    e.outcome,
                    e.detail.to_string(),
                    e.previous,
                    e.hash,
                ])
            })
            .collect();
        let mut all = vec![
            Param::json(&gone)?,
            Param::json(&new)?,
            Param::json(&taken)?,
            Param::json(&events)?,
            writer.into(),
            head.0.into(),
            (&head.1).into(),
        ];
        if !self.only_takes() {
            let released: Vec<String> = self.released.iter().map(|a| a.id.to_string()).collect();
            let turned: Vec<Value> = self
                .turned
                .iter()
                .map(|t| {
                    let until = t.expires_at.map(Timestamp::as_microsecond);
                    json!([t.before.id.to_string(), t.status.as_str(), until, self.now.as_microsecond()])
                })
                .collect();
            let answers: Vec<Value> = self
                .answers
                .iter()
                .map(|i| {
                    let hash = moxxie_core::audit::hex(&i.body_hash);
                    let at = i.created_at.as_microsecond();
                    json!([i.principal, i.route, i.key, hash, i.status, i.response.to_string(), at])
                })
                .collect();
            all.extend([
                Param::json(&released)?,
                Param::json(&turned)?,
                self.labels()?,
                self.ended()?,
                Param::json(&answers)?,
            ]);
        }
        Ok(all)
    }

    fn fences(&self) -> Result<Param> {
        let fences: Vec<_> = self.spaces.iter().map(|space| json!([space.id, space.version])).collect();
        Param::json(&fences)
    }
}

fn texts<T>(items: &[T], text: impl Fn(&T) -> Option<String>) -> Param {
    Param::Texts(items.iter().map(text).collect())
}

fn texts_of<T>(items: &[T], text: impl Fn(&T) -> Result<String>) -> Result<Param> {
    Ok(Param::Texts(items.iter().map(|item| text(item).map(Some)).collect::<Result<_>>()?))
}

fn ints<T>(items: &[T], int: impl Fn(&T) -> Option<i64>) -> Param {
    Param::Ints(items.iter().map(int).collect())
}

fn tags(address: &Address) -> Result<String> {
    serde_json::to_string(&address.tags)
        .map_err(|error| StoreError::Corrupt { what: format!("tags to be written: {error}") })
}

impl Reads {
    async fn batch_head(&self) -> Result<Option<(i64, String)>> {
        let read = |row: &Row| Ok((row.int("seq")?, row.text("hash")?));
        self.one(&HEAD, &params![&self.shared.batch_writer], read).await
    }
}

impl Store {
    /// Writes a batch in a transaction of its own.
    ///
    /// # Errors
    /// [`StoreError::is_certain`] says whether nothing was written; else ask [`Self::settle_batch`].
    pub async fn write_batch(&self, batch: &Batch) -> Result<Written> {
        let (Pool::Postgres { batches, .. }, None) = (&self.pool, &self.whole) else {
            return Box::pin(self.begin().await?.commit_batch(batch)).await;
        };
        let mut known = self.shared.batch_head.lock().await;
        let head = match known.take() {
            Some(head) => head,
            None => Box::pin(self.first_head()).await?,
        };
        let (events, next) = batch.seal(&self.shared.batch_writer, head.clone())?;
        let statement = if batch.only_lowest() { &TAKE } else { &MIXED };
        let params = batch.columns(&self.shared.batch_writer, &events, &next)?;
        refuse_nul(&params)?;
        let mut connection = batches.acquire().await.map_err(|error| classify(statement.name(), error))?;
        let row = postgres_query(statement, &params).fetch_one(&mut *connection).await;
        let row = row.map_err(|error| classify(statement.name(), error))?;
        let row = Row { statement: statement.name(), inner: crate::row::Inner::Postgres(row) };
        let done = row.flag("ok")?;
        *known = Some(if done { next } else { head });
        Ok(if done { Written::Done } else { Written::Stale })
    }

    /// Where the chain of batches ends, as the database has it; makes the chain when it is new.
    async fn first_head(&self) -> Result<(i64, String)> {
        if let Some(head) = self.batch_head().await? {
            return Ok(head);
        }
        let mut tx = self.begin().await?;
        tx.execute(&INSERT_HEAD, &params![&self.shared.batch_writer, GENESIS]).await?;
        tx.commit().await?;
        Ok((0, GENESIS.to_owned()))
    }

    /// Whether a batch was written whose answer was lost, found by its first event. When it was not, it cannot be
    /// written any more either: its spaces move on.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails again; then it is still not known.
    pub async fn settle_batch(&self, first: EventId, spaces: &[&str]) -> Result<bool> {
        *self.shared.batch_head.lock().await = None;
        let mut tx = self.begin().await?;
        // Waits for a transaction that is still under way, and makes one stale that has not begun.
        for space in spaces {
            tx.execute(&VOID, &params![*space]).await?;
        }
        let found = tx.row(&EVENT, &params![first]).await?.is_some();
        tx.commit().await?;
        Ok(found)
    }
}

impl Tx {
    /// Writes a batch, with whatever else the transaction did, and commits.
    ///
    /// # Errors
    /// As [`Store::write_batch`].
    pub async fn commit_batch(mut self, batch: &Batch) -> Result<Written> {
        let shared = std::sync::Arc::clone(&self.shared);
        let mut known = shared.batch_head.lock().await;
        let writer = &shared.batch_writer;
        let head = match known.take() {
            Some(head) => head,
            None => match self.batch_head().await? {
                Some(head) => head,
                None => {
                    self.execute(&INSERT_HEAD, &params![writer, GENESIS]).await?;
                    (0, GENESIS.to_owned())
                }
            },
        };
        let (events, next) = batch.seal(writer, head)?;
        let done = if self.source.dialect().await == Dialect::Sqlite {
            let held = self.execute(&FENCE, &[batch.fences()?]).await?;
            let done = held == batch.spaces.len() as u64;
            if done {
                let statement = if batch.only_takes() { &TAKE_ROWS } else { &MIXED_ROWS };
                self.execute(statement, &batch.rows(writer, &events, &next)?).await?;
            }
            done
        } else {
            let statement = if batch.only_lowest() { &TAKE } else { &MIXED };
            let params = batch.columns(writer, &events, &next)?;
            self.one(statement, &params, |row| row.flag("ok")).await?.unwrap_or(false)
        };
        if !done {
            return Ok(Written::Stale);
        }
        self.commit().await?;
        *known = Some(next);
        Ok(Written::Done)
    }
}
