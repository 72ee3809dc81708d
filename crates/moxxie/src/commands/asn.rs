//! `moxxie asn`: AS numbers and the ranges they come from.

use clap::{Args, Subcommand};
use moxxie_api::asn::{Asn, AsnRange, AsnRangeCreate, AsnRangeUpdate, AsnRequest, AsnUpdate};

use crate::{
    commands::{
        ALL,
        claim::{Change, Take, hold, labels, status},
        past::{Past, Which},
    },
    output::{maybe, time},
    session::Session,
};

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Take an AS number: the lowest free one, or a certain one
    Take {
        /// This number.
        asn: Option<i64>,
        /// The lowest free number of this range.
        #[arg(long)]
        range: Option<String>,
        /// The lowest free number for this site.
        #[arg(long, env = "MOXXIE_SITE")]
        site: Option<String>,
        #[command(flatten)]
        take: Take,
    },
    /// List taken AS numbers
    List {
        /// Only from this range.
        #[arg(long)]
        range: Option<String>,
        /// Only this tenant's.
        #[arg(long)]
        tenant: Option<String>,
        /// Only with this status.
        #[arg(long)]
        status: Option<String>,
        #[command(flatten)]
        which: Which,
    },
    /// Show a taken AS number
    Show {
        /// The number.
        asn: String,
        #[command(flatten)]
        past: Past,
    },
    /// Change whose an AS number is and how it is taken
    Update {
        /// The number.
        asn: String,
        #[command(flatten)]
        change: Change,
    },
    /// Release an AS number, or end its quarantine
    Release {
        /// The number.
        asn: String,
    },
    /// Ranges of AS numbers
    #[command(subcommand)]
    Range(Range),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Range {
    /// Register a range
    Add(Add),
    /// List ranges
    List(Past),
    /// Show one range
    Show {
        /// Its name or id.
        range: String,
        #[command(flatten)]
        past: Past,
    },
    /// Change a range
    Update(Update),
    /// Remove a range of which nothing is taken
    Remove {
        /// Its name or id.
        range: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Add {
    /// Its name: 1 to 63 of a-z, 0-9 and -.
    name: String,
    /// First and last number, such as 64512-65534.
    #[arg(long)]
    range: String,
    /// The site that takes from it [default: every site].
    #[arg(long)]
    site: Option<String>,
    /// The only tenant that gets numbers of it [default: every tenant].
    #[arg(long)]
    tenant: Option<String>,
    /// How long a number stays unused after its release, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = hold)]
    quarantine: Option<i64>,
    /// Free text.
    #[arg(long, default_value = "", hide_default_value = true)]
    description: String,
}

#[derive(Debug, Args)]
pub(crate) struct Update {
    /// Its name or id.
    which: String,
    /// Its new name.
    #[arg(long)]
    name: Option<String>,
    /// First and last number.
    #[arg(long)]
    range: Option<String>,
    /// How long a number stays unused after its release, such as 7d.
    #[arg(long, value_name = "TIME", value_parser = hold)]
    quarantine: Option<i64>,
    /// Free text.
    #[arg(long)]
    description: Option<String>,
}

pub(crate) async fn run(command: Command, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Command::Take { asn, range, site, take } => {
            let request = AsnRequest {
                asn,
                range,
                datacenter: site,
                status: take.status(),
                hold_seconds: take.hold,
                labels: take.labels(),
                client_id: take.tenant,
                purpose: take.purpose,
            };
            out.record(&api.post::<Asn>(&["asns"], &[], &request, None).await?, fields)
        }
        Command::List { range, tenant, status: word, which } => {
            let query = [("range", range), ("clientId", tenant), ("status", word)];
            let query = query.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let query: Vec<_> = query.chain(which.query()).collect();
            let asns: Vec<Asn> = api.list(&["asns"], &query, ALL).await?;
            out.list(&asns, &["ASN", "STATUS", "TENANT", "RANGE", "PURPOSE"], |asn| {
                vec![
                    asn.asn.to_string(),
                    status(&asn.status, asn.expires_at),
                    maybe(&asn.client_id),
                    asn.range.clone(),
                    asn.purpose.clone(),
                ]
            })
        }
        Command::Show { asn, past } => {
            out.record(&api.get_with::<Asn>(&["asns", &asn], &past.query()).await?, fields)
        }
        Command::Update { asn, change } => {
            let request = AsnUpdate {
                status: change.status.clone(),
                hold_seconds: change.hold,
                client_id: change.owner(),
                purpose: change.purpose.clone(),
                labels: change.labels(),
            };
            out.record(&api.patch::<Asn>(&["asns", &asn], &request).await?, fields)
        }
        Command::Release { asn } => {
            api.delete::<Option<serde_json::Value>>(&["asns", &asn], &[]).await?;
            out.note(&format!("AS {asn} is released"));
            Ok(())
        }
        Command::Range(range) => run_range(range, session).await,
    }
}

async fn run_range(command: Range, session: &Session) -> anyhow::Result<()> {
    let Session { api, out } = session;
    match command {
        Range::Add(add) => {
            let request = AsnRangeCreate {
                name: add.name,
                range: add.range,
                datacenter: add.site,
                client_id: add.tenant,
                description: add.description,
                quarantine_seconds: add.quarantine,
            };
            out.record(&api.post::<AsnRange>(&["asn-ranges"], &[], &request, None).await?, range_fields)
        }
        Range::List(past) => {
            let ranges: Vec<AsnRange> = api.list(&["asn-ranges"], &past.query(), ALL).await?;
            out.list(&ranges, &["NAME", "RANGE", "TAKEN", "SITE", "TENANT"], |range| {
                vec![
                    range.name.clone(),
                    range.range.clone(),
                    format!("{} of {}", range.taken, range.total),
                    maybe(&range.datacenter),
                    maybe(&range.client_id),
                ]
            })
        }
        Range::Show { range, past } => {
            let path = ["asn-ranges", &range];
            out.record(&api.get_with::<AsnRange>(&path, &past.query()).await?, range_fields)
        }
        Range::Update(update) => {
            let request = AsnRangeUpdate {
                name: update.name,
                range: update.range,
                description: update.description,
                quarantine_seconds: update.quarantine,
                ..AsnRangeUpdate::default()
            };
            let path = ["asn-ranges", &update.which];
            out.record(&api.patch::<AsnRange>(&path, &request).await?, range_fields)
        }
        Range::Remove { range } => super::remove(&["asn-ranges", &range], session).await,
    }
}

fn fields(asn: &Asn) -> Vec<(&'static str, String)> {
    vec![
        ("ASN", asn.asn.to_string()),
        ("Id", asn.id.clone()),
        ("Range", asn.range.clone()),
        ("Status", status(&asn.status, asn.expires_at)),
        ("Tenant", maybe(&asn.client_id)),
        ("Purpose", asn.purpose.clone()),
        ("Labels", labels(&asn.labels)),
        ("Since", time(asn.since)),
    ]
}

fn range_fields(range: &AsnRange) -> Vec<(&'static str, String)> {
    vec![
        ("Name", range.name.clone()),
        ("Id", range.id.clone()),
        ("Range", range.range.clone()),
        ("Taken", format!("{} of {}", range.taken, range.total)),
        ("Site", maybe(&range.datacenter)),
        ("Tenant", maybe(&range.client_id)),
        ("Quarantine", format!("{} s", range.quarantine_seconds)),
        ("Description", range.description.clone()),
        ("Registered", time(range.created_at)),
    ]
}
