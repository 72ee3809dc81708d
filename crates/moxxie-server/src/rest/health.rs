//! Whether the server lives, is ready, and how it does.

use axum::{Json, extract::State, http::header, response::IntoResponse};
use moxxie_api::health::Health;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{AppState, VERSION, extract::Read, problem::Failure};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(healthz)).routes(routes!(readyz))
}

/// Metrics tell of networks and customers' habits, hence they need a token.
pub(super) fn metrics_route() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(metrics))
}

fn ok() -> Health {
    Health { status: "ok".to_owned(), version: VERSION.to_owned() }
}

/// Whether the server lives
///
/// For whoever restarts it. Does not ask the database: restarting would not help that.
#[utoipa::path(
    get, path = "/healthz", tag = "operations",
    responses((status = 200, description = "It lives", body = Health)),
    extensions(("x-required-role" = json!("none"))),
)]
async fn healthz() -> Json<Health> {
    Json(ok())
}

/// Whether the server can serve
///
/// For load balancers: 503 while the database does not answer and once the server is stopping.
#[utoipa::path(
    get, path = "/readyz", tag = "operations",
    responses((status = 200, description = "It can", body = Health)),
    extensions(("x-required-role" = json!("none"))),
)]
async fn readyz(State(state): State<AppState>) -> Answer<Health> {
    if state.shutdown.is_cancelled() {
        let failure = Failure::new(&crate::problem_kinds::UNAVAILABLE, "the server is stopping");
        return Err(failure.retry_after(5));
    }
    state.engine.ready().await?;
    Ok(Json(ok()))
}

/// Metrics for Prometheus
///
/// In the text format, version 0.0.4. Prometheus sends a token with `authorization: {credentials: ...}`.
#[utoipa::path(
    get, path = "/metrics", tag = "operations",
    responses((status = 200, description = "The metrics", body = String, content_type = "text/plain")),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn metrics(State(state): State<AppState>, _ask: Read) -> impl IntoResponse {
    let text = state.metrics.map(|handle| handle.render()).unwrap_or_default();
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text)
}
