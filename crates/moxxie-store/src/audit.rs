//! The audit trail: append-only, hash-chained, with signed checkpoints.

use moxxie_core::{
    EventId, TenantId, Timestamp,
    audit::{AuditEvent, ChainError},
    identity::Scope,
};
use serde_json::Value;

use crate::{Listing, Page, Reads, Result, Store, Tx};

/// An audit event to be: the chain gives it its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditDraft {
    /// Its id.
    pub id: EventId,
    /// When.
    pub at: Timestamp,
    /// Who: a token's name or `system`.
    pub actor: String,
    /// From where.
    pub source: String,
    /// What was done, such as `network.provision`.
    pub action: String,
    /// To what: a printed id.
    pub object: String,
    /// Whose it is, when it is one tenant's.
    pub tenant_id: Option<TenantId>,
    /// `accepted`, `succeeded`, `refused`, `failed`.
    pub outcome: String,
    /// Whatever the action calls for. No secrets.
    pub detail: Value,
}

/// Which audit events are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditFilter {
    /// By this actor.
    pub actor: Option<String>,
    /// This action.
    pub action: Option<String>,
    /// To this object.
    pub object: Option<String>,
    /// With this outcome.
    pub outcome: Option<String>,
    /// At or after.
    pub since: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// Events looked at.
    pub events: u64,
    /// Chains they are in.
    pub chains: u64,
    /// Signed checkpoints looked at.
    pub checkpoints: u64,
    /// What does not hold; empty when all is well.
    pub problems: Vec<AuditProblem>,
}

/// Something in the audit trail that does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuditProblem {
    /// Within a chain.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// A chain ends elsewhere than its head says.
    #[error("chain {writer} ends with event {found}, its head says {head}")]
    Head {
        /// The chain.
        writer: String,
        /// The last event found; 0 when there is none.
        found: i64,
        /// The last event by the head; 0 when there is no head.
        head: i64,
    },
    /// A checkpoint's signature does not fit what it says.
    #[error("checkpoint {seq} was altered, or signed with another master key")]
    Signature {
        /// The checkpoint.
        seq: i64,
    },
    /// A checkpoint knows an event that is not there, or not so.
    #[error("checkpoint {seq} vouches for event {event} of chain {writer}, which is missing or another")]
    Checkpoint {
        /// The checkpoint.
        seq: i64,
        /// The chain.
        writer: String,
        /// The event.
        event: i64,
    },
    /// A checkpoint is missing.
    #[error("checkpoint {seq} is missing")]
    MissingCheckpoint {
        /// The checkpoint.
        seq: i64,
    },
}

impl Reads {
    /// Audit events, newest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn audit_events(
        &self,
        scope: Scope,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEvent>> {
        todo!()
    }

    /// Audit events as they were written, oldest first, for export: each chain is in its order.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn audit_export(
        &self,
        scope: Scope,
        filter: &AuditFilter,
        page: &Page,
    ) -> Result<Listing<AuditEvent>> {
        todo!()
    }
}

impl Tx {
    /// Appends an audit event when the transaction commits, so that the chain's head is locked only
    /// for that moment.
    pub fn audit(&mut self, draft: AuditDraft) {
        todo!()
    }
}

impl Store {
    /// Walks every chain and every checkpoint.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails; what does not hold is in the report.
    pub async fn verify_audit(&self) -> Result<AuditReport> {
        todo!()
    }

    /// Signs all heads as they are now, with a key derived from the master key. `None` when nothing
    /// was written since the last checkpoint; else the checkpoint's number.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn checkpoint_audit(&self, now: Timestamp) -> Result<Option<i64>> {
        todo!()
    }
}
