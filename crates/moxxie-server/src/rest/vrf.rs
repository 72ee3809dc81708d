//! VRFs.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PastPageQuery, PastQuery,
    vrf::{Vrf, VrfCreate, VrfUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_vrfs, create_vrf))
        .routes(routes!(get_vrf, update_vrf, delete_vrf))
}

/// List VRFs
///
/// By name. `main` is always there.
#[utoipa::path(
    get, path = "/vrfs", tag = "vrfs", params(PastPageQuery),
    responses((status = 200, description = "A page of VRFs", body = Page<Vrf>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_vrfs(State(state): State<AppState>, ask: Read<PastPageQuery>) -> Answer<Page<Vrf>> {
    Ok(Json(state.engine.vrfs(&ask.context, ask.query).await?))
}

/// Register a VRF
///
/// An address space of its own: prefixes may overlap only across VRFs. Only networks of `main` can be put on
/// routers in this version.
#[utoipa::path(
    post, path = "/vrfs", tag = "vrfs",
    request_body(content = VrfCreate, example = json!({"name": "storage"})),
    responses((status = 201, description = "Registered", body = Vrf, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_vrf(State(state): State<AppState>, ask: Write<VrfCreate>) -> Created<Vrf> {
    let answer = state.engine.create_vrf(&ask.context, ask.body).await?;
    created(&format!("vrfs/{}", answer.name), answer)
}

/// Show a VRF
#[utoipa::path(
    get, path = "/vrfs/{vrf}", tag = "vrfs", params(("vrf" = String, Path, description = "Name or id"), PastQuery),
    responses((status = 200, description = "The VRF", body = Vrf)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_vrf(
    State(state): State<AppState>,
    Target(vrf): Target<String>,
    ask: Read<PastQuery>,
) -> Answer<Vrf> {
    Ok(Json(state.engine.vrf(&ask.context, &vrf, ask.query.at.as_deref()).await?))
}

/// Change a VRF
#[utoipa::path(
    patch, path = "/vrfs/{vrf}", tag = "vrfs", params(("vrf" = String, Path, description = "Name or id")),
    request_body(content = VrfUpdate, example = json!({"description": "storage networks"})),
    responses((status = 200, description = "The VRF as it is now", body = Vrf)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn update_vrf(
    State(state): State<AppState>,
    Target(vrf): Target<String>,
    ask: Write<VrfUpdate>,
) -> Answer<Vrf> {
    Ok(Json(state.engine.update_vrf(&ask.context, &vrf, ask.body).await?))
}

/// Remove a VRF
///
/// One with pools or containers is refused.
#[utoipa::path(
    delete, path = "/vrfs/{vrf}", tag = "vrfs", params(("vrf" = String, Path, description = "Name or id")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_vrf(State(state): State<AppState>, Target(vrf): Target<String>, ask: Write) -> Gone {
    state.engine.delete_vrf(&ask.context, &vrf).await?;
    Ok(StatusCode::NO_CONTENT)
}
