//! Drift: rows on routers that are not as they were applied, and what is to become of it.

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use moxxie_api::{
    Page, PageQuery,
    change::Change,
    drift::{AcceptRequest, Drift, DriftQuery, IgnoreRequest, RouterDrift},
    write::{ChangeOrDryRun, WriteQuery},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    order::{self, Settled},
};
use crate::{
    AppState,
    extract::{NoBody, Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_drift))
        .routes(routes!(get_drift))
        .routes(routes!(get_router_drift))
        .routes(routes!(check_router_drift))
        .routes(routes!(revert_drift))
        .routes(routes!(accept_drift))
        .routes(routes!(ignore_drift))
        .routes(routes!(reopen_drift))
}

/// List drift
///
/// Rows on routers that are not as they were last applied, the oldest finding first, as of each router's last
/// check. What is over is only listed with `state=resolved`.
#[utoipa::path(
    get, path = "/drift", tag = "drift", params(DriftQuery),
    responses((status = 200, description = "A page of drift", body = Page<Drift>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_drift(State(state): State<AppState>, ask: Read<DriftQuery>) -> Answer<Page<Drift>> {
    Ok(Json(state.engine.drifts(&ask.context, ask.query).await?))
}

/// Get a piece of drift
#[utoipa::path(
    get, path = "/drift/{id}", tag = "drift",
    params(("id" = String, Path, description = "Its id, `drf-...`")),
    responses((status = 200, description = "It, also when it is over", body = Drift)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_drift(State(state): State<AppState>, Target(id): Target<String>, ask: Read) -> Answer<Drift> {
    Ok(Json(state.engine.drift(&ask.context, &id).await?))
}

/// Get the drift of a router
///
/// What is not over, and how much is known: a router that does not answer is unknown since a moment, and what is
/// listed is as of its last check. The router is not asked.
#[utoipa::path(
    get, path = "/routers/{id}/drift", tag = "drift",
    params(("id" = String, Path, description = "Name or id", example = "r2"), PageQuery),
    responses((status = 200, description = "Its drift", body = RouterDrift)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_router_drift(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read<PageQuery>,
) -> Answer<RouterDrift> {
    let PageQuery { cursor, limit } = ask.query;
    Ok(Json(state.engine.router_drift(&ask.context, &id, cursor, limit).await?))
}

/// Check a router for drift now
///
/// Reads the rows we own there and compares them with those last applied. Nothing is written to the router, and
/// rows that a change is at work on are left out.
#[utoipa::path(
    post, path = "/routers/{id}/drift/check", tag = "drift",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 200, description = "Its drift", body = RouterDrift)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn check_router_drift(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<RouterDrift> {
    Ok(Json(state.engine.check_drift(&ask.context, &id).await?))
}

/// Put drift right
///
/// Restores the network whose row it is, or one that needs the shared row: all drift of that network is put
/// right with it. Refused where no change can help; the answer says what would.
#[utoipa::path(
    post, path = "/drift/{id}/revert", tag = "drift",
    params(("id" = String, Path, description = "Its id, `drf-...`"), WriteQuery),
    responses(
        (status = 200, description = "With `wait`: the change, applied. Dry run: what would be done",
            body = ChangeOrDryRun),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn revert_drift(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<NoBody, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.revert_drift_dry_run(&ask.context, &id).await?).into_response());
    }
    let accepted = state.engine.revert_drift(&ask.context, &id).await?;
    match order::settle(&state, &ask.context, accepted.change, wait).await? {
        Settled::Applied(change) => Ok(Json(change).into_response()),
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}

/// Accept drift
///
/// What was found is what the row should be from now on, until a change applies the row again. Only fields that
/// differ, disabled rows and missing ones can be accepted.
#[utoipa::path(
    post, path = "/drift/{id}/accept", tag = "drift",
    params(("id" = String, Path, description = "Its id, `drf-...`")),
    request_body(content = AcceptRequest, example = json!({"reason": "acme wants leases of two days"})),
    responses((status = 200, description = "It, as it is now", body = Drift)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn accept_drift(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<AcceptRequest>,
) -> Answer<Drift> {
    Ok(Json(state.engine.accept_drift(&ask.context, &id, ask.body).await?))
}

/// Ignore drift
///
/// With a reason, until it is over or the time has come; then it is open again.
#[utoipa::path(
    post, path = "/drift/{id}/ignore", tag = "drift",
    params(("id" = String, Path, description = "Its id, `drf-...`")),
    request_body(content = IgnoreRequest, example = json!({
        "reason": "maintenance by the provider", "until": "2030-01-01T06:00:00Z"})),
    responses((status = 200, description = "It, as it is now", body = Drift)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn ignore_drift(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<IgnoreRequest>,
) -> Answer<Drift> {
    Ok(Json(state.engine.ignore_drift(&ask.context, &id, ask.body).await?))
}

/// Take back that drift was ignored or accepted
#[utoipa::path(
    post, path = "/drift/{id}/reopen", tag = "drift",
    params(("id" = String, Path, description = "Its id, `drf-...`")),
    responses((status = 200, description = "It, as it is now", body = Drift)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn reopen_drift(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<Drift> {
    Ok(Json(state.engine.reopen_drift(&ask.context, &id).await?))
}
