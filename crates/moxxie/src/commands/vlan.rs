//! `moxxie vlan`: VLAN ids that are taken without a network, and what is free.

use clap::Subcommand;
use moxxie_api::vlan::{Vlan, VlanList, VlanRequest, VlanUpdate};

use crate::{
    commands::{
        claim::{Change, Take, labels, status},
        past::{Past, Which},
    },
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the taken VLAN ids of a site, and the free ranges
    List {
        /// The site.
        #[arg(long, env = "MOXXIE_SITE")]
        site: String,
        #[command(flatten)]
        which: Which,
    },
    /// Take a VLAN id: the lowest free one, or a certain one
    Take {
        /// The site.
        #[arg(long, env = "MOXXIE_SITE")]
        site: String,
        /// This VLAN id.
        #[arg(value_parser = clap::value_parser!(i64).range(1..=4094))]
        vlan: Option<i64>,
        #[command(flatten)]
        take: Take,
    },
    /// Show a taken VLAN id
    Show {
        /// The site.
        #[arg(long, env = "MOXXIE_SITE")]
        site: String,
        /// The VLAN id.
        vlan: String,
        #[command(flatten)]
        past: Past,
    },
    /// Change whose a VLAN id is and how it is taken
    Update {
        /// The site.
        #[arg(long, env = "MOXXIE_SITE")]
        site: String,
        /// The VLAN id.
        vlan: String,
        #[command(flatten)]
        change: Change,
    },
    /// Release a VLAN id, or end its quarantine
    Release {
        /// The site.
        #[arg(long, env = "MOXXIE_SITE")]
        site: String,
        /// The VLAN id.
        vlan: String,
    },
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::List { site, which } => {
            let list: VlanList = api.get_with(&["datacenters", &site, "vlans"], &which.query()).await?;
            if !out.for_people() {
                return out.data(&list);
            }
            out.list(&list.items, &["VLAN", "STATUS", "TENANT", "PURPOSE", "NETWORK"], |vlan| {
                vec![
                    vlan.vlan_id.to_string(),
                    status(&vlan.status, vlan.expires_at),
                    maybe(&vlan.client_id),
                    vlan.purpose.clone(),
                    maybe(&vlan.network_id),
                ]
            })?;
            let free = if list.free.is_empty() { "nothing".to_owned() } else { list.free.join(", ") };
            out.note(&format!("free of {}: {free}", list.range));
            Ok(())
        }
        Command::Take { site, vlan, take } => {
            let request = VlanRequest {
                vlan_id: vlan,
                status: take.status(),
                hold_seconds: take.hold,
                labels: take.labels(),
                client_id: take.tenant,
                purpose: take.purpose,
            };
            let path = ["datacenters", &site, "vlans"];
            out.record(&api.post::<Vlan>(&path, &[], &request, None).await?, fields)
        }
        Command::Show { site, vlan, past } => {
            let path = ["datacenters", &site, "vlans", &vlan];
            out.record(&api.get_with::<Vlan>(&path, &past.query()).await?, fields)
        }
        Command::Update { site, vlan, change } => {
            let request = VlanUpdate {
                status: change.status.clone(),
                hold_seconds: change.hold,
                client_id: change.owner(),
                purpose: change.purpose.clone(),
                labels: change.labels(),
            };
            let path = ["datacenters", &site, "vlans", &vlan];
            out.record(&api.patch::<Vlan>(&path, &request).await?, fields)
        }
        Command::Release { site, vlan } => {
            let path = ["datacenters", &site, "vlans", &vlan];
            api.delete::<Option<serde_json::Value>>(&path, &[]).await?;
            out.note(&format!("VLAN {vlan} is released"));
            Ok(())
        }
    }
}

fn fields(vlan: &Vlan) -> Vec<(&'static str, String)> {
    vec![
        ("VLAN", vlan.vlan_id.to_string()),
        ("Id", vlan.id.clone()),
        ("Site", vlan.datacenter.clone()),
        ("Domain", vlan.domain.clone()),
        ("Status", status(&vlan.status, vlan.expires_at)),
        ("Tenant", maybe(&vlan.client_id)),
        ("Network", maybe(&vlan.network_id)),
        ("Purpose", vlan.purpose.clone()),
        ("Labels", labels(&vlan.labels)),
        ("Since", time(vlan.since)),
    ]
}
