//! Sightings, findings and claims on both databases.
#![allow(clippy::unwrap_used, reason = "tests, in helper functions")]

mod common;

use std::{net::IpAddr, time::Duration};

use common::*;
use moxxie_core::{
    FindingId, Timestamp,
    address::AddressKind,
    identity::Scope,
    reality::{Difference, FindingKind, Sighting, Source},
};
use moxxie_store::{Address, FindingFilter, Page, ScanClaim, Store, sighting::BATCH};

const TTL: Duration = Duration::from_secs(60);

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(NOW.as_second() + seconds).unwrap()
}

fn seen(address: IpAddr) -> Sighting {
    Sighting {
        address,
        interface: "v100".into(),
        source: Source::Arp,
        mac: Some("02:00:00:00:00:01".into()),
        host_name: Some("caf\u{fffd} 'x'".into()),
    }
}

fn host(n: u32) -> IpAddr {
    IpAddr::from(std::net::Ipv4Addr::from(0x0A00_0000 + n))
}

async fn claim(store: &Store, world: &World) -> ScanClaim {
    store.claim_scan(world.router.id, "me", TTL, Duration::ZERO).await.unwrap().unwrap()
}

/// A scan that saw these hosts, from claim to end.
async fn scan(store: &Store, world: &World, hosts: &[IpAddr], now: Timestamp) -> ScanClaim {
    let claim = claim(store, world).await;
    let sightings: Vec<Sighting> = hosts.iter().map(|host| seen(*host)).collect();
    for batch in sightings.chunks(BATCH) {
        let mut tx = store.begin().await.unwrap();
        tx.put_sightings(claim, batch, now).await.unwrap();
        tx.commit().await.unwrap();
    }
    let mut tx = store.begin().await.unwrap();
    assert!(tx.complete_scan(claim, false, now).await.unwrap());
    tx.commit().await.unwrap();
    claim
}

#[tokio::test]
async fn one_scan_at_a_time_and_not_too_often() {
    on_both(async |database| {
        let store = &database.store;
        let world = world(store, "10.0.0.0/16").await;
        let router = world.router.id;
        let ask = async |pause| store.claim_scan(router, "me", TTL, pause).await.unwrap();
        let first = ask(Duration::ZERO).await.unwrap();
        assert_eq!(first.number, 1);
        assert_eq!(ask(Duration::ZERO).await, None, "somebody is at it");
        let mut tx = store.begin().await.unwrap();
        assert!(tx.fail_scan(first, "gone", NOW).await.unwrap());
        tx.commit().await.unwrap();
        assert_eq!(ask(Duration::from_secs(3600)).await, None, "too soon");
        let second = ask(Duration::ZERO).await.unwrap();
        assert_eq!(second.number, 2);
        let failed = store.router_scan(router).await.unwrap().unwrap();
        assert_eq!((failed.completed, failed.error.as_deref()), (0, Some("gone")));
        // Both the end of the claim and the last try lie far ahead: the clock was set back by a year.
        database.raw("UPDATE router_scan SET expires_at = expires_at + 31536000000000, attempted_at = attempted_at + 31536000000000").await.unwrap();
        let third = ask(Duration::from_secs(3600)).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        assert!(!tx.complete_scan(second, false, NOW).await.unwrap(), "the claim is somebody else's by now");
        assert!(tx.complete_scan(third, true, NOW).await.unwrap());
        tx.commit().await.unwrap();
        let done = store.router_scan(router).await.unwrap().unwrap();
        assert_eq!((done.completed, done.truncated, done.error), (3, true, None));
    })
    .await;
}

