//! Networks.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use moxxie_api::{
    Page, PastQuery,
    change::Change,
    network::{Network, NetworkQuery, NetworkRequest, NetworkResize, NetworkUpdate},
    plan::DryRun,
    write::{ChangeOrDryRun, DryRunQuery, NetworkOrDryRun, WriteQuery},
};
use moxxie_engine::{Error, network::Modified};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer,
    order::{self, Settled},
};
use crate::{
    AppState,
    extract::{IfMatch, NoBody, Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(allocate_network))
        .routes(routes!(provision_network))
        .routes(routes!(list_networks))
        .routes(routes!(get_network, modify_network, deprovision_network))
        .routes(routes!(provision_allocated_network))
        .routes(routes!(resize_network))
        .routes(routes!(restore_network))
}

/// A network with its version as `ETag`.
fn answer(status: StatusCode, network: Network) -> Response {
    let tag = format!("\"{}\"", network.version);
    let location = format!("{}/networks/{}", moxxie_api::BASE, network.network_id);
    let mut response = (status, [(header::ETAG, tag)], Json(network)).into_response();
    if status == StatusCode::CREATED
        && let Ok(location) = location.parse()
    {
        response.headers_mut().insert(header::LOCATION, location);
    }
    response
}

/// Reserve a network
///
/// Takes a VLAN id and a prefix; no router is touched. Provision it later with
/// `POST /networks/{id}/provision`.
#[utoipa::path(
    post, path = "/networks/allocate", tag = "networks", params(DryRunQuery),
    request_body(content = NetworkRequest, example = json!({
        "clientId": "acme", "type": "vm", "datacenter": "dc2", "size": "/24",
    })),
    responses(
        (status = 200, description = "Dry run: what would be reserved", body = DryRun),
        (status = 201, description = "Reserved", body = Network, headers(
            ("Location" = String, description = "Where it is"),
            ("ETag" = String, description = "Its version"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn allocate_network(
    State(state): State<AppState>,
    ask: Write<NetworkRequest, DryRunQuery>,
) -> Result<Response, Failure> {
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.allocate_dry_run(&ask.context, ask.body).await?).into_response());
    }
    Ok(answer(StatusCode::CREATED, state.engine.allocate(&ask.context, ask.body).await?))
}

/// Order a network
///
/// Reserves a VLAN id and a prefix and puts the network on the datacentre's routers. The request is the
/// same for every datacentre, however it tags. Follow the change with `GET /changes/{id}/events`, or
/// wait with `?wait=30`. A change that does not succeed is undone and its reservation released.
#[utoipa::path(
    post, path = "/networks/provision", tag = "networks", params(WriteQuery),
    request_body(content = NetworkRequest, example = json!({
        "clientId": "acme", "type": "vm", "datacenter": "dc2", "size": "/24", "purpose": "web servers",
        "options": {"enableDHCP": true, "firewallProfile": "isolated"},
    })),
    responses(
        (status = 200, description = "Dry run: what would be reserved and done", body = DryRun),
        (status = 201, description = "With `wait`: provisioned and verified", body = Network, headers(
            ("Location" = String, description = "Where it is"),
            ("ETag" = String, description = "Its version"))),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn provision_network(
    State(state): State<AppState>,
    ask: Write<NetworkRequest, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.provision_dry_run(&ask.context, ask.body).await?).into_response());
    }
    let accepted = state.engine.provision(&ask.context, ask.body).await?;
    match order::settle(&state, &ask.context, accepted.change, wait).await? {
        Settled::Applied(change) => provisioned(&state, &ask.context, StatusCode::CREATED, change).await,
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}

/// The network of an applied change. A request that is repeated under its idempotency key may find the
/// network removed since: then the change is all there is to show.
async fn provisioned(
    state: &AppState,
    context: &moxxie_engine::Context,
    status: StatusCode,
    change: Change,
) -> Result<Response, Failure> {
    let id = change.network_id.clone().unwrap_or_default();
    match state.engine.network(context, &id).await {
        Err(Error::NotFound { .. }) => Ok(order::accepted(change)),
        network => Ok(answer(status, network?)),
    }
}

