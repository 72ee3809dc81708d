//! Leases of routers, by the database's clock.

use std::time::Duration;

use moxxie_core::RouterId;

use crate::{Result, Store, Tx, param::params, statement::Statement};

// Leases end by the one clock that all instances share.
macro_rules! sqlite_now {
    () => {
        "CAST(unixepoch('now', 'subsec') * 1000000 AS INTEGER)"
    };
}
macro_rules! postgres_now {
    () => {
        "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::BIGINT"
    };
}

macro_rules! acquire {
    ($now:expr) => {
        concat!(
            "INSERT INTO router_lease (router_id, holder, previous, epoch, expires_at)
             VALUES ($1, $2, NULL, 1, ",
            $now,
            " + $3)
             ON CONFLICT (router_id) DO UPDATE SET
                 holder = excluded.holder, previous = router_lease.holder,
                 epoch = router_lease.epoch + 1, expires_at = excluded.expires_at
             WHERE router_lease.holder IS NULL OR router_lease.holder = excluded.holder
                OR router_lease.expires_at <= ",
            $now,
            " RETURNING epoch, previous"
        )
    };
}
macro_rules! renew {
    ($now:expr) => {
        concat!(
            "UPDATE router_lease SET expires_at = ",
            $now,
            " + $4 WHERE router_id = $1 AND holder = $2 AND epoch = $3 AND expires_at > ",
            $now,
            " RETURNING epoch"
        )
    };
}
macro_rules! holds {
    ($now:expr) => {
        concat!(
            "SELECT epoch FROM router_lease
             WHERE router_id = $1 AND holder = $2 AND epoch = $3 AND expires_at > ",
            $now
        )
    };
}

static ACQUIRE: Statement =
    Statement::new("lease.acquire", acquire!(sqlite_now!())).postgres(acquire!(postgres_now!()));
static RENEW: Statement =
    Statement::new("lease.renew", renew!(sqlite_now!())).postgres(renew!(postgres_now!()));
static HOLDS: Statement = Statement::new("lease.holds", holds!(sqlite_now!()))
    .postgres(holds!(postgres_now!()))
    .locking("router_lease");
static RELEASE: Statement = Statement::new(
    "lease.release",
    "UPDATE router_lease SET holder = NULL, expires_at = 0
     WHERE router_id = $1 AND holder = $2 AND epoch = $3
     RETURNING epoch",
);

static END_ALL: Statement = Statement::new(
    "lease.end_all",
    "UPDATE router_lease SET expires_at = 0 WHERE holder IS NOT NULL RETURNING epoch",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&ACQUIRE, &RENEW, &HOLDS, &RELEASE, &END_ALL];

/// A router, for one holder alone, until it ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The router.
    pub router_id: RouterId,
    /// Who has it.
    pub holder: String,
    /// Grows with every acquisition of this router.
    pub epoch: i64,
    /// Who had it before and did not release it: what they sent may still be on its way.
    pub previous: Option<String>,
}

fn micros(ttl: Duration) -> i64 {
    i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX / 2)
}

impl Tx {
    /// Whether the lease still holds, as of now by the database's clock; locks it until the transaction
    /// ends, so that what is written beside it is written by the holder.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn holds_lease(&mut self, lease: &Lease) -> Result<bool> {
        let params = params![lease.router_id, &lease.holder, lease.epoch];
        Ok(self.row(&HOLDS, &params).await?.is_some())
    }
}

impl Store {
    /// Takes the router for `holder` when nobody has it, the last lease is over, or `holder` itself could
    /// not give it back: within a process the caller keeps its own work apart. The holder counts
    /// `ttl` from *before* the call on its own monotonic clock, so it never believes longer than the
    /// database.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn acquire_lease(
        &self,
        router: RouterId,
        holder: &str,
        ttl: Duration,
    ) -> Result<Option<Lease>> {
        let row = self.alone(&ACQUIRE, &params![router, holder, micros(ttl)]).await?;
        row.map(|row| {
            Ok(Lease {
                router_id: router,
                holder: holder.to_owned(),
                epoch: row.int("epoch")?,
                previous: row.text_or_null("previous")?,
            })
        })
        .transpose()
    }

    /// Makes the lease last `ttl` from now; `false` when it is over or somebody else's.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<bool> {
        let params = params![lease.router_id, &lease.holder, lease.epoch, micros(ttl)];
        Ok(self.alone(&RENEW, &params).await?.is_some())
    }

    /// Gives the router back; `false` when the lease was somebody else's already.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn release_lease(&self, lease: &Lease) -> Result<bool> {
        let params = params![lease.router_id, &lease.holder, lease.epoch];
        Ok(self.alone(&RELEASE, &params).await?.is_some())
    }

    /// Ends every lease, so that a new holder need not wait; who held it is still told as
    /// [`Lease::previous`]. Right only where no other process can be alive: on SQLite, whose file one
    /// process has for itself.
    pub(crate) async fn end_leases(&self) -> Result<()> {
        self.alone(&END_ALL, &[]).await?;
        Ok(())
    }
}
