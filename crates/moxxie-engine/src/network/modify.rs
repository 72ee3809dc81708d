//! Networks that carry something else from now on: another profile, DHCP or not, another description.
//!
//! What a network should carry is its record, so the record changes with the order; the change brings the
//! routers after it, and gives the record back what it had when it is undone.

use moxxie_api::{
    change::Change,
    network::{Network, NetworkOptionsUpdate, NetworkUpdate},
    plan::DryRun,
};
use moxxie_core::{
    Name,
    change::ChangeKind,
    identity::{Role, Scope},
    network::{self as stored, NetworkOptions, NetworkStatus},
};
use moxxie_store::{Reads, Tx};
use serde_json::json;

use super::{
    Accepted,
    order::{description, no_dhcp},
};
use crate::{
    Context, Engine, Error,
    batch::{Family, space::Ground},
    claim::something_named,
    intent::Turn,
    range::{Renew, refuse_recorded},
    validate::Checks,
    write::transaction,
};

/// What became of a modification.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub enum Modified {
    /// No router has to be asked: it is done.
    Done(Box<Network>),
    /// A change does it.
    Ordered(Box<Accepted>),
}

/// The checked form of a request: `None` leaves things as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    dhcp: Option<bool>,
    profile: Option<Name>,
    description: Option<String>,
}

impl Wish {
    pub(super) fn check(request: &NetworkOptionsUpdate) -> Result<Self, Error> {
        something_named(request, "options.enableDHCP, options.firewallProfile, options.description")?;
        let NetworkOptionsUpdate { enable_dhcp, firewall_profile, description: text } = request;
        let mut checks = Checks::default();
        let wish = Self {
            dhcp: *enable_dhcp,
            profile: firewall_profile
                .as_deref()
                .and_then(|text| checks.name("options.firewallProfile", text)),
            description: text.as_deref().map(|text| description(&mut checks, text)),
        };
        checks.done()?;
        Ok(wish)
    }

    /// What a network carries when the wish is granted.
    pub(super) fn on(&self, network: &stored::Network) -> Result<NetworkOptions, Error> {
        let now = &network.options;
        if self.dhcp == Some(true) && !now.dhcp {
            let prefix = network.prefix;
            if prefix.addr().is_ipv6() || no_dhcp(prefix.prefix_len()) {
                let message =
                    format!("{prefix} has no room for DHCP: an IPv4 network of a /30 or larger has");
                return Err(Error::invalid("options.enableDHCP", message));
            }
        }
        Ok(NetworkOptions {
            dhcp: self.dhcp.unwrap_or(now.dhcp),
            profile: self.profile.clone().unwrap_or_else(|| now.profile.clone()),
            description: self.description.clone().unwrap_or_else(|| now.description.clone()),
            ..now.clone()
        })
    }
}

