//! Where statements run: a pool of connections, or one transaction.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{
    AssertSqlSafe, PgConnection, PgPool, Postgres, Sqlite, SqliteConnection, SqlitePool, Transaction,
    postgres::PgArguments, query::Query, sqlite::SqliteArguments,
};
use tokio::sync::{Mutex, MutexGuard};

use crate::{
    Constraint, Result, StoreError,
    error::classify,
    param::Param,
    row::{Inner, Row},
    statement::{Dialect, Statement},
};

/// The connections to a database.
#[derive(Debug, Clone)]
pub(crate) enum Pool {
    /// One writer, because SQLite has one write lock; readers see the last commit meanwhile.
    Sqlite { writer: SqlitePool, readers: SqlitePool },
    Postgres {
        pool: PgPool,
        /// For the batches of the allocation engine: see [`crate::batch`].
        batches: PgPool,
    },
}

/// What a transaction has to be able to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Read and write; on SQLite with the write lock from the start, so that it never has to be
    /// upgraded, which could fail.
    Write,
    /// Read, everything as of one moment.
    Snapshot,
}

impl Pool {
    pub(crate) async fn begin(&self, mode: Mode) -> Result<Open> {
        let began = match (self, mode) {
            (Self::Sqlite { writer, .. }, Mode::Write) => {
                writer.begin_with("BEGIN IMMEDIATE").await.map(Kind::Sqlite)
            }
            (Self::Sqlite { readers, .. }, Mode::Snapshot) => {
                readers.begin_with("BEGIN").await.map(Kind::Sqlite)
            }
            (Self::Postgres { pool, .. }, Mode::Write) => pool.begin().await.map(Kind::Postgres),
            (Self::Postgres { pool, .. }, Mode::Snapshot) => {
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY").await.map(Kind::Postgres)
            }
        };
        let kind = began.map_err(|error| classify("begin", error))?;
        Ok(Open { kind: Mutex::new(kind), failed: AtomicBool::new(false), abandoned: AtomicBool::new(false) })
    }

    pub(crate) async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres { pool, batches } => {
                batches.close().await;
                pool.close().await;
            }
        }
    }
}

/// An open transaction.
#[derive(Debug)]
pub(crate) struct Open {
    /// Behind a lock so that reads can be methods of a shared reference, alike in and outside of a
    /// transaction. Nobody ever waits for it.
    kind: Mutex<Kind>,
    /// Whether a statement failed or was given up half-way. PostgreSQL then answers COMMIT by rolling
    /// back, without an error; SQLite would commit the other half. Here neither happens.
    failed: AtomicBool,
    /// Whether a part of it was dropped: what it wrote is undone before the next statement, because dropping
    /// cannot wait for a database.
    abandoned: AtomicBool,
}

#[derive(Debug)]
enum Kind {
    Sqlite(Transaction<'static, Sqlite>),
    Postgres(Transaction<'static, Postgres>),
}

impl Open {
    pub(crate) async fn commit(self) -> Result<()> {
        drop(self.kind().await?);
        if self.failed.load(Ordering::Relaxed) {
            return Err(StoreError::Aborted);
        }
        match self.kind.into_inner() {
            Kind::Sqlite(transaction) => transaction.commit().await,
            Kind::Postgres(transaction) => transaction.commit().await,
        }
        .map_err(|error| classify("commit", error))
    }

    async fn dialect(&self) -> Dialect {
        match *self.kind.lock().await {
            Kind::Sqlite(_) => Dialect::Sqlite,
            Kind::Postgres(_) => Dialect::Postgres,
        }
    }

    async fn rows(&self, statement: &'static Statement, params: &[Param]) -> Result<Vec<Row>> {
        let mut kind = self.kind().await?;
        let failed_before = self.failed.swap(true, Ordering::Relaxed);
        let rows = match &mut *kind {
            Kind::Sqlite(transaction) => sqlite_rows(transaction, statement, params).await,
            Kind::Postgres(transaction) => postgres_rows(transaction, statement, params).await,
        }?;
        self.failed.store(failed_before, Ordering::Relaxed);
        Ok(rows)
    }

    /// The transaction, as it is without the part that was dropped, if one was.
    async fn kind(&self) -> Result<MutexGuard<'_, Kind>> {
        let mut kind = self.kind.lock().await;
        if self.abandoned.load(Ordering::Relaxed) {
            kind.word("ROLLBACK TO SAVEPOINT part").await?;
            kind.word("RELEASE SAVEPOINT part").await?;
            self.abandoned.store(false, Ordering::Relaxed);
            self.failed.store(false, Ordering::Relaxed);
        }
        Ok(kind)
    }
}

impl Kind {
    /// Runs a statement without parameters or answer that databases do not prepare.
    async fn word(&mut self, text: &'static str) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => sqlx::raw_sql(text).execute(&mut **transaction).await.map(drop),
            Self::Postgres(transaction) => sqlx::raw_sql(text).execute(&mut **transaction).await.map(drop),
        }
        .map_err(|error| classify(text, error))
    }
}

