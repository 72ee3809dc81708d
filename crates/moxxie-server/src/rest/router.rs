//! Routers.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PageQuery,
    router::{Route, Router, RouterCreate, RouterRows, RouterStatus, RouterUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_routers, create_router))
        .routes(routes!(get_router, update_router, delete_router))
        .routes(routes!(get_router_status))
        .routes(routes!(list_router_routes))
        .routes(routes!(list_router_rows))
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
/// contacted; its password is forgotten. A device that takes its place is registered anew.
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
