//! Records: every combination of what a record can say.

use moxxie_core::asn::AsNumber;
use moxxie_kubernetes::{
    Advertised, ApiServer, Cluster, Communities, Draft, Families, FamilyPlan, GracefulRestart, Node,
    PodBlocks, Router, ServiceSelection, Timers,
};

fn v4() -> FamilyPlan<ipnet::Ipv4Net> {
    FamilyPlan {
        nodes: "172.16.101.0/24".parse().unwrap(),
        pods: "10.101.0.0/16".parse().unwrap(),
        node_block: 24,
        services: "10.201.0.0/16".parse().unwrap(),
        load_balancers: vec!["172.20.101.0/24".parse().unwrap(), "172.20.102.0/26".parse().unwrap()],
        native_routing: "10.0.0.0/8".parse().unwrap(),
        routers: vec![
            Router { name: "r1".parse().unwrap(), address: "172.16.101.2".parse().unwrap() },
            Router { name: "r2".parse().unwrap(), address: "172.16.101.3".parse().unwrap() },
        ],
    }
}

fn v6() -> FamilyPlan<ipnet::Ipv6Net> {
    FamilyPlan {
        nodes: "fd00:101::/64".parse().unwrap(),
        pods: "fd00:101:1::/56".parse().unwrap(),
        node_block: 64,
        services: "fd00:101:2::/112".parse().unwrap(),
        load_balancers: vec!["fd00:101:3::/112".parse().unwrap()],
        native_routing: "fd00:101:1::/56".parse().unwrap(),
        routers: vec![Router { name: "r1".parse().unwrap(), address: "fd00:101::2".parse().unwrap() }],
    }
}

fn node(number: u8, v4: bool, v6: bool) -> Node {
    Node {
        name: format!("node-{number}.example.net").parse().unwrap(),
        v4: v4.then(|| format!("172.16.101.{}", 10 + number).parse().unwrap()),
        v6: v6.then(|| format!("fd00:101::{:x}", 0x10 + u16::from(number)).parse().unwrap()),
    }
}

/// Everything at once: both families, nodes, MD5, communities of both sorts.
pub(crate) fn full() -> Cluster {
    draft().check().unwrap()
}

pub(crate) fn draft() -> Draft {
    Draft {
        name: "c101".parse().unwrap(),
        mesh_id: 101.try_into().unwrap(),
        asn: AsNumber::new(4_200_000_101).unwrap(),
        router_asn: AsNumber::new(65_001).unwrap(),
        families: Families::Dual(v4(), v6()),
        max_nodes: 200,
        nodes: (1..=2).map(|number| node(number, true, true)).collect(),
        pod_blocks: PodBlocks::ClusterPool,
        api_server: Some(ApiServer { host: "api.c101.example.net".parse().unwrap(), port: 6443 }),
        timers: Timers::default(),
        graceful_restart: Some(GracefulRestart::new(120).unwrap()),
        md5: true,
        advertised: Advertised::default(),
        communities: Communities::parse(["65001:100", "4200000101:1:101"]).unwrap(),
    }
}

pub(crate) fn clusters() -> Vec<Cluster> {
    let mut all = Vec::new();
    let labelled =
        || ServiceSelection::Labelled { key: "expose".parse().unwrap(), value: "yes".parse().unwrap() };
    let router_ids = "10.255.101.0/24".parse().unwrap();
    let families = [Families::V4(v4()), Families::V6 { plan: v6(), router_ids }, Families::Dual(v4(), v6())];
    for families in families {
        for bits in 0_u8..64 {
            let bit = |number: u8| bits & (1 << number) != 0;
            let (has4, has6) = (families.v4().is_some(), families.v6().is_some());
            let draft = Draft {
                families: families.clone(),
                nodes: (1..=if bit(0) { 3 } else { 0 }).map(|number| node(number, has4, has6)).collect(),
                md5: bit(1),
                graceful_restart: bit(2).then(|| GracefulRestart::new(4095).unwrap()),
                advertised: Advertised {
                    pods: bit(3),
                    services: if bit(4) { labelled() } else { ServiceSelection::All },
                },
                communities: if bit(5) { draft().communities } else { Communities::default() },
                timers: if bit(1) { Timers::new(65_535, 1).unwrap() } else { Timers::default() },
                // YAML reads `on`, `1e3` and `0x1f` as no text unless they are quoted.
                name: ["c101", "on", "1e3", "0x1f", "no", "12"][usize::from(bits) % 6].parse().unwrap(),
                ..draft()
            };
            all.push(draft.check().unwrap());
        }
    }
    all
}
