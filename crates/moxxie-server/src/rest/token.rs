//! Bearer tokens, and who the one in use is.

use axum::{Json, extract::State};
use moxxie_api::{
    Page,
    token::{Token, TokenCreate, TokenCreated, Whoami},
};
use moxxie_core::identity::Scope;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(revoke_token))
        .routes(routes!(whoami))
}

/// List tokens
///
/// All on one page, without their secrets.
#[utoipa::path(
    get, path = "/tokens", tag = "tokens",
    responses((status = 200, description = "All tokens", body = Page<Token>)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn list_tokens(State(state): State<AppState>, ask: Read) -> Answer<Page<Token>> {
    let items = state.engine.tokens(&ask.context).await?;
    Ok(Json(Page { items, next_cursor: None }))
}

/// Make a token
///
/// Its secret is in this answer and nowhere else, ever.
#[utoipa::path(
    post, path = "/tokens", tag = "tokens",
    request_body(content = TokenCreate, example = json!({"name": "ci", "role": "operator", "days": 30})),
    responses((status = 201, description = "Made", body = TokenCreated,
        headers(("Location" = String, description = "Where it is; it can be revoked there")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_token(State(state): State<AppState>, ask: Write<TokenCreate>) -> Created<TokenCreated> {
    let token = state.engine.create_token(&ask.context, ask.body).await?;
    created(&format!("tokens/{}", token.token.id), token)
}

/// Revoke a token
///
/// At once; revoking twice is the same.
#[utoipa::path(
    delete, path = "/tokens/{id}", tag = "tokens",
    params(("id" = String, Path, description = "Id, `tok-...`")),
    responses((status = 200, description = "The token, revoked", body = Token)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn revoke_token(
    State(state): State<AppState>,
    Target(id): Target<String>,
    ask: Write,
) -> Answer<Token> {
    Ok(Json(state.engine.revoke_token(&ask.context, &id).await?))
}

/// Show whose token this is
#[utoipa::path(
    get, path = "/whoami", tag = "tokens",
    responses((status = 200, description = "Name and role of the token in use", body = Whoami)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn whoami(ask: Read) -> Answer<Whoami> {
    let principal = ask.context.principal;
    Ok(Json(Whoami {
        token_id: principal.token.map(|id| id.to_string()),
        name: principal.name,
        role: principal.role.as_str().to_owned(),
        tenant_id: match principal.scope {
            Scope::All => None,
            Scope::Tenant(id) => Some(id.to_string()),
        },
    }))
}
