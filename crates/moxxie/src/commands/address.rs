//! `moxxie network ip`: addresses in a network.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use moxxie_api::{
    Page,
    address::{Address, AddressRequest, AddressUpdate},
    range::{Range, RangeRequest},
};

use super::{
    claim::{hold, label},
    network::{resolve, tags},
};
use crate::{commands::ALL, output::maybe, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Record a certain address
    Add {
        /// The network, by id or name.
        network: String,
        /// The address.
        address: String,
        #[command(flatten)]
        holder: Holder,
        /// Let the router ask first whether the address is in use.
        #[arg(long)]
        verify: bool,
    },
    /// Record the next free address
    Next {
        /// The network, by id or name.
        network: String,
        #[command(flatten)]
        holder: Holder,
        /// Let the router ask first whether the address is in use.
        #[arg(long)]
        verify: bool,
    },
    /// Change what is recorded of an address
    Set(Set),
    /// Release an address
    Release {
        /// The network, by id or name.
        network: String,
        /// The address.
        address: String,
        /// Free at once: without quarantine, and out of it.
        #[arg(long)]
        now: bool,
    },
}

/// What to change. What is not said stays; an empty value takes it away.
#[derive(Debug, Args)]
pub(crate) struct Set {
    /// The network, by id or name.
    network: String,
    /// The address.
    address: String,
    /// Host name.
    #[arg(long)]
    hostname: Option<String>,
    /// MAC address.
    #[arg(long)]
    mac: Option<String>,
    /// What it is for: vm, reserved or vip.
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Your own id of the virtual machine.
    #[arg(long)]
    vm_id: Option<String>,
    /// Who answers for it.
    #[arg(long)]
    owner: Option<String>,
    /// Hold it from now on for a time, such as 15m; then it is free by itself.
    #[arg(long, value_name = "TIME", value_parser = hold, conflicts_with = "keep")]
    hold: Option<i64>,
    /// Keep an address for good that was only held.
    #[arg(long)]
    keep: bool,
    /// A free label; may be repeated; all labels there were make way.
    #[arg(long = "label", alias = "tag", value_name = "KEY=VALUE", value_parser = label)]
    tags: Vec<(String, String)>,
}

impl Set {
    fn update(self) -> AddressUpdate {
        let value = |text: Option<String>| text.map(|text| Some(text).filter(|text| !text.is_empty()));
        AddressUpdate {
            hostname: value(self.hostname),
            mac: value(self.mac),
            kind: self.kind,
            vm_id: value(self.vm_id),
            owner: value(self.owner),
            status: self.keep.then(|| "assigned".to_owned()),
            hold_seconds: self.hold,
            tags: (!self.tags.is_empty()).then(|| BTreeMap::from_iter(self.tags)),
        }
    }
}

/// Ranges of a network.
#[derive(Debug, Subcommand)]
pub(crate) enum RangeCommand {
    /// List the ranges of a network
    List {
        /// The network, by id or name.
        network: String,
    },
    /// Set a range apart: static, reserved, excluded or dhcp
    Add {
        /// The network, by id or name.
        network: String,
        /// static: where the next address comes from; reserved: only for who names the address; excluded: for nobody;
        /// dhcp: given out by the router, before the network is provisioned.
        #[arg(value_name = "TYPE")]
        kind: String,
        /// Its first address.
        first: String,
        /// Its last address.
        last: String,
        /// Free text.
        #[arg(long, default_value = "")]
        description: String,
    },
    /// Give a range back to the network
    Delete {
        /// The network, by id or name.
        network: String,
        /// Id of the range, rng-...
        range: String,
    },
}

pub(crate) async fn ranges(command: RangeCommand, session: &Session) -> anyhow::Result<()> {
    let api = &session.api;
    match command {
        RangeCommand::List { network } => {
            let id = resolve(session, &network).await?.network_id;
            let all: Page<Range> = api.get(&["networks", &id, "ranges"]).await?;
            session.out.list(&all.items, &["ID", "TYPE", "FIRST", "LAST", "DESCRIPTION"], |range| {
                let Range { id, kind, first, last, description, .. } = range.clone();
                vec![id, kind, first, last, description]
            })
        }
        RangeCommand::Add { network, kind, first, last, description } => {
            let id = resolve(session, &network).await?.network_id;
            let request = RangeRequest { kind, first, last, description };
            let range: Range = api.post(&["networks", &id, "ranges"], &[], &request, None).await?;
            session.out.record(&range, |range| {
                vec![
                    ("Range", range.id.clone()),
                    ("Type", range.kind.clone()),
                    ("First", range.first.clone()),
                    ("Last", range.last.clone()),
                ]
            })
        }
        RangeCommand::Delete { network, range } => {
            let id = resolve(session, &network).await?.network_id;
            api.delete::<Option<serde_json::Value>>(&["networks", &id, "ranges", &range], &[]).await?;
            session.out.note(&format!("{range} is part of the network again"));
            Ok(())
        }
    }
}

