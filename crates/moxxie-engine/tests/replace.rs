//! A device is swapped: the new one is read-only until the operator says so, then takes identity, login and
//! networks over.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::time::Duration;

use lab::{Database, Lab, emulator, order, qinq};
use moxxie_api::{
    audit::AuditQuery,
    enroll::{EnrollOptions, Enrolment, Login, RouterReplace},
    router::RouterUpdate,
};
use moxxie_engine::{Context, Error};
use routeros_emulator::{Emulator, Fault, FaultKind, Matcher};

const ADMIN: &str = "administrator-secret";

/// The successor: of another version, with its own ports, and nothing of moxxie on it.
async fn successor(serial: &str) -> Emulator {
    let router = Emulator::builder()
        .version("7.24")
        .unwrap()
        .identity("r1")
        .serial(serial)
        .user("admin", ADMIN)
        .ethernet(4)
        .seed(11)
        .bind("127.0.0.1:0")
        .api_ssl("127.0.0.1:0")
        .without_certificate()
        .start()
        .await
        .unwrap();
    for chain in ["forward", "input"] {
        let rest = [("chain", chain), ("action", "drop"), ("comment", "operator: the rest")];
        router.add_row("/ip/firewall/filter", &rest).unwrap();
    }
    router
}

fn request(new: &Emulator, new_serial: &str) -> RouterReplace {
    RouterReplace {
        old_serial: "SERIAL-r1".into(),
        new_serial: Some(new_serial.into()),
        address: Some(new.tls_addr().unwrap().to_string()),
        login: Login { username: "admin".into(), password: ADMIN.into() },
        tls: None,
        plain_address: Some(new.addr().to_string()),
        trunk: Some("ether3".into()),
        options: EnrollOptions { create_anchors: true, ..EnrollOptions::default() },
    }
}

async fn with_networks(database: Database, count: usize) -> (Lab, Vec<String>) {
    let lab = Lab::new(database).site("dc1", qinq(1000)).router("r1", "7.20").start().await;
    let mut ids = Vec::new();
    for _ in 0..count {
        let (change, network) = lab.provision(order("dc1")).await.unwrap();
        assert_eq!(change.state, "applied", "{change:?}");
        ids.push(network.unwrap().network_id);
    }
    (lab, ids)
}

