//! `moxxie network bulk`: several networks, one change.

use std::{fs, path::PathBuf};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use moxxie_api::{
    change::Change,
    network::{
        Network, NetworkBulk, NetworkOptionsUpdate, NetworkRequest, NetworkSelection, NetworksModified,
        NetworksRemoval, NetworksUpdate,
    },
};

use super::{
    change::{follow_progress, show as show_change},
    network::{Ask, list_of, show_accepted},
    order::Order,
};
use crate::{exit::Usage, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Make several networks: all of them, or none
    #[command(after_help = "\
Examples:
  moxxie network bulk provision --tenant acme --site dc2 --size /27 --count 20 --wait
  moxxie network bulk provision --file networks.json --dry-run
The file holds the requests as the API takes them: [{\"clientId\": \"acme\", \"datacenter\": \"dc1\", \"size\": \"/27\"}, ...]")]
    Provision(Box<Provision>),
    /// Change what all chosen networks carry, or nothing of it
    #[command(after_help = "\
Examples:
  moxxie network bulk modify --of-tenant acme --with-profile open --profile standard --dry-run
  moxxie network bulk modify --all --profile isolated --wait")]
    Modify(Modify),
    /// Remove all chosen networks, or none
    #[command(after_help = "\
Example:
  moxxie network bulk deprovision --of-tenant acme --at-site dc1 --dry-run")]
    Deprovision(Deprovision),
}

#[derive(Debug, Args)]
pub(crate) struct Provision {
    /// How many networks like this one; a name gets a number.
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=1000), conflicts_with = "file")]
    count: Option<u16>,
    /// A JSON file with the requests.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// Which networks: those that all conditions hold for.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which networks")]
pub(crate) struct Selection {
    /// All networks.
    #[arg(long)]
    all: bool,
    /// This one, by id; may be given several times.
    #[arg(long = "network", value_name = "ID")]
    networks: Vec<String>,
    /// Those at this site.
    #[arg(long, value_name = "SITE")]
    at_site: Option<String>,
    /// Those of this tenant.
    #[arg(long, value_name = "TENANT")]
    of_tenant: Option<String>,
    /// Those with this firewall profile.
    #[arg(long, value_name = "PROFILE")]
    with_profile: Option<String>,
    /// Those with this label: KEY or KEY=VALUE.
    #[arg(long, value_name = "LABEL")]
    with_label: Option<String>,
}

impl Selection {
    /// The selection that says the same; one that says nothing is refused in the words of the command line.
    fn request(self) -> Result<NetworkSelection, Usage> {
        let select = NetworkSelection {
            all: self.all,
            network_ids: (!self.networks.is_empty()).then_some(self.networks),
            datacenter: self.at_site,
            client_id: self.of_tenant,
            firewall_profile: self.with_profile,
            label: self.with_label,
        };
        if select == NetworkSelection::default() {
            let flags = "--at-site, --of-tenant, --with-profile, --with-label, --network or --all";
            return Err(Usage(format!("say which networks: {flags}")));
        }
        Ok(select)
    }
}