/// Who has an address.
#[derive(Debug, Args)]
pub(crate) struct Holder {
    /// Host name.
    #[arg(long)]
    hostname: Option<String>,
    /// MAC address.
    #[arg(long)]
    mac: Option<String>,
    /// What it is for: vm, reserved, vip or dhcp [default: vm].
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Your own id of the virtual machine.
    #[arg(long)]
    vm_id: Option<String>,
    /// Who answers for it.
    #[arg(long)]
    owner: Option<String>,
    /// Hold it for a time, such as 15m; then it is free by itself.
    #[arg(long, value_name = "TIME", value_parser = hold)]
    hold: Option<i64>,
    /// Of which prefix of the network: ipv4 or ipv6 [default: its first].
    #[arg(long)]
    family: Option<String>,
    /// A free label; may be repeated.
    #[arg(long = "label", alias = "tag", value_name = "KEY=VALUE", value_parser = label)]
    tags: Vec<(String, String)>,
}

impl Holder {
    fn request(self, address: Option<String>) -> AddressRequest {
        let Self { hostname, mac, kind, vm_id, owner, hold, family, tags } = self;
        let tags = BTreeMap::from_iter(tags);
        let status = hold.map(|_| "held".to_owned());
        AddressRequest {
            address,
            family,
            hostname,
            mac,
            kind,
            vm_id,
            owner,
            status,
            hold_seconds: hold,
            tags,
        }
    }
}

fn asking(verify: bool) -> &'static [(&'static str, &'static str)] {
    if verify { &[("verify", "true")] } else { &[] }
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let api = &session.api;
    match command {
        Command::Add { network, address, holder, verify } => {
            let id = resolve(session, &network).await?.network_id;
            let request = holder.request(Some(address));
            let query = asking(verify);
            show(&api.post(&["networks", &id, "ips"], query, &request, None).await?, session)
        }
        Command::Next { network, holder, verify } => {
            let id = resolve(session, &network).await?.network_id;
            let request = holder.request(None);
            let query = asking(verify);
            show(&api.post(&["networks", &id, "ips", "next"], query, &request, None).await?, session)
        }
        Command::Set(set) => {
            let id = resolve(session, &set.network).await?.network_id;
            let address = set.address.clone();
            show(&api.patch(&["networks", &id, "ips", &address], &set.update()).await?, session)
        }
        Command::Release { network, address, now } => {
            let id = resolve(session, &network).await?.network_id;
            let query: &[(&str, &str)] = if now { &[("now", "true")] } else { &[] };
            api.delete::<Option<serde_json::Value>>(&["networks", &id, "ips", &address], query).await?;
            session.out.note(&format!("{address} is released"));
            Ok(())
        }
    }
}

/// Prints the addresses of a network.
pub(crate) async fn list(network: &str, query: &[(&str, String)], session: &Session) -> anyhow::Result<()> {
    let addresses: Vec<Address> = session.api.list(&["networks", network, "ips"], query, ALL).await?;
    session.out.list(
        &addresses,
        &["ADDRESS", "TYPE", "STATUS", "HOSTNAME", "MAC", "VM", "OWNER", "LABELS"],
        |address| {
            let Address { address: text, kind, .. } = address.clone();
            let labels: Vec<_> = address.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let labels = labels.join(" ");
            let [hostname, mac, vm, owner] =
                [&address.hostname, &address.mac, &address.vm_id, &address.owner].map(maybe);
            vec![text, kind, status(address), hostname, mac, vm, owner, labels]
        },
    )
}

/// `held until ...`
fn status(address: &Address) -> String {
    super::claim::status(&address.status, address.expires_at)
}

pub(super) fn show(address: &Address, session: &Session) -> anyhow::Result<()> {
    session.out.record(address, |address| {
        vec![
            ("Address", format!("{}/{}", address.address, address.prefix_length)),
            ("Gateway", address.gateway.clone()),
            ("Tags of hosts", tags(&address.host_tags)),
            ("Type", address.kind.clone()),
            ("Status", status(address)),
            ("Hostname", maybe(&address.hostname)),
            ("MAC", maybe(&address.mac)),
            ("VM", maybe(&address.vm_id)),
            ("Owner", maybe(&address.owner)),
        ]
    })
}
