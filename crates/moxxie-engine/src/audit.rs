//! The audit trail.

use moxxie_api::{
    Page,
    audit::{AuditEvent, AuditQuery, AuditVerification},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Lists audit events, the newest first. Reading is itself not audited.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn audit(&self, context: &Context, query: AuditQuery) -> Result<Page<AuditEvent>, Error> {
        todo!()
    }

    /// Events in the order of their ids, oldest first, at most 1000 after `cursor` (an event id), for
    /// the export.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn audit_export(
        &self,
        context: &Context,
        query: AuditQuery,
    ) -> Result<Page<AuditEvent>, Error> {
        todo!()
    }

    /// Checks every chain and every signed checkpoint. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a chain that does not hold is an answer, not an error.
    pub async fn verify_audit(&self, context: &Context) -> Result<AuditVerification, Error> {
        todo!()
    }
}
