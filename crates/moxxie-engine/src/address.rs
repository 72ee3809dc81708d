//! Addresses in networks. They are given out and taken back by `batch`; here is what is asked and answered.

use std::{collections::BTreeMap, net::IpAddr, sync::PoisonError};

use moxxie_api::{
    FieldError, Page,
    address::{Address, AddressBulk, AddressBulkRequest, AddressQuery, AddressRequest, AddressUpdate},
};
use moxxie_core::{
    NetworkId,
    address::{AddressKind, AddressStatus},
    identity::Role,
    network::Network,
};
use moxxie_store::Address as Record;
use serde_json::json;

use crate::{
    Context, Engine, Error,
    audit::Entry,
    batch::{
        Answer, Ask, Family, Take,
        space::{Ground, after},
    },
    claim::{AddressWish, something_named},
    page,
    validate::Checks,
    write::transaction,
};

/// How many addresses are recorded at once at most.
const MOST: usize = 1000;
/// How many networks are remembered with the family of their first prefix.
const MOST_NETWORKS: usize = 10_000;

impl Engine {
    /// Lists the addresses of a network, gateway and router addresses first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn addresses(
        &self,
        context: &Context,
        network: &str,
        query: AddressQuery,
    ) -> Result<Page<Address>, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let label = checks.label_filter(query.label.as_deref());
        checks.done()?;
        if let Some(then) = self.then(context, query.at.as_deref()).await? {
            let page = page::wanted(query.cursor, query.limit)?;
            return self.addresses_at(&then, network, label.as_ref(), &page).await;
        }
        let network = self.find_network(context, network).await?;
        let first_page = query.cursor.is_none();
        let page = page::wanted(query.cursor, query.limit)?;
        let (scope, label) = (context.principal.scope, label.as_ref());
        let listing = self.0.store.addresses_labelled(scope, network.id, label, &page).await?;
        let mut grounds = Vec::new();
        for prefix in self.0.store.prefixes_of_network(context.principal.scope, network.id).await? {
            let family = Family::of(prefix.prefix.addr());
            grounds.push(Ground::read(&self.0.store, network.id, family).await?);
        }
        let of = |record: &Record| grounds.iter().find(|ground| ground.prefix.id == record.prefix_id);
        let mut items: Vec<Address> =
            listing.items.iter().filter_map(|record| of(record).map(|ground| view(ground, record))).collect();
        // What follows from the network itself has no labels.
        if first_page && label.is_none() {
            items.splice(0..0, grounds.iter().flat_map(fixed));
        }
        Ok(Page { items, next_cursor: listing.next })
    }

    /// Records the address asked for, or the next free one when none is named. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_address(
        &self,
        context: &Context,
        network: &str,
        request: AddressRequest,
    ) -> Result<Address, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let take = check(&mut checks, &request, "");
        let family = family(&mut checks, std::slice::from_ref(&request));
        checks.done()?;
        let id = self.network_id(network)?;
        let family = self.family(context, id, family).await?;
        let wanted = take.address;
        let ask = Ask::Take { takes: vec![take], bulk: false };
        let result = match self.batched(context, id, family, ask).await {
            Ok(Answer::One(address)) => Ok(*address),
            Ok(Answer::Bulk(_) | Answer::Done) => {
                Err(Error::Internal("one address was asked for and something else answered".into()))
            }
            Err(error) => match wanted {
                Some(wanted) => Err(self.named_holder(id, family, wanted, error).await),
                None => Err(error),
            },
        };
        self.or_recall(context, result).await
    }

    /// Says who has an address that is taken: a batch knows from memory that it is, and not who.
    async fn named_holder(&self, network: NetworkId, family: Family, wanted: IpAddr, error: Error) -> Error {
        let Error::Conflict { code: code @ "address_taken", message, context } = error else { return error };
        let holder = async {
            let vrf = Ground::read(&self.0.store, network, family).await?.prefix.vrf_id;
            Ok::<_, Error>(self.0.store.addresses_among(vrf, &[wanted]).await?.pop())
        };
        match holder.await {
            Ok(Some(record)) => Error::conflict(code, taken_text(wanted, Some(&record))),
            // It went meanwhile, or cannot be looked up: what was said stays true of the moment it was said.
            Ok(None) | Err(_) => Error::Conflict { code, message, context },
        }
    }

    /// Records many addresses, all of them or none. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; every item that is in the way is named.
    pub async fn create_addresses(
        &self,
        context: &Context,
        network: &str,
        request: AddressBulkRequest,
    ) -> Result<AddressBulk, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        if !(1..=MOST).contains(&request.items.len()) {
            checks.wrong("items", format!("must have 1 to {MOST} entries, has {}", request.items.len()));
            checks.done()?;
            return Ok(AddressBulk { items: Vec::new() });
        }
        let numbered = request.items.iter().enumerate();
        let takes: Vec<Take> =
            numbered.map(|(index, item)| check(&mut checks, item, &format!("items[{index}]."))).collect();
        let family = family(&mut checks, &request.items);
        checks.done()?;
        let id = self.network_id(network)?;
        let family = self.family(context, id, family).await?;
        let answer = self.batched(context, id, family, Ask::Take { takes, bulk: true }).await;
        let result = answer.map(|answer| match answer {
            Answer::Bulk(bulk) => bulk,
            Answer::One(address) => AddressBulk { items: vec![*address] },
            Answer::Done => AddressBulk { items: Vec::new() },
        });
        self.or_recall(context, result).await
    }

    /// Changes what is recorded of an address. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_address(
        &self,
        context: &Context,
        network: &str,
        address: &str,
        update: AddressUpdate,
    ) -> Result<Address, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&update, "hostname, mac, type, vmId, owner, status, holdSeconds, tags")?;
        let network = self.find_network(context, network).await?;
        let parsed = parse(address)?;
        let ground = Ground::read(&self.0.store, network.id, Family::of(parsed)).await?;
        let mut checks = Checks::default();
        if let Some(Some(hostname)) = &update.hostname {
            check_hostname(&mut checks, "", hostname);
        }
        if let Some(Some(mac)) = &update.mac {
            check_mac(&mut checks, "", mac);
        }
        for (field, text) in [("vmId", &update.vm_id), ("owner", &update.owner)] {
            if let Some(Some(text)) = text {
                checks.text(field, text, 100);
            }
        }
        let kind = update.kind.as_deref().and_then(|kind| check_kind(&mut checks, "", kind));
        if let Some(tags) = &update.tags {
            check_tags(&mut checks, "", tags);
        }
        let wish = checks.address_wish("", update.status.as_deref(), update.hold_seconds);
        checks.done()?;
        let result = transaction!(self, |tx| {
            // The fence first, as a batch does; it moves, because a batch may be about to end this record.
            tx.move_space(&ground.space_id()).await?;
            let before = tx.lock_address(context.principal.scope, network.id, parsed).await?;
            let before = before.ok_or_else(|| Error::not_found("address", address))?;
            if before.status == AddressStatus::Quarantined {
                let message =
                    format!("{parsed} is released and in quarantine; end that first (DELETE with now=true)");
                return Err(Error::conflict("quarantined", message));
            }
            let now = self.now();
            let mut record = before.clone();
            if let Some(kind) = kind.filter(|kind| *kind != before.kind) {
                if [kind, before.kind].contains(&AddressKind::Dhcp) {
                    let message =
                        "an address of the DHCP range is dhcp, and no other is; record another address";
                    return Err(Error::invalid("type", message));
                }
                record.kind = kind;
            }
            for (field, value) in [
                (&mut record.hostname, &update.hostname),
                (&mut record.vm_id, &update.vm_id),
                (&mut record.owner, &update.owner),
            ] {
                if let Some(value) = value {
                    field.clone_from(value);
                }
            }
            if let Some(mac) = &update.mac {
                record.mac = mac.as_ref().map(|mac| mac.to_ascii_uppercase());
            }
            if let Some(tags) = &update.tags {
                record.tags.clone_from(tags);
            }
            match wish {
                Some(AddressWish::Held(seconds)) => {
                    record.status = AddressStatus::Held;
                    record.expires_at = Some(after(now, seconds.into()));
                }
                Some(AddressWish::Assigned) => {
                    record.status = AddressStatus::Assigned;
                    record.expires_at = None;
                }
                None => {}
            }
            if record == before {
                return Ok(view(&ground, &before));
            }
            record.since = now;
            tx.update_address(&before, &record).await?;
            let answer = view(&ground, &record);
            tx.audit(self.event(
                context,
                Entry {
                    action: "address.update",
                    object: record.id.to_string(),
                    tenant: Some(record.tenant_id),
                    outcome: "succeeded",
                    detail: json!({"before": view(&ground, &before), "after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Releases an address; one that is not recorded is left alone. `now` leaves quarantine out, or ends it. Needs
    /// operator.
    ///
    /// # Errors
    /// See [`Error`]; what depends on the address is named.
    pub async fn delete_address(
        &self,
        context: &Context,
        network: &str,
        address: &str,
        now: bool,
    ) -> Result<(), Error> {
        context.require(Role::Operator)?;
        let network = self.find_network(context, network).await?;
        let parsed = parse(address)?;
        let ground = Ground::read(&self.0.store, network.id, Family::of(parsed)).await?;
        if !ground.layout.is_host(parsed) {
            if let Some(own) = fixed(&ground).iter().find(|own| own.address == parsed.to_string()) {
                let what = if own.kind == "gateway" { "the gateway" } else { "a router's own address" };
                let message =
                    format!("{parsed} is {what} of network {}; it goes with the network", network.name);
                return Err(Error::conflict("in_use", message));
            }
            return Err(Error::invalid("ip", not_a_host(&ground, parsed)));
        }
        self.refuse_while_needed(parsed).await?;
        let ask = Ask::Release { address: parsed, now, record: None };
        self.batched(context, network.id, Family::of(parsed), ask).await.map(drop)
    }

    /// Refuses to release an address that routers and hosts are told to ask, or that moxxie itself does.
    async fn refuse_while_needed(&self, address: IpAddr) -> Result<(), Error> {
        let mut users = Vec::new();
        for site in self.0.store.sites().await? {
            if site.dns_servers.contains(&address) {
                users.push(format!("a DNS server of datacentre {}", site.name));
            }
        }
        for router in self.0.store.routers().await? {
            let at = router.address.parse::<std::net::SocketAddr>().map(|at| at.ip());
            if at.is_ok_and(|at| at == address) {
                users.push(format!("where router {} is managed", router.name));
            }
        }
        if users.is_empty() {
            return Ok(());
        }
        let message = format!("{address} is {}; change that first", users.join(" and "));
        Err(Error::Conflict { code: "in_use", message, context: Some(json!({"usedAs": users})) })
    }

    fn network_id(&self, id: &str) -> Result<NetworkId, Error> {
        id.parse().map_err(|_| Error::not_found("network", id))
    }

    /// The family that was asked for, else that of the network's first prefix, which never changes.
    async fn family(&self, context: &Context, id: NetworkId, asked: Option<Family>) -> Result<Family, Error> {
        if let Some(family) = asked {
            return Ok(family);
        }
        let known = || self.0.families.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(family) = known().get(&id) {
            return Ok(*family);
        }
        let network = Box::pin(self.find_network(context, &id.to_string())).await?;
        let family = Family::of(network.prefix.addr());
        let mut known = known();
        if known.len() >= MOST_NETWORKS {
            known.clear();
        }
        known.insert(id, family);
        Ok(family)
    }
}

fn parse(address: &str) -> Result<IpAddr, Error> {
    address.parse().map_err(|_| Error::invalid("ip", "is not an IP address"))
}

/// The family of what is asked for, when the request tells; all of it must be of one.
fn family(checks: &mut Checks, requests: &[AddressRequest]) -> Option<Family> {
    let mut found = None;
    for request in requests {
        let named = request.family.as_deref().and_then(|family| match family {
            "ipv4" => Some(Family::V4),
            "ipv6" => Some(Family::V6),
            _ => None,
        });
        if request.family.is_some() && named.is_none() {
            checks.wrong("family", "is not a family: ipv4 or ipv6");
        }
        let address = request.address.as_ref().and_then(|text| text.parse().ok()).map(Family::of);
        if let (Some(named), Some(address)) = (named, address)
            && named != address
        {
            checks.wrong("family", "is not that of the address");
        }
        let family = address.or(named);
        if found.is_some() && family.is_some() && family != found {
            checks.wrong("items", "must all be IPv4 or all be IPv6");
            return found;
        }
        found = found.or(family);
    }
    found
}

fn check(checks: &mut Checks, request: &AddressRequest, at: &str) -> Take {
    let mut address = None;
    if let Some(text) = &request.address {
        address = text.parse::<IpAddr>().ok();
        if address.is_none() {
            checks.wrong(&format!("{at}address"), "is not an IP address");
        }
    }
    if let Some(hostname) = &request.hostname {
        check_hostname(checks, at, hostname);
    }
    if let Some(mac) = &request.mac {
        check_mac(checks, at, mac);
    }
    let kind = match &request.kind {
        Some(kind) => check_kind(checks, at, kind).unwrap_or(AddressKind::Vm),
        None => AddressKind::Vm,
    };
    if kind == AddressKind::Dhcp && request.mac.is_none() {
        checks.wrong(&format!("{at}mac"), "is missing: DHCP gives an address to a MAC address");
    }
    if kind == AddressKind::Dhcp && request.address.is_none() {
        checks.wrong(&format!("{at}address"), "is missing: name one of the DHCP range");
    }
    for (field, text) in [("vmId", &request.vm_id), ("owner", &request.owner)] {
        if let Some(text) = text {
            checks.text(&format!("{at}{field}"), text, 100);
        }
    }
    check_tags(checks, at, &request.tags);
    let wish = checks.address_wish(at, request.status.as_deref(), request.hold_seconds);
    Take {
        address,
        kind,
        hostname: request.hostname.clone(),
        mac: request.mac.as_ref().map(|mac| mac.to_ascii_uppercase()),
        vm_id: request.vm_id.clone(),
        owner: request.owner.clone(),
        tags: request.tags.clone(),
        hold_s: wish.and_then(AddressWish::hold_s),
    }
}

fn check_hostname(checks: &mut Checks, at: &str, hostname: &str) {
    if !is_hostname(hostname) {
        let message = "is not a host name: labels of a-z, 0-9 and '-' joined by dots (RFC 1123)";
        checks.wrong(&format!("{at}hostname"), message);
    }
}

fn check_mac(checks: &mut Checks, at: &str, mac: &str) {
    if !is_mac(mac) {
        let message = "is not a MAC address: six pairs of hex digits, 02:00:00:00:00:01";
        checks.wrong(&format!("{at}mac"), message);
    }
}

fn check_kind(checks: &mut Checks, at: &str, kind: &str) -> Option<AddressKind> {
    let known = AddressKind::parse(kind).filter(|kind| AddressKind::REQUESTABLE.contains(kind));
    if known.is_none() {
        let words = AddressKind::REQUESTABLE.map(AddressKind::as_str).join(", ");
        checks.wrong(&format!("{at}type"), format!("is not a type that can be asked for: {words}"));
    }
    known
}

fn check_tags(checks: &mut Checks, at: &str, tags: &BTreeMap<String, String>) {
    let field = format!("{at}tags");
    if tags.len() > 32 {
        checks.wrong(&field, "has more than 32 entries");
    }
    for (key, value) in tags {
        checks.text(&field, key, 63);
        checks.text(&format!("{field}.{}", crate::validate::short(key)), value, 255);
    }
}

/// Why an address cannot be given to a host.
pub(crate) fn not_a_host(ground: &Ground, address: IpAddr) -> String {
    let hosts = match ground.layout.hosts() {
        Some((first, last)) => format!("addresses for hosts are {first} to {last}"),
        None => "it has no addresses for hosts".to_owned(),
    };
    format!("{address} cannot be given to a host in {}: {hosts}", ground.prefix.prefix)
}

/// The network takes its addresses with it.
pub(crate) fn going(network: &Network) -> Error {
    let message =
        format!("network {} is being removed or rolled back; look at its change first", network.name);
    Error::conflict("change_open", message)
}

/// Nothing is left, or not enough; so many addresses answer on the routers, whatever the records say.
pub(crate) fn full(ground: &Ground, left: u128, seen: u128) -> Error {
    let network = &ground.network;
    let what = match left {
        0 => "no free address".to_owned(),
        left => format!("only {left} free addresses"),
    };
    let elsewhere = if ground.ranges.is_empty() { "" } else { " outside the ranges that are set apart" };
    let answering = match seen {
        0 => String::new(),
        seen => format!(
            " ({seen} of its addresses are in use by what the routers show, recorded or not: look at GET \
             /networks/{}/reality)",
            network.id
        ),
    };
    let message = format!(
        "network {} ({}) has {what} left{elsewhere}{answering}; release one or order another network",
        network.name, ground.prefix.prefix
    );
    let total = ground.candidates.count().to_string();
    Error::Conflict {
        code: "exhausted",
        message,
        context: Some(json!({"total": total, "free": left.to_string(), "seen": seen.to_string()})),
    }
}

/// Why an address cannot be had that somebody has.
pub(crate) fn taken_text(address: IpAddr, by: Option<&Record>) -> String {
    let by = by.map_or(String::new(), |record| {
        let host = record.hostname.as_ref().map_or(String::new(), |host| format!(", {host}"));
        let until = record.expires_at.map_or(String::new(), |at| format!(" until {at}"));
        format!(" ({}{until}, {}{host})", record.status.as_str(), record.kind.as_str())
    });
    format!("{address} is recorded already{by}; leave `address` out to get the next free one")
}

/// What stands in the way of an item: the first obstacle, or every one of a bulk.
pub(crate) fn conflicts(
    network: &Network,
    mut conflicts: Vec<(usize, &'static str, String)>,
    bulk: bool,
) -> Error {
    conflicts.sort_by_key(|(index, ..)| *index);
    let Some((_, code, message)) = conflicts.first() else {
        return Error::conflict("address_taken", format!("an address of network {} is taken", network.name));
    };
    if !bulk {
        return Error::conflict(code, message.clone());
    }
    let errors: Vec<FieldError> = conflicts
        .iter()
        .map(|(index, _, message)| FieldError {
            field: format!("items[{index}].address"),
            message: message.clone(),
        })
        .collect();
    let message = format!(
        "nothing was recorded in network {}: {} of the addresses cannot be had; the first is items[{}]: {message}",
        network.name,
        errors.len(),
        conflicts[0].0
    );
    Error::Conflict { code, message, context: Some(json!({"errors": errors})) }
}

fn bare(ground: &Ground, address: IpAddr, kind: AddressKind) -> Address {
    Address {
        address: address.to_string(),
        prefix_length: ground.prefix.prefix.prefix_len(),
        status: AddressStatus::Assigned.as_str().to_owned(),
        expires_at: None,
        kind: kind.as_str().to_owned(),
        hostname: None,
        mac: None,
        vm_id: None,
        owner: None,
        tags: BTreeMap::new(),
        network_id: ground.network.id.to_string(),
        gateway: ground.layout.gateway().to_string(),
        host_tags: ground.host_tags.clone(),
        created_at: None,
    }
}

/// The addresses every network has from the first day.
pub(crate) fn fixed(ground: &Ground) -> Vec<Address> {
    let pair = ground.layout.router_pair().into_iter().flatten();
    let routers = pair.map(|address| bare(ground, address, AddressKind::Router));
    std::iter::once(bare(ground, ground.layout.gateway(), AddressKind::Gateway)).chain(routers).collect()
}

/// A record as the API shows it.
pub(crate) fn view(ground: &Ground, record: &Record) -> Address {
    Address {
        status: record.status.as_str().to_owned(),
        expires_at: record.expires_at,
        hostname: record.hostname.clone(),
        mac: record.mac.clone(),
        vm_id: record.vm_id.clone(),
        owner: record.owner.clone(),
        tags: record.tags.clone(),
        created_at: Some(record.created_at),
        ..bare(ground, record.address, record.kind)
    }
}

pub(crate) fn is_hostname(text: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    (1..=253).contains(&text.len()) && text.split('.').all(label)
}

fn is_mac(text: &str) -> bool {
    let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    text.split(':').count() == 6 && text.split(':').all(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_and_macs() {
        for good in ["web-1", "web-1.acme.example", "9"] {
            assert!(is_hostname(good), "{good}");
        }
        for bad in ["", "-a", "a..b", "a b", "a_b", &"x".repeat(64)] {
            assert!(!is_hostname(bad), "{bad}");
        }
        assert!(is_mac("02:00:00:0a:0B:01"));
        for bad in ["", "02:00:00:00:00", "02-00-00-00-00-01", "02:00:00:00:00:0g", "2:0:0:0:0:1"] {
            assert!(!is_mac(bad), "{bad}");
        }
    }
}
