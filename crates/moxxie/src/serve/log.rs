//! The log, on standard error.

use anyhow::Context;
use tracing_subscriber::{Layer, filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::config::LogFormat;

/// Starts the log of this process.
pub(crate) fn start(level: &str, format: LogFormat) -> anyhow::Result<()> {
    let filter: Targets = level.parse().with_context(|| format!("reading the log level {level:?}"))?;
    let layer = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let layer = match format {
        LogFormat::Text => {
            use std::io::IsTerminal;
            let color = crate::output::Color::Auto.wanted(std::io::stderr().is_terminal());
            layer.with_ansi(color).boxed()
        }
        LogFormat::Json => layer.json().flatten_event(true).boxed(),
    };
    tracing_subscriber::registry().with(layer.with_filter(filter)).try_init().context("starting the log")
}
