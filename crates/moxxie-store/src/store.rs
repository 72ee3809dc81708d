//! Opening a database, reading from it, and transactions.

use std::{ops::Deref, time::Duration};

use moxxie_core::Timestamp;

use crate::{MasterKey, OpenError, Result};

/// How to open a store.
#[derive(Debug)]
pub struct StoreConfig {
    /// `sqlite:PATH`, a bare path, or `postgres://...`.
    pub url: String,
    /// Seals secrets and signs audit checkpoints.
    pub master_key: MasterKey,
    /// The time of opening: creation time of a new installation, start of this audit chain.
    pub now: Timestamp,
    /// Connections to PostgreSQL, or readers of SQLite (which always has one writer).
    pub connections: u32,
    /// How long to wait for a free connection or a lock before [`crate::StoreError::Unavailable`].
    pub patience: Duration,
}

impl StoreConfig {
    /// The usual configuration: 16 connections (SQLite: 4 readers), 10 s patience.
    #[must_use]
    pub fn new(url: impl Into<String>, master_key: MasterKey, now: Timestamp) -> Self {
        Self { url: url.into(), master_key, now, connections: 16, patience: Duration::from_secs(10) }
    }
}

/// Everything that can be read, from the database as it is or inside a transaction.
#[derive(Debug)]
pub struct Reads {}

/// An open database. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    reads: std::sync::Arc<Reads>,
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
    pub async fn open(_config: StoreConfig) -> Result<Self, OpenError> {
        todo!()
    }

    /// Begins a transaction that can write. On SQLite it holds the one write lock from the start.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when there is no connection in time.
    pub async fn begin(&self) -> Result<Tx> {
        todo!()
    }

    /// A transaction for reading only, in which everything is as of one moment.
    ///
    /// # Errors
    /// [`crate::StoreError::Unavailable`] when there is no connection in time.
    pub async fn snapshot(&self) -> Result<Reads> {
        todo!()
    }

    /// Changes its value after every commit of this process that appended change events; other
    /// processes' commits have to be polled for.
    #[must_use]
    pub fn watch(&self) -> tokio::sync::watch::Receiver<u64> {
        todo!()
    }

    /// Whether the database answers, for readiness.
    ///
    /// # Errors
    /// [`crate::StoreError`] when it does not.
    pub async fn ping(&self) -> Result<()> {
        todo!()
    }

    /// Closes all connections, and waits for it.
    pub async fn close(&self) {
        todo!()
    }
}

/// A transaction. Dropped without [`Self::commit`], it is rolled back.
#[derive(Debug)]
pub struct Tx {
    reads: Reads,
}

impl Deref for Tx {
    type Target = Reads;

    fn deref(&self) -> &Reads {
        &self.reads
    }
}

impl Tx {
    /// Appends the audit events of the transaction, then commits it.
    ///
    /// # Errors
    /// [`crate::StoreError`]; whether a lost connection committed is unknown.
    pub async fn commit(self) -> Result<()> {
        todo!()
    }
}
