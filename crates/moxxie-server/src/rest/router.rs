//! Routers.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use moxxie_api::{
    Page, PageQuery,
    enroll::{Enrolment, RouterEnroll, RouterReplace},
    router::{Route, Router, RouterCreate, RouterRows, RouterStatus, RouterUpdate},
    write::DryRunQuery,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_routers, create_router))
        .routes(routes!(get_router, update_router, delete_router))
        .routes(routes!(get_router_status))
        .routes(routes!(list_router_routes))
        .routes(routes!(list_router_rows))
        .routes(routes!(enroll_router))
        .routes(routes!(replace_router))
}

/// List routers
///
/// By name.
#[utoipa::path(
    get, path = "/routers", tag = "routers", params(PageQuery),
    responses((status = 200, description = "A page of routers", body = Page<Router>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_routers(State(state): State<AppState>, ask: Read<PageQuery>) -> Answer<Page<Router>> {
    Ok(Json(state.engine.routers(&ask.context, ask.query).await?))
}

/// Register a router
///
/// Its serial number and version are taken when it is first reached. The password is kept sealed and is
/// never given back.
#[utoipa::path(
    post, path = "/routers", tag = "routers",
    request_body(content = RouterCreate, example = json!({
        "name": "r2", "datacenter": "dc2", "address": "192.0.2.1:8729", "username": "moxxie",
        "password": "...", "trunk": "ether2",
    })),
    responses((status = 201, description = "Registered", body = Router,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_router(State(state): State<AppState>, ask: Write<RouterCreate>) -> Created<Router> {
    let router = state.engine.create_router(&ask.context, ask.body).await?;
    created(&format!("routers/{}", router.name), router)
}

/// Enrol a router
///
/// Logs in with an administrator's login, once, and looks: version, policies, device mode, clock, flash, trunk,
/// services, anchors, marks. When nothing is in the way it makes moxxie's own user with the least rights and a
/// random password, lets the router make a certificate for `api-ssl` where it has none, proves over TLS that
/// both work on the same device, and registers the router. What fails is undone. Repeating it changes nothing
/// when all is there. The administrator's login is not kept; no answer has a password in it.
///
/// Without `tls` and `plainAddress` the answer is `unknown_key`, with the key that the router shows.
#[utoipa::path(
    post, path = "/routers/enroll", tag = "routers", params(DryRunQuery),
    request_body(content = RouterEnroll, example = json!({
        "name": "r2", "datacenter": "dc2", "address": "192.0.2.2", "trunk": "ether2",
        "login": {"username": "admin", "password": "..."}, "tls": {"spkiSha256": "5f1c...e0"},
        "options": {"allowFrom": ["192.0.2.10"], "createAnchors": true},
    })),
    responses(
        (status = 200, description = "Dry run: what was found and what would be done", body = Enrolment),
        (status = 201, description = "Enrolled", body = Enrolment,
            headers(("Location" = String, description = "Where the router is"))),
    ),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn enroll_router(
    State(state): State<AppState>,
    ask: Write<RouterEnroll, DryRunQuery>,
) -> Result<Response, Failure> {
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.enroll_dry_run(&ask.context, ask.body).await?).into_response());
    }
    let name = ask.body.name.clone();
    let done = state.engine.enroll_router(&ask.context, ask.body).await?;
    let location = format!("{}/routers/{name}", moxxie_api::BASE);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(done)).into_response())
}

/// Put another device in a router's place
///
/// Both serial numbers confirm what is meant. The new device is prepared as at an enrolment; then identity,
/// key and login are exchanged at once, and every network of the router is brought onto the new device by a
/// change of its own (`changes`). Refused while a change of the router is open. Until then the new device is
/// `identity_changed` and nothing is written to it.
#[utoipa::path(
    post, path = "/routers/{id}/replace", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2"), DryRunQuery),
    request_body(content = RouterReplace, example = json!({
        "oldSerial": "HD8089W3Y1T", "newSerial": "HE208XK4A2B",
        "login": {"username": "admin", "password": "..."}, "tls": {"spkiSha256": "5f1c...e0"},
    })),
    responses((status = 200, description = "What was found, what was done, and the changes that follow; a dry \
        run: what would be done", body = Enrolment)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn replace_router(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<RouterReplace, DryRunQuery>,
) -> Answer<Enrolment> {
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.replace_dry_run(&ask.context, &id, ask.body).await?));
    }
    Ok(Json(state.engine.replace_router(&ask.context, &id, ask.body).await?))
}

/// Show a router
#[utoipa::path(
    get, path = "/routers/{id}", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 200, description = "The router", body = Router)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_router(State(state): State<AppState>, Target(id): Target<String>, ask: Read) -> Answer<Router> {
    Ok(Json(state.engine.router(&ask.context, &id).await?))
}

/// Ask a router how it is
///
/// One that cannot be reached, or is not the one that was enrolled, is an answer too: see `state`.
#[utoipa::path(
    get, path = "/routers/{id}/status", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 200, description = "What it says of itself now", body = RouterStatus)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_router_status(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read,
) -> Answer<RouterStatus> {
    Ok(Json(state.engine.router_status(&ask.context, &id).await?))
}

/// List the routes of a router
///
/// As it has them now, all on one page.
#[utoipa::path(
    get, path = "/routers/{id}/routes", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 200, description = "Its routes", body = Page<Route>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_router_routes(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read,
) -> Answer<Page<Route>> {
    let items = state.engine.router_routes(&ask.context, &id).await?;
    Ok(Json(Page { items, next_cursor: None }))
}

/// List the rows on a router that are ours
///
/// Those that carry this installation's mark, by menu, in the router's own words.
#[utoipa::path(
    get, path = "/routers/{id}/rows", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 200, description = "Its rows", body = RouterRows)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_router_rows(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read,
) -> Answer<RouterRows> {
    Ok(Json(state.engine.router_rows(&ask.context, &id).await?))
}

/// Change a router
///
/// What is left out stays as it is. Name, datacentre and trunk stay what they are for good: where these
/// change, it is another router. Its serial number stays the one it was enrolled with, so that another
/// device under the new address is not written to.
#[utoipa::path(
    patch, path = "/routers/{id}", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    request_body(content = RouterUpdate, example = json!({
        "address": "192.0.2.9:8729", "username": "moxxie", "password": "...",
    })),
    responses((status = 200, description = "The router as it is now", body = Router)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn update_router(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<RouterUpdate>,
) -> Answer<Router> {
    Ok(Json(state.engine.update_router(&ask.context, &id, ask.body).await?))
}

/// Remove a router
///
/// One that carries networks, or that a change is not done with, is refused. The router itself is not
/// contacted; its password is forgotten. A device that takes its place: see
/// `POST /routers/{id}/replace`.
#[utoipa::path(
    delete, path = "/routers/{id}", tag = "routers",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_router(State(state): State<AppState>, Target(id): Target<String>, ask: Write) -> Gone {
    state.engine.delete_router(&ask.context, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
