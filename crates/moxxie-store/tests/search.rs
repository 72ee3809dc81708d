//! Things are found by what people know of them, in scope only, by an index.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{Database, Ground, NOW, World, name, on_both, uuid, world};
use moxxie_core::{
    TenantId,
    identity::Scope,
    search::{Term, terms},
    tenant::Tenant,
};
use moxxie_store::{
    Address, Dialect, Labels,
    search::{After, Place},
    statement,
};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqliteConnection};

fn address(ground: &Ground, text: &str, host: &str) -> Address {
    let last = text.rsplit('.').next().unwrap().parse::<u8>().unwrap();
    Address {
        hostname: Some(host.into()),
        mac: Some(format!("02:00:5E:00:53:{last:02X}")),
        vm_id: Some(format!("vm-{host}")),
        tags: Labels::from([("app".to_owned(), host[..2].to_lowercase())]),
        ..ground.address(text)
    }
}

/// Everything a text finds, as `kind:what`, page by page.
async fn find(db: &Database, scope: Scope, text: &str, limit: u32) -> Vec<String> {
    let mut found = Vec::new();
    for term in terms(text) {
        for place in Place::of(&term) {
            let mut after = After::default();
            loop {
                let part = db.store.search(scope, &term, *place, &after, limit).await.unwrap();
                assert!(part.hits.len() <= limit as usize);
                for hit in part.hits {
                    let what = hit.address.map(|address| address.to_string());
                    let what = what.or(hit.name.map(|name| name.to_string()));
                    let what = what.or(hit.prefix.map(|prefix| prefix.to_string())).unwrap();
                    found.push(format!("{}:{what}", hit.kind));
                }
                let Some(next) = part.next else { break };
                after = next;
            }
        }
    }
    found
}

