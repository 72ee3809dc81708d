//! Pools.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PastPageQuery, PastQuery,
    forecast::PoolForecast,
    pool::{Pool, PoolCreate, PoolList, PoolMerge, PoolSplit, PoolUpdate},
    prefix::Resize,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_pools, create_pool))
        .routes(routes!(get_pool, update_pool, delete_pool))
        .routes(routes!(forecast_pool))
        .routes(routes!(resize_pool))
        .routes(routes!(split_pool))
        .routes(routes!(merge_pools))
}

/// List pools
///
/// By name, each with how full it is.
#[utoipa::path(
    get, path = "/pools", tag = "pools", params(PastPageQuery),
    responses((status = 200, description = "A page of pools", body = Page<Pool>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_pools(State(state): State<AppState>, ask: Read<PastPageQuery>) -> Answer<Page<Pool>> {
    Ok(Json(state.engine.pools(&ask.context, ask.query).await?))
}

/// Register a pool
///
/// A supernet that networks get their prefixes from, in one datacentre or in all of them.
#[utoipa::path(
    post, path = "/pools", tag = "pools",
    request_body(content = PoolCreate, example = json!({
        "name": "dc2-main", "datacenter": "dc2", "prefix": "172.20.0.0/16",
    })),
    responses((status = 201, description = "Registered", body = Pool,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_pool(State(state): State<AppState>, ask: Write<PoolCreate>) -> Created<Pool> {
    let pool = state.engine.create_pool(&ask.context, ask.body).await?;
    created(&format!("pools/{}", pool.name), pool)
}

/// Show a pool
#[utoipa::path(
    get, path = "/pools/{pool}", tag = "pools",
    params(("pool" = String, Path, description = "Name or id", example = "dc2-main"), PastQuery),
    responses((status = 200, description = "The pool", body = Pool)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_pool(
    State(state): State<AppState>,
    Target(pool): Target<String>,
    ask: Read<PastQuery>,
) -> Answer<Pool> {
    Ok(Json(state.engine.pool(&ask.context, &pool, ask.query.at.as_deref()).await?))
}

/// Forecast a pool
///
/// When it will be full at the pace of the last 90 days. Its use is written down once a day and kept for a
/// year; with less than a week of that nothing is foretold.
#[utoipa::path(
    get, path = "/pools/{pool}/forecast", tag = "pools",
    params(("pool" = String, Path, description = "Name or id", example = "dc2-main")),
    responses((status = 200, description = "How long it will last", body = PoolForecast)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn forecast_pool(
    State(state): State<AppState>,
    Target(pool): Target<String>,
    ask: Read,
) -> Answer<PoolForecast> {
    Ok(Json(state.engine.pool_forecast(&ask.context, &pool).await?))
}

/// Remove a pool
///
/// One of which a prefix is taken is refused, also when that is in quarantine.
#[utoipa::path(
    delete, path = "/pools/{pool}", tag = "pools",
    params(("pool" = String, Path, description = "Name or id", example = "dc2-main")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_pool(State(state): State<AppState>, Target(pool): Target<String>, ask: Write) -> Gone {
    state.engine.delete_pool(&ask.context, &pool).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Change a pool
///
/// Name, datacentre, policy, quarantine and description. What is taken stays as it is.
#[utoipa::path(
    patch, path = "/pools/{pool}", tag = "pools", params(("pool" = String, Path, description = "Name or id")),
    request_body(content = PoolUpdate, example = json!({"policy": "first_fit", "quarantineSeconds": 86400})),
    responses((status = 200, description = "The pool as it is now", body = Pool)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn update_pool(
    State(state): State<AppState>,
    Target(pool): Target<String>,
    ask: Write<PoolUpdate>,
) -> Answer<Pool> {
    Ok(Json(state.engine.update_pool(&ask.context, &pool, ask.body).await?))
}

/// Resize a pool
///
/// Larger when no other pool is there, smaller when nothing taken would lie outside.
#[utoipa::path(
    post, path = "/pools/{pool}/resize", tag = "pools", params(("pool" = String, Path, description = "Name or id")),
    request_body(content = Resize, example = json!({"size": "/15"})),
    responses((status = 200, description = "The pool as it is now", body = Pool)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn resize_pool(
    State(state): State<AppState>,
    Target(pool): Target<String>,
    ask: Write<Resize>,
) -> Answer<Pool> {
    Ok(Json(state.engine.resize_pool(&ask.context, &pool, ask.body).await?))
}

/// Split a pool
///
/// Into parts of a length, or by taking one part out. What is taken belongs to the part it lies in from then on.
#[utoipa::path(
    post, path = "/pools/{pool}/split", tag = "pools", params(("pool" = String, Path, description = "Name or id")),
    request_body(content = PoolSplit, example = json!({"prefix": "172.20.128.0/17", "name": "dc2-upper"})),
    responses((status = 200, description = "All parts", body = PoolList)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn split_pool(
    State(state): State<AppState>,
    Target(pool): Target<String>,
    ask: Write<PoolSplit>,
) -> Answer<PoolList> {
    Ok(Json(state.engine.split_pool(&ask.context, &pool, ask.body).await?))
}

/// Merge pools
///
/// Pools of one VRF and datacentre that together are one prefix. The one in the path keeps its name and settings.
#[utoipa::path(
    post, path = "/pools/{pool}/merge", tag = "pools", params(("pool" = String, Path, description = "Name or id")),
    request_body(content = PoolMerge, example = json!({"with": ["dc2-upper"]})),
    responses((status = 200, description = "The one they are now", body = Pool)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn merge_pools(
    State(state): State<AppState>,
    Target(pool): Target<String>,
    ask: Write<PoolMerge>,
) -> Answer<Pool> {
    Ok(Json(state.engine.merge_pools(&ask.context, &pool, ask.body).await?))
}
