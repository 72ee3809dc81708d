//! Bounds on what one request may take: size, time, and what a defect may break.

use std::{any::Any, time::Duration};

use axum::{
    extract::Request,
    middleware::Next,
    response::{IntoResponse, Response},
};
use tower_http::catch_panic::CatchPanicLayer;

use crate::{problem::Failure, problem_kinds};

/// Largest body.
pub(crate) const BODY: usize = 256 * 1024;

/// How long a body may take to arrive.
pub(crate) const BODY_TIME: Duration = Duration::from_secs(15);

/// Longest `?wait=`, in seconds.
pub(crate) const WAIT_S: u32 = 120;

/// How long an answer may take to begin: the longest wait and time to spare.
const ANSWER_TIME: Duration = Duration::from_secs(WAIT_S as u64 + 30);

/// Answers 503 when a handler takes longer than any handler should.
pub(crate) async fn answer_in_time(request: Request, next: Next) -> Response {
    match tokio::time::timeout(ANSWER_TIME, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Failure::new(&problem_kinds::UNAVAILABLE, "no answer in time; look before trying again")
            .retry_after(5)
            .into_response(),
    }
}

/// A panic in a handler is a defect: it is logged and answered, and the server goes on.
pub(crate) fn catch_panics() -> CatchPanicLayer<fn(Box<dyn Any + Send>) -> Response> {
    CatchPanicLayer::custom(panicked as fn(Box<dyn Any + Send>) -> Response)
}

fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = match cause.downcast::<String>() {
        Ok(text) => *text,
        Err(cause) => cause.downcast_ref::<&str>().copied().unwrap_or("a panic without words").to_owned(),
    };
    tracing::error!(panic = text, "a defect: a handler panicked");
    Failure::new(&problem_kinds::INTERNAL, problem_kinds::INTERNAL_DETAIL).into_response()
}
