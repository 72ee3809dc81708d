//! An emulated router in a process of its own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, ensure};
use routeros_client::{Config, Connection, Security};
use serde_json::Value;

/// User and password of every emulated router here.
pub(crate) const USER: (&str, &str) = ("admin", "bench");

/// Ended when dropped.
pub(crate) struct Emulator {
    child: Child,
    address: String,
}

impl Emulator {
    /// Starts the program and waits until it listens.
    pub(crate) fn start(program: &Path, arguments: &[&str]) -> Result<Self> {
        let mut child = Command::new(program)
            .args(["--api", "127.0.0.1:0", "--user", &format!("{}:{}", USER.0, USER.1)])
            .args(arguments)
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("starting {}", program.display()))?;
        let mut line = String::new();
        let told = child.stdout.take().context("its standard output is ours")?;
        let mut emulator = Emulator { child, address: String::new() };
        BufReader::new(told).read_line(&mut line).context("waiting for the emulator")?;
        let ready: Value = serde_json::from_str(&line)
            .with_context(|| format!("the emulator did not say where it listens, but {line:?}"))?;
        emulator.address = ready["api"].as_str().context("the emulator names no address")?.to_owned();
        Ok(emulator)
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// A session.
    pub(crate) async fn connect(&self) -> Result<Connection> {
        let config = Config::new(&self.address, USER.0, USER.1.into(), Security::Plain);
        Connection::open(&config).await.context("logging in")
    }

    /// Most memory it ever held, in megabytes.
    pub(crate) fn peak(&self) -> Result<f64> {
        peak(&format!("/proc/{}", self.child.id()))
    }

    /// Forgets the peak so far: what comes next is measured.
    pub(crate) fn forget_peak(&self) -> Result<()> {
        // proc_pid_clear_refs(5): 5 sets the peak to what is held now.
        fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").context("resetting the peak")
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `VmHWM` of a process, in megabytes.
pub(crate) fn peak(process: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("{process}/status")).context("reading the process's status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).context("it has no VmHWM")?;
    let kibibytes: f64 = kibibytes.trim().parse().context("its VmHWM is no number")?;
    ensure!(kibibytes > 0.0, "its VmHWM is 0");
    Ok(kibibytes * 1024.0 / 1e6)
}
