//! What is asked for a past time is what was then, on both databases.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use lab::{Database, new_database, quick};
use moxxie_api::{
    address::{AddressQuery, AddressRequest},
    datacenter::DatacenterCreate,
    network::NetworkQuery,
    pool::PoolCreate,
    tenant::TenantCreate,
};
use moxxie_core::Timestamp;
use moxxie_engine::{Context, Engine, clock::Ambient};
use moxxie_store::{MasterKey, Store, StoreConfig};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

struct World {
    engine: Engine,
    clock: Arc<AtomicI64>,
}

impl World {
    fn tick(&self) {
        self.clock.fetch_add(60, Ordering::SeqCst);
    }

    fn now(&self) -> String {
        Timestamp::from_second(self.clock.load(Ordering::SeqCst)).unwrap().to_string()
    }

    /// All networks with their addresses, read in pages of this size.
    async fn state(&self, at: Option<&str>, limit: u32) -> Vec<Value> {
        let (system, at) = (Context::system(), at.map(str::to_owned));
        let mut state = Vec::new();
        let mut cursor = None;
        loop {
            let query =
                NetworkQuery { at: at.clone(), cursor, limit: Some(limit), ..NetworkQuery::default() };
            let page = self.engine.networks(&system, query).await.unwrap();
            for network in page.items {
                let mut addresses = Vec::new();
                let mut next = None;
                loop {
                    let query = AddressQuery {
                        at: at.clone(),
                        cursor: next,
                        limit: Some(limit),
                        ..AddressQuery::default()
                    };
                    let page = self.engine.addresses(&system, &network.network_id, query).await.unwrap();
                    addresses.extend(page.items);
                    next = page.next_cursor;
                    if next.is_none() {
                        break;
                    }
                }
                if let Some(at) = &at {
                    let one = self.engine.network_at(&system, &network.network_id, at).await.unwrap();
                    assert_eq!(json!(one), json!(network));
                }
                state.push(json!({"network": network, "addresses": addresses}));
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return state;
            }
        }
    }

    /// One random write; whatever comes of it.
    async fn write(&self, random: &mut fastrand::Rng) {
        let system = Context::system();
        let page = self.engine.networks(&system, NetworkQuery::default()).await.unwrap();
        let some =
            (!page.items.is_empty()).then(|| page.items[random.usize(..page.items.len())].network_id.clone());
        match (random.u8(..10), some) {
            (0..=2, _) | (_, None) => {
                let size = if random.bool() { "/29" } else { "/28" };
                let order = json!({"clientId": "acme", "datacenter": "dc2", "size": size});
                self.engine.allocate(&system, serde_json::from_value(order).unwrap()).await.unwrap();
            }
            (3..=6, Some(network)) => {
                let host =
                    AddressRequest { hostname: Some(format!("h{}", random.u32(..))), ..Default::default() };
                // A full network refuses.
                let _ = self.engine.create_address(&system, &network, host).await;
            }
            (7 | 8, Some(network)) => {
                let query = AddressQuery { limit: Some(1000), ..AddressQuery::default() };
                let all = self.engine.addresses(&system, &network, query).await.unwrap().items;
                let recorded: Vec<_> = all.iter().filter(|address| address.created_at.is_some()).collect();
                if let Some(one) = (!recorded.is_empty()).then(|| recorded[random.usize(..recorded.len())]) {
                    self.engine.delete_address(&system, &network, &one.address, true).await.unwrap();
                }
            }
            (_, Some(network)) => {
                // One with addresses is refused.
                if let Ok(accepted) = self.engine.deprovision(&system, &network).await {
                    let most = std::time::Duration::from_secs(20);
                    let change = accepted.change.change_id;
                    let change = self.engine.wait_for_change(&system, &change, most).await.unwrap();
                    assert_eq!(change.state, "applied");
                }
            }
        }
    }
}

async fn open(database: Database, dir: &tempfile::TempDir) -> (World, Store) {
    let url = match database {
        Database::Sqlite => format!("sqlite:{}", dir.path().join("moxxie.db").display()),
        Database::Postgres => new_database(),
    };
    let clock = Arc::new(AtomicI64::new(1_800_000_000));
    let (seconds, number) = (Arc::clone(&clock), AtomicI64::new(1));
    let ambient = Ambient::new(
        move || Timestamp::from_second(seconds.load(Ordering::SeqCst)).unwrap(),
        move |bytes| {
            let number = number.fetch_add(1, Ordering::SeqCst).to_be_bytes();
            bytes.iter_mut().rev().zip(number.iter().rev()).for_each(|(byte, other)| *byte = *other);
        },
    );
    let config = StoreConfig::new(url, MasterKey::new([7; 32]), ambient.now());
    let store = Store::open(config).await.unwrap();
    let engine = Engine::new(store.clone(), ambient, quick());
    let system = Context::system();
    let tenant = TenantCreate { name: "acme".into(), description: String::new() };
    engine.create_tenant(&system, tenant).await.unwrap();
    let site = json!({"name": "dc2", "vlanRange": "100-2000", "managementPrefixes": ["10.255.0.0/24"]});
    engine.create_site(&system, serde_json::from_value::<DatacenterCreate>(site).unwrap()).await.unwrap();
    let pool = json!({"name": "main", "prefix": "172.20.0.0/24"});
    engine.create_pool(&system, serde_json::from_value::<PoolCreate>(pool).unwrap()).await.unwrap();
    (World { engine, clock }, store)
}

#[tokio::test]
async fn the_state_at_any_past_time_is_what_was_seen_then() {
    for database in Database::all() {
        let dir = tempfile::tempdir().unwrap();
        let (world, store) = open(database, &dir).await;
        let stop = CancellationToken::new();
        let worker = tokio::spawn({
            let (engine, stop) = (world.engine.clone(), stop.clone());
            async move { engine.run(stop).await }
        });
        let mut random = fastrand::Rng::with_seed(17);
        let mut seen = Vec::new();
        for _ in 0..40 {
            world.write(&mut random).await;
            seen.push((world.now(), world.state(None, 1000).await));
            world.tick();
        }
        // A network that is ordered again and again has ended many times by now.
        assert!(seen.iter().any(|(_, state)| state.len() > 2));
        for (time, state) in &seen {
            let limit = 1 + random.u32(..4);
            assert_eq!(&world.state(Some(time), limit).await, state, "{database:?} at {time}, by {limit}");
        }
        let early = world.state(Some("2026-01-01T00:00:00Z"), 10).await;
        assert_eq!(early, [json!(null); 0]);
        let future = NetworkQuery { at: Some("2100-01-01T00:00:00Z".into()), ..NetworkQuery::default() };
        assert!(world.engine.networks(&Context::system(), future).await.is_err());
        stop.cancel();
        worker.await.unwrap().unwrap();
        store.close().await;
    }
}
