//! Fuzz targets: built with coverage instrumentation by the ordinary stable compiler, fed from a corpus of one text
//! file for each target.
//!
//! `fuzz/` is laid out as `cargo fuzz` wants it, which adds sanitizers that need a nightly compiler. Nothing here
//! is `unsafe`, so what sanitizers find cannot be there; panics, overflows and broken invariants are found without.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail, ensure};

use crate::args::{FuzzLength, FuzzOptions};
use crate::exec::Shell;

/// One target.
pub(crate) struct Target {
    /// Its name: `fuzz/fuzz_targets/NAME.rs`, `fuzz/corpus/NAME.hex`.
    pub(crate) name: &'static str,
    /// Inputs in the short run: some ten seconds' worth.
    runs: u64,
    /// Longest input in bytes.
    longest: u32,
}

const fn target(name: &'static str, runs: u64, longest: u32) -> Target {
    Target { name, runs, longest }
}

/// All of them, as in `fuzz/Cargo.toml`.
pub(crate) const TARGETS: &[Target] = &[
    target("wire", 200_000, 1024),
    target("replies", 100_000, 1024),
    target("filter", 200_000, 400),
    target("query", 10_000, 256),
    target("commands", 4_000, 1024),
    target("session", 6_000, 512),
];

/// What libFuzzer wants to see: counters for every edge, a table of where they are, operands of comparisons. The
/// options that `cargo fuzz` gives the compiler; all of them are stable.
const INSTRUMENTATION: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares --cfg fuzzing";

/// Builds the targets and runs those asked for, one after the other. The first that fails ends it.
pub(crate) fn run(shell: &Shell, options: &FuzzOptions) -> Result<()> {
    let programs = build(shell)?;
    let mut report =
        format!("{:<10} {:>12} {:>9} {:>8} {:>8}\n", "target", "inputs", "per s", "edges", "corpus");
    for target in TARGETS {
        if options.targets.is_empty() || options.targets.iter().any(|name| name == target.name) {
            let seen = fuzz(shell, &programs, target, options)?;
            let _ = writeln!(
                report,
                "{:<10} {:>12} {:>9} {:>8} {:>8}",
                target.name, seen.inputs, seen.rate, seen.edges, seen.corpus
            );
        }
    }
    print!("{report}");
    Ok(())
}

/// Where the programs are.
fn build(shell: &Shell) -> Result<PathBuf> {
    let host = shell.output(shell.command("rustc").args(["--print", "host-tuple"]))?;
    let host = host.trim();
    // Apart from other products, whose flags differ. With a target named, flags spare build scripts and macros.
    let directory = shell.target().join("fuzz");
    let mut command = shell.cargo();
    command.args(["build", "--release", "--manifest-path", "fuzz/Cargo.toml", "--bins"]);
    command.args(["--target", host]).env("CARGO_TARGET_DIR", &directory).env("RUSTFLAGS", INSTRUMENTATION);
    shell.run(&mut command)?;
    Ok(directory.join(host).join("release"))
}

/// What a run came to.
struct Seen {
    inputs: u64,
    rate: u64,
    edges: u64,
    corpus: u64,
}

fn fuzz(shell: &Shell, programs: &Path, target: &Target, options: &FuzzOptions) -> Result<Seen> {
    let work = shell.target().join("fuzz").join("work").join(target.name);
    let (seeds, found, broken) = (work.join("seeds"), work.join("found"), work.join("broken"));
    if work.exists() {
        fs::remove_dir_all(&work).with_context(|| format!("clearing {}", work.display()))?;
    }
    for directory in [&seeds, &found, &broken] {
        fs::create_dir_all(directory).with_context(|| format!("making {}", directory.display()))?;
    }
    let corpus = shell.root().join("fuzz/corpus").join(format!("{}.hex", target.name));
    unpack(&corpus, &seeds)?;
    let length = match options.length.unwrap_or(FuzzLength::Runs(target.runs)) {
        FuzzLength::Seconds(seconds) => format!("-max_total_time={seconds}"),
        FuzzLength::Runs(runs) => format!("-runs={runs}"),
    };
    let log = work.join("log");
    let mut command = shell.command(programs.join(target.name));
    command
        .args(["-seed=1", "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1", "-reload=0", &length])
        .arg(format!("-max_len={}", target.longest))
        .arg(format!("-artifact_prefix={}/", broken.display()));
    command.args([&found, &seeds]);
    logged(shell, &mut command, &log).with_context(|| failure(target, &log, &broken))?;
    let seen = seen(&fs::read_to_string(&log).context("reading the log")?)
        .with_context(|| format!("the log {} has no statistics", log.display()))?;
    if options.keep {
        keep(shell, programs, target, &work, &corpus)?;
    }
    Ok(seen)
}

