//! What can go wrong, in kinds a caller acts on.

use std::path::PathBuf;

pub use crate::constraint::Constraint;

/// Why an operation of the store failed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A constraint refused the write; nothing of the transaction may be kept.
    #[error("the database refused the write: {0:?}")]
    Conflict(Constraint),
    /// What was to be changed does not exist (or not in this scope).
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Somebody changed it since it was read.
    #[error("the {0} was changed by somebody else in the meantime")]
    Stale(&'static str),
    /// Two transactions crossed (deadlock, serialization failure): the same transaction will do when
    /// run again.
    #[error("transactions crossed in the database; run it again")]
    Retry(#[source] sqlx::Error),
    /// The database cannot be reached, or is too busy to answer in time.
    #[error("the database is not available")]
    Unavailable(#[source] sqlx::Error),
    /// The disk or a quota of the database is full.
    #[error("the database has no space left")]
    Full(#[source] sqlx::Error),
    /// A statement of the transaction failed before; nothing was committed.
    #[error("a statement of this transaction failed before, so nothing was committed")]
    Aborted,
    /// The cursor is not one that this list gave.
    #[error("the cursor is not one that this list gave")]
    Cursor,
    /// A text contains NUL, which PostgreSQL cannot store; refused on SQLite as well.
    #[error("a text contains the character NUL, which cannot be stored")]
    NulCharacter,
    /// A stored value is not what moxxie writes.
    #[error("the database holds a value that moxxie did not write: {what}")]
    Corrupt {
        /// Statement and column, and what was wrong; never the value.
        what: String,
    },
    /// A sealed secret does not open: written with another master key, or altered.
    #[error("the sealed {kind} of {owner} does not open with this master key")]
    Sealed {
        /// Whose secret.
        owner: String,
        /// Which of its secrets.
        kind: String,
    },
    /// Anything else the database said.
    #[error("statement {statement}")]
    Database {
        /// Name of the statement.
        statement: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
}

impl StoreError {
    /// Whether running the same transaction again may help at once.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Retry(_))
    }

    /// Whether it is certain that nothing was written. A connection that breaks while it commits leaves that open.
    #[must_use]
    pub const fn is_certain(&self) -> bool {
        use sqlx::Error::{PoolClosed, PoolTimedOut};
        match self {
            Self::Unavailable(error) => matches!(error, PoolTimedOut | PoolClosed),
            Self::Database { .. } | Self::Corrupt { .. } => false,
            _ => true,
        }
    }

    /// The constraint that refused the write, if one did.
    #[must_use]
    pub const fn constraint(&self) -> Option<Constraint> {
        if let Self::Conflict(constraint) = self { Some(*constraint) } else { None }
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Neither `sqlite:PATH`, a path, nor `postgres://...`.
    #[error("{0:?} names no database: write sqlite:PATH, a path, or postgres://user@host/database")]
    Url(String),
    /// Another process has the SQLite file.
    #[error("{path} is in use by another moxxie (process {pid}); several instances need PostgreSQL", path = path.display())]
    InUse {
        /// The database file.
        path: PathBuf,
        /// The process that holds it, as far as it told.
        pid: String,
    },
    /// The file or its lock file cannot be opened.
    #[error("opening {path}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database was written by a newer moxxie.
    #[error(
        "the database has schema version {found}, this moxxie knows versions up to {known}: use a newer moxxie"
    )]
    NewerSchema {
        /// Version found.
        found: i64,
        /// Newest version known.
        known: i64,
    },
    /// The master key is not the one the database was made with.
    #[error("this is not the master key the database was made with")]
    WrongMasterKey,
    /// The system has no random bytes to give.
    #[error("the system's source of random bytes failed")]
    Random,
    /// A migration failed.
    #[error("migration {name}")]
    Migration {
        /// Its file name.
        name: &'static str,
        /// What the database said.
        source: sqlx::Error,
    },
    /// The database failed.
    #[error("preparing the database")]
    Store(#[from] StoreError),
}

/// Puts what a database said into the kinds above.
///
/// PostgreSQL: SQLSTATE codes (PostgreSQL manual, appendix A). SQLite: primary result codes, the low
/// byte of the extended ones (<https://www.sqlite.org/rescode.html>).
pub(crate) fn classify(statement: &'static str, error: sqlx::Error) -> StoreError {
    use sqlx::Error::{BeginFailed, Io, PoolClosed, PoolTimedOut, Tls, WorkerCrashed};
    let database = match &error {
        sqlx::Error::Database(database) => database,
        Io(_) | PoolTimedOut | PoolClosed | Tls(_) | WorkerCrashed | BeginFailed => {
            return StoreError::Unavailable(error);
        }
        _ => return StoreError::Database { statement, source: error },
    };
    if let Some(constraint) = Constraint::of(database.as_ref()) {
        return StoreError::Conflict(constraint);
    }
    let code = database.code().unwrap_or_default().into_owned();
    if let Some(extended) = code.parse::<i64>().ok().filter(|_| code.len() != 5) {
        return match extended & 0xff {
            // BUSY, LOCKED, READONLY, IOERR, CANTOPEN.
            5 | 6 | 8 | 10 | 14 => StoreError::Unavailable(error),
            13 => StoreError::Full(error),
            // CORRUPT, NOTADB.
            11 | 26 => StoreError::Corrupt { what: format!("{statement}: the database file is damaged") },
            _ => StoreError::Database { statement, source: error },
        };
    }
    match code.as_str() {
        // Serialization failure, deadlock.
        "40001" | "40P01" => StoreError::Retry(error),
        // Disk full.
        "53100" => StoreError::Full(error),
        // Lock timeout, cancelled, read-only (a standby), idle or started up or shut down.
        "55P03" | "57014" | "25006" | "25P03" => StoreError::Unavailable(error),
        code if ["08", "53", "57"].iter().any(|class| code.starts_with(class)) => {
            StoreError::Unavailable(error)
        }
        _ => StoreError::Database { statement, source: error },
    }
}
