//! The program `routeros-emulator`: one router in a process of its own.

use std::error::Error;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use routeros_emulator::dataplane::{Linux, follow};
use routeros_emulator::{Builder, ControlServer, Emulator, Version, assumptions, describe};
use tokio::signal::unix::{SignalKind, signal};

/// A believable RouterOS for tests and demonstrations.
#[derive(Debug, Parser)]
#[command(
    name = "routeros-emulator",
    version,
    disable_version_flag = true,
    args_conflicts_with_subcommands = true
)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    router: Router,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Print the menus and fields of a version as JSON.
    Schema {
        /// RouterOS version, for example 7.22.
        #[arg(long)]
        version: Version,
    },
    /// Print what is assumed about RouterOS, with reasons, as JSON.
    Assumptions,
}

#[derive(Debug, Args)]
struct Router {
    /// RouterOS version: 7.16, 7.18 to 7.24.
    #[arg(long, default_value = "7.22")]
    version: String,
    /// Address of the API.
    #[arg(long, default_value = "127.0.0.1:8728")]
    api: String,
    /// Address of the API over TLS.
    #[arg(long)]
    api_ssl: Option<String>,
    /// Begin without a certificate on api-ssl: handshakes of normal clients fail.
    #[arg(long)]
    without_certificate: bool,
    /// A user of group full, as NAME:PASSWORD; may be given several times.
    #[arg(long, value_name = "NAME:PASSWORD")]
    user: Vec<String>,
    /// Rows to begin with, faults, timing (TOML).
    #[arg(long)]
    scene: Option<PathBuf>,
    /// Address of the control API (JSON lines over TCP).
    #[arg(long)]
    control: Option<String>,
    /// Where every random choice comes from.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Serial number of a board, or system id of a CHR.
    #[arg(long)]
    serial: Option<String>,
    /// Be a CCR2116 instead of a CHR.
    #[arg(long)]
    board: bool,
    /// Ask for a challenge to be answered at login, as before RouterOS 6.43.
    #[arg(long)]
    old_login: bool,
    /// Name of the router.
    #[arg(long)]
    identity: Option<String>,
    /// Number of Ethernet ports.
    #[arg(long, default_value_t = 4)]
    ethernet: u32,
    /// Milliseconds that every command waits.
    #[arg(long, default_value_t = 0)]
    latency_ms: u64,
    /// Milliseconds by which that varies.
    #[arg(long, default_value_t = 0)]
    jitter_ms: u64,
    /// Milliseconds that every byte takes in each direction.
    #[arg(long, default_value_t = 0)]
    distance_ms: u64,
    /// Make what is configured real: needs root, iproute2, iptables, ipset and dnsmasq.
    #[arg(long, requires = "netns")]
    dataplane: Option<Plane>,
    /// The network namespace whose Ethernet ports, called as the router's, are the router's.
    #[arg(long, value_name = "NAME", requires = "dataplane")]
    netns: Option<String>,
    /// Where the data plane keeps the files of its daemons.
    #[arg(long, value_name = "DIRECTORY", default_value = "/run")]
    dataplane_dir: PathBuf,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Plane {
    /// A network namespace of the Linux kernel.
    Linux,
}

impl Router {
    fn builder(&self) -> Result<Builder, Box<dyn Error>> {
        let mut builder = Emulator::builder()
            .version(&self.version)?
            .bind(&self.api)
            .seed(self.seed)
            .ethernet(self.ethernet)
            .old_login(self.old_login)
            .latency(Duration::from_millis(self.latency_ms), Duration::from_millis(self.jitter_ms))
            .distance(Duration::from_millis(self.distance_ms));
        for user in &self.user {
            let (name, password) = user.split_once(':').ok_or("--user wants NAME:PASSWORD")?;
            builder = builder.user(name, password);
        }
        if let Some(address) = &self.api_ssl {
            builder = builder.api_ssl(address);
        }
        if self.without_certificate {
            builder = builder.without_certificate();
        }
        if let Some(scene) = &self.scene {
            builder = builder.scene(&std::fs::read_to_string(scene)?)?;
        }
        if let Some(serial) = &self.serial {
            builder = builder.serial(serial);
        }
        if let Some(identity) = &self.identity {
            builder = builder.identity(identity);
        }
        Ok(if self.board { builder.board() } else { builder })
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let cli = Cli::parse();
    match cli.command {
        Some(Command::Schema { version }) => print_json(&describe(version)),
        Some(Command::Assumptions) => print_json(&assumptions()),
        None => run(&cli.router).await,
    }
}

fn print_json(value: &impl serde::Serialize) -> Result<(), Box<dyn Error>> {
    match writeln!(std::io::stdout(), "{}", serde_json::to_string_pretty(value)?) {
        // Whoever reads has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

async fn run(router: &Router) -> Result<(), Box<dyn Error>> {
    let emulator = Arc::new(router.builder()?.start().await?);
    let mut ready = serde_json::json!({"api": emulator.addr(), "version": router.version});
    if let Some(address) = emulator.tls_addr() {
        ready["api-ssl"] = serde_json::json!(address);
    }
    let plane = router.dataplane.zip(router.netns.as_deref()).map(|(Plane::Linux, netns)| {
        tokio::spawn(follow(emulator.clone(), Linux::new(netns, router.dataplane_dir.clone())))
    });
    let mut control = None;
    if let Some(address) = &router.control {
        let server = ControlServer::bind(address).await?;
        ready["control"] = serde_json::json!(server.addr());
        control = Some(tokio::spawn(server.serve(emulator.clone())));
    }
    // One line that a program can read: where everything listens.
    writeln!(std::io::stdout(), "{ready}")?;
    std::io::stdout().flush()?;
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
    for task in control.into_iter().chain(plane) {
        task.abort();
    }
    emulator.go_offline().await;
    Ok(())
}
