//! Firewall profiles.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PageQuery,
    profile::{Profile, ProfileCreate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_profiles, create_profile)).routes(routes!(
        get_profile,
        set_profile,
        delete_profile
    ))
}

/// List firewall profiles
///
/// By name. `standard`, `isolated` and `open` are always there.
#[utoipa::path(
    get, path = "/profiles", tag = "profiles", params(PageQuery),
    responses((status = 200, description = "A page of profiles", body = Page<Profile>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_profiles(State(state): State<AppState>, ask: Read<PageQuery>) -> Answer<Page<Profile>> {
    Ok(Json(state.engine.profiles(&ask.context, ask.query).await?))
}

/// Add a firewall profile
///
/// Networks name it in `options.firewallProfile`. What no rule of a direction accepts is dropped; replies
/// always pass.
#[utoipa::path(
    post, path = "/profiles", tag = "profiles",
    request_body(content = ProfileCreate, example = json!({
        "name": "web",
        "rules": [
            {"direction": "out", "action": "accept"},
            {"direction": "in", "action": "accept", "service": "web"},
            {"direction": "in", "action": "accept", "from": "offices", "protocol": "tcp", "ports": ["22"]}
        ],
        "sets": {"offices": ["203.0.113.0/24"]},
        "services": {"web": {"protocol": "tcp", "ports": ["80", "443"]}}
    })),
    responses((status = 201, description = "Added", body = Profile,
        headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_profile(State(state): State<AppState>, ask: Write<ProfileCreate>) -> Created<Profile> {
    let profile = state.engine.create_profile(&ask.context, ask.body).await?;
    created(&format!("profiles/{}", profile.name), profile)
}

/// Show a firewall profile
#[utoipa::path(
    get, path = "/profiles/{profile}", tag = "profiles",
    params(("profile" = String, Path, description = "Name", example = "isolated")),
    responses((status = 200, description = "The profile", body = Profile)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_profile(
    State(state): State<AppState>,
    Target(profile): Target<String>,
    ask: Read,
) -> Answer<Profile> {
    Ok(Json(state.engine.profile(&ask.context, &profile).await?))
}

/// Write a firewall profile
///
/// Adds it, or writes it anew. One that networks use is refused, with their names: give the new rules
/// another name.
#[utoipa::path(
    put, path = "/profiles/{profile}", tag = "profiles",
    params(("profile" = String, Path, description = "Name")),
    request_body(content = ProfileCreate, example = json!({
        "name": "web",
        "rules": [
            {"direction": "out", "action": "accept"},
            {"direction": "in", "action": "accept", "protocol": "tcp", "ports": ["443"]}
        ]
    })),
    responses((status = 200, description = "The profile as it is now", body = Profile)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn set_profile(
    State(state): State<AppState>,
    Target(profile): Target<String>,
    ask: Write<ProfileCreate>,
) -> Answer<Profile> {
    Ok(Json(state.engine.set_profile(&ask.context, &profile, ask.body).await?))
}

/// Remove a firewall profile
///
/// One that networks use is refused, with their names.
#[utoipa::path(
    delete, path = "/profiles/{profile}", tag = "profiles",
    params(("profile" = String, Path, description = "Name")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_profile(State(state): State<AppState>, Target(profile): Target<String>, ask: Write) -> Gone {
    state.engine.delete_profile(&ask.context, &profile).await?;
    Ok(StatusCode::NO_CONTENT)
}
