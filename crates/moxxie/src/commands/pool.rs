//! `moxxie pool`: supernets.

use clap::{Args, Subcommand};
use moxxie_api::{
    forecast::PoolForecast,
    pool::{Pool, PoolCreate, PoolUsage},
};

use crate::{
    commands::ALL,
    output::{maybe, maybe_time, time},
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
    /// Say how long pools will last
    Forecast {
        /// Its name or id [default: every pool].
        pool: Option<String>,
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
        Command::Forecast { pool } => {
            let names = match pool {
                Some(pool) => vec![pool],
                None => {
                    let pools: Vec<Pool> = api.list(&["pools"], &[], ALL).await?;
                    pools.into_iter().map(|pool| pool.name).collect()
                }
            };
            let mut forecasts = Vec::with_capacity(names.len());
            for name in &names {
                forecasts.push(api.get::<PoolForecast>(&["pools", name, "forecast"]).await?);
            }
            out.list(
                &forecasts,
                &["POOL", "FREE", "PER DAY", "DAYS LEFT", "FULL AT", "SAMPLES"],
                |forecast| {
                    vec![
                        forecast.pool.clone(),
                        forecast.free_addresses.clone(),
                        maybe(&forecast.addresses_per_day),
                        days_left(forecast),
                        maybe_time(forecast.full_at),
                        forecast.samples.to_string(),
                    ]
                },
            )
        }
        Command::Remove { pool } => super::remove(&["pools", &pool], session).await,
    }
}

/// Days left, or why none are told.
fn days_left(forecast: &PoolForecast) -> String {
    match (forecast.days_left, forecast.outlook.as_str()) {
        (Some(days), _) => format!("{days:.0}"),
        (None, "not_in_sight") => "not in sight".into(),
        (None, "too_little_data") => "too little data".into(),
        (None, other) => other.to_owned(),
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
