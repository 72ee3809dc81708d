//! Prefixes never overlap, and free space is exact, whoever writes.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::BTreeSet;

use common::{Database, NOW, World, net, on_both, on_postgres, uuid, vlan_record, world};
use ipnet::IpNet;
use moxxie_core::{PrefixId, identity::Scope, prefix::overlap};
use moxxie_store::{Constraint, GivenError, NewPrefix, Store, StoreError};

async fn allocate(store: &Store, w: &World, length: u8) -> Result<Option<(PrefixId, IpNet)>, StoreError> {
    let new = w.new_prefix();
    let mut tx = store.begin().await?;
    let prefix = tx.allocate_prefix(&new, length).await?;
    tx.commit().await?;
    Ok(prefix.map(|prefix| (new.id, prefix)))
}

async fn given(store: &Store, new: &NewPrefix, prefix: &str) -> Result<(), GivenError> {
    let mut tx = store.begin().await?;
    tx.allocate_given(new, net(prefix)).await?;
    Ok(tx.commit().await?)
}

async fn release(store: &Store, id: PrefixId) {
    let mut tx = store.begin().await.unwrap();
    tx.release_prefix(id, NOW).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn best_fit_and_given_prefixes() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/22").await;
        let second = w.new_prefix();
        given(store, &second, "10.0.1.0/24").await.unwrap();
        // The smallest block that is large enough is the /24 beside it, not the /23 behind.
        assert_eq!(allocate(store, &w, 26).await.unwrap().unwrap().1, net("10.0.0.0/26"));
        assert_eq!(allocate(store, &w, 23).await.unwrap().unwrap().1, net("10.0.2.0/23"));
        assert_eq!(allocate(store, &w, 24).await.unwrap(), None);
        assert_eq!(allocate(store, &w, 33).await.unwrap(), None);
        let statistics = store.pool_statistics(w.pool.id).await.unwrap();
        assert_eq!(statistics.free, [(25, 1), (26, 1)].into());
        assert_eq!((statistics.largest_free, statistics.allocated), (Some(25), 3));
        assert_eq!((statistics.free_addresses, statistics.total_addresses), (192, 1024));

        let taken = given(store, &w.new_prefix(), "10.0.0.0/22").await;
        match taken {
            Err(GivenError::Taken { by }) => assert_eq!(by.prefix, net("10.0.0.0/26")),
            other => panic!("{other:?}"),
        }
        let taken = given(store, &w.new_prefix(), "10.0.1.64/26").await;
        assert!(matches!(taken, Err(GivenError::Taken { by }) if by.id == second.id));
        let outside = given(store, &w.new_prefix(), "10.1.0.0/24").await;
        assert!(matches!(outside, Err(GivenError::OutsidePool { .. })));
    })
    .await;
}

