//! Files, backups, exports.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::Duration;

use client::{emulator, session};

#[tokio::test]
async fn files_have_limits() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.run(&["/file/add", "=name=a.txt", "=contents=hello"]).await.ok();
    let row = &client.run(&["/file/print", "?name=a.txt"]).await.ok().rows[0];
    assert_eq!((row["contents"].as_str(), row["size"].as_str()), ("hello", "5"));
    assert_eq!(row["type"], ".txt file");
    assert_eq!(client.run(&["/file/add", "=name=a.txt"]).await.trap(), "failure: file already exists");
    let long = format!("=contents={}", "x".repeat(70_000));
    assert_eq!(client.run(&["/file/add", "=name=b", &long]).await.trap(), "failure: contents too long");
    let part = client.run(&["/file/read", "=file=a.txt", "=offset=1", "=chunk-size=3"]).await.ok();
    assert_eq!(part.rows[0]["data"], "ell");
    assert_eq!(client.run(&["/file/read", "=file=none"]).await.trap(), "no such item");
    client.run(&["/file/remove", "=numbers=a.txt"]).await.ok();
}

#[tokio::test]
async fn a_backup_brings_everything_back() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1-10.0.0.9"]).await.ok();
    let before = emu.snapshot();
    client.run(&["/system/backup/save", "=name=b", "=password=pw"]).await.ok();
    client.run(&["/ip/pool/remove", "=numbers=p"]).await.ok();
    client.run(&["/interface/vlan/add", "=name=v", "=interface=ether1", "=vlan-id=5"]).await.ok();
    client.run(&["/file/add", "=name=later", "=contents=x"]).await.ok();
    let load = "/system/backup/load";
    assert_eq!(client.run(&[load, "=name=b"]).await.trap(), "missing =password=");
    let wrong = client.run(&[load, "=name=b", "=password=no"]).await;
    assert_eq!(wrong.trap(), "failure: wrong backup password");
    assert_eq!(client.run(&[load, "=name=other", "=password="]).await.trap(), "no such item");
    client.run(&[load, "=name=b", "=password=pw"]).await.ok();
    assert!(client.sentence().await.is_none(), "it reboots");
    // Up again.
    while tokio::net::TcpStream::connect(emu.addr()).await.is_err() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(emu.snapshot(), before, "{}", before.diff(&emu.snapshot()));
    assert!(emu.rows("/file").iter().any(|row| row["name"] == "later"), "files are not part of a backup");
    let mut client = session(&emu).await;
    client.run(&["/ip/pool/add", "=name=q", "=ranges=10.1.0.1-10.1.0.9"]).await.ok();
}

#[tokio::test]
async fn a_scheduled_backup_is_a_dead_mans_switch() {
    let emu = emulator("7.22").await;
    emu.clock().freeze();
    let mut client = session(&emu).await;
    client.run(&["/system/backup/save", "=name=b", "=dont-encrypt=yes"]).await.ok();
    let event = "=on-event=/system backup load name=\"b\" password=\"\"";
    let policy = "=policy=ftp,reboot,read,write,policy,test";
    client.run(&["/system/scheduler/add", "=name=undo", "=interval=120s", event, policy]).await.ok();
    client.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1-10.0.0.9"]).await.ok();
    emu.clock().advance(Duration::from_secs(121));
    assert!(client.sentence().await.is_none());
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert!(emu.rows("/ip/pool").is_empty());
}

#[tokio::test]
async fn an_export_can_be_imported_elsewhere() {
    let one = emulator("7.22").await;
    for (menu, fields) in [
        ("/interface/vlan", &[("name", "v 1"), ("interface", "ether1"), ("vlan-id", "7")][..]),
        ("/ip/pool", &[("name", "p"), ("ranges", "10.0.0.1-10.0.0.9"), ("comment", "say \"$x\"\nagain")]),
        ("/ip/dhcp-server", &[("name", "d"), ("interface", "v 1"), ("address-pool", "p")]),
        ("/routing/filter/rule", &[("chain", "in"), ("rule", "if (dst-len > 24) { reject }")]),
        ("/ip/route", &[("dst-address", "10.5.0.0/16"), ("blackhole", "yes")]),
    ] {
        one.add_row(menu, fields).unwrap();
    }
    one.set_row("/interface/ethernet", "ether2", &[("comment", "uplink")]).unwrap();
    one.set_row("/system/identity", "", &[("name", "r1")]).unwrap();
    // Rows that are there from the start.
    one.set_row("/ip/service", "telnet", &[("disabled", "yes"), ("address", "10.0.0.0/8")]).unwrap();
    one.set_row("/ipv6/nd", &one.rows("/ipv6/nd")[0][".id"], &[("ra-preference", "high")]).unwrap();
    one.set_row("/system/logging", &one.rows("/system/logging")[2][".id"], &[("prefix", "w")]).unwrap();
    one.set_row("/routing/bgp/template", "default", &[("as", "65001")]).unwrap();
    let mut client = session(&one).await;
    assert!(client.run(&["/export"]).await.ok().rows.is_empty(), "nothing without a file");
    client.run(&["/export", "=file=all"]).await.ok();
    let text = one.rows("/file").remove(0);
    assert_eq!((text["name"].as_str(), text["type"].as_str()), ("all.rsc", "script"));
    assert!(
        text["contents"].contains("/ip pool\nadd comment=")
            || text["contents"].contains("/ip pool\nadd name=p")
    );

    for line in [
        "/ip service\nset telnet address=10.0.0.0/8 disabled=yes\n",
        "/ipv6 nd\nset [ find default=yes ] ra-preference=high\n",
        "/system logging\nset 2 prefix=w\n",
        "/routing bgp template\nset default as=65001\n",
        "set [ find default-name=ether2 ] comment=uplink\n",
    ] {
        assert!(text["contents"].contains(line), "{line} is not in\n{}", text["contents"]);
    }
    assert!(text["contents"].lines().all(|line| line.len() <= 80), "{}", text["contents"]);

    let other = emulator("7.22").await;
    other.add_row("/file", &[("name", "all.rsc"), ("contents", &text["contents"])]).unwrap();
    let mut client = session(&other).await;
    let dry = client.run(&["/import", "=file-name=all.rsc", "=dry-run=yes"]).await;
    assert_eq!(dry.trap(), "missing =verbose=");
    client.run(&["/import", "=file-name=all.rsc"]).await.ok();
    let (here, there) = (one.snapshot(), other.snapshot());
    assert_eq!(there, here, "{}\n{}", here.diff(&there), text["contents"]);

    client.run(&["/ip/export", "=file=below"]).await.ok();
    let rows = other.rows("/file");
    let below = rows.iter().find(|row| row["name"] == "below.rsc").unwrap();
    assert!(
        below["contents"].contains("/ip route") && !below["contents"].contains("/interface"),
        "{below:?}"
    );
    client.run(&["/ip/pool/export", "=file=pools", "=terse="]).await.ok();
    let rows = other.rows("/file");
    let pools = rows.iter().find(|row| row["name"] == "pools.rsc").unwrap();
    assert!(pools["contents"].lines().last().unwrap().starts_with("/ip pool add "), "{pools:?}");
}
