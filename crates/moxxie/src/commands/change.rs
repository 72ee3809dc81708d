//! `moxxie change`: what moxxie is doing, has done, or could not do.

use clap::{Args, Subcommand};
use moxxie_api::change::{Change, ResolveRequest};

use crate::{
    follow,
    output::{maybe_time, steps, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List changes, the newest first
    List(List),
    /// Show one change and its steps
    Show {
        /// Its id.
        change: String,
    },
    /// Follow the steps of a change to its end; ends with 5 unless it was applied
    Watch {
        /// Its id.
        change: String,
    },
    /// Call a change off: at once when nothing was sent, else by rolling back
    Cancel {
        /// Its id.
        change: String,
    },
    /// Try a waiting or stuck change again now
    Retry {
        /// Its id.
        change: String,
    },
    /// Roll an unfinished change back
    Rollback {
        /// Its id.
        change: String,
    },
    /// Write off a change whose router will not come back; its allocation is released
    Resolve {
        /// Its id.
        change: String,
        /// Why; it is kept in the audit trail.
        #[arg(long)]
        reason: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only in this state.
    #[arg(long)]
    state: Option<String>,
    /// Only of this network (an id).
    #[arg(long)]
    network: Option<String>,
    /// Only in this site.
    #[arg(long)]
    site: Option<String>,
    /// Only those that are not over.
    #[arg(long)]
    open: bool,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let change: Change = match command {
        Command::List(list) => return run_list(list, session).await,
        Command::Show { change } => api.get(&["changes", &change]).await?,
        Command::Watch { change } => return watch(session, &change).await,
        Command::Cancel { change } => api.act(&["changes", &change, "cancel"], &[], None).await?,
        Command::Retry { change } => api.act(&["changes", &change, "retry"], &[], None).await?,
        Command::Rollback { change } => api.act(&["changes", &change, "rollback"], &[], None).await?,
        Command::Resolve { change, reason } => {
            api.post(&["changes", &change, "resolve"], &[], &ResolveRequest { reason }, None).await?
        }
    };
    show(&change, session)?;
    if !change.finished {
        out.note(&format!("follow it with: moxxie change watch {}", change.change_id));
    }
    Ok(())
}

async fn run_list(list: List, session: &Session) -> anyhow::Result<()> {
    let wanted = [("state", list.state), ("networkId", list.network), ("datacenter", list.site)];
    let mut query: Vec<_> =
        wanted.into_iter().filter_map(|(name, value)| value.map(|value| (name, value))).collect();
    if list.open {
        query.push(("open", "true".into()));
    }
    let changes: Vec<Change> = session.api.list(&["changes"], &query, list.limit).await?;
    let headers = ["ID", "KIND", "STATE", "SITE", "TENANT", "NETWORK", "ASKED FOR", "BY"];
    session.out.list(&changes, &headers, |change| {
        let Change { change_id, kind, state, datacenter, created_by, .. } = change.clone();
        let tenant = change.client_id.clone().unwrap_or_default();
        let network = change.network_id.clone().unwrap_or_default();
        let site = datacenter.unwrap_or_default();
        vec![change_id, kind, state, site, tenant, network, time(change.created_at), created_by]
    })
}

async fn watch(session: &Session, id: &str) -> anyhow::Result<()> {
    let Session { api, out } = session;
    let mut told = steps::Told::default();
    let change = follow::change(api, id, |event| {
        if !out.for_people() {
            return out.json_line(event);
        }
        told.event(event, out.pen).map_or(Ok(()), |line| out.text(&format!("{line}\n")))
    })
    .await?;
    Ok(follow::succeeded(&change, &told)?)
}

/// Follows a change that another command began; its steps are progress, not data.
pub(crate) async fn follow_progress(session: &Session, id: &str) -> anyhow::Result<Change> {
    let Session { api, out } = session;
    let mut told = steps::Told::default();
    let change = follow::change(api, id, |event| {
        if out.for_people()
            && let Some(line) = told.event(event, out.err_pen)
        {
            out.note(&line);
        }
        Ok(())
    })
    .await?;
    follow::succeeded(&change, &told)?;
    Ok(change)
}

/// Prints a change.
pub(crate) fn show(change: &Change, session: &Session) -> anyhow::Result<()> {
    let out = session.out;
    out.record(change, |change| {
        let error = change.error.as_ref();
        let steps: Vec<_> = change.steps.iter().map(|step| steps::step(step, out.pen)).collect();
        vec![
            ("Change", change.change_id.clone()),
            ("Kind", change.kind.clone()),
            ("State", change.state.clone()),
            ("Why", error.map(|error| format!("{} ({})", error.message, error.code)).unwrap_or_default()),
            ("Network", change.network_id.clone().unwrap_or_default()),
            ("Tenant", change.client_id.clone().unwrap_or_default()),
            ("Site", change.datacenter.clone().unwrap_or_default()),
            ("Routers", change.routers.join(", ")),
            ("Asked for", format!("{} by {}", time(change.created_at), change.created_by)),
            ("Tries", change.attempt.to_string()),
            ("Next try", maybe_time(change.retry_at)),
            ("Over", maybe_time(change.finished_at)),
            ("Steps", format!("\n{}", steps.join("\n"))),
        ]
    })
}
