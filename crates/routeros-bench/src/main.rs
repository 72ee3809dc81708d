//! How fast RouterOS is spoken: decoding, pipelining, and the read that every change begins with.
//!
//! Figures, never a test: each is shown beside its limit and beside what else does the same work in the same run.
//! `cargo xtask bench routeros` builds what is needed for release and runs this.

mod decode;
mod emulator;
mod figure;
mod full_read;
mod wave;

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Parser, Subcommand};

#[derive(Debug, Parser)]
#[command(name = "routeros-bench", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure everything, print a table, write JSON.
    Run(Run),
    /// The client's side of the full read, in a process of its own: its peak memory is one of the figures.
    Read(full_read::Client),
}

#[derive(Debug, Args)]
struct Run {
    /// The program `routeros-emulator`.
    #[arg(long)]
    emulator: PathBuf,
    /// A Python with librouteros.
    #[arg(long)]
    python: PathBuf,
    /// Where the figures go as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
    /// Rows of the reply that is decoded.
    #[arg(long, default_value_t = 50_000)]
    rows: u32,
    /// Rows added over the slow line.
    #[arg(long, default_value_t = 1_000)]
    adds: u32,
    /// Networks on the router that is read.
    #[arg(long, default_value_t = 4_000)]
    networks: u32,
    /// How often each is measured; the median counts.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Cli::parse().command {
        Command::Run(run) => measure(run).await,
        Command::Read(client) => client.run().await,
    }
}

async fn measure(run: Run) -> Result<()> {
    let mut figures = decode::measure(run.rows, run.rounds, &run.python)?;
    figures.extend(wave::measure(&run.emulator, run.adds, run.rounds).await?);
    figures.extend(full_read::measure(&run.emulator, run.networks, run.rounds).await?);
    print!("{}", figure::table(&figures));
    if let Some(path) = &run.json {
        let json = serde_json::to_string_pretty(&figure::document(&figures)).context("writing JSON")?;
        fs::write(path, json + "\n").with_context(|| format!("writing {}", path.display()))?;
        println!("\nThe same as JSON: {}", path.display());
    }
    Ok(())
}