#[tokio::test]
async fn what_was_seen_is_told_while_it_is_young() {
    on_both(async |database| {
        let store = &database.store;
        let world = world(store, "10.0.0.0/16").await;
        let vrf = store.main_vrf();
        scan(store, &world, &[host(10), host(11)], at(0)).await;
        let last = scan(store, &world, &[host(11), ip("2001:db8::1")], at(100)).await;
        let ask = async |since: i64| {
            let seen = store.seen_between(vrf, host(0), host(255), at(since), 100).await.unwrap();
            seen.into_iter().map(|number| number as u32 & 255).collect::<Vec<_>>()
        };
        assert_eq!(ask(0).await, [10, 11]);
        assert_eq!(ask(50).await, [11]);
        assert_eq!(store.seen_between(vrf, host(0), host(255), at(0), 1).await.unwrap().len(), 1);
        assert_eq!(store.count_seen_between(vrf, host(0), host(255), at(0)).await.unwrap(), 2);
        let other = store.seen_between(moxxie_core::VrfId::new(uuid()), host(0), host(255), at(0), 9).await;
        assert_eq!(other.unwrap(), [], "another VRF has other hosts of the same addresses");
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.prune_sightings(last, at(1000), 1000).await.unwrap(), 1, "never what this scan saw");
        tx.commit().await.unwrap();
        assert_eq!(ask(0).await, [11]);
        let again = scan(store, &world, &[host(12)], at(200)).await;
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.prune_sightings(again, at(0), 1).await.unwrap(), 2, "the oldest beyond so many");
        tx.commit().await.unwrap();
        assert_eq!(ask(0).await, [12]);
    })
    .await;
}

#[tokio::test]
async fn records_are_found_for_what_was_seen_and_the_silent_are_named() {
    on_both(async |database| {
        let store = &database.store;
        let world = world(store, "10.0.0.0/16").await;
        let ground = world.ground(store, "web", 100, "10.0.0.0/24").await;
        let network = &ground.network;
        let records: Vec<Address> = [10, 11, 12]
            .map(|n| Address {
                hostname: Some(format!("h{n}")),
                mac: Some("02:00:00:00:00:0A".into()),
                kind: if n == 12 { AddressKind::Reserved } else { AddressKind::Vm },
                since: at(0),
                created_at: at(0),
                ..ground.address(&host(n).to_string())
            })
            .into();
        common::record(store, &ground, &records).await.unwrap();
        let known = store.known_addresses(&[host(10), host(20), host(300), ip("192.168.1.1")]).await.unwrap();
        let told: Vec<_> = known
            .iter()
            .map(|one| {
                let pool = one.pool.as_ref().map(|(_, name)| name.as_str());
                (one.network.is_some(), pool, one.record.as_ref().map(|(kind, _)| kind.as_str()))
            })
            .collect();
        assert_eq!(
            told,
            [
                (true, Some("v4"), Some("vm")),
                (true, Some("v4"), None),
                (false, Some("v4"), None),
                (false, None, None)
            ]
        );
        assert_eq!(known[0].number & 255, 10);
        assert_eq!(known[0].tenant, Some(world.tenant.id));

        let silent = async |before: i64| {
            let silent = store.silent_addresses(network.id, at(before), None).await.unwrap();
            silent.into_iter().map(|one| (one.address, one.since, one.was_seen)).collect::<Vec<_>>()
        };
        assert_eq!(silent(0).await, [], "too young to be missed");
        assert_eq!(silent(1).await, [(host(10), at(0), false), (host(11), at(0), false)]);
        scan(store, &world, &[host(10), host(11)], at(10)).await;
        scan(store, &world, &[host(11)], at(20)).await;
        assert_eq!(silent(15).await, [(host(10), at(10), true)]);
        let after = store.silent_addresses(network.id, at(30), Some(host(10))).await.unwrap();
        assert_eq!(after.len(), 1);
    })
    .await;
}

fn difference(kind: FindingKind, address: IpAddr) -> Difference {
    Difference {
        kind,
        subject: format!("{address} on v100"),
        network: None,
        tenant: None,
        address: Some(address),
        mac: None,
        interface: Some("v100".into()),
        vlan: None,
        host_name: None,
        detail: "so it is".into(),
        since: None,
    }
}

