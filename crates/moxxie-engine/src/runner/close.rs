//! Closing a change: records, allocation, steps and audit end together, in one transaction.

use moxxie_core::{
    ChangeId,
    change::{ChangeKind, ChangeState, Outcome, StepName, StepState},
    identity::Scope,
    network::{Network, NetworkStatus},
};
use moxxie_store::{Change, Step, Tx};
use serde_json::{Value, json};

use crate::{
    Context, Engine, Error,
    audit::Entry,
    change::{action_of, status_in},
};

/// How a change ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Done and verified.
    Applied,
    /// Undone, or never begun.
    RolledBack,
    /// Called off before anything was sent.
    Cancelled,
    /// An operator says the routers do not matter any more.
    WrittenOff,
}

impl Engine {
    /// Ends a change. The caller holds it locked.
    pub(crate) async fn close(&self, tx: &mut Tx, change: &mut Change, ending: Ending) -> Result<(), Error> {
        let now = self.now();
        let mut addresses = Vec::new();
        let released = self.settle_network(tx, change, ending, &mut addresses).await?;
        self.close_steps(tx, change, ending, released).await?;
        if matches!(ending, Ending::RolledBack) {
            self.journal_undone(tx, change.id).await?;
        }
        change.state = match ending {
            Ending::Applied => ChangeState::Applied,
            // What was to be given up is given up; what the router still has is not known.
            Ending::WrittenOff if change.kind == ChangeKind::Deprovision => ChangeState::Applied,
            Ending::RolledBack | Ending::WrittenOff => ChangeState::RolledBack,
            Ending::Cancelled => ChangeState::Cancelled,
        };
        if ending == Ending::Applied {
            change.error = None;
        }
        if ending == Ending::WrittenOff && change.state == ChangeState::Applied {
            tx.forget_applied(change.id, &change.network_id.to_string()).await?;
        }
        tx.update_change(change, now).await?;
        let reason = change.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        let message = format!("{} is {}{reason}", change.kind, change.state);
        tx.append_event(change.id, &json!({"kind": "state", "name": change.state, "message": message}), now)
            .await?;
        let context = Context::system();
        let mut audit = self.event(&context, Entry {
            action: action_of(change.kind),
            object: change.network_id.to_string(),
            tenant: Some(change.tenant_id),
            outcome: if ending == Ending::Applied { "succeeded" } else { "failed" },
            detail: json!({
                "change": change.id,
                "state": change.state,
                "error": change.error.as_ref().map(|error| json!({"code": error.code, "message": error.message})),
                "allocationReleased": released,
                "addressesReleased": addresses,
                "commands": self.commands_of(tx, change.id).await?,
            }),
        });
        // What the worker did, it did for whoever asked.
        audit.actor.clone_from(&change.principal);
        tx.audit(audit);
        count(change, ending, now);
        Ok(())
    }

    /// Whether the allocation was released.
    async fn settle_network(
        &self,
        tx: &mut Tx,
        change: &Change,
        ending: Ending,
        addresses: &mut Vec<Value>,
    ) -> Result<bool, Error> {
        let Some(network) = tx.lock_network(Scope::All, change.network_id).await? else { return Ok(true) };
        let made_by_it = change.request["new"].as_bool().unwrap_or(false);
        let before = status_in(&change.request, "before");
        let status = match (change.kind, ending) {
            (ChangeKind::Provision | ChangeKind::Restore, Ending::Applied) => {
                Some(NetworkStatus::Provisioned)
            }
            // Whatever becomes of a restore, the allocation is the network's.
            (ChangeKind::Restore, Ending::WrittenOff) => Some(NetworkStatus::Failed),
            (ChangeKind::Restore, _) => Some(before.unwrap_or(NetworkStatus::Failed)),
            // Its rows may still be on a router, so whoever removes it has to ask that router.
            (ChangeKind::Provision, Ending::WrittenOff) if !made_by_it => Some(NetworkStatus::Failed),
            (ChangeKind::Provision, _) if !made_by_it => Some(before.unwrap_or(NetworkStatus::Allocated)),
            (ChangeKind::Deprovision, Ending::RolledBack | Ending::Cancelled) => {
                Some(before.unwrap_or(NetworkStatus::Provisioned))
            }
            (ChangeKind::Provision, _) | (ChangeKind::Deprovision, Ending::Applied | Ending::WrittenOff) => {
                None
            }
        };
        match status {
            Some(status) => {
                tx.update_network_status(network.id, network.version, status, self.now()).await?;
                Ok(false)
            }
            None => {
                self.release(tx, &network, addresses).await?;
                Ok(true)
            }
        }
    }

