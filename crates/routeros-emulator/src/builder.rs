//! What a router is before it starts.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::clock::Clock;
use crate::emulator::{Emulator, SharedHandle};
use crate::scene::{Scene, SceneError};
use crate::server::{Shared, Supervisor};
use crate::state::{Router, Settings};
use crate::version::{UnknownVersion, Version};

/// Why a router did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address could not be bound.
    #[error("binding {address}")]
    Bind {
        /// As it was given.
        address: String,
        /// What the system said.
        source: io::Error,
    },
    /// A row of the scene was refused.
    #[error("building the scene")]
    Scene(#[from] SceneError),
}

/// Describes a router; see [`Emulator::builder`].
#[derive(Clone, Debug)]
pub struct Builder {
    version: Version,
    identity: Option<String>,
    serial: Option<String>,
    board: bool,
    users: Vec<(String, String)>,
    ethernet: u32,
    seed: u64,
    scene: Scene,
    bind: String,
    api_ssl: Option<String>,
    certificate: bool,
    shuffle: bool,
    rollback_delay: Duration,
    foreign_release: bool,
    bgp_cache: Duration,
    silent_loss: Duration,
    old_login: bool,
    keep_on_reboot: bool,
    reboot_time: Duration,
    latency: (Duration, Duration),
    distance: Duration,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            version: Version::all()
                .last()
                .unwrap_or_else(|| unreachable!("the table of releases is not empty")),
            identity: None,
            serial: None,
            board: false,
            users: Vec::new(),
            ethernet: 4,
            seed: 0,
            scene: Scene::default(),
            bind: "127.0.0.1:0".to_owned(),
            api_ssl: None,
            certificate: true,
            shuffle: true,
            rollback_delay: Duration::from_secs(2),
            foreign_release: false,
            bgp_cache: Duration::from_secs(30),
            silent_loss: Duration::from_secs(540),
            old_login: false,
            keep_on_reboot: true,
            reboot_time: Duration::from_millis(200),
            latency: (Duration::ZERO, Duration::ZERO),
            distance: Duration::ZERO,
        }
    }
}

impl Builder {
    /// Which RouterOS, `7.22` or `7.22.3`.
    ///
    /// # Errors
    ///
    /// A release that is not emulated.
    pub fn version(self, version: &str) -> Result<Self, UnknownVersion> {
        Ok(self.release(version.parse()?))
    }

