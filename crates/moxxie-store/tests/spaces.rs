//! What is free in a space, and batches: the fence, the referee, and what is not known after a lost answer.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::BTreeSet;

use common::{Database, Ground, NOW, batch, draft, on_both, record, uuid, world};
use moxxie_core::{
    RangeId, Timestamp,
    address::{AddressStatus, Layout},
    free_range::{FreeRanges, RangeChanges, RangeSet},
    identity::Scope,
    network::NetworkStatus,
    prefix::{address_from_number, address_number},
    range::{Range, RangeKind},
};
use moxxie_store::{
    Address, AddressTurn, Batch, Constraint, Idempotent, SpaceStep, Store, StoreError, Written,
};

async fn version(store: &Store, ground: &Ground) -> i64 {
    store.space(&ground.space()).await.unwrap().unwrap().version
}

async fn free(store: &Store, ground: &Ground) -> RangeSet {
    let window = store.free_window(&ground.space()).await.unwrap();
    assert!(window.whole);
    window.ranges.into_iter().collect()
}

fn number(ground: &Ground, host: u128) -> u128 {
    address_number(ground.network.prefix.network()) + host
}

/// A batch that takes and releases these hosts of a network, planned as the engine plans it.
async fn planned(store: &Store, ground: &Ground, take: &[Address], release: &[Address]) -> Batch {
    let mut ranges = FreeRanges::new(free(store, ground).await);
    for address in take {
        assert!(ranges.take(address_number(address.address)));
    }
    for address in release {
        assert!(ranges.give(address_number(address.address)));
    }
    let version = version(store, ground).await;
    let step = SpaceStep { id: ground.space(), version, changes: ranges.changes(), low: ranges.advanced() };
    Batch { taken: take.to_vec(), released: release.to_vec(), ..batch(vec![step]) }
}

async fn rebuild(store: &Store, ground: &Ground) {
    let mut tx = store.begin().await.unwrap();
    let candidates = Layout::new(ground.network.prefix).host_set();
    tx.rebuild_space(&ground.space(), ground.territory(), &candidates).await.unwrap();
    tx.commit().await.unwrap();
}

async fn assert_index_is_exact(store: &Store, ground: &Ground) {
    let before = free(store, ground).await;
    rebuild(store, ground).await;
    assert_eq!(free(store, ground).await, before);
}

