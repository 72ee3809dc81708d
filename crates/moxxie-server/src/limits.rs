//! Bounds on what one request may take: size, time, and what a defect may break.

use std::{any::Any, panic::AssertUnwindSafe, time::Duration};

use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;

use crate::{problem::Failure, problem_kinds};

/// Largest body.
pub(crate) const BODY: usize = 256 * 1024;

/// Largest declaration: 20,000 networks of usual length.
pub(crate) const DECLARATION: usize = 8 * 1024 * 1024;

/// Largest file to import: 200,000 lines of usual length.
pub(crate) const FILE: usize = 64 * 1024 * 1024;

/// How long a file may take to arrive.
pub(crate) const FILE_TIME: Duration = Duration::from_secs(120);

/// How long a body may take to arrive.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(15);

/// Longest `?wait=`, in seconds.
pub(crate) const WAIT_S: u32 = 120;

/// How long an answer may take to begin: the longest wait and time to spare.
const ANSWER_TIME: Duration = Duration::from_secs(WAIT_S as u64 + 30);

/// Answers 503 when a handler takes longer than any handler should. A panic in a handler is a defect: it is logged and
/// answered, and the server goes on.
pub(crate) async fn bounded(answer: impl Future<Output = Response>) -> Response {
    match tokio::time::timeout(ANSWER_TIME, AssertUnwindSafe(answer).catch_unwind()).await {
        Ok(Ok(response)) => response,
        Ok(Err(cause)) => panicked(cause),
        Err(_) => Failure::new(&problem_kinds::UNAVAILABLE, "no answer in time; look before trying again")
            .retry_after(5)
            .into_response(),
    }
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = match cause.downcast::<String>() {
        Ok(text) => *text,
        Err(cause) => cause.downcast_ref::<&str>().copied().unwrap_or("a panic without words").to_owned(),
    };
    tracing::error!(panic = text, "a defect: a handler panicked");
    Failure::new(&problem_kinds::INTERNAL, problem_kinds::INTERNAL_DETAIL).into_response()
}

#[cfg(test)]
mod tests {
    use axum::{Router, body::Body, extract::Request, http::StatusCode, middleware, routing::get};
    use tower::ServiceExt;

    use super::*;

    fn app() -> Router {
        Router::new()
            .route("/panic", get(async || -> &'static str { panic!("a secret {}", 4711) }))
            .route("/slow", get(std::future::pending::<&'static str>))
            .layer(middleware::from_fn(|request, next: middleware::Next| bounded(next.run(request))))
    }

    async fn ask(path: &str) -> (StatusCode, String) {
        let request = Request::builder().uri(path).body(Body::empty()).unwrap();
        let response = app().oneshot(request).await.unwrap();
        let status = response.status();
        let bytes = axum::body::to_bytes(response.into_body(), BODY).await.unwrap();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn a_panic_is_a_500_without_its_words() {
        let (status, body) = ask("/panic").await;
        assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
        assert!(body.contains("/problems/internal") && !body.contains("4711"), "{body}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_hangs_is_a_503() {
        let (status, body) = ask("/slow").await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
        assert!(body.contains("no answer in time"), "{body}");
    }
}
