//! Addresses in networks.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page,
    address::{
        Address, AddressBulk, AddressBulkRequest, AddressQuery, AddressRequest, AddressUpdate, ReleaseQuery,
    },
    reality::VerifyQuery,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, created};
use crate::{
    AppState,
    extract::{NoBody, Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_addresses, create_address))
        .routes(routes!(create_next_address))
        .routes(routes!(create_addresses))
        .routes(routes!(update_address, delete_address))
}

/// List the addresses of a network
///
/// The gateway and the routers' own first.
#[utoipa::path(
    get, path = "/networks/{id}/ips", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`"), AddressQuery),
    responses((status = 200, description = "A page of addresses", body = Page<Address>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_addresses(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read<AddressQuery>,
) -> Answer<Page<Address>> {
    Ok(Json(state.engine.addresses(&ask.context, &id, ask.query).await?))
}

/// Record an address
///
/// The one in `address`, or the next free one when there is none. The answer has the gateway and the
/// tags a host must send.
#[utoipa::path(
    post, path = "/networks/{id}/ips", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`"), VerifyQuery),
    request_body(content = AddressRequest, example = json!({
        "address": "172.20.0.10", "hostname": "web1.example.net", "mac": "02:00:00:00:00:01", "vmId": "4711",
    })),
    responses((status = 201, description = "Recorded", body = Address,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn create_address(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<AddressRequest, VerifyQuery>,
) -> Created<Address> {
    let address = record(&state, &id, ask).await?;
    created(&format!("networks/{}/ips/{}", address.network_id, address.address), address)
}

/// Record the next free address
///
/// The answer has the gateway and the tags a host must send.
#[utoipa::path(
    post, path = "/networks/{id}/ips/next", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`"), VerifyQuery),
    request_body(content = AddressRequest, example = json!({
        "hostname": "web2.example.net", "mac": "02:00:00:00:00:02", "vmId": "4712",
    })),
    responses((status = 201, description = "Recorded", body = Address,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn create_next_address(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<AddressRequest, VerifyQuery>,
) -> Created<Address> {
    if ask.body.address.is_some() {
        let help = "is chosen here; ask for a certain one with POST .../ips";
        return Err(Failure::invalid("address", help));
    }
    let address = record(&state, &id, ask).await?;
    created(&format!("networks/{}/ips/{}", address.network_id, address.address), address)
}

/// Record many addresses
///
/// All of them or none: when one cannot be had, `context.errors` of the answer names every such item.
#[utoipa::path(
    post, path = "/networks/{id}/ips/bulk", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`")),
    request_body(content = AddressBulkRequest, example = json!({
        "items": [{"hostname": "web1.example.net"}, {"address": "172.20.0.10", "hostname": "web2.example.net"}],
    })),
    responses((status = 200, description = "Recorded", body = AddressBulk)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn create_addresses(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<AddressBulkRequest>,
) -> Answer<AddressBulk> {
    Ok(Json(state.engine.create_addresses(&ask.context, &id, ask.body).await?))
}

/// Change what is recorded of an address
///
/// What is absent stays; `null` takes a value away. `status: assigned` keeps a held address for good.
#[utoipa::path(
    patch, path = "/networks/{id}/ips/{ip}", tag = "addresses",
    params(
        ("id" = String, Path, description = "Id of the network, `net-...`"),
        ("ip" = String, Path, description = "The address", example = "172.20.0.10"),
    ),
    request_body(content = AddressUpdate, example = json!({"hostname": "web3.example.net", "mac": null})),
    responses((status = 200, description = "As it is now", body = Address)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn update_address(
    State(state): State<AppState>,
    Target((id, ip)): Target<(String, String)>,
    ask: Write<AddressUpdate>,
) -> Answer<Address> {
    Ok(Json(state.engine.update_address(&ask.context, &id, &ip, ask.body).await?))
}

/// Release an address
///
/// One that is not recorded is left alone. Where the pool has a quarantine, the address is kept back for that long;
/// with `now` it is free at once.
#[utoipa::path(
    delete, path = "/networks/{id}/ips/{ip}", tag = "addresses",
    params(
        ("id" = String, Path, description = "Id of the network, `net-...`"),
        ("ip" = String, Path, description = "The address", example = "172.20.0.10"),
        ReleaseQuery,
    ),
    responses((status = 204, description = "Released")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn delete_address(
    State(state): State<AppState>,
    Target((id, ip)): Target<(String, String)>,
    ask: Write<NoBody, ReleaseQuery>,
) -> Result<StatusCode, Failure> {
    state.engine.delete_address(&ask.context, &id, &ip, ask.query.now == Some(true)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn record(
    state: &AppState,
    network: &str,
    ask: Write<AddressRequest, VerifyQuery>,
) -> Result<Address, Failure> {
    Ok(if ask.query.verify == Some(true) {
        // Rare and large: apart, so that the others need not carry its room with them.
        Box::pin(state.engine.create_verified_address(&ask.context, network, ask.body)).await?
    } else {
        state.engine.create_address(&ask.context, network, ask.body).await?
    })
}
