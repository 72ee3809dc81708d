//! Networks.

mod allocate;
mod directory;
mod each;
mod many;
mod modify;
mod order;
mod resize;
mod view;

use moxxie_api::{
    Page,
    change::Change,
    network::{Network, NetworkQuery, NetworkRequest},
    plan::DryRun,
};
use moxxie_core::{
    NetworkId,
    change::ChangeKind,
    identity::{Role, Scope},
    network::{self as stored, NetworkStatus},
    vlan::VlanId,
};
use moxxie_store::{ChangeFilter, NetworkFilter, Reads, Subject, Window};
use serde_json::json;

pub(crate) use self::{
    allocate::Ground,
    order::{Order, Part},
    view::host_tags,
};
use self::{
    directory::Directory,
    view::{of_ground, view},
};
pub use self::{many::MOST, modify::Modified};
use crate::{
    Context, Engine, Error,
    audit::Entry,
    change::{Opening, action_of},
    failpoint,
    history::{Live, LiveList, Then, page_at},
    intent::Turn,
    page,
    validate::Checks,
    write::transaction,
};

/// What became of an order.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Accepted {
    /// The change that does it; already finished when there was nothing to do.
    pub change: Change,
    /// The network it is about; absent once it is gone.
    pub network: Option<Network>,
}

/// All networks in scope.
struct LiveNetworks<'a> {
    reads: &'a Reads,
    scope: Scope,
}

impl LiveList<stored::Network> for LiveNetworks<'_> {
    async fn behind(
        &self,
        place: Option<[u8; 16]>,
        part: moxxie_store::Page,
    ) -> Result<Live<stored::Network>, Error> {
        let after = place.map(|place| NetworkId::new(moxxie_core::id::Uuid::from_bytes(place)).to_string());
        let part = moxxie_store::Page { after, ..part };
        Ok(self.reads.networks(self.scope, &NetworkFilter::default(), &part).await?.into())
    }
}

impl Engine {
    /// Reserves VLAN and prefix; no router is touched. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn allocate(&self, context: &Context, request: NetworkRequest) -> Result<Network, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let order = Order::check(&request)?;
        let ground = self.ground(&self.0.store, context, &order).await?;
        let result = transaction!(self, |tx| {
            let network = self.reserve(&mut tx, &ground, &order, NetworkStatus::Allocated).await?;
            let answer = view(&network, of_ground(&ground, &network));
            tx.audit(self.event(
                context,
                Entry {
                    action: "network.allocate",
                    object: network.id.to_string(),
                    tenant: Some(network.tenant_id),
                    outcome: "succeeded",
                    detail: json!({"request": request, "after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// What [`Engine::allocate`] would reserve.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn allocate_dry_run(
        &self,
        context: &Context,
        request: NetworkRequest,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let (ground, network) = self.rehearse(context, &request).await?;
        Ok(DryRun { network: Some(view(&network, of_ground(&ground, &network))), routers: Vec::new() })
    }

    /// Reserves VLAN and prefix and opens a change that puts the network on its routers. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision(&self, context: &Context, request: NetworkRequest) -> Result<Accepted, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let order = Order::check(&request)?;
        let ground = self.ground(&self.0.store, context, &order).await?;
        refuse_ipam_only(&self.0.store, ground.vrf.id, order.sizes())?;
        let routers = self.routers_for(&self.0.store, &ground.domain, &ground.site).await?;
        let result = transaction!(self, |tx| {
            let network = self.reserve(&mut tx, &ground, &order, NetworkStatus::Provisioning).await?;
            let change = self
                .open_change(
                    &mut tx,
                    context,
                    Opening {
                        kind: ChangeKind::Provision,
                        networks: vec![(&network, made(&network))],
                        routers: &routers,
                        request: json!({"request": request}),
                        after: 0,
                    },
                )
                .await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "network.provision",
                    object: network.id.to_string(),
                    tenant: Some(network.tenant_id),
                    outcome: "accepted",
                    detail: json!({"request": request, "change": change.change_id,
                    "vlan": network.attachment.vlan, "prefix": network.prefix}),
                },
            ));
            let mut around = of_ground(&ground, &network);
            around.change = Some(change.change_id.clone());
            around.steps = change.steps.clone();
            let answer = Accepted { network: Some(view(&network, around)), change };
            self.keep(&mut tx, context, &answer).await?;
            failpoint::hit(failpoint::ORDER_WRITTEN);
            answer
        });
        failpoint::hit(failpoint::ORDER_COMMITTED);
        self.wake();
        self.or_recall(context, result).await
    }

    /// What [`Engine::provision`] would reserve and do. Reads the routers.
    ///
    /// # Errors
    /// See [`Error`]; rows of somebody else in the way are a [`Error::Conflict`].
    pub async fn provision_dry_run(
        &self,
        context: &Context,
        request: NetworkRequest,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let (ground, network) = self.rehearse(context, &request).await?;
        refuse_network_ipam_only(&self.0.store, &network)?;
        let routers = self.routers_for(&self.0.store, &ground.domain, &ground.site).await?;
        let turns = vec![Turn::whole(network.clone())].into();
        let routers = self.rehearse_change(ChangeKind::Provision, &turns, &routers).await?;
        Ok(DryRun { network: Some(view(&network, of_ground(&ground, &network))), routers })
    }

    /// Opens a change that puts an allocated network on its routers; one that is there is left alone.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision_allocated(&self, context: &Context, id: &str) -> Result<Accepted, Error> {
        self.change_network(context, id, ChangeKind::Provision).await
    }

    /// What [`Engine::provision_allocated`] would do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision_allocated_dry_run(&self, context: &Context, id: &str) -> Result<DryRun, Error> {
        self.rehearse_existing(context, id, ChangeKind::Provision).await
    }

