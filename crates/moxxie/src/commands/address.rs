//! `moxxie network ip`: addresses in a network.

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use moxxie_api::{
    address::{Address, AddressRequest},
    network::Network,
};

use super::network::{resolve, tags};
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
    /// Release an address
    Release {
        /// The network, by id or name.
        network: String,
        /// The address.
        address: String,
    },
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
    /// What it is for: vm, reserved or vip [default: vm].
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// Your own id of the virtual machine.
    #[arg(long)]
    vm_id: Option<String>,
    /// A free label; may be repeated.
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = label)]
    tags: Vec<(String, String)>,
}

pub(super) fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a label is NAME=VALUE")?;
    if name.is_empty() { Err("a label needs a name".into()) } else { Ok((name.into(), value.into())) }
}

impl Holder {
    fn request(self, address: Option<String>) -> AddressRequest {
        let Self { hostname, mac, kind, vm_id, tags } = self;
        AddressRequest { address, hostname, mac, kind, vm_id, tags: BTreeMap::from_iter(tags) }
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
        Command::Release { network, address } => {
            let id = resolve(session, &network).await?.network_id;
            api.delete::<Option<serde_json::Value>>(&["networks", &id, "ips", &address], &[]).await?;
            session.out.note(&format!("{address} is free again"));
            Ok(())
        }
    }
}

/// Prints the addresses of a network.
pub(crate) async fn list(network: &Network, session: &Session) -> anyhow::Result<()> {
    let path = ["networks", network.network_id.as_str(), "ips"];
    let addresses: Vec<Address> = session.api.list(&path, &[], ALL).await?;
    session.out.list(&addresses, &["ADDRESS", "TYPE", "HOSTNAME", "MAC", "VM", "TAGS"], |address| {
        let Address { address: text, kind, .. } = address.clone();
        let labels: Vec<_> = address.tags.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let labels = labels.join(" ");
        vec![text, kind, maybe(&address.hostname), maybe(&address.mac), maybe(&address.vm_id), labels]
    })
}

pub(super) fn show(address: &Address, session: &Session) -> anyhow::Result<()> {
    session.out.record(address, |address| {
        vec![
            ("Address", format!("{}/{}", address.address, address.prefix_length)),
            ("Gateway", address.gateway.clone()),
            ("Tags of hosts", tags(&address.host_tags)),
            ("Type", address.kind.clone()),
            ("Hostname", maybe(&address.hostname)),
            ("MAC", maybe(&address.mac)),
            ("VM", maybe(&address.vm_id)),
        ]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_a_name_and_any_value() {
        assert_eq!(label("a=b=c"), Ok(("a".into(), "b=c".into())));
        assert_eq!(label("a="), Ok(("a".into(), String::new())));
        assert!(label("a").is_err() && label("=b").is_err());
    }
}
