//! Reality: scans of routers, and what they found.

use axum::{Json, extract::State};
use moxxie_api::{
    Page, PageQuery,
    address::Address,
    reality::{AcknowledgeRequest, AdoptRequest, Finding, FindingQuery, RouterScan},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(scan_router))
        .routes(routes!(list_findings))
        .routes(routes!(list_network_findings))
        .routes(routes!(acknowledge_finding))
        .routes(routes!(reopen_finding))
        .routes(routes!(adopt_finding))
}

/// Look at a router now
///
/// Reads ARP and neighbour tables, DHCP leases, addresses and VLANs, holds them against the records and answers
/// how much was seen and found. Nothing is written to the router, and changes go on meanwhile. The findings
/// themselves are at `/reality`.
#[utoipa::path(
    post, path = "/routers/{id}/scan", tag = "reality",
    params(("id" = String, Path, description = "Name or id", example = "r2")),
    responses((status = 200, description = "What was seen and found", body = RouterScan)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn scan_router(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<RouterScan> {
    Ok(Json(state.engine.scan_router(&ask.context, &id).await?))
}

/// List where routers and records differ
///
/// As of each router's last scan, the oldest finding first. What somebody said may stay is left out.
#[utoipa::path(
    get, path = "/reality", tag = "reality", params(FindingQuery),
    responses((status = 200, description = "A page of findings", body = Page<Finding>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_findings(State(state): State<AppState>, ask: Read<FindingQuery>) -> Answer<Page<Finding>> {
    Ok(Json(state.engine.findings(&ask.context, ask.query).await?))
}

/// List where the router and the records of a network differ
#[utoipa::path(
    get, path = "/networks/{id}/reality", tag = "reality",
    params(("id" = String, Path, description = "Id of the network, `net-...`"), PageQuery),
    responses((status = 200, description = "A page of findings", body = Page<Finding>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_network_findings(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read<PageQuery>,
) -> Answer<Page<Finding>> {
    let PageQuery { cursor, limit } = ask.query;
    let query = FindingQuery { network: Some(id), cursor, limit, ..FindingQuery::default() };
    Ok(Json(state.engine.findings(&ask.context, query).await?))
}

/// Let a finding stay
///
/// With a reason. It is left out of lists, counts and metrics until it is gone; when it comes again it is a new
/// one.
#[utoipa::path(
    post, path = "/reality/{id}/acknowledge", tag = "reality",
    params(("id" = String, Path, description = "Id of the finding, `fnd-...`")),
    request_body(content = AcknowledgeRequest, example = json!({"reason": "the load balancer's own address"})),
    responses((status = 200, description = "The finding as it is now", body = Finding)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn acknowledge_finding(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<AcknowledgeRequest>,
) -> Answer<Finding> {
    Ok(Json(state.engine.acknowledge_finding(&ask.context, &id, ask.body).await?))
}

/// Take back that a finding may stay
#[utoipa::path(
    post, path = "/reality/{id}/reopen", tag = "reality",
    params(("id" = String, Path, description = "Id of the finding, `fnd-...`")),
    responses((status = 200, description = "The finding as it is now", body = Finding)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn reopen_finding(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<Finding> {
    Ok(Json(state.engine.reopen_finding(&ask.context, &id).await?))
}

/// Record an address that is in use without record
///
/// MAC address and host name are taken as seen, where the host name is one. The finding is gone with it.
#[utoipa::path(
    post, path = "/reality/{id}/adopt", tag = "reality",
    params(("id" = String, Path, description = "Id of the finding, `fnd-...`")),
    request_body(content = AdoptRequest, example = json!({"hostname": "web9.example.net", "vmId": "4719"})),
    responses((status = 201, description = "Recorded", body = Address,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn adopt_finding(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<AdoptRequest>,
) -> Created<Address> {
    let address = state.engine.adopt_finding(&ask.context, &id, ask.body).await?;
    created(&format!("networks/{}/ips/{}", address.network_id, address.address), address)
}
