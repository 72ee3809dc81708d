//! `moxxie drift`: rows on routers that are not as they were applied.

use clap::{Args, Subcommand};
use jiff::Timestamp;
use moxxie_api::{
    change::Change,
    drift::{AcceptRequest, Drift, IgnoreRequest, RouterDrift},
};

use super::{
    change::{follow_progress, show as show_change},
    network::{Ask, resolve},
};
use crate::{
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check a router now, and show what is not as it was applied
    Check {
        /// The router.
        router: String,
    },
    /// List drift, the oldest first
    List(List),
    /// Show a piece of drift
    Show {
        /// The drift, drf-...
        drift: String,
    },
    /// Put drift right: restores the network whose row it is
    Revert {
        /// The drift, drf-...
        drift: String,
        #[command(flatten)]
        ask: Ask,
        /// Follow the steps to the end; ends with 5 when the change fails.
        #[arg(long, conflicts_with = "dry_run")]
        wait: bool,
    },
    /// Take what was found for right, until a change applies the row again
    Accept {
        /// The drift, drf-...
        drift: String,
        /// Why it is right.
        #[arg(long)]
        reason: String,
    },
    /// Let drift be, with a reason
    Ignore {
        /// The drift, drf-...
        drift: String,
        /// Why it may stay.
        #[arg(long)]
        reason: String,
        /// Only until then, such as 2030-01-31T08:00:00Z; it is open again afterwards.
        #[arg(long, value_name = "TIME")]
        until: Option<Timestamp>,
    },
    /// Take back that drift was ignored or accepted
    Reopen {
        /// The drift, drf-...
        drift: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only at this site.
    #[arg(long)]
    site: Option<String>,
    /// Only of this router.
    #[arg(long)]
    router: Option<String>,
    /// Only of this network, by id or name.
    #[arg(long)]
    network: Option<String>,
    /// Only of this kind, such as missing or left_over.
    #[arg(long)]
    kind: Option<String>,
    /// Only in this state: open, ignored, accepted, resolved.
    #[arg(long)]
    state: Option<String>,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let api = &session.api;
    match command {
        Command::Check { router } => {
            let found: RouterDrift = api.act(&["routers", &router, "drift", "check"], &[], None).await?;
            if !session.out.for_people() {
                return session.out.data(&found);
            }
            if found.items.is_empty() {
                return session.out.text(&format!("router {} is as it was applied\n", found.router));
            }
            table(&found.items, session)
        }
        Command::List(list) => run_list(list, session).await,
        Command::Show { drift } => show(&api.get(&["drift", &drift]).await?, session),
        Command::Revert { drift, ask, wait } => {
            let path = ["drift", drift.as_str(), "revert"];
            if ask.dry_run() {
                return ask.show(&api.act(&path, ask.query(), None).await?, session);
            }
            let change: Change = api.act(&path, &[], ask.key()).await?;
            if wait {
                return show_change(&follow_progress(session, &change.change_id).await?, session);
            }
            show_change(&change, session)?;
            session.out.note(&format!("follow it with: moxxie change watch {}", change.change_id));
            Ok(())
        }
        Command::Accept { drift, reason } => show(
            &api.post(&["drift", &drift, "accept"], &[], &AcceptRequest { reason }, None).await?,
            session,
        ),
        Command::Ignore { drift, reason, until } => {
            let request = IgnoreRequest { reason, until };
            show(&api.post(&["drift", &drift, "ignore"], &[], &request, None).await?, session)
        }
        Command::Reopen { drift } => show(&api.act(&["drift", &drift, "reopen"], &[], None).await?, session),
    }
}

async fn run_list(list: List, session: &Session) -> anyhow::Result<()> {
    let network = match &list.network {
        Some(network) => Some(resolve(session, network).await?.network_id),
        None => None,
    };
    let List { site, router, kind, state, limit, .. } = list;
    let given =
        [("datacenter", site), ("router", router), ("network", network), ("kind", kind), ("state", state)];
    let query: Vec<(&str, String)> =
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    let found: Vec<Drift> = session.api.list(&["drift"], &query, limit).await?;
    table(&found, session)
}

fn table(found: &[Drift], session: &Session) -> anyhow::Result<()> {
    let headers = ["DRIFT", "KIND", "STATE", "ROUTER", "ROW", "FIELD", "EXPECTED", "FOUND", "WHO", "SINCE"];
    session.out.list(found, &headers, |one| {
        vec![
            one.drift_id.clone(),
            one.kind.clone(),
            one.state.clone(),
            one.router.clone(),
            format!("{} {}", one.menu, one.mark),
            maybe(&one.field),
            maybe(&one.expected),
            maybe(&one.found),
            maybe(&one.who),
            time(one.since),
        ]
    })
}

fn show(drift: &Drift, session: &Session) -> anyhow::Result<()> {
    session.out.record(drift, |one| {
        let said = one.said.as_ref().map(|said| {
            let until = said.until.map_or_else(String::new, |until| format!(" until {}", time(until)));
            format!("{} by {}{until}: {}", time(said.at), said.by, said.reason)
        });
        vec![
            ("Drift", one.drift_id.clone()),
            ("Kind", one.kind.clone()),
            ("State", one.state.clone()),
            ("Router", one.router.clone()),
            ("Network", maybe(&one.network_id)),
            ("Menu", one.menu.clone()),
            ("Mark", one.mark.clone()),
            ("Field", maybe(&one.field)),
            ("Expected", maybe(&one.expected)),
            ("Found", maybe(&one.found)),
            ("Who", maybe(&one.who)),
            ("Since", time(one.since)),
            ("Said", maybe(&said)),
            ("Over", maybe(&one.ended_at.map(time))),
        ]
    })
}
