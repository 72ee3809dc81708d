//! Connecting: which database a URL names, and how its connections are set up.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{Read, Seek, Write},
    path::{Path, PathBuf},
    str::FromStr,
};

use sqlx::{
    Executor,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{OpenError, StoreConfig, error::classify, source::Pool};

/// The connections, and for SQLite the lock that keeps other processes out.
pub(crate) async fn connect(config: &StoreConfig) -> Result<(Pool, Option<File>), OpenError> {
    let url = config.url.trim();
    if url.starts_with("postgres://") || url.starts_with("postgresql://") {
        return Ok((postgres(config, url).await?, None));
    }
    let path = url.strip_prefix("sqlite:").unwrap_or(url);
    let path = path.strip_prefix("//").unwrap_or(path);
    if path.is_empty() || path.contains("://") || path == ":memory:" {
        return Err(OpenError::Url(without_password(url)));
    }
    sqlite(config, Path::new(path)).await
}

/// A URL as far as it may be repeated in a message.
fn without_password(url: &str) -> String {
    match url.rsplit_once('@') {
        Some((_, rest)) => format!("...@{rest}"),
        None => url.chars().take(80).collect(),
    }
}

async fn sqlite(config: &StoreConfig, path: &Path) -> Result<(Pool, Option<File>), OpenError> {
    let at = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::File { path, source }
    };
    // Made here rather than by SQLite, so that only the owner can read it from the first moment: it
    // holds hashes of tokens. SQLite gives its side files the same rights.
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(at(path))?;
    // One file has one lock, whatever links lead to it.
    let path = path.canonicalize().map_err(at(path))?;
    let lock = lock(&options, &path)?;

    let options = SqliteConnectOptions::new()
        .filename(&path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(config.patience)
        .statement_cache_capacity(256);
    let pool = |connections| {
        SqlitePoolOptions::new()
            .max_connections(connections)
            .min_connections(1)
            .acquire_timeout(config.patience)
            .idle_timeout(None)
            .max_lifetime(None)
            // There is no network in between that could break.
            .test_before_acquire(false)
    };
    let failed = |error| OpenError::Store(classify("connect", error));
    let writer = pool(1).connect_with(options.clone()).await.map_err(failed)?;
    let readers = options.pragma("query_only", "on");
    let readers = pool(config.connections.clamp(1, 4)).connect_with(readers).await.map_err(failed)?;
    Ok((Pool::Sqlite { writer, readers }, Some(lock)))
}

/// Takes the lock file beside the database. The system gives it back when the process ends, however
/// it ends; the process number in it is only for the message.
fn lock(options: &OpenOptions, path: &Path) -> Result<File, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock_path = PathBuf::from(name);
    let failed = |source| OpenError::File { path: lock_path.clone(), source };
    let mut file = options.open(&lock_path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut pid = String::new();
            // Without the number the message says "unknown".
            let _ = file.read_to_string(&mut pid);
            let pid = pid.trim();
            let pid = if pid.is_empty() { "unknown" } else { pid }.to_owned();
            return Err(OpenError::InUse { path: path.to_owned(), pid });
        }
        Err(TryLockError::Error(source)) => return Err(failed(source)),
    }
    file.set_len(0).map_err(failed)?;
    file.rewind().map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

async fn postgres(config: &StoreConfig, url: &str) -> Result<Pool, OpenError> {
    let options = PgConnectOptions::from_str(url).map_err(|_| OpenError::Url(without_password(url)))?;
    let options = options.application_name("moxxie").statement_cache_capacity(256);
    let pool = postgres_pool(config, config.connections.max(2), "").connect_with(options.clone()).await;
    let pool = pool.map_err(|error| OpenError::Store(classify("connect", error)))?;
    // One batch at a time: a second connection is for the moment at which the first has broken. Planning a batch
    // anew each time would take longer than carrying it out.
    let batches = postgres_pool(config, 2, "; SET plan_cache_mode = force_generic_plan")
        .test_before_acquire(false)
        .connect_lazy_with(options);
    Ok(Pool::Postgres { pool, batches })
}

fn postgres_pool(config: &StoreConfig, connections: u32, settings: &'static str) -> PgPoolOptions {
    let patience_ms = config.patience.as_millis();
    PgPoolOptions::new().max_connections(connections).acquire_timeout(config.patience).after_connect(
        move |connection, _| {
            Box::pin(async move {
                // A lock that is not had in time is an answer of 503, and a client that went away
                // in mid-transaction does not hold a pool for ever. Answers are a few rows: to compile a query
                // takes longer than to find them.
                let setup = format!(
                    "SET lock_timeout = {patience_ms}; SET idle_in_transaction_session_timeout = 60000; \
                     SET client_min_messages = warning; SET jit = off{settings}"
                );
                connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(setup))).await?;
                Ok(())
            })
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_repeated() {
        assert_eq!(without_password("mysql://u:geheim@host/db"), "...@host/db");
        assert_eq!(without_password("mysql://host/db"), "mysql://host/db");
    }
}
