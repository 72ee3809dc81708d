//! What a router shows against the records: the rule.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use super::{Carried, Configured, Difference, FindingKind, Known, Picture, Sighting, Source};
use crate::{NetworkId, encapsulation::Encapsulation, vlan::VlanId};

/// Record types whose MAC address may be that of several: VRRP, anycast, a load balancer's.
const SHARED: [&str; 3] = ["vip", "gateway", "router"];

/// Where an interface leads.
struct Trunk<'a> {
    carried: BTreeMap<&'a str, &'a Carried>,
    encapsulation: Encapsulation,
}

impl Trunk<'_> {
    /// The VLAN id behind an interface of the trunk; `None`: another wire, or not the domain's.
    fn vlan(&self, interface: &str) -> Option<VlanId> {
        self.carried.get(interface).and_then(|carried| self.encapsulation.vlan_of(&carried.tags))
    }
}

/// Holds what a router showed against the records. What is silent is not asked here: that needs the past.
///
/// `known` answers for every address of the picture; `is_network` tells whether a marked row's object is a
/// network that exists; `install` is the installation whose marks are ours.
#[must_use]
pub fn compare(
    picture: &Picture,
    encapsulation: Encapsulation,
    install: &str,
    known: &BTreeMap<IpAddr, Known>,
    is_network: &dyn Fn(&str) -> bool,
) -> Vec<Difference> {
    let carried = picture.carried.iter().map(|carried| (carried.name.as_str(), carried)).collect();
    let trunk = Trunk { carried, encapsulation };
    let own: BTreeSet<IpAddr> = picture.configured.iter().map(|own| own.address.addr()).collect();
    let mut found = Vec::new();
    let mut by_mac: BTreeMap<(NetworkId, &str), BTreeSet<IpAddr>> = BTreeMap::new();

    let mut rest = picture.sightings.as_slice();
    while let Some(first) = rest.first() {
        let same = |one: &Sighting| one.address == first.address && one.interface == first.interface;
        let length = rest.iter().take_while(|one| same(one)).count();
        let (group, after) = rest.split_at(length);
        rest = after;
        let Some(known) = known.get(&first.address).filter(|_| !own.contains(&first.address)) else {
            continue;
        };
        let seen = Seen::of(group);
        found.extend(seen.misplaced(known, &trunk));
        found.extend(seen.unrecorded(known, picture));
        found.extend(seen.mismatch(known));
        if let (Some(home), Some(mac)) = (&known.home, seen.mac) {
            by_mac.entry((home.network, mac)).or_default().insert(first.address);
        }
    }
    for ((_, mac), addresses) in by_mac {
        found.extend(duplicate(mac, &addresses, known));
    }
    found.extend(picture.configured.iter().filter_map(|own| configured(own, install, known)));
    found.extend(foreign_vlans(picture, &trunk, install, is_network));
    found
}

/// All that is known of one address behind one interface.
struct Seen<'a> {
    address: IpAddr,
    interface: &'a str,
    sources: Vec<Source>,
    mac: Option<&'a str>,
    host_name: Option<&'a str>,
}

impl<'a> Seen<'a> {
    fn of(group: &'a [Sighting]) -> Self {
        // Who answered counts more than what a lease or somebody's row says.
        let mac = group.iter().find_map(|one| one.mac.as_deref());
        Self {
            address: group[0].address,
            interface: &group[0].interface,
            sources: group.iter().map(|one| one.source).collect(),
            mac,
            host_name: group.iter().find_map(|one| one.host_name.as_deref()),
        }
    }

    fn about(&self, kind: FindingKind, known: &Known, detail: String) -> Difference {
        let home = known.home.as_ref();
        Difference {
            kind,
            subject: format!("{} on {}", self.address, self.interface),
            network: home.map(|home| home.network),
            tenant: home.map(|home| home.tenant),
            address: Some(self.address),
            mac: self.mac.map(str::to_owned),
            interface: Some(self.interface.to_owned()),
            vlan: home.and_then(|home| home.vlan),
            host_name: self.host_name.map(str::to_owned),
            detail,
            since: None,
        }
    }

