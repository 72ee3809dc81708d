//! Prefixes.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page,
    prefix::{
        Prefix, PrefixBulk, PrefixMerge, PrefixMove, PrefixPastQuery, PrefixQuery, PrefixRequest,
        PrefixSplit, PrefixUpdate, PrefixesTaken, Resize, TreeNode, TreeQuery, VrfQuery,
    },
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{NoBody, Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_prefixes, take_prefixes))
        .routes(routes!(take_prefixes_bulk))
        .routes(routes!(prefix_tree))
        .routes(routes!(get_prefix, update_prefix, release_prefix))
        .routes(routes!(confirm_prefix))
        .routes(routes!(resize_prefix))
        .routes(routes!(split_prefix))
        .routes(routes!(merge_prefixes))
        .routes(routes!(move_prefix))
}

/// List prefixes
///
/// The taken prefixes of a VRF in the order of addresses, IPv4 first.
#[utoipa::path(
    get, path = "/prefixes", tag = "prefixes", params(PrefixQuery),
    responses((status = 200, description = "A page of prefixes", body = Page<Prefix>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_prefixes(State(state): State<AppState>, ask: Read<PrefixQuery>) -> Answer<Page<Prefix>> {
    Ok(Json(state.engine.prefixes(&ask.context, ask.query).await?))
}

/// Take a prefix
///
/// The next free one of a size, or a certain one; with `size6` or `prefix6` one of each family, both or none.
/// Held, it lapses by itself; reserved, it is never given out.
#[utoipa::path(
    post, path = "/prefixes", tag = "prefixes",
    request_body(content = PrefixRequest, example = json!({"size": "/24", "pool": "dc2-main", "status": "held", "holdSeconds": 86400})),
    responses((status = 201, description = "Taken", body = PrefixesTaken, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn take_prefixes(State(state): State<AppState>, ask: Write<PrefixRequest>) -> Created<PrefixesTaken> {
    let answer = state.engine.take_prefixes(&ask.context, ask.body).await?;
    created(&super::prefix_path(&answer), answer)
}

/// Take many prefixes
///
/// All or none; an answer that nothing was taken names every item that cannot be had.
#[utoipa::path(
    post, path = "/prefixes/bulk", tag = "prefixes",
    request_body(content = PrefixBulk, example = json!({"items": [{"size": "/28", "pool": "dc2-main"}, {"prefix": "172.20.9.0/24", "status": "reserved"}]})),
    responses((status = 201, description = "Taken", body = PrefixesTaken, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn take_prefixes_bulk(State(state): State<AppState>, ask: Write<PrefixBulk>) -> Created<PrefixesTaken> {
    let answer = state.engine.take_prefixes_bulk(&ask.context, ask.body).await?;
    created(&super::prefix_path(&answer), answer)
}

/// Show the prefix tree
///
/// Containers, pools, prefixes and what is free between them, outer ones first, with how full each is. In pages:
/// also a million prefixes answer.
#[utoipa::path(
    get, path = "/prefixes/tree", tag = "prefixes", params(TreeQuery),
    responses((status = 200, description = "A page of the tree", body = Page<TreeNode>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn prefix_tree(State(state): State<AppState>, ask: Read<TreeQuery>) -> Answer<Page<TreeNode>> {
    Ok(Json(state.engine.prefix_tree(&ask.context, ask.query).await?))
}

/// Show a prefix
#[utoipa::path(
    get, path = "/prefixes/{prefix}", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), PrefixPastQuery),
    responses((status = 200, description = "The prefix", body = Prefix)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Read<PrefixPastQuery>,
) -> Answer<Prefix> {
    let PrefixPastQuery { vrf, at } = ask.query;
    Ok(Json(state.engine.prefix(&ask.context, &prefix, vrf.as_deref(), at.as_deref()).await?))
}

/// Change a prefix
///
/// Whose it is and how it is taken. What a network has is changed with the network.
#[utoipa::path(
    patch, path = "/prefixes/{prefix}", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    request_body(content = PrefixUpdate, example = json!({"purpose": "test rack", "holdSeconds": 604800})),
    responses((status = 200, description = "The prefix as it is now", body = Prefix)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn update_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<PrefixUpdate, VrfQuery>,
) -> Answer<Prefix> {
    Ok(Json(state.engine.update_prefix(&ask.context, &prefix, ask.query.vrf.as_deref(), ask.body).await?))
}

/// Release a prefix
///
/// One that was in use goes into quarantine when its pool has one; one in quarantine is free at once. What a
/// network depends on is refused.
#[utoipa::path(
    delete, path = "/prefixes/{prefix}", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    responses((status = 204, description = "Released")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn release_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<NoBody, VrfQuery>,
) -> Gone {
    state.engine.release_prefix(&ask.context, &prefix, ask.query.vrf.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Confirm a held prefix
///
/// It is in use from then on and does not lapse.
#[utoipa::path(
    post, path = "/prefixes/{prefix}/confirm", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    responses((status = 200, description = "The prefix, in use", body = Prefix)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn confirm_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<NoBody, VrfQuery>,
) -> Answer<Prefix> {
    Ok(Json(state.engine.confirm_prefix(&ask.context, &prefix, ask.query.vrf.as_deref()).await?))
}

/// Resize a prefix
///
/// Larger when its neighbours leave the room; smaller, the rest is released.
#[utoipa::path(
    post, path = "/prefixes/{prefix}/resize", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    request_body(content = Resize, example = json!({"size": "/23"})),
    responses((status = 200, description = "The prefix as it is now", body = Prefix)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn resize_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<Resize, VrfQuery>,
) -> Answer<Prefix> {
    Ok(Json(state.engine.resize_prefix(&ask.context, &prefix, ask.query.vrf.as_deref(), ask.body).await?))
}

/// Split a prefix
///
/// Into parts of a length, taken in the same way by the same owner. The first keeps the id.
#[utoipa::path(
    post, path = "/prefixes/{prefix}/split", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    request_body(content = PrefixSplit, example = json!({"size": "/25"})),
    responses((status = 200, description = "The parts", body = PrefixesTaken)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn split_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<PrefixSplit, VrfQuery>,
) -> Answer<PrefixesTaken> {
    Ok(Json(state.engine.split_prefix(&ask.context, &prefix, ask.query.vrf.as_deref(), ask.body).await?))
}

/// Merge prefixes
///
/// Prefixes of one pool and owner that together are one prefix. The one in the path keeps its id.
#[utoipa::path(
    post, path = "/prefixes/{prefix}/merge", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    request_body(content = PrefixMerge, example = json!({"with": ["172.20.1.0/25"]})),
    responses((status = 200, description = "The one they are now", body = Prefix)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn merge_prefixes(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<PrefixMerge, VrfQuery>,
) -> Answer<Prefix> {
    Ok(Json(state.engine.merge_prefixes(&ask.context, &prefix, ask.query.vrf.as_deref(), ask.body).await?))
}

/// Move a prefix to another pool
///
/// A pool is one block, so the prefix is cut out of its pool and becomes a pool with the datacentre, policy and
/// quarantine of the other; where it is the other half of that one, the two become one. No address changes.
#[utoipa::path(
    post, path = "/prefixes/{prefix}/move", tag = "prefixes", params(("prefix" = String, Path, description = "Id, `pfx-...`, or the prefix, with `/` written %2F"), VrfQuery),
    request_body(content = PrefixMove, example = json!({"pool": "dc2-main"})),
    responses((status = 200, description = "The prefix as it is now", body = Prefix)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn move_prefix(
    State(state): State<AppState>,
    Target(prefix): Target<String>,
    ask: Write<PrefixMove, VrfQuery>,
) -> Answer<Prefix> {
    Ok(Json(state.engine.move_prefix(&ask.context, &prefix, ask.query.vrf.as_deref(), ask.body).await?))
}
