//! `moxxie network`: what users ask for.

use clap::{Args, Subcommand};
use moxxie_api::{
    change::Change,
    network::{HostTag, Network, NetworkResize, NetworkUpdate},
    plan::DryRun,
};
use serde_json::Value;

use super::{
    address,
    bulk::{self, Options},
    change::{follow_progress, show as show_change},
    order::Order,
    past::{Past, Which},
};
use crate::{
    client::Error,
    commands::ALL,
    exit::Usage,
    output::{maybe, plan, time, vlans},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Reserve VLAN and prefix; no router is touched
    Allocate(Allocate),
    /// Make a network: reserve it and put it on its routers
    #[command(after_help = "\
Examples:
  moxxie network provision --tenant acme --site dc2 --size /24 --profile isolated --dhcp --wait
  moxxie network provision --tenant acme --site dc2 --size /24 --dry-run
  moxxie network provision net-0198c9...          (one that was allocated before)
Ctrl-C while waiting stops the watching, not the change.")]
    Provision(Provision),
    /// List networks
    List(List),
    /// Show one network
    Show {
        /// Its id or name.
        network: String,
        #[command(flatten)]
        past: Past,
    },
    /// Take a network off its routers and release its VLAN and prefix
    Deprovision(Deprovision),
    /// Make a network's rows on its routers what they should be
    #[command(after_help = "\
Nothing is sent where all of it is there. VLAN, prefix and addresses stay, however it ends.
Example:
  moxxie network restore web --dry-run")]
    Restore(Restore),
    /// Change what a network carries: its profile, DHCP, its description
    #[command(after_help = "\
A network on its routers gets a change; one that is only reserved is changed at once.
Examples:
  moxxie network modify web --profile isolated --dry-run
  moxxie network modify web --dhcp --wait")]
    Modify(Modify),
    /// Several networks, one change
    #[command(subcommand)]
    Bulk(bulk::Command),
    /// Make the prefix of a reserved network larger or smaller
    Resize {
        /// Its id or name.
        network: String,
        /// New length of its prefix, such as /23.
        #[arg(long, required_unless_present = "size6")]
        size: Option<String>,
        /// New length of the IPv6 prefix of a dual-stack network.
        #[arg(long)]
        size6: Option<String>,
    },
    /// List the addresses in a network
    Ips {
        /// Its id or name.
        network: String,
        #[command(flatten)]
        which: Which,
    },
    /// Addresses in a network: record, take the next free one, change, release
    #[command(subcommand)]
    Ip(address::Command),
    /// Ranges of a network: which addresses are for what
    #[command(subcommand)]
    Range(address::RangeCommand),
}

#[derive(Debug, Args)]
pub(crate) struct Allocate {
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    ask: Ask,
}

#[derive(Debug, Args)]
pub(crate) struct Provision {
    /// An allocated network to put on its routers, by id or name, instead of a new one.
    network: Option<String>,
    #[command(flatten)]
    order: Order,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Deprovision {
    /// Its id or name.
    network: String,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// Its id or name.
    network: String,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Modify {
    /// Its id or name.
    network: String,
    #[command(flatten)]
    options: Options,
    #[command(flatten)]
    ask: Ask,
    /// Follow the steps to the end; ends with 5 when the change fails.
    #[arg(long, conflicts_with = "dry_run")]
    wait: bool,
}

/// How a write is asked for.
#[derive(Debug, Args)]
#[command(next_help_heading = "How it is done")]
pub(crate) struct Ask {
    /// Show what would be done as a diff, and do nothing.
    #[arg(long)]
    dry_run: bool,
    /// With --dry-run: show it as a RouterOS script.
    #[arg(long, requires = "dry_run")]
    script: bool,
    /// A key of your own that makes repeating the request harmless.
    #[arg(long, value_name = "KEY", conflicts_with = "dry_run")]
    idempotency_key: Option<String>,
}

impl Ask {
    pub(super) const fn dry_run(&self) -> bool {
        self.dry_run
    }

    pub(super) fn key(&self) -> Option<&str> {
        self.idempotency_key.as_deref()
    }

    pub(super) fn query(&self) -> &'static [(&'static str, &'static str)] {
        if self.dry_run { &[("dryRun", "true")] } else { &[] }
    }

    pub(super) fn show(&self, dry_run: &DryRun, session: &Session) -> anyhow::Result<()> {
        let out = session.out;
        if self.script {
            return out.text(&plan::script(dry_run));
        }
        if out.for_people() { out.text(&plan::diff(dry_run, out.pen)) } else { out.data(dry_run) }
    }
}

#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only this site's.
    #[arg(long)]
    site: Option<String>,
    /// Only this tenant's.
    #[arg(long)]
    tenant: Option<String>,
    /// Only with this status: allocated, provisioning, provisioned, deprovisioning, failed.
    #[arg(long)]
    status: Option<String>,
    /// Only with this VLAN id.
    #[arg(long)]
    vlan: Option<i64>,
    #[command(flatten)]
    which: Which,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let api = &session.api;
    match command {
        Command::Allocate(args) => {
            let request = args.order.request()?;
            let path = ["networks", "allocate"];
            if args.ask.dry_run {
                return args.ask.show(&api.post(&path, args.ask.query(), &request, None).await?, session);
            }
            let key = args.ask.idempotency_key.as_deref();
            let network: Network = api.post(&path, &[], &request, key).await?;
            show(&network, session)
        }
        Command::Provision(args) => provision(args, session).await,
        Command::List(list) => run_list(list, session).await,
        Command::Show { network, past } => {
            let query = past.query();
            let id = find_at(session, &network, &query).await?;
            show(&session.api.get_with(&["networks", &id], &query).await?, session)
        }
        Command::Deprovision(args) => deprovision(args, session).await,
        Command::Restore(args) => restore(args, session).await,
        Command::Modify(args) => modify(args, session).await,
        Command::Bulk(command) => bulk::run(command, session).await,
        Command::Resize { network, size, size6 } => {
            let id = find(session, &network).await?;
            let request = NetworkResize { size, size6 };
            show(&api.post(&["networks", &id, "resize"], &[], &request, None).await?, session)
        }
        Command::Ips { network, which } => {
            let id = find_at(session, &network, &which.past.clone().query()).await?;
            address::list(&id, &which.query(), session).await
        }
        Command::Ip(command) => address::run(command, session).await,
        Command::Range(command) => address::ranges(command, session).await,
    }
}

