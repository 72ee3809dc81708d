//! What can go wrong between the command line and a server.

use std::fmt;

use moxxie_api::Problem;

use crate::exit;

/// Why a request gave no answer of use.
#[derive(Debug)]
pub(crate) enum Error {
    /// No connection, or it broke.
    Unreachable {
        /// The server asked.
        server: String,
        /// Why.
        source: reqwest::Error,
    },
    /// The server answered with a problem document.
    Problem(Box<Problem>),
    /// The server answered something that is not of this API.
    Unexpected {
        /// The server asked.
        server: String,
        /// The status it gave.
        status: u16,
        /// What does not fit.
        what: String,
    },
}

impl Error {
    /// The exit code that goes with it.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Unreachable { .. } => exit::UNREACHABLE,
            Self::Problem(problem) => match problem.status {
                401 | 403 => exit::DENIED,
                502..=504 => exit::UNREACHABLE,
                // A change that was waited for; a plain conflict has no change to look at.
                _ if problem.change_id.is_some() && problem.code == "change_failed" => exit::CHANGE_FAILED,
                _ => exit::FAILED,
            },
            Self::Unexpected { status: 401 | 403, .. } => exit::DENIED,
            Self::Unexpected { status: 502..=504, .. } => exit::UNREACHABLE,
            Self::Unexpected { .. } => exit::FAILED,
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            // reqwest repeats the address in its own text; what is below it says why.
            Self::Unreachable { source, .. } => std::error::Error::source(source),
            _ => None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable { server, source } => {
                let what = if source.is_timeout() { "does not answer in time" } else { "cannot be reached" };
                write!(f, "{server} {what}; is `moxxie serve` running there? (--server, MOXXIE_SERVER)")
            }
            Self::Problem(problem) => show(problem, f),
            Self::Unexpected { server, status, what } => {
                write!(f, "{server} does not answer like moxxie (HTTP {status}): {what}")
            }
        }
    }
}

/// The detail, each field it does not name already, and what to do next.
fn show(problem: &Problem, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let detail = if problem.detail.is_empty() { &problem.title } else { &problem.detail };
    match problem.errors.as_slice() {
        [] => write!(f, "{detail}")?,
        [only] => write!(f, "{}: {}", only.field, only.message)?,
        several => {
            write!(f, "{} fields are wrong", several.len())?;
            for error in several {
                write!(f, "\n  {}: {}", error.field, error.message)?;
            }
        }
    }
    if let Some(change) = &problem.change_id {
        write!(f, "\n  see: moxxie change show {change}")?;
    }
    if problem.status == 401 && !detail.contains("moxxie login") {
        write!(f, "\n  log in with `moxxie login`")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use moxxie_api::FieldError;

    use super::*;

    fn problem(status: u16, errors: &[(&str, &str)]) -> Error {
        Error::Problem(Box::new(Problem {
            kind: "/problems/validation".into(),
            title: "The request is not valid".into(),
            status,
            detail: "it is wrong".into(),
            code: "validation".into(),
            errors: errors
                .iter()
                .map(|(field, message)| FieldError { field: (*field).into(), message: (*message).into() })
                .collect(),
            change_id: None,
            context: None,
        }))
    }

    #[test]
    fn a_problem_names_its_fields() {
        let one = problem(400, &[("size", "there is no /33")]).to_string();
        assert_eq!(one, "size: there is no /33");
        let two = problem(400, &[("size", "no"), ("vlanId", "no")]).to_string();
        assert_eq!(two, "2 fields are wrong\n  size: no\n  vlanId: no");
        assert_eq!(problem(409, &[]).to_string(), "it is wrong");
    }

    #[test]
    fn a_missing_login_says_how() {
        assert!(problem(401, &[]).to_string().contains("moxxie login"));
    }

    #[test]
    fn codes_follow_the_status() {
        for (status, code) in [(401, 3), (403, 3), (404, 1), (409, 1), (422, 1), (500, 1), (503, 4)] {
            assert_eq!(problem(status, &[]).exit_code(), code, "{status}");
        }
    }
}
