//! Commands that go on until they are cancelled (reference 1.6).
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::collections::BTreeMap;
use std::time::Duration;

use client::{Client, attributes, emulator, session};
use routeros_emulator::Emulator;

const SECOND: Duration = Duration::from_secs(1);

/// A router whose clock only the test moves.
async fn stopped(version: &str) -> (Emulator, Client) {
    let emu = emulator(version).await;
    emu.clock().freeze();
    let client = session(&emu).await;
    (emu, client)
}

/// All rows of a command that goes on, for which the clock has to move that far.
async fn rows_over(
    emu: &Emulator,
    client: &mut Client,
    words: &[&str],
    time: Duration,
) -> Vec<BTreeMap<String, String>> {
    client.send(words).await;
    // The first sample tells that it has begun.
    let mut rows = vec![attributes(&client.sentence().await.unwrap())];
    emu.clock().advance(time);
    rows.extend(client.reply().await.ok().rows);
    rows
}

#[tokio::test]
async fn samples_come_by_the_clock_until_the_cancel() {
    let (emu, mut client) = stopped("7.22").await;
    client.send(&["/interface/monitor-traffic", "=interface=ether1,aggregate", ".tag=m"]).await;
    for section in ["0", "1", "2"] {
        for name in ["ether1", "aggregate"] {
            let row = client.sentence().await.unwrap();
            let fields = attributes(&row);
            assert_eq!((row.command(), row.tag()), (&b"!re"[..], Some(&b"m"[..])));
            assert_eq!((fields["name"].as_str(), fields[".section"].as_str()), (name, section));
            assert_eq!(fields["rx-bits-per-second"], "0");
        }
        assert!(client.silent(Duration::from_millis(120)).await, "the clock stands");
        // Other commands are served meanwhile.
        assert_eq!(client.run(&["/system/identity/print"]).await.ok().rows.len(), 1);
        emu.clock().advance(SECOND);
    }
    for _ in 0..2 {
        assert_eq!(attributes(&client.sentence().await.unwrap())[".section"], "3");
    }
    client.send(&["/cancel", "=tag=m", ".tag=c"]).await;
    let said = [
        client.sentence().await.unwrap(),
        client.sentence().await.unwrap(),
        client.sentence().await.unwrap(),
    ];
    let said = said.map(|sentence| (sentence.command().to_vec(), sentence.tag().unwrap().to_vec()));
    let word = |word: &str, tag: &str| (word.as_bytes().to_vec(), tag.as_bytes().to_vec());
    assert_eq!(said, [word("!trap", "m"), word("!done", "c"), word("!done", "m")]);
    emu.clock().advance(SECOND);
    assert!(client.silent(Duration::from_millis(120)).await, "nothing comes behind the end");
}

#[tokio::test]
async fn once_duration_and_interval() {
    let (emu, mut client) = stopped("7.22").await;
    let rows = client.run(&["/interface/ethernet/monitor", "=numbers=ether1", "=once="]).await.ok().rows;
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0]["name"].as_str(), rows[0]["status"].as_str()), ("ether1", "link-ok"));
    assert!(!rows[0].contains_key(".section"), "one sample has no number");

    let timed = ["/interface/monitor-traffic", "=interface=ether1", "=duration=3s", "=.proplist=name"];
    let rows = rows_over(&emu, &mut client, &timed, 10 * SECOND).await;
    let sections: Vec<_> = rows.iter().map(|row| row[".section"].as_str()).collect();
    assert_eq!(sections, ["0", "1", "2"]);
    assert!(rows.iter().all(|row| row.len() == 2 && row["name"] == "ether1"), "{rows:?}");

    let quick = ["/system/resource/monitor", "=duration=1s", "=interval=200ms"];
    assert_eq!(rows_over(&emu, &mut client, &quick, SECOND).await.len(), 5);
    let refused = client.run(&["/system/resource/monitor", "=interval=10ms"]).await;
    assert_eq!(refused.trap(), "value of interval is out of range (00:00:00.020 .. 00:00:05)");
}

