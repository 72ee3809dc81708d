//! Networks that carry something else from now on: the routers follow, or everything is as it was.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use lab::{Database, Lab, order, qinq};
use moxxie_api::{
    address::AddressRequest,
    change::{Change, ResolveRequest},
    network::{Network, NetworkOptionsUpdate, NetworkUpdate},
};
use moxxie_engine::{Context, Error, network::Modified};
use routeros_emulator::{Fault, FaultKind, Matcher};

fn me() -> Context {
    Context::system()
}

fn profile(name: &str) -> NetworkUpdate {
    let options = NetworkOptionsUpdate { firewall_profile: Some(name.into()), ..Default::default() };
    NetworkUpdate { options }
}

fn dhcp(on: bool) -> NetworkUpdate {
    NetworkUpdate { options: NetworkOptionsUpdate { enable_dhcp: Some(on), ..Default::default() } }
}

fn described(text: &str) -> NetworkUpdate {
    NetworkUpdate { options: NetworkOptionsUpdate { description: Some(text.into()), ..Default::default() } }
}

async fn provisioned(database: Database, version: &str) -> (Lab, String) {
    let lab = Lab::new(database).site("dc1", qinq(1000)).router("r1", version).start().await;
    let (change, network) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    (lab, network.unwrap().network_id)
}

async fn modify(lab: &Lab, id: &str, update: NetworkUpdate) -> Change {
    match lab.engine.modify_network(&me(), id, update, None).await.unwrap() {
        Modified::Ordered(accepted) => lab.wait(&accepted.change.change_id).await,
        Modified::Done(network) => panic!("a provisioned network needs a change: {network:?}"),
    }
}

async fn network(lab: &Lab, id: &str) -> Network {
    lab.engine.network(&me(), id).await.unwrap()
}

/// What the router has is what the record says.
async fn assert_in_step(lab: &Lab, id: &str, what: &str) {
    let plan = lab.engine.restore_dry_run(&me(), id).await.expect(what);
    assert!(plan.routers[0].commands.is_empty(), "{what}: {}", plan.routers[0].diff);
}

/// From now on every command there meets it.
fn always(lab: &Lab, path: &str, what: FaultKind) {
    lab.emulator("r1").faults().inject(Fault { on: Matcher::path(path).times(0), what });
}

/// What the router shows, the rules of each chain together: only within a chain their order has a meaning.
fn shown(lab: &Lab) -> Vec<String> {
    let whole = format!("{:?}", lab.emulator("r1").snapshot());
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let chain =
        |line: &String| line.split_whitespace().find(|word| word.starts_with("chain=")).map(str::to_owned);
    for rules in lines.chunk_by_mut(|one, other| chain(one).is_some() == chain(other).is_some()) {
        rules.sort_by_key(chain);
    }
    lines
}

