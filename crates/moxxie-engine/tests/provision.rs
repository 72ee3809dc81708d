//! A network from request to router and back.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, dual, order, qinq};
use moxxie_engine::{Context, Error};

fn steps(change: &moxxie_api::change::Change) -> Vec<(&str, &str)> {
    change.steps.iter().map(|step| (step.step.as_str(), step.status.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_request_works_at_a_plain_and_at_a_stacked_site() {
    for database in Database::all() {
        let lab = Lab::new(database)
            .site("dc1", dot1q())
            .router("r1", "7.20")
            .site("dc2", qinq(1000))
            .router("r2", "7.22")
            .start()
            .await;
        let mut networks = Vec::new();
        for site in ["dc1", "dc2"] {
            let (change, network) = lab.provision(order(site)).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
            assert_eq!(
                steps(&change),
                [
                    ("ipam_allocation", "completed"),
                    ("router_vlan_creation", "completed"),
                    ("router_configuration", "completed"),
                    ("firewall_rules", "completed"),
                    ("dhcp_configuration", "completed"),
                    ("verification", "completed"),
                ]
            );
            let network = network.unwrap();
            assert_eq!((network.vlan_id, network.status.as_str()), (100, "provisioned"));
            networks.push(network);
        }
        let [plain, stacked] = &networks[..] else { panic!() };
        assert_eq!((plain.qinq, plain.service_vlan), (false, None));
        assert_eq!((stacked.qinq, stacked.service_vlan), (true, Some(1000)));
        assert_eq!(stacked.subnet, "172.17.0.0/24");
        assert_eq!(stacked.dhcp_range.as_deref(), Some("172.17.0.100-172.17.0.200"));

        let vlans = lab.emulator("r2").rows("/interface/vlan");
        let outer = vlans.iter().find(|row| row["vlan-id"] == "1000").expect("the service VLAN");
        assert_eq!((outer["interface"].as_str(), outer["use-service-tag"].as_str()), ("ether2", "true"));
        let inner = vlans.iter().find(|row| row["vlan-id"] == "100").expect("the network's VLAN");
        assert_eq!(inner["interface"], outer["name"]);

        for (network, router, site) in [(plain, "r1", "dc1"), (stacked, "r2", "dc2")] {
            let change = lab.deprovision(&network.network_id).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
            lab.assert_as_before(router);
            lab.assert_all_free(site).await;
            let again = lab.deprovision(&network.network_id).await.unwrap();
            assert_eq!(again.change_id, change.change_id, "repeating is a no-op");
        }
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_version_takes_and_gives_back() {
    for version in ["7.16", "7.18", "7.19", "7.20", "7.21", "7.22", "7.24"] {
        let lab = Lab::new(Database::Sqlite).site("dc1", qinq(1000)).router("r1", version).start().await;
        let (change, network) = lab.provision(order("dc1")).await.unwrap();
        assert_eq!(change.state, "applied", "{version}: {change:?}");
        let again =
            lab.engine.provision_allocated(&Context::system(), &network.unwrap().network_id).await.unwrap();
        assert_eq!(again.change.change_id, change.change_id, "repeating is a no-op");
        lab.deprovision(change.network_id.as_deref().unwrap()).await.unwrap();
        lab.assert_as_before("r1");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_row_in_the_way_is_named_before_anything_is_written() {
    let lab = Lab::new(Database::Sqlite).site("dc1", dot1q()).router("r1", "7.20").start().await;
    let emulator = lab.emulator("r1");
    emulator
        .add_row("/interface/vlan", &[("name", "old-office"), ("interface", "ether2"), ("vlan-id", "100")])
        .unwrap();
    let before = emulator.snapshot();
    let refusal = lab.engine.provision_dry_run(&Context::system(), order("dc1")).await.unwrap_err();
    assert!(
        matches!(&refusal, Error::Conflict { code: "foreign_row", message, .. }
        if message.contains("old-office")),
        "{refusal:?}"
    );
    // Unasked, the id would not be taken again.
    let insists = moxxie_api::network::NetworkRequest { vlan_id: Some(100), ..order("dc1") };
    let (change, network) = lab.provision(insists).await.unwrap();
    let error = change.error.clone().unwrap();
    assert_eq!((change.state.as_str(), error.code.as_str()), ("rolled_back", "foreign_row"));
    assert!(error.message.contains("old-office"), "{}", error.message);
    assert!(network.is_none());
    assert_eq!(emulator.snapshot(), before);
    lab.assert_all_free("dc1").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_anchor_nothing_is_done() {
    let lab = Lab::new(Database::Sqlite).site("dc1", dot1q()).router("r1", "7.20").start().await;
    let emulator = lab.emulator("r1");
    let anchors: Vec<_> = emulator
        .rows("/ip/firewall/filter")
        .into_iter()
        .filter(|row| row.get("comment").is_some_and(|comment| comment == "moxxie-anchor"))
        .map(|row| row[".id"].clone())
        .collect();
    for id in anchors {
        emulator.remove_row("/ip/firewall/filter", &id).unwrap();
    }
    let before = emulator.snapshot();
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.error.unwrap().code, "no_anchor");
    assert_eq!(emulator.snapshot(), before);
    lab.assert_all_free("dc1").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_at_once_share_a_router() {
    let lab = Lab::new(Database::Sqlite)
        .config(|config| config.change_deadline = std::time::Duration::from_secs(60))
        .site("dc1", qinq(1000))
        .router("r1", "7.20")
        .start()
        .await;
    let lab = std::sync::Arc::new(lab);
    let mut orders = tokio::task::JoinSet::new();
    for _ in 0..50 {
        let lab = lab.clone();
        orders.spawn(async move { lab.provision(order("dc1")).await.unwrap() });
    }
    let mut vlans = std::collections::BTreeSet::new();
    let mut subnets = std::collections::BTreeSet::new();
    while let Some(done) = orders.join_next().await {
        let (change, network) = done.unwrap();
        assert_eq!(change.state, "applied", "{change:?}");
        let network = network.unwrap();
        assert!(vlans.insert(network.vlan_id) && subnets.insert(network.subnet));
    }
    assert_eq!(vlans.len(), 50);
    assert_eq!(lab.emulator("r1").rows("/ip/dhcp-server").len(), 50);
    std::sync::Arc::into_inner(lab).unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_comes_and_goes_beside_ipv4_and_alone() {
    for version in ["7.16", "7.20", "7.24"] {
        let lab = Lab::new(Database::Sqlite).site("dc1", qinq(1000)).router("r1", version).start().await;
        let lab = lab.with_ipv6("dc1").await;
        let alone = moxxie_api::network::NetworkRequest { size: "/80".to_owned(), ..order("dc1") };
        let alone = moxxie_api::network::NetworkRequest { options: Default::default(), ..alone };
        let mut made = Vec::new();
        for request in [dual("dc1"), alone] {
            let (change, network) = lab.provision(request).await.unwrap();
            assert_eq!(change.state, "applied", "{version}: {change:?}");
            let network = network.unwrap();
            let again = lab
                .engine
                .provision_allocated_dry_run(&Context::system(), &network.network_id)
                .await
                .unwrap();
            assert!(again.routers[0].commands.is_empty(), "{version}: {}", again.routers[0].diff);
            made.push(network);
        }
        let addresses = lab.emulator("r1").rows("/ipv6/address");
        let is_there = |address: String| addresses.iter().any(|row| row["address"] == address);
        assert!(is_there(format!("{}/64", made[0].gateway6.as_deref().unwrap())), "{addresses:?}");
        assert!(is_there(format!("{}/80", made[1].gateway)), "{addresses:?}");
        assert!(made[0].notes.is_empty() && made[1].notes[0].contains("by hand"), "{:?}", made[1].notes);
        // Without servers of the site's own the router is named, and asked through the filter.
        let rules = lab.emulator("r1").rows("/ipv6/firewall/filter");
        assert!(rules.iter().any(|row| row.get("dst-port").is_some_and(|port| port == "53")));
        for network in &made {
            let change = lab.deprovision(&network.network_id).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
        }
        lab.assert_as_before("r1");
        lab.assert_all_free("dc1").await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ipv6_without_its_anchor_is_refused_and_nothing_is_left() {
    let lab = Lab::new(Database::Sqlite).site("dc1", dot1q()).router("r1", "7.20").start().await;
    let lab = lab.with_ipv6("dc1").await;
    let rules = lab.emulator("r1").rows("/ipv6/firewall/filter");
    for rule in rules.iter().filter(|row| row.get("comment").is_some_and(|text| text == "moxxie-anchor")) {
        lab.emulator("r1").remove_row("/ipv6/firewall/filter", &rule[".id"]).unwrap();
    }
    let (change, _) = lab.provision(dual("dc1")).await.unwrap();
    let error = change.error.unwrap();
    assert_eq!((change.state.as_str(), error.code.as_str()), ("rolled_back", "no_anchor"));
    assert!(error.message.contains("/ipv6/firewall/filter"), "{}", error.message);
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "IPv4 alone needs none: {change:?}");
    lab.stop().await;
}