/// Its output goes to a file: libFuzzer has much to say that only matters when something was found.
fn logged(shell: &Shell, command: &mut Command, log: &Path) -> Result<()> {
    let file = File::create(log).with_context(|| format!("making {}", log.display()))?;
    command.stdout(Stdio::null()).stderr(file);
    shell.run(command)
}

fn failure(target: &Target, log: &Path, broken: &Path) -> String {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let from =
        lines.iter().position(|line| line.contains("panicked at")).unwrap_or(lines.len().saturating_sub(30));
    let shown: Vec<&str> = lines[from..].iter().take(40).copied().collect();
    format!(
        "{}\n\nfuzz target {} failed; the input is in {}. Fix what it found, with a test that has it",
        shown.join("\n"),
        target.name,
        broken.display()
    )
}

fn seen(log: &str) -> Option<Seen> {
    let statistic = |name: &str| {
        let line = log.lines().find_map(|line| line.strip_prefix("stat::")?.strip_prefix(name))?;
        line.trim_start_matches(':').trim().parse().ok()
    };
    // `#4000 DONE cov: 5012 ft: 12000 corp: 700/40Kb ...`
    let done = log.lines().rev().find(|line| line.contains(" cov: "))?;
    let after = |key: &str| {
        let mut words = done.split_whitespace().skip_while(|word| *word != key).skip(1);
        words.next()?.split('/').next()?.parse().ok()
    };
    Some(Seen {
        inputs: statistic("number_of_executed_units")?,
        rate: statistic("average_exec_per_sec")?,
        edges: after("cov:")?,
        corpus: after("corp:")?,
    })
}

/// Leaves the fewest inputs that reach everything that was reached, however often.
fn keep(shell: &Shell, programs: &Path, target: &Target, work: &Path, corpus: &Path) -> Result<()> {
    let kept = work.join("kept");
    fs::create_dir_all(&kept).with_context(|| format!("making {}", kept.display()))?;
    let mut command = shell.command(programs.join(target.name));
    command.args(["-merge=1", "-use_counters=0", "-timeout=20"]).args([
        &kept,
        &work.join("seeds"),
        &work.join("found"),
    ]);
    logged(shell, &mut command, &work.join("merge-log"))?;
    let mut lines = BTreeSet::new();
    for entry in fs::read_dir(&kept).context("listing what is kept")? {
        let bytes = fs::read(entry.context("listing what is kept")?.path()).context("reading an input")?;
        lines.insert((bytes.len(), hex(&bytes)));
    }
    ensure!(!lines.is_empty(), "nothing is left of the corpus");
    let text: String = lines.into_iter().map(|(_, line)| line + "\n").collect();
    fs::write(corpus, text).with_context(|| format!("writing {}", corpus.display()))
}

/// One file for each line.
fn unpack(corpus: &Path, seeds: &Path) -> Result<()> {
    let text = fs::read_to_string(corpus).with_context(|| format!("reading {}", corpus.display()))?;
    for (number, line) in text.lines().enumerate() {
        let bytes = unhex(line).with_context(|| format!("line {} of {}", number + 1, corpus.display()))?;
        fs::write(seeds.join(format!("{number:05}")), bytes).context("writing a seed")?;
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Result<Vec<u8>> {
    if !text.is_ascii() || text.len() % 2 == 1 {
        bail!("an input is an even number of hexadecimal digits");
    }
    (0..text.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&text[at..at + 2], 16).context("no hexadecimal digits"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_is_built_and_has_a_corpus() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
        for target in TARGETS {
            assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
            let corpus = fs::read_to_string(fuzz.join(format!("corpus/{}.hex", target.name))).unwrap();
            for line in corpus.lines() {
                let bytes = unhex(line).unwrap();
                assert!(
                    bytes.len() <= target.longest as usize && hex(&bytes) == line,
                    "{}: {line}",
                    target.name
                );
            }
        }
    }

    #[test]
    fn statistics_are_read() {
        let log = "#2\tINITED cov: 3 ft: 3 corp: 1/1b\n#4000\tDONE   cov: 5012 ft: 12 corp: 700/40Kb lim: 4\n\
                   Done 4000 runs in 2 second(s)\nstat::number_of_executed_units: 4000\nstat::average_exec_per_sec:     2000\n";
        let seen = seen(log).unwrap();
        assert_eq!((seen.inputs, seen.rate, seen.edges, seen.corpus), (4000, 2000, 5012, 700));
        assert!(super::seen("nothing").is_none());
    }

    #[test]
    fn inputs_are_lines_of_digits() {
        assert_eq!(unhex(&hex(&[0, 0xff, 0x1a])).unwrap(), [0, 0xff, 0x1a]);
        assert!(unhex("0").is_err() && unhex("zz").is_err() && unhex("\u{e9}").is_err());
    }
}
