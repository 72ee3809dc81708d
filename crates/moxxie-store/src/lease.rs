//! Leases of routers, by the database's clock.

use std::time::Duration;

use moxxie_core::RouterId;

use crate::{Result, Store, Tx};

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

impl Tx {
    /// Whether the lease still holds, as of now by the database's clock; locks it until the transaction
    /// ends, so that what is written beside it is written by the holder.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn holds_lease(&mut self, lease: &Lease) -> Result<bool> {
        todo!()
    }
}

impl Store {
    /// Takes the router for `holder` when nobody has it or the last lease is over. The holder counts
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
        todo!()
    }

    /// Makes the lease last `ttl` from now; `false` when it is over or somebody else's.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn renew_lease(&self, lease: &Lease, ttl: Duration) -> Result<bool> {
        todo!()
    }

    /// Gives the router back; `false` when the lease was somebody else's already.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn release_lease(&self, lease: &Lease) -> Result<bool> {
        todo!()
    }
}
