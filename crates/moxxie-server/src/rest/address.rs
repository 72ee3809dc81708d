//! Addresses in networks.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PageQuery,
    address::{Address, AddressRequest},
    reality::VerifyQuery,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_addresses, create_address))
        .routes(routes!(create_next_address))
        .routes(routes!(delete_address))
}

/// List the addresses of a network
///
/// The gateway and the routers' own first.
#[utoipa::path(
    get, path = "/networks/{id}/ips", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`"), PageQuery),
    responses((status = 200, description = "A page of addresses", body = Page<Address>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_addresses(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read<PageQuery>,
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

/// Release an address
///
/// One that is not recorded is left alone.
#[utoipa::path(
    delete, path = "/networks/{id}/ips/{ip}", tag = "addresses",
    params(
        ("id" = String, Path, description = "Id of the network, `net-...`"),
        ("ip" = String, Path, description = "The address", example = "172.20.0.10"),
    ),
    responses((status = 204, description = "Released")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn delete_address(
    State(state): State<AppState>,
    Target((id, ip)): Target<(String, String)>,
    ask: Write,
) -> Result<StatusCode, Failure> {
    state.engine.delete_address(&ask.context, &id, &ip).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn record(
    state: &AppState,
    network: &str,
    ask: Write<AddressRequest, VerifyQuery>,
) -> Result<Address, Failure> {
    Ok(if ask.query.verify == Some(true) {
        state.engine.create_verified_address(&ask.context, network, ask.body).await?
    } else {
        state.engine.create_address(&ask.context, network, ask.body).await?
    })
}
