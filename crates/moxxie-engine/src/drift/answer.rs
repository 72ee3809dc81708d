//! The three answers to drift: put it right, take it as it is, let it be.

use moxxie_api::{
    drift::{AcceptRequest, Drift, IgnoreRequest},
    plan::DryRun,
};
use moxxie_core::{
    NetworkId,
    drift::{DriftKind, DriftState},
    identity::Role,
};
use moxxie_routeros::who_needs;
use moxxie_store::{self as store, Said, StoreError};
use serde_json::json;

use crate::{Context, Engine, Error, audit::Entry, network::Accepted, validate::Checks, write::transaction};

impl Engine {
    /// Puts drift right: the change that restores the network whose row it is, or one that needs the shared
    /// row. All drift of that network is put right with it. Needs operator.
    ///
    /// # Errors
    /// A conflict says why a restore cannot help and what would; see [`Error`].
    pub async fn revert_drift(&self, context: &Context, id: &str) -> Result<Accepted, Error> {
        context.require(Role::Operator)?;
        let found = self.living_drift(context, id).await?;
        let network = self.network_to_restore(context, &found).await?;
        let accepted = self.restore(context, &network).await?;
        let change = accepted.change.change_id.clone();
        let result: Result<(), Error> = transaction!(self, |tx| {
            tx.audit(self.answer_event(context, &found, "drift.revert", json!({"change": change})));
        });
        result.map(|()| accepted)
    }

