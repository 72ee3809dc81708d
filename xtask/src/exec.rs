//! Running other programs, and ending them when somebody ends us.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};

/// How long a child may take to end after it was asked to: nextest gives its tests ten seconds.
const GRACE: Duration = Duration::from_secs(15);

/// Where programs run, and whether Ctrl-C was pressed.
#[derive(Debug)]
pub(crate) struct Shell {
    root: PathBuf,
    interrupted: Arc<AtomicBool>,
}

impl Shell {
    /// Finds the workspace and takes over SIGINT, SIGTERM and SIGHUP, so that what was started is also ended.
    pub(crate) fn new() -> Result<Self> {
        let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.parent().context("xtask lies in the workspace")?.to_owned();
        let interrupted = Arc::new(AtomicBool::new(false));
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGTERM, signal_hook::consts::SIGHUP]
        {
            signal_hook::flag::register(signal, Arc::clone(&interrupted)).context("taking over signals")?;
        }
        Ok(Self { root, interrupted })
    }

    /// The workspace's directory.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Where build products go.
    pub(crate) fn target(&self) -> PathBuf {
        // Relative to the root: that is where cargo is run.
        self.root.join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
    }

    /// Whether somebody asked us to end.
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }

    /// A command at the workspace's root.
    ///
    /// It does not get the variables that `cargo run` set for this program: build scripts watch some of them
    /// (ring's does), and would run again each time a build alternates between `cargo` and `cargo xtask`.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root);
        for (name, _) in std::env::vars_os() {
            let Some(text) = name.to_str() else { continue };
            let ours = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_", "CARGO_PRIMARY_"];
            if ours.iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(name);
            }
        }
        command
    }

    /// A cargo command.
    pub(crate) fn cargo(&self) -> Command {
        self.command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
    }

    /// Shows a command and runs it to its end, which must be a success.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        let line = line(command);
        println!("$ {line}");
        // A process group of its own: on Ctrl-C it is for us to end it, once, with everything it started.
        command.stdin(Stdio::null()).process_group(0);
        let mut child = command.spawn().with_context(|| format!("starting `{line}`"))?;
        let status = self.wait(&mut child)?;
        if self.interrupted() {
            bail!("interrupted");
        }
        if !status.success() {
            bail!("`{line}` failed ({status})");
        }
        Ok(())
    }

    /// Runs a command that may talk with the person at the terminal; its exit code becomes ours.
    pub(crate) fn foreground(&self, mut command: Command) -> Result<ExitCode> {
        let line = line(&command);
        // The terminal sends Ctrl-C to the child as well, which ends when it wants; SIGTERM reaches only us.
        let mut child = command.spawn().with_context(|| format!("starting `{line}`"))?;
        let status = child.wait().with_context(|| format!("waiting for `{line}`"))?;
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        Ok(ExitCode::from(code))
    }

    /// What a command prints, if it succeeds.
    pub(crate) fn output(&self, command: &mut Command) -> Result<String> {
        let line = line(command);
        let output = command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .with_context(|| format!("starting `{line}`"))?;
        if !output.status.success() {
            bail!("`{line}` failed ({})", output.status);
        }
        String::from_utf8(output.stdout).with_context(|| format!("reading what `{line}` printed"))
    }

    /// Waits until the child ends or we are interrupted, which ends it.
    fn wait(&self, child: &mut Child) -> Result<ExitStatus> {
        loop {
            if let Some(status) = child.try_wait().context("waiting for a child")? {
                return Ok(status);
            }
            if self.interrupted() {
                return end_group(child);
            }
            pause();
        }
    }
}

/// Ends a child that leads a process group: asks first, then kills.
///
/// SIGTERM, not SIGINT: shells catch or ignore the latter depending on how they were started.
fn end_group(child: &mut Child) -> Result<ExitStatus> {
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).context("a child has a process id")?;
    // It may have ended by itself meanwhile: then there is nothing to signal, and the wait below returns.
    let _ = kill_process_group(group, Signal::TERM);
    if let Some(status) = wait_for(child, GRACE)? {
        return Ok(status);
    }
    let _ = kill_process_group(group, Signal::KILL);
    child.wait().context("waiting for a killed child")
}

/// Waits for a child for this long.
pub(crate) fn wait_for(child: &mut Child, limit: Duration) -> Result<Option<ExitStatus>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait().context("waiting for a child")? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            return Ok(None);
        }
        pause();
    }
}

/// One turn of a polling loop.
#[expect(
    clippy::disallowed_methods,
    reason = "no asynchronous runtime here: nothing else waits for this thread"
)]
pub(crate) fn pause() {
    std::thread::sleep(Duration::from_millis(20));
}

/// A command as a person would type it.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program());
    // `cargo` reads better than the path of the toolchain that was chosen.
    let name = program.file_name().unwrap_or(program.as_os_str());
    let words = std::iter::once(name).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Whether this is continuous integration, where nothing may be skipped.
pub(crate) fn ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// The first program of this name in `PATH`.
pub(crate) fn find(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shell() -> Shell {
        Shell { root: PathBuf::from("/"), interrupted: Arc::new(AtomicBool::new(false)) }
    }

    #[test]
    fn failure_names_the_command() {
        let shell = shell();
        let error = shell.run(shell.command("sh").args(["-c", "exit 3"])).unwrap_err();
        assert_eq!(error.to_string(), "`sh -c exit 3` failed (exit status: 3)");
        let error = shell.run(&mut shell.command("/nonexistent/tool")).unwrap_err();
        assert_eq!(error.to_string(), "starting `tool`");
    }

    #[test]
    fn interruption_ends_the_child_and_what_it_started() {
        let shell = shell();
        shell.interrupted.store(true, Ordering::Relaxed);
        let start = Instant::now();
        let error = shell.run(shell.command("sh").args(["-c", "sleep 60; true"])).unwrap_err();
        assert_eq!(error.to_string(), "interrupted");
        assert!(start.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn variables_of_cargo_run_are_not_handed_on() {
        let removed: Vec<_> = shell()
            .command("true")
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_owned())
            .collect();
        // Set for every test by cargo and by nextest.
        assert!(removed.iter().any(|name| name == "CARGO_MANIFEST_DIR"), "{removed:?}");
        assert!(!removed.iter().any(|name| name == "CARGO"), "{removed:?}");
    }
}
