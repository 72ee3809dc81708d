//! Opening the database with the key it was made with, without leaving a wrong key behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use moxxie_engine::clock::Ambient;
use moxxie_store::{OpenError, Store, StoreConfig};

use super::master_key::{self, Place};
use crate::config::Settings;

/// Opens the database. A key is made only for one that has none.
pub(super) async fn open(settings: &Settings, ambient: &Ambient) -> anyhow::Result<Store> {
    let file = &settings.master_key_file;
    let shown = crate::config::masked(&settings.database);
    let lost = || {
        format!(
            "the database {shown} was made with a master key that is not at {}: put it back, or set {}",
            file.display(),
            master_key::VARIABLE
        )
    };
    let (key, place) = match master_key::find(file, std::env::var(master_key::VARIABLE).ok())? {
        Some(found) => found,
        // A key made now could only be the wrong one, and would look like the right one later.
        None if sqlite_file(&settings.database).is_some_and(|path| is_made(&path)) => bail!(lost()),
        None => (master_key::make(file)?, Place::Made),
    };
    let config = StoreConfig::new(&settings.database, key, ambient.now());
    match Store::open(config).await {
        Err(OpenError::WrongMasterKey) => {
            match place {
                Place::Made => {
                    fs::remove_file(file)
                        .with_context(|| format!("removing the key just made, {}", file.display()))?;
                }
                Place::File => {}
                Place::Variable => bail!(
                    "the database {shown} was made with another master key than {} holds",
                    master_key::VARIABLE
                ),
            }
            bail!(lost())
        }
        opened => opened.with_context(|| format!("opening the database {shown}")),
    }
}

/// The file of an SQLite database.
fn sqlite_file(database: &str) -> Option<PathBuf> {
    let path = database.strip_prefix("sqlite:")?;
    Some(PathBuf::from(path.strip_prefix("//").unwrap_or(path)))
}

/// An empty file is one that a start did not get beyond.
fn is_made(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.len() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_databases_are_found_as_the_store_finds_them() {
        assert_eq!(sqlite_file("sqlite:/a/b.db"), Some("/a/b.db".into()));
        assert_eq!(sqlite_file("sqlite:///a/b.db"), Some("/a/b.db".into()));
        assert_eq!(sqlite_file("sqlite:b.db"), Some("b.db".into()));
        assert_eq!(sqlite_file("postgres://u@h/d"), None);
    }

    #[test]
    fn an_empty_file_is_no_database_yet() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("moxxie.db");
        assert!(!is_made(&path));
        fs::write(&path, "").unwrap();
        assert!(!is_made(&path));
        fs::write(&path, "SQLite format 3").unwrap();
        assert!(is_made(&path));
    }
}
