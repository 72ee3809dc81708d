//! The engine: what every use case and worker shares.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::Duration,
};

use moxxie_core::{NetworkId, RouterId, audit::hex};
use moxxie_routeros::{Deadlines, Session};
use moxxie_store::Store;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    Error,
    batch::{Batcher, Family},
    clock::Ambient,
    drift::DriftConfig,
    prefix::PrefixQueue,
    reality::RealityConfig,
    token::TokenCache,
    write::transaction,
};

/// How often the audit chains are signed, old keys are forgotten, and holds and quarantines end.
const UPKEEP_INTERVAL: Duration = Duration::from_secs(60);
/// How often holds and quarantines are looked at: that much later than said they end at most.
const LAPSE_INTERVAL: Duration = Duration::from_secs(1);
/// How many of them are ended at a time.
pub(crate) const LAPSES: usize = 500;
/// How many days an idempotency key is kept (design, section 5).
const KEY_DAYS: i64 = 30;

/// What an operator may choose about the engine.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// How long a change is tried before it is given up.
    pub change_deadline: Duration,
    /// Longest pause between two tries of a change that waits.
    pub max_backoff: Duration,
    /// How often the workers look at the database without being woken.
    pub scan_interval: Duration,
    /// Deadline of reaching a router and logging in.
    pub connect_deadline: Duration,
    /// Deadline of one command to a router.
    pub command_deadline: Duration,
    /// How long a process has a router for itself without renewing. At least twice the command deadline
    /// and 10 s more, or it would be renewed before every wave.
    pub lease_ttl: Duration,
    /// How long to let commands arrive that a dead process may have left on their way.
    pub settle: Duration,
    /// Most commands to a router under one guard; a change that needs more has several chunks.
    pub chunk_commands: usize,
    /// How routers are looked at.
    pub reality: RealityConfig,
    /// How routers are watched for drift.
    pub drift: DriftConfig,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            change_deadline: Duration::from_secs(600),
            max_backoff: Duration::from_secs(30),
            scan_interval: Duration::from_secs(2),
            connect_deadline: Duration::from_secs(10),
            command_deadline: Duration::from_secs(20),
            lease_ttl: Duration::from_secs(60),
            settle: Duration::from_secs(2),
            chunk_commands: moxxie_routeros::MAX_COMMANDS,
            reality: RealityConfig::default(),
            drift: DriftConfig::default(),
        }
    }
}

impl EngineConfig {
    pub(crate) fn deadlines(&self) -> Deadlines {
        Deadlines { connect: self.connect_deadline, command: self.command_deadline }
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
    /// Who we are in leases: another one in every process.
    pub(crate) holder: String,
    /// Failed logins by source, not yet written down.
    pub(crate) failures: Mutex<HashMap<String, u64>>,
    /// Addresses that wait to be given out.
    pub(crate) batcher: Batcher,
    /// Prefixes that wait to be given out.
    pub(crate) prefixes: PrefixQueue,
    /// The family of the first prefix of networks, which never changes.
    pub(crate) families: Mutex<HashMap<NetworkId, Family>>,
    /// Tokens that were looked up a moment ago.
    pub(crate) tokens: TokenCache,
    /// How often sightings were written, so that what is known of them is read again.
    pub(crate) sightings: AtomicU64,
    /// Sessions kept between changes.
    pub(crate) sessions: Mutex<HashMap<RouterId, Session>>,
    /// Pools with gauges.
    pub(crate) shown: crate::forecast::Shown,
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Engine").field("holder", &self.0.holder).finish_non_exhaustive()
    }
}

impl Engine {
    /// An engine over this store. Its workers start with [`Engine::run`].
    #[must_use]
    pub fn new(store: Store, ambient: Ambient, config: EngineConfig) -> Self {
        let holder = hex(&ambient.random::<8>());
        Self::with(store, ambient, config, holder)
    }

    /// The same use cases inside of a transaction that is open: what they do is kept or undone with it. Without
    /// workers, sessions and memory of its own.
    pub(crate) fn inside(&self, whole: &moxxie_store::Whole) -> Self {
        let Inner { ambient, config, holder, .. } = &*self.0;
        Self::with(whole.store(), ambient.clone(), config.clone(), holder.clone())
    }

