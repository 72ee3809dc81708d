//! Changes.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use moxxie_api::{
    Page,
    change::{Change, ChangeEvent, ChangeQuery, EventsQuery, ResolveRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{
    AppState, events,
    extract::{Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_changes))
        .routes(routes!(get_change))
        .routes(routes!(follow_change))
        .routes(routes!(cancel_change))
        .routes(routes!(retry_change))
        .routes(routes!(rollback_change))
        .routes(routes!(resolve_change))
}

/// List changes
///
/// The newest first.
#[utoipa::path(
    get, path = "/changes", tag = "changes", params(ChangeQuery),
    responses((status = 200, description = "A page of changes", body = Page<Change>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_changes(State(state): State<AppState>, ask: Read<ChangeQuery>) -> Answer<Page<Change>> {
    Ok(Json(state.engine.changes(&ask.context, ask.query).await?))
}

/// Show a change
#[utoipa::path(
    get, path = "/changes/{id}", tag = "changes",
    params(("id" = String, Path, description = "Id, `chg-...`")),
    responses((status = 200, description = "The change", body = Change)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_change(State(state): State<AppState>, Target(id): Target<String>, ask: Read) -> Answer<Change> {
    Ok(Json(state.engine.change(&ask.context, &id).await?))
}

/// Follow a change live
///
/// Server-sent events: those there are, then new ones as they happen, until the change is over. Each has
/// its number as `id`, `state` or `step` as `event`, and a ChangeEvent as `data`. A stream also ends after ten
/// minutes and when the server stops: go on with `Last-Event-ID`, as browsers do by themselves.
#[utoipa::path(
    get, path = "/changes/{id}/events", tag = "changes",
    params(
        ("id" = String, Path, description = "Id, `chg-...`"),
        EventsQuery,
        ("Last-Event-ID" = Option<i64>, Header, description = "Number of the last event that was seen"),
    ),
    responses(
        (status = 200, description = "The events", body = ChangeEvent, content_type = "text/event-stream"),
        (status = 204, description = "The change is over and `Last-Event-ID` was its last event: do not reconnect"),
    ),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn follow_change(
    State(state): State<AppState>,
    Target(id): Target<String>,
    headers: HeaderMap,
    ask: Read<EventsQuery>,
) -> Result<Response, Failure> {
    let resumed = events::last_event_id(&headers)?;
    let after = resumed.or(ask.query.after).unwrap_or(0);
    if after < 0 {
        return Err(Failure::invalid("after", "must be 0 or more"));
    }
    // Asked before the stream begins, so that a change that does not exist is a 404.
    let change = state.engine.change(&ask.context, &id).await?;
    if resumed.is_some()
        && change.finished
        && state.engine.change_events(&ask.context, &id, after).await?.is_empty()
    {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(events::stream(state, ask.context, change.change_id, after).into_response())
}

/// Call a change off
///
/// At once when nothing was sent to a router, else by rolling back.
#[utoipa::path(
    post, path = "/changes/{id}/cancel", tag = "changes",
    params(("id" = String, Path, description = "Id, `chg-...`")),
    responses((status = 200, description = "The change as it is now", body = Change)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn cancel_change(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<Change> {
    Ok(Json(state.engine.cancel_change(&ask.context, &id).await?))
}

/// Try a waiting or stuck change again at once
#[utoipa::path(
    post, path = "/changes/{id}/retry", tag = "changes",
    params(("id" = String, Path, description = "Id, `chg-...`")),
    responses((status = 200, description = "The change as it is now", body = Change)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn retry_change(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<Change> {
    Ok(Json(state.engine.retry_change(&ask.context, &id).await?))
}

/// Roll an unfinished change back
#[utoipa::path(
    post, path = "/changes/{id}/rollback", tag = "changes",
    params(("id" = String, Path, description = "Id, `chg-...`")),
    responses((status = 200, description = "The change as it is now", body = Change)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn rollback_change(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<Change> {
    Ok(Json(state.engine.rollback_change(&ask.context, &id).await?))
}

/// Write a change off
///
/// For a router that will not come back: the reservation is released without the router having been seen
/// clean. The reason is kept in the audit trail.
#[utoipa::path(
    post, path = "/changes/{id}/resolve", tag = "changes",
    params(("id" = String, Path, description = "Id, `chg-...`")),
    request_body(content = ResolveRequest, example = json!({"reason": "r2 burned down, see ticket 4711"})),
    responses((status = 200, description = "The change as it is now", body = Change)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn resolve_change(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<ResolveRequest>,
) -> Answer<Change> {
    Ok(Json(state.engine.resolve_change(&ask.context, &id, ask.body).await?))
}
