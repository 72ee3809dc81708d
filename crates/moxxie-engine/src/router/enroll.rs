//! Enrolment: bringing a router under management.
//!
//! It looks first and writes when nothing is in the way; what it writes it does one command at a time, and
//! takes it back when it cannot end. Nothing is remembered between runs: a second one looks again and goes
//! on from what is there.

mod carry;
mod visit;
mod wanted;

use moxxie_api::{
    enroll::{Device, EnrollFinding, Enrolment, RouterEnroll},
    router::Tls,
};
use moxxie_core::{
    RouterId,
    identity::Role,
    router::{self as stored, Identity, Security},
};
use moxxie_routeros::enroll::{Finding, Level, Wish, steps};
use moxxie_store::Tx;
use serde_json::json;

pub(super) use self::{
    carry::{Settled, with_leftovers},
    visit::Visit,
    wanted::{Wanted, Way},
};
use super::view;
use crate::{Context, Engine, Error, audit::Entry, runner::contact::PASSWORD, write::transaction};

impl Engine {
    /// What [`Engine::enroll_router`] would find and do. Without a login: the commands for a router that
    /// nobody has looked at. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; findings that are in the way are part of the answer.
    pub async fn enroll_dry_run(&self, context: &Context, request: RouterEnroll) -> Result<Enrolment, Error> {
        context.require(Role::Admin)?;
        let wanted = self.wanted(&request).await?;
        let known = self.known_router(&wanted).await?;
        if wanted.login.is_none() {
            let wish = self.wish(&wanted, "", true).await?;
            let commands = steps(&wish, None).iter().map(moxxie_routeros::enroll::Step::line).collect();
            return Ok(Enrolment {
                router: None,
                device: None,
                tls: None,
                findings: Vec::new(),
                commands,
                changes: Vec::new(),
                networks: 0,
            });
        }
        let visit = self.visit(wanted, known.as_ref()).await?;
        let answer = visit.answer();
        visit.session.close().await;
        Ok(answer)
    }

    /// Brings a router under management: looks at it, makes moxxie's own user and the certificate there,
    /// proves that both work, and registers it. One that was enrolled before and is as it should be is left
    /// alone. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; what had been done on the router is undone, and what could not be is named.
    pub async fn enroll_router(&self, context: &Context, request: RouterEnroll) -> Result<Enrolment, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let wanted = self.wanted(&request).await?;
        let known = self.known_router(&wanted).await?;
        if wanted.login.is_none() {
            return Err(Error::invalid("login", "is missing: an administrator's login is needed, this once"));
        }
        let (engine, asked) = (self.clone(), context.clone());
        // A client that goes away must not leave a router half prepared.
        let work = tokio::spawn(async move { engine.enroll(&asked, wanted, known).await });
        let result = work.await.map_err(|error| Error::Internal(Box::new(error)))?;
        self.or_recall(context, result).await
    }

    async fn enroll(
        &self,
        context: &Context,
        wanted: Wanted,
        known: Option<stored::Router>,
    ) -> Result<Enrolment, Error> {
        let visit = self.visit(wanted, known.as_ref()).await?;
        visit.refuse()?;
        let mut leases = self.device_lease(&visit, None).await?;
        let result: Result<Enrolment, Error> = async {
            // Somebody may have enrolled it between the look and the lease.
            let known = self.known_router(&visit.wanted).await?;
            let mut visit = self.revisit(visit, known.as_ref()).await?;
            visit.refuse()?;
            let mut answer = visit.answer();
            if let (Some(known), true) = (&known, visit.is_settled()) {
                answer.router = Some(view(known, &visit.wanted.site));
                answer.tls = tls(&known.security);
                return Ok(answer);
            }
            let settled = self.prepare_device(&mut visit, &mut leases).await?;
            if let Err(error) = self.register(context, &visit, known.as_ref(), &settled, &mut answer).await {
                let left = self.take_back(&mut visit).await;
                return Err(with_leftovers(error, &left));
            }
            self.after_registration(context, &visit, &settled, &mut answer).await;
            Ok(answer)
        }
        .await;
        leases.release().await;
        result
    }

    /// Writes the router down: a new one, or the one of that name with what it is reached by from now on.
    async fn register(
        &self,
        context: &Context,
        visit: &Visit,
        known: Option<&stored::Router>,
        settled: &Settled,
        answer: &mut Enrolment,
    ) -> Result<(), Error> {
        let wanted = &visit.wanted;
        let id = known.map_or_else(|| RouterId::new(self.0.ambient.uuid()), |known| known.id);
        let router = self.settled_router(visit, settled, id, wanted.name.clone());
        let view = view(&router, &wanted.site);
        let result: Result<(), Error> = transaction!(self, |tx| {
            tx.lock_domain(router.domain_id).await?;
            refuse_others(&tx, &router).await?;
            match known {
                Some(_) => tx.update_router(&router, self.now()).await?,
                None => tx.insert_router(&router, self.now()).await?,
            }
            tx.put_secret(&router.id.to_string(), PASSWORD, &settled.password).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "router.enroll",
                    object: router.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({
                        "after": view, "commands": answer.commands, "administrator": visit.target.username,
                    }),
                },
            ));
            answer.router = Some(view.clone());
            answer.tls = tls(&router.security);
            self.keep(&mut tx, context, &*answer).await?;
        });
        result?;
        self.drop_session(id);
        Ok(())
    }

    /// The record of a router that was just prepared.
    pub(super) fn settled_router(
        &self,
        visit: &Visit,
        settled: &Settled,
        id: RouterId,
        name: moxxie_core::Name,
    ) -> stored::Router {
        let (wanted, facts) = (&visit.wanted, &visit.survey.facts);
        stored::Router {
            id,
            name,
            site_id: wanted.site.id,
            domain_id: wanted.domain.id,
            address: settled.address.clone(),
            username: settled.username.clone(),
            security: Security::Pinned { spki: settled.spki.clone() },
            trunk: wanted.trunk.clone(),
            anchor: wanted.anchor.clone(),
            identity: Some(Identity {
                serial: facts.serial.clone(),
                board: facts.board.clone(),
                version: facts.version_text.clone(),
                enrolled_at: self.now(),
            }),
        }
    }

    /// What comes when nothing can go wrong any more: a failure here is told, and undoes nothing.
    pub(super) async fn after_registration(
        &self,
        context: &Context,
        visit: &Visit,
        settled: &Settled,
        answer: &mut Enrolment,
    ) {
        if !visit.wanted.disable_plain_api {
            return;
        }
        let done = settled.session.disable_plain_api().await;
        let (level, message) = match &done {
            Ok(()) => ("ok", "the plain API service is off".to_owned()),
            Err(error) => {
                ("warning", format!("the plain API service could not be switched off: {}", error.chain()))
            }
        };
        answer.findings.retain(|finding| finding.check != "api");
        answer.findings.push(EnrollFinding {
            check: "api".into(),
            level: level.into(),
            message: message.clone(),
        });
        let router = answer.router.as_ref().map_or_else(String::new, |router| router.id.clone());
        let written: Result<(), Error> = transaction!(self, |tx| {
            tx.audit(self.event(
                context,
                Entry {
                    action: "router.disable_plain_api",
                    object: router.clone(),
                    tenant: None,
                    outcome: if done.is_ok() { "succeeded" } else { "failed" },
                    detail: json!({"message": message}),
                },
            ));
        });
        if let Err(error) = written {
            tracing::error!(
                error = &error as &dyn std::error::Error,
                router,
                "an audit event could not be written"
            );
        }
    }

    /// The router of that name, when there is one that this request may be about.
    async fn known_router(&self, wanted: &Wanted) -> Result<Option<stored::Router>, Error> {
        let known = self.0.store.router_by_name(&wanted.name).await?;
        let others = self.0.store.routers_of_domain(wanted.domain.id).await?;
        if let Some(other) = others.iter().find(|router| router.name != wanted.name) {
            return Err(site_has_router(&wanted.site.name, &other.name));
        }
        let Some(known) = known else { return Ok(None) };
        if known.site_id != wanted.site.id {
            let message = format!("router {} is registered at another site; choose another name", known.name);
            return Err(Error::conflict("name_taken", message));
        }
        if known.trunk != wanted.trunk {
            let message =
                format!("router {} is registered with trunk {}, which stays", known.name, known.trunk);
            return Err(Error::invalid("trunk", message));
        }
        Ok(Some(known))
    }
}

