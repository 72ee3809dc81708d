//! What can go wrong, by what it means for the router's state.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use routeros_wire::DecodeError;
use thiserror::Error;

use crate::{Trap, TrapKind, Traps};

/// Why a command, or a connection, did not work out.
///
/// Texts say what was attempted; the cause is the `source`, so print the whole chain. No text holds an
/// attribute's value or a password; the router's own words are in [`Trap::message`].
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The router answered `!trap`.
    #[error("{command} was refused by the router")]
    Trap {
        /// Path of the command.
        command: Arc<str>,
        /// Every trap it got.
        #[source]
        traps: Traps,
        /// The command named several targets: some may have been changed.
        partial: bool,
    },
    /// The router answered `!fatal`, which ends the session.
    #[error("{command}: the router ended the session: {reason}")]
    Fatal {
        /// Path of the command.
        command: Arc<str>,
        /// The router's own words.
        reason: String,
        /// See [`Error::Lost`].
        sent: bool,
    },
    /// The connection was lost before the command's last reply.
    #[error("{command}: connection lost {}", if *.sent { "before the answer came" } else { "before it was sent" })]
    Lost {
        /// Path of the command.
        command: Arc<str>,
        /// False only when surely no byte of the command left this process; else the outcome is unknown.
        sent: bool,
        /// How it was lost.
        #[source]
        cause: LostCause,
    },
    /// The command's deadline passed; `/cancel` was sent. What the command did is not known.
    #[error("{command}: no answer within {after:?}")]
    Deadline {
        /// Path of the command.
        command: Arc<str>,
        /// The deadline.
        after: Duration,
    },
    /// The reader of a stream was so far behind that the stream was cancelled.
    #[error("{command}: stream cancelled, {backlog} rows were waiting to be read")]
    Backlog {
        /// Path of the command.
        command: Arc<str>,
        /// Rows waiting.
        backlog: usize,
    },
    /// No TCP connection.
    #[error("connecting to {address}")]
    Connect {
        /// `host:port`.
        address: Arc<str>,
        /// What the operating system said.
        #[source]
        source: Arc<io::Error>,
    },
    /// Connecting took too long.
    #[error("connecting to {address}: {stage} not finished within {after:?}")]
    ConnectTimeout {
        /// `host:port`.
        address: Arc<str>,
        /// Which part: "TCP connection", "TLS handshake" or "login".
        stage: &'static str,
        /// The time allowed for all parts together.
        after: Duration,
    },
    /// No TLS session.
    #[error("TLS with {address}")]
    Tls {
        /// `host:port`.
        address: Arc<str>,
        /// Why not.
        #[source]
        source: TlsError,
    },
    /// The router refused name and password.
    #[error("login to {address} was refused")]
    Login {
        /// `host:port`.
        address: Arc<str>,
        /// The router's words.
        #[source]
        trap: Trap,
    },
    /// The session ended during login.
    #[error(
        "login to {address}: the session ended before an answer (does `address` of the router's API service \
         allow this host, and are `max-sessions` used up?)"
    )]
    LoginCut {
        /// `host:port`.
        address: Arc<str>,
        /// How it ended.
        #[source]
        cause: LostCause,
    },
    /// The router failed repeatedly; no attempt is made until `retry_after` has passed.
    #[error("{address} failed {failures} times, next attempt in {retry_after:?}")]
    CircuitOpen {
        /// `host:port`.
        address: Arc<str>,
        /// Failures in a row.
        failures: u32,
        /// Time until the next attempt.
        retry_after: Duration,
        /// The last failure.
        #[source]
        last: Option<Arc<Error>>,
    },
    /// A router's answer lacks something that every router sends.
    #[error("{command}: the answer has no usable `{property}`")]
    Answer {
        /// Path of the command.
        command: Arc<str>,
        /// The property.
        property: &'static str,
    },
}

/// What is known about a failed command's effect on the router.
///
/// ```
/// use routeros_client::{Command, Config, Connection, Outcome, Security};
/// use routeros_emulator::{Fault, FaultKind};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let router = routeros_emulator::Emulator::builder().user("admin", "secret").start().await?;
/// # let config = Config::new(&router.addr().to_string(), "admin", "secret".into(), Security::Plain);
/// # let connection = Connection::open(&config).await?;
/// // The connection breaks after the router has done it, before it has said so.
/// router.faults().inject(Fault::once("/ip/pool/add", FaultKind::LoseReply));
/// let add = Command::new("/ip/pool/add").attr("name", "p").attr("ranges", "10.0.0.2-10.0.0.9");
/// let error = connection.run(add.clone()).await.unwrap_err();
/// assert_eq!(error.outcome(), Outcome::Unknown);
/// assert_eq!(router.rows("/ip/pool").len(), 1, "here it was done");
/// // Behind a broken connection nothing leaves any more.
/// assert_eq!(connection.run(add).await.unwrap_err().outcome(), Outcome::NotSent);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// Nothing was sent; trying again is safe.
    NotSent,
    /// The router refused it and changed nothing of its target.
    Refused,
    /// It may have been carried out, wholly, partly, or not at all, and may still be. Read before doing
    /// anything else. For commands that only read, trying again is safe.
    Unknown,
}

