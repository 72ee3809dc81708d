//! Replacement: another device takes a router's place.
//!
//! It is prepared as at an enrolment. Then identity, key and login are exchanged in one transaction, and the
//! same transaction orders what brings the networks onto the new device: one change each, in the ordinary
//! flow, one after the other as always on one router.

use moxxie_api::enroll::{Enrolment, RouterEnroll, RouterReplace};
use moxxie_core::{
    change::ChangeKind,
    identity::{Role, Scope},
    network::{Network, NetworkStatus},
    router::{self as stored, Identity},
};
use moxxie_store::{ChangeFilter, Reads, Subject};
use serde_json::json;

use super::{
    enroll::{Settled, Visit, refuse_others},
    view,
};
use crate::{
    Context, Engine, Error, audit::Entry, change::Opening, network::turned, runner::contact::PASSWORD,
    write::transaction,
};

impl Engine {
    /// What [`Engine::replace_router`] would find and do. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; findings that are in the way are part of the answer.
    pub async fn replace_dry_run(
        &self,
        context: &Context,
        name: &str,
        request: RouterReplace,
    ) -> Result<Enrolment, Error> {
        context.require(Role::Admin)?;
        let (router, visit) = self.meet_successor(name, &request).await?;
        let mut answer = visit.answer();
        visit.session.close().await;
        answer.networks = self.networks_to_move(&self.0.store, &router).await?.len() as u64;
        Ok(answer)
    }