/// List networks
///
/// The oldest first.
#[utoipa::path(
    get, path = "/networks", tag = "networks", params(NetworkQuery),
    responses((status = 200, description = "A page of networks", body = Page<Network>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_networks(State(state): State<AppState>, ask: Read<NetworkQuery>) -> Answer<Page<Network>> {
    Ok(Json(state.engine.networks(&ask.context, ask.query).await?))
}

/// Show a network
#[utoipa::path(
    get, path = "/networks/{id}", tag = "networks",
    params(("id" = String, Path, description = "Id, `net-...`"), PastQuery),
    responses((status = 200, description = "The network", body = Network, headers(
        ("ETag" = String, description = "Its version")))),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_network(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read<PastQuery>,
) -> Result<Response, Failure> {
    match &ask.query.at {
        // No ETag: what was cannot be changed.
        Some(at) => Ok(Json(state.engine.network_at(&ask.context, &id, at).await?).into_response()),
        None => Ok(answer(StatusCode::OK, state.engine.network(&ask.context, &id).await?)),
    }
}

/// Change what a network carries
///
/// Its profile, DHCP, its description. A network that is on its routers gets a change, which brings them after it
/// or is undone whole, with the options as they were; any other is changed at once. With `If-Match` only the
/// version that the sender knows is changed.
#[utoipa::path(
    patch, path = "/networks/{id}", tag = "networks",
    params(("id" = String, Path, description = "Id, `net-...`"), WriteQuery,
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version to change")),
    request_body(content = NetworkUpdate, example = json!({"options": {"firewallProfile": "isolated"}})),
    responses(
        (status = 200, description = "Nothing was to be done on routers, or, with `wait`, it is done: the network. \
            Dry run: what would be done", body = NetworkOrDryRun, headers(
            ("ETag" = String, description = "Its version"))),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn modify_network(
    State(state): State<AppState>,
    Target(id): Target<String>,
    IfMatch(version): IfMatch,
    ask: Write<NetworkUpdate, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        let plan = state.engine.modify_network_dry_run(&ask.context, &id, ask.body, version).await?;
        return Ok(Json(plan).into_response());
    }
    let accepted = match state.engine.modify_network(&ask.context, &id, ask.body, version).await? {
        Modified::Done(network) => return Ok(answer(StatusCode::OK, *network)),
        Modified::Ordered(accepted) => accepted,
    };
    match order::settle(&state, &ask.context, accepted.change, wait).await? {
        Settled::Applied(change) => provisioned(&state, &ask.context, StatusCode::OK, change).await,
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}

/// Remove a network
///
/// Takes exactly its own rows off the routers and releases VLAN id and prefix. One that is gone already
/// gives the change that removed it. A network with recorded addresses is refused.
#[utoipa::path(
    delete, path = "/networks/{id}", tag = "networks",
    params(("id" = String, Path, description = "Id, `net-...`"), WriteQuery),
    responses(
        (status = 200, description = "With `wait`: the change, applied. Dry run: what would be done",
            body = ChangeOrDryRun),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn deprovision_network(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<NoBody, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.deprovision_dry_run(&ask.context, &id).await?).into_response());
    }
    let accepted = state.engine.deprovision(&ask.context, &id).await?;
    match order::settle(&state, &ask.context, accepted.change, wait).await? {
        Settled::Applied(change) => Ok(Json(change).into_response()),
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}

/// Provision a reserved network
///
/// Puts it on the datacentre's routers; one that is there already is left alone.
#[utoipa::path(
    post, path = "/networks/{id}/provision", tag = "networks",
    params(("id" = String, Path, description = "Id, `net-...`"), WriteQuery),
    responses(
        (status = 200, description = "With `wait`: the network, provisioned. Dry run: what would be done",
            body = NetworkOrDryRun),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn provision_allocated_network(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<NoBody, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.provision_allocated_dry_run(&ask.context, &id).await?).into_response());
    }
    let accepted = state.engine.provision_allocated(&ask.context, &id).await?;
    match order::settle(&state, &ask.context, accepted.change, wait).await? {
        Settled::Applied(change) => provisioned(&state, &ask.context, StatusCode::OK, change).await,
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}

/// Restore a network
///
/// Makes its rows on the datacentre's routers what they should be: nothing is done where they are, all of
/// them come back on a device that has none. Addresses, VLAN id and prefix stay, however the change ends.
#[utoipa::path(
    post, path = "/networks/{id}/restore", tag = "networks",
    params(("id" = String, Path, description = "Id, `net-...`"), WriteQuery),
    responses(
        (status = 200, description = "With `wait`: the network, restored. Dry run: what would be done",
            body = NetworkOrDryRun),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn restore_network(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<NoBody, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        return Ok(Json(state.engine.restore_dry_run(&ask.context, &id).await?).into_response());
    }
    let accepted = state.engine.restore(&ask.context, &id).await?;
    match order::settle(&state, &ask.context, accepted.change, wait).await? {
        Settled::Applied(change) => provisioned(&state, &ask.context, StatusCode::OK, change).await,
        Settled::Running(change) => Ok(order::accepted(change)),
    }
}

/// Resize a reserved network
///
/// Larger when the neighbours leave the room, smaller when nothing recorded is lost. The gateway stays. A network
/// that is on routers is refused.
#[utoipa::path(
    post, path = "/networks/{id}/resize", tag = "networks", params(("id" = String, Path, description = "Id, `net-...`")),
    request_body(content = NetworkResize, example = json!({"size": "/23"})),
    responses((status = 200, description = "The network as it is now", body = Network)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn resize_network(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<NetworkResize>,
) -> Answer<Network> {
    Ok(Json(state.engine.resize_network(&ask.context, &id, ask.body).await?))
}
