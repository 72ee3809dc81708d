//! Forward: plan, journal, guard, waves, verification, decision.

use std::{collections::HashMap, sync::Arc};

use moxxie_core::{
    ChangeId,
    change::{ChangeKind, ChangeState, Decision, Outcome, StepName, StepState},
    device::DeviceIntent,
    identity::Scope,
    network::Network,
    plan::{Action, Plan},
    row::Row,
};
use moxxie_routeros::{
    Answer, DriverError, Guard, Released, SafeMode, guard_free, missing, plan_in_chunks, render, with_renamed,
};

use moxxie_store::Tx;
use serde_json::json;

use super::{
    close::Ending,
    drive::{Drive, Place},
    failure::{Failure, Stop},
};
use crate::{
    Engine, Error,
    failpoint::{self, WavePoints},
    intent::{self, Turn, Turns},
};

impl Drive<'_> {
    /// One try of a change on routers that are as they were before it.
    pub(super) async fn forward(&mut self) -> Result<(), Stop> {
        self.leaving()?;
        if self.engine.now() >= self.change.deadline {
            let late = Failure::lasting("deadline_passed", "the change could not begin before its deadline");
            self.change.error.get_or_insert_with(|| late.record());
            return self.end(Ending::RolledBack).await;
        }
        match self.prepare().await {
            Ok(()) => {}
            // Nothing has been sent in this try, and what an earlier one sent has been taken back.
            Err(Stop::Failed(failure)) if failure.passing && self.engine.now() < self.change.deadline => {
                return self.put_off(ChangeState::Waiting, &failure).await;
            }
            Err(Stop::Failed(failure)) => {
                self.change.error = Some(failure.record());
                return self.end(Ending::RolledBack).await;
            }
            Err(stop) => return Err(stop),
        }
        match self.apply_and_verify().await {
            Ok(()) => self.onward().await,
            Err(Stop::Failed(failure)) => {
                self.turn_back(&failure).await?;
                self.back().await
            }
            Err(stop) => Err(stop),
        }
    }

    /// Reads every router and plans; when all plans stand, writes them into the journal.
    async fn prepare(&mut self) -> Result<(), Stop> {
        for place in &mut self.stops {
            place.look(self.engine).await?;
            let facts = place.session()?.facts().clone();
            self.engine.enrol(&mut place.router, &facts).await?;
            place.plan = Arc::new(self.engine.make_plan(place, self.change.kind, &self.turns).await?);
        }
        failpoint::hit(failpoint::PLAN_MADE);
        let now = self.engine.now();
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        for place in &self.stops {
            tx.set_plan(self.change.id, place.router.id, &place.plan).await?;
            tx.journal_write(self.change.id, place.router.id, &place.plan, now).await?;
        }
        self.change.error = None;
        self.change.attempt += 1;
        let commands: usize = self.stops.iter().map(|place| place.plan.commands.len()).sum();
        self.enter(&mut tx, ChangeState::Running, &format!("{commands} commands are planned")).await?;
        tx.commit().await?;
        failpoint::hit(failpoint::JOURNAL_WRITTEN);
        Ok(())
    }

    async fn apply_and_verify(&mut self) -> Result<(), Stop> {
        for index in 0..self.stops.len() {
            self.apply(index).await?;
        }
        self.verify().await?;
        failpoint::hit(failpoint::VERIFIED);
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.change.decision = Decision::Commit;
        self.enter(&mut tx, ChangeState::Verifying, "verified; the change is kept").await?;
        tx.commit().await?;
        failpoint::hit(failpoint::COMMIT_DECIDED);
        Ok(())
    }

    async fn take_guard(&mut self, index: usize) -> Result<(), Stop> {
        self.leases.ensure(self.engine.0.config.command_deadline).await?;
        failpoint::hit(failpoint::GUARD_BEFORE_TAKE);
        let place = &mut self.stops[index];
        let name = place.router.name.to_string();
        let guard = place.session()?.take_guard().await;
        place.guard = Some(guard.map_err(|error| {
            // The router may have given it all the same: the session must not live on with a hold that
            // nobody knows of.
            place.session = None;
            Failure::of_guard(&name, &error)
        })?);
        failpoint::hit(failpoint::GUARD_TAKEN);
        Ok(())
    }

    /// Sends the plan of one router, chunk by chunk, each under a guard. The guard of the last chunk is held
    /// until it is decided that the change is kept.
    async fn apply(&mut self, index: usize) -> Result<(), Stop> {
        let plan = Arc::clone(&self.stops[index].plan);
        let chunks = plan.chunks();
        for (n, waves) in chunks.iter().enumerate() {
            self.take_guard(index).await?;
            self.apply_chunk(index, waves).await?;
            if n + 1 < chunks.len() {
                self.keep_chunk(index, (n + 1, chunks.len())).await?;
            }
        }
        Ok(())
    }

    /// Wave by wave, each journaled before and after.
    async fn apply_chunk(&mut self, index: usize, waves: &[Vec<usize>]) -> Result<(), Stop> {
        let plan = Arc::clone(&self.stops[index].plan);
        let Some(first) = waves.first() else { return Ok(()) };
        self.leaving_with_failure()?;
        self.journal(index, None, Some(first)).await?;
        failpoint::hit(failpoint::WAVE_JOURNALED);
        for (n, wave) in waves.iter().enumerate() {
            self.leases.ensure(self.engine.0.config.command_deadline).await?;
            let answers = self.stops[index].send(&plan, wave, &failpoint::PLAN).await?;
            // What became of one wave and that the next one leaves is one write.
            let next = waves.get(n + 1);
            let failure = self.journal(index, Some((wave, &answers)), next).await?;
            failpoint::hit(failpoint::WAVE_DONE);
            if let Some(failure) = failure {
                return Err(failure.into());
            }
            self.leaving_with_failure()?;
            if next.is_some() {
                failpoint::hit(failpoint::WAVE_JOURNALED);
            }
        }
        Ok(())
    }

    /// Lets the guard of a chunk go, once the router is seen to answer over a new connection: from here on
    /// only the journal takes the chunk back.
    async fn keep_chunk(&mut self, index: usize, (done, all): (usize, usize)) -> Result<(), Stop> {
        self.leases.ensure(self.engine.0.config.command_deadline).await?;
        let place = &mut self.stops[index];
        let name = place.router.name.to_string();
        drop(self.engine.connect(&place.router).await?);
        let guard = place.guard.take().unwrap_or(Guard::none());
        match place.session()?.release(guard).await {
            Ok(released) if released == Released::Kept || !guard.is_active() => {}
            Ok(_) => {
                let message = format!("router {name} did not hold the guard to the end of a chunk");
                return Err(Failure::passing("guard_lost", message).into());
            }
            Err(error) => {
                place.session = None;
                return Err(Failure::of_driver(&name, &error).into());
            }
        }
        failpoint::hit(failpoint::CHUNK_KEPT);
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        let message = format!("{done} of {all} chunks are on router {name}");
        let event = json!({"kind": "progress", "name": name, "message": message});
        tx.append_event(self.change.id, &event, self.engine.now()).await?;
        tx.commit().await?;
        Ok(())
    }

    /// A process that is to end does not begin another wave; the change goes back and is tried again by
    /// whoever comes next.
    fn leaving_with_failure(&self) -> Result<(), Stop> {
        if self.shutdown.is_cancelled() {
            return Err(
                Failure::passing("process_ended", "moxxie was stopped while the change was running").into()
            );
        }
        Ok(())
    }

    /// Writes what became of a wave, and unless it failed that the next one is sent.
    async fn journal(
        &mut self,
        index: usize,
        done: Option<(&[usize], &[Answer])>,
        next: Option<&Vec<usize>>,
    ) -> Result<Option<Failure>, Stop> {
        let (router, plan) = (self.stops[index].router.id, Arc::clone(&self.stops[index].plan));
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        let mut failure = None;
        if let Some((wave, answers)) = done {
            failure = self.journal_answers(&mut tx, index, wave, answers).await?;
        }
        if let (Some(next), None) = (next, &failure) {
            tx.journal_sent(self.change.id, router, &ordinals(next), self.engine.now()).await?;
            for command in next.iter().map(|i| &plan.commands[*i]) {
                self.step(&mut tx, command.row.step, StepState::Running, "").await?;
            }
        }
        tx.commit().await?;
        Ok(failure)
    }

    async fn journal_answers(
        &mut self,
        tx: &mut Tx,
        index: usize,
        wave: &[usize],
        answers: &[Answer],
    ) -> Result<Option<Failure>, Stop> {
        let place = &self.stops[index];
        let (router, name, plan) = (place.router.id, place.router.name.to_string(), Arc::clone(&place.plan));
        let outcomes: Vec<_> = ordinals(wave)
            .into_iter()
            .zip(answers)
            .map(|(ordinal, answer)| (ordinal, answer.outcome, answer.text.clone()))
            .collect();
        tx.journal_outcomes(self.change.id, router, &outcomes, self.engine.now()).await?;
        let mut failure = None;
        for (i, answer) in wave.iter().zip(answers) {
            let command = &plan.commands[*i];
            let what = format!("{} {}", command.row.menu, command.action.verb());
            let said = answer.text.as_deref().unwrap_or("no answer");
            match answer.outcome {
                Outcome::Done | Outcome::AlreadySo => {}
                Outcome::Refused => {
                    self.step(tx, command.row.step, StepState::Failed, said).await?;
                    let refused =
                        Failure::lasting("router_refused", format!("router {name} refused {what}: {said}"));
                    let detail = json!({"router": name, "menu": command.row.menu, "answer": said});
                    failure = Some(Failure { detail, ..refused });
                }
                // A refusal says more than a lost answer beside it.
                _ => {
                    failure.get_or_insert_with(|| {
                        let message = format!("router {name}: the answer to {what} was lost");
                        Failure::passing("connection_lost", message)
                    });
                }
            }
        }
        if failure.is_none() {
            for step in plan.steps() {
                let last = plan.commands.iter().rposition(|command| command.row.step == step);
                if last.is_some_and(|last| wave.contains(&last)) {
                    self.step(tx, step, StepState::Completed, "").await?;
                }
            }
        }
        Ok(failure)
    }

    /// Reads every router over a fresh session and compares with its plan.
    async fn verify(&mut self) -> Result<(), Stop> {
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.enter(&mut tx, ChangeState::Verifying, "all commands are done; reading back").await?;
        self.step(&mut tx, StepName::Verification, StepState::Running, "").await?;
        tx.commit().await?;
        failpoint::hit(failpoint::VERIFY_BEGUN);
        for place in &mut self.stops {
            let name = place.router.name.to_string();
            let fresh = self.engine.connect(&place.router).await?;
            let state = fresh.read().await.map_err(|error| Failure::of_driver(&name, &error))?;
            let wrong = missing(&place.plan, &state);
            if !wrong.is_empty() {
                let list: Vec<_> = wrong.iter().map(ToString::to_string).collect();
                let message =
                    format!("router {name} is not as planned after the change: {}", list.join("; "));
                return Err(Failure::lasting("verification_failed", message).into());
            }
            place.verified = Some(fresh);
        }
        Ok(())
    }

    /// Writes down that the change goes back, for good or for another try.
    async fn turn_back(&mut self, failure: &Failure) -> Result<(), Stop> {
        tracing::warn!(change = %self.change.id, code = failure.code, reason = %failure.message, "a change goes back");
        let again = failure.passing && self.engine.now() < self.change.deadline && !self.change_is_tired();
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.change.error = Some(failure.record());
        if !again {
            self.change.decision = Decision::Rollback;
        }
        // The journal of this try makes room for that of the next one: the trail keeps it.
        let commands = self.engine.commands_of(&tx, self.change.id).await?;
        tx.audit(self.engine.change_event(
            &self.change,
            "change.turn_back",
            json!({
                "code": failure.code, "message": failure.message, "again": again, "commands": commands,
            }),
        ));
        self.enter(&mut tx, ChangeState::RollingBack, &failure.message).await?;
        tx.commit().await?;
        failpoint::hit(failpoint::ROLLBACK_BEGUN);
        Ok(())
    }
}

