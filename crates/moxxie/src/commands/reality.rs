//! `moxxie reality`: what routers show, against the records.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use moxxie_api::{
    address::Address,
    reality::{AcknowledgeRequest, AdoptRequest, Finding, RouterScan},
};

use super::{claim::label, network::resolve};
use crate::{
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Look at a router now
    Scan {
        /// The router.
        router: String,
    },
    /// List where routers and records differ, the oldest first
    List(List),
    /// Let a finding stay, with a reason
    #[command(visible_alias = "ack")]
    Acknowledge {
        /// The finding, fnd-...
        finding: String,
        /// Why it may stay.
        #[arg(long)]
        reason: String,
    },
    /// Take back that a finding may stay
    Reopen {
        /// The finding, fnd-...
        finding: String,
    },
    /// Record an address that is in use without record, as it was seen
    Adopt {
        /// The finding, fnd-...
        finding: String,
        /// Host name, in place of what the host calls itself.
        #[arg(long)]
        hostname: Option<String>,
        /// What it is for: vm, reserved or vip [default: vm].
        #[arg(long = "type", value_name = "TYPE")]
        kind: Option<String>,
        /// Your own id of the virtual machine.
        #[arg(long)]
        vm_id: Option<String>,
        /// A free label; may be repeated.
        #[arg(long = "label", alias = "tag", value_name = "KEY=VALUE", value_parser = label)]
        tags: Vec<(String, String)>,
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
    /// Only of this kind, such as unknown_in_use.
    #[arg(long)]
    kind: Option<String>,
    /// Also those that somebody said may stay.
    #[arg(long)]
    all: bool,
    /// How many at most.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    limit: usize,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let api = &session.api;
    match command {
        Command::Scan { router } => {
            let scan: RouterScan = api.act(&["routers", &router, "scan"], &[], None).await?;
            session.out.record(&scan, |scan| {
                vec![
                    ("Router", scan.router.clone()),
                    ("Scan", scan.scan.to_string()),
                    ("At", time(scan.at)),
                    ("Seen", counts(&scan.seen)),
                    ("Cut off", scan.truncated.join(" ")),
                    ("Findings", counts(&scan.findings)),
                ]
            })
        }
        Command::List(list) => run_list(list, session).await,
        Command::Acknowledge { finding, reason } => {
            let request = AcknowledgeRequest { reason };
            show(&api.post(&["reality", &finding, "acknowledge"], &[], &request, None).await?, session)
        }
        Command::Reopen { finding } => {
            show(&api.act(&["reality", &finding, "reopen"], &[], None).await?, session)
        }
        Command::Adopt { finding, hostname, kind, vm_id, tags } => {
            let request = AdoptRequest { hostname, kind, vm_id, tags: BTreeMap::from_iter(tags) };
            let address: Address = api.post(&["reality", &finding, "adopt"], &[], &request, None).await?;
            super::address::show(&address, session)
        }
    }
}

async fn run_list(list: List, session: &Session) -> anyhow::Result<()> {
    let network = match &list.network {
        Some(network) => Some(resolve(session, network).await?.network_id),
        None => None,
    };
    let List { site, router, kind, all, limit, .. } = list;
    let given = [("datacenter", site), ("router", router), ("network", network), ("kind", kind)];
    let mut query: Vec<(&str, String)> =
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect();
    if all {
        query.push(("acknowledged", "true".to_owned()));
    }
    let findings: Vec<Finding> = session.api.list(&["reality"], &query, limit).await?;
    session.out.list(&findings, &["FINDING", "KIND", "ROUTER", "ADDRESS", "SINCE", "DETAIL"], |one| {
        vec![
            one.finding_id.clone(),
            one.kind.clone(),
            one.router.clone(),
            maybe(&one.address),
            time(one.since),
            one.detail.clone(),
        ]
    })
}

fn counts(counts: &BTreeMap<String, u64>) -> String {
    let all: Vec<_> = counts.iter().map(|(word, count)| format!("{word} {count}")).collect();
    if all.is_empty() { "none".to_owned() } else { all.join(", ") }
}

fn show(finding: &Finding, session: &Session) -> anyhow::Result<()> {
    session.out.record(finding, |one| {
        let said = one
            .acknowledged
            .as_ref()
            .map(|said| format!("{} by {}: {}", time(said.at), said.by, said.reason));
        vec![
            ("Finding", one.finding_id.clone()),
            ("Kind", one.kind.clone()),
            ("Detail", one.detail.clone()),
            ("Router", one.router.clone()),
            ("Address", maybe(&one.address)),
            ("MAC", maybe(&one.mac)),
            ("Calls itself", maybe(&one.host_name)),
            ("Since", time(one.since)),
            ("May stay", maybe(&said)),
        ]
    })
}
