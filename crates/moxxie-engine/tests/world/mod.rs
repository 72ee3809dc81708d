//! An engine without routers, whose clock the test holds.

#![allow(dead_code, unreachable_pub, reason = "shared by test files, each of which uses a part")]
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use moxxie_api::prefix::TreeQuery;
use moxxie_core::Timestamp;
use moxxie_engine::{Context, Engine, EngineConfig, Error, clock::Ambient};
use moxxie_store::{MasterKey, Store, StoreConfig};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::lab::{Database, new_database};

pub struct World {
    pub engine: Engine,
    now: Arc<AtomicI64>,
    _directory: tempfile::TempDir,
}

/// A value of whatever type is wanted.
pub fn a<T: DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).unwrap()
}

pub fn me() -> Context {
    Context::system()
}

impl World {
    /// Two sites with pools that are numbered alike, a pool for IPv6 and a tenant.
    pub async fn new(database: Database) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = match database {
            Database::Sqlite => format!("sqlite:{}", directory.path().join("moxxie.db").display()),
            Database::Postgres => new_database(),
        };
        let now = Arc::new(AtomicI64::new(1_800_000_000));
        let clock = Arc::clone(&now);
        let count = AtomicU64::new(1);
        let ambient = Ambient::new(
            move || Timestamp::from_second(clock.load(Ordering::Relaxed)).unwrap(),
            move |bytes| {
                let next = count.fetch_add(1, Ordering::Relaxed).to_be_bytes();
                bytes.iter_mut().rev().zip(next.iter().rev()).for_each(|(byte, value)| *byte = *value);
            },
        );
        let store = Store::open(StoreConfig::new(url, MasterKey::new([7; 32]), ambient.now())).await.unwrap();
        let engine = Engine::new(store, ambient, EngineConfig::default());
        for (n, site) in ["dc1", "dc2"].into_iter().enumerate() {
            let request = json!({"name": site, "vlanRange": "100-400", "vlanQuarantineSeconds": 60});
            engine.create_site(&me(), a(request)).await.unwrap();
            let prefix = format!("172.{}.0.0/16", 16 + 4 * n);
            let request = json!({"name": format!("{site}-main"), "datacenter": site, "prefix": prefix});
            engine.create_pool(&me(), a(request)).await.unwrap();
        }
        engine.create_pool(&me(), a(json!({"name": "six", "prefix": "2001:db8::/48"}))).await.unwrap();
        engine.create_tenant(&me(), a(json!({"name": "acme"}))).await.unwrap();
        Self { engine, now, _directory: directory }
    }

    /// What the clock shows, in seconds.
    pub fn seconds(&self) -> i64 {
        self.now.load(Ordering::Relaxed)
    }

    pub fn later(&self, seconds: i64) {
        self.now.fetch_add(seconds, Ordering::Relaxed);
    }

    pub async fn take(&self, request: Value) -> Result<Vec<String>, Error> {
        let taken = self.engine.take_prefixes(&me(), a(request)).await?;
        Ok(taken.prefixes.into_iter().map(|prefix| prefix.prefix).collect())
    }

    pub async fn allocate(&self, request: Value) -> Result<moxxie_api::network::Network, Error> {
        let mut whole = json!({"clientId": "acme", "datacenter": "dc1", "size": "/24"});
        whole.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
        self.engine.allocate(&me(), a(whole)).await
    }

    pub async fn tree(&self, query: Value) -> Vec<String> {
        let mut lines = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let mut query: TreeQuery = a(query.clone());
            query.cursor = cursor;
            let page = self.engine.prefix_tree(&me(), query).await.unwrap();
            for node in page.items {
                let word = node.name.or(node.status).unwrap_or(node.kind);
                lines.push(format!("{}{} {word}", "  ".repeat(node.depth as usize), node.prefix));
            }
            cursor = page.next_cursor;
            if cursor.is_none() {
                return lines;
            }
        }
    }
}

pub fn code<T: std::fmt::Debug>(result: Result<T, Error>) -> (&'static str, String) {
    match result.unwrap_err() {
        Error::Conflict { code, message, .. } => (code, message),
        Error::Invalid(errors) => ("invalid", format!("{}: {}", errors[0].field, errors[0].message)),
        other => panic!("{other:?}"),
    }
}
