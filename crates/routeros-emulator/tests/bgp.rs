//! BGP sessions exist only once a neighbour answered.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::Duration;

use client::{emulator, session};
use routeros_emulator::{BgpPeer, Emulator};

const CONNECTION: [(&str, &str); 5] = [
    ("name", "toR2"),
    ("instance", "main"),
    ("local.role", "ebgp"),
    ("remote.address", "10.0.0.2"),
    ("remote.as", "65002"),
];

fn configure(emu: &Emulator) {
    emu.add_row("/ip/address", &[("address", "10.0.0.1/24"), ("interface", "ether1")]).unwrap();
    emu.add_row("/routing/bgp/instance", &[("name", "main"), ("as", "65001"), ("router-id", "1.1.1.1")])
        .unwrap();
    emu.add_row("/routing/bgp/connection", &CONNECTION).unwrap();
}

#[tokio::test]
async fn a_session_comes_goes_and_its_row_stays_a_while() {
    let emu = emulator("7.22").await;
    configure(&emu);
    let sessions = || emu.rows("/routing/bgp/session");
    assert!(sessions().is_empty(), "TCP never came up");
    emu.clock().freeze();
    let peer = BgpPeer::new("10.0.0.2", 65002).prefixes(3);
    assert_eq!(emu.bgp().peer_up("toR2", peer.clone()).as_deref(), Some("toR2-1"));
    emu.clock().advance(Duration::from_secs(61));
    let row = &sessions()[0];
    for (field, value) in [
        ("name", "toR2-1"),
        ("established", "true"),
        ("ebgp", "true"),
        ("prefix-count", "3"),
        ("uptime", "1m1s"),
        ("remote.address", "10.0.0.2"),
        ("local.address", "10.0.0.1"),
        ("local.as", "65001"),
        ("instance", "main"),
    ] {
        assert_eq!(row[field], value, "{field}");
    }
    assert!(!row.contains_key("state") && !row.contains_key("ibgp"));

    emu.bgp().peer_down("toR2");
    assert!(!sessions()[0].contains_key("established") && !sessions()[0].contains_key("uptime"));
    emu.clock().advance(Duration::from_secs(31));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(sessions().is_empty());

    // Another address than the configured one never gets through; another AS leaves a dead session.
    assert_eq!(emu.bgp().peer_up("toR2", BgpPeer::new("10.0.0.3", 65002)), None);
    emu.bgp().peer_up("toR2", BgpPeer::new("10.0.0.2", 65009)).unwrap();
    assert!(!sessions()[0].contains_key("established"));
    emu.bgp().peer_up("toR2", peer).unwrap();
    assert_eq!(sessions()[0]["established"], "true");
}

#[tokio::test]
async fn stop_clear_refresh_and_listen() {
    let emu = emulator("7.22").await;
    configure(&emu);
    emu.bgp().peer_up("toR2", BgpPeer::new("10.0.0.2", 65002)).unwrap();
    let mut client = session(&emu).await;
    let mut listener = session(&emu).await;
    listener.send(&["/routing/bgp/session/listen", "=.proplist=name,established", ".tag=l"]).await;
    client.run(&["/routing/bgp/session/refresh", "=numbers=toR2-1", "=afi=ip"]).await.ok();
    let wrong = client.run(&["/routing/bgp/session/refresh", "=numbers=toR2-1", "=address-family=ip"]).await;
    assert_eq!(wrong.trap(), "unknown parameter address-family");
    emu.set_row("/routing/bgp/connection", "toR2", &[("comment", "no reason")]).unwrap();
    client.run(&["/routing/bgp/session/stop", "=numbers=toR2-1"]).await.ok();
    let heard = client::attributes(&listener.sentence().await.unwrap());
    assert_eq!(heard.get("name").map(String::as_str), Some("toR2-1"));
    let rows = client.run(&["/routing/bgp/session/print", "?established"]).await.ok();
    assert!(rows.rows.is_empty() && rows.empty);
    assert_eq!(emu.rows("/routing/bgp/session")[0]["stopped"], "true");
    client.run(&["/routing/bgp/session/clear", "=numbers=toR2-1", "=flag=stopped"]).await.ok();
    assert_eq!(emu.rows("/routing/bgp/session")[0]["established"], "true");
    assert_eq!(client.run(&["/routing/bgp/session/stop", "=numbers=other"]).await.trap(), "no such item");
}