#[tokio::test]
async fn findings_stay_themselves_from_scan_to_scan() {
    on_both(async |database| {
        let store = &database.store;
        let world = world(store, "10.0.0.0/16").await;
        let kinds = [FindingKind::UnknownInUse, FindingKind::Misplaced];
        let put = async |hosts: &[u32], now: Timestamp| {
            let claim = scan(store, &world, &[], now).await;
            let findings: Vec<_> = hosts
                .iter()
                .flat_map(|n| kinds.map(|kind| (FindingId::new(uuid()), difference(kind, host(*n)))))
                .collect();
            let mut tx = store.begin().await.unwrap();
            tx.put_findings(claim, world.site.id, &findings, now).await.unwrap();
            tx.prune_findings(claim).await.unwrap();
            tx.commit().await.unwrap();
        };
        let list = async |filter: FindingFilter| {
            store.findings(Scope::All, &filter, &Page::first(100)).await.unwrap().items
        };
        put(&[1, 2], at(0)).await;
        let first = list(FindingFilter::default()).await;
        assert_eq!(first.len(), 4);
        let mut tx = store.begin().await.unwrap();
        tx.acknowledge_finding(first[0].id, Some((at(1), "root", "known"))).await.unwrap();
        tx.commit().await.unwrap();
        put(&[1], at(10)).await;
        let all = list(FindingFilter { acknowledged: true, ..FindingFilter::default() }).await;
        assert_eq!(all.iter().map(|one| one.id).collect::<Vec<_>>(), [first[0].id, first[1].id]);
        assert_eq!((all[0].first_found, all[0].last_found), (at(0), at(10)));
        assert_eq!(all[0].acknowledged.as_ref().unwrap().2, "known");
        assert_eq!(list(FindingFilter::default()).await.len(), 1);
        assert_eq!(store.count_findings(Some(world.router.id)).await.unwrap(), [(FindingKind::Misplaced, 1)]);
        let none = FindingFilter { kind: Some(FindingKind::ForeignVlan), ..FindingFilter::default() };
        assert_eq!(list(none).await, []);
        // A tenant sees the findings of its own networks.
        let scope = Scope::Tenant(world.tenant.id);
        let own = store.findings(scope, &FindingFilter::default(), &Page::first(10)).await.unwrap();
        assert_eq!(own.items, []);
        let page = store
            .findings(
                Scope::All,
                &FindingFilter { acknowledged: true, ..Default::default() },
                &Page::first(1),
            )
            .await
            .unwrap();
        let next = Page { after: page.next.clone(), limit: 1 };
        let second = store
            .findings(Scope::All, &FindingFilter { acknowledged: true, ..Default::default() }, &next)
            .await
            .unwrap();
        assert_eq!((page.items[0].id, second.items[0].id, second.next), (first[0].id, first[1].id, None));
        let mut tx = store.begin().await.unwrap();
        tx.delete_router(world.router.id).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(list(FindingFilter { acknowledged: true, ..Default::default() }).await, []);
    })
    .await;
}

#[tokio::test]
async fn vlans_are_remembered_until_a_scan_no_longer_sees_them() {
    on_both(async |database| {
        let store = &database.store;
        let world = world(store, "10.0.0.0/16").await;
        let put = async |scan: i64, id: i64, now: Timestamp| {
            let mut tx = store.begin().await.unwrap();
            tx.put_vlan_sighting(world.router.id, scan, world.domain.id, vlan(id), "iptv", now)
                .await
                .unwrap();
            tx.commit().await.unwrap();
        };
        put(0, 100, at(0)).await;
        let claim = scan(store, &world, &[], at(10)).await;
        put(claim.number, 101, at(10)).await;
        put(claim.number, 101, at(11)).await;
        assert_eq!(store.seen_vlans(world.domain.id, at(0)).await.unwrap(), [vlan(100), vlan(101)]);
        assert_eq!(store.seen_vlans(world.domain.id, at(5)).await.unwrap(), [vlan(101)]);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.prune_vlan_sightings(claim).await.unwrap(), 1);
        tx.commit().await.unwrap();
        assert_eq!(store.seen_vlans(world.domain.id, at(0)).await.unwrap(), [vlan(101)]);
    })
    .await;
}

#[tokio::test]
async fn fifty_thousand_sightings_are_written_again_and_again() {
    on_both(async |database| {
        let store = &database.store;
        let world = world(store, "10.0.0.0/16").await;
        let hosts: Vec<IpAddr> = (0..50_000).map(host).collect();
        for round in 0..2 {
            scan(store, &world, &hosts, at(round)).await;
        }
        let vrf = store.main_vrf();
        assert_eq!(store.count_seen_between(vrf, host(0), host(65_535), at(1)).await.unwrap(), 50_000);
        let window = store.seen_between(vrf, host(49_990), host(65_535), at(0), 64).await.unwrap();
        assert_eq!(window.len(), 10);
    })
    .await;
}
