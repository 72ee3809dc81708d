//! What must be true of a cluster's ranges and numbers.

use std::{collections::BTreeSet, net::IpAddr};

use ipnet::IpNet;

use crate::{
    Draft, Families, FamilyPlan, Net,
    cluster::{Node, Problem},
};

/// Ranges that no cluster may have, with why.
const TAKEN: [(&str, &str); 6] = [
    ("172.17.0.0/16", "container runtimes use it for their bridge"),
    ("169.254.0.0/16", "it is link-local (RFC 3927)"),
    ("127.0.0.0/8", "it is loopback"),
    ("224.0.0.0/3", "it is multicast or reserved"),
    ("fe80::/10", "it is link-local (RFC 4291)"),
    ("ff00::/8", "it is multicast"),
];

/// Routers, a shared gateway address and one for the control plane, beside the nodes.
const BESIDE_NODES: u128 = 4;

/// Everything that is wrong with a record.
pub(crate) fn problems(draft: &Draft) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut say = |field: &str, message: String| found.push(Problem { field: field.to_owned(), message });
    if draft.name.as_str().len() > 32 || draft.name.as_str() == "default" {
        say(
            "name",
            "Cilium takes cluster names of at most 32 characters, and `default` only outside a mesh".into(),
        );
    }
    if draft.asn == draft.router_asn {
        say("asn", format!("AS {} is the routers' own; a cluster has one of its own", draft.asn));
    }
    if draft.max_nodes == 0 {
        say("maxNodes", "a cluster has at least one node".into());
    }
    if let Some(server) = &draft.api_server
        && server.port == 0
    {
        say("apiServer", "port 0 cannot be reached; the API server usually has 6443".into());
    }
    if let Families::V6 { router_ids, .. } = &draft.families {
        let size = 1_u64 << (32 - router_ids.prefix_len());
        if size < u64::from(draft.max_nodes) {
            say("routerIds", format!("{router_ids} has {size} numbers for {} nodes", draft.max_nodes));
        }
    }
    if let Some(plan) = draft.families.v4() {
        family(plan, draft.max_nodes, &mut found);
    }
    if let Some(plan) = draft.families.v6() {
        family(plan, draft.max_nodes, &mut found);
    }
    nodes(draft, &mut found);
    found
}

fn family<N: Net>(plan: &FamilyPlan<N>, max_nodes: u32, found: &mut Vec<Problem>) {
    let mut say = |field: &str, message: String| found.push(Problem { field: field.to_owned(), message });
    let mut ranges: Vec<(&str, IpNet)> = vec![
        ("nodeCidr", plan.nodes.into()),
        ("podCidr", plan.pods.into()),
        ("serviceCidr", plan.services.into()),
    ];
    ranges.extend(plan.load_balancers.iter().map(|range| ("loadBalancerCidr", (*range).into())));
    for (index, (field, range)) in ranges.iter().enumerate() {
        if range.trunc() != *range {
            say(field, format!("{range} has host bits; write {}", range.trunc()));
        }
        for (other_field, other) in &ranges[..index] {
            if overlap(range, other) {
                say(
                    field,
                    format!("{range} overlaps {other_field} {other}; the ranges of a cluster are disjoint"),
                );
            }
        }
        let taken = TAKEN.iter().filter_map(|(net, why)| Some((net.parse::<IpNet>().ok()?, why)));
        for (net, why) in taken.filter(|(net, _)| overlap(range, net)) {
            say(field, format!("{range} overlaps {net}, and {why}"));
        }
    }
    if plan.load_balancers.is_empty() {
        say("loadBalancerCidr", "a cluster without one can announce no service".into());
    }
    sizes(plan, max_nodes, found);
    routers(plan, found);
}

