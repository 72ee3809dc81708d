//! `moxxie container`: prefixes that pools are arranged in.

use clap::{Args, Subcommand};
use moxxie_api::container::{Container, ContainerCreate, ContainerUpdate};

use crate::{
    commands::{ALL, past::Past},
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a container
    Add(Add),
    /// List containers and how full the pools in them are
    List(Past),
    /// Show one container
    Show {
        /// Its name or id.
        container: String,
        #[command(flatten)]
        past: Past,
    },
    /// Change a container
    Update(Update),
    /// Remove a container; what lies in it stays
    Remove {
        /// Its name or id.
        container: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    name: String,
    /// The prefix, such as 172.16.0.0/12.
    #[arg(long)]
    prefix: String,
    /// The VRF [default: main].
    #[arg(long)]
    vrf: Option<String>,
    /// The site it is for, if it is for one.
    #[arg(long)]
    site: Option<String>,
    /// Free text.
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Its name or id.
    container: String,
    /// Its new name.
    #[arg(long)]
    name: Option<String>,
    /// The site it is for.
    #[arg(long, conflicts_with = "no_site")]
    site: Option<String>,
    /// For no site in particular.
    #[arg(long)]
    no_site: bool,
    /// Free text.
    #[arg(long)]
    description: Option<String>,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add(add) => {
            let Add { name, prefix, vrf, site: datacenter, description } = add;
            let request = ContainerCreate { name, prefix, vrf, datacenter, description };
            out.record(&api.post::<Container>(&["containers"], &[], &request, None).await?, fields)
        }
        Command::List(past) => {
            let containers: Vec<Container> = api.list(&["containers"], &past.query(), ALL).await?;
            out.list(&containers, &["NAME", "PREFIX", "VRF", "IN POOLS", "USED", "POOLS", "SITE"], |one| {
                vec![
                    one.name.clone(),
                    one.prefix.clone(),
                    one.vrf.clone(),
                    format!("{:.1}%", one.usage.pooled_percent),
                    format!("{:.1}%", one.usage.used_percent),
                    one.usage.pools.to_string(),
                    maybe(&one.datacenter),
                ]
            })
        }
        Command::Show { container, past } => {
            out.record(&api.get_with::<Container>(&["containers", &container], &past.query()).await?, fields)
        }
        Command::Update(update) => {
            let datacenter = if update.no_site { Some(None) } else { update.site.map(Some) };
            let Update { container, name, description, .. } = update;
            let request = ContainerUpdate { name, datacenter, description };
            out.record(&api.patch::<Container>(&["containers", &container], &request).await?, fields)
        }
        Command::Remove { container } => super::remove(&["containers", &container], session).await,
    }
}

fn fields(container: &Container) -> Vec<(&'static str, String)> {
    let usage = &container.usage;
    vec![
        ("Name", container.name.clone()),
        ("Id", container.id.clone()),
        ("Prefix", container.prefix.clone()),
        ("VRF", container.vrf.clone()),
        ("Site", maybe(&container.datacenter)),
        ("In pools", format!("{:.1}% in {} pools", usage.pooled_percent, usage.pools)),
        ("Used", format!("{:.1}% of that", usage.used_percent)),
        ("Description", container.description.clone()),
        ("Registered", time(container.created_at)),
    ]
}
