//! Drift: what people change by hand on a router is found, with who did it, and can be put right.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::{collections::BTreeMap, time::Duration};

use lab::{Database, Lab, order, qinq};
use moxxie_api::change::ChangeQuery;
use moxxie_api::drift::{AcceptRequest, Drift, DriftQuery, IgnoreRequest, RouterDrift};
use moxxie_core::plan::Settled;
use moxxie_engine::{Context, DriftConfig, Engine, Error};
use moxxie_store::NewApplied;
use routeros_emulator::Emulator;

async fn provisioned(database: Database) -> (Lab, String) {
    let lab = Lab::new(database).site("dc1", qinq(1000)).router("r1", "7.22").start().await;
    let (change, network) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    (lab, network.unwrap().network_id)
}

async fn check(engine: &Engine) -> RouterDrift {
    engine.check_drift(&Context::system(), "r1").await.unwrap()
}

/// Kind, menu and field of everything that is not over.
fn told(drift: &RouterDrift) -> Vec<(String, String, String)> {
    let one = |one: &Drift| (one.kind.clone(), one.menu.clone(), one.field.clone().unwrap_or_default());
    let mut all: Vec<_> = drift.items.iter().map(one).collect();
    all.sort();
    all
}

/// Our rows of a menu.
fn ours(router: &Emulator, menu: &str) -> Vec<BTreeMap<String, String>> {
    let marked = |row: &BTreeMap<String, String>| row.get("comment").is_some_and(|c| c.starts_with("mx1:"));
    router.rows(menu).into_iter().filter(marked).collect()
}

fn the(router: &Emulator, menu: &str, with: &str) -> BTreeMap<String, String> {
    let has = |row: &BTreeMap<String, String>| row.values().any(|value| value.contains(with));
    ours(router, menu).into_iter().find(has).unwrap_or_else(|| panic!("no row of ours in {menu} with {with}"))
}

fn install(router: &Emulator) -> String {
    the(router, "/interface/vlan", "vlan")["comment"].split(':').nth(1).unwrap().to_owned()
}

/// The rules of each chain in their order, by comment.
fn chains(router: &Emulator) -> BTreeMap<String, Vec<String>> {
    let mut chains: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for rule in router.rows(FILTER) {
        chains
            .entry(rule["chain"].clone())
            .or_default()
            .push(rule.get("comment").cloned().unwrap_or_default());
    }
    chains
}

const VLAN: &str = "/interface/vlan";
const LIST: &str = "/interface/list";
const MEMBER: &str = "/interface/list/member";
const ADDRESS: &str = "/ip/address";
const POOL: &str = "/ip/pool";
const SERVER: &str = "/ip/dhcp-server";
const SUBNET: &str = "/ip/dhcp-server/network";
const FILTER: &str = "/ip/firewall/filter";
const ENTRY: &str = "/ip/firewall/address-list";

fn set(router: &Emulator, menu: &str, with: &str, fields: &[(&str, &str)]) {
    router.set_row(menu, &the(router, menu, with)[".id"], fields).unwrap();
}

fn remove(router: &Emulator, menu: &str, with: &str) {
    router.remove_row(menu, &the(router, menu, with)[".id"]).unwrap();
}

/// What becomes of an edit when somebody asks for it to be put right.
#[derive(Clone, Copy)]
enum Way {
    /// A change does it.
    Change,
    /// Only a person can tell; this does what they would.
    Hand(fn(&Emulator, &str)),
}

/// An edit: what it is, how it is done, what is found at least (kind, menu, field), how it is put right.
type Edit = (&'static str, fn(&Emulator, &str), (&'static str, &'static str, &'static str), Way);

