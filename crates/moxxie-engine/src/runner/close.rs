//! Closing a change: records, allocation, steps and audit end together, in one transaction.

use moxxie_core::{
    ChangeId, NetworkId,
    change::{ChangeKind, ChangeState, Outcome, StepName, StepState},
    identity::Scope,
    network::{Network, NetworkStatus},
};
use moxxie_store::{Change, Step, Subject, Tx};
use serde_json::{Value, json};

use crate::{
    Context, Engine, Error,
    audit::Entry,
    batch::{Family, space::Ground},
    change::action_of,
    range::Renew,
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

/// What became of the networks of a change.
struct Settled {
    /// Every allocation was released.
    released: bool,
    /// Those that are gone.
    gone: Vec<NetworkId>,
    /// Those of which other addresses may be had now.
    otherwise: Vec<NetworkId>,
}

impl Engine {
    /// Ends a change. The caller holds it locked.
    pub(crate) async fn close(&self, tx: &mut Tx, change: &mut Change, ending: Ending) -> Result<(), Error> {
        let now = self.now();
        let mut addresses = Vec::new();
        let Settled { released, gone, otherwise } =
            self.settle_networks(tx, change, ending, &mut addresses).await?;
        if ending != Ending::Applied {
            for former in tx.profiles_of_change(change.id).await? {
                tx.update_profile(&former.profile, former.revision, now).await?;
            }
        }
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
            for network in gone {
                tx.forget_applied(change.id, &network.to_string()).await?;
            }
        }
        tx.update_change(change, now).await?;
        for network in otherwise {
            // Until here its addresses were given out as if either were true.
            let ground = Ground::read(tx, network, Family::V4).await?;
            tx.renew_space(&ground).await?;
        }
        let reason = change.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        let message = format!("{} is {}{reason}", change.kind, change.state);
        tx.append_event(change.id, &json!({"kind": "state", "name": change.state, "message": message}), now)
            .await?;
        let context = Context::system();
        let mut audit = self.event(&context, Entry {
            action: action_of(change.kind),
            object: change.network_id.map_or_else(|| change.id.to_string(), |network| network.to_string()),
            tenant: change.tenant_id,
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

    /// Gives the networks the status and the options they have now.
    async fn settle_networks(
        &self,
        tx: &mut Tx,
        change: &Change,
        ending: Ending,
        addresses: &mut Vec<Value>,
    ) -> Result<Settled, Error> {
        let mut settled = Settled { released: true, gone: Vec::new(), otherwise: Vec::new() };
        for subject in tx.subjects(change.id).await? {
            let Some(network) = tx.lock_network(Scope::All, subject.network).await? else { continue };
            match settled_status(change.kind, ending, &subject) {
                Some(status) => {
                    let now = self.now();
                    let version = tx.update_network_status(network.id, network.version, status, now).await?;
                    settled.released = false;
                    let Some(carried) = &subject.carried else { continue };
                    if carried.dhcp != network.options.dhcp {
                        settled.otherwise.push(network.id);
                    }
                    if ending != Ending::Applied {
                        let network = Network { status, version, ..network };
                        tx.update_network_options(&network, carried, now).await?;
                    }
                }
                None => {
                    self.release(tx, &network, addresses).await?;
                    settled.gone.push(network.id);
                }
            }
        }
        Ok(settled)
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
                tenant: change.tenant_id,
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

    /// Marks the networks of a change that needs an operator.
    pub(crate) async fn mark_failed(&self, tx: &mut Tx, change: &Change) -> Result<(), Error> {
        for subject in tx.subjects(change.id).await? {
            if let Some(network) = tx.lock_network(Scope::All, subject.network).await? {
                let failed = NetworkStatus::Failed;
                tx.update_network_status(network.id, network.version, failed, self.now()).await?;
            }
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

/// What a network is after its change; nothing when its allocation ends with it.
fn settled_status(kind: ChangeKind, ending: Ending, subject: &Subject) -> Option<NetworkStatus> {
    match (kind, ending) {
        (ChangeKind::Provision | ChangeKind::Restore | ChangeKind::Modify, Ending::Applied) => {
            Some(NetworkStatus::Provisioned)
        }
        // Whatever becomes of these, the allocation is the network's.
        (ChangeKind::Restore | ChangeKind::Modify, Ending::WrittenOff) => Some(NetworkStatus::Failed),
        (ChangeKind::Restore | ChangeKind::Modify, _) => Some(subject.before),
        // Its rows may still be on a router, so whoever removes it has to ask that router.
        (ChangeKind::Provision, Ending::WrittenOff) if !subject.made => Some(NetworkStatus::Failed),
        (ChangeKind::Provision, _) if !subject.made => Some(subject.before),
        (ChangeKind::Deprovision, Ending::RolledBack | Ending::Cancelled) => Some(subject.before),
        (ChangeKind::Provision, _) | (ChangeKind::Deprovision, Ending::Applied | Ending::WrittenOff) => None,
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
