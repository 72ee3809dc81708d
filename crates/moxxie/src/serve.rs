//! The server, put together: configuration, database, engine, HTTP.

mod database;
pub(crate) mod log;
mod master_key;
mod register;

use std::{
    fs,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::DirBuilderExt,
    path::Path,
};

use anyhow::Context as _;
use moxxie_api::token::TokenCreated;
use moxxie_engine::{DriftConfig, Engine, EngineConfig, RealityConfig, clock::Ambient};
use moxxie_server::AppState;
use tokio::{net::TcpListener, signal::unix, task::JoinSet};
use tokio_util::sync::CancellationToken;

use crate::config::{Resources, Settings};

/// A server that runs.
pub(crate) struct Running {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// The admin token that was made because there was no valid one, as at the first start.
    pub(crate) first_token: Option<TokenCreated>,
    /// Its use cases, for the demonstration.
    pub(crate) engine: Engine,
    shutdown: CancellationToken,
    tasks: JoinSet<anyhow::Result<()>>,
}

/// Starts a server; it serves when this returns.
pub(crate) async fn start(settings: &Settings, resources: &Resources) -> anyhow::Result<Running> {
    // First of all, because it is what fails most often, and nothing is changed yet.
    let listener = TcpListener::bind(settings.listen)
        .await
        .with_context(|| format!("listening on {} (choose another with --listen)", settings.listen))?;
    let address = listener.local_addr().context("listening")?;

    private_dir(&settings.data_dir)?;
    let ambient = Ambient::system();
    let store = database::open(settings, &ambient).await?;
    let durability = store.durability().await.context("asking the database for its durability")?;
    tracing::info!("the database is open: durability={durability}");
    let engine = Engine::new(store, ambient, engine_config(settings));
    register::all(&engine, resources).await?;
    let first_token = engine.bootstrap_admin().await.context("making the first admin token")?;

    let shutdown = CancellationToken::new();
    let state = AppState {
        engine: engine.clone(),
        // A second server in one process, as tests start them, has no metrics of its own.
        metrics: moxxie_server::install_metrics().ok(),
        shutdown: shutdown.clone(),
    };
    let mut tasks = JoinSet::new();
    let app = moxxie_server::app(state);
    let stop = shutdown.clone();
    tasks.spawn(async move { moxxie_server::serve(listener, app, stop).await.context("serving HTTP") });
    let (workers, stop) = (engine.clone(), shutdown.clone());
    tasks.spawn(async move { workers.run(stop).await.context("running the workers") });
    tracing::info!(%address, version = moxxie_server::VERSION, "moxxie serves");
    Ok(Running { address, first_token, engine, shutdown, tasks })
}

fn engine_config(settings: &Settings) -> EngineConfig {
    EngineConfig {
        change_deadline: settings.change_deadline,
        max_backoff: settings.max_backoff,
        scan_interval: settings.scan_interval,
        connect_deadline: settings.connect_deadline,
        command_deadline: settings.command_deadline,
        lease_ttl: settings.lease_ttl,
        settle: settings.settle,
        chunk_commands: settings.chunk_commands,
        reality: RealityConfig {
            interval: settings.reality_interval,
            seen_age: settings.reality_seen_age,
            silent_after: settings.reality_silent_after,
            keep: settings.reality_keep,
            verify_deadline: settings.reality_verify_deadline,
            ..RealityConfig::default()
        },
        drift: DriftConfig {
            interval: settings.drift_interval,
            poll: settings.drift_poll,
            keep: settings.drift_keep,
            ..DriftConfig::default()
        },
    }
}

/// Makes a directory only its owner can enter; one that exists is left as it is.
fn private_dir(path: &Path) -> anyhow::Result<()> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("making the data directory {}", path.display()))
}

impl Running {
    /// Where a client on this machine finds it.
    pub(crate) fn url(&self) -> String {
        let ip = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// Serves until `stop` gives, then ends in good order. A task that ends by itself ends the server
    /// with its error.
    pub(crate) async fn until(
        mut self,
        stop: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<()> {
        let early = tokio::select! {
            stopped = stop => { stopped?; None }
            ended = self.tasks.join_next() => ended,
        };
        if let Some(ended) = early {
            self.shutdown.cancel();
            ended.context("a part of the server broke down")??;
            anyhow::bail!("a part of the server ended by itself");
        }
        tracing::info!("stopping: what is under way comes to a safe point");
        self.shutdown.cancel();
        let ended = async {
            while let Some(ended) = self.tasks.join_next().await {
                ended.context("a part of the server broke down")??;
            }
            Ok(())
        };
        tokio::select! {
            ended = ended => ended,
            _ = stop_signal() => anyhow::bail!("stopped at once; what was under way goes on at the next start"),
        }
    }
}

/// Gives at SIGTERM or Ctrl-C. They are caught from the call on, not only once somebody waits.
pub(crate) fn stop_signal() -> impl Future<Output = anyhow::Result<()>> {
    let terminate = unix::signal(unix::SignalKind::terminate());
    let interrupt = unix::signal(unix::SignalKind::interrupt());
    async move {
        let mut terminate = terminate.context("waiting for signals")?;
        let mut interrupt = interrupt.context("waiting for signals")?;
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        Ok(())
    }
}
