//! `moxxie import`, `moxxie export`: tables in and out.

use std::{io::Write, path::PathBuf};

use anyhow::Context;
use clap::Args;
use moxxie_api::exchange::ImportReport;
use serde_json::{Map, Value};

use crate::{exit::Usage, files::write, session::Session};

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// A CSV file; - reads standard input.
    file: PathBuf,
    /// The type of lines that name none: tenant, vrf, container, pool, asn_range, network, range, prefix, vlan, asn, address.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only say what would be done and what is wrong, line by line.
    #[arg(long)]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// csv, json, ansible for an inventory; toml or yaml for `moxxie plan` and `moxxie apply`.
    #[arg(long, default_value = "csv")]
    format: String,
    /// Only this type: tenant, vrf, container, pool, asn_range, network, range, prefix, vlan, asn, address.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Only what is this tenant's.
    #[arg(long)]
    tenant: Option<String>,
}

pub(crate) async fn import(args: Import, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let file = if args.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut std::io::stdin().lock(), &mut bytes)
            .context("reading standard input")?;
        bytes
    } else {
        std::fs::read(&args.file).with_context(|| format!("reading {}", args.file.display()))?
    };
    let mut query = Vec::new();
    if args.dry_run {
        query.push(("dryRun", "true"));
    }
    if let Some(kind) = &args.kind {
        query.push(("type", kind));
    }
    let report: ImportReport = api.upload(&["import"], &query, "text/csv", file).await?;
    if !out.for_people() {
        out.data(&report)?;
    } else if report.problems.is_empty() {
        let created: Vec<_> =
            report.created.iter().map(|(kind, count)| format!("{count} of type {kind}")).collect();
        let created = if created.is_empty() { "nothing".to_owned() } else { created.join(", ") };
        let verb = if report.dry_run { "would make" } else { "made" };
        out.text(&format!("{verb} {created}; {} lines say what is so already\n", report.unchanged))?;
    } else {
        out.list(&report.problems, &["LINE", "COLUMN", "WHAT IS WRONG"], |problem| {
            vec![problem.line.to_string(), problem.column.clone(), problem.message.clone()]
        })?;
    }
    let count = report.problem_count;
    anyhow::ensure!(count == 0, "{count} lines cannot be imported, so nothing would be");
    Ok(())
}

pub(crate) async fn export(args: Export, session: &Session) -> anyhow::Result<()> {
    let Export { format, kind, tenant } = args;
    if let Some(write) = match format.as_str() {
        "toml" => Some(write::toml as fn(&Map<String, Value>) -> anyhow::Result<String>),
        "yaml" => Some(write::yaml as _),
        _ => None,
    } {
        if kind.is_some() || tenant.is_some() {
            return Err(
                Usage(format!("--type and --tenant are not for {format}, which is everything")).into()
            );
        }
        let declaration: Map<String, Value> = session.api.get(&["declaration"]).await?;
        return session.out.text(&write(&declaration)?);
    }
    let query: Vec<_> = [("format", Some(format)), ("type", kind), ("clientId", tenant)]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect();
    let mut download = session.api.download(&["export"], &query).await?;
    let mut stdout = std::io::stdout().lock();
    while let Some(bytes) = download.next().await? {
        stdout.write_all(bytes.as_ref()).context("writing to standard output")?;
    }
    stdout.flush().context("writing to standard output")
}