/// Random allocations against a set of prefixes; releasing all restores the one free block.
async fn against_the_model(db: &Database, pool: &str, seed: u64) {
    let store = &db.store;
    let w = world(store, pool).await;
    let pool = w.pool.prefix;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut held: Vec<(PrefixId, IpNet)> = Vec::new();
    let mut tx = store.begin().await.unwrap();
    for step in 0..250 {
        let length = pool.prefix_len() + random.u8(0..=8);
        let all: Vec<IpNet> = pool.subnets(length).unwrap().collect();
        let is_free =
            |prefix: &IpNet, held: &[(PrefixId, IpNet)]| !held.iter().any(|(_, h)| overlap(h, prefix));
        match random.u8(0..4) {
            0 | 1 => {
                let new = w.new_prefix();
                let got = tx.allocate_prefix(&new, length).await.unwrap();
                assert_eq!(got.is_some(), all.iter().any(|prefix| is_free(prefix, &held)), "{length}");
                if let Some(prefix) = got {
                    assert!(
                        is_free(&prefix, &held) && prefix.prefix_len() == length && pool.contains(&prefix)
                    );
                    held.push((new.id, prefix));
                }
            }
            2 => {
                let new = w.new_prefix();
                let wanted = all[random.usize(..all.len())];
                match tx.allocate_given(&new, wanted).await {
                    Ok(()) => {
                        assert!(is_free(&wanted, &held), "{wanted}");
                        held.push((new.id, wanted));
                    }
                    Err(GivenError::Taken { by }) => {
                        let lowest = held.iter().map(|(_, h)| h).filter(|h| overlap(h, &wanted)).min();
                        assert_eq!(Some(&by.prefix), lowest);
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            _ if !held.is_empty() => {
                let (id, prefix) = held.swap_remove(random.usize(..held.len()));
                assert_eq!(tx.prefix(Scope::All, id).await.unwrap().unwrap().prefix, prefix);
                assert_eq!(tx.release_prefix(id, NOW).await.unwrap(), None);
            }
            _ => {}
        }
        if step % 50 == 49 {
            tx.commit().await.unwrap();
            let statistics = store.pool_statistics(w.pool.id).await.unwrap();
            let size = |prefix: &IpNet| 1_u128 << (prefix.max_prefix_len() - prefix.prefix_len());
            let used: u128 = held.iter().map(|(_, prefix)| size(prefix)).sum();
            assert_eq!(statistics.free_addresses, statistics.total_addresses - used);
            assert_eq!(statistics.allocated, held.len() as u64);
            tx = store.begin().await.unwrap();
            // Computing the free blocks anew finds the same blocks.
            tx.rebuild_free_blocks(w.pool.id).await.unwrap();
            assert_eq!(tx.pool_statistics(w.pool.id).await.unwrap(), statistics);
        }
    }
    for (id, _) in held {
        tx.release_prefix(id, NOW).await.unwrap();
    }
    tx.commit().await.unwrap();
    let statistics = store.pool_statistics(w.pool.id).await.unwrap();
    assert_eq!(statistics.free, [(pool.prefix_len(), 1)].into());
}

#[tokio::test]
async fn random_sequences_agree_with_a_naive_model() {
    on_both(async |db| against_the_model(db, "10.0.0.0/20", 1).await).await;
    on_both(async |db| against_the_model(db, "10.8.0.0/13", 2).await).await;
    on_both(async |db| against_the_model(db, "2001:db8::/56", 3).await).await;
}

/// Raw SQL that inserts an occupied prefix.
fn raw_insert(w: &World, prefix: &str) -> String {
    let prefix = net(prefix);
    let (first, last) = moxxie_core::prefix::bounds(&prefix);
    let hex = moxxie_core::audit::hex;
    format!(
        "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status,
             purpose, labels, network_id, since, created_at)
         VALUES ('{}', '{}', '{}', '{}', {}, BYTES'{}', BYTES'{}', {}, '{prefix}', 'assigned', '', '{{}}', NULL, 0, 0)",
        PrefixId::new(uuid()),
        w.pool.vrf_id,
        w.tenant.id,
        w.pool.id,
        moxxie_core::prefix::family(&prefix),
        hex(&first),
        hex(&last),
        prefix.prefix_len(),
    )
}

async fn raw(db: &Database, sql: &str) -> Result<u64, sqlx::Error> {
    match db.dialect {
        moxxie_store::Dialect::Sqlite => db.raw(&sql.replace("BYTES'", "X'")).await,
        moxxie_store::Dialect::Postgres => db.raw(&sql.replace("BYTES'", "'\\x")).await,
    }
}

#[tokio::test]
async fn the_database_itself_refuses_overlap() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        raw(db, &raw_insert(&w, "10.0.4.0/24")).await.unwrap();
        raw(db, &raw_insert(&w, "10.0.6.0/24")).await.unwrap();
        for overlapping in
            ["10.0.4.0/24", "10.0.4.128/25", "10.0.0.0/16", "10.0.4.255/32", "10.0.6.0/23", "0.0.0.0/0"]
        {
            let error = raw(db, &raw_insert(&w, overlapping)).await.unwrap_err().to_string();
            assert!(error.contains("prefix_overlap"), "{overlapping}: {error}");
        }
        raw(db, &raw_insert(&w, "10.0.5.0/24")).await.unwrap();
        raw(db, &raw_insert(&w, "::a00:0/112")).await.unwrap();
        // Moving one onto another is refused as well; staying in place is not.
        let (first, last) = moxxie_core::prefix::bounds(&net("10.0.4.0/23"));
        let hex = moxxie_core::audit::hex;
        let grow = format!(
            "UPDATE prefix SET first = BYTES'{}', last = BYTES'{}', prefix = '10.0.4.0/23', length = 23
             WHERE prefix = '10.0.4.0/24'",
            hex(&first),
            hex(&last)
        );
        assert!(raw(db, &grow).await.unwrap_err().to_string().contains("prefix_overlap"));
        db.raw("UPDATE prefix SET purpose = 'x'").await.unwrap();
        // Whatever its status, it takes its space.
        db.raw("UPDATE prefix SET status = 'reserved' WHERE prefix = '10.0.5.0/24'").await.unwrap();
        assert!(raw(db, &grow).await.unwrap_err().to_string().contains("prefix_overlap"));
        db.raw("DELETE FROM prefix WHERE prefix = '10.0.5.0/24'").await.unwrap();
        raw(db, &grow).await.unwrap();
        // What ends by itself says when, and nothing else does.
        for wrong in ["status = 'held'", "expires_at = 7", "status = 'gone'"] {
            assert!(db.raw(&format!("UPDATE prefix SET {wrong}")).await.is_err(), "{wrong}");
        }
    })
    .await;
}