    /// What [`Engine::revert_drift`] would do.
    ///
    /// # Errors
    /// See [`Engine::revert_drift`].
    pub async fn revert_drift_dry_run(&self, context: &Context, id: &str) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let found = self.living_drift(context, id).await?;
        let network = self.network_to_restore(context, &found).await?;
        self.restore_dry_run(context, &network).await
    }

    /// Takes what was found for what the row should be from now on, until a change applies the row again.
    /// Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn accept_drift(
        &self,
        context: &Context,
        id: &str,
        request: AcceptRequest,
    ) -> Result<Drift, Error> {
        context.require(Role::Operator)?;
        let mut checks = Checks::default();
        let reason = reason(&mut checks, &request.reason);
        checks.done()?;
        let found = self.living_drift(context, id).await?;
        let one = found.drift.clone();
        if !matches!(one.kind, DriftKind::Changed | DriftKind::Disabled | DriftKind::Missing) {
            return Err(Error::conflict(
                "not_acceptable",
                format!(
                    "only a field that differs or a row that is missing can be accepted; this row is {}: put it \
                     right, or ignore it with a reason",
                    one.kind.as_str()
                ),
            ));
        }
        let said = Said { at: self.now(), by: context.principal.name.clone(), reason, until: None };
        self.say_drift(
            context,
            &found,
            "drift.accept",
            DriftState::Accepted,
            Some(said),
            Some(Some(one.found)),
        )
        .await
    }

    /// Lets drift be, with a reason, until it is over or the time has come. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ignore_drift(
        &self,
        context: &Context,
        id: &str,
        request: IgnoreRequest,
    ) -> Result<Drift, Error> {
        context.require(Role::Operator)?;
        let mut checks = Checks::default();
        let reason = reason(&mut checks, &request.reason);
        let now = self.now();
        if request.until.is_some_and(|until| until <= now) {
            checks.wrong("until", "is past");
        }
        checks.done()?;
        let found = self.living_drift(context, id).await?;
        let accepted = (found.state == DriftState::Accepted).then_some(None);
        let said = Said { at: now, by: context.principal.name.clone(), reason, until: request.until };
        self.say_drift(context, &found, "drift.ignore", DriftState::Ignored, Some(said), accepted).await
    }

    /// Takes back that drift was ignored or accepted. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn reopen_drift(&self, context: &Context, id: &str) -> Result<Drift, Error> {
        context.require(Role::Operator)?;
        let found = self.living_drift(context, id).await?;
        let accepted = (found.state == DriftState::Accepted).then_some(None);
        self.say_drift(context, &found, "drift.reopen", DriftState::Open, None, accepted).await
    }

    /// `accepted` is the value that counts for the row from now on, or `Some(None)`: the applied one again.
    async fn say_drift(
        &self,
        context: &Context,
        found: &store::Drift,
        action: &str,
        state: DriftState,
        said: Option<Said>,
        accepted: Option<Option<Option<String>>>,
    ) -> Result<Drift, Error> {
        let names = self.drift_names().await?;
        let one = &found.drift;
        let over = || over(&found.id.to_string());
        let result: Result<Drift, Error> = transaction!(self, |tx| {
            match tx.say_drift(found.id, state, said.as_ref()).await {
                Err(StoreError::NotFound(_)) => return Err(over()),
                other => other?,
            }
            if let Some(value) = &accepted {
                let value = value.as_ref().map(Option::as_deref);
                match tx.accept_applied(found.router_id, &one.menu, &one.mark, &one.field, value).await {
                    // A change has removed the row since.
                    Err(StoreError::NotFound(_)) => return Err(over()),
                    other => other?,
                }
            }
            let after = store::Drift { state, said: said.clone(), ..found.clone() };
            let after = names.view(after);
            let before = names.view(found.clone());
            tx.audit(self.answer_event(context, found, action, json!({"before": before, "after": after})));
            after
        });
        if let (Ok(_), Some(name)) = (&result, names.routers.get(&found.router_id)) {
            self.show_open(found.router_id, name).await?;
        }
        result
    }

    fn answer_event(
        &self,
        context: &Context,
        found: &store::Drift,
        action: &str,
        detail: serde_json::Value,
    ) -> moxxie_store::AuditDraft {
        let entry = Entry {
            action,
            object: found.id.to_string(),
            tenant: found.tenant_id,
            outcome: "succeeded",
            detail,
        };
        self.event(context, entry)
    }

    async fn living_drift(&self, context: &Context, id: &str) -> Result<store::Drift, Error> {
        let found = self.find_drift(context, id).await?;
        if found.ended_at.is_some() { Err(over(id)) } else { Ok(found) }
    }

    /// The network whose restore puts this right.
    async fn network_to_restore(&self, context: &Context, found: &store::Drift) -> Result<String, Error> {
        let one = &found.drift;
        let by_hand = |why: &str| {
            let message = format!("{} {} cannot be put right by a change: {why}", one.menu, one.mark);
            Error::conflict("not_revertible", message)
        };
        match one.kind {
            DriftKind::LeftOver => {
                return Err(by_hand(
                    "nothing accounts for the row, and moxxie never removes such rows; remove it on \
                     the router, or ignore it with a reason",
                ));
            }
            DriftKind::ForeignMark => {
                return Err(by_hand("it is another installation's row, which moxxie never touches"));
            }
            DriftKind::Copied => {
                return Err(by_hand(
                    "which of the rows is ours cannot be told; take the mark off those that are \
                     copies, on the router",
                ));
            }
            DriftKind::Moved => {
                return Err(by_hand(
                    "moxxie does not move rules; move it back on the router, or remove it there and \
                     revert that",
                ));
            }
            DriftKind::Damaged => {
                return Err(by_hand(
                    "the row does not carry its mark any more, and moxxie changes no row without; \
                     write the comment back on the router",
                ));
            }
            DriftKind::Missing | DriftKind::Changed | DriftKind::Disabled => {}
        }
        if one.object.parse::<NetworkId>().is_ok() {
            return Ok(one.object.clone());
        }
        let applied = self.0.store.applied_rows(found.router_id).await?;
        let rows: Vec<_> = applied.into_iter().map(|applied| applied.row).collect();
        for network in who_needs(&rows, &one.object) {
            if self.find_network(context, &network).await.is_ok() {
                return Ok(network);
            }
        }
        Err(by_hand("no network needs the shared row any more"))
    }
}

fn reason(checks: &mut Checks, text: &str) -> String {
    let reason = checks.text("reason", text.trim(), 500);
    if reason.is_empty() {
        checks.wrong("reason", "is empty: say why");
    }
    reason
}

fn over(id: &str) -> Error {
    Error::conflict("drift_over", format!("{id} is over; there is nothing to be said about it any more"))
}
