//! Progress of a change: its steps, its events, its next try.

use jiff::SignedDuration;
use moxxie_core::change::{ChangeState, StepName, StepState};
use moxxie_store::{Step, Tx};
use serde_json::json;

use super::{
    drive::Drive,
    failure::{Failure, Stop},
};

impl Drive<'_> {
    /// Locks the change, refuses when somebody else moved it, and takes over what they may have written
    /// beside it.
    pub(super) async fn hold(&mut self, tx: &mut Tx) -> Result<(), Stop> {
        for lease in self.leases.held() {
            if !tx.holds_lease(lease).await? {
                return Err(Stop::Leave);
            }
        }
        let fresh = tx.lock_change(moxxie_core::identity::Scope::All, self.change.id).await?;
        let fresh = fresh.ok_or(Stop::Leave)?;
        if fresh.decision != self.change.decision || fresh.state.is_final() {
            return Err(Stop::Stale);
        }
        self.change.version = fresh.version;
        self.change.reached = fresh.reached;
        Ok(())
    }

    /// Moves the change to a state and tells those who watch.
    pub(super) async fn enter(&mut self, tx: &mut Tx, state: ChangeState, message: &str) -> Result<(), Stop> {
        let now = self.engine.now();
        self.change.state = state;
        tx.update_change(&mut self.change, now).await?;
        let event = json!({"kind": "state", "name": state, "message": message});
        tx.append_event(self.change.id, &event, now).await?;
        Ok(())
    }

    /// Moves a step, when that is news.
    pub(super) async fn step(
        &mut self,
        tx: &mut Tx,
        name: StepName,
        state: StepState,
        detail: &str,
    ) -> Result<(), Stop> {
        let now = self.engine.now();
        let Some(step) = self.steps.iter_mut().find(|step| step.name == name) else { return Ok(()) };
        if step.state == state {
            return Ok(());
        }
        *step = Step { state, at: now, detail: detail.to_owned(), ..step.clone() };
        tx.set_step(self.change.id, step).await?;
        let message =
            if detail.is_empty() { format!("{name}: {state}") } else { format!("{name}: {detail}") };
        let event = json!({"kind": "step", "name": name, "status": state, "message": message});
        tx.append_event(self.change.id, &event, now).await?;
        Ok(())
    }

    /// Puts the change off, in the state it has or is given, because of a failure that may pass.
    pub(super) async fn put_off(&mut self, state: ChangeState, failure: &Failure) -> Result<(), Stop> {
        let now = self.engine.now();
        self.change.not_before = now.checked_add(self.backoff()).unwrap_or(now);
        match &mut self.change.error {
            // Why it goes back is what people need to know; why it cannot yet is beside it.
            Some(error) if state == ChangeState::RollingBack => {
                error.detail = json!({"reason": error.detail.get("reason").unwrap_or(&error.detail), "now": failure.message});
            }
            error => *error = Some(failure.record()),
        }
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.enter(&mut tx, state, &failure.message).await?;
        tx.commit().await?;
        tracing::info!(change = %self.change.id, %state, code = failure.code, reason = %failure.message, "a change waits");
        Ok(())
    }

    /// The pause before the next try: a quarter of the time the change is old, from 250 ms up to the
    /// configured most, so that it grows with each try; with jitter, so that changes that failed together
    /// do not come back together.
    fn backoff(&self) -> SignedDuration {
        let most = self.engine.0.config.max_backoff.as_millis();
        let age = self.engine.now().duration_since(self.change.created_at).as_millis();
        let full = (u128::try_from(age).unwrap_or(0) / 4).max(250).min(most);
        let jitter = u128::from(self.engine.0.ambient.random::<1>()[0]) * full / 4 / 255;
        SignedDuration::from_millis(i64::try_from(full - jitter).unwrap_or(i64::MAX))
    }
}