/// A part of an open transaction: kept whole, or undone without the rest. One at a time.
#[derive(Debug)]
pub(crate) struct Part {
    open: Arc<Open>,
    kept: bool,
}

impl Part {
    pub(crate) async fn begin(open: Arc<Open>) -> Result<Self> {
        open.kind().await?.word("SAVEPOINT part").await?;
        Ok(Self { open, kept: false })
    }

    pub(crate) async fn keep(mut self) -> Result<()> {
        if self.open.failed.load(Ordering::Relaxed) {
            return Err(StoreError::Aborted);
        }
        self.open.kind().await?.word("RELEASE SAVEPOINT part").await?;
        self.kept = true;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            self.open.abandoned.store(true, Ordering::Relaxed);
        }
    }
}

/// Where statements run.
#[derive(Debug)]
pub(crate) enum Source {
    Pool(Pool),
    Open(Open),
    /// A transaction that others run statements in too.
    Within(Arc<Open>),
}

impl Source {
    /// The transaction, if it is one.
    fn open(&self) -> Option<&Open> {
        match self {
            Self::Pool(_) => None,
            Self::Open(open) => Some(open),
            Self::Within(open) => Some(open),
        }
    }

    /// Whether it is a transaction a statement of which failed.
    pub(crate) fn is_over(&self) -> bool {
        self.open().is_some_and(|open| open.failed.load(Ordering::Relaxed))
    }

    pub(crate) async fn dialect(&self) -> Dialect {
        match self {
            Self::Pool(Pool::Sqlite { .. }) => Dialect::Sqlite,
            Self::Pool(Pool::Postgres { .. }) => Dialect::Postgres,
            Self::Open(open) => open.dialect().await,
            Self::Within(open) => open.dialect().await,
        }
    }

    /// Runs a statement and answers its rows.
    pub(crate) async fn rows(&self, statement: &'static Statement, params: &[Param]) -> Result<Vec<Row>> {
        refuse_nul(params)?;
        match self {
            Self::Pool(Pool::Sqlite { readers, .. }) => {
                let mut connection =
                    readers.acquire().await.map_err(|error| classify(statement.name(), error))?;
                sqlite_rows(&mut connection, statement, params).await
            }
            Self::Pool(Pool::Postgres { pool, .. }) => {
                let mut connection =
                    pool.acquire().await.map_err(|error| classify(statement.name(), error))?;
                postgres_rows(&mut connection, statement, params).await
            }
            Self::Open(open) => open.rows(statement, params).await,
            Self::Within(open) => open.rows(statement, params).await,
        }
    }

    /// Runs a statement that answers at most one row.
    pub(crate) async fn row(&self, statement: &'static Statement, params: &[Param]) -> Result<Option<Row>> {
        Ok(self.rows(statement, params).await?.into_iter().next())
    }

    /// Runs a statement that answers no rows; says how many it touched.
    pub(crate) async fn execute(&self, statement: &'static Statement, params: &[Param]) -> Result<u64> {
        refuse_nul(params)?;
        let Some(open) = self.open() else {
            return Err(StoreError::Corrupt { what: format!("{} outside a transaction", statement.name()) });
        };
        let mut kind = open.kind().await?;
        let failed_before = open.failed.swap(true, Ordering::Relaxed);
        let touched = match &mut *kind {
            Kind::Sqlite(transaction) => sqlite_query(statement, params)
                .execute(&mut **transaction)
                .await
                .map(|result| result.rows_affected()),
            Kind::Postgres(transaction) => postgres_query(statement, params)
                .execute(&mut **transaction)
                .await
                .map(|result| result.rows_affected()),
        }
        .map_err(|error| classify(statement.name(), error))?;
        open.failed.store(failed_before, Ordering::Relaxed);
        Ok(touched)
    }