impl Place {
    /// A session and a read of the router, when nobody holds it.
    pub(super) async fn look(&mut self, engine: &Engine) -> Result<(), Stop> {
        let name = self.router.name.to_string();
        if self.session.is_none() {
            self.session = Some(engine.session(&self.router).await?);
        }
        let mut state = self.session()?.read().await;
        if state.as_ref().is_err_and(DriverError::is_transient) {
            // A kept session may have died meanwhile: one fresh one is tried before giving up.
            self.session = Some(engine.connect(&self.router).await?);
            state = self.session()?.read().await;
        }
        let state = state.map_err(|error| {
            self.session = None;
            Failure::of_driver(&name, &error)
        })?;
        if !guard_free(&state) {
            if state.safe_mode == SafeMode::Ours {
                // A hold that nobody knows of: it ends with this session.
                self.session = None;
            }
            let holder = match &state.safe_mode {
                SafeMode::Other { user, owner } => format!("{user} ({owner})"),
                _ => "an earlier session of moxxie".to_owned(),
            };
            let message = format!(
                "router {name}: safe mode is held by {holder}; the change waits until it is released"
            );
            return Err(Failure::passing("safe_mode_held", message).into());
        }
        self.state = Some(state);
        Ok(())
    }

    pub(super) fn session(&self) -> Result<&moxxie_routeros::Session, Stop> {
        self.session.as_ref().ok_or_else(|| {
            Failure::passing(
                "connection_lost",
                format!("router {}: the connection was lost", self.router.name),
            )
            .into()
        })
    }