#[tokio::test]
async fn a_batch_is_whole_and_leaves_everything_that_belongs_to_it() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let (a, b) =
            (w.ground(store, "a", 100, "10.0.0.0/24").await, w.ground(store, "b", 101, "10.0.1.0/24").await);
        let mut labelled = a.address("10.0.0.4");
        labelled.tags = [("app".to_owned(), "web\"'".to_owned())].into();
        labelled.hostname = Some("ä, {\"b\"} '".into());
        let mut held = b.address("10.0.1.9");
        (held.status, held.expires_at) = (AddressStatus::Held, Some(NOW));
        let mut batch = planned(store, &a, std::slice::from_ref(&labelled), &[]).await;
        let other = planned(store, &b, std::slice::from_ref(&held), &[]).await;
        batch.spaces.extend(other.spaces);
        batch.spaces.sort_by(|one, other| one.id.cmp(&other.id));
        batch.taken.extend(other.taken);
        batch.events.push(draft("address.create"));
        batch.answers.push(Idempotent {
            principal: "p".into(),
            route: "POST /x".into(),
            key: "k".into(),
            body_hash: [7; 32],
            status: 200,
            response: serde_json::json!({"a": [1, "x"]}),
            created_at: NOW,
        });
        assert_eq!(store.write_batch(&batch).await.unwrap(), Written::Done);
        for (ground, record) in [(&a, &labelled), (&b, &held)] {
            let found = store.address(Scope::All, ground.network.id, record.address).await.unwrap();
            assert_eq!(found.as_ref(), Some(record));
            assert_index_is_exact(store, ground).await;
        }
        assert_eq!(store.labels(&labelled.id.to_string()).await.unwrap(), labelled.tags);
        assert_eq!(store.idempotent("p", "POST /x", "k").await.unwrap().unwrap(), batch.answers[0]);
        assert_eq!(store.due_addresses(NOW, 10).await.unwrap(), [held]);
        assert!(
            store
                .free_around(&b.space(), number(&b, 9))
                .await
                .unwrap()
                .0
                .is_some_and(|(_, last)| last == number(&b, 8))
        );

        // Released and turned: history has what was.
        let later = Timestamp::from_second(NOW.as_second() + 60).unwrap();
        let mut batch = planned(store, &a, &[], std::slice::from_ref(&labelled)).await;
        batch.now = later;
        let held = store.due_addresses(NOW, 10).await.unwrap().remove(0);
        batch.spaces.push(SpaceStep {
            id: b.space(),
            version: version(store, &b).await,
            changes: RangeChanges::default(),
            low: None,
        });
        batch.spaces.sort_by(|one, other| one.id.cmp(&other.id));
        let status = AddressStatus::Quarantined;
        batch.turned.push(AddressTurn { before: held.clone(), status, expires_at: Some(later) });
        assert_eq!(store.write_batch(&batch).await.unwrap(), Written::Done);
        assert_eq!(store.address(Scope::All, a.network.id, labelled.address).await.unwrap(), None);
        assert!(store.labels(&labelled.id.to_string()).await.unwrap().is_empty());
        let turned = store.address(Scope::All, b.network.id, held.address).await.unwrap().unwrap();
        assert_eq!((turned.status, turned.expires_at, turned.since), (status, Some(later), later));
        for record in [&labelled, &held] {
            let was = store.past::<Address>(Scope::All, &record.id.to_string(), NOW).await.unwrap().unwrap();
            assert_eq!((&was.record, was.until), (record, later));
        }
        assert_index_is_exact(store, &a).await;
        assert_index_is_exact(store, &b).await;
        assert_eq!(store.verify_audit().await.unwrap().problems, []);
    })
    .await;
}

/// The mark of a space and its ranges say the same together, in whatever order numbers come and go.
#[tokio::test]
async fn what_is_free_stays_exact_over_marks_and_ranges() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let a = w.ground(store, "a", 100, "10.0.0.0/27").await;
        let mut random = fastrand::Rng::with_seed(27);
        let mut taken: Vec<Address> = Vec::new();
        for round in 0..300 {
            let free = free(store, &a).await;
            let mut take: Vec<Address> = Vec::new();
            // The lowest most of the time, which only moves the mark.
            let wanted = random.usize(0..3).min(free.count() as usize);
            let hosts: Vec<u128> = free.iter().flat_map(|(first, last)| first..=last).collect();
            for index in 0..wanted {
                let number = if random.u8(0..4) > 0 { hosts[index] } else { *random.choice(&hosts).unwrap() };
                let address = address_from_number(number, a.network.prefix.network()).unwrap().to_string();
                if take.iter().all(|other| other.address.to_string() != address) {
                    take.push(a.address(&address));
                }
            }
            let mut release = Vec::new();
            while !taken.is_empty() && (random.u8(0..3) == 0 || taken.len() > 20) {
                release.push(taken.swap_remove(random.usize(..taken.len())));
            }
            let around = store.free_around(&a.space(), number(&a, 15)).await.unwrap();
            let below = free.iter().rfind(|(first, _)| *first <= number(&a, 15));
            let above = free.iter().find(|(first, _)| *first > number(&a, 15));
            assert_eq!(around, (below, above), "round {round}");
            let batch = planned(store, &a, &take, &release).await;
            assert_eq!(store.write_batch(&batch).await.unwrap(), Written::Done);
            taken.extend(take);
            let mut model = Layout::new(a.network.prefix).host_set();
            taken.iter().for_each(|t| model.remove(address_number(t.address), address_number(t.address)));
            assert_eq!(self::free(store, &a).await, model, "round {round}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_space_that_moved_and_an_address_that_is_taken_let_nothing_through() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let (a, b) =
            (w.ground(store, "a", 100, "10.0.0.0/24").await, w.ground(store, "b", 101, "10.0.1.0/24").await);
        let mut both = planned(store, &a, &[a.address("10.0.0.4")], &[]).await;
        let other = planned(store, &b, &[b.address("10.0.1.4")], &[]).await;
        both.spaces.extend(other.spaces);
        both.taken.extend(other.taken);
        let mut tx = store.begin().await.unwrap();
        tx.move_space(&b.space()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.write_batch(&both).await.unwrap(), Written::Stale);
        let tx = store.begin().await.unwrap();
        assert_eq!(tx.commit_batch(&both).await.unwrap(), Written::Stale);
        assert_eq!(store.count_addresses(Scope::All, a.network.id).await.unwrap(), 0);

        record(store, &a, &[a.address("10.0.0.4")]).await.unwrap();
        let taken = record(store, &a, &[a.address("10.0.0.5"), a.address("10.0.0.4")]).await;
        assert!(matches!(taken, Err(StoreError::Conflict(Constraint::AddressTaken))), "{taken:?}");
        assert_eq!(store.count_addresses(Scope::All, a.network.id).await.unwrap(), 1);
        record(store, &a, &[a.address("10.0.0.5")]).await.unwrap();
        assert_eq!(store.verify_audit().await.unwrap().problems, []);
    })
    .await;
}

