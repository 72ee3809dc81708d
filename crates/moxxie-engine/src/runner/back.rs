//! Back: every router of a change to what it was before.

use std::time::Duration;

use moxxie_core::{
    change::{ChangeState, Decision, Outcome, StepName, StepState},
    plan::Plan,
};
use moxxie_routeros::{Answer, Unrolled, undo};
use moxxie_store::Tx;
use serde_json::json;

use super::{
    close::Ending,
    drive::{Drive, Place},
    failure::{Failure, Stop},
    forward::sparing,
};
use crate::{Engine, failpoint};

/// How often the inverse is computed anew when answers get lost.
const ROUNDS: usize = 4;
/// How long a guard of ours may take to fire after its session is gone, and some more: RouterOS rolls
/// back about 2 s after a connection closes.
const GUARD_PATIENCE: Duration = Duration::from_secs(8);

impl Drive<'_> {
    /// Restores the routers, then closes the change or lets it wait for another try.
    pub(super) async fn back(&mut self) -> Result<(), Stop> {
        if self.change.state != ChangeState::RollingBack {
            let ended = Failure::passing("process_ended", "moxxie ended while the change was running");
            let mut tx = self.engine.0.store.begin().await?;
            self.hold(&mut tx).await?;
            self.change.error.get_or_insert_with(|| ended.record());
            self.enter(&mut tx, ChangeState::RollingBack, "the change was interrupted; going back").await?;
            tx.commit().await?;
            failpoint::hit(failpoint::ROLLBACK_BEGUN);
        }
        if self.change.reached {
            for index in 0..self.stops.len() {
                match self.restore(index).await {
                    Ok(()) => {}
                    Err(Stop::Failed(failure)) if failure.passing => {
                        return self.put_off(ChangeState::RollingBack, &failure).await;
                    }
                    Err(Stop::Failed(failure)) => return self.call_operator(&failure).await,
                    Err(stop) => return Err(stop),
                }
            }
        } else {
            // A guard may be held although nothing was sent; giving it up costs nothing.
            for place in &mut self.stops {
                place.give_up_guard().await;
            }
        }
        failpoint::hit(failpoint::UNDO_VERIFIED);
        let again = self.change.decision == Decision::None
            && self.change.attempt < 5
            && self.engine.now() < self.change.deadline;
        if again { self.try_again().await } else { self.end(Ending::RolledBack).await }
    }

    /// One router to what it was: by its own guard as far as that goes, by inverse commands for the rest.
    async fn restore(&mut self, index: usize) -> Result<(), Stop> {
        self.stops[index].give_up_guard().await;
        failpoint::hit(failpoint::GUARD_UNROLLED);
        if self.stops[index].plan.is_empty() {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            self.stops[index].look_when_free(self.engine).await?;
            let place = &self.stops[index];
            let kept = self.engine.rows_of_others(place, &self.turns).await?;
            let state = place.state.as_ref().ok_or(Stop::Stale)?;
            let rest = sparing(undo(&place.plan, state), &kept);
            if rest.is_empty() {
                return Ok(());
            }
            for wave in rest.waves() {
                self.leases.ensure(self.engine.0.config.command_deadline).await?;
                self.still_ours().await?;
                let answers = self.stops[index].send(&rest, &wave, &failpoint::UNDO).await?;
                self.beside(index, "undo", &rest, &wave, &answers);
                let name = self.stops[index].router.name.to_string();
                for (i, answer) in wave.iter().zip(&answers) {
                    if answer.outcome == Outcome::Refused {
                        let command = &rest.commands[*i];
                        let message = format!(
                            "router {name} refused to undo: {} {}: {}; put it right by hand, then retry the change, or write it off with a reason",
                            command.row.menu,
                            command.action.verb(),
                            answer.text.as_deref().unwrap_or_default()
                        );
                        return Err(Failure::lasting("rollback_refused", message).into());
                    }
                }
                if answers.iter().any(|answer| matches!(answer.outcome, Outcome::Unknown | Outcome::Pending))
                {
                    self.stops[index].session = None;
                    break;
                }
            }
        }
        let name = &self.stops[index].router.name;
        Err(Failure::passing(
            "connection_lost",
            format!("router {name}: answers keep getting lost while undoing"),
        )
        .into())
    }

    /// Nobody else has the change or its routers.
    async fn still_ours(&mut self) -> Result<(), Stop> {
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await
    }

    /// The routers are as before; the request is still wanted.
    async fn try_again(&mut self) -> Result<(), Stop> {
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.engine.journal_undone(&mut tx, self.change.id).await?;
        self.note_besides(&mut tx);
        let redo = [StepState::Running, StepState::Failed, StepState::Completed];
        let names: Vec<_> =
            self.steps.iter().filter(|step| redo.contains(&step.state)).map(|s| s.name).collect();
        for name in names {
            // The allocation stays: it is what is being tried again.
            if name != StepName::IpamAllocation {
                self.step(&mut tx, name, StepState::Pending, "").await?;
            }
        }
        tx.commit().await?;
        let reason = self.change.error.clone();
        let reason = reason.map_or_else(String::new, |error| error.message);
        let failure = Failure::passing(
            "trying_again",
            format!("everything is as before; trying again after: {reason}"),
        );
        self.put_off(ChangeState::Waiting, &failure).await
    }

    /// Neither completed nor undone: a person has to decide.
    pub(super) async fn call_operator(&mut self, failure: &Failure) -> Result<(), Stop> {
        tracing::error!(change = %self.change.id, code = failure.code, reason = %failure.message, "a change needs an operator");
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.change.error = Some(failure.record());
        self.note_besides(&mut tx);
        tx.audit(self.engine.change_event(
            &self.change,
            "change.needs_operator",
            json!({"code": failure.code, "message": failure.message}),
        ));
        self.enter(&mut tx, ChangeState::NeedsOperator, &failure.message).await?;
        self.engine.mark_failed(&mut tx, &self.change).await?;
        tx.commit().await?;
        Ok(())
    }
}

