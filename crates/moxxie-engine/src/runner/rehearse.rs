//! Rehearsal: what a change would do, for `?dryRun=true`. Reads routers, writes nothing.

use moxxie_api::plan::{PlannedCommand, RouterPlan};
use moxxie_core::{
    change::ChangeKind,
    plan::{Action, Plan},
    router::Router,
};
use moxxie_routeros::{diff_text, script};
use serde_json::json;

use super::{drive::Place, failure::Stop};
use crate::{Engine, Error, intent::Turns};

/// A router that was looked at, to plan for.
pub(crate) struct Looked(Place);

impl Engine {
    /// What each router would get.
    pub(crate) async fn rehearse_change(
        &self,
        kind: ChangeKind,
        turns: &Turns,
        routers: &[Router],
    ) -> Result<Vec<RouterPlan>, Error> {
        let mut plans = Vec::with_capacity(routers.len());
        for router in routers {
            let looked = self.look_at(router).await?;
            plans.push(self.plan_for(&looked, kind, turns).await?);
        }
        Ok(plans)
    }

    /// Reads a router.
    pub(crate) async fn look_at(&self, router: &Router) -> Result<Looked, Error> {
        let mut place = self.place_of(router.clone()).await?;
        place.look(self).await.map_err(|stop| refused(router, stop))?;
        if let Some(session) = place.session.take() {
            self.keep_session(router.id, session);
        }
        Ok(Looked(place))
    }

    /// What a router would get, by what it showed.
    pub(crate) async fn plan_for(
        &self,
        Looked(place): &Looked,
        kind: ChangeKind,
        turns: &Turns,
    ) -> Result<RouterPlan, Error> {
        let plan = self.make_plan(place, kind, turns).await;
        Ok(view(&place.router, &plan.map_err(|stop| refused(&place.router, stop))?))
    }

    /// A router with all that planning needs.
    async fn place_of(&self, router: Router) -> Result<Place, Error> {
        let missing = || Error::not_found("datacenter of router", &router.name);
        let site = self.0.store.site(router.site_id).await?.ok_or_else(missing)?;
        let domain = self.0.store.domain(router.domain_id).await?.ok_or_else(missing)?;
        Ok(Place {
            binding: self.binding(&router, &site),
            router,
            site,
            domain,
            plan: std::sync::Arc::default(),
            session: None,
            state: None,
            guard: None,
            verified: None,
        })
    }
}

/// Why there is no plan, as an error of the request.
fn refused(router: &Router, stop: Stop) -> Error {
    match stop {
        Stop::Failed(failure) => failure.into_error(),
        Stop::Engine(error) => error,
        Stop::Stale | Stop::Leave => Error::Unavailable {
            message: format!("router {} is busy", router.name),
            retry_after_s: 1,
            source: None,
        },
    }
}

fn view(router: &Router, plan: &Plan) -> RouterPlan {
    let commands = plan.commands.iter().map(|command| PlannedCommand {
        wave: command.wave,
        step: command.row.step.to_string(),
        action: command.action.verb().to_owned(),
        menu: command.row.menu.clone(),
        fields: json!(command.row.fields),
        before: match &command.action {
            Action::Set { before } => Some(json!(before)),
            Action::Add | Action::Remove => None,
        },
        comment: command.row.comment(),
    });
    RouterPlan {
        router: router.name.to_string(),
        commands: commands.collect(),
        diff: diff_text(plan),
        script: script(plan),
    }
}