async fn provision(args: Provision, session: &Session) -> anyhow::Result<()> {
    let Provision { network, order, ask, wait } = args;
    let api = &session.api;
    let key = ask.idempotency_key.as_deref();
    let change: Change = if let Some(network) = network {
        if let Some(flag) = order.first_given() {
            let text = format!("{flag} describes a new network, but {network} is one that exists");
            return Err(Usage(text).into());
        }
        let id = find(session, &network).await?;
        let path = ["networks", &id, "provision"];
        if ask.dry_run {
            return ask.show(&api.act(&path, ask.query(), None).await?, session);
        }
        api.act(&path, &[], key).await?
    } else {
        let request = order.request()?;
        let path = ["networks", "provision"];
        if ask.dry_run {
            return ask.show(&api.post(&path, ask.query(), &request, None).await?, session);
        }
        api.post(&path, &[], &request, key).await?
    };
    if !wait {
        return show_accepted(&change, session);
    }
    let change = follow_progress(session, &change.change_id).await?;
    let Some(id) = &change.network_id else { return show_change(&change, session) };
    match api.get(&["networks", id]).await {
        // A repeated request of an earlier day.
        Err(Error::Problem(problem)) if problem.status == 404 => {
            session.out.note("the network it made has been removed since");
            show_change(&change, session)
        }
        network => show(&network?, session),
    }
}

async fn deprovision(args: Deprovision, session: &Session) -> anyhow::Result<()> {
    let Deprovision { network, ask, wait } = args;
    let id = find(session, &network).await?;
    if ask.dry_run {
        return ask.show(&session.api.delete(&["networks", &id], ask.query()).await?, session);
    }
    let change: Change = session.api.delete(&["networks", &id], &[]).await?;
    if !wait {
        return show_accepted(&change, session);
    }
    let change = follow_progress(session, &change.change_id).await?;
    session.out.note(&format!("{network} is gone; its VLAN and prefix are free again"));
    if session.out.for_people() { Ok(()) } else { session.out.data(&change) }
}

async fn restore(args: Restore, session: &Session) -> anyhow::Result<()> {
    let Restore { network, ask, wait } = args;
    let id = find(session, &network).await?;
    let path = ["networks", &id, "restore"];
    if ask.dry_run {
        return ask.show(&session.api.act(&path, ask.query(), None).await?, session);
    }
    let change: Change = session.api.act(&path, &[], ask.idempotency_key.as_deref()).await?;
    if !wait {
        return show_accepted(&change, session);
    }
    follow_progress(session, &change.change_id).await?;
    show(&session.api.get(&["networks", &id]).await?, session)
}

async fn modify(args: Modify, session: &Session) -> anyhow::Result<()> {
    let Modify { network, options, ask, wait } = args;
    let id = find(session, &network).await?;
    let (path, request) = (["networks", &id], NetworkUpdate { options: options.request() });
    if ask.dry_run {
        return ask.show(&session.api.patch_with(&path, ask.query(), &request, None).await?, session);
    }
    let done: Value = session.api.patch_with(&path, &[], &request, ask.idempotency_key.as_deref()).await?;
    // A change, unless there was nothing to do on routers.
    let Ok(change) = serde_json::from_value::<Change>(done.clone()) else {
        return show(&serde_json::from_value(done)?, session);
    };
    if !wait {
        return show_accepted(&change, session);
    }
    follow_progress(session, &change.change_id).await?;
    show(&session.api.get(&["networks", &id]).await?, session)
}

