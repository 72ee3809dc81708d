//! Declarations: everything that should be there, made so.
//!
//! A declaration is carried out by the use cases that make, change and remove single things, inside of one
//! transaction: all of it is done, or nothing. A dry run is the same and drops the transaction, so a plan cannot
//! say anything else than what is done. What has to wait for a change (routers are slower than databases) is
//! said, and done by asking again; asked again, what is so already is left alone.

mod compare;
mod export;
mod kind;
mod networks;
mod round;

use moxxie_api::{
    declaration::{Declaration, DeclarationPlan, DeclarationQuery},
    plan::{PlannedCommand, RouterPlan},
};
use moxxie_core::{RouterId, change::ChangeKind, router::Router};
use ring::digest;
use serde_json::json;

use self::round::Round;
use crate::{
    Context, Engine, Error,
    audit::Entry,
    intent::Turns,
    runner::rehearse::Looked,
    write::{TRIES, transaction},
};

/// What has to be known of routers before the transaction: nothing slow belongs inside.
type Seen = Vec<(RouterId, Looked)>;

impl Engine {
    /// Makes everything as declared, as far as it can be now, or nothing of it. With the id of a plan it is
    /// carried out as it was shown. Every part needs the role that it needs alone.
    ///
    /// # Errors
    /// [`Error::Invalid`] names the place of everything that cannot be, as in `pools[3].prefix`; a plan that
    /// would be another one by now is a [`Error::Conflict`] with the plan it would be.
    pub async fn declare(
        &self,
        context: &Context,
        declaration: Declaration,
        query: &DeclarationQuery,
    ) -> Result<DeclarationPlan, Error> {
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        self.end_lapsed().await?;
        let seen = match &query.plan {
            Some(_) => Some(self.look_ahead(context, &declaration, query).await?),
            None => None,
        };
        let mut tries = 0;
        let result = loop {
            match self.declare_once(context, &declaration, query, seen.as_ref()).await {
                Err(error) if error.crossed() && tries < TRIES => tries += 1,
                other => break other,
            }
        };
        if let Ok(plan) = &result {
            self.wake();
            let updated = plan.actions.iter().filter(|action| action.object.kind == "router");
            for action in updated.filter(|action| action.action == "update") {
                self.drop_session(self.find_router(&action.object.name).await?.id);
            }
        }
        self.or_recall(context, result).await
    }

    /// What [`Engine::declare`] would do. Reads the routers.
    ///
    /// # Errors
    /// See [`Engine::declare`].
    pub async fn declare_dry_run(
        &self,
        context: &Context,
        declaration: Declaration,
        query: &DeclarationQuery,
    ) -> Result<DeclarationPlan, Error> {
        self.end_lapsed().await?;
        let seen = self.look_ahead(context, &declaration, query).await?;
        let whole = self.0.store.whole().await?;
        let mut plan =
            self.inside(&whole).make_so(&without_key(context), &declaration, query, Some(&seen)).await?;
        plan.changes.clear();
        Ok(plan)
    }

    async fn declare_once(
        &self,
        context: &Context,
        declaration: &Declaration,
        query: &DeclarationQuery,
        seen: Option<&Seen>,
    ) -> Result<DeclarationPlan, Error> {
        let whole = self.0.store.whole().await?;
        let inside = self.inside(&whole);
        let plan = inside.make_so(&without_key(context), declaration, query, seen).await?;
        if let Some(wanted) = &query.plan
            && plan.plan_id.as_ref() != Some(wanted)
        {
            let now = DeclarationPlan { changes: Vec::new(), ..plan };
            return Err(Error::Conflict {
                code: "plan_changed",
                message:
                    "what the plan is about changed since it was asked for, so nothing was done; look at the \
                          plan as it would be now, and apply that"
                        .to_owned(),
                context: Some(json!({"plan": now})),
            });
        }
        let noted = transaction!(inside, |tx| {
            let changes: Vec<_> = plan.changes.iter().map(|change| &change.change_id).collect();
            let detail = json!({"actions": plan.actions, "changes": changes, "prune": query.prune});
            tx.audit(self.event(
                context,
                Entry {
                    action: "declare",
                    object: "declaration".to_owned(),
                    tenant: None,
                    outcome: if changes.is_empty() { "succeeded" } else { "accepted" },
                    detail,
                },
            ));
            self.keep(&mut tx, context, &plan).await?;
        });
        noted?;
        drop(inside);
        whole.commit().await?;
        Ok(plan)
    }

