//! Orders about several networks: one change, in as many chunks as it takes, that does all of it or nothing.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, dot1q, order, qinq};
use moxxie_api::{
    address::AddressRequest,
    change::{Change, ResolveRequest},
    network::{
        Network, NetworkBulk, NetworkOptionsUpdate, NetworkQuery, NetworkRequest, NetworkSelection,
        NetworksModified, NetworksRemoval, NetworksUpdate,
    },
};
use moxxie_engine::{Context, Error, network::MOST};
use routeros_emulator::{Fault, FaultKind, Matcher};

fn me() -> Context {
    Context::system()
}

/// Two sites, one of them under Q-in-Q, and chunks so small that a few networks need several.
async fn two_sites(database: Database, versions: [&str; 2]) -> Lab {
    Lab::new(database)
        .config(|config| config.chunk_commands = 30)
        .site("dc1", dot1q())
        .router("r1", versions[0])
        .site("dc2", qinq(1000))
        .router("r2", versions[1])
        .start()
        .await
}

fn bulk(per_site: usize) -> NetworkBulk {
    let items = ["dc1", "dc2"]
        .into_iter()
        .flat_map(|site| (0..per_site).map(move |_| NetworkRequest { size: "/27".into(), ..order(site) }));
    NetworkBulk { items: items.collect() }
}

fn of(select: NetworkSelection, profile: &str) -> NetworksUpdate {
    let options = NetworkOptionsUpdate { firewall_profile: Some(profile.into()), ..Default::default() };
    NetworksUpdate { select, options }
}

fn all() -> NetworkSelection {
    NetworkSelection { all: true, ..NetworkSelection::default() }
}

async fn provisioned(lab: &Lab, per_site: usize) -> Change {
    let change = lab.engine.provision_many(&me(), bulk(per_site)).await.unwrap();
    lab.wait(&change.change_id).await
}

async fn modified(lab: &Lab, update: NetworksUpdate) -> Change {
    let NetworksModified { change, .. } = lab.engine.modify_many(&me(), update).await.unwrap();
    lab.wait(&change.unwrap().change_id).await
}

async fn removed(lab: &Lab, select: NetworkSelection) -> Change {
    let change = lab.engine.deprovision_many(&me(), NetworksRemoval { select }).await.unwrap();
    lab.wait(&change.change_id).await
}

async fn networks(lab: &Lab) -> Vec<Network> {
    lab.engine
        .networks(&me(), NetworkQuery { limit: Some(1000), ..NetworkQuery::default() })
        .await
        .unwrap()
        .items
}

async fn progress(lab: &Lab, change: &Change) -> Vec<String> {
    let events = lab.engine.change_events(&me(), &change.change_id, 0).await.unwrap();
    events.into_iter().filter(|event| event.kind == "progress").map(|event| event.message).collect()
}

fn shown(lab: &Lab) -> Vec<String> {
    ["r1", "r2"].map(|router| format!("{:?}", lab.emulator(router).snapshot())).to_vec()
}