    /// Puts another device in the place of a router: prepares it, records its identity, key and login, and
    /// orders the restoring of every network onto it. Refused while a change of the router is open. Needs
    /// admin.
    ///
    /// # Errors
    /// See [`Error`]; what had been done on the new device is undone, and what could not be is named.
    pub async fn replace_router(
        &self,
        context: &Context,
        name: &str,
        request: RouterReplace,
    ) -> Result<Enrolment, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let Some(new_serial) = request.new_serial.clone() else {
            return Err(Error::invalid("newSerial", "is missing: it confirms which device takes the place"));
        };
        let (engine, asked, name) = (self.clone(), context.clone(), name.to_owned());
        // A client that goes away must not leave a device half prepared.
        let work = tokio::spawn(async move { engine.replace(&asked, &name, &request, &new_serial).await });
        let result = work.await.map_err(|error| Error::Internal(Box::new(error)))?;
        self.or_recall(context, result).await
    }

    async fn replace(
        &self,
        context: &Context,
        name: &str,
        request: &RouterReplace,
        new_serial: &str,
    ) -> Result<Enrolment, Error> {
        let (router, visit) = self.meet_successor(name, request).await?;
        let found = visit.survey.facts.serial.clone();
        if found != new_serial {
            let message = format!(
                "the device at {} has serial {found}, not {new_serial}; nothing was done",
                visit.target.address
            );
            return Err(Error::conflict("other_device", message));
        }
        visit.refuse()?;
        let mut leases = self.device_lease(&visit, Some(&router)).await?;
        let result: Result<Enrolment, Error> = async {
            // Somebody may have exchanged it between the look and the lease.
            let now = self.find_router(name).await?;
            if now.identity != router.identity {
                let message = format!("router {} was replaced by somebody else meanwhile", router.name);
                return Err(Error::conflict("changed_meanwhile", message));
            }
            let mut visit = self.revisit(visit, None).await?;
            visit.refuse()?;
            let mut answer = visit.answer();
            let settled = self.prepare_device(&mut visit, &mut leases).await?;
            if let Err(error) = self.exchange(context, &router, &visit, &settled, &mut answer).await {
                let left = self.take_back(&mut visit).await;
                return Err(super::enroll::with_leftovers(error, &left));
            }
            self.after_registration(context, &visit, &settled, &mut answer).await;
            Ok(answer)
        }
        .await;
        leases.release().await;
        self.wake();
        result
    }

    /// Looks at the device that is to take the place, if it may be taken now.
    async fn meet_successor(
        &self,
        name: &str,
        request: &RouterReplace,
    ) -> Result<(stored::Router, Visit), Error> {
        let router = self.find_router(name).await?;
        let site = self.0.store.site(router.site_id).await?;
        let site = site.ok_or_else(|| Error::not_found("datacenter of router", &router.name))?;
        let Some(identity) = router.identity.clone() else {
            let message = format!(
                "router {} was never reached, so there is no device to replace; change how it is reached, or enrol it",
                router.name
            );
            return Err(Error::conflict("not_enrolled", message));
        };
        if identity.serial != request.old_serial {
            let message =
                format!("is not the serial number on record for router {}: {}", router.name, identity.serial);
            return Err(Error::invalid("oldSerial", message));
        }
        self.refuse_open_changes(&self.0.store, &router).await?;
        let asked = RouterEnroll {
            name: router.name.to_string(),
            datacenter: site.name.to_string(),
            address: request.address.clone().unwrap_or_else(|| router.address.clone()),
            login: Some(request.login.clone()),
            tls: request.tls.clone(),
            plain_address: request.plain_address.clone(),
            trunk: request.trunk.clone().unwrap_or_else(|| router.trunk.clone()),
            firewall_anchor: Some(router.anchor.clone()),
            options: request.options.clone(),
        };
        let visit = self.visit(self.wanted(&asked).await?, None).await?;
        if visit.survey.facts.serial == identity.serial {
            let message = format!(
                "the device at {} is the one on record (serial {}); to put its login or certificate right: \
                 moxxie router enroll",
                visit.target.address, identity.serial
            );
            visit.session.close().await;
            return Err(Error::conflict("same_device", message));
        }
        Ok((router, visit))
    }

    /// The new device in the record, and the changes that bring the networks there, in one transaction.
    async fn exchange(
        &self,
        context: &Context,
        before: &stored::Router,
        visit: &Visit,
        settled: &Settled,
        answer: &mut Enrolment,
    ) -> Result<(), Error> {
        let after = self.settled_router(visit, settled, before.id, before.name.clone());
        let shown = view(&after, &visit.wanted.site);
        let result: Result<(), Error> = transaction!(self, |tx| {
            tx.lock_domain(after.domain_id).await?;
            self.refuse_open_changes(&tx, before).await?;
            let serial =
                |identity: &Option<Identity>| identity.as_ref().map(|identity| identity.serial.clone());
            let now = tx.router(before.id).await?.ok_or_else(|| Error::not_found("router", &before.name))?;
            if serial(&now.identity) != serial(&before.identity) {
                let message = format!("router {} was replaced by somebody else meanwhile", before.name);
                return Err(Error::conflict("changed_meanwhile", message));
            }
            refuse_others(&tx, &after).await?;
            tx.update_router(&after, self.now()).await?;
            tx.put_secret(&after.id.to_string(), PASSWORD, &settled.password).await?;
            let networks = self.networks_to_move(&tx, &after).await?;
            answer.changes.clear();
            for (n, network) in (0_u32..).zip(&networks) {
                let change = self
                    .open_change(
                        &mut tx,
                        context,
                        Opening {
                            kind: ChangeKind::Restore,
                            networks: vec![(
                                network,
                                // It is on no device now: one that cannot be restored is not provisioned.
                                Subject {
                                    before: NetworkStatus::Failed,
                                    ..turned(network, NetworkStatus::Provisioning)
                                },
                            )],
                            routers: std::slice::from_ref(&after),
                            request: json!({"replaced": after.id}),
                            after: n,
                        },
                    )
                    .await?;
                let during = NetworkStatus::Provisioning;
                tx.update_network_status(network.id, network.version, during, self.now()).await?;
                answer.changes.push(change.change_id);
            }
            answer.networks = networks.len() as u64;
            answer.router = Some(shown.clone());
            answer.tls = shown.tls.clone();
            tx.audit(self.event(
                context,
                Entry {
                    action: "router.replace",
                    object: after.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({
                        "before": view(before, &visit.wanted.site), "after": shown,
                        "commands": answer.commands, "changes": answer.changes,
                        "administrator": visit.target.username,
                    }),
                },
            ));
            self.keep(&mut tx, context, &*answer).await?;
        });
        result?;
        self.drop_session(after.id);
        Ok(())
    }

    async fn refuse_open_changes(&self, reads: &Reads, router: &stored::Router) -> Result<(), Error> {
        let filter = ChangeFilter { router: Some(router.id), open_only: true, ..ChangeFilter::default() };
        let open = reads.changes(Scope::All, &filter, &moxxie_store::Page::first(5)).await?;
        if open.items.is_empty() {
            return Ok(());
        }
        let list: Vec<_> = open
            .items
            .iter()
            .map(|change| format!("{} ({}, {})", change.id, change.kind, change.state))
            .collect();
        let message = format!(
            "router {} has changes that are not over: {}; wait for them, cancel them, or write off what the old device \
             will never answer (moxxie change resolve)",
            router.name,
            list.join(", ")
        );
        Err(Error::conflict("change_open", message))
    }

    /// The networks that were on the device that goes.
    async fn networks_to_move(&self, reads: &Reads, router: &stored::Router) -> Result<Vec<Network>, Error> {
        let all = reads.networks_in_domain(router.domain_id).await?;
        let is_there =
            |network: &Network| matches!(network.status, NetworkStatus::Provisioned | NetworkStatus::Failed);
        Ok(all.into_iter().filter(is_there).collect())
    }
}
