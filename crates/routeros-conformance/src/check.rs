//! One documented fact, and how to ask for it.

use std::fmt;
use std::pin::Pin;

use serde::Serialize;

use crate::{Capability, Lab};

/// How good the evidence for a fact is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Quality {
    /// The vendor's manual.
    Manual,
    /// Machine-read from a real router's command tree.
    Tree,
    /// Measured on a router by a named third party.
    Measured,
    /// A user's report.
    Reported,
    /// Commonly believed, confirmed by nothing.
    Assumed,
}

impl Quality {
    /// Whether a target that differs has failed, or has taught us something.
    pub fn is_binding(self) -> bool {
        matches!(self, Self::Manual | Self::Tree | Self::Measured)
    }
}

impl fmt::Display for Quality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Manual => "manual",
            Self::Tree => "tree",
            Self::Measured => "measured",
            Self::Reported => "reported",
            Self::Assumed => "assumed",
        })
    }
}

/// What a check cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// Nothing beyond a session.
    Session,
    /// Sentences of its own making, which only the plain API service takes.
    PlainApi,
    /// Something its owner must have allowed.
    Allowed(Capability),
}

/// Why a check did not pass.
#[derive(Debug, thiserror::Error)]
pub enum Stop {
    /// The target does something else than documented.
    #[error("{0}")]
    Differs(String),
    /// The check makes no sense here.
    #[error("{0}")]
    Skipped(String),
    /// An answer that the check did not expect to be a refusal, or a lost connection.
    #[error(transparent)]
    Client(#[from] routeros_client::Error),
    /// A raw session broke.
    #[error("raw session")]
    Io(#[from] std::io::Error),
}

/// How a check ends.
pub type Ending = Result<(), Stop>;

/// Asks for one documented fact.
pub struct Check {
    /// Group and fact, `cancel.order`.
    pub name: &'static str,
    /// The fact and where it stands.
    pub source: &'static str,
    /// How good the evidence is.
    pub quality: Quality,
    /// What it cannot do without.
    pub need: Need,
    /// Asks.
    pub run: for<'a> fn(&'a mut Lab) -> Pin<Box<dyn Future<Output = Ending> + 'a>>,
}

impl fmt::Debug for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Passes when both are equal; otherwise says what was asked, found and expected.
pub(crate) fn same<T: PartialEq + fmt::Debug>(what: &str, found: T, expected: T) -> Ending {
    if found == expected {
        return Ok(());
    }
    Err(Stop::Differs(format!("{what}: found {found:?}, expected {expected:?}")))
}

/// Passes when the condition holds.
pub(crate) fn that(holds: bool, otherwise: impl FnOnce() -> String) -> Ending {
    if holds { Ok(()) } else { Err(Stop::Differs(otherwise())) }
}
