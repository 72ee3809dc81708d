//! Looking at every router now and then.

use std::{collections::HashMap, time::Duration};

use moxxie_core::{RouterId, router::Router};
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{Engine, Error};

/// How many routers one process looks at at once.
const AT_ONCE: usize = 4;
/// How often the list of routers is read at most and at least.
const PACE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(15));

impl Engine {
    /// Looks at every enrolled router once in the configured interval, until `shutdown`. Processes that share a
    /// database share the work: who claims a router first looks.
    pub(crate) async fn run_scans(&self, shutdown: CancellationToken) -> Result<(), Error> {
        let interval = self.0.config.reality.interval;
        if interval.is_zero() {
            shutdown.cancelled().await;
            return Ok(());
        }
        let pace = (interval / 10).clamp(PACE.0, PACE.1);
        // By the monotonic clock: setting the time neither stops nor floods anything.
        let mut next: HashMap<RouterId, Instant> = HashMap::new();
        let mut tasks: JoinSet<()> = JoinSet::new();
        while !shutdown.is_cancelled() {
            match self.0.store.routers().await {
                Ok(routers) => self.start_due(routers, &mut next, &mut tasks, &shutdown),
                Err(error) => tracing::warn!(%error, "reading the routers to scan"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pace) => {}
            }
            while let Some(ended) = tasks.try_join_next() {
                ended.map_err(|error| Error::Internal(Box::new(error)))?;
            }
        }
        // Each hears of the shutdown, and gives its router back.
        while let Some(ended) = tasks.join_next().await {
            ended.map_err(|error| Error::Internal(Box::new(error)))?;
        }
        Ok(())
    }

    fn start_due(
        &self,
        routers: Vec<Router>,
        next: &mut HashMap<RouterId, Instant>,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
    ) {
        next.retain(|id, _| routers.iter().any(|router| router.id == *id));
        let interval = self.0.config.reality.interval;
        let now = Instant::now();
        // One that was never reached is reached by its first change, which decides who it is.
        for router in routers.into_iter().filter(|router| router.identity.is_some()) {
            // The first time is spread over the interval, so that a restart is no rush.
            let due = *next.entry(router.id).or_insert_with(|| now + interval.mul_f64(self.chance()));
            if due > now || tasks.len() >= AT_ONCE {
                continue;
            }
            next.insert(router.id, now + interval.mul_f64(0.9 + 0.2 * self.chance()));
            let (engine, shutdown) = (self.clone(), shutdown.clone());
            tasks.spawn(async move {
                let name = router.name.clone();
                if let Err(error) = engine.look(router, interval.mul_f64(0.8), &shutdown).await {
                    tracing::warn!(router = %name, error = &error as &dyn std::error::Error, "scanning a router");
                }
            });
        }
    }

    /// A number from 0 to 1.
    fn chance(&self) -> f64 {
        f64::from(u32::from_be_bytes(self.0.ambient.random())) / f64::from(u32::MAX)
    }
}
