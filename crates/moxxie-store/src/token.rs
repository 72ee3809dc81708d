//! Bearer tokens, stored as hashes.

use std::time::Duration;

use moxxie_core::{Name, TenantId, Timestamp, TokenId, identity::Role};

use crate::{Reads, Result, Store, Tx, param::params, row::Row, statement::Statement};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, role, tenant_id, created_at, expires_at, revoked_at, last_used_at FROM token ",
            $rest
        )
    };
}

static BY_HASH: Statement = Statement::new("token.by_hash", select!("WHERE hash = $1"));
static GET: Statement = Statement::new("token.get", select!("WHERE id = $1"));
static LIST: Statement = Statement::new("token.list", select!("ORDER BY id"));
static COUNT: Statement = Statement::new("token.count", "SELECT COUNT(*) AS count FROM token");
static INSERT: Statement = Statement::new(
    "token.insert",
    "INSERT INTO token (id, name, hash, role, tenant_id, created_at, expires_at, revoked_at, last_used_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
);
static REVOKE: Statement =
    Statement::new("token.revoke", "UPDATE token SET revoked_at = COALESCE(revoked_at, $2) WHERE id = $1");
static TOUCH: Statement = Statement::new(
    "token.touch",
    "UPDATE token SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&BY_HASH, &GET, &LIST, &COUNT, &INSERT, &REVOKE, &TOUCH];

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

/// How exactly the last use of a token is kept: a write for every request would cost more than it
/// tells.
const COARSE: Duration = Duration::from_secs(300);

fn read(row: &Row) -> Result<Token> {
    Ok(Token {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        role: row.word("role", Role::parse)?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        created_at: row.time("created_at")?,
        expires_at: row.time_or_null("expires_at")?,
        revoked_at: row.time_or_null("revoked_at")?,
        last_used_at: row.time_or_null("last_used_at")?,
    })
}

impl Reads {
    /// The token whose bytes have this SHA-256, also when it is expired or revoked.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn token_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Token>> {
        self.one(&BY_HASH, &params![*hash], read).await
    }

    /// One token.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn token(&self, id: TokenId) -> Result<Option<Token>> {
        self.one(&GET, &params![id], read).await
    }

    /// All tokens, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tokens(&self) -> Result<Vec<Token>> {
        self.list(&LIST, &[], read).await
    }

    /// How many tokens there are, expired and revoked ones included.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_tokens(&self) -> Result<u64> {
        self.count(&COUNT, &[]).await
    }
}

impl Tx {
    /// Adds a token with the SHA-256 of its bytes.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_token(&mut self, token: &Token, hash: &[u8; 32]) -> Result<()> {
        let params = params![
            token.id,
            &token.name,
            *hash,
            token.role.as_str(),
            token.tenant_id,
            token.created_at,
            token.expires_at,
            token.revoked_at,
            token.last_used_at,
        ];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Revokes a token; one that is revoked stays as it is.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn revoke_token(&mut self, id: TokenId, now: Timestamp) -> Result<()> {
        self.touch("token", &REVOKE, &params![id, now]).await
    }
}

impl Store {
    /// Notes that the token was used. Writes at most every few minutes: ask only when
    /// [`Token::last_used_at`] is old.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn touch_token(&self, id: TokenId, now: Timestamp) -> Result<()> {
        let old = now.as_microsecond() - COARSE.as_micros() as i64;
        self.alone(&TOUCH, &params![id, now, old]).await.map(drop)
    }
}
