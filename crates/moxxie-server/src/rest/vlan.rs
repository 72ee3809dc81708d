//! VLAN ids.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    PastQuery,
    vlan::{Vlan, VlanList, VlanQuery, VlanRequest, VlanUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_vlans, take_vlan)).routes(routes!(
        get_vlan,
        update_vlan,
        release_vlan
    ))
}

/// List VLAN ids
///
/// What is taken and which ranges are free; at most 4094.
#[utoipa::path(
    get, path = "/datacenters/{dc}/vlans", tag = "vlans", params(("dc" = String, Path, description = "Name or id"), VlanQuery),
    responses((status = 200, description = "The VLAN ids", body = VlanList)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_vlans(
    State(state): State<AppState>,
    Target(dc): Target<String>,
    ask: Read<VlanQuery>,
) -> Answer<VlanList> {
    Ok(Json(state.engine.vlans(&ask.context, &dc, ask.query).await?))
}

/// Take a VLAN id
///
/// Without a network: for what moxxie does not manage. The lowest free one, or a certain one.
#[utoipa::path(
    post, path = "/datacenters/{dc}/vlans", tag = "vlans", params(("dc" = String, Path, description = "Name or id")),
    request_body(content = VlanRequest, example = json!({"status": "reserved", "vlanId": 150, "purpose": "storage"})),
    responses((status = 201, description = "Taken", body = Vlan, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn take_vlan(
    State(state): State<AppState>,
    Target(dc): Target<String>,
    ask: Write<VlanRequest>,
) -> Created<Vlan> {
    let answer = state.engine.take_vlan(&ask.context, &dc, ask.body).await?;
    created(&format!("datacenters/{}/vlans/{}", answer.datacenter, answer.vlan_id), answer)
}

/// Show a taken VLAN id
#[utoipa::path(
    get, path = "/datacenters/{dc}/vlans/{vlan}", tag = "vlans", params(("dc" = String, Path, description = "Name or id"), ("vlan" = String, Path, description = "VLAN id, or the id of the record"), PastQuery),
    responses((status = 200, description = "The VLAN id", body = Vlan)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_vlan(
    State(state): State<AppState>,
    Target((dc, vlan)): Target<(String, String)>,
    ask: Read<PastQuery>,
) -> Answer<Vlan> {
    Ok(Json(state.engine.vlan(&ask.context, &dc, &vlan, ask.query.at.as_deref()).await?))
}

/// Change a taken VLAN id
#[utoipa::path(
    patch, path = "/datacenters/{dc}/vlans/{vlan}", tag = "vlans", params(("dc" = String, Path, description = "Name or id"), ("vlan" = String, Path, description = "VLAN id, or the id of the record")),
    request_body(content = VlanUpdate, example = json!({"status": "assigned"})),
    responses((status = 200, description = "The VLAN id as it is now", body = Vlan)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn update_vlan(
    State(state): State<AppState>,
    Target((dc, vlan)): Target<(String, String)>,
    ask: Write<VlanUpdate>,
) -> Answer<Vlan> {
    Ok(Json(state.engine.update_vlan(&ask.context, &dc, &vlan, ask.body).await?))
}

/// Release a VLAN id
///
/// Or end its quarantine. One that a network has is refused.
#[utoipa::path(
    delete, path = "/datacenters/{dc}/vlans/{vlan}", tag = "vlans", params(("dc" = String, Path, description = "Name or id"), ("vlan" = String, Path, description = "VLAN id, or the id of the record")),
    responses((status = 204, description = "Released")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn release_vlan(
    State(state): State<AppState>,
    Target((dc, vlan)): Target<(String, String)>,
    ask: Write,
) -> Gone {
    state.engine.release_vlan(&ask.context, &dc, &vlan).await?;
    Ok(StatusCode::NO_CONTENT)
}
