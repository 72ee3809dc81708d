//! The lab: built, and run in network namespaces of this kernel or of User-Mode Linux, whichever can.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::exec::{self, Shell};
use crate::tools;

/// What the lab runs besides what is built here: a program, and Debian's package that brings it.
const PROGRAMS: &[(&str, &str)] = &[
    ("ip", "iproute2"),
    ("iptables-legacy", "iptables"),
    ("ipset", "ipset"),
    ("dnsmasq", "dnsmasq-base"),
    ("tcpdump", "tcpdump"),
    ("ethtool", "ethtool"),
    ("ping", "iputils-ping"),
    ("busybox", "busybox-static"),
];

/// How long a run may take: about 30 s on two cores that nobody else uses.
const LIMIT: Duration = Duration::from_secs(300);

/// What is to be broken on purpose; without it the proofs must pass.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LabOptions {
    /// A name that `moxxie-lab --break` takes.
    pub(crate) broken: Option<String>,
    /// Do not use this kernel, even if it could.
    pub(crate) uml: bool,
}

/// Builds and runs it. With something broken the run has to fail, and not for want of a tool.
pub(crate) fn run(shell: &Shell, options: &LabOptions) -> Result<()> {
    install(shell, PROGRAMS)?;
    let mut build = shell.cargo();
    build.args(["build", "--package", "moxxie", "--package", "routeros-emulator", "--package", "moxxie-lab"]);
    shell.run(build.arg("--bins"))?;
    let out = shell.target().join("lab").join(options.broken.as_deref().unwrap_or("whole"));
    if out.exists() {
        fs::remove_dir_all(&out).with_context(|| format!("clearing {}", out.display()))?;
    }
    fs::create_dir_all(&out).with_context(|| format!("making {}", out.display()))?;
    let out = out.canonicalize().context("the directory of the evidence")?;
    let bin = shell.target().join("debug").canonicalize().context("what was built")?;
    let native = !options.uml && kernel_can(shell);
    println!("The lab runs in {}.", if native { "namespaces of this kernel" } else { "User-Mode Linux" });
    let (passed, said) = if native {
        in_this_kernel(shell, options, &bin, &out)?
    } else {
        install(shell, &[("linux.uml", "user-mode-linux"), ("modprobe", "kmod")])?;
        in_user_mode_linux(shell, options, &bin, &out)?
    };
    print!("{said}");
    println!("Evidence: {}", out.display());
    judge(options, passed, &said)
}

/// A run that was broken on purpose must have failed in a proof.
fn judge(options: &LabOptions, passed: bool, said: &str) -> Result<()> {
    let proved = said.lines().any(|line| line.starts_with("PASS"));
    match &options.broken {
        None if passed && proved => Ok(()),
        None => bail!("the lab failed"),
        Some(what) if passed => bail!("`{what}` was broken, and the lab passed all the same"),
        Some(what) if !said.contains(if what == "tags" { "is expected, not" } else { "got no lease" }) => {
            bail!("`{what}` was broken, but the lab failed for another reason")
        }
        Some(what) => {
            println!("Broken on purpose ({what}), and found out.");
            Ok(())
        }
    }
}

/// Whether VLAN, bridge, veth and the filter are there, tried in a namespace that goes away at once.
fn kernel_can(shell: &Shell) -> bool {
    const TRY: &str = "ip link add v0 type veth peer name v1 &&
        ip link add link v0 name v0.7 type vlan protocol 802.1ad id 7 &&
        ip link add name br0 type bridge vlan_filtering 1 && iptables-legacy -L -n && ipset create x hash:net,iface";
    let mut command = shell.command("unshare");
    command.args(["-n", "sh", "-c", TRY]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn in_this_kernel(shell: &Shell, options: &LabOptions, bin: &Path, out: &Path) -> Result<(bool, String)> {
    let mut command = shell.command(bin.join("moxxie-lab"));
    command.arg("--bin").arg(bin).arg("--out").arg(out);
    if let Some(broken) = &options.broken {
        command.args(["--break", broken]);
    }
    let output = command.stdin(Stdio::null()).output().context("starting moxxie-lab")?;
    Ok((output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned()))
}

fn in_user_mode_linux(shell: &Shell, options: &LabOptions, bin: &Path, out: &Path) -> Result<(bool, String)> {
    let init =
        shell.root().join("crates/moxxie-lab/uml-init.sh").canonicalize().context("the init script")?;
    let mut command = shell.command("linux.uml");
    command.args(["mem=768M", "rootfstype=hostfs", "ro", "con=null", "con0=fd:0,fd:1", "quiet", "panic=-1"]);
    for (name, path) in [("init", init.as_path()), ("LAB_OUT", out), ("LAB_BIN", bin)] {
        command.arg(format!("{name}={}", path.display()));
    }
    if let Some(broken) = &options.broken {
        command.arg(format!("LAB_BREAK={broken}"));
    }
    let console = fs::File::create(out.join("console.log")).context("making the console's log")?;
    command.stdin(Stdio::null()).stderr(console.try_clone()?).stdout(console);
    let mut child = command.spawn().context("starting linux.uml")?;
    if exec::wait_for(&mut child, LIMIT)?.is_none() {
        child.kill().context("ending linux.uml")?;
        child.wait().context("waiting for linux.uml")?;
        bail!("the lab was not done after {} s; its console: {}", LIMIT.as_secs(), out.display());
    }
    let said = fs::read_to_string(out.join("stdout")).unwrap_or_default();
    // Its own exit status says nothing about what ran in it.
    let code = fs::read_to_string(out.join("rc"))
        .with_context(|| format!("the lab ended without a result; see {}", out.display()))?;
    Ok((code.trim() == "0", said))
}

fn install(shell: &Shell, programs: &[(&str, &str)]) -> Result<()> {
    for (program, package) in programs {
        if exec::find(program).is_none() {
            tools::debian_package(shell, package, true)
                .with_context(|| format!("the lab needs the program {program}"))?;
            exec::find(program).with_context(|| format!("the package {package} brought no {program}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broken_lab_has_to_fail_in_a_proof() {
        let whole = LabOptions::default();
        let broken = LabOptions { broken: Some("provider".to_owned()), uml: false };
        assert!(judge(&whole, true, "PASS dc1: x\n").is_ok());
        assert!(judge(&whole, true, "").is_err(), "nothing was proved");
        assert!(judge(&whole, false, "PASS dc1: x\nFAIL y\n").is_err());
        assert!(judge(&broken, true, "PASS dc1: x\n").is_err());
        assert!(judge(&broken, false, "FAIL starting tcpdump\n").is_err(), "that is no proof");
        assert!(judge(&broken, false, "FAIL dc2: the host got no lease: ..\n").is_ok());
        let tags = LabOptions { broken: Some("tags".to_owned()), uml: false };
        assert!(judge(&tags, false, "FAIL dc2: the host got no lease: ..\n").is_err(), "not the tags");
        assert!(judge(&tags, false, "FAIL dc2: \"a\" is expected, not b\n").is_ok());
    }
}
