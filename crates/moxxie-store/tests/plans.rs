//! How the databases go about the questions that are asked among very many addresses and prefixes: none of them reads
//! a whole table or sorts what it does not show.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{Database, on_both, world};
use moxxie_store::{Dialect, statement};
use sqlx::{AssertSqlSafe, Connection, Executor, Row, SqliteConnection};

/// What must be as fast among ten million as among ten, by the beginning of its name.
const HOT: [&str; 44] = [
    "address.among",
    "address.get",
    "address.list",
    "asn.by_number",
    "asn.is_taken",
    "asn.lapsed",
    "asn.list",
    "asn.list_of_range",
    "asn.numbers",
    "free.around_many",
    "free.before",
    "free.best",
    "free.best_many",
    "free.between",
    "free.delete",
    "free.delete_many",
    "free.lowest",
    "free.lowest_many",
    "free_range.above",
    "free_range.below",
    "free_range.taken",
    "free_range.window",
    "prefix.before",
    "prefix.between",
    "prefix.exact",
    "prefix.get",
    "prefix.inside",
    "prefix.lapsed",
    "prefix.lapsed_in_pool",
    "prefix.list",
    "prefix.list_of_pool",
    "prefix.list_of_status",
    "prefix.list_of_tenant",
    "prefix.of_network",
    "search.address",
    "search.address_by_id",
    "search.address_by_mac",
    "search.address_by_vm",
    "search.hostname",
    "search.hostname_part",
    "search.network_by_vlan",
    "search.prefix_around",
    "search.prefix_by_id",
    "search.vlan",
];
/// What finds so few that they may be sorted: a network has one prefix of each family, and a bulk is a thousand; what is searched
/// for is found in one index.
const FEW: [&str; 3] = ["address.among", "prefix.of_network", "search."];
/// The tables that grow.
const LARGE: [&str; 5] = ["address", "prefix", "free_block", "free_range", "asn"];

/// Enough rows that a plan which reads them all would only be chosen if there were no other.
async fn stock(db: &Database) {
    let world = world(&db.store, "10.0.0.0/8").await;
    let ground = world.ground(&db.store, "n", 100, "10.0.0.0/16").await;
    let (numbers, id, first, last, text) = match db.dialect {
        Dialect::Sqlite => (
            "WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g WHERE i < 20000)",
            "printf('%08x-0000-7000-8000-000000000000', i)",
            "unhex(printf('%032x', 184549376 + i * 16))",
            "unhex(printf('%032x', 184549376 + i * 16 + 15))",
            "printf('11.%d.%d.%d', i / 4096, i / 16 % 256, i % 16 * 16)",
        ),
        Dialect::Postgres => (
            "WITH g(i) AS (SELECT generate_series(1, 20000))",
            "lpad(to_hex(i), 8, '0') || '-0000-7000-8000-000000000000'",
            "decode(lpad(to_hex(184549376 + i * 16), 32, '0'), 'hex')",
            "decode(lpad(to_hex(184549376 + i * 16 + 15), 32, '0'), 'hex')",
            "host('11.0.0.0'::inet + i * 16)",
        ),
    };
    let range = "'asnr-00000000-0000-7000-8000-000000000001'";
    let (space, pool, tenant, vrf) = (ground.space(), world.pool.id, world.tenant.id, world.pool.vrf_id);
    for sql in [
        format!(
            "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status,
                 purpose, labels, expires_at, since, created_at)
             SELECT 'pfx-' || {id}, '{vrf}', CASE WHEN i % 2 = 0 THEN '{tenant}' END, '{pool}', 4, {first}, {last},
                 28, {text} || '/28', CASE WHEN i % 100 = 0 THEN 'held' ELSE 'assigned' END, '', '{{}}',
                 CASE WHEN i % 100 = 0 THEN i END, 0, 0 FROM g"
        ),
        format!(
            "INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status, kind, tags,
                 since, created_at)
             SELECT 'ip-' || {id}, '{space}', '{}', '{tenant}', '{vrf}', 4, {first}, {text}, 'assigned', 'vm',
                 '{{}}', 0, 0 FROM g",
            ground.network.id
        ),
        format!(
            "INSERT INTO free_block (pool_id, first, length, prefix)
             SELECT '{pool}', {first}, 28, {text} || '/28' FROM g"
        ),
        format!("INSERT INTO free_range (space_id, first, last) SELECT '{space}', {first}, {last} FROM g"),
        format!(
            "INSERT INTO asn (id, number, range_id, status, purpose, labels, expires_at, since, created_at)
             SELECT 'asn-' || {id}, 4200000000 + i, {range}, CASE WHEN i % 100 = 0 THEN 'held' ELSE 'assigned' END,
                 '', '{{}}', CASE WHEN i % 100 = 0 THEN i END, 0, 0 FROM g"
        ),
    ] {
        if sql.contains("INTO asn") {
            let range = format!(
                "INSERT INTO asn_range (id, name, first, last, description, quarantine, version, created_at, updated_at)
                 VALUES ({range}, 'r', 4200000000, 4294967294, '', 0, 0, 0, 0)"
            );
            db.raw(&range).await.unwrap();
        }
        db.raw(&format!("{numbers} {sql}")).await.unwrap();
    }
}

