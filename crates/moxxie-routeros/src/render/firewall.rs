//! The firewall: who may open connections to, from and between our networks.
//!
//! The number of rules does not grow with the number of networks: rules look at interface lists, and a
//! network is a member of lists. It grows by the rules of a profile when that is used first, and by one rule
//! per tenant for each rule that speaks of "the tenant's own networks", a relation that one list cannot
//! express. Those lists hold interfaces and not addresses: a host can write any source address into a packet,
//! but it cannot change the VLAN it is in.
//!
//! The operator's `forward` and `input` chains get jumps directly before the operator's anchor rules.
//! `forward` is left for `mx-forward` when either side is ours; there each side's profile either returns
//! what it allows or drops, so that traffic between two of our networks is judged by both, and what nobody
//! dropped is accepted. `input` is left for `mx-input` when the packet comes from a network of ours,
//! whichever of the router's addresses it is for.
//!
//! Nothing is routed from a service VLAN itself: a host may send frames with the outer tag alone, and those
//! would otherwise arrive on an interface that no profile judges.
//!
//! What is not accepted early, on purpose: `untracked` connections (a `notrack` rule would otherwise open
//! every profile), and management addresses arriving *from* a network of ours (a tenant can forge them).
//!
//! IPv6 has the same chains in its own filter as soon as one network of the router has an IPv6 prefix, and they
//! judge all networks there, for interface lists know no family. Until then no network of ours has an IPv6
//! address, and hosts reach the router's link-local ones as far as the operator's own IPv6 rules let them.
//!
//! Two things pass in IPv6 that have no counterpart: ICMPv6 to the router, without which nobody finds a
//! neighbour, and "packet too big" through it, without which connections hang (RFC 4890, section 4.3.1). The
//! latter comes before invalid connections are dropped: it may be about one that this router has not seen.

mod profile;
mod rules;

use std::collections::{BTreeMap, BTreeSet};

use moxxie_core::{
    DomainId, Name, TenantId,
    device::{DeviceIntent, NetworkIntent},
    profile::Profile,
    row::Row,
};

pub(crate) use self::profile::profile_of_list;
use self::{
    profile::{Compiled, profile_list},
    rules::Rules,
};
use super::{gateways, network::service_name, network_name, rank, row};
use crate::{Binding, family::Family, menu::path};

/// The mark's object of what every network needs.
const SHARED: &str = "fw";
/// All our networks.
pub(crate) const NETS: &str = "mx-nets";
/// Service VLANs.
const SERVICE: &str = "mx-service";
/// Networks that were given the router as DNS server.
const DNS: &str = "mx-dns";
/// Management sources.
pub(crate) const MANAGEMENT: &str = "mx-mgmt";
/// Where a rule of a chain stands in it when it is the last.
const LAST: u16 = 50_000;

pub(super) fn rows(intent: &DeviceIntent, binding: &Binding) -> Vec<Row> {
    if intent.networks.is_empty() {
        return Vec::new();
    }
    let has_v6 = intent.networks.iter().any(|network| network.gateway6().is_some());
    let families = Family::ALL.into_iter().filter(|family| *family == Family::V4 || has_v6);
    let firewall = Firewall { intent, binding };
    let mut rows = vec![firewall.list(SHARED, NETS, "all networks of moxxie")];
    let profiles = firewall.profiles();
    let tenants: BTreeSet<TenantId> = profiles.iter().flat_map(|profile| &profile.tenants).copied().collect();
    rows.extend(profiles.iter().map(|profile| profile.list(&firewall)));
    rows.extend(
        tenants.iter().map(|tenant| {
            firewall.list(&tenant.to_string(), &tenant_list(*tenant), "networks of one tenant")
        }),
    );
    let domains: BTreeSet<_> =
        intent.networks.iter().filter(|net| net.tags.outer.is_some()).map(|net| net.domain).collect();
    if !domains.is_empty() {
        rows.push(firewall.list(&format!("{SHARED}-service"), SERVICE, "service VLANs"));
    }
    for domain in &domains {
        rows.push(firewall.service_member(*domain, SERVICE, rank::MEMBER));
        rows.push(firewall.service_member(*domain, NETS, rank::NETS));
    }
    let asking = firewall.asking_the_router();
    if !asking.is_empty() {
        let label = "networks that ask the router for names";
        rows.push(firewall.list(&format!("{SHARED}-dns"), DNS, label));
    }
    for family in families {
        let rules = Rules { firewall: &firewall, family };
        rows.extend(rules.skeleton());
        rows.extend(profiles.iter().flat_map(|profile| profile.rows(&rules)));
        if !domains.is_empty() {
            rows.extend(rules.service());
        }
        if !asking.is_empty() {
            rows.extend(rules.dns());
        }
    }
    for network in &intent.networks {
        rows.push(firewall.member(network, &profile_list(&network.profile), rank::MEMBER));
        rows.push(firewall.member(network, NETS, rank::NETS));
        if tenants.contains(&network.tenant) && firewall.is_with_tenant(network) {
            rows.push(firewall.member(network, &tenant_list(network.tenant), rank::MEMBER));
        }
        if asking.contains(&network.network) {
            rows.push(firewall.member(network, DNS, rank::MEMBER));
        }
    }
    rows
}

