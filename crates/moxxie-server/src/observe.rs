//! What is seen of a request from outside: a request id, one line in the log, metrics. Never a body,
//! never a header that carries a secret.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, header},
    middleware::Next,
    response::Response,
};
use metrics_exporter_prometheus::PrometheusHandle;
use tracing::Instrument;
use uuid::Uuid;

use crate::{limits, problem};

/// Carries the request id, both ways.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// How often the recorder tidies up, in seconds.
const UPKEEP_S: u64 = 5;

/// Histograms keep every sample until somebody reads them or tidies up; requests see to it, so that a
/// server nobody scrapes does not grow.
#[derive(Clone)]
pub(crate) struct Upkeep(Option<Arc<(PrometheusHandle, Instant, AtomicU64)>>);

impl Upkeep {
    pub(crate) fn new(handle: Option<PrometheusHandle>) -> Self {
        Self(handle.map(|handle| Arc::new((handle, Instant::now(), AtomicU64::new(0)))))
    }

    fn tick(&self) {
        let Some((handle, start, last)) = self.0.as_deref() else { return };
        let now = start.elapsed().as_secs();
        let before = last.load(Ordering::Relaxed);
        if now >= before + UPKEEP_S
            && last.compare_exchange(before, now, Ordering::Relaxed, Ordering::Relaxed).is_ok()
        {
            handle.run_upkeep();
        }
    }
}

/// Gives a request its id and span, and counts it when it is answered.
pub(crate) async fn observe(State(upkeep): State<Upkeep>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let method = word(request.method());
    // The template, not the path: ids would make a metric per network.
    let route = request.extensions().get::<MatchedPath>().cloned();
    let route = route.as_ref().map_or("unmatched", MatchedPath::as_str);
    let request_id = request_id(request.headers());
    let span = tracing::info_span!("request", method, route, request_id);

    let answer = limits::bounded(problem::everywhere(request, next));
    let mut response = answer.instrument(span.clone()).await;

    let elapsed = start.elapsed();
    let status = response.status().as_u16();
    let duration_ms = elapsed.as_secs_f64() * 1000.0;
    if matches!(route, "/healthz" | "/readyz" | "/metrics") && status < 400 {
        tracing::debug!(parent: &span, status, duration_ms, "answered");
    } else {
        tracing::info!(parent: &span, status, duration_ms, "answered");
    }
    metrics::counter!("http_requests_total",
        "method" => method, "route" => route.to_owned(), "status" => class(status))
    .increment(1);
    metrics::histogram!("http_request_duration_seconds", "method" => method, "route" => route.to_owned())
        .record(elapsed);
    upkeep.tick();

    let headers = response.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        headers.insert(REQUEST_ID, value);
    }
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The client's own id where it is harmless in a log, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let harmless = |text: &&str| {
        (1..=64).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
    };
    match headers.get(REQUEST_ID).and_then(|value| value.to_str().ok()).filter(harmless) {
        Some(id) => id.to_owned(),
        None => new_request_id(),
    }
}

#[expect(clippy::disallowed_methods, reason = "it only joins lines of a log: nothing is decided by it")]
fn new_request_id() -> String {
    Uuid::now_v7().to_string()
}

/// The method as a label: whatever else a client makes up is one label.
fn word(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

fn class(status: u16) -> &'static str {
    match status / 100 {
        1 => "1xx",
        2 => "2xx",
        3 => "3xx",
        4 => "4xx",
        _ => "5xx",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_harmless_request_id_is_kept_and_any_other_replaced() {
        let given = |text: &str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_str(text).unwrap())]);
            request_id(&headers)
        };
        assert_eq!(given("build-7.a_b"), "build-7.a_b");
        for odd in ["", "a b", "{\"a\":1}", &"x".repeat(65)] {
            assert_ne!(given(odd), odd);
        }
        assert_eq!(request_id(&HeaderMap::new()).len(), 36);
    }
}