#[derive(Debug, Args)]
pub(crate) struct Modify {
    #[command(flatten)]
    select: Selection,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// What networks carry from now on.
#[derive(Debug, Args)]
#[command(next_help_heading = "What is changed")]
pub(crate) struct Options {
    /// Who may open connections: standard, isolated, open, or one of your own.
    #[arg(long)]
    profile: Option<String>,
    /// The router serves DHCP from now on.
    #[arg(long, conflicts_with = "no_dhcp")]
    dhcp: bool,
    /// The router serves DHCP no longer.
    #[arg(long)]
    no_dhcp: bool,
    /// Free text, also put into the router's comments.
    #[arg(long)]
    description: Option<String>,
}

impl Options {
    pub(super) fn request(self) -> NetworkOptionsUpdate {
        NetworkOptionsUpdate {
            enable_dhcp: (self.dhcp || self.no_dhcp).then_some(self.dhcp),
            firewall_profile: self.profile,
            description: self.description,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct Deprovision {
    #[command(flatten)]
    select: Selection,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    match command {
        Command::Provision(args) => provision(*args, session).await,
        Command::Modify(args) => modify(args, session).await,
        Command::Deprovision(args) => {
            let Deprovision { select, ask, wait } = args;
            let request = NetworksRemoval { select: select.request()? };
            let path = ["networks", "deprovision"];
            if ask.dry_run() {
                return ask.show(&session.api.post(&path, ask.query(), &request, None).await?, session);
            }
            let change: Change = session.api.post(&path, &[], &request, ask.key()).await?;
            if !wait {
                return show_accepted(&change, session);
            }
            let change = follow_progress(session, &change.change_id).await?;
            session.out.note("they are gone; their VLANs and prefixes are free again");
            if session.out.for_people() { Ok(()) } else { session.out.data(&change) }
        }
    }
}

async fn provision(args: Provision, session: &Session) -> anyhow::Result<()> {
    let Provision { count, file, order, ask, wait } = args;
    let items = match (file, count) {
        (Some(file), _) => {
            if let Some(flag) = order.first_given() {
                return Err(
                    Usage(format!("{flag} describes a network, and so does the file: give one")).into()
                );
            }
            let text = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
            read(&text).with_context(|| format!("{} is not a list of requests", file.display()))?
        }
        (None, Some(count)) => repeated(&order.request()?, count),
        (None, None) => return Err(Usage("say how many with --count, or name a --file".into()).into()),
    };
    let (path, request) = (["networks", "bulk"], NetworkBulk { items });
    if ask.dry_run() {
        return ask.show(&session.api.post(&path, ask.query(), &request, None).await?, session);
    }
    let change: Change = session.api.post(&path, &[], &request, ask.key()).await?;
    if !wait {
        return show_accepted(&change, session);
    }
    let change = follow_progress(session, &change.change_id).await?;
    networks_of(&change, session).await
}

async fn modify(args: Modify, session: &Session) -> anyhow::Result<()> {
    let Modify { select, options, ask, wait } = args;
    let request = NetworksUpdate { select: select.request()?, options: options.request() };
    let path = ["networks"];
    if ask.dry_run() {
        return ask.show(&session.api.patch_with(&path, ask.query(), &request, None).await?, session);
    }
    let done: NetworksModified = session.api.patch_with(&path, &[], &request, ask.key()).await?;
    if !done.modified.is_empty() {
        session.out.note(&format!("{} on no router are changed", done.modified.len()));
    }
    let Some(change) = done.change else {
        return if session.out.for_people() {
            session.out.note("nothing was to be done on routers");
            Ok(())
        } else {
            session.out.data(&done)
        };
    };
    if !wait {
        return show_accepted(&change, session);
    }
    let change = follow_progress(session, &change.change_id).await?;
    networks_of(&change, session).await
}

async fn networks_of(change: &Change, session: &Session) -> anyhow::Result<()> {
    let networks: Vec<Network> = session.api.get(&["changes", &change.change_id, "networks"]).await?;
    if networks.is_empty() { show_change(change, session) } else { list_of(&networks, session) }
}

/// A list of requests, or the whole body with its `items`.
fn read(text: &str) -> serde_json::Result<Vec<NetworkRequest>> {
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(text);
    }
    Ok(serde_json::from_str::<NetworkBulk>(text)?.items)
}

/// As many requests like this one; with names, `web-1` and so on.
fn repeated(request: &NetworkRequest, count: u16) -> Vec<NetworkRequest> {
    let numbered = |number| {
        let name = request.name.as_ref().map(|name| format!("{name}-{number}"));
        NetworkRequest { name, ..request.clone() }
    };
    (1..=count).map(numbered).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_numbered_and_usual_ones_are_left_to_the_server() {
        let named = NetworkRequest { name: Some("web".into()), ..NetworkRequest::default() };
        let names: Vec<_> = repeated(&named, 3).into_iter().map(|request| request.name.unwrap()).collect();
        assert_eq!(names, ["web-1", "web-2", "web-3"]);
        assert!(repeated(&NetworkRequest::default(), 2).iter().all(|request| request.name.is_none()));
    }

    #[test]
    fn a_file_is_a_list_or_a_body() {
        let one = r#"{"clientId": "acme", "datacenter": "dc1", "size": "/27"}"#;
        assert_eq!(read(&format!("[{one}, {one}]")).unwrap().len(), 2);
        assert_eq!(read(&format!("{{\"items\": [{one}]}}")).unwrap().len(), 1);
        assert!(read("[{\"clientid\": \"acme\"}]").is_err());
    }
}