    /// Frees VLAN, prefix and addresses of a network and forgets it.
    async fn release(&self, tx: &mut Tx, network: &Network, addresses: &mut Vec<Value>) -> Result<(), Error> {
        loop {
            let records = tx.addresses(Scope::All, network.id, &moxxie_store::Page::first(500)).await?;
            if records.items.is_empty() {
                break;
            }
            for record in records.items {
                tx.delete_address(Scope::All, network.id, record.address, self.now()).await?;
                addresses.push(
                    json!({"address": record.address, "hostname": record.hostname, "vmId": record.vm_id}),
                );
            }
        }
        tx.release_network_prefixes(network.id, self.now()).await?;
        tx.delete_network(network.id, self.now()).await?;
        Ok(())
    }

    async fn close_steps(
        &self,
        tx: &mut Tx,
        change: &Change,
        ending: Ending,
        released: bool,
    ) -> Result<(), Error> {
        for step in tx.steps(Scope::All, change.id).await? {
            let allocation = step.name == StepName::IpamAllocation;
            let state = match (ending, step.state) {
                (Ending::Applied, StepState::Pending | StepState::Running) => StepState::Completed,
                (Ending::Applied, other) => other,
                // What the router has is not known: nothing is claimed to be undone but the allocation.
                (Ending::WrittenOff, StepState::Running) => StepState::Failed,
                (Ending::WrittenOff, StepState::Completed) if !(allocation && released) => {
                    StepState::Completed
                }
                (_, StepState::Completed) if allocation && !released => StepState::Completed,
                (_, StepState::Completed | StepState::Running) => StepState::Undone,
                (_, StepState::Pending) => StepState::Skipped,
                (_, other) => other,
            };
            if state != step.state {
                let step = Step { state, at: self.now(), ..step };
                tx.set_step(change.id, &step).await?;
                let message = format!("{}: {state}", step.name);
                let event = json!({"kind": "step", "name": step.name, "status": state, "message": message});
                tx.append_event(change.id, &event, self.now()).await?;
            }
        }
        Ok(())
    }

    /// An audit event about a change itself. What the worker does, it does for whoever asked.
    pub(crate) fn change_event(
        &self,
        change: &Change,
        action: &str,
        detail: Value,
    ) -> moxxie_store::AuditDraft {
        let mut event = self.event(
            &Context::system(),
            Entry {
                action,
                object: change.id.to_string(),
                tenant: Some(change.tenant_id),
                outcome: "failed",
                detail,
            },
        );
        event.actor.clone_from(&change.principal);
        event
    }

    /// Notes in the journal that everything that was or may have been done is undone.
    pub(crate) async fn journal_undone(&self, tx: &mut Tx, change: ChangeId) -> Result<(), Error> {
        let mut undone: std::collections::BTreeMap<_, Vec<_>> = std::collections::BTreeMap::new();
        for entry in tx.journal(Scope::All, change).await? {
            if matches!(entry.outcome, Outcome::Done | Outcome::Sent | Outcome::Unknown) {
                undone.entry(entry.router_id).or_default().push((
                    entry.ordinal,
                    Outcome::Undone,
                    entry.answer,
                ));
            }
        }
        for (router, outcomes) in undone {
            tx.journal_outcomes(change, router, &outcomes, self.now()).await?;
        }
        Ok(())
    }

    /// Marks the network of a change that needs an operator.
    pub(crate) async fn mark_failed(&self, tx: &mut Tx, change: &Change) -> Result<(), Error> {
        if let Some(network) = tx.lock_network(Scope::All, change.network_id).await? {
            tx.update_network_status(network.id, network.version, NetworkStatus::Failed, self.now()).await?;
        }
        Ok(())
    }

    /// The commands of a change and the routers' answers, for the audit trail.
    pub(crate) async fn commands_of(&self, tx: &Tx, change: ChangeId) -> Result<Vec<Value>, Error> {
        let journal = tx.journal(Scope::All, change).await?;
        let line = |entry: moxxie_store::JournalEntry| {
            let row = &entry.command.row;
            json!({
                "router": entry.router_id,
                "command": format!("{} {}", row.menu, entry.command.action.verb()),
                "fields": row.fields,
                "comment": row.comment(),
                "outcome": entry.outcome,
                "answer": entry.answer,
            })
        };
        Ok(journal.into_iter().map(line).collect())
    }
}

fn count(change: &Change, ending: Ending, now: moxxie_core::Timestamp) {
    if ending == Ending::RolledBack && change.reached {
        metrics::counter!("network_rollback_total").increment(1);
    }
    if change.kind == ChangeKind::Provision {
        metrics::counter!("network_provisioning_total").increment(1);
        if ending == Ending::Applied {
            metrics::counter!("network_provisioning_success").increment(1);
        }
        let took = now.duration_since(change.created_at).as_secs_f64();
        metrics::histogram!("network_provisioning_duration_seconds").record(took);
    }
}
