//! Every noun comes back as it was written, in its scope, and refuses what it must.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{NOW, name, net, on_both, pool, record, uuid, vlan, vlan_record, world};
use moxxie_core::{
    NetworkId, TenantId, Timestamp, TokenId,
    encapsulation::{Encapsulation, Tpid},
    identity::{Role, Scope},
    network::NetworkStatus,
    router::{Identity, Security},
    site::Site,
    tenant::Tenant,
};
use moxxie_store::{Constraint, Idempotent, NetworkFilter, Page, Store, StoreError, Token};
use secrecy::{ExposeSecret, SecretString};

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Constraint {
    result.unwrap_err().constraint().unwrap()
}

#[tokio::test]
async fn sites_domains_tenants_routers_and_pools_come_back() {
    on_both(async |db| {
        let store = &db.store;
        let mut w = world(store, "10.0.0.0/16").await;
        assert_eq!(store.site_by_name(&name("dc1")).await.unwrap().as_ref(), Some(&w.site));
        assert_eq!(store.domain_by_name(w.site.id, &name("trunk")).await.unwrap().as_ref(), Some(&w.domain));
        assert_eq!(store.tenant_by_name(Scope::All, &name("acme")).await.unwrap().as_ref(), Some(&w.tenant));
        assert_eq!(store.pool_by_name(&name("v4")).await.unwrap().as_ref(), Some(&w.pool));
        assert_eq!(store.pools_for_site(w.site.id).await.unwrap(), std::slice::from_ref(&w.pool));
        assert_eq!(store.routers_of_domain(w.domain.id).await.unwrap(), std::slice::from_ref(&w.router));

        w.site.location = "Graz".into();
        w.domain.encapsulation = Encapsulation::Qinq { service_vlan: vlan(1000), tpid: Tpid::Service };
        w.tenant.description = "x".into();
        w.pool.site_id = Some(w.site.id);
        w.router.security = Security::Pinned { spki: "ab".repeat(32) };
        w.router.identity = Some(Identity {
            serial: "S1".into(),
            board: "CCR2116".into(),
            version: "7.22".into(),
            enrolled_at: NOW,
        });
        let mut tx = store.begin().await.unwrap();
        tx.update_site(&w.site, NOW).await.unwrap();
        tx.update_domain(&w.domain, NOW).await.unwrap();
        tx.update_tenant(&w.tenant, NOW).await.unwrap();
        tx.update_pool(&w.pool, NOW).await.unwrap();
        tx.update_router(&w.router, NOW).await.unwrap();
        // Reads inside the transaction see it, others do not yet.
        assert_eq!(tx.site(w.site.id).await.unwrap().as_ref(), Some(&w.site));
        assert_eq!(store.site(w.site.id).await.unwrap().unwrap().location, "Wien");
        tx.commit().await.unwrap();
        assert_eq!(store.sites().await.unwrap(), [w.site.clone()]);
        assert_eq!(store.domains_of_site(w.site.id).await.unwrap(), [w.domain.clone()]);
        assert_eq!(store.tenant(Scope::All, w.tenant.id).await.unwrap(), Some(w.tenant.clone()));
        assert_eq!(store.pools().await.unwrap(), [w.pool.clone()]);
        assert_eq!(store.routers().await.unwrap(), [w.router.clone()]);

        // Referenced rows stay.
        let mut tx = store.begin().await.unwrap();
        assert_eq!(refused(tx.delete_site(w.site.id, NOW).await), Constraint::Referenced);
        drop(tx);
        let mut tx = store.begin().await.unwrap();
        tx.delete_router(w.router.id).await.unwrap();
        tx.delete_domain(w.domain.id, NOW).await.unwrap();
        tx.delete_pool(w.pool.id, NOW).await.unwrap();
        tx.delete_site(w.site.id, NOW).await.unwrap();
        tx.delete_tenant(w.tenant.id, NOW).await.unwrap();
        assert!(matches!(tx.delete_site(w.site.id, NOW).await, Err(StoreError::NotFound("site"))));
        tx.commit().await.unwrap();
        assert!(store.sites().await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test]
async fn names_in_use_are_refused_by_name_of_the_table() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/16").await;
        let again = uuid();
        let mut tx = db.store.begin().await.unwrap();
        let tenant = Tenant { id: TenantId::new(again), ..w.tenant.clone() };
        assert_eq!(refused(tx.insert_tenant(&tenant, NOW).await), Constraint::NameTaken("tenant"));
        // What failed cannot be committed, on either database.
        assert!(matches!(tx.commit().await, Err(StoreError::Aborted)));
        let mut tx = db.store.begin().await.unwrap();
        let same_id = Site { name: name("dc9"), ..w.site.clone() };
        assert_eq!(refused(tx.insert_site(&same_id, NOW).await), Constraint::Duplicate("site"));
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let overlapping = pool(&db.store, "other", "10.0.128.0/17");
        assert_eq!(refused(tx.insert_pool(&overlapping, NOW).await), Constraint::PoolOverlap);
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let same = pool(&db.store, "other", "10.0.0.0/16");
        assert_eq!(refused(tx.insert_pool(&same, NOW).await), Constraint::PoolOverlap);
    })
    .await;
}

