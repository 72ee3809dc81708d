//! `moxxie serve`: the server.

use std::io::Write;

use anyhow::Context;

use crate::{
    config::{self, Config, ConfigArgs},
    serve::{self, Running},
};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Flags win over environment variables, variables over the file, the file over the defaults; sites, \
pools, routers, tenants and firewall profiles can stand in the file (see moxxie.example.toml and `moxxie config check`).

SIGTERM and Ctrl-C end the server when what is under way has come to a safe point; a second one at once.")]
pub(crate) struct Args {
    #[command(flatten)]
    config: ConfigArgs,
}

pub(crate) async fn run(args: Args) -> anyhow::Result<()> {
    let config = config::load(&args.config, &|name| std::env::var(name).ok())?;
    let Config { settings, resources, warnings, .. } = &config;
    serve::log::start(&settings.log_level, settings.log_format)?;
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    let running = serve::start(settings, resources).await?;
    // Whoever reads that it listens may stop it at once, and in good order.
    let stop = serve::stop_signal();
    announce(&running)?;
    running.until(stop).await
}

/// Says where it listens, and this once the admin token made because there was none. On standard output, which a test reads;
/// the log goes to standard error.
fn announce(running: &Running) -> anyhow::Result<()> {
    let url = running.url();
    let mut text = format!("listening on {url}\n");
    if let Some(token) = &running.first_token {
        text.push_str(&format!(
            "\nThere was no valid admin token, so this one was made; it is shown this once.\n\n  {}\n\n\
             Keep it for the command line with: moxxie login --server {url}\n",
            token.secret,
        ));
    }
    let mut stdout = std::io::stdout().lock();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).context("writing to standard output")
}
