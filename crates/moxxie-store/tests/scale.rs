//! Ten million addresses and a million prefixes. Takes minutes and gigabytes: run by hand with
//! `cargo test -p moxxie-store --release --test scale -- --ignored --nocapture`.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::time::{Duration, Instant};

use common::{Database, on_postgres, on_sqlite, vlan_record, world};
use moxxie_core::{
    identity::Scope,
    search::{Term, terms},
};
use moxxie_store::{
    Dialect, Page,
    search::{After, Place},
};

const ADDRESSES: u64 = 10_000_000;
const PREFIXES: u64 = 1_000_000;

/// Numbers from 0, as rows of `g(i)`, and a number as an address in 10.0.0.0/8.
fn dialect(db: &Database, count: u64) -> (String, &'static str, &'static str, &'static str) {
    match db.dialect {
        Dialect::Sqlite => (
            format!("WITH RECURSIVE g(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM g WHERE i + 1 < {count})"),
            "printf('%08x-0000-7000-8000-000000000000', i)",
            "unhex(printf('%032x', 167772160 + {n}))",
            "printf('%d.%d.%d.%d', (167772160 + {n}) / 16777216, (167772160 + {n}) / 65536 % 256, \
             (167772160 + {n}) / 256 % 256, (167772160 + {n}) % 256)",
        ),
        Dialect::Postgres => (
            format!("WITH g(i) AS (SELECT generate_series(0, {count} - 1))"),
            "lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000'",
            "decode(lpad(to_hex(167772160 + {n}), 32, '0'), 'hex')",
            "host('10.0.0.0'::inet + {n})",
        ),
    }
}

/// Measured by hand; nothing about time is asserted.
fn clock() -> Instant {
    Instant::now()
}

async fn load(db: &Database) {
    let store = &db.store;
    let world = world(store, "10.0.0.0/7").await;
    let network = world.network("big", 100, "11.255.255.0/24");
    let mut tx = store.begin().await.unwrap();
    tx.insert_network(&network, vlan_record()).await.unwrap();
    let new = moxxie_store::NewPrefix { network_id: Some(network.id), ..world.new_prefix() };
    tx.allocate_given(&new, network.prefix).await.unwrap();
    tx.commit().await.unwrap();
    let (main, pool, tenant) = (store.main_vrf(), world.pool.id, world.tenant.id);
    // A million /28 of 10.0.0.0/8: sixteen million addresses, ten of each recorded.
    let (numbers, uuid, bytes, text) = dialect(db, PREFIXES);
    let (first, last) = (bytes.replace("{n}", "i * 16"), bytes.replace("{n}", "(i * 16 + 15)"));
    let first_text = text.replace("{n}", "i * 16");
    db.raw(&format!(
        "{numbers} INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status,
             purpose, labels, since, created_at)
         SELECT 'pfx-' || {uuid}, '{main}', '{tenant}', '{pool}', 4, {first}, {last}, 28, {first_text} || '/28',
             'assigned', '', '{{}}', 0, 0 FROM g"
    ))
    .await
    .unwrap();
    let (numbers, uuid, bytes, text) = dialect(db, ADDRESSES);
    let (bytes, text) = (
        bytes.replace("{n}", "(i / 10 * 16 + i % 10 + 3)"),
        text.replace("{n}", "(i / 10 * 16 + i % 10 + 3)"),
    );
    let prefix_uuid = match db.dialect {
        Dialect::Sqlite => "printf('%08x-0000-7000-8000-000000000000', i / 10)",
        Dialect::Postgres => "lpad(to_hex(i / 10), 8, '0') || '-0000-7000-8000-000000000000'",
    };
    db.raw(&format!(
        "{numbers} INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status,
             kind, hostname, mac, vm_id, tags, since, created_at)
         SELECT 'ip-' || {uuid}, 'pfx-' || {prefix_uuid}, '{}', '{tenant}', '{main}', 4, {bytes}, {text}, 'assigned',
             'vm', CASE WHEN i % 10 = 0 THEN 'host-' || i || '.rack' || (i % 1000) ELSE NULL END,
             CASE WHEN i % 10 = 0 THEN 'M' || i ELSE NULL END, NULL, '{{}}', 0, 0 FROM g",
        network.id
    ))
    .await
    .unwrap();
    db.raw("ANALYZE").await.unwrap();
}

/// Half of all runs are faster than this, and how slow one in a hundred is.
async fn measure(what: &str, db: &Database, mut run: impl AsyncFnMut(u64)) {
    let mut times: Vec<Duration> = Vec::new();
    for n in 0..2000_u64 {
        let begin = clock();
        run(n.wrapping_mul(7_919_317) % PREFIXES).await;
        times.push(begin.elapsed());
    }
    times.sort_unstable();
    println!("{:?} {what}: median {:?}, p99 {:?}", db.dialect, times[1000], times[1980]);
}

#[tokio::test]
#[ignore = "takes minutes and gigabytes; run by hand"]
async fn ten_million_addresses_and_a_million_prefixes_on_sqlite() {
    on_sqlite(load_and_answer).await;
}

#[tokio::test]
#[ignore = "takes minutes and gigabytes; run by hand"]
async fn ten_million_addresses_and_a_million_prefixes_on_postgres() {
    on_postgres(load_and_answer).await;
}

async fn load_and_answer(db: &Database) {
    let begin = clock();
    load(db).await;
    println!("{:?} loaded in {:?}", db.dialect, begin.elapsed());
    let address = |n: u64, host: u64| {
        std::net::IpAddr::from(std::net::Ipv4Addr::from(167_772_160 + u32::try_from(n * 16 + host).unwrap()))
    };
    let find = async |term: Term, place: Place| {
        db.store.search(Scope::All, &term, place, &After::default(), 10).await.unwrap().hits
    };
    measure("owner of a recorded address", db, async |n| {
        let hits = find(Term::Address(address(n, 5)), Place::Addresses).await;
        assert_eq!(hits.len(), 1);
    })
    .await;
    measure("prefix around an address", db, async |n| {
        let hits = find(Term::Address(address(n, 14)), Place::PrefixesAround).await;
        assert_eq!(hits.len(), 1);
    })
    .await;
    measure("host by name", db, async |n| {
        let term = terms(&format!("host-{}.rack", n / 10 * 10 * 10)).remove(0);
        let hits = find(term, Place::Addresses).await;
        assert_eq!(hits.len(), 1);
    })
    .await;
    measure("host by a part of its name", db, async |n| {
        let hits = find(Term::Part(format!("ost-{}.", n / 10 * 10 * 10)), Place::Addresses).await;
        assert_eq!(hits.len(), 1);
    })
    .await;
    measure("host by MAC", db, async |n| {
        let hits = find(Term::Mac(format!("M{}", n / 10 * 10 * 10)), Place::Addresses).await;
        assert_eq!(hits.len(), 1);
    })
    .await;
    let page = Page::first(1000);
    let network =
        db.store.networks(Scope::All, &moxxie_store::NetworkFilter::default(), &page).await.unwrap();
    assert_eq!(network.items.len(), 1);
}
