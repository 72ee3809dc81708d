//! REST, a file per noun.
//!
//! An operation says in its `#[utoipa::path]` which role it needs (`x-required-role`); the guard
//! enforces what is written there. Responses every operation has in common are added in `openapi`.

mod address;
mod asn;
mod audit;
mod change;
mod container;
mod datacenter;
mod declaration;
mod drift;
mod exchange;
mod health;
mod network;
mod networks;
pub(crate) mod openapi;
mod order;
mod pool;
mod prefix;
mod profile;
mod range;
mod reality;
mod router;
mod search;
mod tenant;
mod token;
mod vlan;
mod vrf;

use axum::{
    Json,
    http::{HeaderName, StatusCode, header},
    routing::get,
};
use utoipa_axum::router::OpenApiRouter;

use crate::{AppState, page, problem::Failure};

/// What a handler answers.
type Answer<T> = Result<Json<T>, Failure>;

/// What a handler answers that has made something: 201 and where it is.
type Created<T> = Result<(StatusCode, [(HeaderName, String); 1], Json<T>), Failure>;

/// What a handler answers that has removed something: 204.
type Gone = Result<StatusCode, Failure>;

/// Something was made, and is at this path under the API's base from now on.
fn created<T>(path: &str, body: T) -> Created<T> {
    let location = format!("{}/{path}", moxxie_api::BASE);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(body)))
}

/// Where the first of some taken prefixes is.
fn prefix_path(taken: &moxxie_api::prefix::PrefixesTaken) -> String {
    format!("prefixes/{}", taken.prefixes.first().map_or("", |prefix| prefix.id.as_str()))
}

/// Everything that needs a token.
pub(crate) fn guarded() -> OpenApiRouter<AppState> {
    let v1 = OpenApiRouter::new()
        .merge(datacenter::routes())
        .merge(pool::routes())
        .merge(prefix::routes())
        .merge(container::routes())
        .merge(vrf::routes())
        .merge(profile::routes())
        .merge(vlan::routes())
        .merge(asn::routes())
        .merge(router::routes())
        .merge(tenant::routes())
        .merge(network::routes())
        .merge(networks::routes())
        .merge(address::routes())
        .merge(range::routes())
        .merge(reality::routes())
        .merge(drift::routes())
        .merge(change::routes())
        .merge(exchange::routes())
        .merge(declaration::routes())
        .merge(search::routes())
        .merge(audit::routes())
        .merge(token::routes());
    OpenApiRouter::new().nest(moxxie_api::BASE, v1).merge(health::metrics_route())
}

/// Everything that needs none. A test holds this list against the OpenAPI document.
pub(crate) fn public() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(health::routes())
        .route("/", get(page::landing))
        .route("/problems", get(page::problems))
        .route("/problems/{code}", get(page::problem))
}