impl Drive<'_> {
    /// Remembers commands sent beside the journaled plan.
    pub(super) fn beside(
        &mut self,
        index: usize,
        why: &str,
        plan: &Plan,
        wave: &[usize],
        answers: &[Answer],
    ) {
        let router = self.stops[index].router.id;
        for (i, answer) in wave.iter().zip(answers) {
            let row = &plan.commands[*i].row;
            self.besides.push(json!({
                "router": router,
                "why": why,
                "command": format!("{} {}", row.menu, plan.commands[*i].action.verb()),
                "fields": row.fields,
                "comment": row.comment(),
                "outcome": answer.outcome,
                "answer": answer.text,
            }));
        }
    }

    /// Writes them into the audit trail.
    pub(super) fn note_besides(&mut self, tx: &mut Tx) {
        if !self.besides.is_empty() {
            let commands = std::mem::take(&mut self.besides);
            let detail = json!({"commands": commands});
            tx.audit(self.engine.change_event(&self.change, "change.repair_commands", detail));
        }
    }
}

impl Place {
    /// Lets the router take back what it can. When that fails, the session is closed, which does the same
    /// a little later.
    pub(super) async fn give_up_guard(&mut self) {
        self.verified = None;
        let Some(guard) = self.guard.take() else { return };
        let Some(session) = &self.session else { return };
        match session.unroll(guard).await {
            Ok(Unrolled::KeptForeign(entries)) => tracing::info!(
                router = %self.router.name, entries = entries.len(),
                "somebody else changed the router meanwhile: their work stays, ours is undone by inverse commands"
            ),
            Ok(Unrolled::Undone | Unrolled::NotHeld) => {}
            Err(error) => {
                tracing::info!(router = %self.router.name, error = &error as &dyn std::error::Error,
                    "the guard fires by itself");
                self.session = None;
            }
        }
    }

    /// A read that can be believed: no guard of anybody's can still fire.
    pub(super) async fn look_when_free(&mut self, engine: &Engine) -> Result<(), Stop> {
        let until = tokio::time::Instant::now() + GUARD_PATIENCE;
        loop {
            match self.look(engine).await {
                Err(Stop::Failed(failure))
                    if failure.code == "safe_mode_held" && tokio::time::Instant::now() < until =>
                {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                other => return other,
            }
        }
    }
}
