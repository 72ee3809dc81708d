//! `moxxie config`: the server's configuration.

use crate::{
    config::{self, ConfigArgs},
    session::Global,
};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Check the configuration and the environment it needs, and show the settings in force
    Check(Box<ConfigArgs>),
}

/// The settings as data.
#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    settings: &'a [config::Shown],
    sites: Vec<&'a str>,
    pools: Vec<&'a str>,
    tenants: Vec<&'a str>,
    routers: Vec<&'a str>,
    warnings: &'a [String],
}

pub(crate) fn run(command: Command, global: &Global) -> anyhow::Result<()> {
    let Command::Check(args) = command;
    let config = config::load(&args, &|name| std::env::var(name).ok())?;
    let out = global.out();
    for warning in &config.warnings {
        out.warn(warning);
    }
    let resources = &config.resources;
    let report = Report {
        settings: &config.shown,
        sites: resources.sites.iter().map(|entry| entry.request.name.as_str()).collect(),
        pools: resources.pools.iter().map(|entry| entry.request.name.as_str()).collect(),
        tenants: resources.tenants.iter().map(|entry| entry.request.name.as_str()).collect(),
        routers: resources.routers.iter().map(|entry| entry.request.name.as_str()).collect(),
        warnings: &config.warnings,
    };
    if !out.for_people() {
        return out.data(&report);
    }
    out.list(report.settings, &["KEY", "VALUE", "FROM"], |shown| {
        vec![shown.key.to_owned(), shown.value.clone(), shown.source.clone()]
    })?;
    for (what, names) in [
        ("sites", &report.sites),
        ("pools", &report.pools),
        ("tenants", &report.tenants),
        ("routers", &report.routers),
    ] {
        if !names.is_empty() {
            out.text(&format!("{what}: {}\n", names.join(", ")))?;
        }
    }
    out.note("The configuration is valid.");
    Ok(())
}
