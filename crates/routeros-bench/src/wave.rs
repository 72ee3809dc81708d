//! A thousand independent adds to a router that is far away: in one wave, and one by one.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use routeros_client::{Command, Connection};

use crate::emulator::Emulator;
use crate::figure::{Figure, Goal};

/// There and back, in milliseconds.
const ROUND_TRIP: u32 = 20;

pub(crate) async fn measure(program: &Path, adds: u32, rounds: usize) -> Result<Vec<Figure>> {
    let one_way = (ROUND_TRIP / 2).to_string();
    let emulator = Emulator::start(program, &["--distance-ms", &one_way])?;
    let connection = emulator.connect().await?;
    let mut together = Vec::new();
    let mut looks = Vec::new();
    for _ in 0..rounds.max(1) {
        let start = Instant::now();
        let answers = connection.run_all((0..adds).map(add)).await;
        together.push(start.elapsed().as_secs_f64());
        for answer in answers {
            answer.context("adding in a wave")?;
        }
        let start = Instant::now();
        connection.run(Command::new("/system/identity/print")).await.context("looking at the line")?;
        looks.push(start.elapsed().as_secs_f64() * 1e3);
        clear(&connection, adds).await?;
    }
    let start = Instant::now();
    for row in 0..adds {
        connection.run(add(row)).await.context("adding one by one")?;
    }
    let apart = start.elapsed().as_secs_f64();
    connection.close().await;
    Ok(vec![
        Figure::of("wave.line", "ms there and back", looks).beside("as configured", f64::from(ROUND_TRIP)),
        Figure::of(&format!("wave.{adds}-adds"), "s", together)
            .goal(Goal::Below(0.5))
            .beside("one by one", apart),
    ])
}

fn add(row: u32) -> Command {
    let [_, a, b, c] = row.to_be_bytes();
    Command::new("/ip/firewall/address-list/add")
        .attr("list", "bench")
        .attr("address", format!("10.{a}.{b}.{c}"))
        .attr("comment", format!("mx1:ab12:net-{row:012x}:member"))
}

async fn clear(connection: &Connection, adds: u32) -> Result<()> {
    let print = Command::new("/ip/firewall/address-list/print").proplist([".id"]);
    let rows = connection.run(print).await.context("reading what was added")?.rows;
    ensure!(rows.len() == adds as usize, "{} rows are there, not {adds}", rows.len());
    let removals = rows
        .iter()
        .filter_map(|row| row.id())
        .map(|id| Command::new("/ip/firewall/address-list/remove").id(id));
    for answer in connection.run_all(removals).await {
        answer.context("removing")?;
    }
    Ok(())
}
