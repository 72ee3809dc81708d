//! Tenants.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PageQuery,
    tenant::{Tenant, TenantCreate, TenantUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_tenants, create_tenant)).routes(routes!(
        get_tenant,
        update_tenant,
        delete_tenant
    ))
}

/// List tenants
///
/// By name.
#[utoipa::path(
    get, path = "/tenants", tag = "tenants", params(PageQuery),
    responses((status = 200, description = "A page of tenants", body = Page<Tenant>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_tenants(State(state): State<AppState>, ask: Read<PageQuery>) -> Answer<Page<Tenant>> {
    Ok(Json(state.engine.tenants(&ask.context, ask.query).await?))
}

/// Register a tenant
///
/// Networks belong to one: `clientId` in their requests.
#[utoipa::path(
    post, path = "/tenants", tag = "tenants",
    request_body(content = TenantCreate, example = json!({"name": "acme"})),
    responses((status = 201, description = "Registered", body = Tenant,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn create_tenant(State(state): State<AppState>, ask: Write<TenantCreate>) -> Created<Tenant> {
    let tenant = state.engine.create_tenant(&ask.context, ask.body).await?;
    created(&format!("tenants/{}", tenant.name), tenant)
}

/// Show a tenant
#[utoipa::path(
    get, path = "/tenants/{id}", tag = "tenants",
    params(("id" = String, Path, description = "Name or id", example = "acme")),
    responses((status = 200, description = "The tenant", body = Tenant)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_tenant(State(state): State<AppState>, Target(id): Target<String>, ask: Read) -> Answer<Tenant> {
    Ok(Json(state.engine.tenant(&ask.context, &id).await?))
}

/// Change a tenant
#[utoipa::path(
    patch, path = "/tenants/{id}", tag = "tenants",
    params(("id" = String, Path, description = "Name or id", example = "acme")),
    request_body(content = TenantUpdate, example = json!({"description": "web shops"})),
    responses((status = 200, description = "The tenant as it is now", body = Tenant)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn update_tenant(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write<TenantUpdate>,
) -> Answer<Tenant> {
    Ok(Json(state.engine.update_tenant(&ask.context, &id, ask.body).await?))
}

/// Remove a tenant
///
/// One that has networks is refused.
#[utoipa::path(
    delete, path = "/tenants/{id}", tag = "tenants",
    params(("id" = String, Path, description = "Name or id", example = "acme")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn delete_tenant(State(state): State<AppState>, Target(id): Target<String>, ask: Write) -> Gone {
    state.engine.delete_tenant(&ask.context, &id).await?;
    Ok(StatusCode::NO_CONTENT)
}
