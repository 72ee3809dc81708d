//! Refused writes get into the audit trail too (design, invariant 9).
//!
//! What succeeds is noted by the use case, in the transaction that does it. What is refused before that,
//! from malformed JSON to a missing role, is noted here, in one place for every operation.

use axum::{extract::Request, http::Uri, response::Response};
use moxxie_api::Problem;
use moxxie_engine::{Context, Engine, audit::Refusal};

/// What the audit trail calls an operation of the API; `None` for one that only reads.
pub(crate) fn action(operation_id: &str) -> Option<&'static str> {
    Some(match operation_id {
        "create_datacenter" => "site.create",
        "delete_datacenter" => "site.delete",
        "update_datacenter" => "site.update",
        "create_vrf" => "vrf.create",
        "update_vrf" => "vrf.update",
        "delete_vrf" => "vrf.delete",
        "create_profile" => "profile.create",
        "set_profile" => "profile.update",
        "delete_profile" => "profile.delete",
        "create_container" => "container.create",
        "update_container" => "container.update",
        "delete_container" => "container.delete",
        "update_pool" => "pool.update",
        "resize_pool" => "pool.resize",
        "split_pool" => "pool.split",
        "merge_pools" => "pool.merge",
        "take_prefixes" | "take_prefixes_bulk" => "prefix.take",
        "update_prefix" => "prefix.update",
        "release_prefix" => "prefix.release",
        "confirm_prefix" => "prefix.confirm",
        "resize_prefix" => "prefix.resize",
        "split_prefix" => "prefix.split",
        "merge_prefixes" => "prefix.merge",
        "move_prefix" => "prefix.move",
        "take_vlan" => "vlan.take",
        "update_vlan" => "vlan.update",
        "release_vlan" => "vlan.release",
        "create_asn_range" => "asn_range.create",
        "update_asn_range" => "asn_range.update",
        "delete_asn_range" => "asn_range.delete",
        "take_asn" => "asn.take",
        "update_asn" => "asn.update",
        "release_asn" => "asn.release",
        "resize_network" => "network.resize",
        "create_pool" => "pool.create",
        "delete_pool" => "pool.delete",
        "create_router" => "router.create",
        "enroll_router" => "router.enroll",
        "replace_router" => "router.replace",
        "update_router" => "router.update",
        "delete_router" => "router.delete",
        "create_tenant" => "tenant.create",
        "update_tenant" => "tenant.update",
        "delete_tenant" => "tenant.delete",
        "create_token" => "token.create",
        "revoke_token" => "token.revoke",
        "allocate_network" => "network.allocate",
        "provision_network" | "provision_networks" | "provision_allocated_network" => "network.provision",
        "restore_network" => "network.restore",
        "modify_network" | "modify_networks" => "network.modify",
        "deprovision_network" | "deprovision_networks" => "network.deprovision",
        "create_address" | "create_next_address" | "create_addresses" => "address.create",
        "update_address" => "address.update",
        "create_range" => "range.create",
        "delete_range" => "range.delete",
        "delete_address" => "address.release",
        "scan_router" => "router.scan",
        "acknowledge_finding" => "finding.acknowledge",
        "reopen_finding" => "finding.reopen",
        "adopt_finding" => "finding.adopt",
        "check_router_drift" => "router.drift_check",
        "revert_drift" => "drift.revert",
        "accept_drift" => "drift.accept",
        "ignore_drift" => "drift.ignore",
        "reopen_drift" => "drift.reopen",
        "import" => "import",
        "declare" => "declare",
        "cancel_change" => "change.cancel",
        "retry_change" => "change.retry",
        "rollback_change" => "change.rollback",
        "resolve_change" => "change.resolve",
        _ => return None,
    })
}

/// A write that is being asked for.
pub(crate) struct Attempt {
    action: &'static str,
    uri: Uri,
    rehearsal: bool,
}

impl Attempt {
    pub(crate) fn of(action: &'static str, request: &Request) -> Self {
        let query = request.uri().query().unwrap_or_default();
        Self {
            action,
            uri: request.uri().clone(),
            // A dry run asks what would happen; that the answer is no is not an attempt to write.
            rehearsal: query.split('&').any(|pair| pair == "dryRun=true"),
        }
    }

    /// What to note of an attempt that came to nothing. A change that failed after it was accepted has an
    /// event of its own.
    pub(crate) fn refused(self, response: &Response) -> Option<Refused> {
        let problem = response.extensions().get::<Problem>()?;
        if self.rehearsal || problem.change_id.is_some() {
            return None;
        }
        let failed = response.status().is_server_error();
        Some(Refused { attempt: self, code: problem.code.clone(), message: problem.detail.clone(), failed })
    }
}

/// A write that was not done.
pub(crate) struct Refused {
    attempt: Attempt,
    code: String,
    message: String,
    failed: bool,
}

impl Refused {
    /// Writes it into the trail.
    pub(crate) async fn note(self, engine: &Engine, context: &Context) {
        let path: String = self.attempt.uri.path().chars().take(200).collect();
        let refusal = Refusal {
            action: self.attempt.action,
            object: &path,
            code: &self.code,
            message: &self.message,
            failed: self.failed,
        };
        engine.note_refusal(context, refusal).await;
    }
}

#[cfg(test)]
mod tests {
    use axum::http::Method;

    use super::*;
    use crate::{openapi, rest::openapi::operations};

    #[test]
    fn every_write_has_a_name_in_the_trail_and_no_read_has() {
        for (method, path, operation) in operations(&openapi()) {
            let id = operation.operation_id.as_deref().unwrap_or_default();
            assert_eq!(action(id).is_some(), method != Method::GET, "{method} {path} ({id})");
        }
    }
}
