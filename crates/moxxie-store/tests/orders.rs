//! Many orders at once, each a whole transaction as the engine makes it.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{collections::HashSet, time::Duration};

use common::{NOW, World, draft, on_both, on_postgres, pool, vlan_record, world};
use moxxie_core::{identity::Scope, prefix::overlap};
use moxxie_store::{NetworkFilter, NewPrefix, Page, Store, StoreError};

/// Domain, pool, network, change, events and audit in one transaction.
async fn order(store: &Store, w: &World, number: usize) -> Result<(), StoreError> {
    let mut network = w.network(&format!("n{number}"), 100, "10.0.0.0/24");
    let mut tx = store.begin().await?;
    let domain = tx.lock_domain(w.domain.id).await?.unwrap();
    let used = tx.used_vlans(domain.id).await?;
    network.attachment.vlan = domain.next_vlan(used).unwrap();
    let new = NewPrefix { network_id: Some(network.id), ..w.new_prefix() };
    network.prefix = tx.allocate_prefix(&new, 24).await?.unwrap();
    tx.insert_network(&network, vlan_record()).await?;
    let change = w.change(network.id);
    tx.insert_change(&change, &[w.subject(change.network_id.unwrap())]).await?;
    tx.append_event(change.id, &serde_json::json!({"state": "planned"}), NOW).await?;
    tx.audit(draft("network.provision"));
    tx.commit().await
}

async fn fifty_orders(stores: &[Store], w: &World) {
    let orders = (0..50).map(|number| order(&stores[number % stores.len()], w, number));
    for done in futures::future::join_all(orders).await {
        done.unwrap();
    }
    let store = &stores[0];
    let networks =
        store.networks(Scope::All, &NetworkFilter::default(), &Page::default()).await.unwrap().items;
    let vlans: HashSet<_> = networks.iter().map(|network| network.attachment.vlan).collect();
    assert_eq!((networks.len(), vlans.len()), (50, 50));
    for a in &networks {
        assert_eq!(networks.iter().filter(|b| overlap(&a.prefix, &b.prefix)).count(), 1);
    }
    assert_eq!(store.runnable_changes(NOW).await.unwrap().len(), 50);
    let report = store.verify_audit().await.unwrap();
    assert_eq!((report.events, report.chains, report.problems), (50, stores.len() as u64, vec![]));

    // All of it taken back leaves the pool and the domain as they were.
    for network in networks {
        let mut tx = store.begin().await.unwrap();
        tx.release_network_prefixes(network.id, NOW).await.unwrap();
        tx.delete_network(network.id, NOW).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(store.pool_statistics(w.pool.id).await.unwrap().free, [(16, 1)].into());
    assert!(store.used_vlans(w.domain.id).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_orders_at_once_share_nothing() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        fifty_orders(std::slice::from_ref(&db.store), &w).await;
    })
    .await;
    on_postgres(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        let stores = [db.store.clone(), db.open_again().await.unwrap()];
        fifty_orders(&stores, &w).await;
        stores[1].close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn transactions_that_cross_are_told_to_run_again() {
    on_postgres(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        let other = pool(&db.store, "other", "10.1.0.0/16");
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_pool(&other, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let (mut a, mut b) = (db.store.begin().await.unwrap(), db.store.begin().await.unwrap());
        a.lock_pools(&[w.pool.id]).await.unwrap();
        b.lock_pools(&[other.id]).await.unwrap();
        let cross_a = async move {
            let result = a.lock_pools(&[other.id]).await.map(drop);
            drop(a);
            result
        };
        let cross_b = async move {
            let result = b.lock_pools(&[w.pool.id]).await.map(drop);
            drop(b);
            result
        };
        let results: [_; 2] = futures::future::join(cross_a, cross_b).await.into();
        let crossed = results.iter().filter(|result| result.as_ref().is_err_and(StoreError::is_retryable));
        assert_eq!(crossed.count(), 1, "{results:?}");
        // Asked for together they are locked in one order, and nobody crosses.
        let mut a = db.store.begin().await.unwrap();
        assert_eq!(a.lock_pools(&[other.id, w.pool.id, other.id]).await.unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_lock_that_is_not_had_in_time_is_unavailable() {
    on_postgres(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        let mut config = db.config();
        config.patience = Duration::from_millis(100);
        let store = Store::open(config).await.unwrap();
        let mut first = store.begin().await.unwrap();
        first.lock_pools(&[w.pool.id]).await.unwrap();
        let mut second = store.begin().await.unwrap();
        let refused = second.lock_pools(&[w.pool.id]).await;
        assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
        drop((first, second));
        store.close().await;
    })
    .await;
}
