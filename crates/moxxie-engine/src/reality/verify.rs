//! Asking a network's router whether addresses are in use, before one is recorded.

use std::{collections::BTreeSet, net::IpAddr, sync::atomic::Ordering};

use moxxie_api::address::{Address, AddressRequest};
use moxxie_core::{
    domain::Domain,
    identity::Role,
    network::{Network, NetworkStatus},
    prefix::address_from_number,
    reality::{Sighting, clean},
    router::Router,
};
use moxxie_routeros::{DriverError, Refusal, Session, network_name};
use moxxie_store::ScanClaim;
use tokio::time::Instant;

use crate::{
    Context, Engine, Error,
    batch::{Family, space::Ground},
    router::live::{no_answer, unavailable},
    write::transaction,
};

/// How many addresses are asked for at first, and at once at most. Each round asks for more: a network in
/// which everything answers is gone through in a few.
const ASKED: (usize, usize) = (4, 128);

impl Engine {
    /// Records an address as [`Engine::create_address`] does, after the network's router has asked for it on the
    /// network and nobody answered. What answers is remembered and not handed out. Needs operator.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the router does not answer in time: nothing is recorded then.
    pub async fn create_verified_address(
        &self,
        context: &Context,
        network: &str,
        request: AddressRequest,
    ) -> Result<Address, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let stored = self.find_network(context, network).await?;
        if stored.status != NetworkStatus::Provisioned {
            return Err(Error::conflict(
                "cannot_verify",
                format!(
                    "network {} is {}, not provisioned: no router is on it that could ask; leave `verify` out",
                    stored.name,
                    stored.status.as_str()
                ),
            ));
        }
        if let Some(text) = &request.address {
            let address: IpAddr =
                text.parse().map_err(|_| Error::invalid("address", "is not an IP address"))?;
            if let Some(seen) = self.ask(&stored, &[address]).await?.into_iter().next() {
                let who = seen.mac.map_or(String::new(), |mac| format!(" with {mac}"));
                return Err(Error::conflict(
                    "address_answers",
                    format!(
                        "{address} answers{who}: it is in use; find out by whom, or adopt it as a record"
                    ),
                ));
            }
            return self.create_address(context, network, request).await;
        }
        let until = Instant::now() + self.0.config.reality.verify_deadline;
        // A word that is no family is refused where the address is recorded.
        let family = match request.family.as_deref() {
            Some("ipv4") => Family::V4,
            Some("ipv6") => Family::V6,
            _ => Family::of(stored.prefix.addr()),
        };
        let mut count = ASKED.0;
        loop {
            let candidates = self.candidates(&stored, family, count).await?;
            if candidates.is_empty() {
                // It says in its own words that and why nothing is left.
                return self.create_address(context, network, request).await;
            }
            let answering: BTreeSet<IpAddr> =
                self.ask(&stored, &candidates).await?.into_iter().map(|seen| seen.address).collect();
            for silent in candidates.iter().filter(|candidate| !answering.contains(candidate)) {
                let request = AddressRequest { address: Some(silent.to_string()), ..request.clone() };
                match self.create_address(context, network, request).await {
                    // Somebody was faster; the next one was asked for as well.
                    Err(Error::Conflict { code: "address_taken", .. }) => {}
                    other => return other,
                }
            }
            if Instant::now() >= until {
                return Err(Error::Unavailable {
                    message: format!(
                        "every address asked for in network {} answers, the last {} of them at once: they are \
                         remembered, ask again to go on behind them",
                        stored.name,
                        answering.len()
                    ),
                    retry_after_s: 1,
                    source: None,
                });
            }
            count = (count * 4).min(ASKED.1);
        }
    }

    /// Addresses that may be handed out next, lowest first, as of now.
    async fn candidates(
        &self,
        network: &Network,
        family: Family,
        count: usize,
    ) -> Result<Vec<IpAddr>, Error> {
        let ground = Ground::read(&self.0.store, network.id, family).await?;
        let mut found = Vec::new();
        for (first, last) in ground.candidates.iter() {
            let like = ground.prefix.prefix.network();
            let (Some(first), Some(last)) =
                (address_from_number(first, like), address_from_number(last, like))
            else {
                continue;
            };
            let left = count - found.len();
            let since = self.seen_since();
            let free = self.0.store.unused_between(network.vrf_id, first, last, since, left).await?;
            found.extend(free);
            if found.len() >= count {
                break;
            }
        }
        Ok(found)
    }

    /// Asks the network's routers for addresses; what answers is written down as seen.
    async fn ask(&self, network: &Network, addresses: &[IpAddr]) -> Result<Vec<Sighting>, Error> {
        let interface = network_name(network.id);
        let mut all = Vec::new();
        for router in self.routers_of(&self.0.store, network).await? {
            let seen = self.ask_router(&router, &interface, addresses).await?;
            if !seen.is_empty() {
                let number = self.0.store.router_scan(router.id).await?.map_or(0, |scan| scan.completed);
                let claim = ScanClaim { router_id: router.id, number };
                let now = self.now();
                let result: Result<(), Error> =
                    transaction!(self, |tx| { tx.put_sightings(claim, &seen, now).await? });
                result?;
                self.0.sightings.fetch_add(1, Ordering::Relaxed);
            }
            all.extend(seen);
        }
        Ok(all)
    }

    async fn ask_router(
        &self,
        router: &Router,
        interface: &str,
        addresses: &[IpAddr],
    ) -> Result<Vec<Sighting>, Error> {
        let deadline = self.0.config.reality.verify_deadline;
        let asked = async |session: Session| {
            let seen = session.probe(interface, addresses, deadline).await?;
            self.keep_session(router.id, session);
            Ok(seen)
        };
        let session = self.session(router).await.map_err(unavailable)?;
        let seen = match asked(session).await {
            // A kept session may have died since: a fresh one tells.
            Err(DriverError::Lost { .. }) => asked(self.connect(router).await.map_err(unavailable)?).await,
            other => other,
        };
        seen.map_err(|error: DriverError| match &error {
            DriverError::Refused { reason, .. } => Error::conflict(
                "cannot_verify",
                format!(
                    "router {} refuses to ask ({reason}): give the group of moxxie's user there the policy \
                     `test`, or leave `verify` out",
                    router.name
                ),
            ),
            _ => no_answer(&error),
        })
    }

    /// Remembers a VLAN id that a plan met on the trunk, so that the next order takes another. A scan that no
    /// longer sees it forgets it again.
    pub(crate) async fn remember_refusal(
        &self,
        router: &Router,
        domain: &Domain,
        network: &Network,
        refusal: &Refusal,
    ) {
        let vlan = network.attachment.vlan;
        let Some(name) = refusal.in_the_way_of_vlan(vlan) else { return };
        let name = clean(name).unwrap_or_default();
        let now = self.now();
        let written: Result<(), Error> = transaction!(self, |tx| {
            tx.put_vlan_sighting(router.id, 0, domain.id, vlan, &name, now).await?
        });
        if let Err(error) = written {
            let error = &error as &dyn std::error::Error;
            tracing::warn!(router = %router.name, %vlan, error, "remembering a VLAN id in use");
        }
    }
}
