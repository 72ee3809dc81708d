//! A router, connected when needed.

use std::fmt;
use std::sync::Arc;

use tokio::sync::Mutex;
use tokio::time::Instant;
use tracing::{debug, info};

use crate::breaker::{Breaker, Gate};
use crate::{Command, Config, Connection, Error, Facts, Outcome, Reply, RetryPolicy};

/// A router to which there is a connection whenever one is needed and can be had.
///
/// Clones share the connection. It connects on first use and again when the connection was lost: after
/// failures it waits with jittered exponential back-off, and after too many it refuses callers at once
/// until the next attempt is due ([`Error::CircuitOpen`]). A connection that has been silent for a while,
/// or on which a deadline passed, is checked before it is handed out.
///
/// ```
/// use routeros_client::{Client, Config, RetryPolicy, Security};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
/// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
/// let client = Client::new(config, RetryPolicy { jitter_seed: 42, ..RetryPolicy::default() });
/// assert!(client.facts().await?.version.has(7, 16));
/// // The router reboots; the next command finds a new connection.
/// router.reboot().await;
/// assert_eq!(client.run("/system/identity/print").await?.rows.len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Client {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    policy: RetryPolicy,
    /// Held while connecting, so that many callers make one attempt.
    state: Mutex<State>,
    facts: std::sync::Mutex<Seen>,
}

struct State {
    connection: Option<Connection>,
    breaker: Breaker,
    last_error: Option<Arc<Error>>,
}

#[derive(Default)]
struct Seen {
    facts: Option<Facts>,
    reboots: u64,
}

impl Client {
    /// Nothing is sent before the first use.
    pub fn new(config: Config, policy: RetryPolicy) -> Self {
        let breaker = Breaker::new(policy.clone(), config.address());
        let state = Mutex::new(State { connection: None, breaker, last_error: None });
        Self { inner: Arc::new(Inner { config, policy, state, facts: std::sync::Mutex::default() }) }
    }

    /// A connection believed to work, made if there is none. Waits between attempts; bound it with a
    /// time-out of your own where the wait must be short.
    ///
    /// # Errors
    ///
    /// The error of the last attempt when it opened the circuit, [`Error::CircuitOpen`] while it is open.
    pub async fn connection(&self) -> Result<Connection, Error> {
        let mut state = self.inner.state.lock().await;
        if let Some(connection) = state.connection.clone() {
            if self.is_healthy(&connection).await {
                return Ok(connection);
            }
            state.connection = None;
        }
        loop {
            match state.breaker.gate(Instant::now()) {
                Gate::Go => {}
                Gate::Wait(until) => tokio::time::sleep_until(until).await,
                Gate::Refuse(retry_after) => {
                    return Err(Error::CircuitOpen {
                        address: self.inner.config.address.clone(),
                        failures: state.breaker.failures(),
                        retry_after,
                        last: state.last_error.clone(),
                    });
                }
            }
            match Connection::open(&self.inner.config).await {
                Ok(connection) => {
                    state.breaker.succeeded();
                    state.last_error = None;
                    state.connection = Some(connection.clone());
                    return Ok(connection);
                }
                Err(error) => {
                    state.breaker.failed(Instant::now(), error.is_permanent());
                    state.last_error = Some(Arc::new(error.clone()));
                    let failures = state.breaker.failures();
                    debug!(address = self.address(), failures, %error, "connecting failed");
                    if state.breaker.is_open() {
                        return Err(error);
                    }
                }
            }
        }
    }

    /// Runs a command on the connection. When the connection turns out to be lost before a byte of the
    /// command left, it is run once more on a new one; it is never sent twice.
    ///
    /// # Errors
    ///
    /// As for [`connection`](Self::connection) and [`Connection::run`].
    pub async fn run(&self, command: impl Into<Command>) -> Result<Reply, Error> {
        let command = command.into();
        let result = self.connection().await?.run(command.clone()).await;
        match result {
            Err(error) if error.is_connection_lost() && error.outcome() == Outcome::NotSent => {
                self.connection().await?.run(command).await
            }
            result => result,
        }
    }

    /// Reads the router's facts, and notes when it has rebooted since they were last read here.
    ///
    /// # Errors
    ///
    /// As for [`connection`](Self::connection) and [`Facts::read`].
    pub async fn facts(&self) -> Result<Facts, Error> {
        let facts = Facts::read(&self.connection().await?).await?;
        let mut seen = self.seen();
        if seen.facts.as_ref().is_some_and(|earlier| facts.rebooted_since(earlier)) {
            seen.reboots += 1;
            info!(address = self.address(), uptime_s = facts.uptime.as_secs(), "router has rebooted");
        }
        seen.facts = Some(facts.clone());
        Ok(facts)
    }

    /// The facts as last read, without asking the router.
    pub fn last_facts(&self) -> Option<Facts> {
        self.seen().facts.clone()
    }

    /// Reboots noticed by [`facts`](Self::facts) so far. Several between two readings count as one.
    pub fn reboots(&self) -> u64 {
        self.seen().reboots
    }

    /// Closes the connection, if there is one; the next use makes a new one.
    pub async fn disconnect(&self) {
        if let Some(connection) = self.inner.state.lock().await.connection.take() {
            connection.close().await;
        }
    }

    /// `host:port` of the router.
    pub fn address(&self) -> &str {
        self.inner.config.address()
    }

    async fn is_healthy(&self, connection: &Connection) -> bool {
        if connection.is_closed() {
            return false;
        }
        if !connection.is_suspect() && connection.silent_for() < self.inner.policy.check_after {
            return true;
        }
        let check = Command::new("/system/identity/print")
            .proplist(["name"])
            .deadline(self.inner.policy.check_deadline);
        match connection.run(check).await {
            Ok(_) => true,
            // A refusal is an answer.
            Err(error) if error.trap().is_some() => true,
            Err(error) => {
                info!(address = self.address(), %error, "connection given up after a failed check");
                connection.close().await;
                false
            }
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        // Nothing panics while it is held; and if something did, the facts are still facts.
        self.inner.facts.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("config", &self.inner.config).finish_non_exhaustive()
    }
}
