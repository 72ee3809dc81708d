//! `cargo xtask conformance` and `cargo xtask chr`.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};
use routeros_client::{Security, SpkiSha256};
use routeros_conformance::chr::{Machine, Settings};
use routeros_conformance::{Capability, Choice, Report, Target, checks, run};

/// Holds a router to what is documented about RouterOS 7.
///
/// Exit code 0: as documented; 1: something well documented is otherwise, or rows were left behind; 2: it
/// could not be asked.
#[derive(Debug, Parser)]
#[command(name = "routeros-conformance", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Ask a router at an address. Works only on rows of its own making, and removes them.
    Run {
        /// Host or IP address, with or without a port.
        #[arg(long)]
        address: String,
        /// A user with the policies api, read, write, policy and test.
        #[arg(long, default_value = "admin")]
        user: String,
        /// Name of the environment variable that holds the password.
        #[arg(long, value_name = "VAR")]
        password_env: String,
        /// Use TLS, and expect the key with this pin (`sha256:` and 64 digits).
        #[arg(long, value_name = "PIN")]
        tls_pin: Option<SpkiSha256>,
        /// Also do what concerns more than rows of our own. `safe-mode`: an unroll takes back what anybody
        /// does meanwhile. `users`: makes a group and a user for a moment.
        #[arg(long, value_delimiter = ',')]
        allow: Vec<Capability>,
        #[command(flatten)]
        report: ReportArgs,
    },
    /// Start a CHR in QEMU and ask it everything; the image is not changed.
    Chr {
        /// The raw disk image, unpacked.
        #[arg(long)]
        image: PathBuf,
        /// The emulator program.
        #[arg(long, default_value = "qemu-system-x86_64")]
        qemu: PathBuf,
        /// Local port that leads to the API; 0 lets the system choose.
        #[arg(long, default_value_t = 0)]
        port: u16,
        /// Seconds until the first login must have worked.
        #[arg(long, default_value_t = 300)]
        boot_timeout: u64,
        /// The image's user.
        #[arg(long, default_value = "admin")]
        user: String,
        /// Name of the environment variable that holds the password; without it, it is empty.
        #[arg(long, value_name = "VAR")]
        password_env: Option<String>,
        #[command(flatten)]
        report: ReportArgs,
    },
    /// List the checks with their sources.
    List,
}

#[derive(Debug, Args)]
struct ReportArgs {
    /// Only checks whose name begins so; may be given several times.
    #[arg(long, value_name = "START")]
    only: Vec<String>,
    /// Write the report as JSON to this file; `-` is standard output, in place of the table.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Makes the names of rows; at random when not given.
    #[arg(long)]
    seed: Option<u64>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let interrupted = async {
        let terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
        match terminate {
            Ok(mut terminate) => tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            },
            Err(_) => _ = tokio::signal::ctrl_c().await,
        }
    };
    let ended = tokio::select! {
        ended = work(Cli::parse()) => ended,
        () = interrupted => Err(anyhow::anyhow!("interrupted; rows named mxc... may be left")),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("routeros-conformance: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn work(cli: Cli) -> Result<bool> {
    match cli.command {
        Command::List => {
            for check in checks::all() {
                println!("{:<28} {:<9} {}", check.name, check.quality, check.source);
            }
            Ok(true)
        }
        Command::Run { address, user, password_env, tls_pin, allow, report } => {
            let password = password(&password_env)?;
            let security = tls_pin.map_or(Security::Plain, Security::TlsPinned);
            let target = Target { address, user, password: password.into(), security, allowed: allow };
            ask(&target, &report).await
        }
        Command::Chr { image, qemu, port, boot_timeout, user, password_env, report } => {
            let password = password_env.as_deref().map(password).transpose()?.unwrap_or_default();
            let boot_timeout = Duration::from_secs(boot_timeout);
            let settings = Settings { image, qemu, port, boot_timeout };
            let machine = Machine::start(&settings)?;
            let mut target = Target::plain(&machine.address(), &user, &password);
            target.allowed = Capability::ALL.to_vec();
            let machine = machine.booted(&target).await?;
            let result = ask(&target, &report).await.with_context(|| machine.console());
            machine.stop().await;
            result
        }
    }
}

fn password(variable: &str) -> Result<String> {
    std::env::var(variable).with_context(|| format!("reading the password from the variable {variable}"))
}

async fn ask(target: &Target, args: &ReportArgs) -> Result<bool> {
    let seed = args.seed.unwrap_or_else(|| fastrand::u64(..));
    let choice = Choice { only: args.only.clone(), seed };
    let report = run(target, &choice).await.with_context(|| format!("asking {}", target.address))?;
    write(&report, args)?;
    Ok(report.conforms())
}

fn write(report: &Report, args: &ReportArgs) -> Result<()> {
    let json = || serde_json::to_string_pretty(report).context("writing the report as JSON");
    match args.json.as_deref() {
        Some(file) if file.as_os_str() == "-" => println!("{}", json()?),
        Some(file) => {
            std::fs::write(file, json()? + "\n").with_context(|| format!("writing {}", file.display()))?;
            println!("{report}");
        }
        None => println!("{report}"),
    }
    Ok(())
}
