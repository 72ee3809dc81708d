//! Addresses in networks.

use std::{collections::BTreeMap, net::IpAddr};

use moxxie_api::{
    Page, PageQuery,
    address::{Address, AddressRequest},
};
use moxxie_core::{
    AddressId,
    address::Layout,
    change::{ChangeKind, ChangeState},
    encapsulation::TagStack,
    identity::Role,
    network::Network,
};
use moxxie_store::{Constraint, StoreError};
use serde_json::json;

use crate::{
    Context, Engine, Error, audit::Entry, network::host_tags, page, validate::Checks, write::transaction,
};

/// What an address may be recorded as by a request.
const KINDS: [&str; 3] = ["vm", "reserved", "vip"];

/// A network with what is needed to tell a host how to reach it.
struct Place {
    network: Network,
    layout: Layout,
    tags: TagStack,
    hand_off: moxxie_core::encapsulation::HandOff,
}

impl Engine {
    /// Lists the addresses of a network, gateway and router addresses first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn addresses(
        &self,
        context: &Context,
        network: &str,
        query: PageQuery,
    ) -> Result<Page<Address>, Error> {
        context.require(Role::Viewer)?;
        let place = self.place(context, network).await?;
        let first_page = query.cursor.is_none();
        let page = page::wanted(query.cursor, query.limit)?;
        let listing = self.0.store.addresses(context.principal.scope, place.network.id, &page).await?;
        let mut answer = page::answer(listing, |record| place.view(&record));
        if first_page {
            answer.items.splice(0..0, place.fixed());
        }
        Ok(answer)
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
        let place = self.place(context, network).await?;
        let wanted = place.check(&request)?;
        let result = transaction!(self, |tx| {
            let network = tx.lock_network(context.principal.scope, place.network.id).await?;
            let network = network.ok_or_else(|| Error::not_found("network", network_id(&place)))?;
            // A network that is going away, or may be, takes its addresses with it.
            let open = tx.open_change_of_network(network.id).await?;
            let going = open.is_some_and(|change| {
                change.kind == ChangeKind::Deprovision
                    || (change.kind == ChangeKind::Provision
                        && matches!(change.state, ChangeState::RollingBack | ChangeState::NeedsOperator))
            });
            if going {
                return Err(Error::conflict(
                    "change_open",
                    format!(
                        "network {} is being removed or rolled back; look at its change first",
                        network.name
                    ),
                ));
            }
            let address = match wanted {
                Some(address) => address,
                None => {
                    let since = self.seen_since();
                    let next = match place.layout.hosts() {
                        Some((first, last)) => {
                            tx.unused_between(network.vrf_id, first, last, since, 1).await?.pop()
                        }
                        None => None,
                    };
                    match next {
                        Some(next) => next,
                        None => {
                            let seen = match place.layout.hosts() {
                                Some((first, last)) => {
                                    tx.count_seen_between(network.vrf_id, first, last, since).await?
                                }
                                None => 0,
                            };
                            return Err(place.full(seen));
                        }
                    }
                }
            };
            let record = moxxie_store::Address {
                id: AddressId::new(self.0.ambient.uuid()),
                network_id: network.id,
                tenant_id: network.tenant_id,
                vrf_id: network.vrf_id,
                address,
                hostname: request.hostname.clone(),
                mac: request.mac.as_ref().map(|mac| mac.to_ascii_uppercase()),
                kind: request.kind.clone().unwrap_or_else(|| KINDS[0].to_owned()),
                vm_id: request.vm_id.clone(),
                tags: json!(request.tags),
                created_at: self.now(),
            };
            match tx.insert_address(&record).await {
                Err(StoreError::Conflict(Constraint::AddressTaken)) => return Err(place.taken(address)),
                other => other?,
            }
            let answer = place.view(&record);
            tx.audit(self.event(
                context,
                Entry {
                    action: "address.create",
                    object: record.id.to_string(),
                    tenant: Some(network.tenant_id),
                    outcome: "succeeded",
                    detail: json!({"after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Releases an address; one that is not recorded is left alone. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_address(&self, context: &Context, network: &str, address: &str) -> Result<(), Error> {
        context.require(Role::Operator)?;
        let place = self.place(context, network).await?;
        let parsed: IpAddr = address.parse().map_err(|_| Error::invalid("ip", "is not an IP address"))?;
        if !place.layout.is_host(parsed) {
            return Err(place.not_a_host("ip", parsed));
        }
        transaction!(self, |tx| {
            match tx.delete_address(context.principal.scope, place.network.id, parsed, self.now()).await {
                Ok(record) => tx.audit(self.event(
                    context,
                    Entry {
                        action: "address.release",
                        object: record.id.to_string(),
                        tenant: Some(record.tenant_id),
                        outcome: "succeeded",
                        detail: json!({"before": place.view(&record)}),
                    },
                )),
                Err(StoreError::NotFound(_)) => {}
                Err(error) => return Err(error.into()),
            }
        })
    }

    async fn place(&self, context: &Context, id: &str) -> Result<Place, Error> {
        let network = self.find_network(context, id).await?;
        let missing = || Error::not_found("VLAN domain", network.attachment.domain_id);
        let domain = self.0.store.domain(network.attachment.domain_id).await?.ok_or_else(missing)?;
        let site = self.0.store.site(domain.site_id).await?.ok_or_else(missing)?;
        Ok(Place {
            layout: Layout::new(network.prefix),
            tags: domain.encapsulation.stack(network.attachment.vlan),
            hand_off: site.hand_off,
            network,
        })
    }
}

fn network_id(place: &Place) -> String {
    place.network.id.to_string()
}

impl Place {
    /// The address asked for, if one is; or what is wrong with the request.
    fn check(&self, request: &AddressRequest) -> Result<Option<IpAddr>, Error> {
        let mut checks = Checks::default();
        let mut wanted = None;
        if let Some(text) = &request.address {
            match text.parse::<IpAddr>() {
                Ok(address) if self.layout.is_host(address) => wanted = Some(address),
                Ok(address) => return Err(self.not_a_host("address", address)),
                Err(_) => checks.wrong("address", "is not an IP address"),
            }
        }
        if let Some(hostname) = &request.hostname
            && !is_hostname(hostname)
        {
            checks.wrong(
                "hostname",
                "is not a host name: labels of a-z, 0-9 and '-' joined by dots (RFC 1123)",
            );
        }
        if let Some(mac) = &request.mac
            && !is_mac(mac)
        {
            checks.wrong("mac", "is not a MAC address: six pairs of hex digits, 02:00:00:00:00:01");
        }
        if let Some(kind) = &request.kind
            && !KINDS.contains(&kind.as_str())
        {
            checks.wrong("type", format!("is not a type: {}", KINDS.join(", ")));
        }
        if let Some(vm) = &request.vm_id {
            checks.text("vmId", vm, 100);
        }
        if request.tags.len() > 32 {
            checks.wrong("tags", "has more than 32 entries");
        }
        for (key, value) in &request.tags {
            checks.text("tags", key, 63);
            checks.text(&format!("tags.{}", crate::validate::short(key)), value, 255);
        }
        checks.done()?;
        Ok(wanted)
    }

    fn not_a_host(&self, field: &str, address: IpAddr) -> Error {
        let hosts = match self.layout.hosts() {
            Some((first, last)) => format!("addresses for hosts are {first} to {last}"),
            None => "it has no addresses for hosts".to_owned(),
        };
        Error::invalid(
            field,
            format!("{address} cannot be given to a host in {}: {hosts}", self.network.prefix),
        )
    }

    /// Nothing is left; so many addresses answer on the routers, whatever the records say.
    fn full(&self, seen: u64) -> Error {
        let answering = match seen {
            0 => String::new(),
            seen => format!(
                " ({seen} of its addresses are in use by what the routers show, recorded or not: look at \
                 GET /networks/{}/reality)",
                self.network.id
            ),
        };
        Error::conflict(
            "exhausted",
            format!(
                "network {} ({}) has no free address left{answering}; release one or order another network",
                self.network.name, self.network.prefix
            ),
        )
    }

    fn taken(&self, address: IpAddr) -> Error {
        Error::conflict(
            "address_taken",
            format!("{address} is recorded already; leave `address` out to get the next free one"),
        )
    }

    fn bare(&self, address: IpAddr, kind: &str) -> Address {
        Address {
            address: address.to_string(),
            prefix_length: self.network.prefix.prefix_len(),
            kind: kind.to_owned(),
            hostname: None,
            mac: None,
            vm_id: None,
            tags: BTreeMap::new(),
            network_id: network_id(self),
            gateway: self.network.gateway.to_string(),
            host_tags: host_tags(self.tags, self.hand_off),
            created_at: None,
        }
    }

    /// The addresses every network has from the first day.
    fn fixed(&self) -> Vec<Address> {
        let routers = self.layout.router_pair().into_iter().flatten().map(|a| self.bare(a, "router"));
        std::iter::once(self.bare(self.network.gateway, "gateway")).chain(routers).collect()
    }

    fn view(&self, record: &moxxie_store::Address) -> Address {
        Address {
            hostname: record.hostname.clone(),
            mac: record.mac.clone(),
            vm_id: record.vm_id.clone(),
            tags: serde_json::from_value(record.tags.clone()).unwrap_or_default(),
            created_at: Some(record.created_at),
            ..self.bare(record.address, &record.kind)
        }
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