fn tenant_list(tenant: TenantId) -> String {
    format!("mx-t-{}", tenant.short())
}

struct Firewall<'a> {
    intent: &'a DeviceIntent,
    binding: &'a Binding,
}

impl Firewall<'_> {
    fn list(&self, object: &str, name: &str, label: &str) -> Row {
        Row {
            label: label.to_owned(),
            ..row(self.binding, path::LIST, object, &format!("list-{name}"), &[("name", name)])
        }
    }

    /// Membership is the network's own row: it comes and goes with it.
    fn member(&self, network: &NetworkIntent, list: &str, rank: u16) -> Row {
        let interface = network_name(network.network);
        let part = format!("in-{list}");
        let fields = [("list", list), ("interface", interface.as_str())];
        let object = network.network.to_string();
        Row { label: network.label.clone(), rank, ..row(self.binding, path::MEMBER, &object, &part, &fields) }
    }

    fn service_member(&self, domain: DomainId, list: &str, rank: u16) -> Row {
        let interface = service_name(domain);
        let fields = [("list", list), ("interface", interface.as_str())];
        let part = format!("in-{list}");
        Row { rank, ..row(self.binding, path::MEMBER, &domain.to_string(), &part, &fields) }
    }

    /// The profiles in use, in the order in which their rules stand.
    fn profiles(&self) -> Vec<Compiled<'_>> {
        let used: BTreeSet<&Name> = self.intent.networks.iter().map(|network| &network.profile).collect();
        let of_users = used.iter().filter(|name| Profile::position_built_in(name).is_none());
        let positions: BTreeMap<&&Name, usize> = of_users.enumerate().map(|(at, name)| (name, at)).collect();
        let compiled = |name: &&Name| {
            let profile = self.intent.profile(name)?;
            let of_profile = self.intent.networks.iter().filter(|network| network.profile == **name);
            let tenants = of_profile.map(|network| network.tenant);
            Some(Compiled {
                profile,
                revision: self.intent.revision(name),
                place: profile::place(name, positions.get(name).copied().unwrap_or_default()),
                tenants: if profile.knows_tenant() { tenants.collect() } else { BTreeSet::new() },
            })
        };
        let mut profiles: Vec<_> = used.iter().filter_map(compiled).collect();
        profiles.sort_by_key(|profile| profile.place);
        profiles
    }

    /// Whether a network has use for being in the list of its tenant: one that opens nothing and asks for
    /// nothing of its tenant has none.
    fn is_with_tenant(&self, network: &NetworkIntent) -> bool {
        self.intent.profile(&network.profile).is_some_and(|profile| profile.opens() || profile.knows_tenant())
    }

    /// Networks whose DHCP or router advertisements name one of our gateways as DNS server.
    fn asking_the_router(&self) -> BTreeSet<moxxie_core::NetworkId> {
        let gateways = gateways(self.intent);
        let asks = |network: &&NetworkIntent| {
            let given = network.dhcp.iter().flat_map(|dhcp| &dhcp.dns).chain(&network.dns6);
            given.into_iter().any(|server| gateways.contains(server))
        };
        self.intent.networks.iter().filter(asks).map(|network| network.network).collect()
    }
}
