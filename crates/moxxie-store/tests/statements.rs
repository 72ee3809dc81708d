//! Every statement of the product is listed, and both databases understand it.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::HashSet;

use common::{on_both, on_postgres, on_sqlite};
use moxxie_store::{Dialect, statement};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row, SqlSafeStr, SqliteConnection};

#[test]
fn every_statement_is_listed_under_a_name_of_its_own() {
    let listed: Vec<&str> =
        statement::ALL.iter().flat_map(|noun| noun.iter()).map(|one| one.name()).collect();
    let names: HashSet<&str> = listed.iter().copied().collect();
    assert_eq!(names.len(), listed.len(), "a name is used twice");
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut written = 0;
    let mut places = vec![source];
    while let Some(place) = places.pop() {
        if place.is_dir() {
            places.extend(std::fs::read_dir(place).unwrap().map(|file| file.unwrap().path()));
        } else {
            let text = std::fs::read_to_string(place).unwrap();
            // A list has a statement for everything and two for what has a label.
            written += text.matches(": Statement =").count() + 3 * text.matches(": Labelled =").count();
        }
    }
    assert_eq!(written, listed.len(), "a statement is missing in its file's STATEMENTS");
}

#[tokio::test]
async fn sqlite_understands_every_statement() {
    on_sqlite(async |db| {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", db.path())).await.unwrap();
        let all = statement::ALL.iter().flat_map(|noun| noun.iter());
        for one in all.filter(|one| one.is_for(Dialect::Sqlite)) {
            let sql = AssertSqlSafe(one.text(Dialect::Sqlite)).into_sql_str();
            if let Err(error) = connection.prepare(sql).await {
                panic!("{}: {error}", one.name());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn postgres_understands_every_statement() {
    on_postgres(async |db| {
        let config = db.config();
        let mut connection = PgConnection::connect(&config.url).await.unwrap();
        let all = statement::ALL.iter().flat_map(|noun| noun.iter());
        for one in all.filter(|one| one.is_for(Dialect::Postgres)) {
            let sql = AssertSqlSafe(one.text(Dialect::Postgres)).into_sql_str();
            if let Err(error) = connection.prepare(sql).await {
                panic!("{}: {error}", one.name());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_database_answers() {
    on_both(async |db| db.store.ping().await.unwrap()).await;
}

/// What an allocation costs must not grow with what is allocated: every statement of it finds its rows
/// by an index, without a scan and without sorting.
#[tokio::test]
async fn the_hot_statements_use_their_indices() {
    const HOT: [&str; 22] = [
        "free.best",
        "free.before",
        "free.delete",
        "prefix.before",
        "prefix.inside",
        "pool.lock",
        "domain.lock",
        "domain.used_vlans",
        "network.get",
        "free_range.taken",
        "free_range.window",
        "free_range.below",
        "free_range.above",
        "space.get",
        "address.get",
        "address.among",
        "batch.fence",
        "address.list",
        "audit.lock_head",
        "token.by_hash",
        "idempotency.get",
        "event.list",
    ];
    on_sqlite(async |db| {
        let mut connection = SqliteConnection::connect(&format!("sqlite:{}", db.path())).await.unwrap();
        let all = || statement::ALL.iter().flat_map(|noun| noun.iter());
        for hot in HOT {
            let one = all().find(|one| one.name() == hot).unwrap_or_else(|| panic!("no statement {hot}"));
            let sql = AssertSqlSafe(format!("EXPLAIN QUERY PLAN {}", one.text(Dialect::Sqlite)));
            for row in sqlx::query(sql).fetch_all(&mut connection).await.unwrap() {
                let detail: String = row.get("detail");
                let scan = detail.contains("SCAN") && !detail.contains("json_each");
                assert!(!scan && !detail.contains("TEMP B-TREE"), "{hot}: {detail}");
            }
        }
    })
    .await;
}
