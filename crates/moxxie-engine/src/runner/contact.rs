//! Contact with routers: sessions, and what ties them to the stored records.

use moxxie_core::{
    RouterId,
    domain::Domain,
    network::Network,
    router::{Identity, Router},
    site::Site,
};
use moxxie_routeros::{Binding, RouterFacts, Session, Target, connect};
use moxxie_store::Reads;
use serde_json::json;

use super::failure::Failure;
use crate::{Context, Engine, Error, audit::Entry, failpoint, write::transaction};

/// Which secret of a router is its password.
pub(crate) const PASSWORD: &str = "password";

impl Engine {
    /// The routers that carry a domain's networks; a site without one cannot be provisioned.
    pub(crate) async fn routers_for(
        &self,
        reads: &Reads,
        domain: &Domain,
        site: &Site,
    ) -> Result<Vec<Router>, Error> {
        let routers = reads.routers_of_domain(domain.id).await?;
        if routers.is_empty() {
            let message = format!(
                "site {} has no router; register one, or only reserve VLAN and prefix (POST /networks/allocate)",
                site.name
            );
            return Err(Error::conflict("no_router", message));
        }
        Ok(routers)
    }

    /// The routers that carry a network.
    pub(crate) async fn routers_of(&self, reads: &Reads, network: &Network) -> Result<Vec<Router>, Error> {
        let missing = || Error::not_found("datacenter of network", network.id);
        let site = reads.site(network.site_id).await?.ok_or_else(missing)?;
        let domain = reads.domain(network.attachment.domain_id).await?.ok_or_else(missing)?;
        self.routers_for(reads, &domain, &site).await
    }

    pub(crate) fn binding(&self, router: &Router, site: &Site) -> Binding {
        let host = router.address.rsplit_once(':').map_or("", |(host, _)| host);
        Binding {
            install: self.0.store.install().to_owned(),
            trunk: router.trunk.clone(),
            anchor: router.anchor.clone(),
            address: host.trim_matches(['[', ']']).parse().ok(),
            management: site.management_prefixes.clone(),
        }
    }

    /// A fresh session with a router, after its identity has been checked.
    pub(crate) async fn connect(&self, router: &Router) -> Result<Session, Stopped> {
        let password =
            self.0.store.open_secret(&router.id.to_string(), PASSWORD).await.map_err(Error::from)?;
        let password = password.ok_or_else(|| Error::not_found("password of router", &router.name))?;
        let target = Target {
            name: router.name.to_string(),
            address: router.address.clone(),
            username: router.username.clone(),
            password,
            security: router.security.clone(),
            expected_serial: router.identity.as_ref().map(|identity| identity.serial.clone()),
        };
        let session = connect(&target, self.0.config.deadlines()).await;
        session.map_err(|error| Stopped::Failed(Failure::of_driver(router.name.as_str(), &error)))
    }

    /// The session kept from the last time, or a fresh one.
    pub(crate) async fn session(&self, router: &Router) -> Result<Session, Stopped> {
        let kept = self.kept().remove(&router.id);
        match kept {
            // One that dies later is noticed at the first read, and a fresh one is tried then.
            Some(session) if !session.is_closed() => Ok(session),
            _ => self.connect(router).await,
        }
    }

    /// Keeps a session for the next time: routers log every login.
    pub(crate) fn keep_session(&self, router: RouterId, session: Session) {
        self.kept().insert(router, session);
    }

    /// Ends the session kept with a router, after it was changed or forgotten.
    pub(crate) fn drop_session(&self, router: RouterId) {
        self.kept().remove(&router);
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, std::collections::HashMap<RouterId, Session>> {
        // Nothing can be half done under this lock: a poisoned one is as good.
        self.0.sessions.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Records who a router is when it is reached for the first time; from then on it has to be the same.
    pub(crate) async fn enrol(&self, router: &mut Router, facts: &RouterFacts) -> Result<(), Error> {
        if router.identity.is_some() {
            return Ok(());
        }
        let identity = Identity {
            serial: facts.serial.clone(),
            board: facts.board.clone(),
            version: facts.version_text.clone(),
            enrolled_at: self.now(),
        };
        let result: Result<(), Error> = transaction!(self, |tx| {
            // Under the lock that every change of a router takes, and over what is stored by now.
            tx.lock_domain(router.domain_id).await?;
            let stored = tx.router(router.id).await?;
            *router = stored.ok_or_else(|| Error::not_found("router", &router.name))?;
            if router.identity.is_some() {
                return Ok(());
            }
            router.identity = Some(identity.clone());
            tx.update_router(router, self.now()).await?;
            tx.audit(self.event(
                &Context::system(),
                Entry {
                    action: "router.enrol",
                    object: router.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"router": router.name, "identity": identity}),
                },
            ));
        });
        failpoint::hit(failpoint::IDENTITY_RECORDED);
        result
    }
}

/// Why there is no session.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// The router, or what it said.
    Failed(Failure),
    /// The database.
    Engine(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Stopped> for super::failure::Stop {
    fn from(stopped: Stopped) -> Self {
        match stopped {
            Stopped::Failed(failure) => Self::Failed(failure),
            Stopped::Engine(error) => Self::Engine(error),
        }
    }
}
