//! Search: who has this address, where is that VLAN, what is called so.

use std::{
    collections::{HashMap, HashSet, hash_map::Entry},
    net::IpAddr,
};

use moxxie_api::{
    BASE, Page,
    search::{RouterInterface, SearchHit, SearchQuery},
};
use moxxie_core::{
    DomainId, Name,
    address::Layout,
    encapsulation::Encapsulation,
    identity::Role,
    network::NetworkStatus,
    search::{LONGEST, Term, terms},
    vlan::VlanId,
};
use moxxie_store::{
    Hit,
    search::{After, Place},
};

use crate::{Context, Engine, Error, page};

/// Where a search goes on: which meaning of the text, which place, after what there.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Cursor {
    term: usize,
    place: usize,
    after: After,
}

impl Cursor {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '.');
        let (term, place) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (id, sort) = (parts.next()?.to_owned(), parts.next()?.to_owned());
        Some(Self { term, place, after: After { sort, id } })
    }

    fn write(&self) -> String {
        format!("{}.{}.{}.{}", self.term, self.place, self.after.id, self.after.sort)
    }
}

impl Engine {
    /// What a text may mean and where that is, the most definite first. One object may be found in
    /// several ways on different pages; on one page it is once.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn search(&self, context: &Context, query: SearchQuery) -> Result<Page<SearchHit>, Error> {
        context.require(Role::Viewer)?;
        let page = page::wanted(query.cursor, query.limit)?;
        let meanings = terms(&query.q);
        if meanings.is_empty() {
            let message = format!("give something to look for: 1 to {LONGEST} characters, such as 10.0.0.7");
            return Err(Error::invalid("q", message));
        }
        let cursor = page.after.as_deref().map(|text| {
            let unknown = "is not a cursor of this search: give back `nextCursor` as it was";
            Cursor::read(text).ok_or_else(|| Error::invalid("cursor", unknown))
        });
        let mut at = cursor.transpose()?.unwrap_or_default();
        let limit = page.limit as usize;
        let mut found: Vec<SearchHit> = Vec::new();
        let mut seen = HashSet::new();
        let mut interfaces = Interfaces::default();
        while let Some(term) = meanings.get(at.term) {
            let Some(place) = Place::of(term).get(at.place) else {
                at = Cursor { term: at.term + 1, ..Cursor::default() };
                continue;
            };
            if found.len() == limit {
                return Ok(Page { items: found, next_cursor: Some(at.write()) });
            }
            let room = u32::try_from(limit - found.len()).unwrap_or(page.limit);
            let store = &self.0.store;
            let part = store.search(context.principal.scope, term, *place, &at.after, room).await?;
            for hit in part.hits {
                if is_meant(&hit, term) && seen.insert(hit.id.clone()) {
                    let interfaces = interfaces.of(self, &hit).await?;
                    found.push(view(hit, term, *place, interfaces));
                }
            }
            at = match part.next {
                Some(after) => Cursor { after, ..at },
                None => Cursor { term: at.term, place: at.place + 1, after: After::default() },
            };
        }
        Ok(Page { items: found, next_cursor: None })
    }
}

/// The routers of VLAN domains, each looked up once.
#[derive(Default)]
struct Interfaces(HashMap<DomainId, Vec<Name>>);

impl Interfaces {
    /// Where the network of a hit is on its routers.
    async fn of(&mut self, engine: &Engine, hit: &Hit) -> Result<Vec<RouterInterface>, Error> {
        let Some(network) = &hit.network else { return Ok(Vec::new()) };
        let (NetworkStatus::Provisioned, Some(domain)) = (network.status, hit.domain) else {
            return Ok(Vec::new());
        };
        let routers = match self.0.entry(domain) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(unknown) => {
                let routers = engine.0.store.routers_of_domain(domain).await?;
                unknown.insert(routers.into_iter().map(|router| router.name).collect())
            }
        };
        let interface = moxxie_routeros::network_name(network.id);
        let on = |router: &Name| RouterInterface { router: router.to_string(), interface: interface.clone() };
        Ok(routers.iter().map(on).collect())
    }
}

/// The outer tag of the network of a hit.
fn service_vlan(hit: &Hit) -> Option<VlanId> {
    hit.encapsulation.and_then(Encapsulation::outer).map(|tag| tag.vid)
}

/// Whether a VLAN is in the service VLAN that was named, if one was.
fn is_meant(hit: &Hit, term: &Term) -> bool {
    match term {
        Term::Vlan { service: Some(service), .. } => service_vlan(hit) == Some(*service),
        _ => true,
    }
}

