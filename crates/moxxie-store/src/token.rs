//! Bearer tokens, stored as hashes.

use moxxie_core::{Name, TenantId, Timestamp, TokenId, identity::Role};

use crate::{Reads, Result, Store, Tx};

/// A token, as stored, without its hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// Its id.
    pub id: TokenId,
    /// Its name, unique.
    pub name: Name,
    /// What it may do.
    pub role: Role,
    /// The only tenant it sees; `None`: all.
    pub tenant_id: Option<TenantId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends; `None`: never.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to within a few minutes.
    pub last_used_at: Option<Timestamp>,
}

impl Reads {
    /// The token whose bytes have this SHA-256, also when it is expired or revoked.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Token>> {
        todo!()
    }

    /// One token.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn token(&self, id: TokenId) -> Result<Option<Token>> {
        todo!()
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        todo!()
    }

    /// How many tokens there are, expired and revoked ones included.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_tokens(&self) -> Result<u64> {
        todo!()
    }
}

impl Tx {
    /// Adds a token with the SHA-256 of its bytes.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_token(&mut self, token: &Token, hash: &[u8; 32]) -> Result<()> {
        todo!()
    }

    /// Revokes a token; one that is revoked stays as it is.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> Result<()> {
        todo!()
    }
}

impl Store {
    /// Notes that the token was used. Writes at most every few minutes: ask only when
    /// [`Token::last_used_at`] is old.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn touch_token(&self, id: TokenId, now: Timestamp) -> Result<()> {
        todo!()
    }
}
