//! The audit trail.

use axum::{
    Json,
    body::{Body, Bytes},
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use moxxie_api::{
    Page,
    audit::{AuditEvent, AuditQuery, AuditVerification},
};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::Answer;
use crate::{AppState, extract::Read, problem::Failure};

pub(super) fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(list_audit_events))
        .routes(routes!(export_audit_events))
        .routes(routes!(verify_audit))
}

/// List audit events
///
/// The newest first.
#[utoipa::path(
    get, path = "/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "A page of events", body = Page<AuditEvent>)),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn list_audit_events(State(state): State<AppState>, ask: Read<AuditQuery>) -> Answer<Page<AuditEvent>> {
    Ok(Json(state.engine.audit(&ask.context, ask.query).await?))
}

/// Export audit events
///
/// One JSON object per line, the oldest first, all of them: with `limit`, that many are read at a time. An
/// answer that breaks off is cut, never closed properly: what ends well is complete.
#[utoipa::path(
    get, path = "/audit/export", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "The events, one per line", body = AuditEvent,
        content_type = "application/x-ndjson")),
    extensions(("x-required-role" = json!("viewer"))),
)]
async fn export_audit_events(
    State(state): State<AppState>,
    ask: Read<AuditQuery>,
) -> Result<Response, Failure> {
    let Read { context, query } = ask;
    // The first page is read before the answer begins, so that a refusal is a proper one.
    let mut page = state.engine.audit_export(&context, query.clone()).await?;
    let lines = async_stream::try_stream! {
        loop {
            yield Bytes::from(lines(&page.items)?);
            let Some(cursor) = page.next_cursor else { break };
            let next = AuditQuery { cursor: Some(cursor), ..query.clone() };
            page = state.engine.audit_export(&context, next).await.map_err(|error| {
                tracing::error!(%error, "an export of the audit trail broke off");
                std::io::Error::other(error)
            })?;
        }
    };
    let lines: futures::stream::BoxStream<'static, std::io::Result<Bytes>> = Box::pin(lines);
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(lines)).into_response())
}

fn lines(events: &[AuditEvent]) -> std::io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for event in events {
        serde_json::to_writer(&mut lines, event)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// Check the audit trail
///
/// Every chain of hashes and every signed checkpoint. A trail that does not hold is an answer too: see
/// `intact` and `problems`.
#[utoipa::path(
    get, path = "/audit/verify", tag = "audit",
    responses((status = 200, description = "What was found", body = AuditVerification)),
    extensions(("x-required-role" = json!("admin"))),
)]
async fn verify_audit(State(state): State<AppState>, ask: Read) -> Answer<AuditVerification> {
    Ok(Json(state.engine.verify_audit(&ask.context).await?))
}
