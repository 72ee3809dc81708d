//! Tokens kept between commands: one per server, in a file only its owner can read.

use std::{
    collections::BTreeMap,
    fs, io,
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::{Deserialize, Serialize};

/// The file's content.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    /// The server last logged in to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    default: Option<String>,
    /// By server.
    #[serde(default)]
    servers: BTreeMap<String, Entry>,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    token: String,
}

/// The kept tokens.
pub(crate) struct Credentials {
    path: PathBuf,
    content: Content,
    /// Others could read the file when it was opened; the mode has been put right since.
    pub(crate) repaired: bool,
}

/// Where the file lies: `$XDG_CONFIG_HOME/moxxie`, else `~/.config/moxxie`.
pub(crate) fn default_path() -> anyhow::Result<PathBuf> {
    let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let base = absolute("XDG_CONFIG_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".config")))
        .context("neither XDG_CONFIG_HOME nor HOME is set: there is no place for credentials")?;
    Ok(base.join("moxxie").join("credentials.toml"))
}

impl Credentials {
    /// Opens the file; one that does not exist is empty.
    pub(crate) fn open(path: PathBuf) -> anyhow::Result<Self> {
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error).with_context(|| format!("reading {}", path.display())),
        };
        // The parser's own message would quote the line, and with it a token.
        let content = toml::from_str(&text).map_err(|error| {
            let line =
                error.span().map_or(1, |span| text[..span.start.min(text.len())].lines().count().max(1));
            anyhow::anyhow!("{} is damaged near line {line}; remove it and log in again", path.display())
        })?;
        let repaired = repair(&path)?;
        Ok(Self { path, content, repaired })
    }

    /// The file.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The server last logged in to.
    pub(crate) fn default_server(&self) -> Option<&str> {
        self.content.default.as_deref()
    }

    /// The token for a server.
    pub(crate) fn token(&self, server: &str) -> Option<&str> {
        self.content.servers.get(server).map(|entry| entry.token.as_str())
    }

    /// Keeps a token and makes its server the default.
    pub(crate) fn keep(&mut self, server: &str, token: String) -> anyhow::Result<()> {
        self.content.servers.insert(server.to_owned(), Entry { token });
        self.content.default = Some(server.to_owned());
        self.write()
    }

    /// Forgets the token for a server; `false` when there was none.
    pub(crate) fn forget(&mut self, server: &str) -> anyhow::Result<bool> {
        let had = self.content.servers.remove(server).is_some();
        if self.content.default.as_deref() == Some(server) {
            self.content.default = None;
        }
        if had {
            self.write()?;
        }
        Ok(had)
    }

    /// Writes a new file beside the old and renames it, so that a crash leaves one or the other, and
    /// the token never lies in a file with a wider mode.
    fn write(&self) -> anyhow::Result<()> {
        let directory = self.path.parent().unwrap_or(Path::new("."));
        let attempt = || format!("keeping credentials in {}", self.path.display());
        fs::DirBuilder::new().recursive(true).mode(0o700).create(directory).with_context(attempt)?;
        let text = toml::to_string(&self.content).with_context(attempt)?;
        let new = self.path.with_extension(format!("{}.tmp", std::process::id()));
        let written = fs::OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&new)
            .and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()))
            .and_then(|()| fs::rename(&new, &self.path));
        if written.is_err() {
            let _ = fs::remove_file(&new);
        }
        written.with_context(attempt)
    }
}

/// Takes the rights of everybody else away; says whether there were any.
fn repair(path: &Path) -> anyhow::Result<bool> {
    let Ok(metadata) = fs::metadata(path) else { return Ok(false) };
    if metadata.permissions().mode() & 0o077 == 0 {
        return Ok(false);
    }
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).with_context(|| {
        format!("{} can be read by others, and taking that right away failed", path.display())
    })?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn tokens_are_kept_per_server_for_the_owner_alone() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("moxxie/credentials.toml");
        let mut kept = Credentials::open(path.clone()).unwrap();
        assert_eq!(kept.default_server(), None);
        kept.keep("http://a", "token-a".into()).unwrap();
        kept.keep("http://b", "token-b".into()).unwrap();
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);

        let mut again = Credentials::open(path.clone()).unwrap();
        assert!(!again.repaired);
        assert_eq!(again.token("http://a"), Some("token-a"));
        assert_eq!(again.default_server(), Some("http://b"));
        assert!(again.forget("http://b").unwrap());
        assert!(!again.forget("http://b").unwrap());
        let last = Credentials::open(path).unwrap();
        assert_eq!((last.token("http://b"), last.default_server()), (None, None));
    }

    #[test]
    fn a_file_others_can_read_is_put_right() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials.toml");
        fs::write(&path, "[servers.\"http://a\"]\ntoken = \"t\"\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let opened = Credentials::open(path.clone()).unwrap();
        assert!(opened.repaired);
        assert_eq!(opened.token("http://a"), Some("t"));
        assert_eq!(mode(&path), 0o600);
    }

    #[test]
    fn a_damaged_file_is_named_without_its_content() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("credentials.toml");
        fs::write(&path, "[servers.\"http://a\"]\ntoken = \"very-secret").unwrap();
        let Err(error) = Credentials::open(path) else { panic!("a damaged file was read") };
        let text = format!("{error:#}");
        assert!(text.contains("line 2") && !text.contains("very-secret"), "{text}");
    }
}
