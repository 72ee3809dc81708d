//! The demonstration: emulated routers, a real server, and a story told through the REST API.

mod chapters;
mod print;
mod routers;
mod rows;
mod story;

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use moxxie_api::token::TokenCreate;
use moxxie_engine::Context;

use crate::{
    client::{self, Api},
    commands::demo::Args,
    config::{self, ConfigArgs, LogFormat},
    output::Out,
    serve::{self, Running},
};
use print::Stage;
use routers::Lab;
use story::Story;

/// Runs the demonstration.
pub(crate) async fn run(args: Args, out: Out) -> anyhow::Result<()> {
    // Failures are part of the story; the log is for those who ask for it.
    let level = std::env::var("MOXXIE_LOG_LEVEL").unwrap_or_else(|_| "off".into());
    serve::log::start(&level, LogFormat::Text)?;

    // Held until the end: dropping it removes the directory.
    let temporary = tempfile::tempdir().context("making a temporary directory")?;
    let data = args.data.clone().unwrap_or_else(|| temporary.path().to_owned());
    let lab = Lab::start(&data, args.data.is_some()).await?;
    let running = start_server(&args, &data).await?;
    let url = running.url();
    let token = token(&running).await?;
    let api = Api::new(client::server(&url)?, Some(token.clone()))?;

    let stage = Stage::new(out);
    stage.title(&url)?;
    let mut story = Story::new(api, lab, stage);
    // The story ends early at Ctrl-C; routers and server are then taken down in good order.
    let told = tokio::select! {
        told = story.tell() => Some(told),
        _ = serve::stop_signal() => None,
    };
    let stop = async {
        match told {
            Some(Ok(())) if !args.exit => {
                story.stage.goodbye(&url, &token, args.data.is_some())?;
                serve::stop_signal().await
            }
            Some(told) => told,
            None => anyhow::bail!("stopped before the end of the story"),
        }
    };
    running.until(stop).await?;
    story.stage.verdict()
}

async fn start_server(args: &Args, data: &Path) -> anyhow::Result<Running> {
    let flags = [
        ("listen", args.listen.to_string()),
        ("data_dir", data.display().to_string()),
        // Nobody waits in a demonstration.
        ("scan_interval", "200ms".to_owned()),
        ("change_deadline", "30s".to_owned()),
        ("max_backoff", "1s".to_owned()),
        ("connect_deadline", "2s".to_owned()),
        ("command_deadline", "5s".to_owned()),
        ("settle", "500ms".to_owned()),
        // Routers are looked at when the story says so.
        ("reality_interval", "off".to_owned()),
        ("drift_interval", "off".to_owned()),
    ];
    // Neither a file nor the environment: the demonstration is the same everywhere.
    let config = config::load(&ConfigArgs::only(&flags), &|_| None)?;
    serve::start(&config.settings, &config.resources).await
}

/// The first admin token, or with data of an earlier run a new one for this run.
async fn token(running: &Running) -> anyhow::Result<String> {
    if let Some(first) = &running.first_token {
        return Ok(first.secret.clone());
    }
    let context = Context::system();
    let taken = running.engine.tokens(&context).await.context("listing tokens")?.len();
    let request = TokenCreate { name: format!("demo-{}", taken + 1), role: "admin".into(), days: Some(1) };
    let made = running.engine.create_token(&context, request).await.context("making a token")?;
    Ok(made.secret)
}

/// A file of the demonstration in the data directory.
fn file(data: &Path, name: &str) -> PathBuf {
    data.join(name)
}
