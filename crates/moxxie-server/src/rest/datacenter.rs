//! Datacentres (`site` in the engine).

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PageQuery,
    datacenter::{AvailableResources, Datacenter, DatacenterCreate, DatacenterUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_datacenters, create_datacenter))
        .routes(routes!(get_datacenter, update_datacenter, delete_datacenter))
        .routes(routes!(get_available_resources))
}

/// List datacentres
///
/// By name.
#[utoipa::path(
    get, path = "/datacenters", tag = "datacenters", params(PageQuery),
    responses((status = 200, description = "A page of datacentres", body = Page<Datacenter>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_datacenters(State(state): State<AppState>, ask: Read<PageQuery>) -> Answer<Page<Datacenter>> {
    Ok(Json(state.engine.sites(&ask.context, ask.query).await?))
}

/// Register a datacentre
///
/// With the way its trunk is tagged: plain 802.1Q, or Q-in-Q inside a service VLAN of the provider's.
/// Requests for networks are the same for both.
#[utoipa::path(
    post, path = "/datacenters", tag = "datacenters",
    request_body(content = DatacenterCreate, example = json!({
        "name": "dc2", "location": "Frankfurt",
        "encapsulation": {"type": "qinq", "serviceVlan": 1000}, "vlanRange": "100-2000",
        "managementPrefixes": ["10.255.0.0/24"],
    })),
    responses((status = 201, description = "Registered", body = Datacenter,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_datacenter(
    State(state): State<AppState>,
    ask: Write<DatacenterCreate>,
) -> Created<Datacenter> {
    let site = state.engine.create_site(&ask.context, ask.body).await?;
    created(&format!("datacenters/{}", site.name), site)
}

/// Show a datacentre
#[utoipa::path(
    get, path = "/datacenters/{dc}", tag = "datacenters",
    params(("dc" = String, Path, description = "Name or id", example = "dc2")),
    responses((status = 200, description = "The datacentre", body = Datacenter)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_datacenter(
    State(state): State<AppState>,
    Target(dc): Target<String>,
    ask: Read,
) -> Answer<Datacenter> {
    Ok(Json(state.engine.site(&ask.context, &dc).await?))
}

/// Show what is left in a datacentre
///
/// Free VLAN ids, and how full the pools are that its networks come from.
#[utoipa::path(
    get, path = "/datacenters/{dc}/available-resources", tag = "datacenters",
    params(("dc" = String, Path, description = "Name or id", example = "dc2")),
    responses((status = 200, description = "What is left", body = AvailableResources)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_available_resources(
    State(state): State<AppState>,
    Target(dc): Target<String>,
    ask: Read,
) -> Answer<AvailableResources> {
    Ok(Json(state.engine.available_resources(&ask.context, &dc).await?))
}

/// Remove a datacentre
///
/// One that routers, pools or networks refer to is refused.
#[utoipa::path(
    delete, path = "/datacenters/{dc}", tag = "datacenters",
    params(("dc" = String, Path, description = "Name or id", example = "dc2")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_datacenter(State(state): State<AppState>, Target(dc): Target<String>, ask: Write) -> Gone {
    state.engine.delete_site(&ask.context, &dc).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change a datacentre
///
/// What has a VLAN id keeps it, also outside a new range.
#[utoipa::path(
    patch, path = "/datacenters/{dc}", tag = "datacenters", params(("dc" = String, Path, description = "Name or id")),
    request_body(content = DatacenterUpdate, example = json!({"vlanRange": "100-3000", "vlanQuarantineSeconds": 3600})),
    responses((status = 200, description = "The datacentre as it is now", body = Datacenter)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn update_datacenter(
    State(state): State<AppState>,
    Target(dc): Target<String>,
    ask: Write<DatacenterUpdate>,
) -> Answer<Datacenter> {
    Ok(Json(state.engine.update_site(&ask.context, &dc, ask.body).await?))
}