fn edits() -> Vec<Edit> {
    vec![
        (
            "field changed",
            |r, _| set(r, VLAN, "net-", &[("vlan-id", "3999")]),
            ("changed", VLAN, "vlan-id"),
            Way::Change,
        ),
        (
            "MTU changed is the operator's, arp with it; the tag is ours",
            |r, _| set(r, VLAN, "dom-", &[("use-service-tag", "no")]),
            ("changed", VLAN, "use-service-tag"),
            Way::Change,
        ),
        ("row removed", |r, _| remove(r, ADDRESS, "net-"), ("missing", ADDRESS, ""), Way::Change),
        (
            "interface disabled",
            |r, _| set(r, VLAN, "net-", &[("disabled", "yes")]),
            ("disabled", VLAN, "disabled"),
            Way::Change,
        ),
        (
            "address disabled",
            |r, _| set(r, ADDRESS, "net-", &[("disabled", "yes")]),
            ("disabled", ADDRESS, "disabled"),
            Way::Change,
        ),
        (
            "interface renamed",
            |r, _| set(r, VLAN, "net-", &[("name", "customer")]),
            ("changed", VLAN, "name"),
            Way::Change,
        ),
        (
            "free text of a comment edited",
            |r, _| {
                let mark = the(r, POOL, "net-")["comment"].split(' ').next().unwrap().to_owned();
                set(r, POOL, "net-", &[("comment", &format!("{mark} do not touch"))]);
            },
            ("changed", POOL, "comment"),
            Way::Change,
        ),
        ("list member removed", |r, _| remove(r, MEMBER, "net-"), ("missing", MEMBER, ""), Way::Change),
        (
            "list member disabled",
            |r, _| set(r, MEMBER, "net-", &[("disabled", "yes")]),
            ("disabled", MEMBER, "disabled"),
            Way::Change,
        ),
        (
            "address moved to another interface",
            |r, _| set(r, ADDRESS, "net-", &[("interface", "ether3")]),
            ("changed", ADDRESS, "interface"),
            Way::Change,
        ),
        (
            "address changed",
            |r, _| set(r, ADDRESS, "net-", &[("address", "192.0.2.1/24")]),
            ("changed", ADDRESS, "address"),
            Way::Change,
        ),
        (
            "pool range changed",
            |r, _| set(r, POOL, "net-", &[("ranges", "192.0.2.10-192.0.2.20")]),
            ("changed", POOL, "ranges"),
            Way::Change,
        ),
        (
            "DHCP server disabled",
            |r, _| set(r, SERVER, "net-", &[("disabled", "yes")]),
            ("disabled", SERVER, "disabled"),
            Way::Change,
        ),
        (
            "lease time changed",
            |r, _| set(r, SERVER, "net-", &[("lease-time", "2d")]),
            ("changed", SERVER, "lease-time"),
            Way::Change,
        ),
        (
            "DNS server of DHCP changed",
            |r, _| set(r, SUBNET, "net-", &[("dns-server", "8.8.8.8")]),
            ("changed", SUBNET, "dns-server"),
            Way::Change,
        ),
        ("DHCP subnet removed", |r, _| remove(r, SUBNET, "net-"), ("missing", SUBNET, ""), Way::Change),
        (
            "rule disabled",
            |r, _| set(r, FILTER, "jump", &[("disabled", "yes")]),
            ("disabled", FILTER, "disabled"),
            Way::Change,
        ),
        (
            "rule opened",
            |r, _| set(r, FILTER, "drop", &[("action", "accept")]),
            ("changed", FILTER, "action"),
            Way::Change,
        ),
        (
            "matcher added to a rule",
            |r, _| set(r, FILTER, "drop", &[("src-address", "10.9.9.9")]),
            ("changed", FILTER, "src-address"),
            Way::Change,
        ),
        ("rule removed", |r, _| remove(r, FILTER, "drop"), ("missing", FILTER, ""), Way::Change),
        (
            "management entry removed",
            |r, _| remove(r, ENTRY, "10.255.0.0"),
            ("missing", ENTRY, ""),
            Way::Change,
        ),
        (
            "rule moved behind the anchor",
            |r, _| {
                let id = the(r, FILTER, "jump")[".id"].clone();
                r.run("/ip/firewall/filter/move", &[("numbers", &id)]).unwrap();
            },
            ("moved", FILTER, ""),
            Way::Hand(|r, _| {
                // It stands last of ours now, and stood first.
                let (first, moved) = (the(r, FILTER, "jump"), ours(r, FILTER).pop().unwrap());
                let to = ("destination", first[".id"].as_str());
                r.run("/ip/firewall/filter/move", &[("numbers", &moved[".id"]), to]).unwrap();
            }),
        ),
        (
            "row copied with its comment",
            |r, _| {
                let was = the(r, ENTRY, "10.255.0.0");
                r.add_row(
                    ENTRY,
                    &[("list", "other"), ("address", "192.0.2.9"), ("comment", &was["comment"])],
                )
                .unwrap();
            },
            ("copied", ENTRY, ""),
            Way::Hand(|r, _| remove(r, ENTRY, "192.0.2.9")),
        ),
        (
            "mark taken off",
            |r, _| set(r, SERVER, "net-", &[("comment", "mine now")]),
            ("damaged", SERVER, "comment"),
            Way::Hand(|r, comment| {
                r.set_row(SERVER, &r.rows(SERVER)[0][".id"], &[("comment", comment)]).unwrap()
            }),
        ),
        (
            "row of an unknown object",
            |r, _| {
                let comment = format!("mx1:{}:net-unknown:address", install(r));
                r.add_row(
                    ADDRESS,
                    &[("address", "192.0.2.1/32"), ("interface", "ether4"), ("comment", &comment)],
                )
                .unwrap();
            },
            ("left_over", ADDRESS, ""),
            Way::Hand(|r, _| remove(r, ADDRESS, "net-unknown")),
        ),
        (
            "rule with our mark inserted before the jump",
            |r, _| {
                let before = the(r, FILTER, "jump")[".id"].clone();
                let comment = format!("mx1:{}:rules:extra", install(r));
                let rule = [("chain", "forward"), ("action", "accept"), ("comment", comment.as_str())];
                let id = r.add_row(FILTER, &rule).unwrap();
                let to = [("numbers", id.as_str()), ("destination", before.as_str())];
                r.run("/ip/firewall/filter/move", &to).unwrap();
            },
            ("left_over", FILTER, ""),
            Way::Hand(|r, _| remove(r, FILTER, ":extra")),
        ),
        (
            "row of another installation",
            |r, _| {
                r.add_row(LIST, &[("name", "theirs"), ("comment", "mx1:zz99:rules:list")]).unwrap();
            },
            ("foreign_mark", LIST, ""),
            Way::Hand(|r, _| remove(r, LIST, "zz99")),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn edits_by_hand_are_found_with_who_did_them_and_put_right() {
    let (lab, _) = provisioned(Database::Sqlite).await;
    let router = lab.emulator("r1");
    assert_eq!(told(&check(&lab.engine).await), [], "nothing differs after a change");
    let (whole, rules) = (router.snapshot(), chains(router));
    let server_comment = the(router, SERVER, "net-")["comment"].clone();
    assert!(edits().len() >= 20);
    for (name, edit, (kind, menu, field), way) in edits() {
        edit(router, "");
        let found = check(&lab.engine).await;
        let one = found.items.iter().find(|one| {
            (one.kind.as_str(), one.menu.as_str(), one.field.as_deref().unwrap_or_default())
                == (kind, menu, field)
        });
        let one = one.unwrap_or_else(|| panic!("{name}: {:?}", told(&found)));
        assert_eq!(one.who.as_deref(), Some("console"), "{name}");
        assert_eq!(one.state, "open", "{name}");
        let again = check(&lab.engine).await;
        let ids =
            |drift: &RouterDrift| drift.items.iter().map(|one| one.drift_id.clone()).collect::<Vec<_>>();
        assert_eq!(ids(&again), ids(&found), "{name}: the same drift is one finding");

        let answer = lab.engine.revert_drift(&Context::system(), &one.drift_id).await;
        match way {
            Way::Change => {
                let accepted = answer.unwrap_or_else(|error| panic!("{name}: {error}"));
                let change = lab.wait(&accepted.change.change_id).await;
                assert_eq!(change.state, "applied", "{name}: {change:?}");
            }
            Way::Hand(repair) => {
                let refused = answer.unwrap_err();
                assert!(
                    matches!(refused, Error::Conflict { code: "not_revertible", .. }),
                    "{name}: {refused:?}"
                );
                repair(router, &server_comment);
            }
        }
        assert_eq!(told(&check(&lab.engine).await), [], "{name}: nothing is left");
        let over = lab.engine.drift(&Context::system(), &one.drift_id).await.unwrap();
        assert_eq!(over.state, "resolved", "{name}");
    }
    // A rule made again stands where it did in its chain; how chains are interleaved means nothing.
    let differs = whole.diff(&router.snapshot()).to_string();
    let only_interleaved = "/ip/firewall/filter\n  the same rows in another sequence";
    assert!(["", only_interleaved].contains(&differs.trim()), "{differs}");
    assert_eq!(chains(router), rules);
    lab.assert_audit_intact().await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_others_and_new_notations_are_no_drift() {
    let (lab, id) = provisioned(Database::Sqlite).await;
    let router = lab.emulator("r1");
    router.add_row(ADDRESS, &[("address", "198.51.100.1/24"), ("interface", "ether3")]).unwrap();
    router.add_row(FILTER, &[("chain", "forward"), ("action", "log"), ("comment", "mine")]).unwrap();
    let foreign = router.rows(ADDRESS).into_iter().find(|row| row["address"].starts_with("10.255")).unwrap();
    router.set_row(ADDRESS, &foreign[".id"], &[("comment", "uplink")]).unwrap();
    // The same values in other notations; what operators may set on our rows is theirs.
    set(router, SERVER, "net-", &[("lease-time", "00:30:00")]);
    set(router, VLAN, "net-", &[("mtu", "1400")]);
    assert_eq!(told(&check(&lab.engine).await), []);

    // Shared rows are needed by both networks, and ranks of rules shift.
    let (_, second) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(told(&check(&lab.engine).await), []);
    let mut open = order("dc1");
    open.options.firewall_profile = Some("open".into());
    let (change, third) = lab.provision(open).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    assert_eq!(told(&check(&lab.engine).await), []);
    for network in [id, third.unwrap().network_id, second.unwrap().network_id] {
        lab.deprovision(&network).await.unwrap();
        assert_eq!(told(&check(&lab.engine).await), []);
    }
    lab.stop().await;
}

fn ignore(reason: &str) -> IgnoreRequest {
    IgnoreRequest { reason: reason.into(), until: None }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_ignored_stays_so_over_a_restart_until_its_time() {
    for database in Database::all() {
        let (lab, _) = provisioned(database).await;
        let system = Context::system();
        set(lab.emulator("r1"), SERVER, "net-", &[("lease-time", "2d")]);
        remove(lab.emulator("r1"), ADDRESS, "net-");
        let found = check(&lab.engine).await;
        assert_eq!(found.open, 2);
        let of = |kind: &str| found.items.iter().find(|one| one.kind == kind).unwrap().drift_id.clone();
        let empty = lab.engine.ignore_drift(&system, &of("changed"), ignore(" ")).await.unwrap_err();
        assert!(matches!(empty, Error::Invalid(_)), "{empty:?}");
        lab.engine.ignore_drift(&system, &of("changed"), ignore("agreed with acme")).await.unwrap();
        let now = moxxie_engine::clock::Ambient::system().now();
        let until = now.checked_add(jiff::SignedDuration::from_millis(300)).unwrap();
        let soon = IgnoreRequest { reason: "tonight".into(), until: Some(until) };
        lab.engine.ignore_drift(&system, &of("missing"), soon).await.unwrap();
        assert_eq!(lab.engine.router_drift(&system, "r1", None, None).await.unwrap().open, 0);

        // Another process on the same database.
        let restarted = Engine::new(lab.store.clone(), moxxie_engine::clock::Ambient::system(), lab::quick());
        tokio::time::sleep(Duration::from_millis(400)).await;
        let found = check(&restarted).await;
        let state = |kind: &str| found.items.iter().find(|one| one.kind == kind).unwrap().state.clone();
        assert_eq!((state("changed").as_str(), state("missing").as_str()), ("ignored", "open"));
        let said = &found.items.iter().find(|one| one.kind == "changed").unwrap().said;
        assert_eq!(said.as_ref().unwrap().reason, "agreed with acme");
        restarted.reopen_drift(&system, &of("changed")).await.unwrap();
        assert_eq!(check(&restarted).await.open, 2);
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_value_is_the_expected_one_until_the_row_is_applied_again() {
    for database in Database::all() {
        let (lab, id) = provisioned(database).await;
        let system = Context::system();
        let router = lab.emulator("r1");
        let accept = || AcceptRequest { reason: "acme asked for it".into() };
        set(router, SERVER, "net-", &[("lease-time", "2d")]);
        let drift = check(&lab.engine).await.items.remove(0).drift_id;
        let accepted = lab.engine.accept_drift(&system, &drift, accept()).await.unwrap();
        assert_eq!(accepted.state, "accepted");
        let found = check(&lab.engine).await;
        assert_eq!((found.open, found.items[0].state.as_str()), (0, "accepted"), "kept and shown");

        set(router, SERVER, "net-", &[("lease-time", "30m")]);
        let found = check(&lab.engine).await;
        assert_eq!(
            (found.open, found.items[0].expected.as_deref()),
            (1, Some("2d")),
            "what was accepted counts"
        );
        set(router, SERVER, "net-", &[("lease-time", "2d")]);
        assert_eq!(check(&lab.engine).await.open, 0);

        let change = lab.engine.restore(&system, &id).await.unwrap().change;
        assert_eq!(lab.wait(&change.change_id).await.state, "applied");
        assert_eq!(the(router, SERVER, "net-")["lease-time"], "30m");
        assert_eq!(told(&check(&lab.engine).await), []);

        // A row that may be absent; one that may not be accepted.
        remove(router, POOL, "net-");
        let found = check(&lab.engine).await;
        let missing = found.items.iter().find(|one| one.menu == POOL).unwrap();
        lab.engine.accept_drift(&system, &missing.drift_id, accept()).await.unwrap();
        let comment = format!("mx1:{}:net-unknown:address", install(router));
        router
            .add_row(ADDRESS, &[("address", "192.0.2.1/32"), ("interface", "ether4"), ("comment", &comment)])
            .unwrap();
        let found = check(&lab.engine).await;
        let extra = found.items.iter().find(|one| one.kind == "left_over").unwrap();
        let refused = lab.engine.accept_drift(&system, &extra.drift_id, accept()).await.unwrap_err();
        assert!(matches!(refused, Error::Conflict { code: "not_acceptable", .. }), "{refused:?}");
        assert!(!found.items.iter().any(|one| one.menu == POOL && one.state == "open"));
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_report_once() {
    for database in Database::all() {
        let (lab, _) = provisioned(database).await;
        let other = Engine::new(lab.store.clone(), moxxie_engine::clock::Ambient::system(), lab::quick());
        let rows = [(MEMBER, "net-"), (ADDRESS, "net-"), (SUBNET, "net-"), (ENTRY, "10.255.0.0")];
        for (round, (menu, with)) in (0..).zip(rows) {
            set(lab.emulator("r1"), SERVER, "net-", &[("lease-time", &format!("{}d", round + 2))]);
            remove(lab.emulator("r1"), menu, with);
            let system = Context::system();
            let (one, two) =
                tokio::join!(lab.engine.check_drift(&system, "r1"), other.check_drift(&system, "r1"));
            assert!(one.is_ok() || two.is_ok());
            let found = check(&other).await;
            assert_eq!(found.open, 2 + round, "{:?}", told(&found));
        }
        let all = moxxie_api::audit::AuditQuery { limit: Some(1000), ..Default::default() };
        let events = lab.engine.audit(&Context::system(), all).await.unwrap().items;
        let listed: u64 = events
            .iter()
            .filter(|event| event.action == "drift.found")
            .map(|event| event.detail["count"].as_u64().unwrap())
            .sum();
        // The lease time is one piece of drift that goes on; another row is gone in every round.
        assert_eq!(listed, 5, "each piece of drift is told once");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_renderer_is_no_drift() {
    let (lab, _) = provisioned(Database::Sqlite).await;
    // An older renderer wrote another text behind the mark, and that is what is on the router.
    let id = lab.store.routers().await.unwrap()[0].id;
    let mut row =
        lab.store.applied_rows(id).await.unwrap().into_iter().find(|one| one.row.menu == POOL).unwrap().row;
    row.label = "as it was called then".into();
    set(lab.emulator("r1"), POOL, "net-", &[("comment", &row.comment())]);
    assert_eq!(told(&check(&lab.engine).await).len(), 1, "not yet");
    let old = NewApplied {
        router: id,
        facts: serde_json::json!({"version": "7.16"}),
        rows: vec![&row],
        gone: Vec::new(),
        settled: &Settled::default(),
    };
    let change =
        lab.engine.changes(&Context::system(), ChangeQuery::default()).await.unwrap().items.remove(0);
    let mut tx = lab.store.begin().await.unwrap();
    let now = moxxie_engine::clock::Ambient::system().now();
    tx.put_applied(change.change_id.parse().unwrap(), 0, &[old], now).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(told(&check(&lab.engine).await), []);
    // Another network applies what it shares and no row of the first one.
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    assert_eq!(told(&check(&lab.engine).await), []);
    let rows = lab.store.applied_rows(id).await.unwrap();
    assert_eq!(rows.iter().filter(|row| row.renderer == 0).count(), 1, "it was not rendered again");
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_does_not_answer_is_unknown_and_no_drift_is_made_up() {
    let (lab, _) = provisioned(Database::Sqlite).await;
    let system = Context::system();
    set(lab.emulator("r1"), SERVER, "net-", &[("lease-time", "2d")]);
    let found = check(&lab.engine).await;
    lab.emulator("r1").go_offline().await;
    let refused = lab.engine.check_drift(&system, "r1").await.unwrap_err();
    assert!(matches!(refused, Error::Unavailable { .. }), "{refused:?}");
    let unknown = lab.engine.router_drift(&system, "r1", None, None).await.unwrap();
    assert!(unknown.unknown_since.is_some() && unknown.reason.is_some());
    assert_eq!((unknown.checked_at, told(&unknown)), (found.checked_at, told(&found)), "as it was");
    lab.engine.check_drift(&system, "r1").await.unwrap_err();
    let still = lab.engine.router_drift(&system, "r1", None, None).await.unwrap();
    assert_eq!(still.unknown_since, unknown.unknown_since, "since the first time");
    lab.emulator("r1").go_online().await;
    let known = check(&lab.engine).await;
    assert_eq!((known.unknown_since, told(&known)), (None, told(&found)));
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_hears_of_an_edit() {
    let drift = DriftConfig {
        interval: Duration::from_secs(3600),
        poll: Duration::from_millis(100),
        ..DriftConfig::default()
    };
    let lab = Lab::new(Database::Sqlite)
        .config(|config| config.drift = drift)
        .site("dc1", qinq(1000))
        .router("r1", "7.22")
        .start()
        .await;
    let (change, _) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    let system = Context::system();
    let wait = async |open: u64| {
        for _ in 0..300 {
            let now = lab.engine.router_drift(&system, "r1", None, None).await.unwrap();
            if now.checked_at.is_some() && now.open == open {
                return now;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{:?}", lab.engine.router_drift(&system, "r1", None, None).await.unwrap());
    };
    wait(0).await;
    set(lab.emulator("r1"), SERVER, "net-", &[("lease-time", "2d")]);
    let found = wait(1).await;
    assert_eq!(found.items[0].who.as_deref(), Some("console"));
    let listed = lab.engine.drifts(&system, DriftQuery::default()).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    set(lab.emulator("r1"), SERVER, "net-", &[("lease-time", "30m")]);
    wait(0).await;
    // It comes back to a router that was away, and reads it then.
    lab.emulator("r1").go_offline().await;
    remove(lab.emulator("r1"), ADDRESS, "net-");
    lab.emulator("r1").go_online().await;
    wait(1).await;
    lab.stop().await;
}
