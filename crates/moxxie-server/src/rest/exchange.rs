//! Import and export.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use moxxie_api::exchange::{ExportQuery, ImportQuery, ImportReport};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{
    AppState,
    extract::{Read, Upload},
    problem::Failure,
};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new().routes(routes!(import)).routes(routes!(export))
}

/// Import
///
/// What is arranged (tenants, VRFs, containers, pools, ranges) and taken (networks, on no router yet, prefixes, ...).
/// All lines are imported or none: what is wrong is told line by line. A line that says what is so
/// already changes nothing, so that a file can be imported again. The columns are in `docs/ipam.md`.
#[utoipa::path(
    post, path = "/import", tag = "exchange", params(ImportQuery),
    request_body(content = String, content_type = "text/csv",
        example = json!("type,address,hostname\naddress,172.20.150.17,db-1\n")),
    responses((status = 200, description = "What was done, or would be", body = ImportReport)),
    extensions(("x-required-role" = json!("operator"))),
)]
async fn import(State(state): State<AppState>, ask: Upload<ImportQuery>) -> Answer<ImportReport> {
    Ok(Json(state.engine.import(&ask.context, ask.query, &ask.file).await?))
}

/// Export
///
/// The same table. CSV can be imported again, which changes nothing; cells that a spreadsheet would take
/// for a formula have an apostrophe in front. An answer that breaks off is cut, never closed properly.
#[utoipa::path(
    get, path = "/export", tag = "exchange", params(ExportQuery),
    responses((status = 200, description = "The table, or an Ansible inventory",
        content((String = "text/csv"), (serde_json::Value = "application/json")))),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn export(State(state): State<AppState>, ask: Read<ExportQuery>) -> Result<Response, Failure> {
    let mut export = state.engine.export(&ask.context, ask.query).await?;
    let content_type = export.content_type();
    // The first bytes are read before the answer begins, so that a refusal is a proper one.
    let mut bytes = export.next().await?;
    let stream = async_stream::try_stream! {
        while let Some(part) = bytes {
            yield Bytes::from(part);
            bytes = export.next().await.map_err(|error| {
                tracing::error!(%error, "an export broke off");
                std::io::Error::other(error)
            })?;
        }
    };
    let stream: futures::stream::BoxStream<'static, std::io::Result<Bytes>> = Box::pin(stream);
    let headers = [(header::CONTENT_TYPE, content_type)];
    Ok((headers, Body::from_stream(stream)).into_response())
}
