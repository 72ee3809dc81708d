//! Routers against records: scans, findings, and what is not handed out because of them.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::{net::IpAddr, time::Duration};

use lab::{Database, Lab, dot1q, order, qinq};
use moxxie_api::{
    address::{Address, AddressRequest},
    network::Network,
    reality::{AcknowledgeRequest, AdoptRequest, Finding, FindingQuery},
};
use moxxie_engine::{Context, Error};
use routeros_emulator::Host;

fn me() -> Context {
    Context::system()
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::Conflict { code, .. } => code,
        Error::Unavailable { .. } => "unavailable",
        Error::Invalid(_) => "invalid",
        Error::NotFound { .. } => "not_found",
        other => panic!("{other:?}"),
    }
}

fn mac(n: u8) -> String {
    format!("02:00:00:00:00:{n:02X}")
}

/// A laboratory of one site with a network 172.16.0.0/24 on VLAN 100 of r1, and its interface there.
async fn place(database: Database, version: &str) -> (Lab, Network, String) {
    let lab = Lab::new(database).site("dc1", dot1q()).router("r1", version).start().await;
    let (change, network) = lab.provision(order("dc1")).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    let network = network.unwrap();
    let interface = interface(&lab, &network);
    (lab, network, interface)
}

fn interface(lab: &Lab, network: &Network) -> String {
    let rows = lab.emulator("r1").rows("/interface/vlan");
    let vlan = network.vlan_id.to_string();
    rows.into_iter().find(|row| row["vlan-id"] == vlan).expect("the network's VLAN interface")["name"].clone()
}

async fn findings(lab: &Lab) -> Vec<Finding> {
    lab.engine.findings(&me(), FindingQuery::default()).await.unwrap().items
}

/// Kinds with their addresses or interfaces, in order.
fn kinds(findings: &[Finding]) -> Vec<(String, String)> {
    let about = |one: &Finding| one.address.clone().or_else(|| one.interface.clone()).unwrap_or_default();
    let mut kinds: Vec<_> = findings.iter().map(|one| (one.kind.clone(), about(one))).collect();
    kinds.sort();
    kinds
}

fn wanted(kinds: &[(&str, &str)]) -> Vec<(String, String)> {
    kinds.iter().map(|(kind, about)| ((*kind).to_owned(), (*about).to_owned())).collect()
}

async fn next(lab: &Lab, network: &Network) -> Result<Address, Error> {
    lab.engine.create_address(&me(), &network.network_id, AddressRequest::default()).await
}

async fn verified(lab: &Lab, network: &Network, address: Option<&str>) -> Result<Address, Error> {
    let request = AddressRequest { address: address.map(str::to_owned), ..AddressRequest::default() };
    lab.engine.create_verified_address(&me(), &network.network_id, request).await
}