    /// Sends some commands of a plan in one go.
    pub(super) async fn send(
        &mut self,
        plan: &Plan,
        wave: &[usize],
        points: &WavePoints,
    ) -> Result<Vec<Answer>, Stop> {
        let (Some(session), Some(state)) = (&self.session, &mut self.state) else {
            let message = format!("router {}: the connection was lost", self.router.name);
            return Err(Failure::passing("connection_lost", message).into());
        };
        Ok(session.apply_wave(plan, wave, state, points).await)
    }
}

impl Engine {
    /// What has to be done on a router for this change, from what it showed.
    pub(super) async fn make_plan(
        &self,
        place: &Place,
        kind: ChangeKind,
        turns: &Turns,
    ) -> Result<Plan, Stop> {
        let state = place.state.as_ref().ok_or(Stop::Stale)?;
        let (before, after) = self.intents(place, kind, turns).await?;
        let name = place.router.name.as_str();
        let rendered = |intent| {
            render(intent, &place.binding, &state.facts)
                .map_err(|error| Failure::lasting("plan_refused", format!("router {name}: {error}")))
        };
        let (mut before, after) = (rendered(&before)?, rendered(&after)?);
        if kind == ChangeKind::Restore {
            before = with_renamed(before, &after, state);
        }
        let limit = self.0.config.chunk_commands;
        let made = plan_in_chunks(&before, &after, state, &place.binding, limit);
        match made {
            Ok(plan) => Ok(plan),
            Err(refusal) => {
                for turn in &turns.networks {
                    self.remember_refusal(&place.router, &place.domain, &turn.after, &refusal).await;
                }
                Err(Failure::of_refusal(name, &refusal).into())
            }
        }
    }

