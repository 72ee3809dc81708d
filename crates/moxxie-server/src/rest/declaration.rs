//! Declarations: everything that should be there, at once.

use axum::{Json, extract::State};
use moxxie_api::declaration::{Declaration, DeclarationPlan, DeclarationQuery};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{
    AppState,
    extract::{Read, Write},
    limits,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(declared, declare))
}

/// Show everything as a declaration
///
/// Tenants, VRFs, datacentres, containers, pools, firewall profiles, routers and networks, as the requests that make
/// them. Secrets are left out. Planned again it has nothing to do.
#[utoipa::path(
    get, path = "/declaration", tag = "declaration",
    responses((status = 200, description = "What there is", body = Declaration)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn declared(State(state): State<AppState>, ask: Read) -> Answer<Declaration> {
    Ok(Json(state.engine.declared(&ask.context).await?))
}

/// Make everything as declared
///
/// What is missing is made, what differs in a field that is stated is changed, and with `prune` what is not declared is
/// removed, of the kinds that the declaration has a list of; all in one transaction, or nothing of it. New networks
/// are put on their routers by one change, networks that carry something else by one, and those that go by one. What
/// has to wait for a change is an action `wait`: declare again when the change is over. A dry run gives a plan and its
/// id; with `plan` it is carried out as it was shown, or refused (409 `plan_changed`) when records or routers changed.
/// Every part needs the role that it needs alone: datacentres, pools, routers and profiles need admin.
#[utoipa::path(
    post, path = "/declaration", tag = "declaration", params(DeclarationQuery),
    request_body(content = Declaration, example = json!({
        "tenants": [{"name": "acme"}],
        "networks": [{"clientId": "acme", "name": "web", "datacenter": "dc2", "size": "/24", "provisioned": false}],
    })),
    responses((status = 200, description = "What was done, and the changes that bring it to routers. Dry run: what \
        would be done", body = DeclarationPlan)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn declare(
    State(state): State<AppState>,
    ask: Write<Declaration, DeclarationQuery, { limits::DECLARATION }>,
) -> Answer<DeclarationPlan> {
    let engine = &state.engine;
    Ok(Json(if ask.query.dry_run == Some(true) {
        engine.declare_dry_run(&ask.context, ask.body, &ask.query).await?
    } else {
        engine.declare(&ask.context, ask.body, &ask.query).await?
    }))
}
