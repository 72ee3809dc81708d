//! The engine: what every use case and worker shares.

use std::{sync::Arc, time::Duration};

use moxxie_store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{Error, clock::Ambient};

/// What an operator may choose about the engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How long a change is tried before it is given up.
    pub change_deadline: Duration,
    /// Longest pause between two tries of a change that waits.
    pub max_backoff: Duration,
    /// How often the workers look at the database without being woken.
    pub scan_interval: Duration,
    /// Deadline of one command to a router.
    pub command_deadline: Duration,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            change_deadline: Duration::from_secs(600),
            max_backoff: Duration::from_secs(30),
            scan_interval: Duration::from_secs(2),
            command_deadline: Duration::from_secs(20),
        }
    }
}

/// Use cases and workers over one store.
#[derive(Clone)]
pub struct Engine(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) store: Store,
    pub(crate) ambient: Ambient,
    pub(crate) config: EngineConfig,
    pub(crate) wake: Notify,
}

impl Engine {
    /// An engine over this store. Its workers start with [`Engine::run`].
    #[must_use]
    pub fn new(store: Store, ambient: Ambient, config: EngineConfig) -> Self {
        Self(Arc::new(Inner { store, ambient, config, wake: Notify::new() }))
    }

    /// Runs the workers until `shutdown`; a change in progress is brought to the end of its present
    /// step and handed back.
    ///
    /// # Errors
    /// When a worker ends by itself, which is a defect: the process should end with it.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), Error> {
        let _ = shutdown;
        todo!()
    }

    /// Whether the database answers, for `/readyz`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn ready(&self) -> Result<(), Error> {
        todo!()
    }
}