/// The plans of the hot statements, with the statements' names.
async fn plans(db: &Database) -> Vec<(&'static str, String)> {
    let one = |name: &str| {
        let mut all = statement::ALL.iter().flat_map(|noun| noun.iter());
        all.find(|one| one.name() == name).unwrap_or_else(|| panic!("no statement {name}"))
    };
    let mut plans = Vec::new();
    match db.dialect {
        // Without statistics SQLite takes every table for a large one.
        Dialect::Sqlite => {
            let mut connection = SqliteConnection::connect(&format!("sqlite:{}", db.path())).await.unwrap();
            for name in HOT {
                let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", one(name).text(Dialect::Sqlite)));
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                let lines: Vec<String> = rows.iter().map(|row| row.get("detail")).collect();
                plans.push((name, lines.join("\n")));
            }
        }
        Dialect::Postgres => {
            db.raw("ANALYZE").await.unwrap();
            let mut connection = db.postgres().await;
            // What it does when it plans once for all values; what it knows of a value can only make it better.
            connection.execute("SET plan_cache_mode = force_generic_plan").await.unwrap();
            for name in HOT {
                let text = one(name).text(Dialect::Postgres);
                let count = (1..=40).take_while(|n| text.contains(&format!("${n}"))).count();
                let prepare = format!("PREPARE \"{name}\" AS {text}");
                connection.execute(sqlx::raw_sql(AssertSqlSafe(prepare))).await.unwrap();
                let nulls = vec!["NULL"; count].join(", ");
                let explain = format!("EXPLAIN EXECUTE \"{name}\"({nulls})");
                let rows = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_all(&mut connection).await.unwrap();
                let lines: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
                plans.push((name, lines.join("\n")));
            }
        }
    }
    plans
}

#[tokio::test]
async fn no_question_among_many_reads_or_sorts_them_all() {
    on_both(async |db| {
        stock(db).await;
        let mut wrong = Vec::new();
        for (name, plan) in plans(db).await {
            // A walk along an index, with what is looked for joined to it last, is no scan by name: its cost shows it.
            let top = plan.lines().next().unwrap_or_default();
            let cost = top.split_once("..").and_then(|(_, rest)| rest.split(' ').next()?.parse::<f64>().ok());
            if name.starts_with("search.") && cost.is_some_and(|cost| cost > 250.0) {
                wrong.push(format!("{:?}: {name} costs {cost:?}:\n{plan}", db.dialect));
            }
            for line in plan.lines() {
                let scans = LARGE.iter().any(|table| {
                    let ends = |what: &str| {
                        line.split_once(what).is_some_and(|(_, rest)| {
                            rest.split(|c: char| !c.is_alphanumeric() && c != '_').next() == Some(*table)
                        })
                    };
                    ends("Seq Scan on ") || ends("SCAN ")
                });
                // Those with the same first term may be put in order: they are few.
                let sorts = line.contains("TEMP B-TREE FOR ORDER BY")
                    || line.trim_start_matches([' ', '-', '>']).starts_with("Sort  (");
                if scans || (sorts && !FEW.iter().any(|few| name.starts_with(few))) {
                    wrong.push(format!("{:?}: {name}:\n{plan}", db.dialect));
                    break;
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}
