//! Benchmarks: built for release, run beside their peers. No limit is judged here; the figures say what was met.

use std::process::ExitCode;

use anyhow::Result;

use crate::clients;
use crate::exec::Shell;

/// `cargo xtask bench routeros`.
pub(crate) fn routeros(shell: &Shell, rest: &[String]) -> Result<ExitCode> {
    let python = clients::ensure(shell, true)?;
    let mut build = shell.cargo();
    build.args([
        "build",
        "--release",
        "--package",
        "routeros-bench",
        "--package",
        "routeros-emulator",
        "--bins",
    ]);
    shell.run(&mut build)?;
    let built = shell.target().join("release");
    let mut command = shell.command(built.join("routeros-bench"));
    command.arg("run").arg("--emulator").arg(built.join("routeros-emulator")).arg("--python").arg(python);
    command.arg("--json").arg(shell.target().join("bench-routeros.json")).args(rest);
    shell.foreground(command)
}

/// `cargo xtask bench changes`.
pub(crate) fn changes(shell: &Shell, rest: &[String]) -> Result<ExitCode> {
    let python = clients::ensure(shell, true)?;
    let mut build = shell.cargo();
    build.args(["build", "--release", "--bins"]);
    build.args(["--package", "moxxie-bench", "--package", "moxxie", "--package", "routeros-emulator"]);
    shell.run(&mut build)?;
    let built = shell.target().join("release");
    let mut command = shell.command(built.join("moxxie-bench"));
    command.arg("--part").arg("changes").arg("--moxxie").arg(built.join("moxxie"));
    command.arg("--emulator").arg(built.join("routeros-emulator")).arg("--python").arg(python);
    command.arg("--json").arg(shell.target().join("bench-changes.json")).args(rest);
    shell.foreground(command)
}

/// `cargo xtask bench ipam`.
pub(crate) fn ipam(shell: &Shell, rest: &[String]) -> Result<ExitCode> {
    let mut build = shell.cargo();
    build.args(["build", "--release", "--package", "moxxie-bench", "--package", "moxxie", "--bins"]);
    shell.run(&mut build)?;
    let built = shell.target().join("release");
    let mut command = shell.command(built.join("moxxie-bench"));
    command.arg("--moxxie").arg(built.join("moxxie"));
    command.arg("--json").arg(shell.target().join("bench-ipam.json")).args(rest);
    shell.foreground(command)
}
