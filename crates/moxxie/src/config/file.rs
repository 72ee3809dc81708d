//! The configuration file as TOML.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use toml::Table;

use crate::exit::Usage;

/// A file that was read, or none.
#[derive(Default)]
pub(super) struct File {
    /// Its content.
    pub(super) table: Table,
    /// Its path.
    pub(super) path: Option<PathBuf>,
}

/// Reads a file; no file is an empty one.
pub(super) fn read(path: Option<&Path>) -> Result<File, Usage> {
    let Some(path) = path else { return Ok(File::default()) };
    let text = fs::read_to_string(path)
        .map_err(|error| Usage(format!("reading the configuration file {}: {error}", path.display())))?;
    let table = text.parse().map_err(|error: toml::de::Error| {
        // Not the parser's own picture of the line, which may show a password.
        let line = error
            .span()
            .map_or(1, |span| text.get(..span.start).map_or(1, |before| before.matches('\n').count() + 1));
        Usage(format!("{}, line {line}: {}", path.display(), error.message()))
    })?;
    Ok(File { table, path: Some(path.to_owned()) })
}

/// Whether others than the owner can read a file.
pub(super) fn is_open(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & 0o077 != 0)
}
