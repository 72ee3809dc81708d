//! Opening a database, reading from it, and transactions.

use std::{
    fs::File,
    ops::Deref,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use moxxie_core::Timestamp;
use tokio::sync::watch;

use crate::{
    AuditDraft, MasterKey, OpenError, Result, StoreError,
    key::Keys,
    meta::{Installation, installation, uuid},
    migrate::migrate,
    open::connect,
    param::Param,
    row::Row,
    source::{Mode, Open, Part, Pool, Source},
    statement::{Dialect, Statement},
};

static PING: Statement = Statement::new("store.ping", "SELECT 1 AS one");

static DURABILITY: Statement = Statement::new(
    "store.durability",
    "SELECT 'synchronous=' || CASE synchronous WHEN 2 THEN 'FULL' ELSE synchronous END AS told
     FROM pragma_synchronous",
)
.postgres(
    "SELECT 'fsync=' || current_setting('fsync') || ' synchronous_commit='
         || current_setting('synchronous_commit') AS told",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&PING, &DURABILITY];

/// How to open a store.
#[derive(Debug)]
pub struct StoreConfig {
    /// `sqlite:PATH`, a bare path, or `postgres://...`.
    pub url: String,
    /// Seals secrets and signs audit checkpoints.
    pub master_key: MasterKey,
    /// The time of opening: creation time of a new installation, start of this audit chain.
    pub now: Timestamp,
    /// Connections to PostgreSQL, or readers of SQLite (at most 4; it always has one writer).
    pub connections: u32,
    /// How long to wait for a free connection or a lock before [`StoreError::Unavailable`].
    pub patience: Duration,
}

impl StoreConfig {
    /// The usual configuration: 16 connections (SQLite: 4 readers), 10 s patience.
    #[must_use]
    pub fn new(url: impl Into<String>, master_key: MasterKey, now: Timestamp) -> Self {
        Self { url: url.into(), master_key, now, connections: 16, patience: Duration::from_secs(10) }
    }
}

/// What all handles of one opened store have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) installation: Installation,
    pub(crate) keys: Keys,
    /// Names the audit chain of this run.
    pub(crate) writer: String,
    /// Names the audit chain of this run's batches, and where it ends when that is known.
    pub(crate) batch_writer: String,
    pub(crate) batch_head: tokio::sync::Mutex<Option<(i64, String)>>,
    commits: watch::Sender<u64>,
    /// Held until the last handle is gone.
    _lock: Option<File>,
}

/// Everything that can be read: from the database as it is ([`Store`]), inside a transaction ([`Tx`]),
/// or as of one moment ([`Store::snapshot`]).
#[derive(Debug)]
pub struct Reads {
    pub(crate) source: Source,
    pub(crate) shared: Arc<Shared>,
}

impl Reads {
    pub(crate) async fn rows(&self, statement: &'static Statement, params: &[Param]) -> Result<Vec<Row>> {
        self.source.rows(statement, params).await
    }

    pub(crate) async fn row(&self, statement: &'static Statement, params: &[Param]) -> Result<Option<Row>> {
        self.source.row(statement, params).await
    }

    /// The rows of a statement, each turned into what it stands for.
    pub(crate) async fn list<T>(
        &self,
        statement: &'static Statement,
        params: &[Param],
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Vec<T>> {
        self.rows(statement, params).await?.iter().map(read).collect()
    }

    /// The one row of a statement, turned into what it stands for.
    pub(crate) async fn one<T>(
        &self,
        statement: &'static Statement,
        params: &[Param],
        read: impl Fn(&Row) -> Result<T>,
    ) -> Result<Option<T>> {
        self.row(statement, params).await?.as_ref().map(read).transpose()
    }

    /// The count a statement answers in its column `count`.
    pub(crate) async fn count(&self, statement: &'static Statement, params: &[Param]) -> Result<u64> {
        Ok(self.one(statement, params, |row| row.number("count")).await?.unwrap_or(0))
    }
}

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    reads: Arc<Reads>,
    pub(crate) pool: Pool,
    /// The transaction that this store is the inside of, if it is one.
    pub(crate) whole: Option<Arc<Inside>>,
}

/// What the transactions inside of one leave to it.
#[derive(Debug)]
pub(crate) struct Inside {
    open: Arc<Open>,
    left: Mutex<Left>,
}

#[derive(Debug, Default)]
struct Left {
    drafts: Vec<AuditDraft>,
    tells: bool,
}

/// One transaction around others: [`Whole::store`] is a store inside of it, whose transactions are kept when
/// [`Whole::commit`] is called, all of them, or never. Dropped without it, nothing of it has been.
///
/// On SQLite it holds the one write lock from the start, so nothing slow belongs inside.
#[derive(Debug)]
pub struct Whole {
    store: Store,
}

impl Whole {
    /// The store as it looks from inside: reads see what was written there, and each transaction is kept or
    /// undone without the others. One at a time.
    #[must_use]
    pub fn store(&self) -> Store {
        self.store.clone()
    }

    /// Appends the audit events of all that was kept, and commits it. Clones of [`Self::store`] must be gone.
    ///
    /// # Errors
    /// [`StoreError`]; whether a connection lost in this moment committed is unknown.
    pub async fn commit(self) -> Result<()> {
        let Store { reads, whole, .. } = self.store;
        let shared = Arc::clone(&reads.shared);
        drop(reads);
        let inside = whole.and_then(Arc::into_inner).ok_or(StoreError::Aborted)?;
        let left = inside.left.into_inner().unwrap_or_else(PoisonError::into_inner);
        let open = Arc::into_inner(inside.open).ok_or(StoreError::Aborted)?;
        let reads = Reads { source: Source::Open(open), shared };
        Tx { reads, drafts: left.drafts, tells: left.tells, part: None }.commit().await
    }
}

impl Deref for Store {
    type Target = Reads;

    fn deref(&self) -> &Reads {
        &self.reads
    }
}

impl Store {
    /// Opens the database, making and migrating it as needed.
    ///
    /// # Errors
    /// [`OpenError`] says what to do about it.
    pub async fn open(config: StoreConfig) -> Result<Self, OpenError> {
        let keys = Keys::new(&config.master_key).ok_or(OpenError::Random)?;
        let writer = uuid(config.now).ok_or(OpenError::Random)?.to_string();
        let batch_writer = uuid(config.now).ok_or(OpenError::Random)?.to_string();
        let (pool, lock) = connect(&config).await?;
        let prepared = prepare(&pool, &keys, config.now).await;
        let installation = match prepared {
            Ok(installation) => installation,
            Err(error) => {
                pool.close().await;
                return Err(error);
            }
        };
        let commits = watch::Sender::new(0);
        let batch_head = tokio::sync::Mutex::new(None);
        let shared =
            Arc::new(Shared { installation, keys, writer, batch_writer, batch_head, commits, _lock: lock });
        let reads = Arc::new(Reads { source: Source::Pool(pool.clone()), shared });
        let store = Self { reads, pool, whole: None };
        if matches!(store.dialect(), Dialect::Sqlite) {
            store.end_leases().await?;
            store.end_scans().await?;
            store.end_watches().await?;
        }
        Ok(store)
    }

    /// Begins a transaction that can write. On SQLite it holds the one write lock from the start.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no connection in time.
    pub async fn begin(&self) -> Result<Tx> {
        let part = match &self.whole {
            Some(inside) => Some((Part::begin(Arc::clone(&inside.open)).await?, Arc::clone(inside))),
            None => None,
        };
        let reads = self.reads_in(Mode::Write).await?;
        Ok(Tx { reads, drafts: Vec::new(), tells: false, part })
    }

    /// Begins a transaction around others.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no connection in time.
    pub async fn whole(&self) -> Result<Whole> {
        let open = Arc::new(self.pool.begin(Mode::Write).await?);
        let shared = Arc::clone(&self.reads.shared);
        let reads = Arc::new(Reads { source: Source::Within(Arc::clone(&open)), shared });
        let inside = Arc::new(Inside { open, left: Mutex::default() });
        Ok(Whole { store: Self { reads, pool: self.pool.clone(), whole: Some(inside) } })
    }

    /// A transaction for reading only, in which everything is as of one moment.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when there is no connection in time.
    pub async fn snapshot(&self) -> Result<Reads> {
        self.reads_in(Mode::Snapshot).await
    }

    async fn reads_in(&self, mode: Mode) -> Result<Reads> {
        let source = match &self.whole {
            Some(inside) => Source::Within(Arc::clone(&inside.open)),
            None => Source::Open(self.pool.begin(mode).await?),
        };
        Ok(Reads { source, shared: Arc::clone(&self.reads.shared) })
    }

    /// Changes its value after every commit of this process that appended change events; other
    /// processes' commits have to be polled for.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.shared.commits.subscribe()
    }

    /// Whether the database answers, for readiness.
    ///
    /// # Errors
    /// [`StoreError`] when it does not.
    pub async fn ping(&self) -> Result<()> {
        self.row(&PING, &[]).await.map(drop)
    }

    /// What the database says of its own durability, asked of a connection that writes.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn durability(&self) -> Result<String> {
        let row = self.alone(&DURABILITY, &[]).await?;
        row.map_or_else(|| Ok("unknown".to_owned()), |row| row.text("told"))
    }

    /// Which database it is.
    #[must_use]
    pub const fn dialect(&self) -> Dialect {
        match self.pool {
            Pool::Sqlite { .. } => Dialect::Sqlite,
            Pool::Postgres { .. } => Dialect::Postgres,
        }
    }

    /// Closes all connections, and waits for it.
    pub async fn close(&self) {
        self.pool.close().await;
    }

    /// Runs a few statements that belong to one call as a transaction of their own.
    pub(crate) async fn alone(&self, statement: &'static Statement, params: &[Param]) -> Result<Option<Row>> {
        let tx = self.begin().await?;
        let row = tx.row(statement, params).await?;
        tx.commit().await?;
        Ok(row)
    }
}

