//! Decoding the answer to `/ip/firewall/address-list/print`, from bytes in memory to rows whose every property was
//! looked at.

use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, ensure};
use moxxie_routeros::StateRow;
use routeros_client::Row;
use routeros_wire::{Decoder, ReplyKind, encode};

use crate::figure::{Figure, Goal};

/// Bytes that one read from a socket brings.
const READ: usize = 64 * 1024;

/// Decodes bytes from standard input as librouteros does, and prints the seconds of each round.
const PEER: &str = include_str!("librouteros.py");

pub(crate) fn measure(rows: u32, rounds: usize, python: &Path) -> Result<Vec<Figure>> {
    let reply = reply(rows);
    let megabytes = reply.len() as f64 / 1e6;
    let count = f64::from(rows);

    let mut copy = vec![0; reply.len()];
    let copied = times(rounds, || {
        copy.copy_from_slice(black_box(&reply));
        black_box(&copy);
        Ok(())
    })?;
    let looked_at = times(rounds, || {
        let mut seen = 0;
        decode(&reply, |row| {
            seen += row.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>()
        })?;
        ensure!(seen > 0, "nothing was decoded");
        black_box(seen);
        Ok(())
    })?;
    let mut kept = 0;
    let owned = times(rounds, || {
        let mut read = Vec::new();
        decode(&reply, |row| read.push(StateRow::from(&row)))?;
        kept = read.len();
        black_box(read);
        Ok(())
    })?;
    ensure!(kept == rows as usize, "{kept} rows were decoded");
    let peer = librouteros(&reply, rows, rounds, python)?;

    let rate =
        |amount: f64, seconds: &[f64]| seconds.iter().map(|second| amount / second).collect::<Vec<_>>();
    let median = |values: Vec<f64>| Figure::of("", "", values).median;
    let peer_rows = median(rate(count, &peer));
    let (memcpy, peer_bytes) = (median(rate(megabytes, &copied)), median(rate(megabytes, &peer)));
    let times_peer = |seconds: &[f64]| rate(count, seconds).iter().map(|rate| rate / peer_rows).collect();
    Ok(vec![
        Figure::of("decode.rows", "rows/s", rate(count, &looked_at)).beside("librouteros", peer_rows),
        Figure::of("decode.bytes", "MB/s", rate(megabytes, &looked_at))
            .beside("memcpy", memcpy)
            .beside("librouteros", peer_bytes),
        Figure::of("decode.ratio", "times librouteros", times_peer(&looked_at)).goal(Goal::AtLeast(30.0)),
        Figure::of("decode.owned-rows", "rows/s", rate(count, &owned)).beside("librouteros", peer_rows),
    ])
}

/// Rows as a router prints them, without a tag: librouteros knows none.
fn reply(rows: u32) -> Vec<u8> {
    let mut bytes = Vec::new();
    for row in 0..rows {
        let [_, a, b, c] = row.to_be_bytes();
        let words = [
            "!re".to_owned(),
            format!("=.id=*{:X}", row + 1),
            format!("=list=mx-tenant-{}", row % 97),
            format!("=address=10.{a}.{b}.{c}"),
            "=creation-time=2026-01-02 03:04:05".to_owned(),
            "=dynamic=false".to_owned(),
            "=disabled=false".to_owned(),
            format!("=comment=mx1:ab12:net-{row:012x}:member acme/web-{row}"),
        ];
        encode(&words, &mut bytes);
    }
    encode(["!done"], &mut bytes);
    bytes
}

/// As a connection does it: fed as a socket would, each sentence a row.
fn decode(reply: &[u8], mut each: impl FnMut(Row)) -> Result<()> {
    let mut decoder = Decoder::new();
    for piece in reply.chunks(READ) {
        decoder.feed(piece);
        while let Some(sentence) = decoder.next_sentence()? {
            if ReplyKind::of(&sentence) == ReplyKind::Re {
                each(Row::from(sentence));
            }
        }
    }
    Ok(())
}

/// Seconds that each of some rounds took, after one to warm up.
fn times(rounds: usize, mut work: impl FnMut() -> Result<()>) -> Result<Vec<f64>> {
    work()?;
    (0..rounds.max(1))
        .map(|_| {
            let start = Instant::now();
            work()?;
            Ok(start.elapsed().as_secs_f64())
        })
        .collect()
}

fn librouteros(reply: &[u8], rows: u32, rounds: usize, python: &Path) -> Result<Vec<f64>> {
    let mut child = Command::new(python)
        .args(["-c", PEER, &rows.to_string(), &rounds.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("starting {}", python.display()))?;
    child
        .stdin
        .take()
        .context("its standard input is ours")?
        .write_all(reply)
        .context("handing it the bytes")?;
    let output = child.wait_with_output().context("waiting for librouteros")?;
    ensure!(output.status.success(), "librouteros failed ({})", output.status);
    String::from_utf8(output.stdout)?
        .split_whitespace()
        .map(|seconds| seconds.parse().with_context(|| format!("{seconds:?} is no number")))
        .collect()
}
