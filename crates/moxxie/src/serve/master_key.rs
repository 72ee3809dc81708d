//! The key that seals the routers' passwords: from the environment, or a file made at the first start.

use std::{
    fs,
    io::{ErrorKind, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use anyhow::{Context, bail};
use moxxie_store::MasterKey;
use ring::rand::{SecureRandom, SystemRandom};

/// Takes the place of the file.
pub(super) const VARIABLE: &str = "MOXXIE_MASTER_KEY";

/// Where a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In the environment.
    Variable,
    /// In its file.
    File,
    /// In its file, where there was none before.
    Made,
}

/// The key given, or that of the file; `None` when there is neither.
pub(super) fn find(path: &Path, given: Option<String>) -> anyhow::Result<Option<(MasterKey, Place)>> {
    if let Some(text) = given.filter(|text| !text.is_empty()) {
        let key = MasterKey::from_hex(&text).with_context(|| {
            format!("{VARIABLE} is not 64 hex digits; make one with `openssl rand -hex 32`")
        })?;
        return Ok(Some((key, Place::Variable)));
    }
    match fs::read_to_string(path) {
        Ok(text) => read(path, &text).map(|key| Some((key, Place::File))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("reading the master key {}", path.display())),
    }
}

fn read(path: &Path, text: &str) -> anyhow::Result<MasterKey> {
    let mode = fs::metadata(path).map(|metadata| metadata.permissions().mode() & 0o777).unwrap_or(0);
    if mode & 0o077 != 0 {
        // Refused, not repaired: whoever could read it can open every sealed password, and somebody
        // should know.
        bail!(
            "others can read the master key {0} (mode {mode:o}); if nobody did, `chmod 600 {0}`, else \
             change the routers' passwords too",
            path.display()
        );
    }
    MasterKey::from_hex(text).with_context(|| format!("{} does not hold 64 hex digits", path.display()))
}

/// Never overwrites: a lost key is lost passwords.
pub(super) fn make(path: &Path) -> anyhow::Result<MasterKey> {
    let attempt = || format!("making the master key {}", path.display());
    let mut bytes = [0; 32];
    if SystemRandom::new().fill(&mut bytes).is_err() {
        bail!("{}: the system gives no random numbers", attempt());
    }
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let mut options = fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path).with_context(attempt)?;
    writeln!(file, "{hex}").and_then(|()| file.sync_all()).with_context(attempt)?;
    tracing::info!(path = %path.display(), "made a master key; keep a copy of it elsewhere");
    Ok(MasterKey::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        assert!(find(&path, None).unwrap().is_none());
        make(&path).unwrap();
        let first = fs::read_to_string(&path).unwrap();
        assert_eq!(first.trim().len(), 64);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(make(&path).is_err());
        assert!(matches!(find(&path, None).unwrap(), Some((_, Place::File))));
        assert_eq!(fs::read_to_string(&path).unwrap(), first);
    }

    #[test]
    fn a_key_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        make(&path).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = find(&path, None).err().unwrap().to_string();
        assert!(error.contains("mode 640") && error.contains("chmod 600"), "{error}");
    }

    #[test]
    fn the_environment_takes_the_place_of_the_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("master.key");
        let found = find(&path, Some("ab".repeat(32))).unwrap();
        assert!(matches!(found, Some((_, Place::Variable))) && !path.exists());
        let error = find(&path, Some("geheim".into())).err().unwrap().to_string();
        assert!(error.contains("64 hex") && !error.contains("geheim"), "{error}");
    }
}
