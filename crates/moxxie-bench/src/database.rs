//! The server's database, written to while the server is away.

use std::path::Path;

use anyhow::Result;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, Row as _, SqliteConnection, sqlite::SqliteConnectOptions,
};

use crate::limits::psql;

/// One of the two databases.
pub(crate) enum Database {
    Postgres(String),
    Sqlite(Box<SqliteConnection>),
}

impl Database {
    /// PostgreSQL by its URL, else the file in the server's home.
    pub(crate) async fn open(url: Option<&str>, home: &Path) -> Result<Self> {
        Ok(match url {
            Some(url) => Self::Postgres(url.to_owned()),
            None => {
                let options = SqliteConnectOptions::new().filename(home.join("data/moxxie.db"));
                Self::Sqlite(Box::new(SqliteConnection::connect_with(&options).await?))
            }
        })
    }

    /// The text that this database understands.
    pub(crate) fn say<'a>(&self, postgres: &'a str, sqlite: &'a str) -> &'a str {
        match self {
            Self::Postgres(_) => postgres,
            Self::Sqlite(_) => sqlite,
        }
    }

    /// Statements, in one transaction when there are several.
    pub(crate) async fn run(&mut self, sql: &str) -> Result<()> {
        match self {
            Self::Postgres(url) => psql(url, sql).map(drop),
            Self::Sqlite(connection) => {
                let mut transaction = connection.begin().await?;
                transaction.execute(sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))).await?;
                Ok(transaction.commit().await?)
            }
        }
    }

    /// The first column of every row, as text.
    pub(crate) async fn texts(&mut self, sql: &str) -> Result<Vec<String>> {
        match self {
            Self::Postgres(url) => Ok(psql(url, sql)?.lines().map(str::to_owned).collect()),
            Self::Sqlite(connection) => {
                let rows = sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut **connection).await?;
                Ok(rows.iter().map(|row| row.try_get(0)).collect::<Result<_, _>>()?)
            }
        }
    }

    /// The one number a statement answers.
    pub(crate) async fn number(&mut self, sql: &str) -> Result<i64> {
        let texts = self.texts(&format!("SELECT CAST(({sql}) AS TEXT)")).await?;
        Ok(texts.first().map_or("", String::as_str).parse()?)
    }

    /// What a table's rows are checked and found by beside its keys is made after they are written: that is how
    /// many rows are loaded anywhere. Answers what has to be run afterwards, which refuses what is not right.
    pub(crate) async fn strip(&mut self, table: &str) -> Result<Vec<String>> {
        let (drops, makes) = match self {
            Self::Postgres(_) => {
                let indexes = format!(
                    "FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid WHERE x.indrelid = '{table}'::regclass
                     AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = c.oid)"
                );
                let foreign =
                    format!("FROM pg_constraint WHERE conrelid = '{table}'::regclass AND contype = 'f'");
                let drops = format!(
                    "SELECT 'DROP INDEX ' || c.relname {indexes}
                     UNION ALL SELECT 'ALTER TABLE {table} DROP CONSTRAINT ' || conname {foreign}"
                );
                let makes = format!(
                    "SELECT pg_get_indexdef(c.oid) {indexes} UNION ALL
                     SELECT 'ALTER TABLE {table} ADD CONSTRAINT ' || conname || ' ' || pg_get_constraintdef(oid) {foreign}"
                );
                (drops, makes)
            }
            Self::Sqlite(_) => {
                let indexes = format!(
                    "FROM sqlite_master WHERE tbl_name = '{table}' AND type = 'index' AND sql IS NOT NULL"
                );
                (format!("SELECT 'DROP INDEX ' || name {indexes}"), format!("SELECT sql {indexes}"))
            }
        };
        let makes = self.texts(&makes).await?;
        for drop in self.texts(&drops).await? {
            self.run(&drop).await?;
        }
        Ok(makes)
    }
}
