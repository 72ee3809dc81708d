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
//! IPv4 only so far. Until IPv6 gets chains of the same shape in `/ipv6/firewall/filter` (nothing here depends
//! on the family but `mx-mgmt`), hosts reach the router's link-local addresses as far as the operator's own
//! IPv6 rules let them.

mod profile;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use moxxie_core::{
    DomainId, Name, TenantId,
    device::{DeviceIntent, NetworkIntent},
    profile::Profile,
    row::Row,
};

pub(crate) use self::profile::profile_of_list;
use self::profile::{Compiled, profile_list};
use super::{gateways, network::service_name, network_name, rank, row};
use crate::{Binding, menu::path};

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
    let firewall = Firewall { intent, binding };
    let mut rows = firewall.skeleton();
    let profiles = firewall.profiles();
    let tenants: BTreeSet<TenantId> = profiles.iter().flat_map(|profile| &profile.tenants).copied().collect();
    rows.extend(profiles.iter().flat_map(|profile| profile.rows(&firewall)));
    rows.extend(
        tenants.iter().map(|tenant| {
            firewall.list(&tenant.to_string(), &tenant_list(*tenant), "networks of one tenant")
        }),
    );
    let domains: BTreeSet<_> =
        intent.networks.iter().filter(|net| net.tags.outer.is_some()).map(|net| net.domain).collect();
    if !domains.is_empty() {
        rows.extend(firewall.service());
    }
    for domain in domains {
        rows.push(firewall.service_member(domain, SERVICE, rank::MEMBER));
        rows.push(firewall.service_member(domain, NETS, rank::NETS));
    }
    let asking = firewall.asking_the_router();
    if !asking.is_empty() {
        rows.extend(firewall.dns());
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

    fn rule(&self, object: &str, part: &str, position: u16, fields: &[(&str, &str)]) -> Row {
        Row { rank: rank::CHAIN + position, ..row(self.binding, path::FILTER, object, part, fields) }
    }

    /// A rule of the operator's chain: directly before the anchor.
    fn jump(&self, part: &str, rank: u16, fields: &[(&str, &str)]) -> Row {
        let before = Some(self.binding.anchor.clone());
        Row { rank, before, ..row(self.binding, path::FILTER, SHARED, part, fields) }
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

    fn service(&self) -> [Row; 3] {
        let object = format!("{SHARED}-service");
        let drop = |part: &str, chain: &str, position| {
            let fields = [("chain", chain), ("action", "drop"), ("in-interface-list", SERVICE)];
            self.rule(&object, part, position, &fields)
        };
        let list = self.list(&object, SERVICE, "service VLANs");
        [list, drop("forward-drop", "mx-forward", 2), drop("input-drop", "mx-input", 1)]
    }

    fn skeleton(&self) -> Vec<Row> {
        let mut rows = vec![self.list(SHARED, NETS, "all networks of moxxie")];
        let v4 = |prefix: &&IpNet| prefix.addr().is_ipv4();
        for prefix in self.intent.management.iter().filter(v4).map(IpNet::trunc).collect::<BTreeSet<_>>() {
            let prefix = prefix.to_string();
            let fields = [("list", MANAGEMENT), ("address", prefix.as_str())];
            rows.push(row(self.binding, path::ADDRESS_LIST, SHARED, &format!("mgmt-{prefix}"), &fields));
        }
        let established = ("connection-state", "established,related");
        let chain = ("chain", "mx-forward");
        rows.extend([
            self.rule(SHARED, "forward-established", 0, &[chain, ("action", "accept"), established]),
            self.rule(
                SHARED,
                "forward-invalid",
                1,
                &[chain, ("action", "drop"), ("connection-state", "invalid")],
            ),
            self.rule(SHARED, "forward-accept", LAST, &[chain, ("action", "accept")]),
        ]);
        let chain = ("chain", "mx-input");
        rows.extend([
            self.rule(SHARED, "input-established", 0, &[chain, ("action", "accept"), established]),
            self.rule(SHARED, "input-icmp", 2, &[chain, ("action", "accept"), ("protocol", "icmp")]),
            self.rule(
                SHARED,
                "input-dhcp",
                3,
                &[chain, ("action", "accept"), ("protocol", "udp"), ("dst-port", "67")],
            ),
            self.rule(SHARED, "input-drop", LAST, &[chain, ("action", "drop")]),
        ]);
        let jump = ("action", "jump");
        rows.extend([
            self.jump(
                "jump-forward-in",
                rank::JUMP,
                &[("chain", "forward"), jump, ("jump-target", "mx-forward"), ("in-interface-list", NETS)],
            ),
            self.jump(
                "jump-forward-out",
                rank::JUMP + 1,
                &[("chain", "forward"), jump, ("jump-target", "mx-forward"), ("out-interface-list", NETS)],
            ),
            self.jump(
                "jump-input",
                rank::JUMP,
                &[("chain", "input"), jump, ("jump-target", "mx-input"), ("in-interface-list", NETS)],
            ),
        ]);
        rows
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

    /// Networks whose DHCP names one of our gateways as DNS server.
    fn asking_the_router(&self) -> BTreeSet<moxxie_core::NetworkId> {
        let gateways = gateways(self.intent);
        let asks = |network: &&NetworkIntent| {
            network.dhcp.iter().flat_map(|dhcp| &dhcp.dns).any(|server| gateways.contains(server))
        };
        self.intent.networks.iter().filter(asks).map(|network| network.network).collect()
    }

    fn dns(&self) -> [Row; 3] {
        let object = format!("{SHARED}-dns");
        let rule = |protocol: &str, position| {
            let fields = [
                ("chain", "mx-input"),
                ("action", "accept"),
                ("in-interface-list", DNS),
                ("protocol", protocol),
                ("dst-port", "53"),
            ];
            self.rule(&object, &format!("input-{protocol}"), position, &fields)
        };
        [self.list(&object, DNS, "networks that ask the router for names"), rule("udp", 4), rule("tcp", 5)]
    }
}
