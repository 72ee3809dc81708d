//! Opening a change: it is written down with its steps before anything is tried.

use jiff::SignedDuration;
use moxxie_api::change::Change;
use moxxie_core::{
    ChangeId, Timestamp,
    change::{ChangeKind, ChangeState, Decision, StepName, StepState},
    network::Network,
    router::Router,
};
use moxxie_store::{Step, Subject, Tx};
use serde_json::{Value, json};

use crate::{Context, Engine, Error};

/// What a change to be opened is about.
pub(crate) struct Opening<'a> {
    pub(crate) kind: ChangeKind,
    /// The networks, as they are after it, with what they were; at least one.
    pub(crate) networks: Vec<(&'a Network, Subject)>,
    pub(crate) routers: &'a [Router],
    pub(crate) request: Value,
    /// How many changes of the same request come before it on the same routers: each adds to the time that
    /// it may be tried.
    pub(crate) after: u32,
}

/// The steps a change of this kind has, in the order they are done.
fn step_names(kind: ChangeKind, dhcp: bool) -> Vec<StepName> {
    let dhcp = dhcp.then_some(StepName::DhcpConfiguration);
    let allocation =
        matches!(kind, ChangeKind::Provision | ChangeKind::Deprovision).then_some(StepName::IpamAllocation);
    let steps = [
        allocation,
        Some(StepName::RouterVlanCreation),
        Some(StepName::RouterConfiguration),
        Some(StepName::FirewallRules),
        dhcp,
    ];
    let mut steps: Vec<_> = steps.into_iter().flatten().collect();
    match kind {
        ChangeKind::Provision | ChangeKind::Restore | ChangeKind::Modify => {
            steps.push(StepName::Verification);
        }
        // The allocation is released last, when the routers have been seen clean.
        ChangeKind::Deprovision => {
            steps.reverse();
            steps.insert(steps.len() - 1, StepName::Verification);
        }
    }
    steps
}

impl Engine {
    /// Until when a change may be tried that is given its time now, and that has others of the same
    /// request before it.
    pub(crate) fn change_time(&self, after: u32) -> Result<Timestamp, Error> {
        let internal = |error: jiff::Error| Error::Internal(Box::new(error));
        let allowed =
            SignedDuration::try_from(self.0.config.change_deadline.saturating_mul(after.saturating_add(1)))
                .map_err(internal)?;
        self.now().checked_add(allowed).map_err(internal)
    }

    /// Writes a change with its steps and first event.
    pub(crate) async fn open_change(
        &self,
        tx: &mut Tx,
        context: &Context,
        opening: Opening<'_>,
    ) -> Result<Change, Error> {
        let now = self.now();
        let (first, _) =
            opening.networks.first().ok_or_else(|| Error::invalid("", "a change needs a network"))?;
        let single = opening.networks.len() == 1;
        let one_tenant = opening.networks.iter().all(|(network, _)| network.tenant_id == first.tenant_id);
        let one_site = opening.networks.iter().all(|(network, _)| network.site_id == first.site_id);
        let change = moxxie_store::Change {
            id: ChangeId::new(self.0.ambient.uuid()),
            kind: opening.kind,
            state: ChangeState::Planned,
            decision: Decision::None,
            network_id: single.then_some(first.id),
            tenant_id: one_tenant.then_some(first.tenant_id),
            site_id: one_site.then_some(first.site_id),
            routers: opening.routers.iter().map(|router| router.id).collect(),
            attempt: 0,
            not_before: now,
            deadline: self.change_time(opening.after)?,
            reached: false,
            error: None,
            request: opening.request,
            principal: context.principal.name.clone(),
            created_at: now,
            updated_at: now,
            finished_at: None,
            version: 1,
        };
        let subjects: Vec<Subject> = opening.networks.iter().map(|(_, subject)| subject.clone()).collect();
        tx.insert_change(&change, &subjects).await?;
        let dhcp = |(network, subject): &(&Network, Subject)| {
            network.options.dhcp || subject.carried.as_ref().is_some_and(|options| options.dhcp)
        };
        let names = step_names(opening.kind, opening.networks.iter().any(dhcp));
        let what = if single {
            format!("{} (VLAN {}, {})", first.name, first.attachment.vlan, first.prefix)
        } else {
            format!("{} networks", opening.networks.len())
        };
        let message = format!("{} of {what} is ordered", opening.kind);
        let event = json!({"kind": "state", "name": ChangeState::Planned, "message": message});
        tx.append_event(change.id, &event, now).await?;
        for (ordinal, name) in (0_i64..).zip(names) {
            let done = opening.kind == ChangeKind::Provision && name == StepName::IpamAllocation;
            let state = if done { StepState::Completed } else { StepState::Pending };
            tx.set_step(change.id, &Step { ordinal, name, state, at: now, detail: String::new() }).await?;
            if done {
                let event = json!({"kind": "step", "name": name, "status": state, "message": format!("{name}: {state}")});
                tx.append_event(change.id, &event, now).await?;
            }
        }
        self.change_view(tx, &change).await
    }
}