    /// Seen where its network is not.
    fn misplaced(&self, known: &Known, trunk: &Trunk<'_>) -> Option<Difference> {
        let home = known.home.as_ref()?;
        let here = trunk.vlan(self.interface);
        let right = match (home.vlan, here) {
            (Some(wanted), Some(here)) => wanted == here,
            // A network that moxxie only keeps the records of may be on any wire of the router.
            _ => !home.provisioned,
        };
        if right {
            return None;
        }
        let place = match here {
            Some(vlan) => format!("interface {} (VLAN {vlan})", self.interface),
            None => format!("interface {}", self.interface),
        };
        let belongs = match home.vlan {
            Some(vlan) => format!("VLAN {vlan}"),
            None => "another VLAN domain".to_owned(),
        };
        Some(self.about(
            FindingKind::Misplaced,
            known,
            format!(
                "{} of network {} is seen behind {place}, and the network is in {belongs}: give the host \
                 another address, or move it",
                self.address, home.name
            ),
        ))
    }

    /// Seen, and nobody wrote it down.
    fn unrecorded(&self, known: &Known, picture: &Picture) -> Option<Difference> {
        if known.record.is_some() {
            return None;
        }
        let place = match (&known.home, &known.pool) {
            (Some(home), _) if home.routers.contains(&self.address) => return None,
            (Some(home), _) => format!("network {}", home.name),
            (None, Some(pool)) => format!("the free space of pool {pool}"),
            (None, None) => return None,
        };
        let dhcp = known.home.as_ref().and_then(|home| home.dhcp);
        let dynamic = dhcp.is_some_and(|(first, last)| (first..=last).contains(&self.address));
        let lease = self.sources.iter().any(|source| matches!(source, Source::Lease));
        if dynamic && (lease || picture.truncated.iter().any(|table| table.contains("lease"))) {
            return None;
        }
        let promised = lease || self.sources.iter().all(|source| matches!(source, Source::Written));
        let (kind, what) = match (promised, dynamic) {
            (true, false) => (FindingKind::LeaseUnrecorded, "is leased or written down on the router"),
            (_, true) => (FindingKind::UnknownInUse, "of the DHCP range is in use without a lease"),
            (false, false) => (FindingKind::UnknownInUse, "is in use"),
        };
        Some(self.about(
            kind,
            known,
            format!(
                "{} in {place} {what}, and there is no record of it: adopt it as a record, or find out whose \
                 it is",
                self.address
            ),
        ))
    }

    /// Answers with another MAC address than recorded.
    fn mismatch(&self, known: &Known) -> Option<Difference> {
        let record = known.record.as_ref()?;
        let (wanted, seen) = (record.mac.as_deref()?, self.mac?);
        if wanted.eq_ignore_ascii_case(seen) || SHARED.contains(&record.kind.as_str()) {
            return None;
        }
        let detail = format!(
            "{} is recorded with {wanted} and {seen} has it: two hosts may have the same address, or the \
             record is old",
            self.address
        );
        Some(self.about(FindingKind::MacMismatch, known, detail))
    }
}

