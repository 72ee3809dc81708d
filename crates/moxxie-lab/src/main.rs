//! `moxxie-lab`: two sites of emulated routers in network namespaces, a real `moxxie serve` that manages them,
//! and proof by packets. `cargo xtask lab` builds and starts it, in User-Mode Linux where the running kernel
//! cannot; it needs root in a kernel with VLAN, bridge and veth, and names its namespaces `lab-*`.

mod product;
mod program;
mod proof;
mod topology;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail};

/// What is broken on purpose, so that it shows that a proof can fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    /// The provider carries another S-VLAN than it was said to.
    Provider,
    /// dc1's switch does not carry VLAN 100.
    Switch,
    /// dc2 and its provider agree on another S-VLAN than the proof expects: only the tags are wrong.
    Tags,
}

/// Where things are.
#[derive(Debug)]
struct Options {
    /// The directory of the programs `moxxie` and `routeros-emulator`.
    bin: PathBuf,
    /// Where evidence goes: captures, logs, answers.
    out: PathBuf,
    broken: Option<Break>,
}

fn options(mut args: impl Iterator<Item = String>) -> Result<Options> {
    let (mut bin, mut out, mut broken) = (None, None, None);
    while let Some(arg) = args.next() {
        let mut value = || args.next().with_context(|| format!("{arg} wants a value"));
        match arg.as_str() {
            "--bin" => bin = Some(PathBuf::from(value()?)),
            "--out" => out = Some(PathBuf::from(value()?)),
            "--break" => {
                broken = Some(match value()?.as_str() {
                    "provider" => Break::Provider,
                    "switch" => Break::Switch,
                    "tags" => Break::Tags,
                    other => bail!("--break takes `provider`, `switch` or `tags`, not `{other}`"),
                });
            }
            other => {
                bail!("moxxie-lab takes --bin DIR --out DIR [--break provider|switch|tags], not `{other}`")
            }
        }
    }
    Ok(Options { bin: bin.context("--bin is missing")?, out: out.context("--out is missing")?, broken })
}

fn main() -> ExitCode {
    let run = || -> Result<()> {
        let options = options(std::env::args().skip(1))?;
        std::fs::create_dir_all(&options.out).context("making the directory of the evidence")?;
        let _lab = topology::Lab::up(options.broken)?;
        let product = product::Product::start(&options)?;
        proof::run(&options, &product)
    };
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("FAIL {error:#}");
            ExitCode::FAILURE
        }
    }
}