pub(super) fn show_accepted(change: &Change, session: &Session) -> anyhow::Result<()> {
    show_change(change, session)?;
    if !change.finished {
        session.out.note(&format!("follow it with: moxxie change watch {}", change.change_id));
    }
    Ok(())
}

async fn run_list(list: List, session: &Session) -> anyhow::Result<()> {
    let List { site, tenant, status, vlan, which } = list;
    let vlan = vlan.map(|vlan| vlan.to_string());
    let query = [("datacenter", site), ("clientId", tenant), ("status", status), ("vlanId", vlan)];
    let query = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
    let query: Vec<_> = query.chain(which.query()).collect();
    list_of(&session.api.list(&["networks"], &query, ALL).await?, session)
}

/// Prints networks, one per line.
pub(super) fn list_of(networks: &[Network], session: &Session) -> anyhow::Result<()> {
    let headers = ["NAME", "TENANT", "SITE", "VLAN", "SUBNET", "GATEWAY", "STATUS", "ID"];
    session.out.list(networks, &headers, |network| {
        let Network { name, client_id, datacenter, subnet, gateway, status, network_id, .. } =
            network.clone();
        vec![name, client_id, datacenter, vlans(network), subnet, gateway, status, network_id]
    })
}

/// The network of that id or name; a name that several tenants use is refused with their ids.
pub(crate) async fn resolve(session: &Session, given: &str) -> anyhow::Result<Network> {
    if given.starts_with("net-") {
        return Ok(session.api.get(&["networks", given]).await?);
    }
    // The list has less of each than asking for one.
    let id = named(session, given, &[]).await?;
    Ok(session.api.get(&["networks", &id]).await?)
}

/// The id of the network of a name in a list of them.
async fn named(session: &Session, given: &str, query: &[(&str, String)]) -> anyhow::Result<String> {
    let all: Vec<Network> = session.api.list(&["networks"], query, ALL).await?;
    let mut named = all.into_iter().filter(|network| network.name == given);
    let Some(first) = named.next() else {
        anyhow::bail!("there is no network {given:?}; `moxxie network list` shows them all");
    };
    let rest: Vec<_> =
        named.map(|network| format!("{} of {}", network.network_id, network.client_id)).collect();
    if rest.is_empty() {
        return Ok(first.network_id);
    }
    let rest = rest.join(", ");
    let text = format!(
        "several networks are named {given:?}: {} of {}, {rest}; give the id",
        first.network_id, first.client_id
    );
    Err(Usage(text).into())
}

/// The id of a network; an id is taken as it is, for a network may be gone already.
async fn find(session: &Session, given: &str) -> anyhow::Result<String> {
    find_at(session, given, &[]).await
}

/// The id of a network that bears this name, or bore it at the time in the query.
async fn find_at(session: &Session, given: &str, query: &[(&str, String)]) -> anyhow::Result<String> {
    if given.starts_with("net-") { Ok(given.to_owned()) } else { named(session, given, query).await }
}

/// Prints a network.
pub(crate) fn show(network: &Network, session: &Session) -> anyhow::Result<()> {
    session.out.record(network, |network| {
        let options = &network.options;
        vec![
            ("Name", network.name.clone()),
            ("Id", network.network_id.clone()),
            ("Tenant", network.client_id.clone()),
            ("Site", network.datacenter.clone()),
            ("Status", network.status.clone()),
            ("VLAN", vlans(network)),
            ("Tags of hosts", tags(&network.host_tags)),
            ("Subnet", network.subnet.clone()),
            ("Gateway", network.gateway.clone()),
            ("IPv6 subnet", maybe(&network.subnet6)),
            ("IPv6 gateway", maybe(&network.gateway6)),
            ("VRF", network.vrf.clone()),
            ("DHCP", network.dhcp_range.clone().unwrap_or_else(|| "no".into())),
            ("Profile", maybe(&options.firewall_profile)),
            ("Pool", network.pool.clone()),
            ("Type", network.kind.clone()),
            ("Purpose", network.purpose.clone()),
            ("Labels", super::claim::labels(&network.labels)),
            ("Note", network.notes.join("; ")),
            ("Change", maybe(&network.change_id)),
            ("Ordered", time(network.created_at)),
        ]
    })
}

/// The tags a host must send, outermost first.
pub(crate) fn tags(tags: &[HostTag]) -> String {
    let tags: Vec<_> = tags.iter().map(|tag| format!("{} ({})", tag.vlan_id, tag.tpid)).collect();
    tags.join(", then ")
}
