//! What `cargo xtask test` does, as data: each stage, what it needs, and what must have passed before.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use crate::args::{FuzzOptions, TestOptions};
use crate::clients;
use crate::exec::{self, Shell};
use crate::fuzz;
use crate::layers;
use crate::postgres;

/// One check.
pub(crate) struct Stage {
    /// Its name for `--only`.
    pub(crate) name: &'static str,
    /// What it checks.
    pub(crate) what: &'static str,
    /// Programs beyond Rust it cannot do without.
    pub(crate) needs: &'static [Need],
    /// The stage without whose success it would only repeat the same errors.
    pub(crate) after: Option<&'static str>,
    /// Does it.
    pub(crate) run: fn(&Context<'_>) -> Result<()>,
}

/// A program beyond Rust.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// The test runner.
    Nextest,
    /// The licence and source check.
    Deny,
    /// The database server.
    Postgres,
    /// Independent RouterOS clients, in Python.
    Clients,
}

impl Need {
    /// All of them, in the order in which they are looked for.
    pub(crate) const ALL: [Self; 4] = [Self::Postgres, Self::Nextest, Self::Deny, Self::Clients];

    /// Whether only continuous integration insists on it: it needs Python 3.11, and the tests that use it say
    /// that they were skipped.
    pub(crate) fn is_optional(self) -> bool {
        self == Self::Clients
    }
}

/// What a stage works with.
pub(crate) struct Context<'a> {
    /// Runs programs.
    pub(crate) shell: &'a Shell,
    /// What was asked for.
    pub(crate) options: &'a TestOptions,
    /// Where the needed programs are: the file, or the directory of PostgreSQL's.
    pub(crate) found: &'a [(Need, PathBuf)],
}

impl Context<'_> {
    /// A program that the stage's `needs` name.
    fn program(&self, need: Need) -> Result<&Path> {
        let found = self.found.iter().find(|(known, _)| *known == need);
        Ok(&found.ok_or_else(|| anyhow::anyhow!("the stage does not say that it needs {need:?}"))?.1)
    }

    fn cargo(&self, words: &str) -> Command {
        let mut command = self.shell.cargo();
        command.args(words.split(' '));
        command
    }
}

/// Cheap ones first. `tools` is special: the others' needs are looked for under its heading.
pub(crate) const STAGES: &[Stage] = &[
    Stage {
        name: "tools",
        what: "PostgreSQL, cargo-nextest, cargo-deny and independent RouterOS clients are here",
        needs: &Need::ALL,
        after: None,
        run: |_| Ok(()),
    },
    Stage {
        name: "fmt",
        what: "the code is formatted",
        needs: &[],
        after: None,
        run: |cx| {
            cx.shell.run(&mut cx.cargo("fmt --all --check"))?;
            cx.shell.run(&mut cx.cargo("fmt --manifest-path fuzz/Cargo.toml --check"))
        },
    },
    Stage {
        name: "layers",
        what: "crates depend on each other only downwards",
        needs: &[],
        after: None,
        run: |cx| layers::check(cx.shell),
    },
    Stage {
        name: "clippy",
        what: "no warnings",
        needs: &[],
        after: None,
        run: |cx| {
            cx.shell.run(&mut cx.cargo("clippy --workspace --all-targets --all-features -- -D warnings"))
        },
    },
    Stage {
        name: "build",
        what: "the programs that tests start",
        needs: &[],
        after: None,
        run: |cx| cx.shell.run(&mut cx.cargo("build --workspace --exclude xtask --bins --all-features")),
    },
    Stage {
        name: "tests",
        what: "unit, property, database, emulator and end-to-end tests",
        needs: &[Need::Nextest, Need::Postgres, Need::Clients],
        after: Some("build"),
        run: tests,
    },
    Stage {
        name: "doctests",
        what: "examples in the documentation work",
        needs: &[],
        after: Some("build"),
        run: |cx| cx.shell.run(&mut cx.cargo("test --quiet --doc --workspace --all-features")),
    },
    Stage {
        name: "docs",
        what: "the documentation builds, every link leads somewhere",
        needs: &[],
        after: Some("build"),
        run: |cx| {
            let mut command = cx.cargo("doc --quiet --no-deps --workspace --all-features");
            cx.shell.run(command.env("RUSTDOCFLAGS", "-D warnings"))
        },
    },
    Stage {
        name: "fuzz",
        what: "a short run of every fuzz target, the corpus first",
        needs: &[],
        after: Some("build"),
        run: |cx| fuzz::run(cx.shell, &FuzzOptions::default()),
    },
    Stage {
        name: "deny",
        what: "licences, sources and bans of the dependencies",
        needs: &[Need::Deny],
        after: None,
        run: deny,
    },
];

fn tests(cx: &Context<'_>) -> Result<()> {
    let server = postgres::start(cx.shell, cx.program(Need::Postgres)?)?;
    println!("PostgreSQL of {} runs", cx.program(Need::Postgres)?.display());
    let mut command = cx.shell.command(cx.program(Need::Nextest)?);
    command.args(["nextest", "run", "--all-features"]);
    if !cx.options.nextest.iter().any(|arg| arg.starts_with("-p") || arg.starts_with("--package")) {
        // It would win over a package that was asked for.
        command.arg("--workspace");
    }
    if exec::ci() {
        command.args(["--profile", "ci"]);
    }
    command.args(&cx.options.nextest).env(postgres::VARIABLE, server.url());
    if let Ok(python) = cx.program(Need::Clients) {
        command.env(clients::VARIABLE, python);
    }
    cx.shell.run(&mut command)
}

fn deny(cx: &Context<'_>) -> Result<()> {
    println!(
        "Not checked here: advisories, which need the network, and duplicate versions: `cargo xtask audit`."
    );
    let mut command = cx.shell.command(cx.program(Need::Deny)?);
    command.args(["--all-features", "check", "--allow", "duplicate", "licenses", "bans", "sources"]);
    cx.shell.run(&mut command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_follows_only_earlier_stages() {
        for (position, stage) in STAGES.iter().enumerate() {
            if let Some(before) = stage.after {
                assert!(STAGES[..position].iter().any(|stage| stage.name == before), "{}", stage.name);
            }
        }
    }
}
