//! Restoring a network: its rows come back, what is there stays, and the allocation survives every end.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, order, qinq};
use moxxie_api::change::{Change, ResolveRequest};
use moxxie_engine::{Context, Error};
use routeros_emulator::{Fault, FaultKind, Matcher};

async fn provisioned(database: Database, version: &str) -> (Lab, String) {
    let lab = Lab::new(database).site("dc1", qinq(1000)).router("r1", version).start().await;
    let (change, network) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    (lab, network.unwrap().network_id)
}

async fn restore(lab: &Lab, id: &str) -> Change {
    let accepted = lab.engine.restore(&Context::system(), id).await.unwrap();
    assert_eq!(accepted.change.kind, "restore");
    lab.wait(&accepted.change.change_id).await
}

/// Somebody removes the rows of ours from some menus.
fn vandalise(lab: &Lab, menus: &[&str]) {
    for menu in menus {
        for row in lab.emulator("r1").rows(menu) {
            if row.get("comment").is_some_and(|comment| comment.starts_with("mx1:")) {
                lab.emulator("r1").remove_row(menu, &row[".id"]).unwrap();
            }
        }
    }
}

const ALL: [&str; 9] = [
    "/ip/dhcp-server",
    "/ip/dhcp-server/network",
    "/ip/pool",
    "/ip/address",
    "/ip/firewall/filter",
    "/ip/firewall/address-list",
    "/interface/list/member",
    "/interface/list",
    "/interface/vlan",
];

#[tokio::test(flavor = "multi_thread")]
async fn rows_come_back_and_what_is_there_is_left_alone() {
    for database in Database::all() {
        let (lab, id) = provisioned(database, "7.22").await;
        let whole = lab.emulator("r1").snapshot();

        let change = restore(&lab, &id).await;
        assert_eq!(change.state, "applied", "{change:?}");
        assert_eq!(lab.emulator("r1").snapshot(), whole, "nothing was missing, nothing is sent");

        vandalise(&lab, &["/ip/dhcp-server", "/ip/address"]);
        let plan = lab.engine.restore_dry_run(&Context::system(), &id).await.unwrap();
        assert!(plan.routers[0].commands.len() >= 2, "{}", plan.routers[0].diff);
        let change = restore(&lab, &id).await;
        assert_eq!(change.state, "applied", "{change:?}");
        let plan = lab.engine.restore_dry_run(&Context::system(), &id).await.unwrap();
        assert!(plan.routers[0].commands.is_empty(), "{}", plan.routers[0].diff);

        // Nothing of it is left: as on another device.
        vandalise(&lab, &ALL);
        lab.assert_as_before("r1");
        let change = restore(&lab, &id).await;
        assert_eq!(change.state, "applied", "{change:?}");
        let network = lab.engine.network(&Context::system(), &id).await.unwrap();
        assert_eq!(network.status, "provisioned");

        let gone = lab.deprovision(&id).await.unwrap();
        assert_eq!(gone.state, "applied");
        lab.assert_as_before("r1");
        lab.assert_all_free("dc1").await;
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_fails_leaves_the_router_as_it_was_and_releases_nothing() {
    let (lab, id) = provisioned(Database::Sqlite, "7.22").await;
    vandalise(&lab, &ALL);
    let bare = lab.emulator("r1").snapshot();
    for path in ["/ip/address/add", "/ip/firewall/filter/add", "/ip/dhcp-server/add"] {
        lab.emulator("r1").faults().inject(Fault::once(path, FaultKind::Refuse("failure: injected".into())));
        let change = restore(&lab, &id).await;
        assert_eq!(change.state, "rolled_back", "{path}: {change:?}");
        assert!(change.error.unwrap().message.contains("injected"), "{path}");
        let now = lab.emulator("r1").snapshot();
        assert_eq!(now, bare, "{path}: {}", bare.diff(&now));
        let network = lab.engine.network(&Context::system(), &id).await.unwrap();
        assert_eq!(network.status, "provisioned", "{path}: what it was before");
    }
    let change = restore(&lab, &id).await;
    assert_eq!(change.state, "applied", "{change:?}");
    lab.deprovision(&id).await.unwrap();
    lab.assert_as_before("r1");
    lab.assert_all_free("dc1").await;
    lab.assert_audit_intact().await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restore_that_is_stuck_and_written_off_keeps_the_allocation() {
    // Without safe mode the router takes nothing back by itself.
    let (lab, id) = provisioned(Database::Sqlite, "7.16").await;
    vandalise(&lab, &ALL);
    let faults = lab.emulator("r1").faults();
    for path in ["/ip/dhcp-server/add", "/ip/address/remove"] {
        faults.inject(Fault {
            on: Matcher::path(path).times(0),
            what: FaultKind::Refuse("failure: no".into()),
        });
    }
    let change = restore(&lab, &id).await;
    assert_eq!(change.state, "needs_operator", "{change:?}");
    let status = async || lab.engine.network(&Context::system(), &id).await.unwrap().status;
    assert_eq!(status().await, "failed");
    let resolve = ResolveRequest { reason: "the device is scrap".into() };
    lab.engine.resolve_change(&Context::system(), &change.change_id, resolve).await.unwrap();
    assert_eq!(status().await, "failed", "the allocation is still the network's");
    faults.clear();
    let change = restore(&lab, &id).await;
    assert_eq!(change.state, "applied", "{change:?}");
    lab.deprovision(&id).await.unwrap();
    lab.assert_as_before("r1");
    lab.assert_all_free("dc1").await;
    lab.assert_audit_intact().await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_never_on_a_router_is_not_restored() {
    let (lab, _) = provisioned(Database::Sqlite, "7.22").await;
    let allocated = lab.engine.allocate(&Context::system(), order("dc1")).await.unwrap();
    let refused = lab.engine.restore(&Context::system(), &allocated.network_id).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { code: "not_provisioned", .. }), "{refused:?}");
    let refused = lab.engine.restore_dry_run(&Context::system(), &allocated.network_id).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { code: "not_provisioned", .. }), "{refused:?}");
    lab.stop().await;
}
