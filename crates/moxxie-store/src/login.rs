//! Failed logins, counted per source and minute so that a flood of them is a few rows.

use moxxie_core::Timestamp;

use crate::{Reads, Result, Store, param::params, row::Row, statement::Statement};

static RECORD: Statement = Statement::new(
    "login.record",
    "INSERT INTO auth_failure (source, minute, count) VALUES ($1, $2, $3)
     ON CONFLICT (source, minute) DO UPDATE SET count = auth_failure.count + excluded.count",
);
static LIST: Statement = Statement::new(
    "login.list",
    "SELECT source, minute, count FROM auth_failure WHERE minute >= $1
     ORDER BY minute DESC, source LIMIT 1000",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&RECORD, &LIST];

/// How often a source failed to log in within one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthFailures {
    /// The source's address.
    pub source: String,
    /// The beginning of the minute.
    pub minute: Timestamp,
    /// How often.
    pub count: u64,
}

fn read(row: &Row) -> Result<AuthFailures> {
    Ok(AuthFailures { source: row.text("source")?, minute: row.time("minute")?, count: row.number("count")? })
}

impl Reads {
    /// Failures since, newest first, at most 1000 rows.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn auth_failures(&self, since: Timestamp) -> Result<Vec<AuthFailures>> {
        self.list(&LIST, &params![since], read).await
    }
}

impl Store {
    /// Counts failures of a source.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn record_auth_failures(&self, source: &str, now: Timestamp, count: u64) -> Result<()> {
        const MINUTE: i64 = 60_000_000;
        let micros = now.as_microsecond();
        let minute = micros - micros.rem_euclid(MINUTE);
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        self.alone(&RECORD, &params![source, minute, count]).await.map(drop)
    }
}
