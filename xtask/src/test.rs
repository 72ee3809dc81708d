//! `cargo xtask test`: runs the stages, keeps going, and says at the end what was wrong.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::Result;

use crate::args::TestOptions;
use crate::clients;
use crate::exec::{Shell, ci};
use crate::stages::{Context, Need, STAGES, Stage};
use crate::tools;

/// How a stage ended.
#[derive(Debug)]
enum Outcome {
    Passed,
    Failed(String),
    /// It was not run, and why; as bad as a failure.
    NotRun(String),
}

/// Runs the stages that were asked for. Success means that every one of them passed.
pub(crate) fn run(shell: &Shell, options: &TestOptions) -> Result<ExitCode> {
    let start = Instant::now();
    let chosen: Vec<&Stage> = STAGES
        .iter()
        .filter(|stage| options.only.is_empty() || options.only.iter().any(|name| name == stage.name))
        .collect();
    let needs = Need::ALL.into_iter().filter(|need| chosen.iter().any(|stage| stage.needs.contains(need)));

    let mut found = Vec::new();
    let mut missing = Vec::new();
    let searching = Instant::now();
    for (index, need) in needs.take_while(|_| !shell.interrupted()).enumerate() {
        if index == 0 {
            header("tools", "what the stages need beside Rust");
        }
        match look_for(need, shell, !options.no_install) {
            Ok(path) => {
                println!("{need:?}: {}", path.display());
                found.push((need, path));
            }
            Err(error) if need.is_optional() && !ci() => {
                println!("{need:?}: {error:#}; the tests that use them are skipped");
            }
            Err(error) => {
                println!("{need:?}: {error:#}");
                missing.push((need, format!("{error:#}")));
            }
        }
    }
    let searching = searching.elapsed();

    let context = Context { shell, options, found: &found };
    let mut report: Vec<(&Stage, Outcome, Duration)> = Vec::new();
    for stage in chosen {
        let begun = Instant::now();
        let outcome = outcome(stage, &context, &missing, &report);
        let took = if stage.name == "tools" { searching } else { begun.elapsed() };
        match &outcome {
            Outcome::Passed => println!("{}: passed in {}", stage.name, seconds(took)),
            Outcome::Failed(why) => println!("{}: FAILED after {}: {why}", stage.name, seconds(took)),
            Outcome::NotRun(why) => println!("{}: NOT RUN: {why}", stage.name),
        }
        report.push((stage, outcome, took));
    }
    header("summary", if ci() { "continuous integration" } else { "on this machine" });
    Ok(summary(&report, shell, start.elapsed()))
}

fn look_for(need: Need, shell: &Shell, install: bool) -> Result<PathBuf> {
    match need {
        Need::Nextest => tools::CARGO_NEXTEST.ensure(shell, install),
        Need::Deny => tools::CARGO_DENY.ensure(shell, install),
        Need::Postgres => tools::postgres(shell, install),
        Need::Clients => clients::ensure(shell, install),
    }
}

fn outcome(
    stage: &Stage,
    context: &Context<'_>,
    missing: &[(Need, String)],
    before: &[(&Stage, Outcome, Duration)],
) -> Outcome {
    if context.shell.interrupted() {
        return Outcome::NotRun("interrupted".to_owned());
    }
    let lacks: Vec<_> = missing.iter().filter(|(need, _)| stage.needs.contains(need)).collect();
    if stage.name == "tools" {
        let reasons: Vec<_> = lacks.iter().map(|(_, why)| why.as_str()).collect();
        return if reasons.is_empty() { Outcome::Passed } else { Outcome::Failed(reasons.join("; ")) };
    }
    header(stage.name, stage.what);
    if let Some((_, why)) = lacks.first() {
        return Outcome::NotRun(why.clone());
    }
    let blocker = before.iter().find(|(earlier, outcome, _)| {
        stage.after == Some(earlier.name) && !matches!(outcome, Outcome::Passed)
    });
    if let Some((blocker, ..)) = blocker {
        return Outcome::NotRun(format!("{} did not pass", blocker.name));
    }
    match (stage.run)(context) {
        Ok(()) => Outcome::Passed,
        Err(error) => Outcome::Failed(format!("{error:#}")),
    }
}

fn header(name: &str, what: &str) {
    println!("\n==> {name}: {what}");
}

fn summary(report: &[(&Stage, Outcome, Duration)], shell: &Shell, total: Duration) -> ExitCode {
    let mut passed = true;
    for (stage, outcome, took) in report {
        let (word, why) = match outcome {
            Outcome::Passed => ("passed", ""),
            Outcome::Failed(why) => ("FAILED", why.as_str()),
            Outcome::NotRun(why) => ("NOT RUN", why.as_str()),
        };
        passed &= matches!(outcome, Outcome::Passed);
        let why = why.lines().next().unwrap_or_default();
        println!("{}", format!("{:<9} {word:<8} {:>8}  {why}", stage.name, seconds(*took)).trim_end());
    }
    println!("{:<9} {:<8} {:>8}", "total", if passed { "passed" } else { "FAILED" }, seconds(total));
    if shell.interrupted() {
        // What a shell reports for a program that Ctrl-C ended.
        ExitCode::from(130)
    } else if passed {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}
