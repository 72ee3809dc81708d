//! Firewall profiles.

use axum::{
    Json,
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use moxxie_api::{
    Page, PageQuery,
    change::Change,
    profile::{Profile, ProfileCreate},
    write::WriteQuery,
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    Answer, Created, Gone, created,
    order::{self, Settled},
};
use crate::{
    AppState,
    extract::{Read, Target, Write},
    problem::Failure,
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
/// Adds it, or writes it anew. Where networks on routers use it, a change brings all their routers after it, or is
/// undone whole and gives the profile back what it said; each step from the old rules to the new ones is a switch, so
/// that nothing is open or shut in between.
#[utoipa::path(
    put, path = "/profiles/{profile}", tag = "profiles",
    params(("profile" = String, Path, description = "Name"), WriteQuery),
    request_body(content = ProfileCreate, example = json!({
        "name": "web",
        "rules": [
            {"direction": "out", "action": "accept"},
            {"direction": "in", "action": "accept", "protocol": "tcp", "ports": ["443"]}
        ]
    })),
    responses(
        (status = 200, description = "No router has to be asked, or, with `wait`, all are done: the profile as it is \
            now. Dry run: what would be done", body = Profile),
        (status = 202, description = "Accepted: the change that does it", body = Change, headers(
            ("Location" = String, description = "Where the change is"))),
    ),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn set_profile(
    State(state): State<AppState>,
    Target(profile): Target<String>,
    ask: Write<ProfileCreate, WriteQuery>,
) -> Result<Response, Failure> {
    let wait = order::seconds(ask.query.wait)?;
    if ask.query.dry_run == Some(true) {
        let plan = state.engine.set_profile_dry_run(&ask.context, &profile, ask.body).await?;
        return Ok(Json(plan).into_response());
    }
    let written = state.engine.set_profile(&ask.context, &profile, ask.body).await?;
    let Some(change) = written.change else { return Ok(Json(written.profile).into_response()) };
    match order::settle(&state, &ask.context, change, wait).await? {
        Settled::Applied(_) => Ok(Json(written.profile).into_response()),
        Settled::Running(change) => Ok(order::accepted(change)),
    }
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
