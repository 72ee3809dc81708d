//! The command line, parsed by hand: a few verbs are not worth the build time of a parser.

use anyhow::{Context as _, Result, bail};

use crate::lab::LabOptions;
use crate::stages;

/// What `cargo xtask help` prints.
pub(crate) const HELP: &str = "\
Usage: cargo xtask <task>

  test [--only STAGE]... [--no-install] [-- ARGS]
                    every check, with a PostgreSQL of its own; ARGS go to nextest
                    stages: tools fmt layers clippy build tests doctests docs fuzz deny
  layers            crates depend on each other only as ARCHITECTURE.md says
  audit             dependencies against the advisory database (needs the network), and duplicates
  postgres [-- COMMAND]
                    run COMMAND with a throw-away PostgreSQL in MOXXIE_TEST_POSTGRES;
                    without COMMAND, print its URL and keep it until Ctrl-C
  openapi           write docs/openapi.json from the code
  demo [ARGS]       the product's demo, built for release
  conformance --address HOST[:PORT] --user U --password-env VAR [ARGS]
                    hold a router of your own to what is documented about RouterOS; `--help` says more
  chr --image FILE [ARGS]
                    the same for a CHR that is started in QEMU
  bench ipam [ARGS]
                    addresses given out through HTTP, beside pgbench and the disk; `--help` says more
  bench changes [ARGS]
                    networks put on a router 20 ms away, beside Ansible's community.routeros
  bench routeros [ARGS]
                    how fast routers are spoken to, beside librouteros and the limits; JSON and a table
  fuzz [TARGET]... [--seconds N | --runs N] [--keep]
                    whatever comes, decoders and the emulator stand; without targets all of them, without a
                    length as short as in `test`; --keep takes what was found new into the corpus
  lab [--break provider|switch|tags] [--uml]
                    emulated routers with a real Linux data plane, managed by moxxie, proved by packets; as root;
                    in User-Mode Linux where this kernel cannot, or with --uml; a broken one must fail
  lines             source files longer than 600 lines
";

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Print [`HELP`].
    Help,
    /// Every check.
    Test(TestOptions),
    /// The layering check alone.
    Layers,
    /// The advisory database.
    Audit,
    /// The product's demo, with its arguments.
    Demo(Vec<String>),
    /// The conformance suite, with its verb and arguments.
    Conformance(Vec<String>),
    /// Write the OpenAPI document.
    Openapi,
    /// A throw-away PostgreSQL for this command, or until Ctrl-C.
    Postgres(Vec<String>),
    /// A benchmark by its name, with its arguments.
    Bench(Bench, Vec<String>),
    /// Fuzz targets.
    Fuzz(FuzzOptions),
    /// The lab.
    Lab(LabOptions),
    /// Long files.
    Lines,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bench {
    /// Client, driver and emulator.
    Routeros,
    /// Addresses given out through HTTP.
    Ipam,
    /// Networks put on a router.
    Changes,
}

/// Options of `cargo xtask fuzz`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct FuzzOptions {
    /// Names of targets; empty means all.
    pub(crate) targets: Vec<String>,
    /// How long each runs; the short way when there is none.
    pub(crate) length: Option<FuzzLength>,
    /// Whether the corpus takes up what is new.
    pub(crate) keep: bool,
}

/// How long a fuzz target runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FuzzLength {
    /// So many seconds.
    Seconds(u64),
    /// So many inputs.
    Runs(u64),
}

/// Options of `cargo xtask test`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TestOptions {
    /// Names of the stages to run; empty means all.
    pub(crate) only: Vec<String>,
    /// Whether missing tools are reported rather than installed.
    pub(crate) no_install: bool,
    /// Arguments for nextest.
    pub(crate) nextest: Vec<String>,
}

/// Reads the arguments after the program's name.
pub(crate) fn parse(args: impl IntoIterator<Item = String>) -> Result<Task> {
    let mut args = args.into_iter();
    let verb = args.next().unwrap_or_else(|| "help".to_owned());
    let rest: Vec<String> = args.collect();
    let task = match verb.as_str() {
        "test" => return Ok(Task::Test(test_options(rest)?)),
        "demo" => return Ok(Task::Demo(after_dashes(rest))),
        "conformance" => return Ok(Task::Conformance(conformance("run", rest))),
        "chr" => return Ok(Task::Conformance(conformance("chr", rest))),
        "bench" => return bench(rest),
        "fuzz" => return Ok(Task::Fuzz(fuzz(rest)?)),
        "lab" => return Ok(Task::Lab(lab(rest)?)),
        "postgres" => return Ok(Task::Postgres(after_dashes(rest))),
        "help" | "-h" | "--help" => Task::Help,
        "layers" => Task::Layers,
        "audit" => Task::Audit,
        "openapi" => Task::Openapi,
        "lines" => Task::Lines,
        other => bail!("there is no task `{other}`\n\n{HELP}"),
    };
    if let Some(extra) = rest.first() {
        bail!("`{verb}` takes no argument, got `{extra}`");
    }
    Ok(task)
}