fn sizes<N: Net>(plan: &FamilyPlan<N>, max_nodes: u32, found: &mut Vec<Problem>) {
    let mut say = |field: &str, message: String| found.push(Problem { field: field.to_owned(), message });
    let (pods, services, nodes): (IpNet, IpNet, IpNet) =
        (plan.pods.into(), plan.services.into(), plan.nodes.into());
    // Kubernetes hands out at most 2^16 blocks of a range, and a block of one address holds no pod.
    let widest = N::BITS - 2;
    let bits = plan.node_block.checked_sub(pods.prefix_len());
    match bits.filter(|bits| *bits <= 16 && plan.node_block <= widest) {
        None => say(
            "podBlockLength",
            format!(
                "a block of /{} in {pods}: use /{} to /{}",
                plan.node_block,
                pods.prefix_len(),
                widest.min(pods.prefix_len() + 16)
            ),
        ),
        Some(bits) if (1_u64 << bits) < u64::from(max_nodes) => say(
            "podCidr",
            format!(
                "{pods} has {} blocks of /{} for {max_nodes} nodes; a larger range, or smaller blocks",
                1_u64 << bits,
                plan.node_block
            ),
        ),
        Some(_) => {}
    }
    // kube-apiserver refuses wider ranges for services: /12 and /108.
    let most = N::BITS - 20;
    if services.prefix_len() < most {
        say("serviceCidr", format!("{services} is wider than /{most}, which Kubernetes refuses"));
    }
    if services.prefix_len() > N::BITS - 4 {
        say("serviceCidr", format!("{services} has no room: use /{most} to /{}", N::BITS - 4));
    }
    let room = 1_u128.checked_shl(u32::from(N::BITS - nodes.prefix_len())).unwrap_or(u128::MAX);
    if room < u128::from(max_nodes) + BESIDE_NODES {
        say(
            "nodeCidr",
            format!("{nodes} has no room for {max_nodes} nodes, their routers and the control plane"),
        );
    }
    let native: IpNet = plan.native_routing.into();
    if !native.contains(&pods) {
        say(
            "nativeRoutingCidr",
            format!("{native} does not hold {pods}: pods would be hidden behind their node"),
        );
    }
}

fn routers<N: Net>(plan: &FamilyPlan<N>, found: &mut Vec<Problem>) {
    let mut say = |message: String| found.push(Problem { field: "routers".to_owned(), message });
    let nodes: IpNet = plan.nodes.into();
    if plan.routers.is_empty() {
        say(format!("{} has no router to speak to", N::AFI));
    }
    let (mut names, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    for router in &plan.routers {
        let address: IpAddr = router.address.into();
        if !is_host(&nodes, address) {
            say(format!("{} has {address}, which is no address of the node subnet {nodes}", router.name));
        }
        if !names.insert(&router.name) || !addresses.insert(address) {
            say(format!("{} ({address}) is there twice", router.name));
        }
    }
}

fn nodes(draft: &Draft, found: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for router in draft.families.v4().into_iter().flat_map(|plan| &plan.routers) {
        seen.insert(router.address.to_string());
    }
    for router in draft.families.v6().into_iter().flat_map(|plan| &plan.routers) {
        seen.insert(router.address.to_string());
    }
    if draft.nodes.len() > usize::try_from(draft.max_nodes).unwrap_or(usize::MAX) {
        let message = format!("{} nodes, and at most {} are planned for", draft.nodes.len(), draft.max_nodes);
        found.push(Problem { field: "nodes".into(), message });
    }
    for (index, node) in draft.nodes.iter().enumerate() {
        let mut say = |message: String| found.push(Problem { field: format!("nodes[{index}]"), message });
        if !seen.insert(node.name.to_string()) {
            say(format!("{} is there twice", node.name));
        }
        for (subnet, address) in addresses(draft, node) {
            match (subnet, address) {
                (Some(subnet), Some(address)) if is_host(&subnet, address) => {
                    if !seen.insert(address.to_string()) {
                        say(format!("{} has {address}, which another node or a router has", node.name));
                    }
                }
                (Some(subnet), Some(address)) => {
                    say(format!(
                        "{} has {address}, which is no address of the node subnet {subnet}",
                        node.name
                    ));
                }
                (Some(subnet), None) => {
                    say(format!("{} has no address in the node subnet {subnet}", node.name))
                }
                (None, Some(address)) => {
                    say(format!("{} has {address}, and the cluster does not have that family", node.name));
                }
                (None, None) => {}
            }
        }
    }
}

fn addresses(draft: &Draft, node: &Node) -> [(Option<IpNet>, Option<IpAddr>); 2] {
    [
        (draft.families.v4().map(|plan| plan.nodes.into()), node.v4.map(Into::into)),
        (draft.families.v6().map(|plan| plan.nodes.into()), node.v6.map(Into::into)),
    ]
}

/// Whether the address can be a host's: inside, and neither the first nor (IPv4) the last.
fn is_host(subnet: &IpNet, address: IpAddr) -> bool {
    subnet.contains(&address)
        && address != subnet.network()
        && (address.is_ipv6() || address != subnet.broadcast())
}

/// Whether two prefixes share an address.
fn overlap(a: &IpNet, b: &IpNet) -> bool {
    a.contains(b) || b.contains(a)
}
