//! AS numbers and the ranges they come from.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PastPageQuery, PastQuery,
    asn::{Asn, AsnQuery, AsnRange, AsnRangeCreate, AsnRangeUpdate, AsnRequest, AsnUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_asn_ranges, create_asn_range))
        .routes(routes!(get_asn_range, update_asn_range, delete_asn_range))
        .routes(routes!(list_asns, take_asn))
        .routes(routes!(get_asn, update_asn, release_asn))
}

/// List ranges of AS numbers
///
/// By name.
#[utoipa::path(
    get, path = "/asn-ranges", tag = "asns", params(PastPageQuery),
    responses((status = 200, description = "A page of ranges", body = Page<AsnRange>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_asn_ranges(State(state): State<AppState>, ask: Read<PastPageQuery>) -> Answer<Page<AsnRange>> {
    Ok(Json(state.engine.asn_ranges(&ask.context, ask.query).await?))
}

/// Register a range of AS numbers
///
/// For a datacentre, kept for a tenant, or for everybody. Numbers that a standard reserves cannot be in it.
#[utoipa::path(
    post, path = "/asn-ranges", tag = "asns",
    request_body(content = AsnRangeCreate, example = json!({"name": "clusters", "range": "64512-65534"})),
    responses((status = 201, description = "Registered", body = AsnRange, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_asn_range(State(state): State<AppState>, ask: Write<AsnRangeCreate>) -> Created<AsnRange> {
    let answer = state.engine.create_asn_range(&ask.context, ask.body).await?;
    created(&format!("asn-ranges/{}", answer.name), answer)
}

/// Show a range of AS numbers
#[utoipa::path(
    get, path = "/asn-ranges/{range}", tag = "asns", params(("range" = String, Path, description = "Name or id"), PastQuery),
    responses((status = 200, description = "The range", body = AsnRange)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_asn_range(
    State(state): State<AppState>,
    Target(range): Target<String>,
    ask: Read<PastQuery>,
) -> Answer<AsnRange> {
    Ok(Json(state.engine.asn_range(&ask.context, &range, ask.query.at.as_deref()).await?))
}

/// Change a range of AS numbers
#[utoipa::path(
    patch, path = "/asn-ranges/{range}", tag = "asns", params(("range" = String, Path, description = "Name or id")),
    request_body(content = AsnRangeUpdate, example = json!({"quarantineSeconds": 86400})),
    responses((status = 200, description = "The range as it is now", body = AsnRange)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn update_asn_range(
    State(state): State<AppState>,
    Target(range): Target<String>,
    ask: Write<AsnRangeUpdate>,
) -> Answer<AsnRange> {
    Ok(Json(state.engine.update_asn_range(&ask.context, &range, ask.body).await?))
}

/// Remove a range of AS numbers
///
/// One of which a number is taken is refused.
#[utoipa::path(
    delete, path = "/asn-ranges/{range}", tag = "asns", params(("range" = String, Path, description = "Name or id")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_asn_range(State(state): State<AppState>, Target(range): Target<String>, ask: Write) -> Gone {
    state.engine.delete_asn_range(&ask.context, &range).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List taken AS numbers
///
/// Ascending.
#[utoipa::path(
    get, path = "/asns", tag = "asns", params(AsnQuery),
    responses((status = 200, description = "A page of AS numbers", body = Page<Asn>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_asns(State(state): State<AppState>, ask: Read<AsnQuery>) -> Answer<Page<Asn>> {
    Ok(Json(state.engine.asns(&ask.context, ask.query).await?))
}

/// Take an AS number
///
/// The lowest free one for a datacentre or of a range, or a certain one. Ranges kept for the tenant come first.
#[utoipa::path(
    post, path = "/asns", tag = "asns",
    request_body(content = AsnRequest, example = json!({"datacenter": "dc2", "clientId": "acme", "purpose": "cluster"})),
    responses((status = 201, description = "Taken", body = Asn, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn take_asn(State(state): State<AppState>, ask: Write<AsnRequest>) -> Created<Asn> {
    let answer = state.engine.take_asn(&ask.context, ask.body).await?;
    created(&format!("asns/{}", answer.asn), answer)
}

/// Show a taken AS number
#[utoipa::path(
    get, path = "/asns/{asn}", tag = "asns", params(("asn" = String, Path, description = "The number, or the id of the record"), PastQuery),
    responses((status = 200, description = "The AS number", body = Asn)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_asn(
    State(state): State<AppState>,
    Target(asn): Target<String>,
    ask: Read<PastQuery>,
) -> Answer<Asn> {
    Ok(Json(state.engine.asn(&ask.context, &asn, ask.query.at.as_deref()).await?))
}

/// Change a taken AS number
#[utoipa::path(
    patch, path = "/asns/{asn}", tag = "asns", params(("asn" = String, Path, description = "The number, or the id of the record")),
    request_body(content = AsnUpdate, example = json!({"status": "assigned"})),
    responses((status = 200, description = "The AS number as it is now", body = Asn)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn update_asn(
    State(state): State<AppState>,
    Target(asn): Target<String>,
    ask: Write<AsnUpdate>,
) -> Answer<Asn> {
    Ok(Json(state.engine.update_asn(&ask.context, &asn, ask.body).await?))
}

/// Release an AS number
///
/// Or end its quarantine.
#[utoipa::path(
    delete, path = "/asns/{asn}", tag = "asns", params(("asn" = String, Path, description = "The number, or the id of the record")),
    responses((status = 204, description = "Released")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn release_asn(State(state): State<AppState>, Target(asn): Target<String>, ask: Write) -> Gone {
    state.engine.release_asn(&ask.context, &asn).await?;
    Ok(StatusCode::NO_CONTENT)
}
