//! Onward: after the decision to keep a change there is only forward.

use moxxie_core::{
    change::{ChangeState, Outcome},
    plan::Plan,
};
use moxxie_routeros::{Released, missing, remaining};

use super::{
    close::Ending,
    drive::Drive,
    failure::{Failure, Stop},
    forward::sparing,
};
use crate::failpoint;

/// How often what is missing is sent again when answers get lost.
const ROUNDS: usize = 4;

impl Drive<'_> {
    /// Releases the guards; a router that lost its hold is rolled forward; then closes the records.
    pub(super) async fn onward(&mut self) -> Result<(), Stop> {
        for index in 0..self.stops.len() {
            match self.settle(index).await {
                Ok(()) => {}
                Err(Stop::Failed(failure)) if failure.passing && self.engine.now() < self.change.deadline => {
                    return self.put_off(ChangeState::Verifying, &failure).await;
                }
                // Kept, but not seen complete: whether the router comes back is for a person to say.
                Err(Stop::Failed(failure)) => return self.call_operator(&failure).await,
                Err(stop) => return Err(stop),
            }
        }
        failpoint::hit(failpoint::GUARD_RELEASED);
        self.end(Ending::Applied).await?;
        failpoint::hit(failpoint::CHANGE_APPLIED);
        Ok(())
    }

    async fn settle(&mut self, index: usize) -> Result<(), Stop> {
        let place = &mut self.stops[index];
        if let (Some(guard), Some(session)) = (place.guard.take(), &place.session) {
            match session.release(guard).await {
                Ok(released) if released == Released::Kept || !guard.is_active() => {
                    // The session that verified is the fresher one; the other ends here.
                    if let Some(verified) = place.verified.take() {
                        place.session = Some(verified);
                    }
                    return Ok(());
                }
                Ok(_) => {
                    tracing::warn!(router = %place.router.name,
                        "the guard was not held to the end; looking at what the router has");
                    place.verified = None;
                }
                Err(error) => {
                    tracing::warn!(router = %place.router.name, error = &error as &dyn std::error::Error,
                        "the guard could not be released; rolling the router forward");
                    place.session = None;
                    place.verified = None;
                }
            }
        }
        self.roll_forward(index).await
    }

    /// Sends what the router lacks of the plan, until it lacks nothing.
    async fn roll_forward(&mut self, index: usize) -> Result<(), Stop> {
        if self.stops[index].plan.is_empty() {
            return Ok(());
        }
        for _ in 0..ROUNDS {
            self.stops[index].look_when_free(self.engine).await?;
            let place = &self.stops[index];
            let name = place.router.name.to_string();
            let state = place.state.as_ref().ok_or(Stop::Stale)?;
            let kept = self.engine.rows_of_others(place, &self.turns).await?;
            let rest = sparing(remaining(&place.plan, state), &kept);
            if rest.is_empty() {
                // Rows that others need stay, also when this change would have removed them.
                let wrong = missing(&sparing(Plan::clone(&place.plan), &kept), state);
                if wrong.is_empty() {
                    return Ok(());
                }
                let list: Vec<_> = wrong.iter().map(ToString::to_string).collect();
                let message = format!(
                    "router {name} is not as planned: {}; put it right by hand, then retry the change",
                    list.join("; ")
                );
                return Err(Failure::lasting("verification_failed", message).into());
            }
            for wave in rest.waves() {
                self.leases.ensure(self.engine.0.config.command_deadline).await?;
                let answers = self.stops[index].send(&rest, &wave, &failpoint::FORWARD).await?;
                self.beside(index, "roll forward", &rest, &wave, &answers);
                if let Some((i, answer)) =
                    wave.iter().zip(&answers).find(|(_, answer)| answer.outcome == Outcome::Refused)
                {
                    let message = format!(
                        "router {name} refused {} after the change was decided: {}; put it right by hand, then retry the change",
                        rest.commands[*i].row.menu,
                        answer.text.as_deref().unwrap_or_default()
                    );
                    return Err(Failure::lasting("router_refused", message).into());
                }
                if answers.iter().any(|answer| matches!(answer.outcome, Outcome::Unknown | Outcome::Pending))
                {
                    self.stops[index].session = None;
                    break;
                }
            }
        }
        let name = &self.stops[index].router.name;
        Err(Failure::passing("connection_lost", format!("router {name}: answers keep getting lost")).into())
    }
}
