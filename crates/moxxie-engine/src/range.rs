//! Ranges of networks: which addresses are for what.

use std::net::IpAddr;

use moxxie_api::{Page, range as wire};
use moxxie_core::{
    NetworkId, RangeId,
    identity::Role,
    network::NetworkStatus,
    prefix::{address_from_number, address_number},
    range::{Range, RangeKind},
};
use moxxie_store::{Reads, Tx};
use serde_json::json;

use crate::{
    Context, Engine, Error,
    audit::Entry,
    batch::{Family, space::Ground},
    validate::Checks,
    write::transaction,
};

/// A range to be.
pub(crate) struct NewRange<'a> {
    pub(crate) kind: RangeKind,
    pub(crate) first: IpAddr,
    pub(crate) last: IpAddr,
    pub(crate) description: &'a str,
}

impl Engine {
    /// Sets a range of a network apart. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; recorded addresses in the way are named.
    pub async fn create_range(
        &self,
        context: &Context,
        network: &str,
        request: wire::RangeRequest,
    ) -> Result<wire::Range, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let kind = RangeKind::parse(&request.kind);
        if kind.is_none() {
            let words = RangeKind::ALL.map(RangeKind::as_str).join(", ");
            checks.wrong("type", format!("is not a type of range: {words}"));
        }
        let mut end = |field: &str, text: &str| {
            checks.take(field, text.parse::<IpAddr>().map_err(|_| "is not an IP address"))
        };
        let (first, last) = (end("first", &request.first), end("last", &request.last));
        let description = checks.text("description", &request.description, 1000);
        checks.done()?;
        let (Some(kind), Some(first), Some(last)) = (kind, first, last) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let network_id = self.find_network(context, network).await?.id;
        let result = transaction!(self, |tx| {
            let found = tx.lock_network(context.principal.scope, network_id).await?;
            let network = found.ok_or_else(|| Error::not_found("network", network))?;
            let new = NewRange { kind, first, last, description: &description };
            let range = self.set_range(&mut tx, &network, new).await?;
            let answer = view(&range);
            tx.audit(self.event(
                context,
                Entry {
                    action: "range.create",
                    object: range.id.to_string(),
                    tenant: Some(range.tenant_id),
                    outcome: "succeeded",
                    detail: json!({"after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Sets a range of a network apart, which the caller holds locked.
    pub(crate) async fn set_range(
        &self,
        tx: &mut Tx,
        network: &moxxie_core::network::Network,
        new: NewRange<'_>,
    ) -> Result<Range, Error> {
        let ground = Ground::read(tx, network.id, Family::of(new.first)).await?;
        let range = Range {
            id: RangeId::new(self.0.ambient.uuid()),
            network_id: network.id,
            prefix_id: ground.prefix.id,
            tenant_id: network.tenant_id,
            kind: new.kind,
            first: new.first,
            last: new.last,
            description: new.description.to_owned(),
            created_at: self.now(),
        };
        check(&range, &ground)?;
        refuse_over_others(tx, &range, &ground).await?;
        tx.insert_range(&range).await?;
        if new.kind == RangeKind::Dhcp {
            let mut options = network.options.clone();
            options.dhcp_range = Some((new.first, new.last));
            tx.update_network_options(network, &options, self.now()).await?;
        }
        tx.renew_space(&ground).await?;
        Ok(range)
    }

    /// The ranges of a network, lowest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn ranges(&self, context: &Context, network: &str) -> Result<Page<wire::Range>, Error> {
        context.require(Role::Viewer)?;
        let network = self.find_network(context, network).await?;
        let ranges = self.0.store.ranges(context.principal.scope, network.id).await?;
        Ok(Page { items: ranges.iter().map(view).collect(), next_cursor: None })
    }

    /// Gives a range back to the network; what is recorded in it stays. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_range(&self, context: &Context, network: &str, range: &str) -> Result<(), Error> {
        context.require(Role::Operator)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let network_id = self.find_network(context, network).await?.id;
        let result = transaction!(self, |tx| {
            let found = tx.lock_network(context.principal.scope, network_id).await?;
            let network = found.ok_or_else(|| Error::not_found("network", network))?;
            let ranges = tx.ranges(context.principal.scope, network.id).await?;
            let Some(range) = ranges.into_iter().find(|one| one.id.to_string() == *range) else {
                return Err(Error::not_found("range", range));
            };
            let ground = Ground::read(&tx, network.id, Family::of(range.first)).await?;
            if range.kind == RangeKind::Dhcp {
                refuse_on_routers(&ground)?;
            }
            tx.delete_range(range.id).await?;
            if range.kind == RangeKind::Dhcp {
                let mut options = network.options.clone();
                options.dhcp_range = None;
                tx.update_network_options(&network, &options, self.now()).await?;
            }
            tx.renew_space(&ground).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "range.delete",
                    object: range.id.to_string(),
                    tenant: Some(range.tenant_id),
                    outcome: "succeeded",
                    detail: json!({"before": view(&range)}),
                },
            ));
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }
}

/// What is free follows from the ranges: it is computed anew, unless nothing was given out yet.
pub(crate) trait Renew {
    async fn renew_space(&mut self, before: &Ground) -> Result<(), Error>;
}

impl Renew for Tx {
    async fn renew_space(&mut self, before: &Ground) -> Result<(), Error> {
        let space = before.space_id();
        if self.lock_space(&space).await?.is_some() {
            let family = Family::of(before.prefix.prefix.addr());
            let now = Ground::read(self, before.network.id, family).await?;
            self.rebuild_space(&space, now.territory(), &now.candidates).await?;
        }
        Ok(())
    }
}

fn check(range: &Range, ground: &Ground) -> Result<(), Error> {
    let mut checks = Checks::default();
    let prefix = ground.prefix.prefix;
    for (field, address) in [("first", range.first), ("last", range.last)] {
        if !prefix.contains(&address) {
            checks.wrong(field, format!("{address} does not lie in {prefix}"));
        }
    }
    let span = range.span();
    if span.last < span.first {
        checks.wrong("last", "comes before `first`");
    }
    if range.kind == RangeKind::Dhcp {
        if !ground.network.options.dhcp || range.first.is_ipv6() {
            checks.wrong("type", "needs a network with DHCP (options.enableDHCP), which is IPv4");
        }
        if ground.ranges.iter().any(|other| other.kind == RangeKind::Dhcp) {
            checks.wrong("type", "there is a DHCP range already, and a network has one; delete it first");
        }
        let hosts = ground.layout.host_set();
        if hosts.around(span.first).is_none_or(|(_, end)| end < span.last) {
            checks.wrong("first", "the range holds addresses that are not for hosts, such as the gateway");
        }
    }
    checks.done()?;
    if let Some(other) = ground.ranges.iter().find(|o| o.first <= span.last && span.first <= o.last) {
        let end =
            |number| address_from_number(number, prefix.network()).map_or(String::new(), |a| a.to_string());
        let message = format!(
            "the range overlaps {}-{} ({}) of the network; choose other addresses, or delete that one first (GET \
             /networks/{}/ranges tells its id)",
            end(other.first),
            end(other.last),
            other.kind.as_str(),
            ground.network.id
        );
        return Err(Error::conflict("range_overlap", message));
    }
    if range.kind == RangeKind::Dhcp { refuse_on_routers(ground) } else { Ok(()) }
}

/// The routers give out what they were told when the network was provisioned.
fn refuse_on_routers(ground: &Ground) -> Result<(), Error> {
    if ground.network.status == NetworkStatus::Allocated {
        return Ok(());
    }
    let message = format!(
        "network {} is {}: its DHCP range is on the routers; set it between POST /networks/allocate and provisioning",
        ground.network.name,
        ground.network.status.as_str()
    );
    Err(Error::conflict("on_routers", message))
}

/// Nobody may have an address that from now on DHCP gives out, or nobody may have.
async fn refuse_over_others(tx: &mut Tx, range: &Range, ground: &Ground) -> Result<(), Error> {
    if !matches!(range.kind, RangeKind::Dhcp | RangeKind::Excluded) {
        return Ok(());
    }
    refuse_recorded(tx, ground.network.id, (range.first, range.last)).await
}

/// Nobody has an address from the first to the last of these.
pub(crate) async fn refuse_recorded(
    reads: &Reads,
    network: NetworkId,
    (first, last): (IpAddr, IpAddr),
) -> Result<(), Error> {
    let within = address_number(first)..=address_number(last);
    let mut named: Vec<String> = Vec::new();
    let mut page = moxxie_store::Page::first(1000);
    loop {
        let listing = reads.addresses(moxxie_core::identity::Scope::All, network, &page).await?;
        let here = listing.items.iter().filter(|record| {
            record.address.is_ipv4() == first.is_ipv4() && within.contains(&address_number(record.address))
        });
        named.extend(here.map(|record| record.address.to_string()));
        match listing.next {
            Some(next) if named.len() < 20 => page = moxxie_store::Page { after: Some(next), limit: 1000 },
            _ => break,
        }
    }
    if named.is_empty() {
        return Ok(());
    }
    let some = named.iter().take(3).cloned().collect::<Vec<_>>().join(", ");
    let more = if named.len() > 3 { ", ..." } else { "" };
    let message = format!(
        "{some}{more} of the range {} recorded; release them first",
        if named.len() == 1 { "is" } else { "are" }
    );
    Err(Error::Conflict { code: "in_use", message, context: Some(json!({"addresses": named})) })
}

fn view(range: &Range) -> wire::Range {
    wire::Range {
        id: range.id.to_string(),
        network_id: range.network_id.to_string(),
        kind: range.kind.as_str().to_owned(),
        first: range.first.to_string(),
        last: range.last.to_string(),
        description: range.description.clone(),
        created_at: range.created_at,
    }
}