#[tokio::test]
async fn nul_is_refused_alike() {
    on_both(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        let tenant = Tenant { id: TenantId::new(uuid()), name: name("n"), description: "a\0b".into() };
        assert!(matches!(tx.insert_tenant(&tenant, NOW).await, Err(StoreError::NulCharacter)));
    })
    .await;
}

async fn insert_network(store: &Store, network: &moxxie_core::network::Network) -> Result<(), StoreError> {
    let mut tx = store.begin().await?;
    tx.insert_network(network, vlan_record()).await?;
    tx.commit().await
}

#[tokio::test]
async fn networks_are_found_in_their_scope_only() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let mut networks = Vec::new();
        for n in 0..5 {
            let network = w.network(&format!("n{n}"), 100 + n, &format!("10.0.{n}.0/24"));
            insert_network(store, &network).await.unwrap();
            networks.push(network);
        }
        let mine = Scope::Tenant(w.tenant.id);
        let others = Scope::Tenant(TenantId::new(uuid()));
        let first = &networks[0];
        assert_eq!(store.network(mine, first.id).await.unwrap().as_ref(), Some(first));
        assert_eq!(store.network(others, first.id).await.unwrap(), None);
        let found = store.network_by_name(mine, w.tenant.id, &first.name).await.unwrap();
        assert_eq!(found.as_ref(), Some(first));
        assert_eq!(store.networks_in_domain(w.domain.id).await.unwrap(), networks);
        assert_eq!(store.count_networks(mine, w.site.id).await.unwrap(), 5);
        assert_eq!(store.used_vlans(w.domain.id).await.unwrap().len(), 5);

        // Pages.
        let all = NetworkFilter::default();
        let page = store.networks(mine, &all, &Page::first(2)).await.unwrap();
        assert_eq!(page.items, networks[..2]);
        let page = store.networks(mine, &all, &Page { after: page.next, limit: 3 }).await.unwrap();
        assert_eq!(page.items, networks[2..]);
        assert_eq!(page.next, None);
        assert!(store.networks(others, &all, &Page::default()).await.unwrap().items.is_empty());
        let filter = NetworkFilter {
            vlan: Some(vlan(103)),
            site: Some(w.site.id),
            tenant: Some(w.tenant.id),
            status: Some(NetworkStatus::Allocated),
            label: None,
        };
        assert_eq!(store.networks(mine, &filter, &Page::default()).await.unwrap().items, networks[3..4]);

        // Conflicts.
        let mut same_vlan = w.network("other", 100, "10.0.9.0/24");
        assert_eq!(refused(insert_network(store, &same_vlan).await), Constraint::VlanTaken);
        same_vlan.attachment.vlan = vlan(999);
        same_vlan.name = first.name.clone();
        assert_eq!(refused(insert_network(store, &same_vlan).await), Constraint::NameTaken("network"));

        // Versions.
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.lock_network(mine, first.id).await.unwrap().as_ref(), Some(first));
        let to = NetworkStatus::Provisioning;
        assert_eq!(tx.update_network_status(first.id, 1, to, NOW).await.unwrap(), 2);
        let stale = tx.update_network_status(first.id, 1, to, NOW).await;
        assert!(matches!(stale, Err(StoreError::Stale("network"))));
        let gone = tx.update_network_status(NetworkId::new(uuid()), 1, to, NOW).await;
        assert!(matches!(gone, Err(StoreError::NotFound("network"))));
        tx.delete_network(networks[1].id, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.used_vlans(w.domain.id).await.unwrap().len(), 4);
        let now = store.network(mine, first.id).await.unwrap().unwrap();
        assert_eq!((now.status, now.version), (to, 2));
    })
    .await;
}

