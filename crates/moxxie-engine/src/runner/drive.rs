//! One change, driven as far as it goes.

use std::sync::Arc;

use moxxie_core::{
    ChangeId,
    change::{ChangeState, Decision},
    domain::Domain,
    identity::Scope,
    plan::Plan,
    router::Router,
    site::Site,
};
use moxxie_routeros::{Binding, DeviceState, Guard, Session};
use moxxie_store::{Change, Step};
use tokio_util::sync::CancellationToken;

use super::{failure::Stop, lease::Leases};
use crate::{Engine, Error, intent::Turns};

/// What became of one look at a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ran {
    /// It was carried on as far as it goes now.
    Worked,
    /// Somebody else has its routers.
    Kept,
}

/// A change being worked on, with its routers.
pub(crate) struct Drive<'e> {
    pub(super) engine: &'e Engine,
    pub(super) shutdown: CancellationToken,
    pub(super) leases: Leases,
    pub(super) change: Change,
    /// What it is about, as far as it is there.
    pub(super) turns: Turns,
    pub(super) steps: Vec<Step>,
    pub(super) stops: Vec<Place>,
    /// Commands sent beside the journaled plan, to undo it or to complete it, with their answers: for the
    /// audit trail.
    pub(super) besides: Vec<serde_json::Value>,
}

/// One router of a change.
pub(crate) struct Place {
    pub(super) router: Router,
    pub(super) site: Site,
    pub(super) domain: Domain,
    pub(super) binding: Binding,
    pub(super) plan: Arc<Plan>,
    pub(super) session: Option<Session>,
    pub(super) state: Option<DeviceState>,
    /// Held while what was sent can still be taken back by the router itself.
    pub(super) guard: Option<Guard>,
    /// The session over which the change was verified; it replaces the other one afterwards.
    pub(super) verified: Option<Session>,
}

impl<'e> Drive<'e> {
    /// Drives the change until it is over, waits, or somebody else has its routers.
    pub(super) async fn run(
        engine: &'e Engine,
        id: ChangeId,
        shutdown: CancellationToken,
    ) -> Result<Ran, Error> {
        let Some(change) = engine.0.store.change(Scope::All, id).await? else { return Ok(Ran::Worked) };
        let ttl = engine.0.config.lease_ttl;
        let holder = &engine.0.holder;
        let Some(leases) = Leases::acquire(&engine.0.store, &change.routers, holder, ttl).await? else {
            return Ok(Ran::Kept);
        };
        let taken_over = leases.taken_over();
        let mut drive = Self {
            engine,
            shutdown,
            leases,
            change,
            turns: Turns::default(),
            steps: Vec::new(),
            stops: Vec::new(),
            besides: Vec::new(),
        };
        let result = drive.go(taken_over).await;
        drive.leave().await;
        result
    }

    async fn go(&mut self, taken_over: bool) -> Result<Ran, Error> {
        self.load_routers().await?;
        let mut settled = !taken_over;
        loop {
            self.reload().await?;
            let change = &self.change;
            if change.state.is_final() || change.not_before > self.engine.now() {
                return Ok(Ran::Worked);
            }
            if !settled && change.reached {
                // Somebody died with commands on their way: let them arrive before reading is believed.
                tokio::time::sleep(self.engine.0.config.settle).await;
            }
            settled = true;
            let begun = !matches!(change.state, ChangeState::Planned | ChangeState::Waiting);
            if !begun && self.kept_back().await? && self.engine.now() < self.change.deadline {
                return Ok(Ran::Kept);
            }
            let change = &self.change;
            let done = match (change.decision, change.state) {
                (_, ChangeState::NeedsOperator | ChangeState::AwaitingPeer) => return Ok(Ran::Worked),
                (Decision::Commit, _) => self.onward().await,
                (Decision::None, ChangeState::Planned | ChangeState::Waiting) => self.forward().await,
                _ => self.back().await,
            };
            match done {
                Ok(()) => return Ok(Ran::Worked),
                Err(Stop::Stale) => {}
                Err(Stop::Leave) => return Ok(Ran::Worked),
                Err(Stop::Engine(error)) => return Err(error),
                // Every phase deals with its own failures; what is left is a record that says why.
                Err(Stop::Failed(failure)) => match self.put_off(self.change.state, &failure).await {
                    Ok(()) | Err(Stop::Stale | Stop::Leave) => return Ok(Ran::Worked),
                    Err(Stop::Engine(error)) => return Err(error),
                    Err(Stop::Failed(failure)) => return Err(Error::Internal(failure.message.into())),
                },
            }
        }
    }

    /// Whether another change has begun on one of the routers and is not over. Asked with the leases held,
    /// so that nobody else can begin one meanwhile.
    async fn kept_back(&self) -> Result<bool, Error> {
        let unsettled = self.engine.0.store.unsettled_changes().await?;
        Ok(unsettled.iter().any(|(id, router)| *id != self.change.id && self.change.routers.contains(router)))
    }

    async fn load_routers(&mut self) -> Result<(), Error> {
        let store = &self.engine.0.store;
        for id in &self.change.routers {
            let missing = || Error::not_found("router", id);
            let router = store.router(*id).await?.ok_or_else(missing)?;
            let site = store.site(router.site_id).await?.ok_or_else(missing)?;
            let domain = store.domain(router.domain_id).await?.ok_or_else(missing)?;
            self.stops.push(Place {
                binding: self.engine.binding(&router, &site),
                router,
                site,
                domain,
                plan: Arc::default(),
                session: None,
                state: None,
                guard: None,
                verified: None,
            });
        }
        Ok(())
    }

    /// Reads change, network, steps and plans as they are now.
    async fn reload(&mut self) -> Result<(), Error> {
        let store = &self.engine.0.store;
        let id = self.change.id;
        self.change = store.change(Scope::All, id).await?.ok_or_else(|| Error::not_found("change", id))?;
        self.turns = self.engine.turns(id).await?;
        self.steps = store.steps(Scope::All, id).await?;
        for plan in store.plans(Scope::All, id).await? {
            let place = self.stops.iter_mut().find(|place| place.router.id == plan.router_id);
            if let (Some(place), Some(plan)) = (place, plan.plan) {
                place.plan = Arc::new(plan);
            }
        }
        Ok(())
    }

    /// Whether the process is to end: nothing new is begun then.
    pub(super) fn leaving(&self) -> Result<(), Stop> {
        if self.shutdown.is_cancelled() { Err(Stop::Leave) } else { Ok(()) }
    }

    /// Keeps sessions for the next change and gives the routers back. A guard that is still held is left
    /// to fire: its session ends here, and the router goes back to what it was.
    async fn leave(self) {
        for place in self.stops {
            if let (Some(session), None) = (place.session, &place.guard) {
                self.engine.keep_session(place.router.id, session);
            }
        }
        self.leases.release().await;
    }
}