/// Migrates, and makes or reads the installation, in one transaction.
async fn prepare(pool: &Pool, keys: &Keys, now: Timestamp) -> Result<Installation, OpenError> {
    let db = Source::Open(pool.begin(Mode::Write).await?);
    migrate(&db, now).await?;
    let installation = installation(&db, keys, now).await?;
    if let Source::Open(open) = db {
        open.commit().await?;
    }
    Ok(installation)
}

/// A transaction. Dropped without [`Self::commit`], it is rolled back. After an error from the database
/// it can only be dropped: [`Self::commit`] then answers [`StoreError::Aborted`].
///
/// While one is open, read with it and not with the [`Store`]: that sees what it wrote, and does not
/// wait for a second connection while holding one.
#[derive(Debug)]
pub struct Tx {
    reads: Reads,
    drafts: Vec<AuditDraft>,
    /// Whether events were appended that somebody may be watching for.
    pub(crate) tells: bool,
    /// The part it is of a transaction around others.
    part: Option<(Part, Arc<Inside>)>,
}

impl Deref for Tx {
    type Target = Reads;

    fn deref(&self) -> &Reads {
        &self.reads
    }
}

impl Tx {
    /// Whether the database refused a statement of it, so that it can only be dropped.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.reads.source.is_over()
    }

    /// Appends an audit event when the transaction commits, so that the chain's head is locked only
    /// for that moment.
    pub fn audit(&mut self, draft: AuditDraft) {
        self.drafts.push(draft);
    }

    /// Appends the audit events of the transaction, then commits it.
    ///
    /// # Errors
    /// [`StoreError`]; whether a connection lost in this moment committed is unknown.
    pub async fn commit(mut self) -> Result<()> {
        let drafts = std::mem::take(&mut self.drafts);
        if let Some((part, inside)) = self.part.take() {
            part.keep().await?;
            let mut left = inside.left.lock().unwrap_or_else(PoisonError::into_inner);
            left.drafts.extend(drafts);
            left.tells |= self.tells;
            return Ok(());
        }
        self.append_audit(drafts).await?;
        let Self { reads: Reads { source, shared }, tells, drafts: _, part: _ } = self;
        if let Source::Open(open) = source {
            open.commit().await?;
        }
        if tells {
            shared.commits.send_modify(|count| *count += 1);
        }
        Ok(())
    }

    /// Runs a statement that answers no rows; says how many it touched.
    pub(crate) async fn execute(&mut self, statement: &'static Statement, params: &[Param]) -> Result<u64> {
        self.reads.source.execute(statement, params).await
    }

    /// Runs a statement that must touch a row.
    pub(crate) async fn touch(
        &mut self,
        what: &'static str,
        statement: &'static Statement,
        params: &[Param],
    ) -> Result<()> {
        match self.execute(statement, params).await? {
            0 => Err(StoreError::NotFound(what)),
            _ => Ok(()),
        }
    }
}