fn lab(rest: Vec<String>) -> Result<LabOptions> {
    let mut options = LabOptions::default();
    let mut rest = rest.into_iter();
    while let Some(arg) = rest.next() {
        match (arg.as_str(), arg.strip_prefix("--break=")) {
            ("--uml", _) => options.uml = true,
            ("--break", _) => {
                options.broken = Some(rest.next().context("--break wants `provider`, `switch` or `tags`")?)
            }
            (_, Some(what)) => options.broken = Some(what.to_owned()),
            (other, _) => bail!("`lab` takes --break and --uml, not `{other}`"),
        }
    }
    Ok(options)
}

fn conformance(verb: &str, rest: Vec<String>) -> Vec<String> {
    std::iter::once(verb.to_owned()).chain(after_dashes(rest)).collect()
}

fn bench(mut rest: Vec<String>) -> Result<Task> {
    let bench = match rest.first().map(String::as_str) {
        Some("routeros") => Bench::Routeros,
        Some("ipam") => Bench::Ipam,
        Some("changes") => Bench::Changes,
        _ => bail!("`bench` wants to know what: `bench routeros`, `bench ipam` or `bench changes`"),
    };
    rest.remove(0);
    Ok(Task::Bench(bench, after_dashes(rest)))
}

fn fuzz(rest: Vec<String>) -> Result<FuzzOptions> {
    let mut options = FuzzOptions::default();
    let mut rest = rest.into_iter();
    while let Some(arg) = rest.next() {
        let mut number = || match rest.next().map(|text| text.parse()) {
            Some(Ok(number)) => Ok(number),
            _ => bail!("`{arg}` wants a number"),
        };
        match arg.as_str() {
            "--seconds" => options.length = Some(FuzzLength::Seconds(number()?)),
            "--runs" => options.length = Some(FuzzLength::Runs(number()?)),
            "--keep" => options.keep = true,
            target if crate::fuzz::TARGETS.iter().any(|known| known.name == target) => {
                options.targets.push(target.to_owned());
            }
            other => {
                let known: Vec<_> = crate::fuzz::TARGETS.iter().map(|target| target.name).collect();
                bail!("`fuzz` knows no `{other}`; targets are {}", known.join(", "));
            }
        }
    }
    Ok(options)
}

fn after_dashes(mut rest: Vec<String>) -> Vec<String> {
    if rest.first().is_some_and(|first| first == "--") {
        rest.remove(0);
    }
    rest
}

fn test_options(rest: Vec<String>) -> Result<TestOptions> {
    let mut options = TestOptions::default();
    let mut rest = rest.into_iter();
    while let Some(arg) = rest.next() {
        let stage = match arg.as_str() {
            "--" => {
                options.nextest = rest.collect();
                break;
            }
            "--no-install" => {
                options.no_install = true;
                continue;
            }
            "--only" => rest.next().unwrap_or_default(),
            other => match other.strip_prefix("--only=") {
                Some(stage) => stage.to_owned(),
                None => bail!("`test` has no option `{other}`; arguments for nextest go after `--`"),
            },
        };
        if !stages::STAGES.iter().any(|known| known.name == stage) {
            let known: Vec<_> = stages::STAGES.iter().map(|stage| stage.name).collect();
            bail!("there is no stage `{stage}`; there are {}", known.join(", "));
        }
        options.only.push(stage);
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Task> {
        parse(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn test_takes_stages_and_passes_the_rest_to_nextest() {
        let task = parsed("test --only fmt --only=tests --no-install -- -p moxxie-core --only x").unwrap();
        let expected = TestOptions {
            only: vec!["fmt".into(), "tests".into()],
            no_install: true,
            nextest: ["-p", "moxxie-core", "--only", "x"].map(str::to_owned).into(),
        };
        assert_eq!(task, Task::Test(expected));
    }

    #[test]
    fn unknown_words_are_refused_with_what_would_work() {
        let error = parsed("test --only speed").unwrap_err().to_string();
        assert!(error.starts_with("there is no stage `speed`; there are tools, fmt"), "{error}");
        let error = parsed("test moxxie-core").unwrap_err().to_string();
        assert!(error.contains("after `--`"), "{error}");
        assert!(parsed("tset").is_err());
        assert!(parsed("layers now").is_err());
    }

    #[test]
    fn help_names_every_stage() {
        for stage in stages::STAGES {
            assert!(HELP.contains(stage.name), "{}", stage.name);
        }
    }

    #[test]
    fn fuzz_takes_targets_and_a_length() {
        let expected =
            FuzzOptions { targets: vec!["wire".into()], length: Some(FuzzLength::Seconds(60)), keep: true };
        assert_eq!(parsed("fuzz wire --seconds 60 --keep").unwrap(), Task::Fuzz(expected));
        assert!(parsed("fuzz wires").unwrap_err().to_string().contains("targets are wire, "));
        assert!(parsed("fuzz --runs many").is_err());
        assert!(parsed("bench").is_err() && parsed("bench ether").is_err());
    }

    #[test]
    fn nothing_means_help() {
        assert_eq!(parsed("").unwrap(), Task::Help);
        assert_eq!(parsed("demo --exit").unwrap(), Task::Demo(vec!["--exit".into()]));
        assert_eq!(
            parsed("chr --image x").unwrap(),
            Task::Conformance(vec!["chr".into(), "--image".into(), "x".into()])
        );
        assert_eq!(parsed("postgres -- psql -l").unwrap(), Task::Postgres(vec!["psql".into(), "-l".into()]));
    }
}
