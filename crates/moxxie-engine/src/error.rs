//! What a use case can fail with. The server maps it to HTTP in one table.

use moxxie_api::{FieldError, change::Change};
use moxxie_core::identity::Role;
use serde_json::Value;

/// Why a use case did nothing.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No valid token.
    #[error("no valid bearer token: log in with `moxxie login` or send `Authorization: Bearer ...`")]
    Unauthenticated,
    /// The token may not do this.
    #[error("this needs the role {}, the token has {}", need.as_str(), have.as_str())]
    Forbidden {
        /// The token's role.
        have: Role,
        /// The role that would do.
        need: Role,
    },
    /// Fields of the request are wrong; each says what would work.
    #[error("{}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// There is no such thing, or not in the caller's scope.
    #[error("there is no {what} {name:?}")]
    NotFound {
        /// The noun: `site`, `network`, ...
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The request is fine but the world is not as it needs it.
    #[error("{message}")]
    Conflict {
        /// A stable word: `name_taken`, `exhausted`, `vlan_taken`, `foreign_row`, ...
        code: &'static str,
        /// What is in the way and what would work.
        message: String,
        /// More that programs can use.
        context: Option<Value>,
    },
    /// A change was waited for and did not end applied.
    #[error("{}", .change.error.as_ref().map_or("the change did not succeed", |e| e.message.as_str()))]
    ChangeFailed {
        /// The change as it ended.
        change: Box<Change>,
    },
    /// A router or the database cannot be reached now.
    #[error("{message}")]
    Unavailable {
        /// What cannot be reached.
        message: String,
        /// When to try again, in seconds.
        retry_after_s: u64,
        /// Why.
        #[source]
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A defect, or a database that answers nonsense.
    #[error("an internal error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

fn summary(errors: &[FieldError]) -> String {
    let parts: Vec<_> = errors.iter().map(|e| format!("{}: {}", e.field, e.message)).collect();
    parts.join("; ")
}

impl Error {
    /// One wrong field.
    pub fn invalid(field: &str, message: impl ToString) -> Self {
        Self::Invalid(vec![FieldError { field: field.to_owned(), message: message.to_string() }])
    }

    pub(crate) fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into(), context: None }
    }

    pub(crate) fn not_found(what: &'static str, name: impl ToString) -> Self {
        Self::NotFound { what, name: name.to_string().chars().take(80).collect() }
    }
}
