//! `cargo xtask bench ipam`: how fast addresses are given out through HTTP, durably and audited, beside what the
//! machine itself can do. Every figure comes with the limit that was measured in the same run.

mod changes;
mod crowd;
mod database;
mod limits;
mod load;
mod lookups;
mod memory;
mod prefixes;
mod server;

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::{Parser, ValueEnum};
use serde_json::{Value, json};
use throwaway_postgres::Durability;
use tokio::task::LocalSet;

use self::{crowd::Crowd, database::Database, load::Client, server::Server};

#[derive(Debug, Parser)]
struct Arguments {
    /// The server to measure.
    #[arg(long)]
    moxxie: PathBuf,
    /// Where to write the figures.
    #[arg(long)]
    json: Option<PathBuf>,
    /// Seconds for each figure.
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// How often each rate is measured; the median counts.
    #[arg(long, default_value_t = 3)]
    repeat: usize,
    /// Addresses to load before questions are asked among them; 0 leaves that out.
    #[arg(long, default_value_t = 10_000_000)]
    addresses: u64,
    /// Prefixes to load with them.
    #[arg(long, default_value_t = 1_000_000)]
    prefixes: u64,
    /// Only one of the databases: postgres or sqlite.
    #[arg(long)]
    database: Option<String>,
    /// Only this part.
    #[arg(long)]
    part: Option<Part>,
    /// The emulated router, for changes.
    #[arg(long)]
    emulator: Option<PathBuf>,
    /// A Python with Ansible's community.routeros, for changes.
    #[arg(long)]
    python: Option<PathBuf>,
}

impl Arguments {
    fn wants(&self, part: Part) -> bool {
        self.part.is_none_or(|only| only == part)
    }
}

/// What can be measured alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Part {
    /// The next free number in memory.
    Memory,
    /// Addresses given out.
    Addresses,
    /// Prefixes given out.
    Prefixes,
    /// Questions among very many addresses and prefixes.
    Lookups,
    /// Networks put on a router; not among the parts that are measured when none is named.
    Changes,
}

fn main() -> Result<()> {
    let mut arguments = Arguments::parse();
    // The server runs in a directory of its own.
    arguments.moxxie = arguments.moxxie.canonicalize().context("the server's program")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = LocalSet::new().block_on(&runtime, measure(&arguments))?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&figures)?)?;
        println!("\nwritten to {}", path.display());
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<Value> {
    if arguments.part == Some(Part::Changes) {
        return Ok(json!({"changes": changes::measure(arguments).await?}));
    }
    let mut figures = json!({});
    if arguments.wants(Part::Memory) {
        figures["memory"] = json!({
            "/8 of IPv4 addresses": memory::next_free(1 << 24),
            "/32 of IPv6 /64s": memory::next_free(1 << 32),
        });
        println!("next free in memory, ns (full % / gaps)");
        for (space, fills) in figures["memory"].as_object().into_iter().flatten() {
            let texts = fills.as_array().into_iter().flatten();
            let texts: Vec<String> =
                texts.map(|fill| format!("{} ({}% / {})", fill["ns"], fill["full"], fill["gaps"])).collect();
            println!("  {space}: {}", texts.join(", "));
        }
    }
    if arguments.part == Some(Part::Memory) {
        return Ok(figures);
    }
    let bin = throwaway_postgres::binaries().context("PostgreSQL is not installed")?;
    let postgres = throwaway_postgres::Server::start(&bin, Durability::Full, &|| false)?;
    let databases = ["postgres", "sqlite"];
    for database in
        databases.into_iter().filter(|name| arguments.database.as_deref().is_none_or(|one| one == *name))
    {
        let url = (database == "postgres").then(|| postgres.url());
        figures[database] = on(arguments, database, url, postgres.url()).await?;
    }
    Ok(figures)
}

async fn on(arguments: &Arguments, name: &str, database: Option<&str>, postgres: &str) -> Result<Value> {
    let home = tempfile::tempdir()?;
    let server = Server::start(&arguments.moxxie, home.path(), database)?;
    println!("\n{name}");
    let log = std::fs::read_to_string(home.path().join("log"))?;
    let durability =
        log.lines().find_map(|line| line.split_once("durability=")).map(|(_, text)| text.to_owned());
    println!("  server's own connection: {}", durability.as_deref().unwrap_or("did not say"));
    let mut figures = json!({"durability": durability});
    if arguments.wants(Part::Addresses) {
        addresses(arguments, &server, home.path(), postgres, &mut figures).await?;
    }
    if arguments.wants(Part::Prefixes) {
        figures["prefixes"] = prefixes::measure(arguments, &server, home.path(), postgres).await?;
    }
    if arguments.wants(Part::Lookups) && arguments.addresses > 0 {
        figures["lookups"] = lookups(arguments, server, home.path(), database).await?;
    }
    Ok(figures)
}

