//! Each command of a plan failed before and after its effect, answered late or never, with the router
//! rebooting, and with the connection cut: the change ends applied or rolled back, and nothing is left.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::time::Duration;

use lab::{Database, Lab, dual, order, qinq};
use moxxie_api::change::{Change, ResolveRequest};
use moxxie_engine::{Context, EngineConfig, Error};
use routeros_emulator::{Fault, FaultKind};

/// The commands that carry the change of one network, by menu. A test below checks that the list is whole.
const COMMANDS: [&str; 9] = [
    "/interface/vlan/add",
    "/interface/list/add",
    "/interface/list/member/add",
    "/ip/firewall/address-list/add",
    "/ip/firewall/filter/add",
    "/ip/address/add",
    "/ip/pool/add",
    "/ip/dhcp-server/add",
    "/ip/dhcp-server/network/add",
];

/// Those that a network with an IPv6 prefix has beside.
const COMMANDS6: [&str; 5] = [
    "/ipv6/address/add",
    "/ipv6/nd/add",
    "/ipv6/nd/prefix/add",
    "/ipv6/firewall/filter/add",
    "/ipv6/firewall/address-list/add",
];

fn faults() -> Vec<(&'static str, FaultKind)> {
    vec![
        ("refused", FaultKind::Refuse("failure: injected".into())),
        ("reset before", FaultKind::ResetBefore),
        ("reply lost", FaultKind::LoseReply),
        ("reply never", FaultKind::HangReply),
        ("hangs before", FaultKind::HangBefore),
        ("reset in mid-sentence", FaultKind::ResetMidSentence),
        ("reboot", FaultKind::Reboot),
        ("slow", FaultKind::Delay(Duration::from_millis(300))),
    ]
}

async fn start(database: Database, version: &str) -> Lab {
    Lab::new(database).site("dc1", qinq(1000)).router("r1", version).start().await.with_ipv6("dc1").await
}

/// With this the plug is pulled while a command hangs, however slow the machine is.
fn patient(config: &mut EngineConfig) {
    config.command_deadline = Duration::from_secs(20);
    config.lease_ttl = Duration::from_secs(60);
}

/// After a provision under a fault: either all of it is there, or nothing.
async fn assert_whole(lab: &Lab, change: &Change, what: &str) {
    lab.emulator("r1").faults().clear();
    match change.state.as_str() {
        "applied" => {
            let id = change.network_id.as_deref().unwrap();
            let network = lab.engine.network(&Context::system(), id).await.expect(what);
            assert_eq!(network.status, "provisioned", "{what}");
            // A plan made now finds nothing to do: the router is exactly as ordered.
            let plan = lab.engine.provision_allocated_dry_run(&Context::system(), id).await.expect(what);
            assert!(plan.routers[0].commands.is_empty(), "{what}: {}", plan.routers[0].diff);
            let gone = lab.deprovision(id).await.expect(what);
            assert_eq!(gone.state, "applied", "{what}: {gone:?}");
        }
        "rolled_back" => assert!(change.error.is_some(), "{what}: no reason is given"),
        other => panic!("{what}: ended {other}: {change:?}"),
    }
    lab.assert_as_before("r1");
    lab.assert_all_free("dc1").await;
}

