//! The moxxie program: server, command line client and demonstration.
//!
//! Every file under `commands/` is one noun of the command line and talks to a server through
//! [`client`]; `serve` and `demo` are where the server's crates are put together.

mod cli;
mod client;
mod commands;
#[cfg(feature = "server")]
mod config;
mod credentials;
#[cfg(feature = "server")]
mod demo;
mod duration;
mod exit;
mod files;
mod follow;
mod output;
#[cfg(feature = "server")]
mod serve;
mod session;

use std::process::ExitCode;

use clap::FromArgMatches;

// Small allocations are a large part of what a request costs a server.
#[cfg(feature = "server")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let matches = cli::command().get_matches();
    let cli = match cli::Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut cli::command()).exit(),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: starting: {error}");
            return ExitCode::from(exit::FAILED);
        }
    };
    match runtime.block_on(cli::run(cli)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::report(&error),
    }
}