/// One MAC address behind several addresses of a network, unless the records say so.
fn duplicate(mac: &str, addresses: &BTreeSet<IpAddr>, known: &BTreeMap<IpAddr, Known>) -> Option<Difference> {
    let record = |address: &IpAddr| known.get(address).and_then(|known| known.record.as_ref());
    let home = addresses.iter().find_map(|address| known.get(address)?.home.as_ref())?;
    let plain = |address: &&IpAddr| {
        let shared = record(address).is_some_and(|record| SHARED.contains(&record.kind.as_str()));
        // A host has a link-local address beside each other one, and gives itself temporary IPv6 addresses
        // (RFC 8981): these say nothing unless somebody recorded them.
        let own_choice = address.is_ipv6() && record(address).is_none();
        !shared && !own_choice && !home.routers.contains(address)
    };
    let plain: Vec<&IpAddr> = addresses.iter().filter(plain).collect();
    let said = |address: &&IpAddr| {
        record(address)
            .and_then(|record| record.mac.as_deref())
            .is_some_and(|own| own.eq_ignore_ascii_case(mac))
    };
    if plain.len() < 2 || plain.iter().all(said) {
        return None;
    }
    let list: Vec<String> = plain.iter().take(8).map(ToString::to_string).collect();
    let more = if plain.len() > list.len() {
        format!(" and {} more", plain.len() - list.len())
    } else {
        String::new()
    };
    Some(Difference {
        kind: FindingKind::DuplicateMac,
        subject: format!("{mac} in {}", home.network),
        network: Some(home.network),
        tenant: Some(home.tenant),
        address: plain.first().map(|address| **address),
        mac: Some(mac.to_owned()),
        interface: None,
        vlan: home.vlan,
        host_name: None,
        detail: format!(
            "{mac} stands behind {}{more} of network {}: two hosts may have the same MAC address; record \
             addresses that move between hosts as `vip`",
            list.join(", "),
            home.name
        ),
        since: None,
    })
}

/// An address of the router itself that is no record's.
fn configured(own: &Configured, install: &str, known: &BTreeMap<IpAddr, Known>) -> Option<Difference> {
    let address = own.address.addr();
    let known = known.get(&address)?;
    let ours = own.mark.as_ref().is_some_and(|mark| mark.install == install);
    let laid_out = known.home.as_ref().is_some_and(|home| home.routers.contains(&address));
    if ours || laid_out || known.record.is_some() {
        return None;
    }
    let home = known.home.as_ref();
    let place = match (home, &known.pool) {
        (Some(home), _) => format!("lies in network {}", home.name),
        (None, Some(pool)) => format!("lies in pool {pool}"),
        (None, None) => return None,
    };
    Some(Difference {
        kind: FindingKind::RouterAddress,
        subject: format!("{} on {}", own.address, own.interface),
        network: home.map(|home| home.network),
        tenant: home.map(|home| home.tenant),
        address: Some(address),
        mac: None,
        interface: Some(own.interface.clone()),
        vlan: None,
        host_name: None,
        detail: format!(
            "the router has {} on interface {}, which {place} and is no record's: reserve it in moxxie, or \
             remove it from the router",
            own.address, own.interface
        ),
        since: None,
    })
}

/// VLANs on the trunk that are no network's.
fn foreign_vlans(
    picture: &Picture,
    trunk: &Trunk<'_>,
    install: &str,
    is_network: &dyn Fn(&str) -> bool,
) -> Vec<Difference> {
    let strangers = picture.carried.iter().filter_map(|carried| {
        let vlan = trunk.encapsulation.vlan_of(&carried.tags).filter(|_| carried.is_vlan)?;
        let ours = carried.mark.as_ref().filter(|mark| mark.install == install);
        if ours.is_some_and(|mark| is_network(&mark.object)) {
            return None;
        }
        let whose = match (&carried.mark, ours) {
            (_, Some(_)) => "is left over from a network that is gone: remove it on the router",
            (Some(_), None) => "belongs to another installation of moxxie",
            (None, _) => "is not moxxie's: its VLAN id is not given to networks while it is there",
        };
        Some(Difference {
            kind: FindingKind::ForeignVlan,
            subject: format!("VLAN {vlan} {}", carried.name),
            network: None,
            tenant: None,
            address: None,
            mac: None,
            interface: Some(carried.name.clone()),
            vlan: Some(vlan),
            host_name: None,
            detail: format!("interface {} with VLAN id {vlan} {whose}", carried.name),
            since: None,
        })
    });
    strangers.collect()
}

#[cfg(test)]
mod tests;
