//! `moxxie vrf`: address spaces.

use clap::Subcommand;
use moxxie_api::vrf::{Vrf, VrfCreate, VrfUpdate};

use crate::{
    commands::{ALL, past::Past},
    output::time,
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a VRF
    Add {
        /// Its name: 1 to 63 of a-z, 0-9 and -.
        name: String,
        /// Free text.
        #[arg(long, default_value = "", hide_default_value = true)]
        description: String,
    },
    /// List VRFs
    List(Past),
    /// Show one VRF
    Show {
        /// Its name or id.
        vrf: String,
        #[command(flatten)]
        past: Past,
    },
    /// Change a VRF
    Update {
        /// Its name or id.
        vrf: String,
        /// Its new name.
        #[arg(long)]
        name: Option<String>,
        /// Free text.
        #[arg(long)]
        description: Option<String>,
    },
    /// Remove a VRF in which nothing lives
    Remove {
        /// Its name or id.
        vrf: String,
    },
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add { name, description } => {
            let request = VrfCreate { name, description };
            out.record(&api.post::<Vrf>(&["vrfs"], &[], &request, None).await?, fields)
        }
        Command::List(past) => {
            let vrfs: Vec<Vrf> = api.list(&["vrfs"], &past.query(), ALL).await?;
            out.list(&vrfs, &["NAME", "ID", "ON ROUTERS", "DESCRIPTION"], |vrf| {
                let Vrf { id, name, description, provisionable, .. } = vrf.clone();
                vec![name, id, yes(provisionable), description]
            })
        }
        Command::Show { vrf, past } => {
            out.record(&api.get_with::<Vrf>(&["vrfs", &vrf], &past.query()).await?, fields)
        }
        Command::Update { vrf, name, description } => {
            let request = VrfUpdate { name, description };
            out.record(&api.patch::<Vrf>(&["vrfs", &vrf], &request).await?, fields)
        }
        Command::Remove { vrf } => super::remove(&["vrfs", &vrf], session).await,
    }
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

fn fields(vrf: &Vrf) -> Vec<(&'static str, String)> {
    vec![
        ("Name", vrf.name.clone()),
        ("Id", vrf.id.clone()),
        ("On routers", yes(vrf.provisionable)),
        ("Description", vrf.description.clone()),
        ("Registered", time(vrf.created_at)),
    ]
}