    /// Opens a change that takes a network off its routers and releases its allocation. A network that
    /// is gone already gives the change that removed it. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; recorded addresses are a [`Error::Conflict`] that lists them.
    pub async fn deprovision(&self, context: &Context, id: &str) -> Result<Accepted, Error> {
        context.require(Role::Operator)?;
        if let Some(change) = self.already_removed(context, id).await? {
            return Ok(Accepted { change, network: None });
        }
        self.change_network(context, id, ChangeKind::Deprovision).await
    }

    /// What [`Engine::deprovision`] would do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn deprovision_dry_run(&self, context: &Context, id: &str) -> Result<DryRun, Error> {
        self.rehearse_existing(context, id, ChangeKind::Deprovision).await
    }

    /// Opens a change that makes the rows of a network on its routers what they should be: nothing where
    /// they are there, all of them on a device that has none. The allocation stays, however it ends.
    ///
    /// # Errors
    /// See [`Error`]; a network that was never put on a router is a [`Error::Conflict`].
    pub async fn restore(&self, context: &Context, id: &str) -> Result<Accepted, Error> {
        self.change_network(context, id, ChangeKind::Restore).await
    }

    /// What [`Engine::restore`] would do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn restore_dry_run(&self, context: &Context, id: &str) -> Result<DryRun, Error> {
        self.rehearse_existing(context, id, ChangeKind::Restore).await
    }

    /// Lists networks, the oldest first. Steps are only in the answer for one network.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn networks(&self, context: &Context, query: NetworkQuery) -> Result<Page<Network>, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let vlan = query.vlan_id.and_then(|vlan| checks.take("vlanId", VlanId::new(vlan)));
        let status = query.status.as_deref().map(NetworkStatus::parse);
        if status == Some(None) {
            let known = NetworkStatus::ALL.map(NetworkStatus::as_str).join(", ");
            checks.wrong("status", format!("is not a status: {known}"));
        }
        let label = checks.label_filter(query.label.as_deref());
        checks.done()?;
        let page = page::wanted(query.cursor, query.limit)?;
        let mut filter = NetworkFilter { status: status.flatten(), vlan, label, ..NetworkFilter::default() };
        let (listing, mut directory) = match self.then(context, query.at.as_deref()).await? {
            Some(then) => {
                if let Some(name) = &query.datacenter {
                    filter.site = Some(then.site_in_field(name)?.id);
                }
                filter.tenant = then.tenant_in_field(query.client_id.as_deref())?;
                (self.networks_at(&then, &filter, &page).await?, Directory::of(&then))
            }
            None => {
                if let Some(name) = &query.datacenter {
                    filter.site = Some(self.site_in_field("datacenter", name).await?.id);
                }
                filter.tenant = self.tenant_in_field(context, query.client_id.as_deref()).await?;
                let listing = self.0.store.networks(context.principal.scope, &filter, &page).await?;
                (listing, Directory::default())
            }
        };
        let mut items = Vec::with_capacity(listing.items.len());
        for network in &listing.items {
            directory.learn(&self.0.store, network).await?;
            items.extend(directory.view(network));
        }
        Ok(Page { items, next_cursor: listing.next })
    }

    /// Networks as they were.
    async fn networks_at(
        &self,
        then: &Then,
        filter: &NetworkFilter,
        page: &moxxie_store::Page,
    ) -> Result<moxxie_store::Listing<stored::Network>, Error> {
        let store = &self.0.store;
        let live = LiveNetworks { reads: store, scope: then.scope };
        let wanted = |network: &stored::Network| {
            filter.site.is_none_or(|site| site == network.site_id)
                && filter.tenant.is_none_or(|tenant| tenant == network.tenant_id)
                && filter.status.is_none_or(|status| status == network.status)
                && filter.vlan.is_none_or(|vlan| vlan == network.attachment.vlan)
                && filter.label.as_ref().is_none_or(|label| label.matches(&network.labels))
        };
        let mut listing = page_at(store, then, &Window::all("", 0), page, &live, wanted).await?;
        listing.items.iter_mut().for_each(|network| then.settle_network(network));
        Ok(listing)
    }

    /// One network as it was, by id. What became of it on routers is told by its changes.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn network_at(&self, context: &Context, id: &str, at: &str) -> Result<Network, Error> {
        context.require(Role::Viewer)?;
        let missing = || Error::not_found("network at that time", id);
        let then = self.then(context, Some(at)).await?.ok_or_else(missing)?;
        let network = self.find_network_at(&then, id).await?;
        let mut directory = Directory::of(&then);
        directory.learn(&self.0.store, &network).await?;
        directory.view(&network).ok_or_else(|| Error::not_found("datacenter of network", network.id))
    }

    pub(crate) async fn find_network_at(&self, then: &Then, id: &str) -> Result<stored::Network, Error> {
        let missing = || Error::not_found("network at that time", id);
        let network_id: NetworkId = id.parse().map_err(|_| missing())?;
        let live = self.0.store.network(then.scope, network_id).await?;
        let mut network = self.version_at(then, live, id).await?.ok_or_else(missing)?;
        then.settle_network(&mut network);
        Ok(network)
    }

    /// One network, by id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn network(&self, context: &Context, id: &str) -> Result<Network, Error> {
        context.require(Role::Viewer)?;
        let network = self.find_network(context, id).await?;
        self.network_view(&self.0.store, &network).await
    }

    pub(crate) async fn find_network(&self, context: &Context, id: &str) -> Result<stored::Network, Error> {
        let missing = || Error::not_found("network", id);
        let network_id: NetworkId = id.parse().map_err(|_| missing())?;
        self.0.store.network(context.principal.scope, network_id).await?.ok_or_else(missing)
    }

    pub(crate) async fn network_view(
        &self,
        reads: &Reads,
        network: &stored::Network,
    ) -> Result<Network, Error> {
        let mut directory = Directory::default();
        directory.learn(reads, network).await?;
        let mut answer =
            directory.view(network).ok_or_else(|| Error::not_found("datacenter of network", network.id))?;
        let filter = ChangeFilter { network: Some(network.id), ..ChangeFilter::default() };
        let latest = reads.changes(Scope::All, &filter, &moxxie_store::Page::first(1)).await?;
        if let Some(change) = latest.items.first() {
            answer.change_id = Some(change.id.to_string());
            answer.provisioning_steps = self.steps_view(reads, change.id).await?;
        }
        Ok(answer)
    }

    /// Reserves in a transaction that is then dropped: nothing is kept.
    async fn rehearse(
        &self,
        context: &Context,
        request: &NetworkRequest,
    ) -> Result<(Ground, stored::Network), Error> {
        let order = Order::check(request)?;
        let ground = self.ground(&self.0.store, context, &order).await?;
        let mut tx = self.0.store.begin().await?;
        let network = self.reserve(&mut tx, &ground, &order, NetworkStatus::Allocated).await?;
        drop(tx);
        Ok((ground, network))
    }

    async fn rehearse_existing(
        &self,
        context: &Context,
        id: &str,
        kind: ChangeKind,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let network = self.find_network(context, id).await?;
        match kind {
            ChangeKind::Deprovision => self.refuse_while_in_use(&self.0.store, &network).await?,
            ChangeKind::Restore => drop(restorable(&network)?),
            ChangeKind::Provision | ChangeKind::Modify => {}
        }
        let routers = self.routers_to_change(&self.0.store, &network, kind).await?;
        let turns = vec![Turn::whole(network.clone())].into();
        let routers = self.rehearse_change(kind, &turns, &routers).await?;
        Ok(DryRun { network: Some(self.network_view(&self.0.store, &network).await?), routers })
    }

    /// The change that removed a network that is gone.
    async fn already_removed(&self, context: &Context, id: &str) -> Result<Option<Change>, Error> {
        let Ok(network) = id.parse::<NetworkId>() else { return Ok(None) };
        if self.0.store.network(context.principal.scope, network).await?.is_some() {
            return Ok(None);
        }
        let filter = ChangeFilter {
            network: Some(network),
            kind: Some(ChangeKind::Deprovision),
            ..ChangeFilter::default()
        };
        let changes =
            self.0.store.changes(context.principal.scope, &filter, &moxxie_store::Page::first(1)).await?;
        match changes.items.first() {
            Some(change) => Ok(Some(self.change_view(&self.0.store, change).await?)),
            None => Ok(None),
        }
    }

    /// Opens a change of a network that exists. Repeating it gives the change that is doing it, or the
    /// one that did.
    async fn change_network(&self, context: &Context, id: &str, kind: ChangeKind) -> Result<Accepted, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let network_id = self.find_network(context, id).await?.id;
        let result = transaction!(self, |tx| {
            let network = tx.lock_network(context.principal.scope, network_id).await?;
            let network = network.ok_or_else(|| Error::not_found("network", id))?;
            if let Some(same) = self.same_change(&tx, &network, kind).await? {
                return Ok(Accepted { change: same, network: Some(self.network_view(&tx, &network).await?) });
            }
            let status = match kind {
                ChangeKind::Provision => {
                    refuse_network_ipam_only(&tx, &network)?;
                    self.refuse_profile_in_change(&tx, &network.options.profile).await?;
                    NetworkStatus::Provisioning
                }
                ChangeKind::Deprovision => {
                    self.refuse_while_in_use(&tx, &network).await?;
                    NetworkStatus::Deprovisioning
                }
                // While its rows are being looked at, whoever plans beside it must take it to be there.
                ChangeKind::Restore | ChangeKind::Modify => restorable(&network)?,
            };
            let routers = self.routers_to_change(&tx, &network, kind).await?;
            let opening = Opening {
                kind,
                networks: vec![(&network, turned(&network, status))],
                routers: &routers,
                request: json!({}),
                after: 0,
            };
            let change = self.open_change(&mut tx, context, opening).await?;
            tx.update_network_status(network.id, network.version, status, self.now()).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: action_of(kind),
                    object: network.id.to_string(),
                    tenant: Some(network.tenant_id),
                    outcome: "accepted",
                    detail: json!({"change": change.change_id, "before": network.status}),
                },
            ));
            let mut view = self.network_view(&tx, &network).await?;
            view.status = status.as_str().to_owned();
            view.change_id = Some(change.change_id.clone());
            view.provisioning_steps = change.steps.clone();
            let answer = Accepted { network: Some(view), change };
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.wake();
        self.or_recall(context, result).await
    }

    /// The routers a change of a network has to ask: none to release an allocation that no router knows.
    async fn routers_to_change(
        &self,
        reads: &Reads,
        network: &stored::Network,
        kind: ChangeKind,
    ) -> Result<Vec<moxxie_core::router::Router>, Error> {
        if network.status == NetworkStatus::Allocated && kind == ChangeKind::Deprovision {
            return Ok(Vec::new());
        }
        self.routers_of(reads, network).await
    }

    /// The change that is doing, or has done, what is asked for.
    async fn same_change(
        &self,
        reads: &Reads,
        network: &stored::Network,
        kind: ChangeKind,
    ) -> Result<Option<Change>, Error> {
        if let Some(open) = reads.open_change_of_network(network.id).await? {
            if open.kind == kind {
                return Ok(Some(self.change_view(reads, &open).await?));
            }
            let message = format!(
                "network {} has change {} ({}, {}), which is not over yet; wait for it or cancel it",
                network.name, open.id, open.kind, open.state
            );
            return Err(Error::conflict("change_open", message));
        }
        if kind == ChangeKind::Provision && network.status == NetworkStatus::Provisioned {
            let filter =
                ChangeFilter { network: Some(network.id), kind: Some(kind), ..ChangeFilter::default() };
            let last = reads.changes(Scope::All, &filter, &moxxie_store::Page::first(1)).await?;
            if let Some(last) = last.items.first() {
                return Ok(Some(self.change_view(reads, last).await?));
            }
        }
        Ok(None)
    }

    async fn refuse_while_in_use(&self, reads: &Reads, network: &stored::Network) -> Result<(), Error> {
        let count = reads.count_addresses(Scope::All, network.id).await?;
        if count == 0 {
            return Ok(());
        }
        let some = reads.addresses(Scope::All, network.id, &moxxie_store::Page::first(20)).await?;
        let list: Vec<_> = some
            .items
            .iter()
            .map(|record| json!({"address": record.address, "hostname": record.hostname, "vmId": record.vm_id}))
            .collect();
        let named: Vec<_> = some.items.iter().take(3).map(|record| record.address.to_string()).collect();
        let more = if count > 3 { ", ..." } else { "" };
        Err(Error::Conflict {
            code: "in_use",
            message: format!(
                "network {} still has recorded addresses: {count} ({}{more}); release them first (moxxie network ip release)",
                network.name,
                named.join(", ")
            ),
            context: Some(json!({"addresses": list, "count": count})),
        })
    }
}

