//! What can go wrong between moxxie and a router, by what it means.

use routeros_client::{Error, LostCause, TlsError};

/// Why a router could not be read, written or reached. No text holds a password or a value of a row; the
/// router's own words are in the `source`.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum DriverError {
    /// No connection: down, filtered, wrong address or port.
    #[error("reaching router {router}")]
    Unreachable {
        /// Its name.
        router: String,
        /// What happened.
        #[source]
        source: Error,
    },
    /// The router refused name and password.
    #[error("logging in to router {router}")]
    Login {
        /// Its name.
        router: String,
        /// What it said.
        #[source]
        source: Error,
    },
    /// TLS cannot work as configured: no certificate on the router, or an unusable pin.
    #[error("TLS with router {router}: {reason}")]
    Tls {
        /// Its name.
        router: String,
        /// What has to be changed, by whom.
        reason: String,
    },
    /// Another device answers on the address (design, invariant 5).
    #[error(
        "router {router} is another device than the one enrolled: expected {expected}, found {found}; nothing is \
         written to it: `moxxie router set` the address of the one enrolled, or `moxxie router replace` it \
         when this is its successor"
    )]
    IdentityChanged {
        /// Its name.
        router: String,
        /// The enrolled serial number or pin.
        expected: String,
        /// What answered.
        found: String,
    },
    /// It answers unlike any RouterOS that is known.
    #[error("router {router} answers unlike a RouterOS that moxxie knows")]
    Unsupported {
        /// Its name.
        router: String,
        /// What is missing.
        #[source]
        source: Error,
    },
    /// The connection was lost while a command was under way.
    #[error("the connection to router {router} was lost")]
    Lost {
        /// Its name.
        router: String,
        /// How.
        #[source]
        source: Error,
    },
    /// The router refused a command that should work.
    #[error("router {router} refused: {reason}")]
    Refused {
        /// Its name.
        router: String,
        /// In its own words.
        reason: String,
    },
    /// No answer in time.
    #[error("router {router} did not answer in time")]
    Deadline {
        /// Its name.
        router: String,
        /// Which command, and how long.
        #[source]
        source: Error,
    },
}

impl DriverError {
    /// Sorts an error of the client.
    pub(crate) fn of(router: &str, source: Error) -> Self {
        let router = router.to_owned();
        match &source {
            Error::Login { .. } => Self::Login { router, source },
            Error::Tls { source: TlsError::PinMismatch { expected, found }, .. } => {
                Self::IdentityChanged { router, expected: expected.to_string(), found: found.to_string() }
            }
            Error::Tls { source: reason, .. } if source.is_permanent() => {
                Self::Tls { router, reason: reason.to_string() }
            }
            Error::Trap { command, traps, .. } => {
                Self::Refused { router, reason: format!("{command}: {traps}") }
            }
            Error::Fatal { .. } | Error::Lost { .. } => Self::Lost { router, source },
            Error::Deadline { .. } | Error::Backlog { .. } => Self::Deadline { router, source },
            Error::Answer { .. } => Self::Unsupported { router, source },
            _ => Self::Unreachable { router, source },
        }
    }

    /// Whether trying again later may help without anybody changing anything.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { source, .. } => !source.is_permanent(),
            // Closed from this side is a decision.
            Self::Lost { source: Error::Lost { cause: LostCause::ClosedHere, .. }, .. } => false,
            Self::Lost { .. } | Self::Deadline { .. } => true,
            _ => false,
        }
    }

    /// A short word for logs, metrics and problem documents.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => "unreachable",
            Self::Login { .. } => "login",
            Self::Tls { .. } => "tls",
            Self::IdentityChanged { .. } => "identity_changed",
            Self::Unsupported { .. } => "unsupported",
            Self::Lost { .. } => "lost",
            Self::Refused { .. } => "refused",
            Self::Deadline { .. } => "deadline",
        }
    }

    /// The whole chain as one text, the causes after a colon each.
    #[must_use]
    pub fn chain(&self) -> String {
        chain(self)
    }
}

/// An error and its causes as one text.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