    /// Runs a statement that may be refused by this constraint without ending the transaction: a
    /// refusal is a count of no rows. On PostgreSQL the statement must see to that itself.
    pub(crate) async fn attempt(
        &self,
        statement: &'static Statement,
        params: &[Param],
        refusal: Constraint,
    ) -> Result<u64> {
        let failed_before = self.is_over();
        match (self.execute(statement, params).await, self.open()) {
            (Err(StoreError::Conflict(constraint)), Some(open)) if constraint == refusal => {
                open.failed.store(failed_before, Ordering::Relaxed);
                Ok(0)
            }
            (result, _) => result,
        }
    }

    /// Runs the text of a migration: several statements, no parameters.
    pub(crate) async fn script(&self, name: &'static str, text: &'static str) -> Result<(), sqlx::Error> {
        let Self::Open(open) = self else {
            return Err(sqlx::Error::Protocol(format!("{name} outside a transaction")));
        };
        // The one word in which the common table definitions differ.
        match &mut *open.kind.lock().await {
            Kind::Sqlite(transaction) => {
                let text = AssertSqlSafe(text.replace("BYTEA", "BLOB"));
                sqlx::raw_sql(text).execute(&mut **transaction).await?;
            }
            Kind::Postgres(transaction) => {
                sqlx::raw_sql(text).execute(&mut **transaction).await?;
            }
        }
        Ok(())
    }
}

/// PostgreSQL cannot store NUL in a text; SQLite could, and nobody could move to PostgreSQL later.
pub(crate) fn refuse_nul(params: &[Param]) -> Result<()> {
    let has_nul = |param: &Param| match param {
        Param::Text(Some(text)) => text.contains('\0'),
        Param::Texts(texts) => texts.iter().flatten().any(|text| text.contains('\0')),
        _ => false,
    };
    if params.iter().any(has_nul) { Err(StoreError::NulCharacter) } else { Ok(()) }
}

fn sqlite_query<'q>(statement: &'static Statement, params: &[Param]) -> Query<'q, Sqlite, SqliteArguments> {
    let text = AssertSqlSafe(statement.text(Dialect::Sqlite));
    params.iter().cloned().fold(sqlx::query(text), |query, param| match param {
        Param::Text(value) => query.bind(value),
        Param::Int(value) => query.bind(value),
        Param::Bytes(value) => query.bind(value),
        Param::Bool(value) => query.bind(value),
        // No statement that SQLite runs takes arrays; if one did, it would find nothing.
        Param::Texts(_) | Param::Ints(_) | Param::Blobs(_) => query.bind(None::<String>),
    })
}

pub(crate) fn postgres_query<'q>(
    statement: &'static Statement,
    params: &[Param],
) -> Query<'q, Postgres, PgArguments> {
    let text = AssertSqlSafe(statement.text(Dialect::Postgres));
    params.iter().cloned().fold(sqlx::query(text), |query, param| match param {
        Param::Text(value) => query.bind(value),
        Param::Int(value) => query.bind(value),
        Param::Bytes(value) => query.bind(value),
        Param::Bool(value) => query.bind(value),
        Param::Texts(value) => query.bind(value),
        Param::Ints(value) => query.bind(value),
        Param::Blobs(value) => query.bind(value),
    })
}

async fn sqlite_rows(
    connection: &mut SqliteConnection,
    statement: &'static Statement,
    params: &[Param],
) -> Result<Vec<Row>> {
    let rows = sqlite_query(statement, params).fetch_all(connection).await;
    let rows = rows.map_err(|error| classify(statement.name(), error))?;
    Ok(rows.into_iter().map(|row| Row { statement: statement.name(), inner: Inner::Sqlite(row) }).collect())
}

pub(crate) async fn postgres_rows(
    connection: &mut PgConnection,
    statement: &'static Statement,
    params: &[Param],
) -> Result<Vec<Row>> {
    let rows = postgres_query(statement, params).fetch_all(connection).await;
    let rows = rows.map_err(|error| classify(statement.name(), error))?;
    Ok(rows.into_iter().map(|row| Row { statement: statement.name(), inner: Inner::Postgres(row) }).collect())
}