fn code(error: &Error) -> &str {
    match error {
        Error::Conflict { code, .. } => code,
        Error::Invalid(fields) => &fields[0].field,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn there_and_back_on_every_version() {
    for (database, version) in Database::all().into_iter().map(|database| (database, "7.22")).chain([
        (Database::Sqlite, "7.16"),
        (Database::Sqlite, "7.20"),
        (Database::Sqlite, "7.24"),
    ]) {
        let (lab, id) = provisioned(database, version).await;
        let before = shown(&lab);
        let ways = [
            (profile("standard"), profile("isolated")),
            (profile("open"), profile("isolated")),
            (dhcp(false), dhcp(true)),
            (described("front ends"), described("")),
        ];
        for (there, back) in ways {
            let what = format!("{version}: {there:?}");
            let rehearsed = lab.engine.modify_network_dry_run(&me(), &id, there.clone(), None).await.unwrap();
            assert!(!rehearsed.routers[0].commands.is_empty(), "{what}");
            assert_eq!(shown(&lab), before, "{what}: a dry run does nothing");
            let change = modify(&lab, &id, there).await;
            assert_eq!(
                (change.kind.as_str(), change.state.as_str()),
                ("modify", "applied"),
                "{what}: {change:?}"
            );
            assert_ne!(shown(&lab), before, "{what}");
            assert_in_step(&lab, &id, &what).await;
            let change = modify(&lab, &id, back).await;
            assert_eq!(change.state, "applied", "{what}: {change:?}");
            assert_eq!(shown(&lab), before, "{what}, and back");
        }
        assert_eq!(lab.deprovision(&id).await.unwrap().state, "applied");
        lab.assert_as_before("r1");
        lab.assert_all_free("dc1").await;
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn under_every_fault_it_is_done_or_as_before() {
    under_every_fault("7.22").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn under_every_fault_it_is_done_or_as_before_without_safe_mode() {
    under_every_fault("7.16").await;
}

async fn under_every_fault(version: &str) {
    let faults = [
        FaultKind::Refuse("failure: injected".into()),
        FaultKind::ResetBefore,
        FaultKind::LoseReply,
        FaultKind::ResetMidSentence,
        FaultKind::Reboot,
    ];
    // The commands that take a network from one profile and DHCP to none of it.
    let commands = [
        "/interface/list/add",
        "/interface/list/member/add",
        "/interface/list/member/remove",
        "/ip/firewall/filter/add",
        "/ip/firewall/filter/remove",
        "/ip/dhcp-server/remove",
        "/ip/pool/remove",
    ];
    let standard = || NetworkUpdate {
        options: NetworkOptionsUpdate {
            firewall_profile: Some("standard".into()),
            enable_dhcp: Some(false),
            ..Default::default()
        },
    };
    let mut ends = [0, 0];
    let (lab, id) = provisioned(Database::Sqlite, version).await;
    let before = shown(&lab);
    for command in commands {
        for fault in &faults {
            let what = format!("{version} {command} {fault:?}");
            lab.emulator("r1").faults().clear();
            lab.emulator("r1").faults().inject(Fault::once(command, fault.clone()));
            let change = modify(&lab, &id, standard()).await;
            lab.emulator("r1").faults().clear();
            let now = network(&lab, &id).await;
            assert_eq!(now.status, "provisioned", "{what}");
            assert_in_step(&lab, &id, &what).await;
            match change.state.as_str() {
                "applied" => {
                    ends[0] += 1;
                    assert!(!now.options.enable_dhcp, "{what}");
                    let mut back = profile("isolated");
                    back.options.enable_dhcp = Some(true);
                    assert_eq!(modify(&lab, &id, back).await.state, "applied", "{what}");
                }
                "rolled_back" => {
                    ends[1] += 1;
                    assert!(now.options.enable_dhcp, "{what}");
                    assert_eq!(now.dhcp_range.as_deref(), Some("172.16.0.100-172.16.0.200"), "{what}");
                }
                other => panic!("{what}: ended {other}: {change:?}"),
            }
            assert_eq!(shown(&lab), before, "{what}");
        }
    }
    lab.assert_audit_intact().await;
    lab.stop().await;
    assert!(ends[0] > 0 && ends[1] > 0, "applied {}, rolled back {}", ends[0], ends[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_network_is_changed_at_once() {
    for database in Database::all() {
        let lab = Lab::new(database).site("dc1", qinq(1000)).router("r1", "7.22").start().await;
        let made = lab.engine.allocate(&me(), order("dc1")).await.unwrap();
        let id = made.network_id.clone();
        let standard = profile("standard");
        let Modified::Done(after) =
            lab.engine.modify_network(&me(), &id, standard.clone(), Some(made.version)).await.unwrap()
        else {
            panic!("no router knows it");
        };
        assert_eq!(after.options.firewall_profile.as_deref(), Some("standard"));
        assert!(network(&lab, &id).await.version > made.version);

        // Whoever knows an older version is told.
        let stale = lab.engine.modify_network(&me(), &id, standard, Some(made.version)).await.unwrap_err();
        assert_eq!(code(&stale), "version_changed");

        // With DHCP on, its addresses are not for hosts; when it is turned off they are.
        let ask = |address: &str| AddressRequest { address: Some(address.into()), ..Default::default() };
        let taken = lab.engine.create_address(&me(), &id, ask("172.16.0.150")).await;
        assert!(taken.is_err(), "it lies in the DHCP range");
        lab.engine.modify_network(&me(), &id, dhcp(false), None).await.unwrap();
        lab.engine.create_address(&me(), &id, ask("172.16.0.150")).await.unwrap();
        let refused = lab.engine.modify_network(&me(), &id, dhcp(true), None).await.unwrap_err();
        assert_eq!(code(&refused), "in_use");
        assert!(refused.to_string().contains("172.16.0.150"), "{refused}");
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_is_refused_and_nothing_is_done() {
    let (lab, id) = provisioned(Database::Sqlite, "7.22").await;
    let before = shown(&lab);
    for (update, field) in [
        (NetworkUpdate::default(), ""),
        (profile("strict"), "options.firewallProfile"),
        (described("two\nlines"), "options.description"),
        (described(&"x".repeat(101)), "options.description"),
    ] {
        let error = lab.engine.modify_network(&me(), &id, update.clone(), None).await.unwrap_err();
        assert_eq!(code(&error), field, "{update:?}");
        let error = lab.engine.modify_network_dry_run(&me(), &id, update, None).await.unwrap_err();
        assert_eq!(code(&error), field);
    }
    // What it has already is nothing to do.
    let same = lab.engine.modify_network(&me(), &id, profile("isolated"), None).await.unwrap();
    assert!(matches!(same, Modified::Done(_)), "{same:?}");

    // While a change waits, another one cannot begin; called off, everything is as before.
    always(&lab, "/", FaultKind::ResetBefore);
    let Modified::Ordered(waiting) =
        lab.engine.modify_network(&me(), &id, profile("standard"), None).await.unwrap()
    else {
        panic!("it is on a router");
    };
    let second = lab.engine.modify_network(&me(), &id, dhcp(false), None).await.unwrap_err();
    assert_eq!(code(&second), "change_open");
    let removal = lab.engine.deprovision(&me(), &id).await.unwrap_err();
    assert_eq!(code(&removal), "change_open");
    lab.engine.cancel_change(&me(), &waiting.change.change_id).await.unwrap();
    lab.emulator("r1").faults().clear();
    let ended = lab.wait(&waiting.change.change_id).await;
    assert!(["cancelled", "rolled_back"].contains(&ended.state.as_str()), "{ended:?}");
    assert_eq!(network(&lab, &id).await.options.firewall_profile.as_deref(), Some("isolated"));
    assert_eq!(shown(&lab), before);
    assert_in_step(&lab, &id, "called off").await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_written_off_is_restored() {
    let (lab, id) = provisioned(Database::Sqlite, "7.16").await;
    // Without safe mode the router takes nothing back by itself: the new list stays without its member.
    for path in ["/interface/list/member/add", "/interface/list/remove"] {
        always(&lab, path, FaultKind::Refuse("failure: injected".into()));
    }
    let change = modify(&lab, &id, profile("standard")).await;
    lab.emulator("r1").faults().clear();
    assert_eq!(change.state, "needs_operator", "{change:?}");
    let reason = ResolveRequest { reason: "seen by hand".into() };
    lab.engine.resolve_change(&me(), &change.change_id, reason).await.unwrap();
    assert_eq!(network(&lab, &id).await.options.firewall_profile.as_deref(), Some("isolated"));
    let refused = lab.engine.modify_network(&me(), &id, dhcp(false), None).await.unwrap_err();
    assert_eq!(code(&refused), "not_provisioned");
    let accepted = lab.engine.restore(&me(), &id).await.unwrap();
    assert_eq!(lab.wait(&accepted.change.change_id).await.state, "applied");
    assert_eq!(network(&lab, &id).await.status, "provisioned");
    assert_in_step(&lab, &id, "after all").await;
    lab.stop().await;
}