/// The rate of next addresses beside the machine's limits; fill, bulk and list.
async fn addresses(
    arguments: &Arguments,
    server: &Server,
    home: &Path,
    postgres: &str,
    figures: &mut Value,
) -> Result<()> {
    let mut client = Client::connect(&server.host, &server.token).await?;
    let span = Duration::from_secs(arguments.seconds);
    let mut rates = Vec::new();
    println!(
        "  {:>8} {:>12} {:>12} {:>7} {:>10} {:>10} {:>10}",
        "clients", "next/s", "pgbench/s", "share", "p50 us", "p99 us", "flush us"
    );
    for (clients, goal) in [(1, 0.7), (8, 0.8), (64, 1.0)] {
        let mut runs = Vec::new();
        for _ in 0..arguments.repeat {
            let network = network(&mut client, "/12").await?;
            let path = format!("networks/{network}/ips/next");
            let limit = limits::pgbench(postgres, home, clients, span)?;
            let flush = limits::flush(home)?;
            let rate = load::run(&server.host, &server.token, clients, span, &path, "{}").await?;
            runs.push((rate.per_second / limit, rate, limit, flush));
            if runs.len() == arguments.repeat {
                break;
            }
        }
        runs.sort_by(|one, other| one.0.total_cmp(&other.0));
        let (share, rate, limit, flush) = runs[runs.len() / 2];
        let us = |time: Duration| time.as_micros() as u64;
        println!(
            "  {clients:>8} {:>12.0} {limit:>12.0} {:>6.0}% {:>10} {:>10} {:>10}",
            rate.per_second,
            share * 100.0,
            us(rate.p50),
            us(rate.p99),
            us(flush)
        );
        rates.push(json!({
            "clients": clients, "perSecond": rate.per_second, "pgbench": limit, "share": share, "goal": goal,
            "p50Us": us(rate.p50), "p99Us": us(rate.p99), "flushUs": us(flush),
            "shares": runs.iter().map(|run| run.0).collect::<Vec<_>>(),
        }));
    }
    let fill = fill(arguments, server, &mut client).await?;
    println!(
        "  at 95 % fill {:.0} % of the rate at 5 % (8 clients)",
        fill["share"].as_f64().unwrap_or(0.0) * 100.0
    );
    let (bulk_ms, list_ms) = bulk_and_list(&mut client).await?;
    println!("  bulk of 1,000: {bulk_ms:.1} ms; list of 1,000: {list_ms:.1} ms");
    figures["next"] = json!(rates);
    figures["fill"] = fill;
    figures["bulkMs"] = json!(bulk_ms);
    figures["listMs"] = json!(list_ms);
    Ok(())
}

/// Questions among very many addresses and prefixes.
async fn lookups(arguments: &Arguments, server: Server, home: &Path, url: Option<&str>) -> Result<Value> {
    let mut client = Client::connect(&server.host, &server.token).await?;
    let crowd = Crowd::order(&mut client, arguments.addresses, arguments.prefixes).await?;
    let mut database = Database::open(url, home).await?;
    let start = Instant::now();
    // The server is away meanwhile: what it remembers would not be so any more.
    let token = server.stop();
    crowd.load(&mut database).await?;
    crowd.check(&mut database).await?;
    drop(database);
    println!("  loaded and checked in {:.0} s", start.elapsed().as_secs_f64());
    let server = Server::start_again(&arguments.moxxie, home, url, token)?;
    let mut client = Client::connect(&server.host, &server.token).await?;
    crowd.ask(&mut client).await?;
    lookups::ask(&crowd, &mut client).await
}

/// A network of its own.
async fn network(client: &mut Client, size: &str) -> Result<String> {
    let order = json!({"clientId": "acme", "datacenter": "dc1", "size": size});
    let made = client.call("POST", "networks/allocate", &order).await?;
    Ok(made["networkId"].as_str().context("a network's id")?.to_owned())
}

/// The rate in a /16 that is nearly full, beside that in one that is nearly empty. What is free lies scattered.
async fn fill(arguments: &Arguments, server: &Server, client: &mut Client) -> Result<Value> {
    let span = Duration::from_millis(700);
    let mut shares = Vec::new();
    for _ in 0..arguments.repeat {
        let mut rates = Vec::new();
        for full in [5, 95] {
            let network = network(client, "/16").await?;
            let taken: usize = 65_000 * full / 100;
            let empty: Vec<Value> = vec![json!({}); 1000];
            for _ in 0..taken / 1000 {
                client
                    .call("POST", &format!("networks/{network}/ips/bulk"), &json!({"items": empty}))
                    .await?;
            }
            let path = format!("networks/{network}/ips/next");
            rates.push(
                load::run(&server.host, &server.token, 8, span.min(Duration::from_millis(300)), &path, "{}")
                    .await?
                    .per_second,
            );
        }
        shares.push(rates[1] / rates[0]);
    }
    shares.sort_by(f64::total_cmp);
    Ok(json!({"share": shares[shares.len() / 2], "shares": shares}))
}

/// Medians, in milliseconds.
async fn bulk_and_list(client: &mut Client) -> Result<(f64, f64)> {
    let (mut bulks, mut lists) = (Vec::new(), Vec::new());
    let empty: Vec<Value> = vec![json!({}); 1000];
    for _ in 0..9 {
        let network = network(client, "/20").await?;
        let request = client.request(
            "POST",
            &format!("networks/{network}/ips/bulk"),
            &json!({"items": empty}).to_string(),
        );
        let start = Instant::now();
        let answer = client.send(&request).await?;
        bulks.push(start.elapsed().as_secs_f64() * 1000.0);
        anyhow::ensure!(answer.status == 200, "bulk: {}", String::from_utf8_lossy(&answer.body));
        let request = client.request("GET", &format!("networks/{network}/ips?limit=1000"), "");
        let start = Instant::now();
        client.send(&request).await?;
        lists.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    bulks.sort_by(f64::total_cmp);
    lists.sort_by(f64::total_cmp);
    Ok((bulks[bulks.len() / 2], lists[lists.len() / 2]))
}