/// Nothing is left of any of it.
async fn assert_nothing(lab: &Lab) {
    for router in ["r1", "r2"] {
        lab.assert_as_before(router);
    }
    for site in ["dc1", "dc2"] {
        lab.assert_all_free(site).await;
    }
    assert!(networks(lab).await.is_empty());
    lab.assert_audit_intact().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twelve_networks_in_two_sites_there_changed_and_gone() {
    let versions = [["7.22", "7.20"], ["7.16", "7.24"]];
    for (database, versions) in Database::all().into_iter().cycle().zip(versions) {
        let lab = two_sites(database, versions).await;
        let rehearsed = lab.engine.provision_many_dry_run(&me(), bulk(6)).await.unwrap();
        assert!(rehearsed.routers.iter().all(|router| router.commands.len() > 30), "several chunks each");
        assert_nothing(&lab).await;

        let change = provisioned(&lab, 6).await;
        assert_eq!(change.state, "applied", "{change:?}");
        assert_eq!((change.network_id.as_deref(), change.datacenter.as_deref()), (None, None));
        assert_eq!(change.routers, ["r1", "r2"]);
        assert_eq!(change.client_id.as_deref(), Some("acme"));
        let told = progress(&lab, &change).await;
        assert!(told.iter().any(|line| line.contains("1 of") && line.contains("r1")), "{told:?}");
        assert!(told.iter().any(|line| line.contains("1 of") && line.contains("r2")), "{told:?}");
        let there = networks(&lab).await;
        assert_eq!(there.len(), 12);
        assert!(there.iter().all(|network| network.status == "provisioned"));
        let made = lab.engine.networks_of_change(&me(), &change.change_id).await.unwrap();
        assert_eq!(made.len(), 12);
        for network in &there {
            let plan = lab.engine.restore_dry_run(&me(), &network.network_id).await.unwrap();
            assert!(plan.routers[0].commands.is_empty(), "{}", plan.routers[0].diff);
        }

        let before = shown(&lab);
        let some = NetworkSelection { firewall_profile: Some("isolated".into()), ..Default::default() };
        let rehearsed = lab.engine.modify_many_dry_run(&me(), of(some.clone(), "standard")).await.unwrap();
        assert_eq!(rehearsed.routers.len(), 2);
        assert_eq!(shown(&lab), before, "a dry run does nothing");
        let change = modified(&lab, of(some, "standard")).await;
        assert_eq!(change.state, "applied", "{change:?}");
        let after = networks(&lab).await;
        assert!(after.iter().all(|network| network.options.firewall_profile.as_deref() == Some("standard")));
        // What all of them have already is no change.
        let again = lab.engine.modify_many(&me(), of(all(), "standard")).await.unwrap();
        assert!(again.change.is_none() && again.modified.is_empty(), "{again:?}");

        let here = NetworkSelection { datacenter: Some("dc1".into()), ..NetworkSelection::default() };
        assert_eq!(removed(&lab, here).await.state, "applied");
        lab.assert_as_before("r1");
        assert_eq!(networks(&lab).await.len(), 6);
        assert_eq!(removed(&lab, all()).await.state, "applied");
        assert_nothing(&lab).await;
        lab.stop().await;
    }
}

/// Chunks whose guard has been let go are taken back by the journal, on both routers.
#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_in_a_late_chunk_takes_everything_back() {
    for (database, versions) in Database::all().into_iter().zip([["7.22", "7.24"], ["7.16", "7.20"]]) {
        let lab = two_sites(database, versions).await;
        let refuse = || FaultKind::Refuse("failure: injected".into());
        let sixth = |path: &str| Matcher::path(path).nth(6);
        lab.emulator("r2").faults().inject(Fault { on: sixth("/ip/address/add"), what: refuse() });
        let change = provisioned(&lab, 6).await;
        assert_eq!(change.state, "rolled_back", "{change:?}");
        assert_eq!(change.error.as_ref().unwrap().code, "router_refused");
        assert!(!progress(&lab, &change).await.is_empty(), "it was in a late chunk");
        assert_nothing(&lab).await;

        lab.emulator("r2").faults().clear();
        assert_eq!(provisioned(&lab, 6).await.state, "applied");
        let before = shown(&lab);
        let on = sixth("/interface/list/member/add");
        lab.emulator("r2").faults().inject(Fault { on, what: refuse() });
        let change = modified(&lab, of(all(), "standard")).await;
        assert_eq!(change.state, "rolled_back", "{change:?}");
        lab.emulator("r2").faults().clear();
        let after = networks(&lab).await;
        assert!(after.iter().all(|network| network.options.firewall_profile.as_deref() == Some("isolated")));
        assert_eq!(shown(&lab), before);

        let on = sixth("/interface/vlan/remove");
        lab.emulator("r1").faults().inject(Fault { on, what: refuse() });
        let change = removed(&lab, all()).await;
        assert_eq!(change.state, "rolled_back", "{change:?}");
        lab.emulator("r1").faults().clear();
        assert!(networks(&lab).await.iter().all(|network| network.status == "provisioned"));
        assert_eq!(removed(&lab, all()).await.state, "applied");
        assert_nothing(&lab).await;
        lab.stop().await;
    }
}

