//! Opening: once per SQLite file, with the right key, on a schema that is known.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{NOW, draft, on_both, on_postgres, on_sqlite};
use moxxie_store::{MasterKey, OpenError, Store, StoreConfig, StoreError};

#[tokio::test]
async fn what_was_made_once_stays() {
    on_both(async |db| {
        let tag = db.store.install().to_owned();
        assert!(tag.len() == 8 && tag.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()), "{tag}");
        assert_eq!(db.store.created_at(), NOW);
        assert_eq!(db.store.vrfs().await.unwrap()[0].id, db.store.main_vrf());
        let copy = db.store.clone();
        if db.dialect == moxxie_store::Dialect::Postgres {
            let again = db.open_again().await.unwrap();
            assert_eq!((again.install(), again.main_vrf()), (copy.install(), copy.main_vrf()));
            again.close().await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_second_instance_on_a_file_is_refused_by_name() {
    on_sqlite(async |db| {
        match db.open_again().await {
            Err(OpenError::InUse { pid, path }) => {
                assert_eq!(pid, std::process::id().to_string());
                assert!(path.ends_with("moxxie.db"));
            }
            other => panic!("{other:?}"),
        }
        // Nothing of the first one suffers.
        db.store.ping().await.unwrap();
    })
    .await;
    // After a crash or an end, the file is free again.
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db").display().to_string();
    let config = || StoreConfig::new(path.clone(), MasterKey::new([1; 32]), NOW);
    let first = Store::open(config()).await.unwrap();
    let tag = first.install().to_owned();
    first.close().await;
    drop(first);
    assert_eq!(Store::open(config()).await.unwrap().install(), tag);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    on_sqlite(async |db| {
        let mut tx = db.store.begin().await.unwrap();
        tx.audit(draft("x"));
        tx.commit().await.unwrap();
        for suffix in ["", "-wal", "-shm", ".lock"] {
            let path = format!("{}{suffix}", db.path());
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o077, 0, "{path}");
        }
    })
    .await;
}

#[tokio::test]
async fn another_master_key_is_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db").display().to_string();
    let first = Store::open(StoreConfig::new(&path, MasterKey::new([1; 32]), NOW)).await.unwrap();
    first.close().await;
    drop(first);
    let wrong = Store::open(StoreConfig::new(&path, MasterKey::new([2; 32]), NOW)).await;
    assert!(matches!(wrong, Err(OpenError::WrongMasterKey)));
    let hex = MasterKey::new([1; 32]).to_hex();
    let same = MasterKey::from_hex(&format!(" {}\n", secrecy::ExposeSecret::expose_secret(&hex))).unwrap();
    Store::open(StoreConfig::new(&path, same, NOW)).await.unwrap();
    on_postgres(async |db| {
        let wrong = Store::open(StoreConfig::new(&db.config().url, MasterKey::new([2; 32]), NOW)).await;
        assert!(matches!(wrong, Err(OpenError::WrongMasterKey)));
    })
    .await;
    for bad in ["", "00", &"g".repeat(64), &"+1".repeat(32)] {
        assert!(MasterKey::from_hex(bad).is_none(), "{bad}");
    }
    assert_eq!(format!("{:?}", MasterKey::new([1; 32])), "MasterKey(..)");
}

#[tokio::test]
async fn a_newer_schema_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.db").display().to_string();
    let config = || StoreConfig::new(format!("sqlite:{path}"), MasterKey::new([1; 32]), NOW);
    Store::open(config()).await.unwrap().close().await;
    let mut connection = <sqlx::SqliteConnection as sqlx::Connection>::connect(&config().url).await.unwrap();
    let sql = "INSERT INTO schema_version (version, name, applied_at) VALUES (99, 'later', 0)";
    sqlx::query(sql).execute(&mut connection).await.unwrap();
    let refused = Store::open(config()).await;
    assert!(matches!(refused, Err(OpenError::NewerSchema { found: 99, known: 1 })));
    assert!(refused.unwrap_err().to_string().contains("use a newer moxxie"));
}

#[tokio::test]
async fn urls_that_name_no_database() {
    for url in ["", "mysql://u:geheim@h/db", ":memory:", "sqlite::memory:", "postgres://[", "sqlite:"] {
        let refused = Store::open(StoreConfig::new(url, MasterKey::new([1; 32]), NOW)).await.unwrap_err();
        assert!(matches!(refused, OpenError::Url(_)), "{url}: {refused:?}");
        assert!(!format!("{refused:?}").contains("geheim"));
    }
    let nowhere = Store::open(StoreConfig::new("/nowhere/at/all.db", MasterKey::new([1; 32]), NOW)).await;
    assert!(matches!(nowhere, Err(OpenError::File { .. })));
}

#[tokio::test]
async fn a_server_that_is_not_there_is_unavailable() {
    let mut config = StoreConfig::new("postgres://x@127.0.0.1:9/x", MasterKey::new([1; 32]), NOW);
    config.patience = std::time::Duration::from_millis(300);
    let refused = Store::open(config).await;
    assert!(matches!(refused, Err(OpenError::Store(StoreError::Unavailable(_)))), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_start_together_make_one_installation() {
    on_postgres(async |db| {
        db.raw("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let mut config = db.config();
            config.connections = 2;
            tasks.spawn(async move {
                let store = Store::open(config).await.unwrap();
                let tag = store.install().to_owned();
                store.close().await;
                tag
            });
        }
        let mut tags = tasks.join_all().await;
        tags.dedup();
        assert_eq!(tags.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_writer_that_waits_too_long_is_told_so() {
    on_sqlite(async |db| {
        let mut config = db.config();
        let directory = tempfile::tempdir().unwrap();
        config.url = directory.path().join("b.db").display().to_string();
        config.patience = std::time::Duration::from_millis(100);
        let store = Store::open(config).await.unwrap();
        let tx = store.begin().await.unwrap();
        assert!(matches!(store.begin().await, Err(StoreError::Unavailable(_))));
        // Readers do not wait for a writer.
        store.ping().await.unwrap();
        drop(tx);
        // Somebody else holds the write lock of the file.
        let path = format!("sqlite:{}", directory.path().join("b.db").display());
        let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect(&path).await.unwrap();
        sqlx::raw_sql("BEGIN IMMEDIATE").execute(&mut other).await.unwrap();
        assert!(matches!(store.begin().await, Err(StoreError::Unavailable(_))));
        sqlx::raw_sql("ROLLBACK").execute(&mut other).await.unwrap();
        store.begin().await.unwrap();
    })
    .await;
}