/// The answer to a batch is lost: it was written, or it never will be.
#[tokio::test]
async fn what_became_of_a_batch_is_settled() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let a = w.ground(store, "a", 100, "10.0.0.0/24").await;
        let space = a.space();
        let written = planned(store, &a, &[a.address("10.0.0.4")], &[]).await;
        store.write_batch(&written).await.unwrap();
        assert!(store.settle_batch(written.events[0].id, &[&space]).await.unwrap());
        let late = planned(store, &a, &[a.address("10.0.0.5")], &[]).await;
        assert!(!store.settle_batch(late.events[0].id, &[&space]).await.unwrap());
        // The database carries it out only now.
        assert_eq!(store.write_batch(&late).await.unwrap(), Written::Stale);
        let again = planned(store, &a, &[a.address("10.0.0.5")], &[]).await;
        assert_eq!(store.write_batch(&again).await.unwrap(), Written::Done);
        assert_eq!(store.verify_audit().await.unwrap().problems, []);
    })
    .await;
}

/// Whoever changes a network, its ranges or its changes moves the fence, without knowing of it.
#[tokio::test]
async fn the_fence_moves_with_the_network() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let a = w.ground(store, "a", 100, "10.0.0.0/24").await;
        let mut seen = version(store, &a).await;
        let mut moved = async |what: &str| {
            let now = version(store, &a).await;
            assert!(now > seen, "{what} does not move the fence");
            seen = now;
        };
        let mut tx = store.begin().await.unwrap();
        tx.update_network_status(a.network.id, 1, NetworkStatus::Failed, NOW).await.unwrap();
        tx.commit().await.unwrap();
        moved("a status").await;
        let mut tx = store.begin().await.unwrap();
        tx.insert_change(&w.change(a.network.id), &[w.subject(a.network.id)]).await.unwrap();
        tx.commit().await.unwrap();
        moved("a change").await;
        let range = |first: &str, last: &str| Range {
            id: RangeId::new(uuid()),
            network_id: a.network.id,
            prefix_id: a.prefix_id,
            tenant_id: a.network.tenant_id,
            kind: RangeKind::Reserved,
            first: first.parse().unwrap(),
            last: last.parse().unwrap(),
            description: String::new(),
            created_at: NOW,
        };
        let kept = range("10.0.0.10", "10.0.0.20");
        let mut tx = store.begin().await.unwrap();
        tx.insert_range(&kept).await.unwrap();
        tx.commit().await.unwrap();
        moved("a range").await;
        assert_eq!(store.ranges(Scope::All, a.network.id).await.unwrap(), std::slice::from_ref(&kept));
        for (first, last) in
            [("10.0.0.20", "10.0.0.30"), ("10.0.0.1", "10.0.0.10"), ("10.0.0.11", "10.0.0.12")]
        {
            let mut tx = store.begin().await.unwrap();
            let refused = tx.insert_range(&range(first, last)).await;
            assert!(matches!(refused, Err(StoreError::Conflict(Constraint::RangeOverlap))), "{refused:?}");
        }
        let mut tx = store.begin().await.unwrap();
        tx.delete_range(kept.id).await.unwrap();
        tx.commit().await.unwrap();
        moved("a range that goes").await;
        db.raw("UPDATE site SET hand_off = 'host-tags'").await.unwrap();
        moved("a hand-off").await;
        db.raw("UPDATE domain SET encapsulation = encapsulation").await.unwrap();
        moved("an encapsulation").await;
    })
    .await;
}

