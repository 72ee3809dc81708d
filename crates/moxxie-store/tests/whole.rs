//! A transaction around others: all of them or none, and each by itself.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{NOW, name, on_both, uuid};
use moxxie_core::{TenantId, identity::Scope, tenant::Tenant};
use moxxie_store::{Constraint, Store};

fn tenant(text: &str) -> Tenant {
    Tenant { id: TenantId::new(uuid()), name: name(text), description: String::new() }
}

async fn insert(store: &Store, text: &str) {
    let mut tx = store.begin().await.unwrap();
    tx.insert_tenant(&tenant(text), NOW).await.unwrap();
    tx.commit().await.unwrap();
}

async fn there(store: &Store, text: &str) -> bool {
    store.tenant_by_name(Scope::All, &name(text)).await.unwrap().is_some()
}

#[tokio::test]
async fn what_is_kept_inside_is_there_when_the_whole_is_and_not_before() {
    on_both(async |db| {
        let whole = db.store.whole().await.unwrap();
        let inside = whole.store();
        insert(&inside, "kept").await;
        // Dropped, and refused by the database: both are gone without the rest.
        let mut dropped = inside.begin().await.unwrap();
        dropped.insert_tenant(&tenant("dropped"), NOW).await.unwrap();
        drop(dropped);
        let mut refused = inside.begin().await.unwrap();
        refused.insert_tenant(&tenant("refused"), NOW).await.unwrap();
        let again = refused.insert_tenant(&tenant("kept"), NOW).await.unwrap_err();
        assert_eq!(again.constraint(), Some(Constraint::NameTaken("tenant")));
        assert!(refused.commit().await.is_err(), "half of it must not be kept");
        insert(&inside, "later").await;
        for (text, expected) in [("kept", true), ("dropped", false), ("refused", false), ("later", true)] {
            assert_eq!(there(&inside, text).await, expected, "{text}, inside");
            assert!(!there(&db.store, text).await, "{text}, outside");
        }
        assert!(there_in_snapshot(&inside).await);
        drop(inside);
        whole.commit().await.unwrap();
        for (text, expected) in [("kept", true), ("dropped", false), ("refused", false), ("later", true)] {
            assert_eq!(there(&db.store, text).await, expected, "{text}");
        }
    })
    .await;
}

async fn there_in_snapshot(inside: &Store) -> bool {
    let snapshot = inside.snapshot().await.unwrap();
    snapshot.tenant_by_name(Scope::All, &name("kept")).await.unwrap().is_some()
}

#[tokio::test]
async fn a_whole_that_is_dropped_or_still_used_keeps_nothing() {
    on_both(async |db| {
        let whole = db.store.whole().await.unwrap();
        insert(&whole.store(), "one").await;
        drop(whole);
        assert!(!there(&db.store, "one").await);
        let whole = db.store.whole().await.unwrap();
        let inside = whole.store();
        insert(&inside, "two").await;
        assert!(whole.commit().await.is_err(), "somebody could still write inside");
        drop(inside);
        assert!(!there(&db.store, "two").await);
        insert(&db.store, "three").await;
        assert!(there(&db.store, "three").await);
    })
    .await;
}
