//! How fast prefixes are given out through HTTP.

use std::{
    path::Path,
    time::{Duration, Instant},
};

use anyhow::Result;
use serde_json::{Value, json};

use crate::{
    Arguments, limits,
    load::{self, Client},
    server::Server,
};

/// The /28 of a pool of this benchmark.
const ROOM: usize = 1 << 16;

/// The rate of next prefixes with some clients at two fills, beside pgbench; and a bulk.
pub(crate) async fn measure(
    arguments: &Arguments,
    server: &Server,
    home: &Path,
    postgres: &str,
) -> Result<Value> {
    let span = Duration::from_secs(arguments.seconds);
    let (mut rates, mut bulks) = (Vec::new(), Vec::new());
    println!(
        "  {:>8} {:>6} {:>12} {:>12} {:>7} {:>10} {:>10}",
        "clients", "fill", "prefixes/s", "pgbench/s", "share", "p50 us", "p99 us"
    );
    for (number, percent) in [5, 95].into_iter().enumerate() {
        // The rates take longer than the server keeps a silent connection.
        let mut client = Client::connect(&server.host, &server.token).await?;
        let pool = format!("fill-{percent}");
        let prefix = format!("13.{}.0.0/12", number * 16);
        client.call("POST", "pools", &json!({"name": pool, "prefix": prefix})).await?;
        fill(&mut client, &pool, ROOM * percent / 100, &mut bulks).await?;
        for clients in [1, 8, 64] {
            let limit = limits::pgbench(postgres, home, clients, span)?;
            // So short that the fill stays what it is.
            let span = Duration::from_millis(500);
            let body = json!({"pool": pool, "size": "/28"}).to_string();
            let rate = load::run(&server.host, &server.token, clients, span, "prefixes", &body).await?;
            let share = rate.per_second / limit;
            let (p50, p99) = (rate.p50.as_micros() as u64, rate.p99.as_micros() as u64);
            println!(
                "  {clients:>8} {percent:>5}% {:>12.0} {limit:>12.0} {:>6.0}% {p50:>10} {p99:>10}",
                rate.per_second,
                share * 100.0
            );
            rates.push(json!({"clients": clients, "percentFull": percent, "perSecond": rate.per_second,
                "pgbench": limit, "share": share, "p50Us": p50, "p99Us": p99}));
        }
    }
    bulks.sort_by(f64::total_cmp);
    let bulk_ms = bulks[bulks.len() / 2];
    println!("  bulk of 1,000 prefixes: {bulk_ms:.1} ms");
    Ok(json!({"next": rates, "bulkMs": bulk_ms}))
}

/// Takes so many by bulks.
async fn fill(client: &mut Client, pool: &str, count: usize, bulks: &mut Vec<f64>) -> Result<()> {
    for _ in 0..count.div_ceil(1000) {
        let items = vec![json!({"pool": pool, "size": "/28"}); 1000];
        let start = Instant::now();
        client.call("POST", "prefixes/bulk", &json!({"items": items})).await?;
        bulks.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(())
}