/// Under the lock of the domain: nobody else has registered a router for the site, or this device, meanwhile.
pub(super) async fn refuse_others(tx: &Tx, router: &stored::Router) -> Result<(), Error> {
    let others = tx.routers().await?;
    for other in others.iter().filter(|other| other.id != router.id) {
        let serial =
            |router: &stored::Router| router.identity.as_ref().map(|identity| identity.serial.clone());
        if other.domain_id == router.domain_id {
            return Err(Error::conflict(
                "site_has_router",
                format!("the site has router {} already; this version has one router per site", other.name),
            ));
        }
        if serial(other) == serial(router) {
            let message = format!("the device is registered as router {} already", other.name);
            return Err(Error::conflict("name_taken", message));
        }
    }
    Ok(())
}

fn site_has_router(site: &moxxie_core::Name, router: &moxxie_core::Name) -> Error {
    let message = format!("site {site} has router {router} already; this version has one router per site");
    Error::conflict("site_has_router", message)
}

fn tls(security: &Security) -> Option<Tls> {
    match security {
        Security::Pinned { spki } => Some(Tls { spki_sha256: spki.clone() }),
        Security::Plain => None,
    }
}

impl Visit {
    /// What was found, as users see it.
    pub(super) fn answer(&self) -> Enrolment {
        let facts = &self.survey.facts;
        Enrolment {
            router: None,
            device: Some(Device {
                serial: facts.serial.clone(),
                board: facts.board.clone(),
                version: facts.version_text.clone(),
                identity: facts.identity.clone(),
            }),
            tls: tls(&self.target.security),
            findings: self.findings.iter().map(finding).collect(),
            commands: self.steps.iter().map(moxxie_routeros::enroll::Step::line).collect(),
            changes: Vec::new(),
            networks: 0,
        }
    }

    /// Refuses while something is in the way.
    pub(super) fn refuse(&self) -> Result<(), Error> {
        let refusals: Vec<_> =
            self.findings.iter().filter(|finding| finding.level == Level::Refusal).collect();
        if refusals.is_empty() {
            return Ok(());
        }
        let list: Vec<_> =
            refusals.iter().map(|finding| format!("{}: {}", finding.check, finding.message)).collect();
        let findings: Vec<_> = self.findings.iter().map(finding).collect();
        Err(Error::Conflict {
            code: "enrolment_refused",
            message: format!("router {} cannot be enrolled: {}", self.wanted.name, list.join("; ")),
            context: Some(json!({"findings": findings})),
        })
    }
}

fn finding(finding: &Finding) -> EnrollFinding {
    let level = match finding.level {
        Level::Ok => "ok",
        Level::Warning => "warning",
        Level::Refusal => "refusal",
    };
    EnrollFinding { check: finding.check.into(), level: level.into(), message: finding.message.clone() }
}

/// Whether a wish leaves nothing to be done on the router.
pub(super) fn nothing_to_do(wish: &Wish, steps: &[moxxie_routeros::enroll::Step]) -> bool {
    !wish.prepared && steps.is_empty()
}
