//! Leases of the routers of a change, held while it is worked on.

use std::time::{Duration, Instant};

use moxxie_core::RouterId;
use moxxie_store::{Lease, Store};

use super::failure::Stop;
use crate::Error;

/// What must be left of a lease, beyond the deadline of a wave, for the wave to leave (design, section
/// 4): the clocks of two machines run apart by less.
const MARGIN: Duration = Duration::from_secs(5);

/// Leases of some routers.
pub(crate) struct Leases {
    store: Store,
    held: Vec<Lease>,
    ttl: Duration,
    /// When they were last asked for, on our own clock: never later than the database thinks.
    since: Instant,
}

impl Leases {
    /// Takes all of them, in order of id so that two processes never wait for each other; `None` when
    /// one is somebody else's.
    pub(crate) async fn acquire(
        store: &Store,
        routers: &[RouterId],
        holder: &str,
        ttl: Duration,
    ) -> Result<Option<Self>, Error> {
        let mut routers = routers.to_vec();
        routers.sort_unstable();
        let mut leases = Self { store: store.clone(), held: Vec::new(), ttl, since: Instant::now() };
        for router in routers {
            match store.acquire_lease(router, holder, ttl).await? {
                Some(lease) => leases.held.push(lease),
                None => {
                    leases.release().await;
                    return Ok(None);
                }
            }
        }
        Ok(Some(leases))
    }

    /// Whether somebody held one before and did not give it back: what they sent may still be on its way.
    pub(crate) fn taken_over(&self) -> bool {
        self.held.iter().any(|lease| lease.previous.is_some())
    }

    pub(crate) fn held(&self) -> &[Lease] {
        &self.held
    }

    /// Makes sure that enough is left for something that may take `most`, renewing when needed.
    pub(crate) async fn ensure(&mut self, most: Duration) -> Result<(), Stop> {
        let left = self.ttl.saturating_sub(self.since.elapsed());
        if left > (most + MARGIN).max(self.ttl / 2) {
            return Ok(());
        }
        let since = Instant::now();
        for lease in &self.held {
            if !self.store.renew_lease(lease, self.ttl).await? {
                return Err(Stop::Leave);
            }
        }
        self.since = since;
        Ok(())
    }

    /// Gives them back. One that cannot be given back ends by itself.
    pub(crate) async fn release(self) {
        for lease in &self.held {
            if let Err(error) = self.store.release_lease(lease).await {
                tracing::warn!(router = %lease.router_id, %error, "giving back a router's lease");
            }
        }
    }
}
