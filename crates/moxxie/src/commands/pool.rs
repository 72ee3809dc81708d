//! `moxxie pool`: supernets.

use clap::{Args, Subcommand};
use moxxie_api::{
    forecast::PoolForecast,
    pool::{Pool, PoolCreate, PoolList, PoolMerge, PoolSplit, PoolUpdate, PoolUsage},
    prefix::Resize,
};

use crate::{
    commands::{ALL, claim::hold, past::Past},
    output::{maybe, maybe_time, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Register a pool
    Add(Add),
    /// List pools and how full they are
    List(Past),
    /// Show one pool
    Show {
        /// Its name or id.
        pool: String,
        #[command(flatten)]
        past: Past,
    },
    /// Say how long pools will last
    Forecast {
        /// Its name or id [default: every pool].
        pool: Option<String>,
    },
    /// Change a pool
    Update(Update),
    /// Make a pool larger or smaller
    Resize {
        /// Its name or id.
        pool: String,
        /// Its new length, such as /15.
        #[arg(long, conflicts_with = "to")]
        size: Option<String>,
        /// The supernet it becomes.
        #[arg(long, value_name = "PREFIX")]
        to: Option<String>,
    },
    /// Cut a pool into parts, or take one part out of it
    Split {
        /// Its name or id.
        pool: String,
        /// Length of the parts, such as /18.
        #[arg(long, conflicts_with = "part")]
        size: Option<String>,
        /// This part becomes a pool of its own.
        #[arg(long, value_name = "PREFIX")]
        part: Option<String>,
        /// Name of that pool [default: made from the pool's].
        #[arg(long, requires = "part")]
        name: Option<String>,
    },
    /// Make one pool of several that are one prefix together
    Merge {
        /// The one that stays, by name or id.
        pool: String,
        /// The others; they are gone afterwards.
        #[arg(long = "with", required = true)]
        with: Vec<String>,
    },
    /// Remove a pool of which no prefix is taken
    Remove {
        /// Its name or id.
        pool: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Its name or id.
    pool: String,
    /// Its new name.
    #[arg(long)]
    name: Option<String>,
    /// The only site that may use it.
    #[arg(long, conflicts_with = "every_site")]
    site: Option<String>,
    /// Every site may use it.
    #[arg(long)]
    every_site: bool,
    /// Where the next prefix is taken: best_fit, first_fit, sparse or by_vlan.
    #[arg(long)]
    policy: Option<String>,
    /// How long a prefix stays unused after its release, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = hold)]
    quarantine: Option<i64>,
    /// Free text.
    #[arg(long)]
    description: Option<String>,
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
    /// The VRF [default: main].
    #[arg(long)]
    vrf: Option<String>,
    /// Where the next prefix is taken: best_fit, first_fit, sparse or by_vlan [default: best_fit].
    #[arg(long)]
    policy: Option<String>,
    /// How long a prefix stays unused after its release, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = hold)]
    quarantine: Option<i64>,
    /// Free text.
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Add(add) => {
            let Add { name, prefix, site: datacenter, vrf, policy, quarantine, description } = add;
            let quarantine_seconds = quarantine;
            let request =
                PoolCreate { name, datacenter, prefix, vrf, policy, quarantine_seconds, description };
            out.record(&api.post::<Pool>(&["pools"], &[], &request, None).await?, fields)
        }
        Command::List(past) => {
            let pools: Vec<Pool> = api.list(&["pools"], &past.query(), ALL).await?;
            list(&pools, session)
        }
        Command::Show { pool, past } => {
            out.record(&api.get_with::<Pool>(&["pools", &pool], &past.query()).await?, fields)
        }
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
        Command::Update(update) => {
            let datacenter = if update.every_site { Some(None) } else { update.site.map(Some) };
            let request = PoolUpdate {
                name: update.name,
                datacenter,
                policy: update.policy,
                quarantine_seconds: update.quarantine,
                description: update.description,
            };
            out.record(&api.patch::<Pool>(&["pools", &update.pool], &request).await?, fields)
        }
        Command::Resize { pool, size, to } => {
            let request = Resize { size, prefix: to };
            out.record(&api.post::<Pool>(&["pools", &pool, "resize"], &[], &request, None).await?, fields)
        }
        Command::Split { pool, size, part, name } => {
            let request = PoolSplit { size, prefix: part, name };
            let parts: PoolList = api.post(&["pools", &pool, "split"], &[], &request, None).await?;
            list(&parts.pools, session)
        }
        Command::Merge { pool, with } => {
            let request = PoolMerge { with };
            out.record(&api.post::<Pool>(&["pools", &pool, "merge"], &[], &request, None).await?, fields)
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

fn list(pools: &[Pool], session: &Session) -> anyhow::Result<()> {
    session.out.list(pools, &["NAME", "PREFIX", "USED", "PREFIXES", "LARGEST FREE", "SITE"], |pool| {
        let mut row = usage(&pool.usage);
        row.push(site(pool));
        row
    })
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
        ("VRF", pool.vrf.clone()),
        ("Site", site(pool)),
        ("Policy", pool.policy.clone()),
        ("Quarantine", format!("{} s", pool.quarantine_seconds)),
        ("Used", format!("{:.1}% in {} prefixes", pool.usage.used_percent, pool.usage.prefixes)),
        (
            "Of these",
            format!(
                "{} in use, {} held, {} reserved, {} in quarantine",
                pool.usage.assigned, pool.usage.held, pool.usage.reserved, pool.usage.quarantined
            ),
        ),
        ("Largest free", maybe(&pool.usage.largest_free)),
        ("Description", pool.description.clone()),
        ("Registered", time(pool.created_at)),
    ]
}