#[tokio::test]
async fn addresses_are_unique_and_listed_in_order() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let ground = w.ground(store, "n", 100, "10.0.0.0/16").await;
        let network = &ground.network;
        let all: Vec<_> =
            (4_u32..1300).map(|n| ground.address(&format!("10.0.{}.{}", n / 256, n % 256))).collect();
        record(store, &ground, &all).await.unwrap();
        let again = record(store, &ground, &[ground.address("10.0.0.4")]).await;
        assert_eq!(refused(again.map(drop)), Constraint::AddressTaken);
        assert_eq!(store.count_addresses(Scope::All, network.id).await.unwrap(), 1296);
        let page = store.addresses(Scope::All, network.id, &Page::first(300)).await.unwrap();
        assert_eq!(page.next.as_deref(), Some("10.0.1.47"));
        let page =
            store.addresses(Scope::All, network.id, &Page { after: page.next, limit: 1 }).await.unwrap();
        assert_eq!(page.items[0].address.to_string(), "10.0.1.48");
        let bad = Page { after: Some("x".into()), limit: 1 };
        assert!(matches!(store.addresses(Scope::All, network.id, &bad).await, Err(StoreError::Cursor)));

        // A network with addresses stays.
        let mut tx = store.begin().await.unwrap();
        assert_eq!(refused(tx.delete_network(network.id, NOW).await), Constraint::Referenced);
        drop(tx);

        let first = "10.0.0.4".parse().unwrap();
        let mut tx = store.begin().await.unwrap();
        let removed = tx.delete_address(Scope::All, network.id, first, NOW).await.unwrap();
        assert_eq!(removed.vm_id.as_deref(), Some("42"));
        tx.commit().await.unwrap();
        assert_eq!(store.address(Scope::All, network.id, first).await.unwrap(), None);
    })
    .await;
}

#[tokio::test]
async fn tokens_keys_and_failed_logins() {
    on_both(async |db| {
        let store = &db.store;
        let token = Token {
            id: TokenId::new(uuid()),
            name: name("root"),
            role: Role::Admin,
            tenant_id: None,
            created_at: NOW,
            expires_at: Some(NOW),
            revoked_at: None,
            last_used_at: None,
        };
        assert_eq!(store.count_tokens().await.unwrap(), 0);
        let mut tx = store.begin().await.unwrap();
        tx.insert_token(&token, &[1; 32]).await.unwrap();
        let answer = Idempotent {
            principal: "root".into(),
            route: "POST /networks".into(),
            key: "k".into(),
            body_hash: [9; 32],
            status: 202,
            response: serde_json::json!({"id": 1}),
            created_at: NOW,
        };
        tx.insert_idempotent(&answer).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.token_by_hash(&[1; 32]).await.unwrap().as_ref(), Some(&token));
        assert_eq!(store.token_by_hash(&[2; 32]).await.unwrap(), None);
        store.touch_token(token.id, NOW).await.unwrap();
        let minute_later = NOW + std::time::Duration::from_secs(60);
        store.touch_token(token.id, minute_later).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.revoke_token(token.id, NOW).await.unwrap();
        tx.revoke_token(token.id, minute_later).await.unwrap();
        tx.commit().await.unwrap();
        let known = store.token(token.id).await.unwrap().unwrap();
        assert_eq!((known.revoked_at, known.last_used_at), (Some(NOW), Some(NOW)));
        assert_eq!(store.tokens().await.unwrap(), [known]);

        assert_eq!(store.idempotent("root", "POST /networks", "k").await.unwrap().as_ref(), Some(&answer));
        let mut tx = store.begin().await.unwrap();
        assert_eq!(refused(tx.insert_idempotent(&answer).await), Constraint::IdempotencyKey);
        drop(tx);
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.purge_idempotent(minute_later).await.unwrap(), 1);
        tx.commit().await.unwrap();

        for _ in 0..3 {
            store.record_auth_failures("192.0.2.1", NOW, 2).await.unwrap();
        }
        let failures = store.auth_failures(Timestamp::UNIX_EPOCH).await.unwrap();
        assert_eq!(failures.len(), 1);
        assert_eq!((failures[0].count, failures[0].minute.as_second() % 60), (6, 0));
    })
    .await;
}

#[tokio::test]
async fn secrets_are_sealed_and_bound_to_their_place() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let owner = w.router.id.to_string();
        let secret = SecretString::from("Grünkohl-4711-geheim");
        let mut tx = store.begin().await.unwrap();
        tx.put_secret(&owner, "password", &SecretString::from("old-Grünkohl-4711")).await.unwrap();
        tx.put_secret(&owner, "password", &secret).await.unwrap();
        tx.commit().await.unwrap();
        let opened = store.open_secret(&owner, "password").await.unwrap().unwrap();
        assert_eq!(opened.expose_secret(), secret.expose_secret());
        assert!(store.open_secret(&owner, "key").await.unwrap().is_none());
        assert!(db.dump().await.contains(&owner), "the dump shows what is stored");
        assert!(!db.dump().await.contains("4711"));

        db.raw("UPDATE secret SET owner_id = 'rtr-else'").await.unwrap();
        let moved = store.open_secret("rtr-else", "password").await;
        assert!(matches!(moved, Err(StoreError::Sealed { .. })));
        assert_eq!(net("10.0.0.0/16"), w.pool.prefix);
    })
    .await;
}
