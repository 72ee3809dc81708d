//! What the machine itself can do, measured in the same run: flushes to disk, and PostgreSQL's own client with the
//! smallest durable insert.

use std::{
    fs::File,
    io::Write as _,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, bail};

/// The median of a write of one page and its flush.
pub(crate) fn flush(directory: &Path) -> Result<Duration> {
    let mut file = File::create(directory.join("flush"))?;
    let page = [7_u8; 4096];
    let mut times = Vec::new();
    for _ in 0..500 {
        let start = Instant::now();
        file.write_all(&page)?;
        file.sync_data()?;
        times.push(start.elapsed());
    }
    times.sort_unstable();
    Ok(times[times.len() / 2])
}

/// Runs one statement and gives what it says.
pub(crate) fn psql(url: &str, sql: &str) -> Result<String> {
    let output = Command::new("psql").args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", sql]).output();
    let output = output.context("starting psql")?;
    if !output.status.success() {
        bail!("psql: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Transactions per second of pgbench, each inserting one row.
pub(crate) fn pgbench(url: &str, directory: &Path, clients: usize, span: Duration) -> Result<f64> {
    psql(url, "CREATE TABLE IF NOT EXISTS bench_row (id BIGSERIAL PRIMARY KEY, payload TEXT NOT NULL)")?;
    let script = directory.join("insert.sql");
    std::fs::write(
        &script,
        "INSERT INTO bench_row (payload) VALUES ('0123456789abcdef0123456789abcdef');\n",
    )?;
    let output = Command::new("pgbench")
        .args(["-n", "-M", "prepared", "-j", "1", "-c", &clients.to_string()])
        .args(["-T", &span.as_secs().max(1).to_string(), "-f"])
        .arg(&script)
        .arg(url)
        .output()
        .context("starting pgbench")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().find(|line| line.starts_with("tps = "));
    let tps = line.and_then(|line| line.split_whitespace().nth(2)?.parse().ok());
    tps.with_context(|| format!("pgbench said: {text}{}", String::from_utf8_lossy(&output.stderr)))
}
