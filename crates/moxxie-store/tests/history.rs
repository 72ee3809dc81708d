//! What was, and labels.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::net::IpAddr;

use common::{NOW, name, on_both, uuid, world};
use moxxie_core::{TenantId, Timestamp, identity::Scope, network::NetworkStatus, tenant::Tenant};
use moxxie_store::{Address, Labels, Page, PrefixRecord, Version, Window};

fn later(seconds: i64) -> Timestamp {
    Timestamp::from_microsecond(NOW.as_microsecond() + seconds * 1_000_000).unwrap()
}

#[tokio::test]
async fn what_was_removed_is_found_at_the_times_at_which_it_was() {
    on_both(async |db| {
        let store = &db.store;
        let world = world(store, "10.0.0.0/16").await;
        let ground = world.ground(store, "web", 100, "10.0.0.0/24").await;
        let network = &ground.network;
        let address: IpAddr = "10.0.0.9".parse().unwrap();
        let record = ground.address("10.0.0.9");
        common::record(store, &ground, std::slice::from_ref(&record)).await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let status = NetworkStatus::Provisioned;
        tx.update_network_status(network.id, 1, status, later(10)).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        tx.delete_address(Scope::All, network.id, address, later(20)).await.unwrap();
        tx.release_network_prefixes(network.id, later(20)).await.unwrap();
        tx.delete_network(network.id, later(20)).await.unwrap();
        tx.commit().await.unwrap();

        let id = network.id.to_string();
        let network_at = async |scope, at| {
            store
                .past::<moxxie_core::network::Network>(scope, &id, at)
                .await
                .unwrap()
                .map(|v| v.record.status)
        };
        assert_eq!(network_at(Scope::All, later(-1)).await, None);
        assert_eq!(network_at(Scope::All, NOW).await, Some(NetworkStatus::Allocated));
        assert_eq!(network_at(Scope::All, later(10)).await, Some(status));
        assert_eq!(network_at(Scope::All, later(19)).await, Some(status));
        assert_eq!(network_at(Scope::All, later(20)).await, None);
        let other = Scope::Tenant(TenantId::new(uuid()));
        assert_eq!(network_at(other, NOW).await, None);
        let versions = store.past_versions::<moxxie_core::network::Network>(Scope::All, &id, later(99), 9);
        assert_eq!(versions.await.unwrap().len(), 2);

        let window = Window::all(network.vrf_id.to_string(), 4);
        let listed = async |at| store.past_list::<Address>(Scope::All, &window, at, 10).await.unwrap();
        assert_eq!(
            listed(later(5)).await,
            [Version { record: record.clone(), since: NOW, until: later(20) }]
        );
        assert_eq!(listed(later(20)).await, []);
        let around = async |address: &str, at| {
            let address = address.parse().unwrap();
            store.past_around::<PrefixRecord>(Scope::All, network.vrf_id, address, at).await.unwrap()
        };
        assert_eq!(around("10.0.0.77", NOW).await.unwrap().record.prefix, network.prefix);
        assert_eq!(around("10.0.1.77", NOW).await, None);
        assert_eq!(around("10.0.0.77", later(20)).await, None);
    })
    .await;
}

#[tokio::test]
async fn objects_are_found_by_their_labels() {
    on_both(async |db| {
        let store = &db.store;
        let world = world(store, "10.0.0.0/16").await;
        let other = Tenant { id: TenantId::new(uuid()), name: name("other"), description: String::new() };
        let labels = |pairs: &[(&str, &str)]| -> Labels {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (web, api) = (labels(&[("app", "web"), ("tier", "front\"'")]), labels(&[("app", "api")]));
        let mut tx = store.begin().await.unwrap();
        tx.insert_labels([
            ("ip-1", Some(world.tenant.id), &web),
            ("ip-2", Some(other.id), &web),
            ("ip-3", Some(world.tenant.id), &api),
            ("ip-4", None, &Labels::new()),
        ])
        .await
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(store.labels("ip-1").await.unwrap(), web);
        let found = async |scope, key: &str, value, page: &Page| {
            let listing = store.labelled(scope, key, value, page).await.unwrap();
            (listing.items.join(" "), listing.next)
        };
        let all = Page::default();
        assert_eq!(found(Scope::All, "app", Some("web"), &all).await, ("ip-1 ip-2".into(), None));
        assert_eq!(found(Scope::Tenant(other.id), "app", Some("web"), &all).await, ("ip-2".into(), None));
        let first = found(Scope::All, "app", None, &Page::first(2)).await;
        assert_eq!(first, ("ip-1 ip-2".into(), Some("ip-2".into())));
        let second = Page { after: first.1, limit: 2 };
        assert_eq!(found(Scope::All, "app", None, &second).await, ("ip-3".into(), None));

        let mut tx = store.begin().await.unwrap();
        tx.set_labels("ip-1", Some(world.tenant.id), &api).await.unwrap();
        tx.drop_labels(&["ip-2", "ip-3"]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(found(Scope::All, "app", Some("web"), &all).await, (String::new(), None));
        assert_eq!(found(Scope::All, "app", Some("api"), &all).await, ("ip-1".into(), None));
        assert_eq!(store.labels("ip-1").await.unwrap(), api);
    })
    .await;
}
