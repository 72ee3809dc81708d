//! `moxxie site`: datacentres.

use clap::{Args, Subcommand};
use moxxie_api::datacenter::{
    AvailableResources, Datacenter, DatacenterCreate, DatacenterUpdate, Encapsulation,
};

use crate::{commands::ALL, output::time, session::Session};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a site
    #[command(after_help = "\
Examples:
  moxxie site add dc1 --vlan-range 100-2000 --management 10.255.0.0/24
  moxxie site add dc2 --service-vlan 1000 --management 10.255.0.0/24")]
    Add(Box<Add>),
    /// List sites
    List,
    /// Change a site
    Update(Update),
    /// Show one site
    Show {
        /// Its name or id.
        site: String,
    },
    /// Remove a site; no router, pool or network may refer to it
    Remove {
        /// Its name or id.
        site: String,
    },
    /// Show what is left in a site
    Resources {
        /// Its name or id.
        site: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    name: String,
    /// How VLANs are tagged on the trunk; qinq when --service-vlan is given, else dot1q.
    #[arg(long, value_parser = ["dot1q", "qinq"])]
    encapsulation: Option<String>,
    /// The provider's service VLAN, which makes the site Q-in-Q.
    #[arg(long, value_name = "VLAN", value_parser = clap::value_parser!(i64).range(1..=4094))]
    service_vlan: Option<i64>,
    /// EtherType of the service tag [default: 0x88a8].
    #[arg(long, requires = "service_vlan", value_parser = ["0x88a8", "0x8100"])]
    tpid: Option<String>,
    /// The VLAN ids networks may get [default: 100-4000].
    #[arg(long, value_name = "FIRST-LAST")]
    vlan_range: Option<String>,
    /// A source that may always reach the networks; may be repeated.
    #[arg(long = "management", value_name = "PREFIX", value_delimiter = ',')]
    management_prefixes: Vec<String>,
    /// A DNS server that DHCP hands out; may be repeated [default: the gateway].
    #[arg(long = "dns", value_name = "ADDRESS", value_delimiter = ',')]
    dns_servers: Vec<String>,
    /// Who puts the service tag on towards hosts [default: provider-tags].
    #[arg(long, value_parser = ["provider-tags", "host-tags"])]
    hand_off: Option<String>,
    /// Free text.
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
    /// Where it is, free text.
    #[arg(long, default_value = "", hide_default_value = true)]
    location: String,
    /// How long a VLAN id stays unused after its release, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = super::claim::hold)]
    vlan_quarantine: Option<i64>,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Its name or id.
    site: String,
    /// The VLAN ids networks may get from now on, such as 100-3000.
    #[arg(long)]
    vlan_range: Option<String>,
    /// How long a VLAN id stays unused after its release, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = super::claim::hold)]
    vlan_quarantine: Option<i64>,
    /// Free text.
    #[arg(long)]
    description: Option<String>,
    /// Where it is, free text.
    #[arg(long)]
    location: Option<String>,
}

impl From<Add> for DatacenterCreate {
    fn from(add: Add) -> Self {
        let kind = add.encapsulation.or_else(|| add.service_vlan.map(|_| "qinq".to_owned()));
        Self {
            name: add.name,
            description: add.description,
            location: add.location,
            encapsulation: kind.map(|kind| Encapsulation {
                kind,
                service_vlan: add.service_vlan,
                tpid: add.tpid,
            }),
            vlan_range: add.vlan_range,
            vlan_quarantine_seconds: add.vlan_quarantine,
            management_prefixes: add.management_prefixes,
            dns_servers: add.dns_servers,
            hand_off: add.hand_off,
        }
    }
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add(add) => {
            let site: Datacenter =
                api.post(&["datacenters"], &[], &DatacenterCreate::from(*add), None).await?;
            out.record(&site, fields)
        }
        Command::List => {
            let sites: Vec<Datacenter> = api.list(&["datacenters"], &[], ALL).await?;
            out.list(&sites, &["NAME", "ENCAPSULATION", "VLANS", "HAND-OFF", "LOCATION"], |site| {
                let Datacenter { name, vlan_range, hand_off, location, .. } = site.clone();
                vec![name, encapsulation(&site.encapsulation), vlan_range, hand_off, location]
            })
        }
        Command::Show { site } => out.record(&api.get::<Datacenter>(&["datacenters", &site]).await?, fields),
        Command::Update(update) => {
            let request = DatacenterUpdate {
                description: update.description,
                location: update.location,
                vlan_range: update.vlan_range,
                vlan_quarantine_seconds: update.vlan_quarantine,
            };
            out.record(&api.patch::<Datacenter>(&["datacenters", &update.site], &request).await?, fields)
        }
        Command::Remove { site } => super::remove(&["datacenters", &site], session).await,
        Command::Resources { site } => {
            let left: AvailableResources = api.get(&["datacenters", &site, "available-resources"]).await?;
            resources(&left, session)
        }
    }
}

fn resources(left: &AvailableResources, session: &Session) -> anyhow::Result<()> {
    let out = session.out;
    if !out.for_people() {
        return out.data(left);
    }
    out.note(&format!(
        "{}: {} of {} VLANs free in {}",
        left.datacenter, left.vlans_free, left.vlans_total, left.vlan_range
    ));
    out.list(&left.pools, &["POOL", "PREFIX", "USED", "PREFIXES", "LARGEST FREE"], super::pool::usage)
}

fn fields(site: &Datacenter) -> Vec<(&'static str, String)> {
    vec![
        ("Name", site.name.clone()),
        ("Id", site.id.clone()),
        ("Encapsulation", encapsulation(&site.encapsulation)),
        ("Hand-off", site.hand_off.clone()),
        ("VLAN range", site.vlan_range.clone()),
        ("VLAN quarantine", format!("{} s", site.vlan_quarantine_seconds)),
        ("Management", site.management_prefixes.join(", ")),
        ("DNS", site.dns_servers.join(", ")),
        ("Location", site.location.clone()),
        ("Description", site.description.clone()),
        ("Registered", time(site.created_at)),
    ]
}

fn encapsulation(of: &Encapsulation) -> String {
    match (of.service_vlan, &of.tpid) {
        (Some(vlan), Some(tpid)) => format!("{} in S-VLAN {vlan} ({tpid})", of.kind),
        (Some(vlan), None) => format!("{} in S-VLAN {vlan}", of.kind),
        (None, _) => of.kind.clone(),
    }
}
