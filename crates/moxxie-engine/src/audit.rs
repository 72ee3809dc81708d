//! The audit trail.

use moxxie_api::{
    Page,
    audit::{AuditEvent, AuditQuery, AuditVerification},
};
use moxxie_core::{
    EventId, TenantId, Timestamp, audit as trail,
    identity::{Role, Scope},
};
use moxxie_store::{AuditDraft, AuditFilter};
use serde_json::{Value, json};

use crate::{Context, Engine, Error, page, validate::Checks, write::transaction};

/// What an audit event says beside who, when and from where.
pub(crate) struct Entry<'a> {
    pub(crate) action: &'a str,
    pub(crate) object: String,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) outcome: &'a str,
    pub(crate) detail: Value,
}

/// A write that was not done.
#[derive(Debug, Clone, Copy)]
pub struct Refusal<'a> {
    /// What was asked for, in the words of the trail: `network.provision`.
    pub action: &'a str,
    /// To what, as far as the request told: a path.
    pub object: &'a str,
    /// Why, as a stable word.
    pub code: &'a str,
    /// Why, in words.
    pub message: &'a str,
    /// Whether it was not the request's fault.
    pub failed: bool,
}

impl Engine {
    /// The event to append within a transaction.
    pub(crate) fn event(&self, context: &Context, entry: Entry<'_>) -> AuditDraft {
        AuditDraft {
            id: EventId::new(self.0.ambient.uuid()),
            at: self.now(),
            actor: context.principal.name.clone(),
            source: context.principal.source.clone(),
            action: entry.action.to_owned(),
            object: entry.object,
            tenant_id: entry.tenant,
            outcome: entry.outcome.to_owned(),
            detail: entry.detail,
        }
    }

    /// Notes a write that was refused, or failed, before a use case could note anything itself. When the
    /// database fails at that, the log has it.
    pub async fn note_refusal(&self, context: &Context, refusal: Refusal<'_>) {
        let event = self.event(
            context,
            Entry {
                action: refusal.action,
                object: refusal.object.to_owned(),
                tenant: match context.principal.scope {
                    Scope::Tenant(tenant) => Some(tenant),
                    Scope::All => None,
                },
                outcome: if refusal.failed { "failed" } else { "refused" },
                detail: json!({"code": refusal.code, "message": refusal.message}),
            },
        );
        let written = transaction!(self, |tx| { tx.audit(event.clone()) });
        if let Err(error) = written {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                actor = context.principal.name,
                action = refusal.action,
                code = refusal.code,
                "a refusal could not be written into the audit trail"
            );
        }
    }

    /// Lists audit events, the newest first. Reading is itself not audited.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn audit(&self, context: &Context, query: AuditQuery) -> Result<Page<AuditEvent>, Error> {
        context.require(Role::Viewer)?;
        let (filter, page) = filter(&query, 100)?;
        let listing = self.0.store.audit_events(context.principal.scope, &filter, &page).await?;
        Ok(page::answer(listing, view))
    }

    /// Events in the order they were written, at most 1000 after `cursor`, for the export.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn audit_export(
        &self,
        context: &Context,
        query: AuditQuery,
    ) -> Result<Page<AuditEvent>, Error> {
        context.require(Role::Viewer)?;
        let (filter, page) = filter(&query, 1000)?;
        let listing = self.0.store.audit_export(context.principal.scope, &filter, &page).await?;
        Ok(page::answer(listing, view))
    }

    /// Checks every chain and every signed checkpoint. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a chain that does not hold is an answer, not an error.
    pub async fn verify_audit(&self, context: &Context) -> Result<AuditVerification, Error> {
        context.require(Role::Admin)?;
        let report = self.0.store.verify_audit().await?;
        Ok(AuditVerification {
            intact: report.problems.is_empty(),
            chains: report.chains,
            events: report.events,
            checkpoints: report.checkpoints,
            problems: report.problems.iter().map(ToString::to_string).collect(),
        })
    }
}

fn filter(query: &AuditQuery, usual: u32) -> Result<(AuditFilter, moxxie_store::Page), Error> {
    let mut checks = Checks::default();
    let mut time = |field: &str, text: &Option<String>| {
        let text = text.as_ref()?;
        checks.take(
            field,
            text.parse::<Timestamp>()
                .map_err(|_| "is not a time: write it as 2026-11-23T14:00:00Z (RFC 3339)"),
        )
    };
    let (since, until) = (time("since", &query.since), time("until", &query.until));
    checks.done()?;
    let page = page::wanted(query.cursor.clone(), query.limit.or(Some(usual)))?;
    let filter = AuditFilter {
        actor: query.actor.clone(),
        action: query.action.clone(),
        object: query.object.clone(),
        outcome: query.outcome.clone(),
        since,
        until,
    };
    Ok((filter, page))
}

fn view(event: trail::AuditEvent) -> AuditEvent {
    AuditEvent {
        id: event.id.to_string(),
        writer: event.writer,
        seq: event.seq,
        at: event.at,
        actor: event.actor,
        source: event.source,
        action: event.action,
        object: event.object,
        tenant_id: event.tenant_id.map(|id| id.to_string()),
        outcome: event.outcome,
        detail: event.detail,
        previous: event.previous,
        hash: event.hash,
    }
}