async fn replace(lab: &Lab, request: RouterReplace) -> Result<Enrolment, Error> {
    lab.engine.replace_router(&Context::system(), "r1", request).await
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::Conflict { code, .. } => code,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn networks_move_to_the_new_device() {
    for database in Database::all() {
        let (lab, ids) = with_networks(database, 3).await;
        // The old device is dead; somebody racks the new one.
        lab.emulator("r1").go_offline().await;
        let new = successor("NEW-1").await;
        let plan =
            lab.engine.replace_dry_run(&Context::system(), "r1", request(&new, "NEW-1")).await.unwrap();
        assert_eq!((plan.networks, plan.changes.len()), (3, 0));
        let bare = new.snapshot();

        let done = replace(&lab, request(&new, "NEW-1")).await.unwrap();
        assert_eq!(done.changes.len(), 3);
        assert_eq!(done.router.as_ref().unwrap().serial.as_deref(), Some("NEW-1"));
        for change in &done.changes {
            let change = lab.wait(change).await;
            assert_eq!((change.kind.as_str(), change.state.as_str()), ("restore", "applied"), "{change:?}");
        }
        for id in &ids {
            let network = lab.engine.network(&Context::system(), id).await.unwrap();
            assert_eq!(network.status, "provisioned");
            let plan = lab.engine.restore_dry_run(&Context::system(), id).await.unwrap();
            assert!(plan.routers[0].commands.is_empty(), "{}", plan.routers[0].diff);
        }
        let trail = lab.engine.audit(&Context::system(), AuditQuery::default()).await.unwrap();
        let event = trail.items.iter().find(|event| event.action == "router.replace").unwrap();
        let detail = serde_json::to_string(&event.detail).unwrap();
        assert!(
            detail.contains("SERIAL-r1") && detail.contains("NEW-1") && !detail.contains(ADMIN),
            "{detail}"
        );

        for id in &ids {
            assert_eq!(lab.deprovision(id).await.unwrap().state, "applied");
        }
        let left: Vec<_> = new.rows("/interface/vlan");
        assert!(left.is_empty() && new.rows("/interface/list/member").is_empty(), "{left:?}");
        assert_ne!(new.snapshot(), bare, "its user, certificate and anchors stay");
        lab.assert_all_free("dc1").await;
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn until_then_the_new_device_is_read_only() {
    let (lab, ids) = with_networks(Database::Sqlite, 1).await;
    // Another device answers, with a login that works.
    let new = emulator("r1-new", "7.20", 9).await;
    let moved = RouterUpdate { address: Some(new.addr().to_string()), ..RouterUpdate::default() };
    lab.engine.update_router(&Context::system(), "r1", moved).await.unwrap();
    let before = new.snapshot();
    let status = lab.engine.router_status(&Context::system(), "r1").await.unwrap();
    assert_eq!(status.state, "identity_changed", "{status:?}");
    assert!(status.reason.unwrap().contains("router replace"));
    let accepted = lab.engine.restore(&Context::system(), &ids[0]).await.unwrap();
    let change = lab.wait(&accepted.change.change_id).await;
    assert_eq!(
        (change.state.as_str(), change.error.unwrap().code.as_str()),
        ("rolled_back", "identity_changed")
    );
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.error.unwrap().code, "identity_changed");
    assert_eq!(new.snapshot(), before, "nothing was written to it");
    let network = lab.engine.network(&Context::system(), &ids[0]).await.unwrap();
    assert_eq!(network.status, "provisioned", "and nothing was released");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn confirmations_and_open_changes() {
    let (lab, _) = with_networks(Database::Sqlite, 1).await;
    let new = successor("NEW-1").await;
    let bare = new.snapshot();

    let wrong = RouterReplace { old_serial: "SERIAL-x".into(), ..request(&new, "NEW-1") };
    assert!(matches!(replace(&lab, wrong).await, Err(Error::Invalid(_))));
    let unnamed = RouterReplace { new_serial: None, ..request(&new, "NEW-1") };
    assert!(matches!(replace(&lab, unnamed).await, Err(Error::Invalid(_))));
    assert_eq!(code(&replace(&lab, request(&new, "NEW-2")).await.unwrap_err()), "other_device");
    let old = lab.emulator("r1");
    let same = RouterReplace {
        plain_address: Some(old.addr().to_string()),
        login: Login { username: "moxxie".into(), password: "router-secret".into() },
        ..request(&new, "SERIAL-r1")
    };
    assert_eq!(code(&replace(&lab, same).await.unwrap_err()), "same_device");

    // A change hangs because the old device is gone: it has to be over first.
    old.go_offline().await;
    let open = lab.engine.provision(&Context::system(), order("dc1")).await.unwrap();
    let error = replace(&lab, request(&new, "NEW-1")).await.unwrap_err();
    assert_eq!(code(&error), "change_open");
    assert!(error.to_string().contains(&open.change.change_id), "{error}");
    lab.engine.cancel_change(&Context::system(), &open.change.change_id).await.unwrap();
    assert_eq!(new.snapshot(), bare, "nothing was written to it so far");
    // The cancelled change may have the router's lease for a moment longer.
    let mut replaced = replace(&lab, request(&new, "NEW-1")).await;
    for _ in 0..200 {
        if !replaced.as_ref().is_err_and(|error| code(error) == "device_busy") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        replaced = replace(&lab, request(&new, "NEW-1")).await;
    }
    replaced.unwrap();
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_fails_is_tried_again_later() {
    let (lab, ids) = with_networks(Database::Sqlite, 2).await;
    lab.emulator("r1").go_offline().await;
    let new = successor("NEW-1").await;
    let mut fault = Fault::once("/ip/dhcp-server/add", FaultKind::Refuse("failure: injected".into()));
    fault.on = Matcher::path("/ip/dhcp-server/add");
    new.faults().inject(fault);
    let done = replace(&lab, request(&new, "NEW-1")).await.unwrap();
    let mut ends = Vec::new();
    for change in &done.changes {
        ends.push(lab.wait(change).await);
    }
    let failed: Vec<_> = ends.iter().filter(|change| change.state == "rolled_back").collect();
    assert_eq!(failed.len(), 1, "{ends:?}");
    let id = failed[0].network_id.clone().unwrap();
    let network = lab.engine.network(&Context::system(), &id).await.unwrap();
    assert_eq!(network.status, "failed", "it is on no device; its VLAN and prefix are held");
    let accepted = lab.engine.restore(&Context::system(), &id).await.unwrap();
    assert_eq!(lab.wait(&accepted.change.change_id).await.state, "applied");
    for id in ids {
        lab.deprovision(&id).await.unwrap();
    }
    lab.assert_all_free("dc1").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_cannot_be_prepared_takes_no_place() {
    let (lab, ids) = with_networks(Database::Sqlite, 1).await;
    let new = successor("NEW-1").await;
    let bare = new.snapshot();
    new.faults().inject(Fault::once("/ip/service/set", FaultKind::Refuse("failure: injected".into())));
    let error = replace(&lab, request(&new, "NEW-1")).await.unwrap_err();
    assert!(error.to_string().contains("is undone"), "{error}");
    assert_eq!(new.snapshot(), bare);
    let router = lab.engine.router(&Context::system(), "r1").await.unwrap();
    assert_eq!(router.serial.as_deref(), Some("SERIAL-r1"));
    let accepted = lab.engine.restore(&Context::system(), &ids[0]).await.unwrap();
    let change = lab.wait(&accepted.change.change_id).await;
    assert_eq!(change.state, "applied", "the old one is managed as before: {change:?}");
    tokio::time::timeout(Duration::from_secs(30), lab.stop()).await.unwrap();
}