#[tokio::test]
async fn connections_that_cannot_work_say_why() {
    let emu = emulator("7.22").await;
    configure(&emu);
    emu.bgp().peer_up("toR2", BgpPeer::new("10.0.0.2", 65002)).unwrap();
    assert_eq!(emu.rows("/routing/bgp/connection")[0]["inactive"], "false");
    emu.remove_row("/routing/bgp/instance", "main").unwrap();
    let row = &emu.rows("/routing/bgp/connection")[0];
    assert_eq!((row["inactive"].as_str(), row[".about"].as_str()), ("true", "instance is missing"));
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!emu.rows("/routing/bgp/session")[0].contains_key("established"));
    // Back again, the neighbour is still there.
    emu.run("/undo", &[]).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(emu.rows("/routing/bgp/session")[0]["established"], "true");
    emu.set_row("/routing/bgp/connection", "toR2", &[("disabled", "yes")]).unwrap();
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(!emu.rows("/routing/bgp/session")[0].contains_key("established"));
}

#[tokio::test]
async fn advertisements_follow_networks_filters_and_sessions() {
    let emu = emulator("7.22").await;
    configure(&emu);
    let rows = || emu.rows("/routing/bgp/advertisements");
    let announced = || rows().iter().map(|row| row["dst"].clone()).collect::<Vec<_>>();
    let connection =
        |fields: &[(&str, &str)]| emu.set_row("/routing/bgp/connection", "toR2", fields).unwrap();
    for address in ["10.8.1.0/24", "10.9.0.0/24"] {
        emu.add_row("/ip/firewall/address-list", &[("list", "mine"), ("address", address)]).unwrap();
    }
    connection(&[("output.network", "mine")]);
    emu.bgp().peer_up("toR2", BgpPeer::new("10.0.0.2", 65002)).unwrap();
    assert!(announced().is_empty(), "there is no such route");
    emu.add_row("/ip/route", &[("dst-address", "10.8.1.0/24"), ("blackhole", "yes")]).unwrap();
    assert_eq!(announced(), ["10.8.1.0/24"]);
    assert_eq!(rows()[0]["peer"], "toR2-1");
    assert!(!rows()[0].contains_key("as-path"), "attributes are not kept");

    connection(&[("output.network-blackhole", "yes"), ("output.keep-sent-attributes", "yes")]);
    assert_eq!(announced(), ["10.8.1.0/24", "10.9.0.0/24"]);
    let row = &rows()[0];
    for (field, value) in [("afi", "ip"), ("as-path", "65001"), ("nexthop", "10.0.0.1"), ("origin", "0")] {
        assert_eq!(row[field], value, "{field}");
    }
    assert!(!row.contains_key("local-pref"), "not to another AS");

    connection(&[("output.redistribute", "connected"), ("output.default-originate", "always")]);
    assert_eq!(announced(), ["0.0.0.0/0", "10.0.0.0/24", "10.8.1.0/24", "10.9.0.0/24"]);
    connection(&[("output.filter-chain", "out")]);
    assert!(announced().is_empty(), "a chain without rules rejects");
    let rule =
        "if (dst in mine) { if (dst-len > 16) { set bgp-med 7; append bgp-communities 65001:9 }; accept }";
    emu.add_row("/routing/filter/rule", &[("chain", "out"), ("rule", rule)]).unwrap();
    assert_eq!(announced(), ["10.8.1.0/24", "10.9.0.0/24"]);
    assert_eq!((rows()[0]["med"].as_str(), rows()[0]["communities"].as_str()), ("7", "65001:9"));
    let mut client = session(&emu).await;
    let mine = ["/routing/bgp/advertisements/print", "=.proplist=dst", "?dst=10.9.0.0/24"];
    assert_eq!(client.run(&mine).await.ok().rows.len(), 1);
    emu.bgp().peer_down("toR2");
    assert!(announced().is_empty());
}
