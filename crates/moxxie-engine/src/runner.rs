//! The runner: carries changes out.
//!
//! It takes no input. Woken by a signal or the clock it looks at the database for changes that can
//! move, leases their routers and drives each as far as it goes; a restart, another instance and every
//! day are the same code path.

pub(crate) mod applied;
pub(crate) mod back;
pub(crate) mod close;
pub(crate) mod contact;
pub(crate) mod drive;
pub(crate) mod failure;
pub(crate) mod forward;
pub(crate) mod lease;
pub(crate) mod onward;
pub(crate) mod progress;
pub(crate) mod rehearse;

use std::collections::HashSet;

use moxxie_core::{ChangeId, RouterId};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::drive::{Drive, Ran};
use crate::{Engine, Error};

/// How many changes one process carries out at once; each has its own routers.
const AT_ONCE: usize = 32;

impl Engine {
    /// Wakes the runner: there may be something to do.
    pub(crate) fn wake(&self) {
        self.0.wake.notify_one();
    }

    /// Runs changes until `shutdown`; then lets those in progress end their present step.
    pub(crate) async fn run_changes(&self, shutdown: CancellationToken) -> Result<(), Error> {
        let mut tasks: JoinSet<Finished> = JoinSet::new();
        let mut busy = Busy::default();
        while !shutdown.is_cancelled() {
            match self.start_runnable(&mut tasks, &mut busy, &shutdown).await {
                Ok(()) => {}
                // A database that is away comes back; a defect would not.
                Err(error @ Error::Unavailable { .. }) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "looking for changes to run");
                }
                Err(error) => return Err(error),
            }
            let pause = self.pause().await;
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.0.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
                Some(finished) = tasks.join_next() => busy.done(finished)?,
            }
            while let Some(finished) = tasks.try_join_next() {
                busy.done(finished)?;
            }
        }
        while let Some(finished) = tasks.join_next().await {
            busy.done(finished)?;
        }
        Ok(())
    }

    /// How long nothing will happen by itself.
    async fn pause(&self) -> std::time::Duration {
        let most = self.0.config.scan_interval;
        let now = self.now();
        match self.0.store.next_runnable_at(now).await {
            Ok(Some(at)) => {
                std::time::Duration::try_from(at.duration_since(now)).unwrap_or_default().min(most)
            }
            _ => most,
        }
    }

    async fn start_runnable(
        &self,
        tasks: &mut JoinSet<Finished>,
        busy: &mut Busy,
        shutdown: &CancellationToken,
    ) -> Result<(), Error> {
        // A router takes its changes one by one, in the order they were asked for: a change that cannot
        // start keeps later ones of the same routers back.
        let mut spoken_for: HashSet<RouterId> = busy.routers.clone();
        let unsettled = self.0.store.unsettled_changes().await?;
        let now = self.now();
        for change in self.0.store.runnable_changes(now).await? {
            if busy.changes.contains(&change.id) {
                continue;
            }
            let others =
                |router: &RouterId| unsettled.iter().any(|(id, at)| at == router && *id != change.id);
            // Past its deadline a change only has to be closed, which touches no router.
            let late = change.deadline <= now;
            let free =
                change.routers.iter().all(|router| !spoken_for.contains(router) && (late || !others(router)));
            spoken_for.extend(&change.routers);
            if !free || tasks.len() >= AT_ONCE {
                continue;
            }
            busy.changes.insert(change.id);
            busy.routers.extend(&change.routers);
            let (engine, shutdown) = (self.clone(), shutdown.clone());
            tasks.spawn(async move {
                let finished = Finished { change: change.id, routers: change.routers.clone() };
                let pause = match Drive::run(&engine, change.id, shutdown.clone()).await {
                    Ok(Ran::Worked) => false,
                    // Somebody else has the routers; looking again at once would spin.
                    Ok(Ran::Kept) => true,
                    Err(error) => {
                        tracing::error!(
                            change = %change.id,
                            error = &error as &dyn std::error::Error,
                            "a change could not be carried on; it is looked at again"
                        );
                        true
                    }
                };
                if pause {
                    let interval = engine.0.config.scan_interval;
                    let _ = tokio::time::timeout(interval, shutdown.cancelled()).await;
                }
                engine.wake();
                finished
            });
        }
        Ok(())
    }
}

/// What a task was working on.
struct Finished {
    change: ChangeId,
    routers: Vec<RouterId>,
}

/// What this process is working on.
#[derive(Default)]
struct Busy {
    changes: HashSet<ChangeId>,
    routers: HashSet<RouterId>,
}

impl Busy {
    /// A task has ended. One that panicked is a defect: the process ends with it, and the next one
    /// recovers from the journal.
    fn done(&mut self, finished: Result<Finished, tokio::task::JoinError>) -> Result<(), Error> {
        let finished = finished.map_err(|error| Error::Internal(Box::new(error)))?;
        self.changes.remove(&finished.change);
        for router in finished.routers {
            self.routers.remove(&router);
        }
        Ok(())
    }
}