impl Engine {
    /// Gives a network other options. One that is on its routers gets a change, which brings them after it or
    /// is undone whole; any other is changed at once. `expected` is the version the caller knows, if it
    /// insists on that. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; a network that moved on since `expected`, that has another change under way, or whose
    /// DHCP would give out recorded addresses, is a [`Error::Conflict`].
    pub async fn modify_network(
        &self,
        context: &Context,
        id: &str,
        request: NetworkUpdate,
        expected: Option<i64>,
    ) -> Result<Modified, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let wish = Wish::check(&request.options)?;
        let network_id = self.find_network(context, id).await?.id;
        let result = transaction!(self, |tx| {
            let before = tx.lock_network(context.principal.scope, network_id).await?;
            let before = before.ok_or_else(|| Error::not_found("network", id))?;
            refuse_other_version(&before, expected)?;
            self.refuse_open_change(&tx, &before).await?;
            self.known_wish(&tx, &wish).await?;
            let answer = match self.wished(&mut tx, &before, &wish).await? {
                None => Modified::Done(Box::new(self.network_view(&tx, &before).await?)),
                Some(after) if before.status == NetworkStatus::Allocated => {
                    let detail = json!({"before": before.options, "after": after.options});
                    self.note_network(&mut tx, context, ChangeKind::Modify, &after, "succeeded", detail);
                    Modified::Done(Box::new(self.network_view(&tx, &after).await?))
                }
                Some(after) => {
                    let turns = [Turn { before, after }];
                    let change =
                        self.order_turns(&mut tx, context, &turns, json!({"request": request})).await?;
                    Modified::Ordered(Box::new(self.modified(&tx, &turns[0].after, change).await?))
                }
            };
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.wake();
        self.or_recall(context, result).await
    }

    /// Writes the options of a network that the caller holds locked as they are wished; `None`: it has them.
    pub(super) async fn wished(
        &self,
        tx: &mut Tx,
        before: &stored::Network,
        wish: &Wish,
    ) -> Result<Option<stored::Network>, Error> {
        let options = wish.on(before)?;
        if options == before.options {
            return Ok(None);
        }
        if before.status != NetworkStatus::Allocated {
            modifiable(before)?;
        }
        self.carry(tx, before, &options).await?;
        self.refuse_profile_in_change(tx, &options.profile).await?;
        // With its new version.
        let after = tx.network(Scope::All, before.id).await?;
        let after = after.ok_or_else(|| Error::not_found("network", before.id))?;
        if let Some(range) = after.dhcp_range().filter(|range| before.dhcp_range() != Some(*range)) {
            // With the fence held, so that nobody is given one of them meanwhile.
            refuse_recorded(tx, before.id, range).await?;
        }
        Ok(Some(after))
    }

    async fn modified(
        &self,
        reads: &Reads,
        network: &stored::Network,
        change: Change,
    ) -> Result<Accepted, Error> {
        let mut view = self.network_view(reads, network).await?;
        view.change_id = Some(change.change_id.clone());
        view.provisioning_steps.clone_from(&change.steps);
        Ok(Accepted { network: Some(view), change })
    }

    /// What [`Engine::modify_network`] would do. Reads the routers.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn modify_network_dry_run(
        &self,
        context: &Context,
        id: &str,
        request: NetworkUpdate,
        expected: Option<i64>,
    ) -> Result<DryRun, Error> {
        context.require(Role::Operator)?;
        let wish = Wish::check(&request.options)?;
        let before = self.find_network(context, id).await?;
        refuse_other_version(&before, expected)?;
        self.refuse_open_change(&self.0.store, &before).await?;
        self.known_wish(&self.0.store, &wish).await?;
        let options = wish.on(&before)?;
        let after = stored::Network { options, ..before.clone() };
        let routers = if after.options == before.options || before.status == NetworkStatus::Allocated {
            Vec::new()
        } else {
            modifiable(&before)?;
            let routers = self.routers_of(&self.0.store, &after).await?;
            let turns = vec![Turn { before: before.clone(), after: after.clone() }].into();
            self.rehearse_change(ChangeKind::Modify, &turns, &routers).await?
        };
        if let Some(range) = after.dhcp_range().filter(|range| before.dhcp_range() != Some(*range)) {
            refuse_recorded(&self.0.store, before.id, range).await?;
        }
        Ok(DryRun { network: Some(self.network_view(&self.0.store, &after).await?), routers })
    }

    /// Writes what a network carries, which the caller holds locked; which of its addresses may be had
    /// follows from that.
    pub(crate) async fn carry(
        &self,
        tx: &mut Tx,
        network: &stored::Network,
        options: &NetworkOptions,
    ) -> Result<(), Error> {
        let after = stored::Network { options: options.clone(), ..network.clone() };
        if network.dhcp_range() == after.dhcp_range() {
            return Ok(tx.update_network_options(network, options, self.now()).await?);
        }
        let ground = Ground::read(tx, network.id, Family::of(network.prefix.addr())).await?;
        tx.lock_space(&ground.space_id()).await?;
        tx.update_network_options(network, options, self.now()).await?;
        tx.renew_space(&ground).await
    }

    pub(super) async fn known_wish(&self, reads: &Reads, wish: &Wish) -> Result<(), Error> {
        match &wish.profile {
            Some(profile) => self.known_profile(reads, profile).await,
            None => Ok(()),
        }
    }

    /// A network with a change under way cannot be had for another.
    pub(crate) async fn refuse_open_change(
        &self,
        reads: &Reads,
        network: &stored::Network,
    ) -> Result<(), Error> {
        let Some(open) = reads.open_change_of_network(network.id).await? else { return Ok(()) };
        let message = format!(
            "network {} has change {} ({}, {}), which is not over yet; wait for it or cancel it",
            network.name, open.id, open.kind, open.state
        );
        Err(Error::conflict("change_open", message))
    }
}

/// Only a network that is on its routers, as far as is known, can be brought to something else there.
pub(super) fn modifiable(network: &stored::Network) -> Result<(), Error> {
    if network.status == NetworkStatus::Provisioned {
        return Ok(());
    }
    Err(Error::conflict(
        "not_provisioned",
        format!(
            "network {} is {}, so it is not known what its routers have; restore it first (moxxie network restore {})",
            network.name,
            network.status.as_str(),
            network.id
        ),
    ))
}

/// A caller who insists on a version gets that one or nothing (RFC 9110, section 13.1.1).
fn refuse_other_version(network: &stored::Network, expected: Option<i64>) -> Result<(), Error> {
    match expected {
        Some(expected) if expected != network.version => Err(Error::conflict(
            "version_changed",
            format!(
                "network {} is at version {}, not {expected}: somebody changed it meanwhile; read it again and decide anew",
                network.name, network.version
            ),
        )),
        _ => Ok(()),
    }
}
