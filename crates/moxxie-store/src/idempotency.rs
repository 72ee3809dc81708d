//! Idempotency keys: what was answered to a request that may be repeated.

use moxxie_core::{Timestamp, audit::hex};
use serde_json::{Value, json};

use crate::{
    Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static GET: Statement = Statement::new(
    "idempotency.get",
    "SELECT principal, route, key, body_hash, status, response, created_at FROM idempotency
     WHERE principal = $1 AND route = $2 AND key = $3",
);
static INSERT: Statement = Statement::new(
    "idempotency.insert",
    "INSERT INTO idempotency (principal, route, key, body_hash, status, response, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7)",
);
static INSERT_MANY: Statement = Statement::new(
    "idempotency.insert_many",
    "INSERT INTO idempotency (principal, route, key, body_hash, status, response, created_at)
     SELECT value ->> 0, value ->> 1, value ->> 2, unhex(value ->> 3), value ->> 4, value ->> 5, value ->> 6
     FROM json_each($1)",
)
.postgres(
    "INSERT INTO idempotency (principal, route, key, body_hash, status, response, created_at)
     SELECT value ->> 0, value ->> 1, value ->> 2, decode(value ->> 3, 'hex'), (value ->> 4)::bigint,
            value ->> 5, (value ->> 6)::bigint
     FROM json_array_elements($1::json)",
);
static PURGE: Statement =
    Statement::new("idempotency.purge", "DELETE FROM idempotency WHERE created_at < $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&GET, &INSERT, &INSERT_MANY, &PURGE];

/// What was answered to a request with an idempotency key. Never one that shows a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotent {
    /// Who asked.
    pub principal: String,
    /// What was called, such as `POST /networks/provision`.
    pub route: String,
    /// The key.
    pub key: String,
    /// What [`Reads::body_tag`] made of the request's body.
    pub body_hash: [u8; 32],
    /// The HTTP status answered.
    pub status: u16,
    /// The answer.
    pub response: Value,
    /// When.
    pub created_at: Timestamp,
}

fn read(row: &Row) -> Result<Idempotent> {
    Ok(Idempotent {
        principal: row.text("principal")?,
        route: row.text("route")?,
        key: row.text("key")?,
        body_hash: row.array("body_hash")?,
        status: row.number("status")?,
        response: row.json("response")?,
        created_at: row.time("created_at")?,
    })
}

impl Reads {
    /// A hash of a request body that is worth nothing without the master key.
    #[must_use]
    pub fn body_tag(&self, sha256: &[u8]) -> [u8; 32] {
        let tag = ring::hmac::sign(&self.shared.keys.body, sha256);
        let mut bytes = [0; 32];
        bytes.copy_from_slice(tag.as_ref());
        bytes
    }

    /// What was answered before.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn idempotent(&self, principal: &str, route: &str, key: &str) -> Result<Option<Idempotent>> {
        self.one(&GET, &params![principal, route, key], read).await
    }
}

impl Tx {
    /// Keeps an answer, in the transaction that does the work: of two at once, one gets
    /// [`crate::Constraint::IdempotencyKey`].
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_idempotent(&mut self, answer: &Idempotent) -> Result<()> {
        let params = params![
            &answer.principal,
            &answer.route,
            &answer.key,
            answer.body_hash,
            answer.status,
            Param::json(&answer.response)?,
            answer.created_at,
        ];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Keeps several answers, as [`Self::insert_idempotent`] does.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_idempotents(&mut self, answers: &[Idempotent]) -> Result<()> {
        if answers.is_empty() {
            return Ok(());
        }
        let row = |answer: &Idempotent| {
            json!([
                answer.principal,
                answer.route,
                answer.key,
                hex(&answer.body_hash),
                answer.status,
                answer.response.to_string(),
                answer.created_at.as_microsecond(),
            ])
        };
        let rows: Vec<Value> = answers.iter().map(row).collect();
        self.execute(&INSERT_MANY, &[Param::json(&rows)?]).await.map(drop)
    }

    /// Forgets the answers older than this; says how many.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn purge_idempotent(&mut self, before: Timestamp) -> Result<u64> {
        self.execute(&PURGE, &params![before]).await
    }
}
