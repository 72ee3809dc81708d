//! Ranges of networks.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page,
    range::{Range, RangeRequest},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_ranges, create_range)).routes(routes!(delete_range))
}

/// List the ranges of a network
///
/// The lowest first.
#[utoipa::path(
    get, path = "/networks/{id}/ranges", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`")),
    responses((status = 200, description = "All of them", body = Page<Range>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_ranges(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Read,
) -> Answer<Page<Range>> {
    Ok(Json(state.engine.ranges(&ask.context, &id).await?))
}

/// Set a range of a network apart
///
/// `static`: the next free address comes from here. `reserved`: only for who names the address. `excluded`: for
/// nobody. `dhcp`: given out by the router, in place of the usual range; before the network is provisioned.
#[utoipa::path(
    post, path = "/networks/{id}/ranges", tag = "addresses",
    params(("id" = String, Path, description = "Id of the network, `net-...`")),
    request_body(content = RangeRequest, example = json!({
        "type": "reserved", "first": "172.20.0.10", "last": "172.20.0.19", "description": "load balancers",
    })),
    responses((status = 201, description = "Set apart", body = Range,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn create_range(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<RangeRequest>,
) -> Created<Range> {
    let range = state.engine.create_range(&ask.context, &id, ask.body).await?;
    created(&format!("networks/{}/ranges/{}", range.network_id, range.id), range)
}

/// Give a range back to the network
///
/// What is recorded in it stays.
#[utoipa::path(
    delete, path = "/networks/{id}/ranges/{range}", tag = "addresses",
    params(
        ("id" = String, Path, description = "Id of the network, `net-...`"),
        ("range" = String, Path, description = "Id of the range, `rng-...`"),
    ),
    responses((status = 204, description = "Given back")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn delete_range(
    State(state): State<AppState>,
    Target((id, range)): Target<(String, String)>,
    ask: Write,
) -> Gone {
    state.engine.delete_range(&ask.context, &id, &range).await?;
    Ok(StatusCode::NO_CONTENT)
}
