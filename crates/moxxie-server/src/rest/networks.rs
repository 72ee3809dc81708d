//! Several networks at once.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use moxxie_api::{
    change::Change,
    network::{Network, NetworkBulk, NetworksModified, NetworksRemoval, NetworksUpdate},
    plan::DryRun,
    write::{ChangeOrDryRun, WriteQuery},
};
use moxxie_engine::Context;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    order::{self, Settled},
};
use crate::{
    AppState,
    extract::{Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(provision_networks))
        .routes(routes!(modify_networks))
        .routes(routes!(deprovision_networks))
        .routes(routes!(networks_of_change))
}

/// Order several networks
///
/// One change puts all of them on their routers, or none: up to 1,000, in any number of datacentres. Large changes go
/// in chunks, and its events say how far it is. `GET /changes/{id}/networks` shows what was made.
#[utoipa::path(
    post, path = "/networks/bulk", tag = "networks", params(WriteQuery),
    request_body(content = NetworkBulk, example = json!({"items": [
        {"clientId": "acme", "datacenter": "dc1", "size": "/27", "name": "front"},
        {"clientId": "acme", "datacenter": "dc2", "size": "/27", "name": "back"},
    ]})),
    responses(
        (status = 200, description = "With `wait`: the change, applied. Dry run: what would be done",
            body = ChangeOrDryRun),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn provision_networks(
    State(state): State<AppState>,
    ask: Write<NetworkBulk, WriteQuery>,
) -> Result<Response, Failure> {
    if ask.query.dry_run == Some(true) {
        return Ok(dry(state.engine.provision_many_dry_run(&ask.context, ask.body).await?));
    }
    let change = state.engine.provision_many(&ask.context, ask.body).await?;
    settled(&state, &ask.context, change, ask.query.wait).await
}

/// Change what several networks carry
///
/// Those on routers get one change, which brings all routers after it or is undone whole; the others are changed at
/// once. A selection is needed: `{"firewallProfile": "open"}`, `{"clientId": "acme", "datacenter": "dc1"}`, or
/// `{"all": true}`.
#[utoipa::path(
    patch, path = "/networks", tag = "networks", params(WriteQuery),
    request_body(content = NetworksUpdate, example = json!({
        "select": {"clientId": "acme", "firewallProfile": "open"}, "options": {"firewallProfile": "standard"},
    })),
    responses(
        (status = 200, description = "Done. Dry run: what would be done on routers", body = NetworksModified),
        (status = 202, description = "Accepted: the change that does it", body = NetworksModified, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn modify_networks(
    State(state): State<AppState>,
    ask: Write<NetworksUpdate, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        return Ok(dry(state.engine.modify_many_dry_run(&ask.context, ask.body).await?));
    }
    let mut answer = state.engine.modify_many(&ask.context, ask.body).await?;
    let Some(change) = answer.change.take() else { return Ok(Json(answer).into_response()) };
    let (status, change) = match order::settle(&state, &ask.context, change, wait).await? {
        Settled::Applied(change) => (StatusCode::OK, change),
        Settled::Running(change) => (StatusCode::ACCEPTED, change),
    };
    let location = format!("{}/changes/{}", moxxie_api::BASE, change.change_id);
    answer.change = Some(change);
    Ok((status, [(axum::http::header::LOCATION, location)], Json(answer)).into_response())
}

/// Remove several networks
///
/// One change takes all of them off their routers and releases their VLAN ids and prefixes, or nothing of it is done. A
/// network with recorded addresses or with another change is refused, and with it the order.
#[utoipa::path(
    post, path = "/networks/deprovision", tag = "networks", params(WriteQuery),
    request_body(content = NetworksRemoval, example = json!({"select": {"clientId": "acme", "datacenter": "dc1"}})),
    responses(
        (status = 200, description = "With `wait`: the change, applied. Dry run: what would be done",
            body = ChangeOrDryRun),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn deprovision_networks(
    State(state): State<AppState>,
    ask: Write<NetworksRemoval, WriteQuery>,
) -> Result<Response, Failure> {
    if ask.query.dry_run == Some(true) {
        return Ok(dry(state.engine.deprovision_many_dry_run(&ask.context, ask.body).await?));
    }
    let change = state.engine.deprovision_many(&ask.context, ask.body).await?;
    settled(&state, &ask.context, change, ask.query.wait).await
}

/// Show the networks of a change
///
/// Those that are there, the oldest first: what a change has removed, or has not made yet, is not.
#[utoipa::path(
    get, path = "/changes/{id}/networks", tag = "changes",
    params(("id" = String, Path, description = "Id, `chg-...`")),
    responses((status = 200, description = "The networks", body = Vec<Network>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn networks_of_change(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read,
) -> Answer<Vec<Network>> {
    Ok(Json(state.engine.networks_of_change(&ask.context, &id).await?))
}

fn dry(plan: DryRun) -> Response {
    Json(plan).into_response()
}

async fn settled(
    state: &AppState,
    context: &Context,
    change: Change,
    wait: Option<u32>,
) -> Result<Response, Failure> {
    match order::settle(state, context, change, order::seconds(wait)?).await? {
        Settled::Applied(change) => Ok(Json(change).into_response()),
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}