    /// Looks at the routers that the declaration is about, as far as they are registered. They are found by
    /// carrying it out and dropping that.
    async fn look_ahead(
        &self,
        context: &Context,
        declaration: &Declaration,
        query: &DeclarationQuery,
    ) -> Result<Seen, Error> {
        let concerned = {
            let whole = self.0.store.whole().await?;
            let inside = self.inside(&whole);
            let context = without_key(context);
            let mut round = Round::new(&inside, &context, query.prune == Some(true));
            round.go(declaration).await?;
            inside.concerned(&round).await?
        };
        let mut seen = Vec::new();
        for router in concerned {
            // As it is registered now: another address it may be about to get is not one to trust yet.
            if let Some(router) = self.0.store.router(router.id).await? {
                seen.push((router.id, self.look_at(&router).await?));
            }
        }
        Ok(seen)
    }

    /// The routers of all changes of a round.
    async fn concerned(&self, round: &Round<'_>) -> Result<Vec<Router>, Error> {
        let mut routers: Vec<Router> = Vec::new();
        for change in &round.changes {
            for router in self.routers_of_change(&change.change_id).await? {
                if !routers.iter().any(|known| known.id == router.id) {
                    routers.push(router);
                }
            }
        }
        Ok(routers)
    }

    async fn routers_of_change(&self, id: &str) -> Result<Vec<Router>, Error> {
        let id = id.parse().map_err(|_| Error::not_found("change", id))?;
        let change = self.0.store.change(moxxie_core::identity::Scope::All, id).await?;
        let mut routers = Vec::new();
        for id in change.map(|change| change.routers).unwrap_or_default() {
            routers.extend(self.0.store.router(id).await?);
        }
        Ok(routers)
    }

    /// Carries it out inside of an open transaction, and plans for the routers that were seen.
    async fn make_so(
        &self,
        context: &Context,
        declaration: &Declaration,
        query: &DeclarationQuery,
        seen: Option<&Seen>,
    ) -> Result<DeclarationPlan, Error> {
        let mut round = Round::new(self, context, query.prune == Some(true));
        round.go(declaration).await?;
        let mut routers = Vec::new();
        for (router, looked) in seen.into_iter().flatten() {
            for change in &round.changes {
                let concerned = self.routers_of_change(&change.change_id).await?;
                if concerned.iter().any(|concerned| concerned.id == *router) {
                    let (kind, turns) = self.turns_of(&change.change_id).await?;
                    routers.push(self.plan_for(looked, kind, &turns).await?);
                }
            }
        }
        routers.retain(|plan: &RouterPlan| !plan.commands.is_empty());
        let Round { actions, undeclared, changes, made, .. } = round;
        let mut plan = DeclarationPlan { plan_id: None, actions, undeclared, routers, changes };
        if seen.is_some() {
            plan.plan_id = Some(plan_id(declaration, query, &plan, &made));
        }
        Ok(plan)
    }

    async fn turns_of(&self, id: &str) -> Result<(ChangeKind, Turns), Error> {
        let missing = || Error::not_found("change", id);
        let id = id.parse().map_err(|_| missing())?;
        let change = self.0.store.change(moxxie_core::identity::Scope::All, id).await?.ok_or_else(missing)?;
        Ok((change.kind, self.turns(id).await?))
    }
}

/// The parts have no key of their own: the whole has.
fn without_key(context: &Context) -> Context {
    Context { idempotency: None, ..context.clone() }
}

/// What a plan depends on, in one word. Ids that are drawn anew each time are left out of it.
fn plan_id(
    declaration: &Declaration,
    query: &DeclarationQuery,
    plan: &DeclarationPlan,
    made: &[(String, String)],
) -> String {
    let mut stated = json!(declaration);
    for router in stated["routers"].as_array_mut().into_iter().flatten() {
        // It comes with the plan's carrying out, and an id is no place for it.
        if let Some(fields) = router.as_object_mut() {
            fields.retain(|field, _| field != "password");
        }
    }
    let named = |mut text: String| {
        for (id, name) in made {
            // Names on routers have the end of an id.
            let short = id.rsplit_once('-').map_or(id.as_str(), |(_, short)| short);
            text = text.replace(id.as_str(), name).replace(short, name);
        }
        text
    };
    let commands = |router: &RouterPlan| {
        let command = |c: &PlannedCommand| json!([c.wave, c.action, c.menu, c.fields, c.before, c.comment]);
        let mut commands: Vec<_> = router.commands.iter().map(|c| named(command(c).to_string())).collect();
        // Those of one wave are in order of ids.
        commands.sort();
        json!([router.router, commands])
    };
    let routers: Vec<_> = plan.routers.iter().map(commands).collect();
    let actions = named(json!(plan.actions).to_string());
    let text = json!([stated, query.prune == Some(true), actions, routers]).to_string();
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    format!("plan-{}", moxxie_core::audit::hex(&hash.as_ref()[..16]))
}
