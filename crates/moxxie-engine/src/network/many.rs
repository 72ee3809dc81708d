//! Orders about several networks: one change, which does all of it or nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use moxxie_api::{
    change::Change,
    network::{NetworkBulk, NetworkSelection, NetworksModified, NetworksRemoval, NetworksUpdate},
    plan::DryRun,
};
use moxxie_core::{
    DomainId, NetworkId,
    change::ChangeKind,
    identity::Role,
    network::{self as stored, NetworkStatus},
    router::Router,
};
use moxxie_store::{NetworkFilter, Reads, Subject, Tx};
use serde_json::{Value, json};

use super::{Ground, Order, made, modify::Wish, refuse_ipam_only, turned};
use crate::{
    Context, Engine, Error,
    audit::Entry,
    change::{Opening, action_of},
    failpoint,
    intent::Turn,
    prefix::refused_items,
    validate::Checks,
    write::transaction,
};

/// Most networks in one order.
pub const MOST: usize = 1000;

/// Checked orders, each with what it names.
struct Ordered {
    orders: Vec<Order>,
    grounds: Vec<std::sync::Arc<Ground>>,
    routers: Vec<Router>,
}

impl Engine {
    /// Reserves VLANs and prefixes for several networks and opens one change that puts all of them on their
    /// routers, or none. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; what is wrong with an item names it, as in `items[3].size`.
    pub async fn provision_many(&self, context: &Context, request: NetworkBulk) -> Result<Change, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let ordered = self.ordered(context, &request).await?;
        let result = transaction!(self, |tx| {
            let networks = self.reserve_many(&mut tx, &ordered, NetworkStatus::Provisioning).await?;
            let opening = Opening {
                kind: ChangeKind::Provision,
                networks: networks.iter().map(|network| (network, made(network))).collect(),
                routers: &ordered.routers,
                request: json!({"networks": networks.len()}),
                after: 0,
            };
            let change = self.open_change(&mut tx, context, opening).await?;
            for (network, item) in networks.iter().zip(&request.items) {
                let detail = json!({"request": item, "change": change.change_id,
                    "vlan": network.attachment.vlan, "prefix": network.prefix});
                self.note_network(&mut tx, context, ChangeKind::Provision, network, "accepted", detail);
            }
            self.keep(&mut tx, context, &change).await?;
            failpoint::hit(failpoint::ORDER_WRITTEN);
            change
        });
        self.wake();
        self.or_recall(context, result).await
    }

    /// What [`Engine::provision_many`] would do on routers. Reads them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision_many_dry_run(
        &self,
        context: &Context,
        request: NetworkBulk,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let ordered = self.ordered(context, &request).await?;
        let mut tx = self.0.store.begin().await?;
        let networks = self.reserve_many(&mut tx, &ordered, NetworkStatus::Allocated).await?;
        drop(tx);
        let turns = networks.into_iter().map(Turn::whole).collect::<Vec<_>>().into();
        let routers = self.rehearse_change(ChangeKind::Provision, &turns, &ordered.routers).await?;
        Ok(DryRun { network: None, routers })
    }

    /// Opens one change that takes all chosen networks off their routers and releases their allocations, or
    /// does nothing of it. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; a network with recorded addresses or with another change is a [`Error::Conflict`].
    pub async fn deprovision_many(
        &self,
        context: &Context,
        request: NetworksRemoval,
    ) -> Result<Change, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let chosen = self.chosen(context, &request.select).await?;
        let result = transaction!(self, |tx| {
            let networks = self.locked(&mut tx, context, &chosen).await?;
            for network in &networks {
                self.refuse_while_in_use(&tx, network).await?;
            }
            let routers = self.routers_of_all(&tx, networks.iter(), ChangeKind::Deprovision).await?;
            let opening = Opening {
                kind: ChangeKind::Deprovision,
                networks: networks
                    .iter()
                    .map(|network| (network, turned(network, NetworkStatus::Deprovisioning)))
                    .collect(),
                routers: &routers,
                request: json!({"request": request}),
                after: 0,
            };
            let change = self.open_change(&mut tx, context, opening).await?;
            for network in &networks {
                let status = NetworkStatus::Deprovisioning;
                tx.update_network_status(network.id, network.version, status, self.now()).await?;
                let detail = json!({"change": change.change_id, "before": network.status});
                self.note_network(&mut tx, context, ChangeKind::Deprovision, network, "accepted", detail);
            }
            self.keep(&mut tx, context, &change).await?;
            change
        });
        self.wake();
        self.or_recall(context, result).await
    }

    /// What [`Engine::deprovision_many`] would do on routers. Reads them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn deprovision_many_dry_run(
        &self,
        context: &Context,
        request: NetworksRemoval,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let chosen = self.chosen(context, &request.select).await?;
        for network in &chosen {
            self.refuse_open_change(&self.0.store, network).await?;
            self.refuse_while_in_use(&self.0.store, network).await?;
        }
        let routers = self.routers_of_all(&self.0.store, chosen.iter(), ChangeKind::Deprovision).await?;
        let turns = chosen.into_iter().map(Turn::whole).collect::<Vec<_>>().into();
        let routers = self.rehearse_change(ChangeKind::Deprovision, &turns, &routers).await?;
        Ok(DryRun { network: None, routers })
    }

    /// Gives all chosen networks other options. Those on routers get one change, which brings all routers
    /// after it or is undone whole; the others are changed at once, in the same transaction. Needs operator.
    ///
    /// # Errors
    /// See [`Engine::modify_network`].
    pub async fn modify_many(
        &self,
        context: &Context,
        request: NetworksUpdate,
    ) -> Result<NetworksModified, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let wish = Wish::check(&request.options)?;
        let chosen = self.chosen(context, &request.select).await?;
        let result = transaction!(self, |tx| {
            let networks = self.locked(&mut tx, context, &chosen).await?;
            self.known_wish(&tx, &wish).await?;
            let mut done = Vec::new();
            let mut turns = Vec::new();
            for before in networks {
                let Some(after) = self.wished(&mut tx, &before, &wish).await? else { continue };
                let turn = Turn { before, after };
                if turn.before.status == NetworkStatus::Allocated {
                    let detail = json!({"before": turn.before.options, "after": turn.after.options});
                    let kind = ChangeKind::Modify;
                    self.note_network(&mut tx, context, kind, &turn.after, "succeeded", detail);
                    done.push(turn.after.id.to_string());
                } else {
                    turns.push(turn);
                }
            }
            let change = if turns.is_empty() {
                None
            } else {
                Some(self.order_turns(&mut tx, context, &turns, json!({"request": request})).await?)
            };
            let answer = NetworksModified { change, modified: done };
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.wake();
        self.or_recall(context, result).await
    }

    /// What [`Engine::modify_many`] would do on routers. Reads them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn modify_many_dry_run(
        &self,
        context: &Context,
        request: NetworksUpdate,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let wish = Wish::check(&request.options)?;
        self.known_wish(&self.0.store, &wish).await?;
        let mut turns = Vec::new();
        for before in self.chosen(context, &request.select).await? {
            self.refuse_open_change(&self.0.store, &before).await?;
            let options = wish.on(&before)?;
            if options != before.options && before.status != NetworkStatus::Allocated {
                super::modify::modifiable(&before)?;
                turns.push(Turn { after: stored::Network { options, ..before.clone() }, before });
            }
        }
        let after = turns.iter().map(|turn| &turn.after);
        let routers = self.routers_of_all(&self.0.store, after, ChangeKind::Modify).await?;
        let routers = self.rehearse_change(ChangeKind::Modify, &turns.into(), &routers).await?;
        Ok(DryRun { network: None, routers })
    }

    /// Opens the change that brings routers after networks whose options have been written.
    pub(super) async fn order_turns(
        &self,
        tx: &mut Tx,
        context: &Context,
        turns: &[Turn],
        request: Value,
    ) -> Result<Change, Error> {
        let after = turns.iter().map(|turn| &turn.after);
        let routers = self.routers_of_all(tx, after, ChangeKind::Modify).await?;
        let subject = |turn: &Turn| Subject {
            carried: Some(turn.before.options.clone()),
            ..turned(&turn.before, turn.before.status)
        };
        let opening = Opening {
            kind: ChangeKind::Modify,
            networks: turns.iter().map(|turn| (&turn.after, subject(turn))).collect(),
            routers: &routers,
            request,
            after: 0,
        };
        let change = self.open_change(tx, context, opening).await?;
        for Turn { before, after } in turns {
            let detail =
                json!({"change": change.change_id, "before": before.options, "after": after.options});
            self.note_network(tx, context, ChangeKind::Modify, after, "accepted", detail);
        }
        Ok(change)
    }

    /// Checks every item before anything is locked; all that is wrong is said at once.
    async fn ordered(&self, context: &Context, request: &NetworkBulk) -> Result<Ordered, Error> {
        let items = &request.items;
        if items.is_empty() || items.len() > MOST {
            let message = format!("must be 1 to {MOST} networks, not {}; split the order", items.len());
            return Err(Error::invalid("items", message));
        }
        let mut orders = Vec::with_capacity(items.len());
        let mut wrong = Vec::new();
        for (index, item) in items.iter().enumerate() {
            match Order::check(item) {
                Ok(order) => orders.push(order),
                Err(error) => wrong.push((index, error)),
            }
        }
        if !wrong.is_empty() {
            return Err(refused_items(items.len(), wrong));
        }
        // Items mostly name the same things: those are looked up once.
        let mut known = HashMap::new();
        let mut grounds = Vec::with_capacity(orders.len());
        for (index, order) in orders.iter().enumerate() {
            let second = order.second.as_ref().map(|part| part.pool.clone());
            let key = (
                (&order.tenant, &order.site, &order.vrf, &order.options.profile),
                (&order.first.pool, order.sizes().collect::<Vec<_>>(), second),
            );
            if !known.contains_key(&key) {
                let found = async {
                    let ground = self.ground(&self.0.store, context, order).await?;
                    refuse_ipam_only(&self.0.store, ground.vrf.id, order.sizes())?;
                    Ok(ground)
                };
                match found.await {
                    Ok(ground) => drop(known.insert(key.clone(), std::sync::Arc::new(ground))),
                    Err(error) => {
                        wrong.push((index, error));
                        continue;
                    }
                }
            }
            grounds.extend(known.get(&key).cloned());
        }
        if !wrong.is_empty() {
            return Err(refused_items(items.len(), wrong));
        }
        let mut routers = BTreeMap::new();
        for ground in known.values() {
            for router in self.routers_for(&self.0.store, &ground.domain, &ground.site).await? {
                routers.insert(router.id, router);
            }
        }
        Ok(Ordered { orders, grounds, routers: routers.into_values().collect() })
    }

    async fn reserve_many(
        &self,
        tx: &mut Tx,
        ordered: &Ordered,
        status: NetworkStatus,
    ) -> Result<Vec<stored::Network>, Error> {
        // All VLAN domains and then all pools, each in order of id, as every order does: two never wait for
        // each other.
        let domains: BTreeSet<DomainId> = ordered.grounds.iter().map(|ground| ground.domain.id).collect();
        for domain in domains {
            tx.lock_domain(domain).await?;
        }
        let pools = |ground: &Ground| {
            ground.pools.iter().chain(&ground.pools6).map(|pool| pool.id).collect::<Vec<_>>()
        };
        let pools: BTreeSet<_> = ordered.grounds.iter().flat_map(|ground| pools(ground)).collect();
        tx.lock_pools(&pools.into_iter().collect::<Vec<_>>()).await?;
        let mut networks = Vec::with_capacity(ordered.orders.len());
        for (index, (order, ground)) in ordered.orders.iter().zip(&ordered.grounds).enumerate() {
            let reserved = self.reserve(tx, ground, order, status).await;
            let alone = |error: Error| match error {
                Error::Invalid(_) | Error::Conflict { .. } => {
                    refused_items(ordered.orders.len(), vec![(index, error)])
                }
                other => other,
            };
            networks.push(reserved.map_err(alone)?);
        }
        Ok(networks)
    }

    /// The networks that a selection names, by id.
    pub(crate) async fn chosen(
        &self,
        context: &Context,
        select: &NetworkSelection,
    ) -> Result<Vec<stored::Network>, Error> {
        if *select == NetworkSelection::default() {
            let message =
                "must name networks: networkIds, datacenter, clientId, firewallProfile, label or all";
            return Err(Error::invalid("select", message));
        }
        let mut checks = Checks::default();
        let label = checks.label_filter(select.label.as_deref());
        let profile =
            select.firewall_profile.as_deref().map(|name| checks.name("select.firewallProfile", name));
        checks.done()?;
        let site = match &select.datacenter {
            Some(name) => Some(self.site_in_field("select.datacenter", name).await?.id),
            None => None,
        };
        let tenant = self.tenant_in_field(context, select.client_id.as_deref()).await?;
        let filter = NetworkFilter { site, tenant, label, ..NetworkFilter::default() };
        let named: Option<BTreeSet<&str>> =
            select.network_ids.as_ref().map(|ids| ids.iter().map(String::as_str).collect());
        let mut found = BTreeMap::new();
        let mut page = moxxie_store::Page::first(1000);
        loop {
            let part = self.0.store.networks(context.principal.scope, &filter, &page).await?;
            for network in part.items {
                let is_named = named.as_ref().is_none_or(|named| named.contains(&*network.id.to_string()));
                let has_profile =
                    profile.as_ref().is_none_or(|profile| *profile == Some(network.options.profile.clone()));
                if is_named && has_profile {
                    found.insert(network.id, network);
                }
            }
            match part.next {
                Some(next) => page.after = Some(next),
                None => break,
            }
        }
        let there = |id: &&&str| !id.parse::<NetworkId>().is_ok_and(|id| found.contains_key(&id));
        if let Some(missing) = named.iter().flatten().find(there) {
            let message = format!("there is no network {missing} among those that are chosen");
            return Err(Error::invalid("select.networkIds", message));
        }
        match found.len() {
            0 => Err(Error::invalid("select", "chooses no network; `GET /networks` lists them")),
            many if many > MOST => {
                let message =
                    format!("chooses {many} networks, and an order has at most {MOST}: narrow it down");
                Err(Error::invalid("select", message))
            }
            _ => Ok(found.into_values().collect()),
        }
    }

    /// The same networks, locked in order of id, as they are now; none of them with a change under way.
    async fn locked(
        &self,
        tx: &mut Tx,
        context: &Context,
        chosen: &[stored::Network],
    ) -> Result<Vec<stored::Network>, Error> {
        let mut networks = Vec::with_capacity(chosen.len());
        for network in chosen {
            // One that went meanwhile is not chosen any more.
            let Some(network) = tx.lock_network(context.principal.scope, network.id).await? else { continue };
            self.refuse_open_change(tx, &network).await?;
            networks.push(network);
        }
        Ok(networks)
    }

    /// The routers that carry any of these networks, each once, by id.
    pub(crate) async fn routers_of_all<'n>(
        &self,
        reads: &Reads,
        networks: impl Iterator<Item = &'n stored::Network>,
        kind: ChangeKind,
    ) -> Result<Vec<Router>, Error> {
        let mut seen = BTreeSet::new();
        let mut routers = BTreeMap::new();
        for network in networks {
            let asked = kind != ChangeKind::Deprovision || network.status != NetworkStatus::Allocated;
            if asked && seen.insert((network.attachment.domain_id, network.site_id)) {
                for router in self.routers_of(reads, network).await? {
                    routers.insert(router.id, router);
                }
            }
        }
        Ok(routers.into_values().collect())
    }

    pub(crate) fn note_network(
        &self,
        tx: &mut Tx,
        context: &Context,
        kind: ChangeKind,
        network: &stored::Network,
        outcome: &'static str,
        detail: Value,
    ) {
        let (object, tenant) = (network.id.to_string(), Some(network.tenant_id));
        tx.audit(self.event(context, Entry { action: action_of(kind), object, tenant, outcome, detail }));
    }

    /// The networks of a change that are there.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn networks_of_change(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<Vec<moxxie_api::network::Network>, Error> {
        context.require(Role::Viewer)?;
        let change = self.find_change(context, id).await?;
        let mut directory = super::Directory::default();
        let mut views = Vec::new();
        for network in self.0.store.networks_of_change(change.id).await? {
            directory.learn(&self.0.store, &network).await?;
            views.extend(directory.view(&network));
        }
        Ok(views)
    }
}