/// What may pass is tried again, whole.
#[tokio::test(flavor = "multi_thread")]
async fn lost_connections_and_reboots_between_chunks() {
    let lab = two_sites(Database::Sqlite, ["7.22", "7.16"]).await;
    for what in [FaultKind::LoseReply, FaultKind::ResetBefore, FaultKind::ResetMidSentence, FaultKind::Reboot]
    {
        for (router, path, nth) in [
            ("r1", "/ip/address/add", 6),
            ("r2", "/ip/address/add", 6),
            ("r1", "/safe-mode/release", 1),
            ("r1", "/safe-mode/take", 2),
        ] {
            let on = Matcher::path(path).nth(nth);
            lab.emulator(router).faults().inject(Fault { on, what: what.clone() });
            let change = provisioned(&lab, 6).await;
            assert!(!lab.emulator(router).faults().hits().is_empty(), "{router} {path} {what:?}");
            lab.emulator(router).faults().clear();
            assert_eq!(change.state, "applied", "{router} {path} {what:?}: {change:?}");
            assert_eq!(removed(&lab, all()).await.state, "applied", "{router} {path} {what:?}");
            assert_nothing(&lab).await;
        }
    }
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn written_off_they_are_gone_or_failed() {
    let lab = two_sites(Database::Sqlite, ["7.16", "7.22"]).await;
    assert_eq!(provisioned(&lab, 3).await.state, "applied");
    for path in ["/interface/vlan/remove", "/ip/address/add"] {
        let on = Matcher::path(path).times(0);
        lab.emulator("r1").faults().inject(Fault { on, what: FaultKind::Refuse("failure: injected".into()) });
    }
    let change = removed(&lab, all()).await;
    assert_eq!(change.state, "needs_operator", "{change:?}");
    assert!(networks(&lab).await.iter().all(|network| network.status == "failed"));
    lab.emulator("r1").faults().clear();
    let reason = ResolveRequest { reason: "the router goes to the scrap yard".into() };
    let change = lab.engine.resolve_change(&me(), &change.change_id, reason).await.unwrap();
    assert_eq!(change.state, "applied");
    assert!(networks(&lab).await.is_empty());
    for site in ["dc1", "dc2"] {
        lab.assert_all_free(site).await;
    }
    lab.assert_audit_intact().await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_whole_and_by_item() {
    for database in Database::all() {
        let lab = two_sites(database, ["7.22", "7.20"]).await;
        let refused =
            async |request: NetworkBulk| lab.engine.provision_many(&me(), request).await.unwrap_err();
        let with = |index: usize, change: &dyn Fn(&mut NetworkRequest)| {
            let mut request = bulk(2);
            change(&mut request.items[index]);
            request
        };
        for (request, field) in [
            (NetworkBulk::default(), "items"),
            (NetworkBulk { items: vec![order("dc1"); MOST + 1] }, "items"),
            (with(3, &|item| item.size = "/200".into()), "items[3].size"),
            (with(1, &|item| item.datacenter = "dc9".into()), "items[1].datacenter"),
            (with(2, &|item| item.client_id = "nobody".into()), "items[2].clientId"),
            (with(0, &|item| item.vlan_id = Some(3000)), "items[0].vlanId"),
        ] {
            let Error::Invalid(fields) = refused(request).await else { panic!("{field}") };
            assert_eq!(fields[0].field, field, "{fields:?}");
        }
        // Each of them could be had, but not both.
        let twice = NetworkBulk {
            items: (0..2).map(|_| NetworkRequest { name: Some("web".into()), ..order("dc1") }).collect(),
        };
        let error = refused(twice).await;
        assert!(error.to_string().contains("items[1]"), "{error}");
        assert_nothing(&lab).await;

        let select = |select: NetworkSelection| {
            let engine = lab.engine.clone();
            async move {
                let error = engine.deprovision_many(&me(), NetworksRemoval { select }).await.unwrap_err();
                let Error::Invalid(fields) = error else { panic!("{error:?}") };
                (fields[0].field.clone(), fields[0].message.clone())
            }
        };
        assert_eq!(select(NetworkSelection::default()).await.0, "select");
        assert!(select(all()).await.1.contains("no network"));
        let unknown = vec!["net-00000000-0000-7000-8000-000000000000".to_owned()];
        let unknown = NetworkSelection { network_ids: Some(unknown), ..NetworkSelection::default() };
        assert_eq!(select(unknown).await.0, "select.networkIds");

        // One network in use keeps all of them.
        assert_eq!(provisioned(&lab, 2).await.state, "applied");
        let one = networks(&lab).await.remove(0);
        let wish = AddressRequest::default();
        let taken = lab.engine.create_address(&me(), &one.network_id, wish).await.unwrap();
        let error = lab.engine.deprovision_many(&me(), NetworksRemoval { select: all() }).await.unwrap_err();
        assert!(error.to_string().contains(&one.name), "{error}");
        assert!(networks(&lab).await.iter().all(|network| network.status == "provisioned"));
        // And so does one with a change of its own.
        lab.engine.delete_address(&me(), &one.network_id, &taken.address, true).await.unwrap();
        lab.emulator("r1")
            .faults()
            .inject(Fault { on: Matcher::path("/").times(0), what: FaultKind::ResetBefore });
        let own = lab.engine.deprovision(&me(), &one.network_id).await.unwrap();
        let error = lab.engine.modify_many(&me(), of(all(), "open")).await.unwrap_err();
        assert!(error.to_string().contains(&own.change.change_id), "{error}");
        lab.stop().await;
    }
}
