//! Scans of routers: who looks, and when somebody last did.

use std::time::Duration;

use moxxie_core::{RouterId, Timestamp};

use crate::{Reads, Result, Store, Tx, param::params, row::Row, statement::Statement};

// By the one clock that all instances share, as leases.
macro_rules! claim {
    ($now:literal) => {
        concat!(
            "INSERT INTO router_scan (router_id, number, holder, attempted_at, expires_at, completed, truncated)
             VALUES ($1, 1, $2, ",
            $now,
            ", ",
            $now,
            " + $3, 0, FALSE)
             ON CONFLICT (router_id) DO UPDATE SET
                 number = router_scan.number + 1, holder = excluded.holder,
                 attempted_at = excluded.attempted_at, expires_at = excluded.expires_at
             WHERE (router_scan.expires_at <= excluded.attempted_at
                    OR router_scan.expires_at > excluded.expires_at)
               AND (router_scan.attempted_at <= excluded.attempted_at - $4
                    OR router_scan.attempted_at > excluded.attempted_at)
             RETURNING number"
        )
    };
}

static CLAIM: Statement =
    Statement::new("scan.claim", claim!("CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)"))
        .postgres(claim!("(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"));
static COMPLETE: Statement = Statement::new(
    "scan.complete",
    "UPDATE router_scan SET expires_at = 0, completed = $2, completed_at = $3, truncated = $4,
         failed_at = NULL, error = NULL
     WHERE router_id = $1 AND number = $2",
);
static FAIL: Statement = Statement::new(
    "scan.fail",
    "UPDATE router_scan SET expires_at = 0, failed_at = $3, error = $4 WHERE router_id = $1 AND number = $2",
);
static GET: Statement = Statement::new(
    "scan.get",
    "SELECT router_id, completed, completed_at, truncated, failed_at, error FROM router_scan
     WHERE router_id = $1",
);

static END_ALL: Statement =
    Statement::new("scan.end_all", "UPDATE router_scan SET expires_at = 0 WHERE expires_at > 0");

pub(crate) static STATEMENTS: &[&Statement] = &[&CLAIM, &COMPLETE, &FAIL, &GET, &END_ALL];

/// The right to look at a router, for one holder alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanClaim {
    /// The router.
    pub router_id: RouterId,
    /// Grows with every look at this router.
    pub number: i64,
}

/// How the looks at a router went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterScan {
    /// The router.
    pub router_id: RouterId,
    /// Number of the last scan that was read to its end; 0 when none was.
    pub completed: i64,
    /// When that was.
    pub completed_at: Option<Timestamp>,
    /// Whether a table was longer than what is read of one.
    pub truncated: bool,
    /// When the last one failed, if it did.
    pub failed_at: Option<Timestamp>,
    /// Why.
    pub error: Option<String>,
}

fn read(row: &Row) -> Result<RouterScan> {
    Ok(RouterScan {
        router_id: row.parsed("router_id")?,
        completed: row.int("completed")?,
        completed_at: row.time_or_null("completed_at")?,
        truncated: row.flag("truncated")?,
        failed_at: row.time_or_null("failed_at")?,
        error: row.text_or_null("error")?,
    })
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX / 4)
}

impl Reads {
    /// How the looks at a router went; `None` when there was none yet.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn router_scan(&self, router: RouterId) -> Result<Option<RouterScan>> {
        self.one(&GET, &params![router], read).await
    }
}

impl Store {
    /// Claims a router for a scan of at most `ttl`, unless somebody is at it or did it less than `pause` ago. A
    /// clock that was set back makes neither wait longer.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn claim_scan(
        &self,
        router: RouterId,
        holder: &str,
        ttl: Duration,
        pause: Duration,
    ) -> Result<Option<ScanClaim>> {
        let params = params![router, holder, micros(ttl), micros(pause)];
        let row = self.alone(&CLAIM, &params).await?;
        row.map(|row| Ok(ScanClaim { router_id: router, number: row.int("number")? })).transpose()
    }

    /// Ends every claim. Right only where no other process can be alive, as with leases.
    pub(crate) async fn end_scans(&self) -> Result<()> {
        self.alone(&END_ALL, &[]).await.map(drop)
    }
}

impl Tx {
    /// Ends a claim whose scan was read to its end; `false` when somebody else has claimed the router since.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn complete_scan(&mut self, claim: ScanClaim, truncated: bool, now: Timestamp) -> Result<bool> {
        let params = params![claim.router_id, claim.number, now, truncated];
        Ok(self.execute(&COMPLETE, &params).await? > 0)
    }

    /// Ends a claim whose scan failed.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn fail_scan(&mut self, claim: ScanClaim, error: &str, now: Timestamp) -> Result<bool> {
        let params = params![claim.router_id, claim.number, now, error];
        Ok(self.execute(&FAIL, &params).await? > 0)
    }
}
