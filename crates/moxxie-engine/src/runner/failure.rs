//! Why a change cannot go on, and what follows from it.

use moxxie_routeros::{DriverError, GuardError, Refusal};
use moxxie_store::ChangeError;
use serde_json::{Value, json};

use crate::Error;

/// Why a change cannot go on.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    /// A stable word for programs.
    pub(crate) code: &'static str,
    /// What happened and what would help.
    pub(crate) message: String,
    /// More that programs can use.
    pub(crate) detail: Value,
    /// Whether trying again may help without anybody doing anything.
    pub(crate) passing: bool,
}

impl Failure {
    pub(crate) fn lasting(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: Value::Null, passing: false }
    }

    pub(crate) fn passing(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), detail: Value::Null, passing: true }
    }

    /// What a driver said about a router.
    pub(crate) fn of_driver(router: &str, error: &DriverError) -> Self {
        let code = match error {
            DriverError::Unreachable { .. } => "router_unreachable",
            DriverError::Login { .. } => "router_login",
            DriverError::Tls { .. } => "router_tls",
            DriverError::IdentityChanged { .. } => "identity_changed",
            DriverError::Unsupported { .. } => "unsupported_version",
            DriverError::Lost { .. } => "connection_lost",
            DriverError::Deadline { .. } => "router_timeout",
            _ => "router_refused",
        };
        Self {
            code,
            message: error.chain(),
            detail: json!({"router": router}),
            passing: error.is_transient(),
        }
    }

    /// Why a plan was refused.
    pub(crate) fn of_refusal(router: &str, refusal: &Refusal) -> Self {
        let (code, detail) = match refusal {
            Refusal::Obstacles(obstacles) => {
                ("foreign_row", json!({"router": router, "obstacles": obstacles}))
            }
            Refusal::NoAnchor { .. } => ("no_anchor", json!({"router": router})),
            Refusal::Bypassed { .. } => ("profile_bypassed", json!({"router": router})),
            Refusal::CutsManagement { .. } => ("cuts_management", json!({"router": router})),
            Refusal::Referred(rows) => ("still_referred", json!({"router": router, "rows": rows})),
            Refusal::UnsupportedVersion { .. } => ("unsupported_version", json!({"router": router})),
            _ => ("plan_refused", json!({"router": router})),
        };
        Self { code, message: format!("router {router}: {refusal}"), detail, passing: false }
    }

    /// Why the router's own guard could not be taken.
    pub(crate) fn of_guard(router: &str, error: &GuardError) -> Self {
        match error {
            GuardError::HeldBy { user, owner, .. } => Self::passing(
                "safe_mode_held",
                format!(
                    "router {router}: safe mode is held by {user} ({owner}); the change waits until it is released"
                ),
            ),
            GuardError::NotTaken { .. } => Self::lasting("guard_refused", chain(error)),
            GuardError::Driver(error) => Self::of_driver(router, error),
        }
    }

    /// The same as an error of a request.
    pub(crate) fn into_error(self) -> Error {
        if self.passing {
            return Error::Unavailable { message: self.message, retry_after_s: 5, source: None };
        }
        Error::Conflict {
            code: self.code,
            message: self.message,
            context: Some(self.detail).filter(|detail| !detail.is_null()),
        }
    }

    pub(crate) fn record(&self) -> ChangeError {
        ChangeError { code: self.code.to_owned(), message: self.message.clone(), detail: self.detail.clone() }
    }
}

/// An error with its causes, each said once.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let said = error.to_string();
        if !text.contains(&said) {
            text = format!("{text}: {said}");
        }
        cause = error.source();
    }
    text
}

/// What ends one look at a change before it is done.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The change cannot go on.
    Failed(Failure),
    /// Somebody else wrote to the change: read it again and decide anew.
    Stale,
    /// The routers are not ours any more, or the process is to end: leave everything as it is.
    Leave,
    /// The database or moxxie itself failed.
    Engine(Error),
}

impl From<Error> for Stop {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<moxxie_store::StoreError> for Stop {
    fn from(error: moxxie_store::StoreError) -> Self {
        Self::Engine(error.into())
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
