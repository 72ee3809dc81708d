//! Networks that get larger or smaller, as long as no router knows them.

use ipnet::IpNet;
use moxxie_api::network::{Network, NetworkResize};
use moxxie_core::{
    address::Layout,
    identity::{Role, Scope},
    network::{self as stored, NetworkStatus, Second},
};
use moxxie_store::{Page, Tx};
use serde_json::json;

use super::order::{length, length6};
use crate::{
    Context, Engine, Error,
    audit::Entry,
    batch::{Family, space::Ground},
    claim::something_named,
    range::Renew,
    validate::Checks,
    write::transaction,
};

impl Engine {
    /// Makes the prefixes of a reserved network larger, when their neighbours leave the room, or smaller,
    /// when nothing recorded is lost. The gateway stays. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; what is in the way is a [`Error::Conflict`] that names it.
    pub async fn resize_network(
        &self,
        context: &Context,
        id: &str,
        request: NetworkResize,
    ) -> Result<Network, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "size, size6")?;
        let mut checks = Checks::default();
        let size = request.size.as_deref().and_then(|size| checks.take("size", length(size)));
        let size6 = request.size6.as_deref().and_then(|size| checks.take("size6", length6(size)));
        checks.done()?;
        let network_id = self.find_network(context, id).await?.id;
        let result = transaction!(self, |tx| {
            // Pools are locked before networks, everywhere.
            let missing = || Error::not_found("network", id);
            let prefixes = tx.prefixes_of_network(Scope::All, network_id).await?;
            let pools: Vec<_> = prefixes.iter().map(|prefix| prefix.pool_id).collect();
            tx.lock_pools(&pools).await?;
            let before = tx.lock_network(context.principal.scope, network_id).await?.ok_or_else(missing)?;
            self.refuse_unless_reserved(&tx, &before).await?;
            let mut after = before.clone();
            if let Some(size) = size {
                after.prefix = resized("size", before.prefix, size)?;
            }
            if let Some(size) = size6 {
                let Some(second) = &before.second else {
                    let message = "the network has no IPv6 prefix beside another; name `size`";
                    return Err(Error::invalid("size6", message));
                };
                let prefix = resized("size6", second.prefix, size)?;
                after.second = Some(Second { prefix, ..second.clone() });
            }
            let pairs = [
                Some((before.prefix, after.prefix, after.gateway)),
                before
                    .second
                    .as_ref()
                    .zip(after.second.as_ref())
                    .map(|(b, a)| (b.prefix, a.prefix, a.gateway)),
            ];
            let mut grounds = Vec::new();
            for (old, new, gateway) in pairs.into_iter().flatten().filter(|(old, new, _)| old != new) {
                // The fence of its addresses first, as a batch that gives them out does.
                let ground = Ground::read(&tx, before.id, Family::of(old.addr())).await?;
                tx.lock_space(&ground.space_id()).await?;
                grounds.push(ground);
                refuse_what_is_lost(&tx, &before, old, new, gateway).await?;
                let record = tx.prefixes_of_network(Scope::All, before.id).await?;
                let record = record.into_iter().find(|record| record.prefix == old).ok_or_else(missing)?;
                self.reshape(&mut tx, &record, new).await?;
            }
            tx.update_network_shape(&after, self.now()).await?;
            // Which addresses are free follows from the shape.
            for ground in &grounds {
                tx.renew_space(ground).await?;
            }
            let after = tx.network(Scope::All, before.id).await?.ok_or_else(missing)?;
            let answer = self.network_view(&tx, &after).await?;
            let entry = Entry {
                action: "network.resize",
                object: before.id.to_string(),
                tenant: Some(before.tenant_id),
                outcome: "succeeded",
                detail: json!({"before": self.network_view(&tx, &before).await?, "after": answer}),
            };
            tx.audit(self.event(context, entry));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    async fn refuse_unless_reserved(&self, tx: &Tx, network: &stored::Network) -> Result<(), Error> {
        if let Some(open) = tx.open_change_of_network(network.id).await? {
            let message = format!(
                "network {} has change {} ({}, {}), which is not over yet",
                network.name, open.id, open.kind, open.state
            );
            return Err(Error::conflict("change_open", message));
        }
        if network.status == NetworkStatus::Allocated {
            return Ok(());
        }
        Err(Error::conflict(
            "network_on_routers",
            format!(
                "network {} is {}: its prefix is on routers and in its hosts' masks, which a resize would cut off. \
                 Order a network of the new size, move the hosts, then deprovision this one",
                network.name,
                network.status.as_str()
            ),
        ))
    }
}

fn resized(field: &str, known: IpNet, size: u8) -> Result<IpNet, Error> {
    let wanted = IpNet::new(known.network(), size).map(|wanted| wanted.trunc());
    let wanted = wanted.map_err(|_| Error::invalid(field, format!("{known} cannot become a /{size}")))?;
    if wanted == known {
        return Err(Error::invalid(field, format!("{known} has that size already")));
    }
    Ok(wanted)
}

/// Refuses a shape in which the gateway, DHCP or a recorded address has no place.
async fn refuse_what_is_lost(
    tx: &Tx,
    network: &stored::Network,
    old: IpNet,
    new: IpNet,
    gateway: std::net::IpAddr,
) -> Result<(), Error> {
    if let Err(error) = Layout::choose(new, moxxie_core::address::GatewayChoice::At(gateway)) {
        let message = format!("{old} cannot become {new}: {error}");
        return Err(Error::conflict("in_use", message));
    }
    let layout = Layout::with_gateway(new, gateway);
    if network.options.dhcp && new.addr().is_ipv4() && layout.dhcp_range().is_none() {
        let message =
            format!("{old} cannot become {new}: it has DHCP, and a /{} has no room", new.prefix_len());
        return Err(Error::conflict("in_use", message));
    }
    if let Some((first, last)) = network.options.dhcp_range.filter(|(first, _)| old.contains(first))
        && !(layout.is_host(first) && layout.is_host(last))
    {
        let message =
            format!("{old} cannot become {new}: its DHCP range {first}-{last} would not lie inside");
        return Err(Error::conflict("in_use", message));
    }
    for range in tx.ranges(Scope::All, network.id).await? {
        if old.contains(&range.first) && !(new.contains(&range.first) && new.contains(&range.last)) {
            let message = format!(
                "{old} cannot become {new}: its range {}-{} would not lie inside; remove that first",
                range.first, range.last
            );
            return Err(Error::conflict("in_use", message));
        }
    }
    let mut page = Page::first(1000);
    loop {
        let listing = tx.addresses(Scope::All, network.id, &page).await?;
        let lost = listing.items.iter().map(|record| record.address);
        let mut lost = lost.filter(|address| old.contains(address) && !layout.is_host(*address));
        if let Some(address) = lost.next() {
            let message = format!(
                "{old} cannot become {new}: {address} is recorded and would not be an address for hosts any more; \
                 release it first"
            );
            return Err(Error::conflict("in_use", message));
        }
        match listing.next {
            Some(next) => page.after = Some(next),
            None => return Ok(()),
        }
    }
}
