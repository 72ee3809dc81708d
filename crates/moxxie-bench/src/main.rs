//! `cargo xtask bench ipam`: how fast addresses are given out through HTTP, durably and audited, beside what the
//! machine itself can do. Every figure comes with the limit that was measured in the same run.

mod limits;
mod load;
mod memory;
mod server;

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result};
use clap::Parser;
use serde_json::{Value, json};
use throwaway_postgres::Durability;
use tokio::task::LocalSet;

use self::{load::Client, server::Server};

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
    /// Addresses to load before the owner of one is asked for (PostgreSQL); 0 leaves that out.
    #[arg(long, default_value_t = 10_000_000)]
    addresses: u64,
}

fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let figures = LocalSet::new().block_on(&runtime, measure(&arguments))?;
    if let Some(path) = &arguments.json {
        std::fs::write(path, serde_json::to_string_pretty(&figures)?)?;
        println!("\nwritten to {}", path.display());
    }
    Ok(())
}

async fn measure(arguments: &Arguments) -> Result<Value> {
    let mut figures = json!({"memory": {
        "/8 of IPv4 addresses": memory::next_free(1 << 24),
        "/32 of IPv6 /64s": memory::next_free(1 << 32),
    }});
    println!("next free in memory, ns (full % / gaps)");
    for (space, fills) in figures["memory"].as_object().into_iter().flatten() {
        let texts = fills.as_array().into_iter().flatten();
        let texts: Vec<String> =
            texts.map(|fill| format!("{} ({}% / {})", fill["ns"], fill["full"], fill["gaps"])).collect();
        println!("  {space}: {}", texts.join(", "));
    }
    let bin = throwaway_postgres::binaries().context("PostgreSQL is not installed")?;
    let postgres = throwaway_postgres::Server::start(&bin, Durability::Full, &|| false)?;
    for database in ["postgres", "sqlite"] {
        let url = (database == "postgres").then(|| postgres.url());
        figures[database] = on(arguments, database, url, postgres.url()).await?;
    }
    Ok(figures)
}

async fn on(arguments: &Arguments, name: &str, database: Option<&str>, postgres: &str) -> Result<Value> {
    let home = tempfile::tempdir()?;
    let server = Server::start(&arguments.moxxie, home.path(), database)?;
    let mut client = Client::connect(&server.host, &server.token).await?;
    let span = Duration::from_secs(arguments.seconds);
    println!("\n{name}");
    let log = std::fs::read_to_string(home.path().join("log"))?;
    let durability =
        log.lines().find_map(|line| line.split_once("durability=")).map(|(_, text)| text.to_owned());
    println!("  server's own connection: {}", durability.as_deref().unwrap_or("did not say"));
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
            let limit = limits::pgbench(postgres, home.path(), clients, span)?;
            let flush = limits::flush(home.path())?;
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
    let fill = fill(arguments, &server, &mut client).await?;
    println!(
        "  at 95 % fill {:.0} % of the rate at 5 % (8 clients)",
        fill["share"].as_f64().unwrap_or(0.0) * 100.0
    );
    let (bulk_ms, list_ms) = bulk_and_list(&mut client).await?;
    println!("  bulk of 1,000: {bulk_ms:.1} ms; list of 1,000: {list_ms:.1} ms");
    let mut figures =
        json!({"durability": durability, "next": rates, "fill": fill, "bulkMs": bulk_ms, "listMs": list_ms});
    if let (Some(url), true) = (database, arguments.addresses > 0) {
        figures["owner"] = owner(url, &server, arguments.addresses).await?;
        println!(
            "  owner of an address among {}: {} us beyond an empty request",
            arguments.addresses, figures["owner"]["us"]
        );
    }
    Ok(figures)
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

/// How long a search for the owner of an address takes more than a request that asks the database nothing.
async fn owner(url: &str, server: &Server, many: u64) -> Result<Value> {
    // Written by SQL, beside the pool's own prefix: nobody waits for ten million requests.
    limits::psql(url, &format!(
        "INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status, kind, tags, since, created_at)
         SELECT 'ip-' || lpad(to_hex(i), 32, '0'), p.id, n.id, n.tenant_id, n.vrf_id, 4,
                decode(lpad(to_hex(184549376 + i), 32, '0'), 'hex'), '11.0.0.0', 'assigned', 'vm', '{{}}', 0, 0
         FROM generate_series(1, {many}) AS i, (SELECT * FROM network LIMIT 1) AS n
         JOIN LATERAL (SELECT id FROM prefix WHERE network_id = n.id LIMIT 1) AS p ON true; ANALYZE address"
    ))?;
    // Loading takes longer than the server keeps a silent connection.
    let client = &mut Client::connect(&server.host, &server.token).await?;
    let time = async |client: &mut Client, path: &dyn Fn(u32) -> String| -> Result<f64> {
        let mut times = Vec::new();
        for n in 0..300_u32 {
            let request = client.request("GET", &path(n), "");
            let start = Instant::now();
            client.send(&request).await?;
            times.push(start.elapsed().as_secs_f64() * 1e6);
        }
        times.sort_by(f64::total_cmp);
        Ok(times[times.len() / 2])
    };
    let empty = time(client, &|_| "networks/none".to_owned()).await?;
    let search = time(client, &|n| format!("search?q=11.{}.{}.7", n % 100, n % 250)).await?;
    Ok(json!({"addresses": many, "us": (search - empty).round(), "wholeUs": search.round()}))
}
