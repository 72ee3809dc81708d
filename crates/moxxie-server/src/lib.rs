//! HTTP of moxxie: REST, problem documents, authentication, live events, metrics, pages.
//!
//! A request passes, from outside in: `observe` (request id, span, metrics), which has `limits`
//! (panics, time) and `problem` (failures without words of their own) inside, `auth` (token and role of everything that is not public), an extractor that reads
//! path, query and body and refuses what it does not know, and a handler in `rest` that calls one use
//! case of the engine. Failures become problem documents in one table, `problem`.

mod audited;
mod auth;
mod events;
mod extract;
mod limits;
mod metrics;
mod observe;
mod page;
mod planned;
mod problem;
mod problem_kinds;
mod rest;
mod serve;

use axum::{Router, middleware};
use metrics_exporter_prometheus::PrometheusHandle;
use moxxie_engine::Engine;
use tokio_util::sync::CancellationToken;

pub use self::{
    auth::ROLE_EXTENSION, metrics::install as install_metrics, rest::openapi::document as openapi,
    serve::serve,
};

/// Version of this server, as told by `/healthz` and the OpenAPI document.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What every handler shares.
#[derive(Clone)]
pub struct AppState {
    /// The use cases.
    pub engine: Engine,
    /// Where `/metrics` reads from, see [`install_metrics`]; without it `/metrics` is empty.
    pub metrics: Option<PrometheusHandle>,
    /// Once cancelled, live event streams and waiting requests end. Give the same token to [`serve()`].
    pub shutdown: CancellationToken,
}

/// The whole server as one router.
pub fn app(state: AppState) -> Router {
    let (guarded, document) = rest::guarded().split_for_parts();
    let guard = auth::Guard::new(state.engine.clone(), &document);
    // Everything in `guarded` passes the guard; what is public is listed in `rest::public` and nowhere
    // else, so a new endpoint cannot be left open by forgetting something.
    let guarded = guarded
        .layer(middleware::from_fn(planned::planned))
        .layer(middleware::from_fn_with_state(guard, auth::authenticate));
    let (public, _) = rest::public().split_for_parts();
    let metrics = state.metrics.clone();
    guarded
        .merge(public)
        .with_state(state)
        .merge(rest::openapi::browser())
        // One layer for all of it: each is a copy of everything inside for every request.
        .layer(middleware::from_fn_with_state(observe::Upkeep::new(metrics), observe::observe))
}
