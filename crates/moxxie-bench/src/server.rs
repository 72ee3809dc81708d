//! A moxxie server as a process, with its own directory.

use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, Result, bail};

/// A running server; dropping it ends it.
pub(crate) struct Server {
    child: Child,
    /// `host:port`.
    pub(crate) host: String,
    pub(crate) token: String,
}

const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
data_dir = "data"
log_level = "warn,moxxie=info"

[[sites]]
name = "dc1"
encapsulation = { type = "dot1q" }
vlan_range = "100-4000"
management_prefixes = ["192.0.2.0/24"]

[[pools]]
name = "main"
datacenter = "dc1"
prefix = "10.0.0.0/8"

[[tenants]]
name = "acme"
"#;

impl Server {
    pub(crate) fn start(program: &Path, home: &Path, database: Option<&str>) -> Result<Self> {
        std::fs::write(home.join("moxxie.toml"), CONFIGURATION)?;
        Self::run(program, home, database, None)
    }

    /// Ends it, and answers its token, which it says only once.
    pub(crate) fn stop(self) -> String {
        self.token.clone()
    }

    /// The same server as a new process.
    pub(crate) fn start_again(
        program: &Path,
        home: &Path,
        database: Option<&str>,
        token: String,
    ) -> Result<Self> {
        Self::run(program, home, database, Some(token))
    }

    fn run(program: &Path, home: &Path, database: Option<&str>, token: Option<String>) -> Result<Self> {
        let log = std::fs::File::create(home.join("log"))?;
        let mut command = Command::new(program);
        command
            .args(["serve", "--config", "moxxie.toml"])
            .env_clear()
            .env("HOME", home)
            .current_dir(home)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log);
        if let Some(database) = database {
            command.env("MOXXIE_DATABASE", database);
        }
        let mut child = command.spawn().with_context(|| format!("starting {}", program.display()))?;
        let stdout = child.stdout.take().context("its output")?;
        let (mut host, mut token) = (None, token);
        for line in BufReader::new(stdout).lines() {
            let line = line?;
            if let Some((_, url)) = line.split_once("listening on http://") {
                host = Some(url.trim().to_owned());
            }
            if let Some(at) = line.find("mxt_") {
                token = line[at..].split_whitespace().next().map(str::to_owned);
            }
            if let (Some(host), Some(token)) = (&host, &token) {
                return Ok(Self { child, host: host.clone(), token: token.clone() });
            }
        }
        let log = std::fs::read_to_string(home.join("log")).unwrap_or_default();
        // It has ended: there is nothing left to stop.
        let _ = child.wait();
        bail!("the server did not start:\n{log}")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Its directory goes with it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