fn view(hit: Hit, term: &Term, place: Place, interfaces: Vec<RouterInterface>) -> SearchHit {
    let asked = match term {
        Term::Address(address) if hit.address.is_none() => Some(*address),
        _ => None,
    };
    let planned = match (asked, hit.prefix, &hit.network) {
        (Some(address), Some(prefix), Some(_)) => Some(planned(&Layout::new(prefix), address).to_owned()),
        _ => None,
    };
    let service_vlan = service_vlan(&hit).map(|vlan| vlan.get());
    let network = hit.network.as_ref();
    SearchHit {
        link: link(&hit),
        found_by: found_by(term, place).to_owned(),
        name: hit.name.as_ref().map(ToString::to_string),
        address: hit.address.or(asked).map(|address| address.to_string()),
        usage: hit.usage.or(planned),
        hostname: hit.hostname,
        mac: hit.mac,
        vm_id: hit.vm_id,
        prefix: hit.prefix.map(|prefix| prefix.to_string()),
        network_id: network.map(|network| network.id.to_string()),
        network: network.map(|network| network.name.to_string()),
        network_status: network.map(|network| network.status.as_str().to_owned()),
        vlan_id: hit.vlan.map(|vlan| vlan.get()),
        service_vlan,
        asn: hit.asn,
        status: hit.status,
        client_id: hit.tenant.map(|name| name.to_string()),
        datacenter: hit.site.map(|name| name.to_string()),
        vrf: hit.vrf.map(|name| name.to_string()),
        pool: hit.pool.map(|name| name.to_string()),
        interfaces,
        id: hit.id,
        kind: if hit.kind == "site" { "datacenter".into() } else { hit.kind },
    }
}

/// What a network's plan says about an address that has no record.
fn planned(layout: &Layout, address: IpAddr) -> &'static str {
    let within = |range: Option<(IpAddr, IpAddr)>| {
        range.is_some_and(|(first, last)| (first..=last).contains(&address))
    };
    if address == layout.gateway() {
        "gateway"
    } else if layout.router_pair().is_some_and(|pair| pair.contains(&address)) {
        "router"
    } else if within(layout.dhcp_range()) {
        "dhcp"
    } else if layout.is_host(address) {
        "host"
    } else {
        "unusable"
    }
}

fn found_by(term: &Term, place: Place) -> &'static str {
    match (term, place) {
        (Term::Address(_), Place::Addresses) => "address",
        (Term::Address(_) | Term::Prefix(_), _) => "prefix",
        (Term::Mac(_), _) => "mac",
        (Term::Vlan { .. }, _) => "vlan",
        (Term::Asn(_), _) => "asn",
        (Term::Label { .. }, _) => "label",
        (Term::Id(_), _) => "id",
        (_, Place::VirtualMachines) => "vmId",
        (Term::Beginning(_) | Term::Part(_), _) => "name",
    }
}

fn link(hit: &Hit) -> Option<String> {
    let name = hit.name.as_ref();
    let path = match (hit.kind.as_str(), &hit.network) {
        ("address", Some(network)) => format!("networks/{}/ips", network.id),
        ("prefix" | "network", Some(network)) => format!("networks/{}", network.id),
        ("tenant", _) => format!("tenants/{}", name?),
        ("site", _) => format!("datacenters/{}", name?),
        ("router", _) => format!("routers/{}", name?),
        ("pool", _) => format!("pools/{}", name?),
        _ => return None,
    };
    Some(format!("{BASE}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_come_back() {
        let cursor =
            Cursor { term: 2, place: 1, after: After { sort: "db.1.example".into(), id: "ip-0193".into() } };
        assert_eq!(Cursor::read(&cursor.write()), Some(cursor));
        for bad in ["", "1", "1.x.a.b", "a.1.b.c", "1.1.x"] {
            assert_eq!(Cursor::read(bad), None, "{bad}");
        }
    }

    #[test]
    fn an_address_without_a_record_has_a_use_in_the_plan() {
        let layout = Layout::new("10.0.5.0/24".parse().unwrap());
        for (address, wanted) in [
            ("10.0.5.0", "unusable"),
            ("10.0.5.1", "gateway"),
            ("10.0.5.2", "router"),
            ("10.0.5.9", "host"),
            ("10.0.5.150", "dhcp"),
        ] {
            assert_eq!(planned(&layout, address.parse().unwrap()), wanted, "{address}");
        }
    }
}
