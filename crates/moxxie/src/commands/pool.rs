//! `moxxie pool`: supernets.

use clap::{Args, Subcommand};
use moxxie_api::pool::{Pool, PoolCreate, PoolUsage};

use crate::{
    commands::ALL,
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a pool
    Add(Add),
    /// List pools and how full they are
    List,
    /// Show one pool
    Show {
        /// Its name or id.
        pool: String,
    },
    /// Remove a pool; no network may have a prefix of it
    Remove {
        /// Its name or id.
        pool: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    name: String,
    /// The supernet, such as 172.20.0.0/16.
    #[arg(long)]
    prefix: String,
    /// The only site that may use it [default: every site].
    #[arg(long)]
    site: Option<String>,
    /// Free text.
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add(add) => {
            let Add { name, prefix, site: datacenter, description } = add;
            let request = PoolCreate { name, datacenter, prefix, description };
            out.record(&api.post::<Pool>(&["pools"], &[], &request, None).await?, fields)
        }
        Command::List => {
            let pools: Vec<Pool> = api.list(&["pools"], &[], ALL).await?;
            out.list(&pools, &["NAME", "PREFIX", "USED", "PREFIXES", "LARGEST FREE", "SITE"], |pool| {
                let mut row = usage(&pool.usage);
                row.push(site(pool));
                row
            })
        }
        Command::Show { pool } => out.record(&api.get::<Pool>(&["pools", &pool]).await?, fields),
        Command::Remove { pool } => super::remove(&["pools", &pool], session).await,
    }
}

/// Name, prefix and how full it is.
pub(crate) fn usage(usage: &PoolUsage) -> Vec<String> {
    vec![
        usage.pool.clone(),
        usage.prefix.clone(),
        format!("{:.1}%", usage.used_percent),
        usage.prefixes.to_string(),
        usage.largest_free.clone().unwrap_or_else(|| "full".into()),
    ]
}

fn site(pool: &Pool) -> String {
    pool.datacenter.clone().unwrap_or_else(|| "every".into())
}

fn fields(pool: &Pool) -> Vec<(&'static str, String)> {
    vec![
        ("Name", pool.name.clone()),
        ("Id", pool.id.clone()),
        ("Prefix", pool.prefix.clone()),
        ("Site", site(pool)),
        ("Used", format!("{:.1}% in {} prefixes", pool.usage.used_percent, pool.usage.prefixes)),
        ("Largest free", maybe(&pool.usage.largest_free)),
        ("Description", pool.description.clone()),
        ("Registered", time(pool.created_at)),
    ]
}
