//! Changes, as users see and steer them. What carries them out is in `runner`.

mod open;

use std::time::Duration;

use moxxie_api::{
    Page,
    change::{self as wire, Change, ChangeEvent, ChangeQuery, ProvisioningStep, ResolveRequest},
};
use moxxie_core::{
    ChangeId,
    change::{ChangeKind, ChangeState, Decision, StepState},
    identity::{Role, Scope},
};
use moxxie_store::{self as store, ChangeFilter, Reads, Tx};
use serde_json::json;

pub(crate) use self::open::Opening;
use crate::{
    Context, Engine, Error, audit::Entry, page, runner::close::Ending, validate::Checks, write::transaction,
};

/// How long events are gathered before those who watch look again.
const BURST: Duration = Duration::from_millis(50);

impl Engine {
    /// Lists changes, the newest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn changes(&self, context: &Context, query: ChangeQuery) -> Result<Page<Change>, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let state = query.state.as_deref().map(ChangeState::parse);
        if state == Some(None) {
            let known: Vec<_> = ChangeState::ALL.iter().map(|state| state.as_str()).collect();
            checks.wrong("state", format!("is not a state: {}", known.join(", ")));
        }
        let network = query.network_id.as_deref().and_then(|id| checks.take("networkId", id.parse()));
        checks.done()?;
        let site = match &query.datacenter {
            Some(name) => Some(self.site_in_field("datacenter", name).await?.id),
            None => None,
        };
        let filter = ChangeFilter {
            state: state.flatten(),
            kind: None,
            network,
            site,
            router: None,
            open_only: query.open.unwrap_or(false),
        };
        let page = page::wanted(query.cursor, query.limit)?;
        let listing = self.0.store.changes(context.principal.scope, &filter, &page).await?;
        let mut items = Vec::with_capacity(listing.items.len());
        for change in &listing.items {
            items.push(self.change_view(&self.0.store, change).await?);
        }
        Ok(Page { items, next_cursor: listing.next })
    }

    /// One change, by id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        context.require(Role::Viewer)?;
        let change = self.find_change(context, id).await?;
        self.change_view(&self.0.store, &change).await
    }

    /// The events of a change after number `after` (0: from the start).
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn change_events(
        &self,
        context: &Context,
        id: &str,
        after: i64,
    ) -> Result<Vec<ChangeEvent>, Error> {
        context.require(Role::Viewer)?;
        let change = self.find_change(context, id).await?;
        let events = self.0.store.events_after(context.principal.scope, change.id, after).await?;
        let view = |event: store::ChangeEvent| {
            let text = |name: &str| event.event[name].as_str().map(str::to_owned);
            ChangeEvent {
                seq: event.seq,
                at: event.at,
                kind: text("kind").unwrap_or_default(),
                name: text("name").unwrap_or_default(),
                status: text("status"),
                message: text("message").unwrap_or_default(),
            }
        };
        Ok(events.into_iter().map(view).collect())
    }

    /// Returns when some change may have moved, or after `at_most`; spurious wake-ups are normal.
    pub async fn changed(&self, at_most: Duration) {
        let mut watch = self.0.store.watch();
        watch.mark_unchanged();
        // Either end is fine: the caller looks at the database again.
        if tokio::time::timeout(at_most, watch.changed()).await.is_ok() {
            tokio::time::sleep(BURST.min(at_most)).await;
        }
    }

    /// Waits until the change is over or needs an operator, at most that long, and gives it as it then is.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn wait_for_change(
        &self,
        context: &Context,
        id: &str,
        at_most: Duration,
    ) -> Result<Change, Error> {
        context.require(Role::Viewer)?;
        let end = tokio::time::Instant::now() + at_most;
        let mut watch = self.0.store.watch();
        loop {
            watch.mark_unchanged();
            let change = self.find_change(context, id).await?;
            let left = end.saturating_duration_since(tokio::time::Instant::now());
            if change.state.is_final() || change.state == ChangeState::NeedsOperator || left.is_zero() {
                return self.change_view(&self.0.store, &change).await;
            }
            // Another process may be doing the work: look twice a second, whatever this one hears.
            if tokio::time::timeout(left.min(Duration::from_millis(500)), watch.changed()).await.is_ok() {
                // Every commit of every change wakes every waiter: one look serves a burst of them.
                tokio::time::sleep(BURST.min(left)).await;
            }
        }
    }

    /// Calls a change off: at once when nothing was sent, else by rolling back. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn cancel_change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        context.require(Role::Operator)?;
        let found = self.find_change(context, id).await?;
        transaction!(self, |tx| {
            let mut change = lock_open(&mut tx, context, &found).await?;
            if change.decision == Decision::Commit {
                return Err(kept(&change));
            }
            let begun =
                change.reached || !matches!(change.state, ChangeState::Planned | ChangeState::Waiting);
            if begun {
                change.decision = Decision::Rollback;
                change.not_before = self.now();
                if change.state == ChangeState::NeedsOperator {
                    // Why it got stuck stays; the rollback is tried again.
                    change.state = ChangeState::RollingBack;
                    self.unmark_failed(&mut tx, &change).await?;
                } else {
                    change.error = Some(called_off(context));
                }
                tx.update_change(&mut change, self.now()).await?;
                self.tell(&mut tx, &change, &format!("called off by {}", context.principal.name)).await?;
            } else {
                change.error = Some(called_off(context));
                self.close(&mut tx, &mut change, Ending::Cancelled).await?;
            }
            tx.audit(self.steered(context, &change, "change.cancel", json!({"state": change.state})));
        })?;
        self.wake();
        self.change(context, id).await
    }

    /// Tries a waiting or stuck change again at once. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn retry_change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        context.require(Role::Operator)?;
        let found = self.find_change(context, id).await?;
        transaction!(self, |tx| {
            let mut change = lock_open(&mut tx, context, &found).await?;
            if change.state == ChangeState::NeedsOperator {
                self.unmark_failed(&mut tx, &change).await?;
                change.state = if change.decision == Decision::Commit {
                    ChangeState::Verifying
                } else {
                    ChangeState::RollingBack
                };
            }
            change.not_before = self.now();
            tx.update_change(&mut change, self.now()).await?;
            tx.audit(self.steered(context, &change, "change.retry", json!({"state": change.state})));
        })?;
        self.wake();
        self.change(context, id).await
    }

    /// Rolls an unfinished change back. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn rollback_change(&self, context: &Context, id: &str) -> Result<Change, Error> {
        // Before the decision, calling a change off and rolling it back are the same.
        self.cancel_change(context, id).await
    }

    /// Writes off a change whose router will not come back: its allocation is released without the
    /// router having been seen clean. Needs admin and a reason.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn resolve_change(
        &self,
        context: &Context,
        id: &str,
        request: ResolveRequest,
    ) -> Result<Change, Error> {
        context.require(Role::Admin)?;
        let mut checks = Checks::default();
        let reason = checks.text("reason", &request.reason, 1000);
        if reason.trim().is_empty() {
            checks.wrong(
                "reason",
                "is missing: say why the change is written off; it is kept in the audit trail",
            );
        }
        checks.done()?;
        let found = self.find_change(context, id).await?;
        transaction!(self, |tx| {
            let mut change = lock_open(&mut tx, context, &found).await?;
            let stuck = matches!(change.state, ChangeState::RollingBack | ChangeState::NeedsOperator);
            if !stuck && change.decision != Decision::Commit {
                return Err(Error::conflict(
                    "change_open",
                    format!(
                        "change {id} is {}; only one that is rolling_back or needs_operator can be written off; cancel it first",
                        change.state
                    ),
                ));
            }
            tx.audit(self.steered(
                context,
                &change,
                "change.resolve",
                json!({"reason": reason, "state": change.state, "network": change.network_id}),
            ));
            change.error = Some(store::ChangeError {
                code: "written_off".into(),
                message: format!("written off by {}: {reason}", context.principal.name),
                detail: serde_json::Value::Null,
            });
            self.close(&mut tx, &mut change, Ending::WrittenOff).await?;
        })?;
        self.wake();
        self.change(context, id).await
    }

    /// The audit event of somebody steering a change.
    fn steered(
        &self,
        context: &Context,
        change: &store::Change,
        action: &str,
        detail: serde_json::Value,
    ) -> store::AuditDraft {
        self.event(
            context,
            Entry {
                action,
                object: change.id.to_string(),
                tenant: change.tenant_id,
                outcome: "accepted",
                detail,
            },
        )
    }

    /// Tells those who watch that somebody steered the change.
    async fn tell(&self, tx: &mut Tx, change: &store::Change, message: &str) -> Result<(), Error> {
        let event = json!({"kind": "state", "name": change.state, "message": message});
        tx.append_event(change.id, &event, self.now()).await?;
        Ok(())
    }

    /// The networks of a change that is worked on again.
    async fn unmark_failed(&self, tx: &mut Tx, change: &store::Change) -> Result<(), Error> {
        for subject in tx.subjects(change.id).await? {
            if let Some(network) = tx.lock_network(Scope::All, subject.network).await? {
                tx.update_network_status(network.id, network.version, subject.during, self.now()).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn find_change(&self, context: &Context, id: &str) -> Result<store::Change, Error> {
        let missing = || Error::not_found("change", id);
        let change_id: ChangeId = id.parse().map_err(|_| missing())?;
        self.0.store.change(context.principal.scope, change_id).await?.ok_or_else(missing)
    }

    pub(crate) async fn steps_view(
        &self,
        reads: &Reads,
        change: ChangeId,
    ) -> Result<Vec<ProvisioningStep>, Error> {
        Ok(reads.steps(Scope::All, change).await?.into_iter().map(step_view).collect())
    }

    pub(crate) async fn change_view(&self, reads: &Reads, change: &store::Change) -> Result<Change, Error> {
        let tenant = match change.tenant_id {
            Some(tenant) => reads.tenant(Scope::All, tenant).await?,
            None => None,
        };
        let site = match change.site_id {
            Some(site) => reads.site(site).await?,
            None => None,
        };
        let mut routers = Vec::with_capacity(change.routers.len());
        for id in &change.routers {
            let router = reads.router(*id).await?;
            routers.push(router.map_or_else(|| id.to_string(), |router| router.name.to_string()));
        }
        let waits =
            matches!(change.state, ChangeState::Waiting | ChangeState::RollingBack | ChangeState::Verifying)
                && change.not_before > change.updated_at;
        Ok(Change {
            change_id: change.id.to_string(),
            kind: change.kind.to_string(),
            state: change.state.to_string(),
            finished: change.state.is_final(),
            network_id: change.network_id.map(|id| id.to_string()),
            client_id: tenant.map(|tenant| tenant.name.to_string()),
            datacenter: site.map(|site| site.name.to_string()),
            routers,
            steps: self.steps_view(reads, change.id).await?,
            error: change.error.as_ref().map(|error| wire::ChangeError {
                code: error.code.clone(),
                message: error.message.clone(),
                context: Some(error.detail.clone()).filter(|detail| !detail.is_null()),
            }),
            attempt: u32::try_from(change.attempt).unwrap_or(u32::MAX),
            retry_at: waits.then_some(change.not_before),
            deadline: change.deadline,
            created_by: change.principal.clone(),
            created_at: change.created_at,
            updated_at: change.updated_at,
            finished_at: change.finished_at,
        })
    }
}

fn step_view(step: store::Step) -> ProvisioningStep {
    ProvisioningStep {
        step: step.name.to_string(),
        status: step.state.to_string(),
        timestamp: (step.state != StepState::Pending).then_some(step.at),
        detail: Some(step.detail).filter(|text| !text.is_empty()),
    }
}

/// Locks a change that is to be steered; one that is over cannot be.
async fn lock_open(tx: &mut Tx, context: &Context, found: &store::Change) -> Result<store::Change, Error> {
    let change = tx.lock_change(context.principal.scope, found.id).await?;
    let change = change.ok_or_else(|| Error::not_found("change", found.id))?;
    if change.state.is_final() { Err(over(&change)) } else { Ok(change) }
}

/// What the audit trail calls a change of this kind.
pub(crate) fn action_of(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Provision => "network.provision",
        ChangeKind::Deprovision => "network.deprovision",
        ChangeKind::Restore => "network.restore",
        ChangeKind::Modify => "network.modify",
    }
}

fn over(change: &store::Change) -> Error {
    Error::conflict("change_over", format!("change {} is {} already", change.id, change.state))
}

fn kept(change: &store::Change) -> Error {
    Error::conflict(
        "change_decided",
        format!("change {} is verified and kept; deprovision the network instead", change.id),
    )
}

fn called_off(context: &Context) -> store::ChangeError {
    store::ChangeError {
        code: "cancelled".into(),
        message: format!("called off by {}", context.principal.name),
        detail: serde_json::Value::Null,
    }
}