/// A network that its change makes.
fn made(network: &stored::Network) -> Subject {
    Subject {
        network: network.id,
        made: true,
        before: NetworkStatus::Allocated,
        during: network.status,
        carried: None,
    }
}

/// A network that has this status while its change is under way.
pub(crate) fn turned(network: &stored::Network, during: NetworkStatus) -> Subject {
    Subject { network: network.id, made: false, before: network.status, during, carried: None }
}

/// The status a network keeps while it is restored.
fn restorable(network: &stored::Network) -> Result<NetworkStatus, Error> {
    match network.status {
        status @ (NetworkStatus::Provisioned | NetworkStatus::Failed) => Ok(status),
        status => Err(Error::conflict(
            "not_provisioned",
            format!(
                "network {} is {}, so there is nothing to restore; provision it instead",
                network.name,
                status.as_str()
            ),
        )),
    }
}

/// Routers carry the VRF main in this version; whatever else is asked of them is refused and never left out
/// silently.
fn refuse_network_ipam_only(reads: &Reads, network: &stored::Network) -> Result<(), Error> {
    let second = network.second.as_ref().map(|second| second.prefix);
    let prefixes = std::iter::once(network.prefix).chain(second);
    let sizes = prefixes.map(|prefix| (prefix.addr().is_ipv6(), prefix.prefix_len()));
    refuse_ipam_only(reads, network.vrf_id, sizes)
}

/// The same for one that is not there yet, by whether its prefixes are IPv6 and their lengths.
fn refuse_ipam_only(
    reads: &Reads,
    vrf: moxxie_core::VrfId,
    mut sizes: impl Iterator<Item = (bool, u8)>,
) -> Result<(), Error> {
    if vrf != reads.main_vrf() {
        return Err(Error::conflict(
            "vrf_not_on_routers",
            "only networks of the VRF main can be put on routers; networks of other VRFs can be reserved (POST \
             /networks/allocate, `moxxie network allocate`)",
        ));
    }
    if let Some((ipv6, length)) = sizes.find(|size| matches!(size, (false, 31) | (true, 127))) {
        let larger = if ipv6 { "/64" } else { "/30" };
        return Err(Error::conflict(
            "size_not_on_routers",
            format!(
                "a /{length} is not put on routers in this version; order a {larger}, or reserve it (POST \
                 /networks/allocate, `moxxie network allocate`)"
            ),
        ));
    }
    Ok(())
}