/// All commands under all faults; each command has a router and a database of its own, so that those that
/// wait do not wait for each other. Says how many cells were filled.
async fn matrix(database: Database, version: &'static str, list: &'static [&'static str]) {
    let mut commands = tokio::task::JoinSet::new();
    let order = if list == COMMANDS6 { dual } else { order };
    for &command in list {
        commands.spawn(async move {
            let lab = start(database, version).await;
            for (name, fault) in faults() {
                let what = format!("{database:?} {version} {command} {name}");
                let before = lab.emulator("r1").faults().hits().len();
                lab.emulator("r1").faults().inject(Fault::once(command, fault));
                let (change, _) = lab.provision(order("dc1")).await.expect(&what);
                assert_eq!(lab.emulator("r1").faults().hits().len(), before + 1, "{what}: never happened");
                if name == "refused" {
                    assert_eq!(change.state, "rolled_back", "{what}");
                    assert!(change.error.as_ref().unwrap().message.contains("injected"), "{what}");
                }
                assert_whole(&lab, &change, &what).await;
            }
            lab.assert_audit_intact().await;
            lab.stop().await;
            faults().len()
        });
    }
    let cells: usize = commands.join_all().await.into_iter().sum();
    println!("{database:?} {version}: {cells} cells");
    assert_eq!(cells, list.len() * faults().len());
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_under_every_fault_without_safe_mode() {
    matrix(Database::Sqlite, "7.16", &COMMANDS).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_under_every_fault_with_safe_mode() {
    for database in Database::all() {
        matrix(database, "7.22", &COMMANDS).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_ipv6_under_every_fault() {
    for version in ["7.16", "7.20", "7.24"] {
        matrix(Database::Sqlite, version, &COMMANDS6).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_list_of_commands_is_whole() {
    let lab = start(Database::Sqlite, "7.20").await;
    let plan = lab.engine.provision_dry_run(&Context::system(), dual("dc1")).await.unwrap();
    let mut menus: Vec<_> = plan.routers[0]
        .commands
        .iter()
        .map(|command| format!("{}/{}", command.menu, command.action))
        .collect();
    menus.sort();
    menus.dedup();
    let mut known: Vec<_> = COMMANDS.iter().chain(&COMMANDS6).map(|&command| command.to_owned()).collect();
    known.sort();
    assert_eq!(menus, known);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_is_down_is_waited_for() {
    let lab = start(Database::Sqlite, "7.20").await;
    lab.emulator("r1").go_offline().await;
    let accepted = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap();
    let id = accepted.change.change_id;
    let waiting = until(&lab, &id, "waiting").await;
    assert_eq!(waiting.error.unwrap().code, "router_unreachable");
    lab.emulator("r1").go_online().await;
    let change = lab.wait(&id).await;
    assert_eq!(change.state, "applied", "{change:?}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn past_its_deadline_an_unreached_change_releases_its_allocation() {
    let lab = Lab::new(Database::Sqlite)
        .config(|config| config.change_deadline = Duration::from_secs(2))
        .site("dc1", qinq(1000))
        .router("r1", "7.20")
        .start()
        .await;
    lab.emulator("r1").go_offline().await;
    let (change, network) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!((change.state.as_str(), network.is_none()), ("rolled_back", true), "{change:?}");
    assert_eq!(change.error.unwrap().code, "router_unreachable");
    lab.assert_all_free("dc1").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_lost_half_way_keeps_the_allocation_until_it_is_seen_clean_or_written_off() {
    let lab = Lab::new(Database::Sqlite)
        .config(patient)
        .config(|config| config.change_deadline = Duration::from_secs(3))
        .site("dc1", qinq(1000))
        .router("r1", "7.20")
        .start()
        .await;
    let emulator = lab.emulator("r1");
    for (round, reachable_again) in [true, false].into_iter().enumerate() {
        emulator.faults().inject(Fault::once("/ip/address/add", FaultKind::HangReply));
        let accepted = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap();
        let id = accepted.change.change_id;
        while emulator.faults().hits().len() == round {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        emulator.go_offline().await;
        let stuck = until(&lab, &id, "rolling_back").await;
        assert!(!stuck.finished);
        tokio::time::sleep(Duration::from_secs(4)).await;
        let stuck = lab.engine.change(&Context::system(), &id).await.unwrap();
        assert_eq!(stuck.state, "rolling_back", "past its deadline it still waits: {stuck:?}");
        let network = lab.engine.network(&Context::system(), stuck.network_id.as_deref().unwrap()).await;
        assert_eq!(network.unwrap().vlan_id, 100, "VLAN and prefix stay held");
        if reachable_again {
            emulator.faults().clear();
            emulator.go_online().await;
            let change = lab.wait(&id).await;
            assert_eq!(change.state, "rolled_back", "{change:?}");
            lab.assert_as_before("r1");
        } else {
            let nothing = ResolveRequest { reason: " ".into() };
            let refusal = lab.engine.resolve_change(&Context::system(), &id, nothing).await;
            assert!(matches!(refusal, Err(Error::Invalid(_))));
            let reason = ResolveRequest { reason: "the router burnt down".into() };
            let change = lab.engine.resolve_change(&Context::system(), &id, reason).await.unwrap();
            assert_eq!(change.state, "rolled_back");
            assert!(change.error.unwrap().message.contains("burnt down"));
        }
        lab.assert_all_free("dc1").await;
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_goes_back_leaves_others_what_they_share() {
    // Without safe mode nothing is taken back by the router: the first network's shared rows (service VLAN,
    // lists, chains, jumps) stand there while its change cannot go back.
    let lab = Lab::new(Database::Sqlite)
        .config(patient)
        .site("dc1", qinq(1000))
        .router("r1", "7.16")
        .start()
        .await
        .with_ipv6("dc1")
        .await;
    let emulator = lab.emulator("r1");
    emulator.faults().inject(Fault::once("/ip/address/add", FaultKind::HangReply));
    let first = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap().change.change_id;
    while emulator.faults().hits().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    emulator.go_offline().await;
    until(&lab, &first, "rolling_back").await;
    let second = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap().change.change_id;
    emulator.faults().clear();
    emulator.go_online().await;
    let mut ids = Vec::new();
    for change in [&first, &second] {
        let change = lab.wait(change).await;
        assert_eq!(change.state, "applied", "{change:?}");
        ids.push(change.network_id.unwrap());
    }
    for id in &ids {
        let plan = lab.engine.provision_allocated_dry_run(&Context::system(), id).await.unwrap();
        assert!(plan.routers[0].commands.is_empty(), "{}", plan.routers[0].diff);
    }
    for id in &ids {
        lab.deprovision(id).await.unwrap();
    }
    lab.assert_as_before("r1");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kept_change_whose_router_never_comes_back_ends_with_an_operator() {
    let lab = Lab::new(Database::Sqlite)
        .config(patient)
        .config(|config| config.change_deadline = Duration::from_secs(2))
        .site("dc1", qinq(1000))
        .router("r1", "7.22")
        .start()
        .await;
    let emulator = lab.emulator("r1");
    // The decision is made before the guard is released: the router goes in between.
    emulator.faults().inject(Fault::once("/safe-mode/release", FaultKind::HangBefore));
    let accepted = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap();
    while emulator.faults().hits().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    emulator.go_offline().await;
    let id = accepted.change.change_id;
    let change = lab.wait(&id).await;
    assert_eq!(change.state, "needs_operator", "{change:?}");
    let reason = ResolveRequest { reason: "the router is scrap".into() };
    let change = lab.engine.resolve_change(&Context::system(), &id, reason).await.unwrap();
    assert_eq!(change.state, "rolled_back");
    lab.assert_all_free("dc1").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_device_on_the_address_gets_nothing() {
    let mut lab = start(Database::Sqlite, "7.20").await;
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied");
    let first = lab.routers.remove("r1").unwrap();
    let address = first.addr();
    first.shutdown().await;
    let second = lab::emulator_at("another", "7.20", 8, &address.to_string()).await;
    let before = second.snapshot();
    lab.routers.insert("r1".into(), second);

    let status = lab.engine.router_status(&Context::system(), "r1").await.unwrap();
    assert_eq!(status.state, "identity_changed", "{status:?}");
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    let error = change.error.unwrap();
    assert_eq!((change.state.as_str(), error.code.as_str()), ("rolled_back", "identity_changed"));
    assert!(
        error.message.contains("SERIAL-r1") && error.message.contains("SERIAL-another"),
        "{}",
        error.message
    );
    assert_eq!(lab.emulator("r1").snapshot(), before);
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn safe_mode_of_somebody_else_is_waited_for() {
    let lab = start(Database::Sqlite, "7.20").await;
    let address = lab.emulator("r1").addr().to_string();
    let config = routeros_client::Config::new(
        &address,
        "moxxie",
        "router-secret".to_owned().into(),
        routeros_client::Security::Plain,
    );
    let colleague = routeros_client::Connection::open(&config).await.unwrap();
    colleague.run("/safe-mode/take").await.unwrap();
    let accepted = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap();
    let waiting = until(&lab, &accepted.change.change_id, "waiting").await;
    assert_eq!(waiting.error.unwrap().code, "safe_mode_held");
    colleague.run("/safe-mode/release").await.unwrap();
    let change = lab.wait(&accepted.change.change_id).await;
    assert_eq!(change.state, "applied", "{change:?}");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_was_not_begun_can_be_called_off() {
    let lab = start(Database::Sqlite, "7.20").await;
    lab.emulator("r1").go_offline().await;
    let accepted = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap();
    until(&lab, &accepted.change.change_id, "waiting").await;
    let change = lab.engine.cancel_change(&Context::system(), &accepted.change.change_id).await.unwrap();
    assert_eq!(change.state, "cancelled");
    lab.assert_all_free("dc1").await;
    let again = lab.engine.cancel_change(&Context::system(), &accepted.change.change_id).await;
    assert!(matches!(again, Err(Error::Conflict { code: "change_over", .. })));
    lab.stop().await;
}

async fn until(lab: &Lab, change: &str, state: &str) -> Change {
    let end = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        let now = lab.engine.change(&Context::system(), change).await.unwrap();
        if now.state == state {
            return now;
        }
        assert!(tokio::time::Instant::now() < end && !now.finished, "never {state}: {now:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
