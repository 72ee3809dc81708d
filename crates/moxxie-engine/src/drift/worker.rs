//! Watching routers for drift.

use std::{collections::HashMap, time::Duration};

use moxxie_core::{RouterId, router::Router};
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior},
};
use tokio_util::sync::CancellationToken;

use super::check::Checked;
use crate::{Engine, Error, router::live::unavailable};

/// A check that took long leaves the router and the database alone for that many times as long.
const REST: u32 = 5;

impl Engine {
    /// Watches every enrolled router until `shutdown`. Processes that share a database share the work: who
    /// claims a router first watches it.
    pub(crate) async fn run_drift(&self, shutdown: CancellationToken) -> Result<(), Error> {
        let config = &self.0.config.drift;
        if config.interval.is_zero() {
            shutdown.cancelled().await;
            return Ok(());
        }
        let mut watched: HashMap<RouterId, tokio::task::AbortHandle> = HashMap::new();
        let mut tasks: JoinSet<()> = JoinSet::new();
        while !shutdown.is_cancelled() {
            watched.retain(|_, task| !task.is_finished());
            match self.0.store.routers().await {
                Ok(routers) => {
                    // One that was never reached is reached by its first change, which decides who it is.
                    for router in routers.into_iter().filter(|router| router.identity.is_some()) {
                        if watched.contains_key(&router.id) || !self.claims(router.id).await {
                            continue;
                        }
                        let (id, engine, shutdown) = (router.id, self.clone(), shutdown.clone());
                        let task = tasks.spawn(async move { engine.watch(router, &shutdown).await });
                        watched.insert(id, task);
                    }
                }
                Err(error) => tracing::warn!(%error, "reading the routers to watch"),
            }
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(config.poll) => {}
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

    /// Whether the router is ours to watch, from now on or still.
    async fn claims(&self, router: RouterId) -> bool {
        let ttl = self.0.config.drift.watch_ttl;
        match self.0.store.claim_watch(router, &self.0.holder, ttl).await {
            Ok(ours) => ours,
            Err(error) => {
                tracing::warn!(%router, %error, "claiming the watch of a router");
                false
            }
        }
    }

    /// Watches a router until its connection is lost, somebody else has it, or `shutdown`.
    async fn watch(&self, router: Router, shutdown: &CancellationToken) {
        let result = tokio::select! {
            result = self.watch_claimed(&router) => result,
            () = shutdown.cancelled() => Ok(()),
        };
        if let Err(error) = &result {
            tracing::warn!(router = %router.name, error = error as &dyn std::error::Error, "watching a router");
            if let Err(error) = self.note_unknown(&router, error).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "noting that a router is not watched"
                );
            }
            // Routers log every login. The claim lasts longer than this.
            let pause = self.0.config.max_backoff.min(self.0.config.drift.watch_ttl / 2);
            tokio::select! {
                () = shutdown.cancelled() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        if let Err(error) = self.0.store.leave_watch(router.id, &self.0.holder).await {
            tracing::warn!(router = %router.name, %error, "giving up the watch of a router");
        }
    }

    async fn watch_claimed(&self, router: &Router) -> Result<(), Error> {
        let config = &self.0.config.drift;
        let session = self.connect(router).await.map_err(unavailable)?;
        let mut changes = session.changes();
        let mut session = Some(session);
        // What happened before the router began to listen is found by the first check.
        let (mut stale, mut due, mut seen) = (true, Instant::now(), None);
        let mut tick = tokio::time::interval(config.poll);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                heard = changes.next() => {
                    heard.map_err(|error| crate::router::live::no_answer(&error))?;
                    stale = true;
                    continue;
                }
                _ = tick.tick() => {}
            }
            let current = self.0.store.router(router.id).await?;
            if current.as_ref() != Some(router) || !self.claims(router.id).await {
                return Ok(());
            }
            let newest = match &session {
                Some(session) => {
                    let newest = session.newest_history().await;
                    newest.map_err(|error| crate::router::live::no_answer(&error))?
                }
                None => None,
            };
            if newest != seen {
                seen = newest;
                stale = true;
            }
            if stale || Instant::now() >= due {
                let begun = Instant::now();
                // Changes of ours that are at work now are over later.
                stale = self.check_router(router, &mut session).await? == Checked::Moving;
                due = begun + config.interval;
                tick.reset_after(config.poll.max(begun.elapsed() * REST).min(Duration::from_secs(60)));
            }
        }
    }
}
