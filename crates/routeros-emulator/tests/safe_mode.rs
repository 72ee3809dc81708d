//! Safe mode and undo (reference 7.1).
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::Duration;

use client::{emulator, session};
use routeros_emulator::Emulator;

fn entries(emu: &Emulator) -> usize {
    emu.rows("/ip/firewall/address-list").len()
}

async fn add(client: &mut client::Client, n: usize) {
    let address = format!("=address=10.0.{}.{}", n / 250, n % 250 + 1);
    client.run(&["/ip/firewall/address-list/add", "=list=l", &address]).await.ok();
}

#[tokio::test]
async fn release_keeps_and_unroll_takes_back() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let before = emu.snapshot();
    client.run(&["/safe-mode/take", "=on-error=abort"]).await.ok();
    client.run(&["/safe-mode/take"]).await.ok();
    let state = &client.run(&["/safe-mode/print"]).await.ok().rows[0];
    assert_eq!((state["enabled"].as_str(), state["current"].as_str()), ("true", "true"));
    assert_eq!((state["user"].as_str(), state["owner"].as_str()), ("admin", "api"));
    add(&mut client, 1).await;
    // What somebody else does meanwhile goes with it.
    emu.add_row("/ip/pool", &[("name", "foreign"), ("ranges", "10.0.0.1-10.0.0.2")]).unwrap();
    let history = client.run(&["/system/history/print"]).await.ok().rows;
    assert_eq!(history.iter().filter(|row| row["floating-undo"] == "true").count(), 2);
    client.run(&["/safe-mode/unroll"]).await.ok();
    assert_eq!(emu.snapshot(), before);
    let state = &client.run(&["/safe-mode/print"]).await.ok().rows[0];
    assert_eq!(state["enabled"], "false");
    assert!(!state.contains_key("user") && !state.contains_key("owner"));

    client.run(&["/safe-mode/toggle"]).await.ok();
    add(&mut client, 2).await;
    client.run(&["/safe-mode/toggle"]).await.ok();
    drop(client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    emu.clock().advance(Duration::from_secs(5));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(entries(&emu), 1);
}

#[tokio::test]
async fn closing_rolls_back_later() {
    let emu = emulator("7.22").await;
    emu.clock().freeze();
    let mut client = session(&emu).await;
    client.run(&["/safe-mode/take"]).await.ok();
    add(&mut client, 1).await;
    drop(client);
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(entries(&emu), 1, "not at once");
    let mut other = session(&emu).await;
    assert_eq!(other.run(&["/safe-mode/print"]).await.ok().rows[0]["current"], "false");
    assert!(other.run(&["/safe-mode/take"]).await.trap().contains("taken by another user (admin)"));
    assert!(!other.run(&["/safe-mode/release"]).await.traps.is_empty());
    emu.clock().advance(Duration::from_secs(2));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(entries(&emu), 0);
    assert_eq!(other.run(&["/safe-mode/print"]).await.ok().rows[0]["enabled"], "false");
}

#[tokio::test]
async fn too_many_actions_keep_everything() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.run(&["/safe-mode/take"]).await.ok();
    for n in 0..101 {
        add(&mut client, n).await;
    }
    assert_eq!(client.run(&["/safe-mode/print"]).await.ok().rows[0]["enabled"], "false");
    drop(client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    emu.clock().advance(Duration::from_secs(3));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(entries(&emu), 101);
}

#[tokio::test]
async fn undo_and_redo() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let empty = emu.snapshot();
    add(&mut client, 1).await;
    client.run(&["/ip/firewall/address-list/set", "=.id=*1", "=list=m"]).await.ok();
    let full = emu.snapshot();
    client.run(&["/undo"]).await.ok();
    client.run(&["/undo"]).await.ok();
    assert_eq!(emu.snapshot(), empty);
    client.run(&["/redo"]).await.ok();
    client.run(&["/redo"]).await.ok();
    assert_eq!(emu.snapshot(), full);
    assert_eq!(emu.rows("/ip/firewall/address-list")[0][".id"], "*1");
}
