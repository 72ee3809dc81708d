//! Search.

use axum::{Json, extract::State};
use moxxie_api::{
    Page,
    search::{SearchHit, SearchQuery},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{AppState, extract::Read};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(search))
}

/// Search
///
/// Who has this address, where is that VLAN, what is called so. A text that may mean several things is
/// looked for as each of them, the most definite first. Names are found by their beginning, and by any
/// three or more characters in them.
#[utoipa::path(
    get, path = "/search", tag = "search", params(SearchQuery),
    responses((status = 200, description = "A page of what was found", body = Page<SearchHit>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn search(State(state): State<AppState>, ask: Read<SearchQuery>) -> Answer<Page<SearchHit>> {
    Ok(Json(state.engine.search(&ask.context, ask.query).await?))
}