    /// What a change is about, as far as it is there, before it and after it.
    pub(crate) async fn turns(&self, change: ChangeId) -> Result<Turns, Error> {
        let subjects = self.0.store.subjects(change).await?;
        let mut carried: HashMap<_, _> =
            subjects.into_iter().filter_map(|subject| Some((subject.network, subject.carried?))).collect();
        let with_before = |network: Network| {
            let mut turn = Turn::whole(network);
            if let Some(options) = carried.remove(&turn.before.id) {
                turn.before.options = options;
            }
            turn
        };
        let networks = self.0.store.networks_of_change(change).await?;
        let turns = networks.into_iter().map(with_before).collect();
        let profiles = self.0.store.profiles_of_change(change).await?;
        Ok(Turns { networks: turns, profiles, wished: Vec::new() })
    }

    /// The rows that networks other than the change's need on a router now: an inverse made from an older
    /// plan must leave those alone.
    pub(super) async fn rows_of_others(&self, place: &Place, turns: &Turns) -> Result<Vec<Row>, Stop> {
        let state = place.state.as_ref().ok_or(Stop::Stale)?;
        let (others, _) = self.intents(place, ChangeKind::Provision, turns).await?;
        let name = place.router.name.as_str();
        let rows = render(&others, &place.binding, &state.facts);
        Ok(rows.map_err(|error| Failure::lasting("plan_refused", format!("router {name}: {error}")))?)
    }