async fn stock(db: &Database) -> World {
    let world = world(&db.store, "10.0.0.0/16").await;
    for (number, subnet) in [(100, "10.0.0.0/24"), (150, "10.0.1.0/24"), (200, "10.0.2.0/25")] {
        let ground = world.ground(&db.store, &format!("prod-{number}"), number, subnet).await;
        if number == 150 {
            let hosts = [("10.0.1.7", "DB-1.example"), ("10.0.1.8", "db-2.example"), ("10.0.1.9", "web%1")];
            let records: Vec<_> = hosts.iter().map(|(text, host)| address(&ground, text, host)).collect();
            let mut tx = db.store.begin().await.unwrap();
            tx.insert_addresses(&records).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
    world
}

#[tokio::test]
async fn everything_is_found_by_what_people_know_of_it() {
    on_both(async |db| {
        let world = stock(db).await;
        for limit in [1, 2, 100] {
            let find = async |text: &str| find(db, Scope::All, text, limit).await.join(" ");
            assert_eq!(find("10.0.1.7").await, "address:10.0.1.7 prefix:10.0.1.0/24");
            assert_eq!(find("10.0.1.77").await, "prefix:10.0.1.0/24");
            assert_eq!(find("10.0.2.200").await, "");
            assert_eq!(find("10.0.1.128/25").await, "prefix:10.0.1.0/24");
            let mut inside: Vec<_> = find("10.0.0.0/16").await.split(' ').map(str::to_owned).collect();
            inside.sort();
            assert_eq!(inside, ["prefix:10.0.0.0/24", "prefix:10.0.1.0/24", "prefix:10.0.2.0/25"]);
            assert_eq!(find("0200.5e00.5308").await, "address:10.0.1.8");
            assert_eq!(find("vlan 150").await, "network:prod-150");
            assert_eq!(find("db").await, "address:10.0.1.7 address:10.0.1.8");
            assert_eq!(find("DB-2.ex").await, "address:10.0.1.8");
            assert_eq!(find("example").await, "address:10.0.1.7 address:10.0.1.8");
            assert_eq!(find("b%1").await, "address:10.0.1.9");
            assert_eq!(find("b_1").await, "");
            assert_eq!(find("a\"b").await, "");
            assert_eq!(find("vm-DB-1.example").await, "");
            assert_eq!(find("vm-web%1").await, "address:10.0.1.9");
            assert_eq!(find("prod").await, "network:prod-100 network:prod-150 network:prod-200");
            assert_eq!(find("rod-2").await, "network:prod-200");
            assert_eq!(find("acme").await, "tenant:acme");
            assert_eq!(find("dc1").await, "site:dc1");
            assert_eq!(find("app=db").await, "address:10.0.1.7 address:10.0.1.8");
            assert_eq!(find("app=").await, "address:10.0.1.7 address:10.0.1.8 address:10.0.1.9");
            assert_eq!(find(&world.tenant.id.to_string()).await, "");
        }
        let (term, after) = (Term::Address("10.0.1.7".parse().unwrap()), After::default());
        let found = db.store.search(Scope::All, &term, Place::Addresses, &after, 9).await;
        let hit = found.unwrap().hits.remove(0);
        assert_eq!(hit.tenant.as_ref().map(moxxie_core::Name::as_str), Some("acme"));
        assert_eq!(hit.site.as_ref().map(moxxie_core::Name::as_str), Some("dc1"));
        assert_eq!(hit.vlan.unwrap().get(), 150);
        let found = find(db, Scope::All, &hit.network.unwrap().id.to_string(), 5).await;
        assert_eq!(found, ["network:prod-150"]);
    })
    .await;
}

#[tokio::test]
async fn nobody_finds_what_is_somebody_elses() {
    on_both(async |db| {
        stock(db).await;
        let other = Tenant { id: TenantId::new(uuid()), name: name("other"), description: String::new() };
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_tenant(&other, NOW).await.unwrap();
        tx.commit().await.unwrap();
        let scope = Scope::Tenant(other.id);
        for text in [
            "10.0.1.7",
            "10.0.0.0/8",
            "0200.5e00.5308",
            "150",
            "db",
            "example",
            "prod",
            "rod",
            "acme",
            "app=db",
            "vm-web%1",
        ] {
            assert_eq!(find(db, scope, text, 9).await, [""; 0], "{text}");
        }
        assert_eq!(find(db, scope, "other", 9).await, ["tenant:other"]);
    })
    .await;
}

/// With enough rows that a plan that reads them all would be chosen only if there were no other.
#[tokio::test]
async fn no_search_reads_all_addresses_or_prefixes() {
    on_both(async |db| {
        stock(db).await;
        let (numbers, hex, bytes) = match db.dialect {
            Dialect::Sqlite => (
                "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 20000)",
                "printf('%032x', i)",
                "unhex(printf('%032x', 184549376 + i * 4))",
            ),
            Dialect::Postgres => (
                "WITH g(i) AS (SELECT generate_series(1, 20000))",
                "lpad(to_hex(i), 32, '0')",
                "decode(lpad(to_hex(184549376 + i * 4), 32, '0'), 'hex')",
            ),
        };
        db.raw(&format!(
            "{numbers} INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status,
                 hostname, mac, kind, vm_id, tags, since, created_at)
             SELECT 'ip-' || {hex}, p.id, p.network_id, p.tenant_id, p.vrf_id, 4, {bytes}, '11.0.0.1', 'assigned',
                 'host' || i || '.rack', 'M' || i, 'vm', 'v' || i, '{{}}', 0, 0
             FROM g, prefix p WHERE p.prefix = '10.0.1.0/24'"
        ))
        .await
        .unwrap();
        // Without statistics SQLite takes every table for a large one; PostgreSQL counts pages by itself, so
        // small tables have to be kept from it.
        if db.dialect == Dialect::Postgres {
            db.raw("ANALYZE").await.unwrap();
        }
        let plans: Vec<(String, String)> = match db.dialect {
            Dialect::Sqlite => {
                let mut connection =
                    SqliteConnection::connect(&format!("sqlite:{}", db.path())).await.unwrap();
                let mut plans = Vec::new();
                for one in statement::ALL.iter().flat_map(|noun| noun.iter()) {
                    if !one.name().starts_with("search.") && !one.name().starts_with("label.") {
                        continue;
                    }
                    let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", one.text(Dialect::Sqlite)));
                    let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                    let text: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
                    plans.push((one.name().to_owned(), text.join("\n")));
                }
                plans
            }
            Dialect::Postgres => {
                let mut connection = PgConnection::connect(&db.config().url).await.unwrap();
                connection.execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
                connection.execute("SET enable_seqscan = off").await.unwrap();
                let mut plans = Vec::new();
                for one in statement::ALL.iter().flat_map(|noun| noun.iter()) {
                    if !one.name().starts_with("search.") && !one.name().starts_with("label.") {
                        continue;
                    }
                    let text = one.text(Dialect::Postgres);
                    let count = (1..=9).take_while(|n| text.contains(&format!("${n}"))).count();
                    let nulls = vec!["NULL"; count].join(", ");
                    let prepare = format!("PREPARE plan_{} AS {text}", plans.len());
                    connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.unwrap();
                    let explain = format!("EXPLAIN EXECUTE plan_{}({nulls})", plans.len());
                    let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
                    let text: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
                    plans.push((one.name().to_owned(), text.join("\n")));
                }
                plans
            }
        };
        assert!(plans.len() > 15, "{}", plans.len());
        for (name, plan) in plans {
            for line in plan.lines() {
                // SQLite: SCAN of a table; PostgreSQL: Seq Scan on one. Aliases: see src/search.rs.
                let whole = ["SCAN x", "SCAN y", "SCAN p", "SCAN q", "Seq Scan on address", "Seq Scan on prefix"];
                let things = name == "search.things";
                let reads_all = whole.iter().any(|scan| line.contains(scan));
                assert!(!reads_all || things, "{name} reads all rows:\n{plan}");
            }
        }
    })
    .await;
}