async fn record(lab: &Lab, network: &Network, address: &str, kind: &str, mac: Option<String>) {
    let request = AddressRequest {
        address: Some(address.to_owned()),
        kind: Some(kind.to_owned()),
        mac,
        ..AddressRequest::default()
    };
    lab.engine.create_address(&me(), &network.network_id, request).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scan_finds_what_is_not_as_recorded_in_every_version() {
    let versions = ["7.16", "7.18", "7.19", "7.20", "7.21", "7.22", "7.23", "7.24"];
    for (n, version) in versions.into_iter().enumerate() {
        // Both databases with the oldest and the newest, one with the others.
        let both = n == 0 || n + 1 == versions.len();
        for database in Database::all().into_iter().take(if both { 2 } else { 1 }) {
            let (lab, network, interface) = place(database, version).await;
            let emu = lab.emulator("r1");
            record(&lab, &network, "172.16.0.10", "vm", Some(mac(10))).await;
            record(&lab, &network, "172.16.0.11", "vm", Some(mac(11))).await;
            record(&lab, &network, "172.16.0.12", "vip", None).await;
            emu.add_row("/interface/vlan", &[("name", "iptv"), ("interface", "ether2"), ("vlan-id", "101")])
                .unwrap();
            emu.add_row("/ip/address", &[("address", "172.16.9.1/24"), ("interface", "iptv")]).unwrap();
            emu.lan()
                .host(&interface, "172.16.0.10", &mac(10))
                .host(&interface, "172.16.0.11", &mac(99))
                .host(&interface, "172.16.0.12", &mac(10))
                .host(&interface, "172.16.0.20", &mac(20))
                .host(&interface, "172.16.0.21", &mac(20))
                .host("iptv", "172.16.9.5", &mac(30))
                .host("ether1", "10.255.0.77", &mac(40));
            let hostile = b"web\x1b]0;x\x07\xff";
            emu.lan().lease(&interface, "172.16.0.120".parse().unwrap(), &mac(50), hostile).unwrap();
            emu.lan().lease(&interface, "172.16.0.30".parse().unwrap(), &mac(51), hostile).unwrap();

            let report = lab.engine.scan_router(&me(), "r1").await.unwrap();
            assert_eq!((report.scan, report.truncated.len(), report.seen["arp"]), (1, 0, 7), "{version}");
            let found = findings(&lab).await;
            assert_eq!(
                kinds(&found),
                wanted(&[
                    ("duplicate_mac", "172.16.0.20"),
                    ("foreign_vlan", "iptv"),
                    ("lease_unrecorded", "172.16.0.30"),
                    ("mac_mismatch", "172.16.0.11"),
                    ("router_address", "172.16.9.1"),
                    ("unknown_in_use", "172.16.0.20"),
                    ("unknown_in_use", "172.16.0.21"),
                    ("unknown_in_use", "172.16.9.5"),
                ]),
                "{version}"
            );
            assert_eq!(report.findings["unknown_in_use"], 3);
            let lease = found.iter().find(|one| one.kind == "lease_unrecorded").unwrap();
            assert_eq!(lease.host_name.as_deref(), Some("web\u{fffd}]0;x\u{fffd}\u{fffd}"), "{version}");
            lab.assert_audit_intact().await;
            lab.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_are_adopted_acknowledged_and_go_with_their_cause() {
    for database in Database::all() {
        let (lab, network, interface) = place(database, "7.22").await;
        let emu = lab.emulator("r1");
        emu.lan().host(&interface, "172.16.0.20", &mac(20)).host(&interface, "172.16.0.21", &mac(21));
        emu.lan().lease(&interface, "172.16.0.20".parse().unwrap(), &mac(20), b"web-20").unwrap();
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        let found = findings(&lab).await;
        assert_eq!(
            kinds(&found),
            wanted(&[("lease_unrecorded", "172.16.0.20"), ("unknown_in_use", "172.16.0.21")])
        );
        let of = |address: &str| {
            found.iter().find(|one| one.address.as_deref() == Some(address)).unwrap().finding_id.clone()
        };

        let adopted =
            lab.engine.adopt_finding(&me(), &of("172.16.0.20"), AdoptRequest::default()).await.unwrap();
        assert_eq!((adopted.hostname.as_deref(), adopted.mac), (Some("web-20"), Some(mac(20))));
        let again =
            lab.engine.adopt_finding(&me(), &of("172.16.0.20"), AdoptRequest::default()).await.unwrap_err();
        assert_eq!(code(&again), "address_taken");
        assert_eq!(findings(&lab).await.len(), 1, "at once, not with the next scan");

        let why = |reason: &str| AcknowledgeRequest { reason: reason.into() };
        let refused = lab.engine.acknowledge_finding(&me(), &of("172.16.0.21"), why(" ")).await.unwrap_err();
        assert_eq!(code(&refused), "invalid");
        let said = lab.engine.acknowledge_finding(&me(), &of("172.16.0.21"), why("a printer")).await.unwrap();
        assert_eq!(said.acknowledged.unwrap().reason, "a printer");
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        assert_eq!(findings(&lab).await.len(), 0, "it stays said");
        let all = FindingQuery { acknowledged: Some(true), ..FindingQuery::default() };
        assert_eq!(lab.engine.findings(&me(), all).await.unwrap().items.len(), 1);
        let open = lab.engine.reopen_finding(&me(), &of("172.16.0.21")).await.unwrap();
        assert!(open.acknowledged.is_none());
        let of_network =
            FindingQuery { network: Some(network.network_id.clone()), ..FindingQuery::default() };
        assert_eq!(lab.engine.findings(&me(), of_network).await.unwrap().items.len(), 1);
        let elsewhere = FindingQuery { kind: Some("misplaced".into()), ..FindingQuery::default() };
        assert_eq!(lab.engine.findings(&me(), elsewhere).await.unwrap().items.len(), 0);

        emu.lan().remove(&interface, "172.16.0.21".parse::<IpAddr>().unwrap());
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        assert_eq!(findings(&lab).await.len(), 0, "gone with its cause");
        let missing = lab.engine.reopen_finding(&me(), &of("172.16.0.21")).await.unwrap_err();
        assert_eq!(code(&missing), "not_found");
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_silent_are_named_with_their_last_sign_of_life() {
    for database in Database::all() {
        let lab = Lab::new(database)
            .config(|config| config.reality.silent_after = Duration::from_millis(1))
            .site("dc1", dot1q())
            .router("r1", "7.22")
            .start()
            .await;
        let network = lab.provision(order("dc1")).await.unwrap().1.unwrap();
        let interface = interface(&lab, &network);
        for (address, kind) in [("172.16.0.10", "vm"), ("172.16.0.11", "vm"), ("172.16.0.12", "reserved")] {
            record(&lab, &network, address, kind, None).await;
        }
        let emu = lab.emulator("r1");
        emu.lan().host(&interface, "172.16.0.10", &mac(10));
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        let first = findings(&lab).await;
        assert_eq!(kinds(&first), wanted(&[("recorded_silent", "172.16.0.11")]));
        assert!(first[0].detail.contains("was never seen"), "{}", first[0].detail);
        emu.lan().remove(&interface, "172.16.0.10".parse::<IpAddr>().unwrap());
        tokio::time::sleep(Duration::from_millis(20)).await;
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        let second = findings(&lab).await;
        assert_eq!(
            kinds(&second),
            wanted(&[("recorded_silent", "172.16.0.10"), ("recorded_silent", "172.16.0.11")])
        );
        let gone = second.iter().find(|one| one.address.as_deref() == Some("172.16.0.10")).unwrap();
        assert!(gone.detail.contains("was last seen"), "{}", gone.detail);
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_address_is_never_one_that_answers() {
    for database in Database::all() {
        let (lab, network, interface) = place(database, "7.22").await;
        let emu = lab.emulator("r1");
        emu.lan().host(&interface, "172.16.0.4", &mac(4)).host(&interface, "172.16.0.6", &mac(6));
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        let mut given = Vec::new();
        for _ in 0..3 {
            given.push(next(&lab, &network).await.unwrap().address);
        }
        assert_eq!(given, ["172.16.0.5", "172.16.0.7", "172.16.0.8"]);
        // The whole rest answers: refused with the reason, without going round.
        for n in 4..=254_u8 {
            emu.lan().host(&interface, &format!("172.16.0.{n}"), &mac(n));
        }
        lab.engine.scan_router(&me(), "r1").await.unwrap();
        let full = next(&lab, &network).await.unwrap_err();
        assert_eq!(code(&full), "exhausted");
        assert!(full.to_string().contains("reality"), "{full}");
        // Whoever names an address gets it: that is how somebody is recorded who is there.
        record(&lab, &network, "172.16.0.9", "vm", None).await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_at_once_finds_who_was_quiet() {
    for (database, version) in Database::all().into_iter().zip(["7.16", "7.24"]) {
        let (lab, network, interface) = place(database, version).await;
        let emu = lab.emulator("r1");
        let quiet = |n: u8| Host {
            interface: interface.clone(),
            address: format!("172.16.0.{n}").parse().unwrap(),
            mac: mac(n),
            pings: false,
            talks: false,
        };
        for n in 4..=60 {
            emu.lan().put(quiet(n));
        }
        assert_eq!(verified(&lab, &network, None).await.unwrap().address, "172.16.0.61");
        let answers = verified(&lab, &network, Some("172.16.0.50")).await.unwrap_err();
        assert_eq!(code(&answers), "address_answers");
        assert!(answers.to_string().contains(&mac(50)), "{answers}");
        assert_eq!(verified(&lab, &network, Some("172.16.0.70")).await.unwrap().address, "172.16.0.70");
        assert_eq!(next(&lab, &network).await.unwrap().address, "172.16.0.62", "what answered is remembered");
        let twice = tokio::join!(verified(&lab, &network, None), verified(&lab, &network, None));
        assert_ne!(twice.0.unwrap().address, twice.1.unwrap().address);

        emu.go_offline().await;
        assert_eq!(code(&verified(&lab, &network, None).await.unwrap_err()), "unavailable");
        assert!(next(&lab, &network).await.is_ok(), "without asking it goes on");
        emu.go_online().await;
        emu.add_row("/user", &[("name", "root"), ("group", "full"), ("password", "x")]).unwrap();
        emu.add_row("/user/group", &[("name", "few"), ("policy", "api,read,write")]).unwrap();
        emu.set_row("/user", "moxxie", &[("group", "few")]).unwrap();
        emu.reboot().await;
        let refused = verified(&lab, &network, None).await.unwrap_err();
        assert_eq!(code(&refused), "cannot_verify");
        assert!(refused.to_string().contains("`test`"), "{refused}");
        let order = lab.engine.allocate(&me(), order("dc1")).await.unwrap();
        assert_eq!(
            code(&verified(&lab, &order, None).await.unwrap_err()),
            "cannot_verify",
            "on no router yet"
        );
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_vlan_id_in_use_on_the_trunk_is_not_ordered_twice() {
    for database in Database::all() {
        for (site, parent) in [(dot1q(), "ether2"), (qinq(1000), "outer")] {
            let lab = Lab::new(database).site("dc1", site).router("r1", "7.22").start().await;
            let emu = lab.emulator("r1");
            let mut request = order("dc1");
            if parent == "outer" {
                // The S-VLAN is there as soon as a first network is.
                assert_eq!(lab.provision(request.clone()).await.unwrap().0.state, "applied");
            }
            let first = if parent == "outer" { 101 } else { 100 };
            let parent = match parent {
                "outer" => {
                    let rows = emu.rows("/interface/vlan");
                    rows.iter().find(|row| row["vlan-id"] == "1000").unwrap()["name"].clone()
                }
                trunk => trunk.to_owned(),
            };
            let foreign = [("name", "theirs"), ("interface", &parent), ("vlan-id", &first.to_string())];
            emu.add_row("/interface/vlan", &foreign).unwrap();
            let (refused, _) = lab.provision(request.clone()).await.unwrap();
            assert_eq!(
                (refused.state.as_str(), refused.error.unwrap().code.as_str()),
                ("rolled_back", "foreign_row")
            );
            let (change, network) = lab.provision(request.clone()).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
            assert_eq!(i64::from(network.unwrap().vlan_id), first + 1, "the refusal was remembered");
            // A scan sees another before anybody runs into it.
            let foreign = [("name", "more"), ("interface", &parent), ("vlan-id", &(first + 2).to_string())];
            emu.add_row("/interface/vlan", &foreign).unwrap();
            lab.engine.scan_router(&me(), "r1").await.unwrap();
            let (change, network) = lab.provision(request.clone()).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
            assert_eq!(i64::from(network.unwrap().vlan_id), first + 3);
            // Gone from the router, free with the next scan; and whoever asks for it by number always gets it.
            emu.remove_row("/interface/vlan", "theirs").unwrap();
            lab.engine.scan_router(&me(), "r1").await.unwrap();
            request.vlan_id = None;
            let (change, network) = lab.provision(request).await.unwrap();
            assert_eq!((change.state.as_str(), i64::from(network.unwrap().vlan_id)), ("applied", first));
            lab.stop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_is_away_is_said_so_and_its_findings_stay() {
    let (lab, network, interface) = place(Database::Sqlite, "7.22").await;
    let emu = lab.emulator("r1");
    emu.lan().host(&interface, "172.16.0.20", &mac(20));
    lab.engine.scan_router(&me(), "r1").await.unwrap();
    emu.go_offline().await;
    assert_eq!(code(&lab.engine.scan_router(&me(), "r1").await.unwrap_err()), "unavailable");
    assert_eq!(findings(&lab).await.len(), 1);
    emu.go_online().await;
    // Gone in the middle of reading: packets vanish, and the deadline ends it.
    emu.faults().set_silent(true);
    assert_eq!(code(&lab.engine.scan_router(&me(), "r1").await.unwrap_err()), "unavailable");
    emu.faults().set_silent(false);
    // A reboot ends the kept session; the next look takes a fresh one by itself.
    lab.engine.scan_router(&me(), "r1").await.unwrap();
    emu.reboot().await;
    lab.engine.scan_router(&me(), "r1").await.unwrap();
    assert_eq!(findings(&lab).await.len(), 1);
    assert!(next(&lab, &network).await.is_ok());
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn scans_go_on_by_themselves_and_beside_changes() {
    for database in Database::all() {
        let lab = Lab::new(database)
            .config(|config| config.reality.interval = Duration::from_millis(300))
            .site("dc1", dot1q())
            .router("r1", "7.22")
            .start()
            .await;
        let emu = lab.emulator("r1");
        emu.faults().set_latency(Duration::from_millis(5), Duration::from_millis(5));
        // Changes under safe mode, one after the other, while the router is looked at all the time.
        for _ in 0..3 {
            let (change, network) = lab.provision(order("dc1")).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
            let by_hand = lab.engine.scan_router(&me(), "r1").await;
            assert!(by_hand.as_ref().err().is_none_or(|error| code(error) == "scan_running"), "{by_hand:?}");
            let change = lab.deprovision(&network.unwrap().network_id).await.unwrap();
            assert_eq!(change.state, "applied", "{change:?}");
        }
        lab.assert_as_before("r1");
        let mut done = 0;
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
            // Somebody may be at it at this moment.
            if let Ok(report) = lab.engine.scan_router(&me(), "r1").await {
                done = report.scan;
                if done > 6 {
                    break;
                }
            }
        }
        assert!(done > 6, "the worker looks as well");
        assert_eq!(findings(&lab).await.len(), 0, "nothing of ours is called foreign");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn setting_the_clock_neither_loses_nor_floods_anything() {
    use std::sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    };
    let hours = Arc::new(AtomicI64::new(0));
    let skew = hours.clone();
    let lab = Lab::new(Database::Sqlite)
        .clock(move |now| now + jiff::SignedDuration::from_hours(skew.load(Ordering::SeqCst)))
        .site("dc1", dot1q())
        .router("r1", "7.22")
        .start()
        .await;
    let network = lab.provision(order("dc1")).await.unwrap().1.unwrap();
    let interface = interface(&lab, &network);
    let emu = lab.emulator("r1");
    emu.lan().host(&interface, "172.16.0.4", &mac(4));
    lab.engine.scan_router(&me(), "r1").await.unwrap();
    // A year back: what was seen lies ahead, and counts as seen.
    hours.store(-8760, Ordering::SeqCst);
    assert_eq!(next(&lab, &network).await.unwrap().address, "172.16.0.5");
    lab.engine.scan_router(&me(), "r1").await.unwrap();
    assert_eq!(kinds(&findings(&lab).await), wanted(&[("unknown_in_use", "172.16.0.4")]));
    // A year ahead: what was seen is old until somebody looks again.
    hours.store(8760, Ordering::SeqCst);
    lab.engine.scan_router(&me(), "r1").await.unwrap();
    let found = findings(&lab).await;
    assert!(kinds(&found).contains(&wanted(&[("unknown_in_use", "172.16.0.4")])[0]), "{found:?}");
    assert_eq!(next(&lab, &network).await.unwrap().address, "172.16.0.6");
    lab.stop().await;
}

/// Reads of one table of a router with a whole /24, and more, in use.
#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_neighbours_are_scanned_and_addresses_given_out_beside_them() {
    let lab = Lab::new(Database::Sqlite)
        .config(|config| config.lease_ttl = Duration::from_secs(60))
        .site("dc1", dot1q())
        .router("r1", "7.22")
        .start()
        .await;
    let mut request = order("dc1");
    request.size = "/16".into();
    let (change, network) = lab.provision(request).await.unwrap();
    assert_eq!(change.state, "applied", "{change:?}");
    let network = network.unwrap();
    let interface = interface(&lab, &network);
    let emu = lab.emulator("r1");
    for n in 4..50_004_u32 {
        let address = IpAddr::from(std::net::Ipv4Addr::from(0xAC10_0000 + n)).to_string();
        emu.lan().host(
            &interface,
            &address,
            &format!("02:01:00:{:02X}:{:02X}:{:02X}", n >> 16, n >> 8 & 255, n & 255),
        );
    }
    let given = async {
        let mut given = 0;
        for _ in 0..20 {
            next(&lab, &network).await.unwrap();
            given += 1;
        }
        given
    };
    let me = me();
    let (report, given) = tokio::join!(lab.engine.scan_router(&me, "r1"), given);
    assert_eq!((report.unwrap().seen["arp"], given), (50_000, 20));
    let first = next(&lab, &network).await.unwrap();
    // Up to 172.16.195.83 everything answers, and up to 172.16.200.0 DHCP gives away.
    assert_eq!(first.address, "172.16.200.1");
    lab.stop().await;
}