    /// What a router carries before and after a change.
    async fn intents(
        &self,
        place: &Place,
        kind: ChangeKind,
        turns: &Turns,
    ) -> Result<(DeviceIntent, DeviceIntent), Error> {
        let networks = self.0.store.networks_in_domain(place.domain.id).await?;
        let mut names = HashMap::new();
        for network in networks.iter().chain(turns.networks.iter().map(|turn| &turn.after)) {
            if !names.contains_key(&network.tenant_id)
                && let Some(tenant) = self.0.store.tenant(Scope::All, network.tenant_id).await?
            {
                names.insert(tenant.id, tenant.name.to_string());
            }
        }
        let tenant = |network: &Network| names.get(&network.tenant_id).cloned().unwrap_or_default();
        let mut profiles = self.0.store.profiles().await?;
        for wished in &turns.wished {
            profiles.retain(|stored| stored.profile.name != wished.profile.name);
            profiles.push(wished.clone());
        }
        Ok(intent::around(kind, &place.site, &place.domain, &networks, turns, &tenant, &profiles))
    }
}

/// The plan without removals of rows that others need.
pub(super) fn sparing(mut plan: Plan, kept: &[Row]) -> Plan {
    plan.commands.retain(|command| {
        let needed = || kept.iter().any(|row| row.menu == command.row.menu && row.mark == command.row.mark);
        command.action != Action::Remove || !needed()
    });
    plan
}

fn ordinals(wave: &[usize]) -> Vec<i64> {
    wave.iter().map(|index| i64::try_from(*index).unwrap_or(i64::MAX)).collect()
}

impl Drive<'_> {
    /// Whether it has been tried so often that another try would only disturb the router.
    fn change_is_tired(&self) -> bool {
        self.change.attempt >= 5
    }

    /// Closes the records.
    pub(super) async fn end(&mut self, ending: Ending) -> Result<(), Stop> {
        let mut tx = self.engine.0.store.begin().await?;
        self.hold(&mut tx).await?;
        self.note_besides(&mut tx);
        if ending == Ending::Applied {
            self.engine.note_applied(&mut tx, self.change.id, &self.stops).await?;
        }
        self.engine
            .close(&mut tx, &mut self.change, ending)
            .await
            .map_err(|error: Error| Stop::Engine(error))?;
        tx.commit().await?;
        if ending == Ending::RolledBack {
            failpoint::hit(failpoint::CHANGE_ROLLED_BACK);
        }
        Ok(())
    }
}
