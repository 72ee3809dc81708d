//! Migrations: numbered, one text for both databases where they agree.

use moxxie_core::Timestamp;

use crate::{
    OpenError, Result,
    param::params,
    source::Source,
    statement::{Dialect, Statement},
};

/// A step of the schema. It never changes once released; the next one gets the next number.
struct Migration {
    version: i64,
    name: &'static str,
    sqlite: &'static [&'static str],
    postgres: &'static [&'static str],
}

static MIGRATIONS: &[Migration] = &[Migration {
    version: 1,
    name: "0001",
    sqlite: &[
        include_str!("../migrations/0001_tables.sql"),
        include_str!("../migrations/0001_rules.sqlite.sql"),
        include_str!("../migrations/0001_search.sql"),
        include_str!("../migrations/0001_search.sqlite.sql"),
    ],
    postgres: &[
        include_str!("../migrations/0001_tables.sql"),
        include_str!("../migrations/0001_rules.postgres.sql"),
        include_str!("../migrations/0001_search.sql"),
        include_str!("../migrations/0001_search.postgres.sql"),
    ],
}];

const VERSIONS: &str = "CREATE TABLE IF NOT EXISTS schema_version (
    version BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL, applied_at BIGINT NOT NULL)";

/// Two processes that start together take turns; the number is "moxxie" in ASCII.
const LOCK: &str = "SELECT pg_advisory_xact_lock(120325529954661)";

static VERSION: Statement =
    Statement::new("migrate.version", "SELECT MAX(version) AS version FROM schema_version");
static APPLIED: Statement = Statement::new(
    "migrate.applied",
    "INSERT INTO schema_version (version, name, applied_at) VALUES ($1, $2, $3)",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&VERSION, &APPLIED];

/// Brings the schema up to date, in the transaction given.
pub(crate) async fn migrate(db: &Source, now: Timestamp) -> Result<(), OpenError> {
    let dialect = db.dialect().await;
    let script = async |name, text| {
        db.script(name, text).await.map_err(|source| OpenError::Migration { name, source })
    };
    if dialect == Dialect::Postgres {
        script("lock", LOCK).await?;
    }
    script("schema_version", VERSIONS).await?;
    let found = match db.row(&VERSION, &[]).await? {
        Some(row) => row.int_or_null("version")?.unwrap_or(0),
        None => 0,
    };
    let known = MIGRATIONS.last().map_or(0, |last| last.version);
    if found > known {
        return Err(OpenError::NewerSchema { found, known });
    }
    for migration in MIGRATIONS.iter().filter(|migration| migration.version > found) {
        let texts = match dialect {
            Dialect::Sqlite => migration.sqlite,
            Dialect::Postgres => migration.postgres,
        };
        for text in texts {
            script(migration.name, text).await?;
        }
        db.execute(&APPLIED, &params![migration.version, migration.name, now]).await?;
        tracing::info!(version = migration.version, "schema migrated");
    }
    Ok(())
}