#[tokio::test]
async fn writes_behind_our_back_are_noticed_and_worked_around() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/22").await;
        raw(db, &raw_insert(&w, "10.0.0.0/24")).await.unwrap();
        let (_, prefix) = allocate(store, &w, 24).await.unwrap().unwrap();
        assert_eq!(prefix, net("10.0.1.0/24"));
        // Given: refused by name although the free blocks say otherwise.
        raw(db, &raw_insert(&w, "10.0.2.0/24")).await.unwrap();
        let taken = given(store, &w.new_prefix(), "10.0.2.128/25").await;
        assert!(matches!(taken, Err(GivenError::Taken { by }) if by.prefix == net("10.0.2.0/24")));
        // Removed behind our back: a given prefix finds the space again.
        db.raw("DELETE FROM prefix WHERE prefix = '10.0.1.0/24'").await.unwrap();
        given(store, &w.new_prefix(), "10.0.1.0/24").await.unwrap();
        // Everything else about the transaction is kept.
        let free = store.pool_statistics(w.pool.id).await.unwrap().free;
        assert_eq!(free, [(24, 1)].into());
    })
    .await;
}

async fn thirty_two_allocators(stores: &[Store], w: &World) {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..32_u64 {
        let store = stores[usize::try_from(n).unwrap() % stores.len()].clone();
        let new: Vec<_> = (0..8).map(|_| w.new_prefix()).collect();
        tasks.spawn(async move {
            let mut random = fastrand::Rng::with_seed(n);
            let mut got = Vec::new();
            for new in new {
                let mut tx = store.begin().await.unwrap();
                if let Some(prefix) = tx.allocate_prefix(&new, random.u8(24..=28)).await.unwrap() {
                    tx.commit().await.unwrap();
                    got.push((new.id, prefix));
                }
                if random.u8(0..3) == 0
                    && let Some((id, _)) = got.pop()
                {
                    let mut tx = store.begin().await.unwrap();
                    tx.release_prefix(id, NOW).await.unwrap();
                    tx.commit().await.unwrap();
                }
            }
            got
        });
    }
    let mut held: Vec<(PrefixId, IpNet)> = Vec::new();
    while let Some(got) = tasks.join_next().await {
        held.extend(got.unwrap());
    }
    let distinct: BTreeSet<IpNet> = held.iter().map(|(_, prefix)| *prefix).collect();
    assert_eq!(distinct.len(), held.len());
    for (_, a) in &held {
        assert_eq!(held.iter().filter(|(_, b)| overlap(a, b)).count(), 1, "{a}");
    }
    assert!(held.len() > 100, "{}", held.len());
    for (id, _) in held {
        release(&stores[0], id).await;
    }
    let statistics = stores[0].pool_statistics(w.pool.id).await.unwrap();
    assert_eq!(statistics.free, [(w.pool.prefix.prefix_len(), 1)].into());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_allocators_never_overlap() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        thirty_two_allocators(std::slice::from_ref(&db.store), &w).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_instances_on_one_database_never_overlap() {
    on_postgres(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        let stores = [db.store.clone(), db.open_again().await.unwrap()];
        thirty_two_allocators(&stores, &w).await;
        stores[1].close().await;
    })
    .await;
}

#[tokio::test]
async fn a_network_may_follow_its_prefix_within_the_transaction() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let network = w.network("n", 100, "10.0.0.0/24");
        let new = NewPrefix { network_id: Some(network.id), ..w.new_prefix() };
        let mut tx = store.begin().await.unwrap();
        tx.allocate_prefix(&new, 24).await.unwrap();
        tx.insert_network(&network, vlan_record()).await.unwrap();
        tx.commit().await.unwrap();

        // Without its network it cannot be committed.
        let orphan = w.network("o", 101, "10.0.1.0/24");
        let new = NewPrefix { network_id: Some(orphan.id), ..w.new_prefix() };
        let mut tx = store.begin().await.unwrap();
        tx.allocate_prefix(&new, 24).await.unwrap();
        let refused = tx.commit().await.unwrap_err();
        assert_eq!(refused.constraint(), Some(Constraint::Referenced));

        // The store goes on after a commit that was refused.
        let mut tx = store.begin().await.unwrap();
        let released = tx.release_network_prefixes(network.id, NOW).await.unwrap();
        assert_eq!(released.len(), 1);
        tx.delete_network(network.id, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.pool_statistics(w.pool.id).await.unwrap().free, [(16, 1)].into());
        assert_eq!(released[0].created_at, NOW);
    })
    .await;
}