#[tokio::test]
async fn what_ends_by_itself_ends() {
    let (emu, mut client) = stopped("7.22").await;
    let check = ["/system/package/update/check-for-updates"];
    let rows = rows_over(&emu, &mut client, &check, SECOND).await;
    assert_eq!(rows.len(), 2);
    assert_eq!(rows[0]["status"], "finding out latest version...");
    assert_eq!(
        (rows[1]["status"].as_str(), rows[1][".section"].as_str()),
        ("System is already up to date", "1")
    );
    assert_eq!(rows[1]["latest-version"], rows[1]["installed-version"]);
    let reply = client.run(&["/system/package/update/print"]).await.ok();
    assert_eq!(reply.rows[0]["installed-version"], rows[1]["installed-version"]);

    // What is looked at goes away.
    let bridge = emu.add_row("/interface/bridge", &[("name", "br")]).unwrap();
    client.send(&["/interface/bridge/monitor", &format!("=.id={bridge}")]).await;
    assert_eq!(attributes(&client.sentence().await.unwrap())["port-count"], "0");
    emu.remove_row("/interface/bridge", "br").unwrap();
    emu.clock().advance(SECOND);
    assert!(client.reply().await.ok().rows.is_empty());
}

#[tokio::test]
async fn pings_and_traces() {
    let (emu, mut client) = stopped("7.22").await;
    emu.add_row("/ip/address", &[("address", "10.0.0.1/24"), ("interface", "ether1")]).unwrap();
    emu.lan().host("ether1", "10.0.0.9", "02:00:00:00:00:09");
    client.send(&["/tool/ping", "=address=10.0.0.9", "=count=3", "=interval=100ms"]).await;
    assert_eq!(attributes(&client.sentence().await.unwrap())["sent"], "1");
    assert!(client.silent(Duration::from_millis(120)).await, "the second packet waits");
    emu.clock().advance(SECOND);
    let rows = client.reply().await.ok().rows;
    assert_eq!(rows.iter().map(|row| row["received"].as_str()).collect::<Vec<_>>(), ["2", "3"]);

    let trace = ["/tool/traceroute", "=address=10.0.0.9", "=count=2"];
    let rows = rows_over(&emu, &mut client, &trace, SECOND).await;
    assert_eq!((rows.len(), rows[1]["address"].as_str(), rows[1]["sent"].as_str()), (2, "10.0.0.9", "2"));
    let rows = client.run(&["/tool/traceroute", "=address=192.0.2.1", "=count=1"]).await.ok().rows;
    assert_eq!((rows[0]["address"].as_str(), rows[0]["loss"].as_str()), ("", "100"));

    let torch = ["/tool/torch", "=interface=ether1", "=duration=2s"];
    let rows = rows_over(&emu, &mut client, &torch, 2 * SECOND).await;
    assert!(rows.len() == 2 && rows.iter().all(|row| row.len() == 1), "frames are empty: {rows:?}");

    let check = ["/ip/route/check", "=dst-ip=10.0.0.9", "=once="];
    assert_eq!(client.run(&check).await.ok().rows[0]["interface"], "ether1");
    let (_old, mut client) = stopped("7.16").await;
    assert_eq!(client.run(&check).await.trap(), "no such command");
}

#[tokio::test]
async fn monitors_are_refused_like_other_commands() {
    let (emu, mut client) = stopped("7.18").await;
    for (words, text) in [
        (&["/interface/monitor-traffic"][..], "missing =interface="),
        (&["/interface/monitor-traffic", "=interface=nope"], "input does not match any value of interface"),
        (&["/interface/monitor-traffic", "=interface=ether1", "=colour=red"], "unknown parameter colour"),
        // 7.19 brought it.
        (
            &["/interface/monitor-traffic", "=interface=ether1", "=proplist=name"],
            "unknown parameter proplist",
        ),
        (&["/interface/bridge/monitor", "=numbers=nope"], "no such item"),
        (&["/tool/torch", "=interface=nope"], "input does not match any value of interface"),
        (
            &["/tool/ping", "=address=10.0.0.1", "=interval=6s"],
            "value of interval is out of range (10ms .. 5s)",
        ),
    ] {
        assert_eq!(client.run(words).await.trap(), text, "{words:?}");
    }
    // A session that ends takes its monitors along.
    client.send(&["/interface/monitor-traffic", "=interface=ether1"]).await;
    client.sentence().await.unwrap();
    drop(client);
    emu.clock().advance(SECOND);
    assert_eq!(session(&emu).await.run(&["/system/identity/print"]).await.ok().rows.len(), 1);
}
