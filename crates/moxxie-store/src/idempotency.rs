//! Idempotency keys: what was answered to a request that may be repeated.

use moxxie_core::Timestamp;
use serde_json::Value;

use crate::{Reads, Result, Tx};

/// What was answered to a request with an idempotency key. Never one that shows a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent {
    /// Who asked.
    pub principal: String,
    /// What was called, such as `POST /networks/provision`.
    pub route: String,
    /// The key.
    pub key: String,
    /// SHA-256 of the request's body.
    pub body_hash: [u8; 32],
    /// The HTTP status answered.
    pub status: u16,
    /// The answer.
    pub response: Value,
    /// When.
    pub created_at: Timestamp,
}

impl Reads {
    /// What was answered before.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn idempotent(&self, principal: &str, route: &str, key: &str) -> Result<Option<Idempotent>> {
        todo!()
    }
}

impl Tx {
    /// Keeps an answer, in the transaction that does the work: of two at once, one gets
    /// [`crate::Constraint::IdempotencyKey`].
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_idempotent(&mut self, answer: &Idempotent) -> Result<()> {
        todo!()
    }

    /// Forgets the answers older than this; says how many.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn purge_idempotent(&mut self, before: Timestamp) -> Result<u64> {
        todo!()
    }
}
