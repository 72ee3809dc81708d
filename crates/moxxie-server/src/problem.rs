//! Failures as problem documents (RFC 9457): the one table from errors to HTTP.

use axum::{
    extract::Request,
    http::{HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use moxxie_api::{FieldError, Problem, change::Change};
use moxxie_engine::Error;

use crate::problem_kinds::{self, Kind};

/// Media type of a problem document.
pub(crate) const MEDIA_TYPE: &str = "application/problem+json";

/// When to try again after a router could not be reached, in seconds.
const ROUTER_RETRY_S: u64 = 30;

/// A request that failed, as the client sees it.
#[derive(Debug)]
pub(crate) struct Failure {
    problem: Box<Problem>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    /// A failure of this kind; `detail` says what was wrong this time and what would work.
    pub(crate) fn new(kind: &Kind, detail: impl Into<String>) -> Self {
        Self {
            problem: Box::new(Problem {
                kind: format!("/problems/{}", kind.code),
                title: kind.title.to_owned(),
                status: kind.status,
                detail: detail.into(),
                code: kind.code.to_owned(),
                errors: Vec::new(),
                change_id: None,
                context: None,
            }),
            headers: Vec::new(),
        }
    }

    /// One wrong field, parameter or header.
    pub(crate) fn invalid(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::validation(vec![FieldError { field: field.into(), message: message.into() }])
    }

    fn validation(errors: Vec<FieldError>) -> Self {
        let parts: Vec<_> =
            errors.iter().map(|error| format!("{}: {}", error.field, error.message)).collect();
        let mut failure = Self::new(&problem_kinds::VALIDATION, parts.join("; "));
        failure.problem.errors = errors;
        failure
    }

    /// A change that was waited for and did not end as wanted.
    pub(crate) fn change(change: &Change) -> Self {
        let (code, detail) = match &change.error {
            Some(error) => (error.code.clone(), error.message.clone()),
            None => (change.state.clone(), format!("the change ended {}", change.state.replace('_', " "))),
        };
        let kind = problem_kinds::find(&code);
        let base = kind.unwrap_or(&problem_kinds::CONFLICT);
        let mut failure = Self::new(base, detail);
        if kind.is_none() {
            failure.name(&code);
        }
        // A router that does not answer may answer later; whatever else it said is about the request
        // and the world, never a fault of this server.
        failure.problem.status = if base.status == 503 { 503 } else { 409 };
        failure.problem.change_id = Some(change.change_id.clone());
        failure.problem.context = change.error.as_ref().and_then(|error| error.context.clone());
        if failure.problem.status == 503 { failure.retry_after(ROUTER_RETRY_S) } else { failure }
    }

    /// Gives it a code that has no kind of its own.
    fn name(&mut self, code: &str) {
        self.problem.kind = format!("/problems/{code}");
        code.clone_into(&mut self.problem.code);
        self.problem.title = problem_kinds::title_of(code);
    }

    /// Adds what programs can use.
    pub(crate) fn context(mut self, context: serde_json::Value) -> Self {
        self.problem.context = Some(context);
        self
    }

    /// Adds `Retry-After`.
    pub(crate) fn retry_after(self, seconds: u64) -> Self {
        self.header(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)))
    }

    fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    #[cfg(test)]
    pub(crate) fn problem(&self) -> &Problem {
        &self.problem
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let detail = error.to_string();
        match error {
            Error::Unauthenticated => Self::new(&problem_kinds::UNAUTHENTICATED, detail)
                .header(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Error::Forbidden { .. } => Self::new(&problem_kinds::FORBIDDEN, detail),
            Error::Invalid(errors) => Self::validation(errors),
            Error::NotFound { .. } => Self::new(&problem_kinds::NOT_FOUND, detail),
            Error::Conflict { code, context, .. } => {
                let mut failure = Self::new(&problem_kinds::CONFLICT, detail);
                failure.name(code);
                // What the caller made a condition has a status of its own (RFC 9110, section 15.5.13).
                if code == problem_kinds::VERSION_CHANGED.code {
                    failure.problem.status = problem_kinds::VERSION_CHANGED.status;
                }
                failure.problem.context = context;
                failure
            }
            Error::ChangeFailed { change } => Self::change(&change),
            Error::Unavailable { retry_after_s, ref source, .. } => {
                tracing::warn!(error = %detail, cause = source.as_deref().map(chain), "unavailable");
                Self::new(&problem_kinds::UNAVAILABLE, detail).retry_after(retry_after_s)
            }
            Error::Internal(ref source) => {
                tracing::error!(
                    error = chain(source.as_ref()),
                    "a defect, or a database that answers nonsense"
                );
                Self::new(&problem_kinds::INTERNAL, problem_kinds::INTERNAL_DETAIL)
            }
        }
    }
}

/// An error and what caused it, in one line.
fn chain(error: &(dyn std::error::Error + Send + Sync + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, axum::Json(&self.problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.extend(self.headers);
        // For layers outside, which need not read the body to know.
        response.extensions_mut().insert::<Problem>(*self.problem);
        response
    }
}

/// Whatever fails without a problem document of its own (an unknown path, a wrong method, a refusal of
/// the framework) gets one here, with the headers that belong to it.
pub(crate) async fn everywhere(request: Request, next: Next) -> Response {
    let (uri, method) = (request.uri().clone(), request.method().clone());
    let mut response = next.run(request).await;
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(MEDIA_TYPE.as_bytes()));
    if !(status.is_client_error() || status.is_server_error()) || is_problem {
        return response;
    }
    let path: String = uri.path().chars().take(200).collect();
    let kind = problem_kinds::by_status(status.as_u16());
    let detail = match status {
        StatusCode::NOT_FOUND => format!("there is nothing at {path}; /docs shows what there is"),
        StatusCode::METHOD_NOT_ALLOWED => {
            let allowed = response.headers().get(header::ALLOW).and_then(|value| value.to_str().ok());
            format!("{method} is not possible at {path}; possible: {}", allowed.unwrap_or("nothing"))
        }
        _ => kind.title.to_owned(),
    };
    let mut failure = Failure::new(kind, detail);
    failure.problem.status = status.as_u16();
    for name in [header::ALLOW, header::RETRY_AFTER] {
        if let Some(value) = response.headers_mut().remove(&name) {
            failure = failure.header(name, value);
        }
    }
    failure.into_response()
}

#[cfg(test)]
#[path = "problem_tests.rs"]
mod tests;