async fn random_against_the_model(db: &Database, prefix: &str, seed: u64) {
    let store = &db.store;
    let w = world(store, if prefix.contains(':') { "2001:db8::/48" } else { "10.0.0.0/16" }).await;
    let ground = w.ground(store, "a", 100, prefix).await;
    let mut random = fastrand::Rng::with_seed(seed);
    let hosts: Vec<u128> =
        Layout::new(ground.network.prefix).host_set().iter().flat_map(|(a, b)| a..=b.min(a + 200)).collect();
    let mut model: BTreeSet<u128> = BTreeSet::new();
    let record_of = |n: u128| {
        ground.address(&address_from_number(n, ground.network.prefix.network()).unwrap().to_string())
    };
    let mut records: std::collections::BTreeMap<u128, Address> = Default::default();
    for _ in 0..40 {
        let mut take = Vec::new();
        let mut release = Vec::new();
        let mut chosen = BTreeSet::new();
        for _ in 0..random.usize(1..12) {
            let n = *random.choice(&hosts).unwrap();
            if !chosen.insert(n) {
                continue;
            }
            match records.remove(&n) {
                Some(record) => release.push(record),
                None => take.push(record_of(n)),
            }
        }
        let batch = planned(store, &ground, &take, &release).await;
        assert_eq!(store.write_batch(&batch).await.unwrap(), Written::Done);
        for record in release {
            model.remove(&address_number(record.address));
        }
        for record in take {
            model.insert(address_number(record.address));
            records.insert(address_number(record.address), record);
        }
    }
    let mut naive = Layout::new(ground.network.prefix).host_set();
    for n in &model {
        naive.remove(*n, *n);
    }
    assert_eq!(free(store, &ground).await, naive);
    assert_index_is_exact(store, &ground).await;
    let all: Vec<Address> = records.into_values().collect();
    let batch = planned(store, &ground, &[], &all).await;
    store.write_batch(&batch).await.unwrap();
    assert_eq!(free(store, &ground).await, Layout::new(ground.network.prefix).host_set());
}

#[tokio::test]
async fn free_ranges_agree_with_a_set() {
    on_both(async |db| random_against_the_model(db, "10.0.7.0/24", 1).await).await;
    on_both(async |db| random_against_the_model(db, "2001:db8:0:7::/64", 2).await).await;
}

/// Somebody writes with a program of their own: what is free is computed from what is there.
#[tokio::test]
async fn writes_behind_our_back_are_found() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let a = w.ground(store, "a", 100, "10.0.0.0/24").await;
        let records: Vec<_> = [4, 5, 6, 9].map(|n| a.address(&format!("10.0.0.{n}"))).into();
        // Recorded without a word to the index, as a foreign session does.
        record(store, &a, &records).await.unwrap();
        assert_eq!(free(store, &a).await.first(), Some(number(&a, 4)));
        let mut tx = store.begin().await.unwrap();
        tx.cut_recorded(&a.space(), a.territory(), number(&a, 4)).await.unwrap();
        tx.commit().await.unwrap();
        let expected: RangeSet =
            [(7, 8), (10, 254)].map(|(x, y)| (number(&a, x), number(&a, y))).into_iter().collect();
        assert_eq!(free(store, &a).await, expected);
        let hosts = Layout::new(a.network.prefix).host_set();
        assert_eq!(store.count_taken(a.territory(), &hosts).await.unwrap(), 4);
        db.raw("DELETE FROM address WHERE text = '10.0.0.5'").await.unwrap();
        rebuild(store, &a).await;
        assert!(free(store, &a).await.contains(number(&a, 5)));
    })
    .await;
}