    /// The same, for a release that is known to be emulated.
    pub fn release(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Name in `/system/identity`.
    pub fn identity(mut self, name: &str) -> Self {
        self.identity = Some(name.to_owned());
        self
    }

    /// Serial number of a board, or system id of a CHR.
    pub fn serial(mut self, serial: &str) -> Self {
        self.serial = Some(serial.to_owned());
        self
    }

    /// A CCR2116 instead of a CHR: has `/system/routerboard`.
    pub fn board(mut self) -> Self {
        self.board = true;
        self
    }

    /// A user of group `full`. Without any, `admin` has an empty password.
    pub fn user(mut self, name: &str, password: &str) -> Self {
        self.users.push((name.to_owned(), password.to_owned()));
        self
    }

    /// Number of Ethernet ports, `ether1` and so on. `lo` is always there.
    pub fn ethernet(mut self, ports: u32) -> Self {
        self.ethernet = ports;
        self
    }

    /// Every random choice (shuffling, jitter, MAC addresses) comes from it.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Rows to begin with and faults, as TOML; see [`Scene`].
    ///
    /// # Errors
    ///
    /// TOML that is no scene.
    pub fn scene(mut self, toml: &str) -> Result<Self, SceneError> {
        self.scene = Scene::parse(toml)?;
        Ok(self)
    }

    /// Where to listen; port 0 lets the system choose.
    pub fn bind(mut self, address: &str) -> Self {
        self.bind = address.to_owned();
        self
    }

    /// Listens for TLS as well, with a self-signed certificate.
    pub fn api_ssl(mut self, address: &str) -> Self {
        self.api_ssl = Some(address.to_owned());
        self
    }

    /// Begins without a certificate on `api-ssl`: every handshake of a normal client fails, until one is
    /// made, signed and assigned.
    pub fn without_certificate(mut self) -> Self {
        self.certificate = false;
        self
    }

    /// Whether commands of one session that wait at the same time run in shuffled order (default: yes).
    pub fn shuffle(mut self, shuffle: bool) -> Self {
        self.shuffle = shuffle;
        self
    }

    /// How long after the end of the holding session safe mode rolls back (default: 2 s).
    pub fn rollback_delay(mut self, delay: Duration) -> Self {
        self.rollback_delay = delay;
        self
    }

    /// Whether another session may release or unroll safe mode; sources contradict each other (default: no).
    pub fn foreign_release(mut self, allowed: bool) -> Self {
        self.foreign_release = allowed;
        self
    }

    /// Whether changes made under safe mode survive a reboot; not established (default: yes).
    pub fn keep_safe_mode_changes_on_reboot(mut self, keep: bool) -> Self {
        self.keep_on_reboot = keep;
        self
    }

    /// Asks for a challenge to be answered at login, as RouterOS did before 6.43 (default: no).
    pub fn old_login(mut self, old: bool) -> Self {
        self.old_login = old;
        self
    }

    /// How long after packets began to vanish the router gives its sessions up, and safe mode rolls back
    /// (default: 9 minutes by the router's clock, the TCP timeout of which the manual speaks).
    pub fn silent_loss(mut self, time: Duration) -> Self {
        self.silent_loss = time;
        self
    }

    /// How long the row of a BGP session stays after the session was lost (default: 30 s).
    pub fn bgp_cache(mut self, time: Duration) -> Self {
        self.bgp_cache = time;
        self
    }

    /// How long a reboot takes (default: 200 ms).
    pub fn reboot_time(mut self, time: Duration) -> Self {
        self.reboot_time = time;
        self
    }

    /// Every command waits this long, plus up to `jitter`; pipelined ones wait together.
    pub fn latency(mut self, latency: Duration, jitter: Duration) -> Self {
        self.latency = (latency, jitter);
        self
    }

    /// Every byte takes that long, in each direction; see [`Faults::set_distance`](crate::Faults::set_distance).
    pub fn distance(mut self, one_way: Duration) -> Self {
        self.distance = one_way;
        self
    }

    /// Starts the router.
    ///
    /// # Errors
    ///
    /// The address cannot be bound, or the scene has a row that the router refuses.
    pub async fn start(self) -> Result<Emulator, StartError> {
        let (listener, address) = bind(&self.bind).await?;
        let tls = match &self.api_ssl {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        let (tls_listener, tls_address) = tls.unzip();
        let clock = Clock::new();
        let router = self.router(&clock)?;
        let (control, told) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(router, clock, self.seed, self.shuffle, control.clone()));
        let (latency, jitter) = self.scene.latency().unwrap_or(self.latency);
        shared.faults.set_latency(latency, jitter);
        shared.faults.set_distance(self.distance);
        self.scene.arrange(&shared.faults, &shared.clock);
        let supervisor = Supervisor {
            shared: shared.clone(),
            listener: Some(listener),
            address,
            tls_listener,
            tls_address,
            control: told,
            reboot_time: self.reboot_time,
            sessions: JoinSet::new(),
            booting: None,
        };
        let task = tokio::spawn(supervisor.run());
        Ok(Emulator { shared: SharedHandle(shared), address, tls_address, control, task })
    }

    pub(crate) fn router(&self, clock: &Clock) -> Result<Router, StartError> {
        let serial = self.serial.clone().unwrap_or_else(|| format!("EMU{:08X}", self.seed));
        let settings = Settings {
            version: self.version,
            board_serial: self.board.then(|| serial.clone()),
            system_id: serial,
            rollback_delay: self.rollback_delay.as_millis() as i64,
            foreign_release: self.foreign_release,
            keep_on_reboot: self.keep_on_reboot,
            bgp_cache: self.bgp_cache.as_millis() as i64,
            silent_loss: self.silent_loss.as_millis() as i64,
            old_login: self.old_login,
        };
        let mut router = Router::new(settings, clock.now());
        router.create_interfaces(self.ethernet, self.seed);
        let admin = [("admin".to_owned(), String::new())];
        let users = if self.users.is_empty() { &admin[..] } else { &self.users };
        for (name, password) in users {
            router.create_user(name, password);
        }
        if let Some(identity) = &self.identity {
            router.set_identity(identity);
        }
        if self.api_ssl.is_some() && self.certificate {
            router.give_api_ssl_a_certificate();
        }
        self.scene.apply(&mut router)?;
        router.discard_pending();
        router.history.clear();
        Ok(router)
    }
}

async fn bind(address: &str) -> Result<(TcpListener, SocketAddr), StartError> {
    let error = |source| StartError::Bind { address: address.to_owned(), source };
    let listener = TcpListener::bind(address).await.map_err(error)?;
    let bound = listener.local_addr().map_err(error)?;
    Ok((listener, bound))
}
