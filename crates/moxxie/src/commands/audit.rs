//! `moxxie audit`: who did what, when, and what came of it.

use std::io::Write;

use anyhow::Context;
use clap::{Args, Subcommand};
use moxxie_api::audit::{AuditEvent, AuditVerification};

use crate::{output::time, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List events, the newest first
    List(List),
    /// Check every hash chain and checkpoint; ends with 1 when one does not hold
    Verify,
    /// Write all events as JSON lines, the oldest first
    Export(Filter),
}

#[derive(Debug, Args)]
pub(crate) struct List {
    #[command(flatten)]
    filter: Filter,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

#[derive(Debug, Args)]
pub(crate) struct Filter {
    /// Only by this actor.
    #[arg(long)]
    actor: Option<String>,
    /// Only this action, such as network.provision.
    #[arg(long)]
    action: Option<String>,
    /// Only about this object (an id).
    #[arg(long)]
    object: Option<String>,
    /// Only with this outcome: accepted, succeeded, refused, failed.
    #[arg(long)]
    outcome: Option<String>,
    /// Only from this time on (RFC 3339).
    #[arg(long, value_name = "TIME")]
    since: Option<String>,
    /// Only before this time (RFC 3339).
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
}

impl Filter {
    fn query(self) -> Vec<(&'static str, String)> {
        let Self { actor, action, object, outcome, since, until } = self;
        [
            ("actor", actor),
            ("action", action),
            ("object", object),
            ("outcome", outcome),
            ("since", since),
            ("until", until),
        ]
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name, value)))
        .collect()
    }
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::List(list) => {
            let events: Vec<AuditEvent> = api.list(&["audit"], &list.filter.query(), list.limit).await?;
            out.list(&events, &["TIME", "ACTOR", "FROM", "ACTION", "OBJECT", "OUTCOME", "CODE"], |event| {
                let AuditEvent { actor, source, action, object, outcome, .. } = event.clone();
                // A refusal has its code at the top, a change that failed in its error.
                let code = event.detail["code"].as_str().or_else(|| event.detail["error"]["code"].as_str());
                let code = code.unwrap_or_default().to_owned();
                vec![time(event.at), actor, source, action, object, outcome, code]
            })
        }
        Command::Verify => {
            let found: AuditVerification = api.get(&["audit", "verify"]).await?;
            out.record(&found, |found| {
                vec![
                    ("Intact", if found.intact { "yes" } else { "no" }.into()),
                    ("Chains", found.chains.to_string()),
                    ("Events", found.events.to_string()),
                    ("Checkpoints", found.checkpoints.to_string()),
                    ("Problems", found.problems.join("\n")),
                ]
            })?;
            anyhow::ensure!(found.intact, "the audit trail does not hold: {} problems", found.problems.len());
            Ok(())
        }
        Command::Export(filter) => {
            let mut download = api.download(&["audit", "export"], &filter.query()).await?;
            let mut stdout = std::io::stdout().lock();
            while let Some(bytes) = download.next().await? {
                stdout.write_all(bytes.as_ref()).context("writing to standard output")?;
            }
            stdout.flush().context("writing to standard output")
        }
    }
}