    fn with(store: Store, ambient: Ambient, config: EngineConfig, holder: String) -> Self {
        let sessions = Mutex::default();
        let failures = Mutex::default();
        let shown = Mutex::default();
        Self(Arc::new(Inner {
            store,
            ambient,
            config,
            wake: Notify::new(),
            holder,
            failures,
            batcher: Batcher::default(),
            prefixes: PrefixQueue::default(),
            families: Mutex::default(),
            tokens: TokenCache::default(),
            sightings: AtomicU64::new(0),
            sessions,
            shown,
        }))
    }

    /// Runs the workers until `shutdown`; a change in progress is brought to the end of its present
    /// step and handed back.
    ///
    /// # Errors
    /// When a worker ends by itself, which is a defect: the process should end with it.
    pub async fn run(&self, shutdown: CancellationToken) -> Result<(), Error> {
        describe_metrics();
        // A worker that ends by itself ends the others, and with them the process.
        let ends_all = async |result: Result<(), Error>| {
            shutdown.cancel();
            result
        };
        let (changes, upkeep, failures, scans, drift, lapses) = tokio::join!(
            async { ends_all(self.run_changes(shutdown.clone()).await).await },
            async { ends_all(self.run_upkeep(shutdown.clone()).await).await },
            async { ends_all(self.run_failure_counts(shutdown.clone()).await).await },
            async { ends_all(self.run_scans(shutdown.clone()).await).await },
            async { ends_all(self.run_drift(shutdown.clone()).await).await },
            async { ends_all(self.run_lapses(shutdown.clone()).await).await }
        );
        self.finish_batches().await;
        self.finish_prefixes().await;
        changes.and(upkeep).and(failures).and(scans).and(drift).and(lapses)
    }

    /// Signs the heads of the audit chains, forgets old idempotency keys, ends what ends by itself and looks how
    /// full pools are, now and then.
    async fn run_upkeep(&self, shutdown: CancellationToken) -> Result<(), Error> {
        loop {
            if let Err(error) = self.upkeep().await {
                tracing::warn!(error = &error as &dyn std::error::Error, "upkeep");
            }
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = tokio::time::sleep(UPKEEP_INTERVAL) => {}
            }
        }
        // The last checkpoint vouches for everything this process wrote.
        self.0.store.checkpoint_audit(self.now()).await?;
        Ok(())
    }

    /// Ends holds and quarantines whose time has come.
    async fn run_lapses(&self, shutdown: CancellationToken) -> Result<(), Error> {
        loop {
            match self.lapse_addresses().await {
                Ok(many) if many >= LAPSES => continue,
                Ok(_) => {}
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "ending holds"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return Ok(()),
                () = tokio::time::sleep(LAPSE_INTERVAL) => {}
            }
        }
    }

    /// One round of upkeep: what [`Self::run`] does every minute.
    ///
    /// # Errors
    /// See [`Error`]; what was left undone is done by the next round.
    pub async fn upkeep(&self) -> Result<(), Error> {
        let now = self.now();
        self.0.store.checkpoint_audit(now).await?;
        let before = now.checked_sub(jiff::SignedDuration::from_hours(24 * KEY_DAYS)).unwrap_or(now);
        transaction!(self, |tx| { tx.purge_idempotent(before).await? })?;
        self.end_lapsed().await?;
        self.sample_pools().await?;
        self.show_pools().await
    }

    /// Whether the database answers, for `/readyz`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not.
    pub async fn ready(&self) -> Result<(), Error> {
        Ok(self.0.store.ping().await?)
    }
}

/// Says what the metrics mean, and shows the counters at 0 before anything is counted.
fn describe_metrics() {
    for (name, text) in [
        ("network_provisioning_total", "Provisions that ended, however they did"),
        ("network_provisioning_success", "Provisions that ended applied"),
        ("network_rollback_total", "Changes that were undone on a router"),
    ] {
        metrics::describe_counter!(name, text);
        metrics::counter!(name).increment(0);
    }
    metrics::describe_counter!("reality_scans_total", "Looks at a router, by outcome");
    metrics::describe_gauge!(
        "reality_findings",
        "Differences between routers and records that wait for somebody, by kind"
    );
    metrics::describe_gauge!(
        "drift_open",
        "Rows of a router that are not as they were applied and wait for somebody, as of its last check"
    );
    metrics::describe_histogram!(
        "network_provisioning_duration_seconds",
        metrics::Unit::Seconds,
        "From the order of a network to its end"
    );
    crate::forecast::describe();
}
