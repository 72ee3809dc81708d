//! Other programs: run to their end, or kept until dropped.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

/// A program in a namespace of the lab.
pub(crate) fn inside(netns: &str, words: &[&str]) -> Command {
    let mut command = Command::new("ip");
    command.args(["netns", "exec", netns]).args(words);
    command
}

/// Runs it to its end with this on its standard input; answers what it printed, or fails with what it said.
pub(crate) fn run(command: &mut Command, input: &str) -> Result<String> {
    let line = format!("{command:?}");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().with_context(|| format!("starting {line}"))?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(input.as_bytes()).with_context(|| format!("writing to {line}"))?;
    }
    let output = child.wait_with_output().with_context(|| format!("waiting for {line}"))?;
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        bail!("{line}: {}\n{printed}{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(printed)
}

/// Runs `ip -batch` with these lines.
pub(crate) fn ip(netns: Option<&str>, lines: &str) -> Result<()> {
    let mut command = Command::new("ip");
    if let Some(netns) = netns {
        command.args(["-n", netns]);
    }
    run(command.args(["-batch", "-"]), lines).map(drop)
}

/// A program that runs until this is dropped; what it prints goes to a file.
#[derive(Debug)]
pub(crate) struct Kept(Child);

impl Kept {
    pub(crate) fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let file = File::create(log).with_context(|| format!("making {}", log.display()))?;
        let again = file.try_clone().context("a second handle of the log")?;
        command.stdin(Stdio::null()).stdout(file).stderr(again);
        Ok(Kept(command.spawn().with_context(|| format!("starting {command:?}"))?))
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SIGTERM, so that it may end its own children; `kill` is there wherever a shell is.
        let asked = Command::new("kill").arg(self.0.id().to_string()).status();
        if !asked.is_ok_and(|status| status.success()) {
            let _ = self.0.kill();
        }
        let _ = self.0.wait();
    }
}

/// Asks again and again until there is an answer; at most `tries` times, a fifth of a second apart.
pub(crate) fn wait<T>(what: &str, tries: u32, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    for _ in 0..tries {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        pause(Duration::from_millis(200));
    }
    bail!("waited in vain for {what}")
}

#[expect(clippy::disallowed_methods, reason = "what is waited for is in other processes and in the kernel")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