/// How a connection ended.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum LostCause {
    /// The router closed it between two sentences.
    #[error("the router closed the connection")]
    Closed,
    /// The router closed it in the middle of a sentence.
    #[error("the router closed the connection in the middle of a sentence")]
    Cut,
    /// It was closed on this side.
    #[error("the connection was closed on this side")]
    ClosedHere,
    /// The router said `!fatal`.
    #[error("the router ended the session: {0}")]
    Fatal(String),
    /// Reading or writing failed.
    #[error("reading from or writing to the router")]
    Io(#[source] Arc<io::Error>),
    /// The router sent what is not the API protocol.
    #[error("decoding what the router sent")]
    Decode(#[source] DecodeError),
}

/// Why there is no TLS session.
///
/// ```
/// use std::time::Duration;
/// use routeros_client::{Config, Connection, Error, Security, TlsError, fetch_pin};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let builder = routeros_emulator::Emulator::builder().user("admin", "secret").api_ssl("127.0.0.1:0");
/// # let router = builder.clone().start().await?;
/// # let address = router.tls_addr().expect("it has TLS").to_string();
/// // First contact: what key does it have? Compare it with what the router's console shows.
/// let pin = fetch_pin(&address, Duration::from_secs(5)).await?;
/// let config = Config::new(&address, "admin", "secret".into(), Security::TlsPinned(pin));
/// Connection::open(&config).await?;
///
/// # let other = builder.clone().seed(8).start().await?;
/// # let elsewhere = other.tls_addr().expect("it has TLS").to_string();
/// // Another router, or somebody in between, has another key.
/// let config = Config::new(&elsewhere, "admin", "secret".into(), Security::TlsPinned(pin));
/// let error = Connection::open(&config).await.unwrap_err();
/// assert!(matches!(error, Error::Tls { source: TlsError::PinMismatch { .. }, .. }));
///
/// # let bare = builder.without_certificate().start().await?;
/// # let without = bare.tls_addr().expect("it has TLS").to_string();
/// // A router as it comes has no certificate, and nothing that TLS of today would speak.
/// let error = fetch_pin(&without, Duration::from_secs(5)).await.unwrap_err();
/// assert!(matches!(error, Error::Tls { source: TlsError::NoCertificate, .. }));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// The router has only anonymous Diffie-Hellman to offer, which modern TLS does not speak.
    #[error(
        "the router refused the handshake: api-ssl has no certificate assigned, so it offers anonymous \
         ciphers only; make a certificate and assign it: /ip service set api-ssl certificate=NAME"
    )]
    NoCertificate,
    /// The router's key is not the pinned one.
    #[error("the router's key is {found}, expected {expected}: another device, or someone in between")]
    PinMismatch {
        /// The pin asked for.
        expected: crate::SpkiSha256,
        /// The pin of the key the router proved to have offered.
        found: crate::SpkiSha256,
    },
    /// The certificate is not trusted under the given authorities.
    #[error("the router's certificate is not trusted")]
    Untrusted(#[source] Arc<rustls::Error>),
    /// The settings cannot be used: no certificate in the authorities' PEM, a name that is none.
    #[error("TLS settings: {0}")]
    Settings(String),
    /// The connection ended in the handshake; a port that does not speak TLS does this.
    #[error("the connection ended during the handshake (is this the api-ssl port?)")]
    Ended(#[source] Arc<io::Error>),
    /// Anything else.
    #[error("the handshake failed")]
    Handshake(#[source] Arc<io::Error>),
}

impl Error {
    /// What is known about the command's effect. Errors of connecting are [`Outcome::NotSent`]: they come
    /// before any command.
    pub fn outcome(&self) -> Outcome {
        match self {
            Self::Trap { partial: true, .. } => Outcome::Unknown,
            Self::Trap { traps, .. } => {
                let interrupted = |trap: &Trap| trap.kind == TrapKind::Interrupted;
                if traps.as_slice().iter().any(interrupted) { Outcome::Unknown } else { Outcome::Refused }
            }
            Self::Fatal { sent, .. } | Self::Lost { sent, .. } => {
                if *sent {
                    Outcome::Unknown
                } else {
                    Outcome::NotSent
                }
            }
            Self::Deadline { .. } | Self::Backlog { .. } | Self::Answer { .. } => Outcome::Unknown,
            Self::Connect { .. }
            | Self::ConnectTimeout { .. }
            | Self::Tls { .. }
            | Self::Login { .. }
            | Self::LoginCut { .. }
            | Self::CircuitOpen { .. } => Outcome::NotSent,
        }
    }

    /// The router's refusals, when it refused; else none.
    pub fn traps(&self) -> &[Trap] {
        match self {
            Self::Trap { traps, .. } => traps.as_slice(),
            Self::Login { trap, .. } => std::slice::from_ref(trap),
            _ => &[],
        }
    }

    /// The router's first refusal.
    pub fn trap(&self) -> Option<&Trap> {
        self.traps().first()
    }

    /// What the first refusal is about.
    ///
    /// ```
    /// # fn check(error: routeros_client::Error) {
    /// use routeros_client::TrapKind;
    /// if error.trap_kind() == Some(TrapKind::MissingItem) { /* it is gone already */ }
    /// # }
    /// ```
    pub fn trap_kind(&self) -> Option<TrapKind> {
        self.trap().map(|trap| trap.kind)
    }

    /// True when trying again without a change by a person cannot help: wrong password, wrong key, TLS
    /// settings.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::Login { .. } => true,
            Self::Tls { source, .. } => !matches!(source, TlsError::Ended(_) | TlsError::Handshake(_)),
            _ => false,
        }
    }

    /// True when the connection the command ran on is of no more use.
    pub fn is_connection_lost(&self) -> bool {
        matches!(self, Self::Lost { .. } | Self::Fatal { .. })
    }

    pub(crate) fn lost(command: Arc<str>, sent: bool, cause: LostCause) -> Self {
        match cause {
            LostCause::Fatal(reason) => Self::Fatal { command, reason, sent },
            cause => Self::Lost { command, sent, cause },
        }
    }
}
