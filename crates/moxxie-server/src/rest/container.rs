//! Containers.

use axum::{Json, extract::State, http::StatusCode};
use moxxie_api::{
    Page, PastPageQuery, PastQuery,
    container::{Container, ContainerCreate, ContainerUpdate},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{Answer, Created, Gone, created};
use crate::{
    AppState,
    extract::{Read, Target, Write},
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(list_containers, create_container)).routes(routes!(
        get_container,
        update_container,
        delete_container
    ))
}

/// List containers
///
/// By name, each with how full the pools in it are.
#[utoipa::path(
    get, path = "/containers", tag = "containers", params(PastPageQuery),
    responses((status = 200, description = "A page of containers", body = Page<Container>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_containers(State(state): State<AppState>, ask: Read<PastPageQuery>) -> Answer<Page<Container>> {
    Ok(Json(state.engine.containers(&ask.context, ask.query).await?))
}

/// Register a container
///
/// A prefix that pools and other containers are arranged in. Nothing is taken from it.
#[utoipa::path(
    post, path = "/containers", tag = "containers",
    request_body(content = ContainerCreate, example = json!({"name": "private", "prefix": "172.16.0.0/12"})),
    responses((status = 201, description = "Registered", body = Container, headers(("Location" = String, description = "Where it is")))),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn create_container(State(state): State<AppState>, ask: Write<ContainerCreate>) -> Created<Container> {
    let answer = state.engine.create_container(&ask.context, ask.body).await?;
    created(&format!("containers/{}", answer.name), answer)
}

/// Show a container
#[utoipa::path(
    get, path = "/containers/{container}", tag = "containers", params(("container" = String, Path, description = "Name or id"), PastQuery),
    responses((status = 200, description = "The container", body = Container)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn get_container(
    State(state): State<AppState>,
    Target(container): Target<String>,
    ask: Read<PastQuery>,
) -> Answer<Container> {
    Ok(Json(state.engine.container(&ask.context, &container, ask.query.at.as_deref()).await?))
}

/// Change a container
#[utoipa::path(
    patch, path = "/containers/{container}", tag = "containers", params(("container" = String, Path, description = "Name or id")),
    request_body(content = ContainerUpdate, example = json!({"description": "private space"})),
    responses((status = 200, description = "The container as it is now", body = Container)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn update_container(
    State(state): State<AppState>,
    Target(container): Target<String>,
    ask: Write<ContainerUpdate>,
) -> Answer<Container> {
    Ok(Json(state.engine.update_container(&ask.context, &container, ask.body).await?))
}

/// Remove a container
///
/// What lies in it stays.
#[utoipa::path(
    delete, path = "/containers/{container}", tag = "containers", params(("container" = String, Path, description = "Name or id")),
    responses((status = 204, description = "Removed")),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn delete_container(
    State(state): State<AppState>,
    Target(container): Target<String>,
    ask: Write,
) -> Gone {
    state.engine.delete_container(&ask.context, &container).await?;
    Ok(StatusCode::NO_CONTENT)
}
