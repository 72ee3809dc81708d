//! Slow, narrow, full and silent routers; wrong clocks, other versions, other administrators.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::{Duration, Instant};

use client::{Client, emulator, session};
use routeros_emulator::{Emulator, Load};

async fn takes(client: &mut Client, commands: usize) -> Duration {
    let start = Instant::now();
    for n in 0..commands {
        client.send(&["/system/identity/print".to_owned(), format!(".tag={n}")]).await;
    }
    for _ in 0..commands {
        client.reply().await.ok();
    }
    start.elapsed()
}

#[tokio::test]
async fn slows_down_under_load_of_all_sessions_together() {
    let emu = emulator("7.22").await;
    emu.faults().set_load(Some(Load { burst: 20, per_second: 50 }));
    let (mut one, mut other) = (session(&emu).await, session(&emu).await);
    takes(&mut one, 10).await;
    let slow = takes(&mut other, 20).await;
    assert!(slow >= Duration::from_millis(150), "{slow:?}");
    assert_eq!(Load::MEASURED.per_second, 130);
}

#[tokio::test]
async fn a_narrow_line_takes_its_time() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    emu.faults().set_bandwidth(Some(20_000));
    let start = Instant::now();
    let rows = client.run(&["/ip/service/print"]).await.ok().rows;
    let bytes: usize = rows.iter().flatten().map(|(name, value)| name.len() + value.len() + 3).sum();
    let least = Duration::from_secs_f64(bytes as f64 / 20_000.0 * 0.6);
    assert!(start.elapsed() >= least, "{bytes} bytes in {:?}", start.elapsed());
}

#[tokio::test]
async fn silence_leaves_connections_open_and_safe_mode_waits_for_the_timeout() {
    let emu = Emulator::builder()
        .version("7.22")
        .unwrap()
        .user("admin", "secret")
        .silent_loss(Duration::from_secs(60))
        .start()
        .await
        .unwrap();
    emu.clock().freeze();
    let mut client = session(&emu).await;
    client.run(&["/safe-mode/take"]).await.ok();
    client.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1-10.0.0.9"]).await.ok();
    emu.faults().set_silent(true);
    tokio::time::sleep(Duration::from_millis(100)).await;
    client.send(&["/system/identity/print"]).await;
    assert!(client.silent(Duration::from_millis(150)).await);
    let mut late = Client::connect(emu.addr()).await;
    late.send(&["/login", "=name=admin", "=password=secret"]).await;
    assert!(late.silent(Duration::from_millis(150)).await);
    emu.clock().advance(Duration::from_secs(50));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(emu.rows("/ip/pool").len(), 1, "not noticed yet");

    // Heard again in time: nothing was lost.
    emu.faults().set_silent(false);
    client.reply().await.ok();
    late.reply().await.ok();

    emu.faults().set_silent(true);
    tokio::time::sleep(Duration::from_millis(150)).await;
    emu.clock().advance(Duration::from_secs(61));
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert!(emu.rows("/ip/pool").is_empty(), "rolled back");
    assert!(emu.rows("/user/active").is_empty());
    emu.faults().set_silent(false);
    assert!(client.sentence().await.is_none(), "given up by the router");
}

#[tokio::test]
async fn a_wrong_clock_changes_dates_only() {
    let emu = emulator("7.22").await;
    emu.clock().freeze();
    emu.clock().set(1_800_000_000_000);
    let uptime = |emu: &Emulator| emu.rows("/system/resource")[0]["uptime"].clone();
    let before = uptime(&emu);
    assert_eq!(emu.rows("/system/clock")[0]["date"], "2027-01-15");
    emu.clock().skew(-400 * 86_400_000);
    assert_eq!(emu.rows("/system/clock")[0]["date"], "2025-12-11");
    assert_eq!(uptime(&emu), before);
}

#[tokio::test]
async fn a_full_flash_takes_no_files() {
    let emu = emulator("7.22").await;
    emu.faults().fill_flash(true);
    let mut client = session(&emu).await;
    const FULL: &str = "failure: not enough space on disk";
    assert_eq!(client.run(&["/file/add", "=name=x", "=contents=y"]).await.trap(), FULL);
    assert_eq!(client.run(&["/system/backup/save", "=name=b"]).await.trap(), FULL);
    assert_eq!(client.run(&["/export", "=file=e"]).await.trap(), FULL);
    assert_eq!(emu.rows("/system/resource")[0]["free-hdd-space"], "0");
    client.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1-10.0.0.9"]).await.ok();
    emu.faults().fill_flash(false);
    client.run(&["/file/add", "=name=x", "=contents=y"]).await.ok();
}

#[tokio::test]
async fn an_upgrade_keeps_the_configuration_under_new_names() {
    let emu = emulator("7.18").await;
    emu.add_row("/ip/pool", &[("name", "p"), ("ranges", "10.0.0.1-10.0.0.9")]).unwrap();
    emu.add_row("/ip/dhcp-server", &[("name", "d"), ("interface", "ether1"), ("address-pool", "p")]).unwrap();
    for (name, asn) in [("a", "65001"), ("b", "65001"), ("c", "65003")] {
        let fields = [
            ("name", name),
            ("as", asn),
            ("local.role", "ebgp"),
            ("remote.address", "10.0.0.2"),
            ("address-families", "ip,ipv6"),
            ("router-id", "1.1.1.1"),
            ("add-path-out", "all"),
        ];
        emu.add_row("/routing/bgp/connection", &fields).unwrap();
    }
    let before = emu.rows("/ip/pool");
    let mut client = session(&emu).await;
    emu.upgrade("7.22").await.unwrap();
    assert!(client.sentence().await.is_none(), "it rebooted");
    assert_eq!(emu.version().minor(), 22);
    assert_eq!(emu.rows("/system/resource")[0]["version"], "7.22.3 (stable)");
    assert_eq!(emu.rows("/system/package")[0]["version"], "7.22.3");
    assert_eq!(emu.rows("/ip/pool"), before);
    assert_eq!(emu.rows("/ip/dhcp-server")[0]["address-pool"], "p");
    let rows = emu.rows("/routing/bgp/connection");
    let instances: Vec<&str> = rows.iter().map(|row| row["instance"].as_str()).collect();
    assert_eq!(instances, ["bgp-instance-1", "bgp-instance-1", "bgp-instance-2"]);
    assert_eq!((rows[0]["afi"].as_str(), rows[0]["output.add-path"].as_str()), ("ip,ipv6", "ip,ipv6"));
    assert!(!rows[0].contains_key("router-id") && !rows[0].contains_key("address-families"));
    let instance = &emu.rows("/routing/bgp/instance")[0];
    assert_eq!((instance["as"].as_str(), instance["router-id"].as_str()), ("65001", "1.1.1.1"));
    let mut client = session(&emu).await;
    let old = client.run(&["/routing/bgp/connection/set", "=.id=*1", "=address-families=ip"]).await;
    assert_eq!(old.trap(), "unknown parameter address-families");
    client.run(&["/ip/pool/add", "=name=q", "=ranges=10.0.1.1-10.0.1.9"]).await.ok();
    assert!(emu.upgrade("6.49").await.is_err());
}

#[tokio::test]
async fn an_upgrade_from_every_version_to_every_other() {
    let all: Vec<String> = routeros_emulator::Version::all().map(|version| version.to_string()).collect();
    for from in [0, 3, all.len() - 1] {
        let emu = Emulator::builder()
            .version(&all[from])
            .unwrap()
            .reboot_time(Duration::ZERO)
            .start()
            .await
            .unwrap();
        for to in &all {
            emu.upgrade(to).await.unwrap();
            let fresh = Emulator::builder().version(to).unwrap().start().await.unwrap();
            let (there, here) = (fresh.snapshot(), emu.snapshot());
            assert_eq!(here, there, "{} to {to}\n{}", all[from], there.diff(&here));
        }
    }
}

#[tokio::test]
async fn a_backup_of_an_older_version_is_upgraded_as_it_is_loaded() {
    let emu = emulator("7.18").await;
    let fields = [("name", "a"), ("as", "65001"), ("local.role", "ebgp"), ("address-families", "ip")];
    emu.add_row("/routing/bgp/connection", &fields).unwrap();
    emu.run("/system/backup/save", &[("name", "old")]).unwrap();
    emu.remove_row("/routing/bgp/connection", "a").unwrap();
    emu.upgrade("7.22").await.unwrap();
    emu.run("/system/backup/load", &[("name", "old"), ("password", "")]).unwrap();
    tokio::time::sleep(Duration::from_millis(100)).await;
    emu.reboot().await;
    assert_eq!(emu.version().minor(), 22);
    let row = &emu.rows("/routing/bgp/connection")[0];
    assert_eq!((row["afi"].as_str(), row["instance"].as_str()), ("ip", "bgp-instance-1"));
    assert_eq!(emu.rows("/system/package")[0]["version"], "7.22.3");
}

#[tokio::test]
async fn others_change_things_meanwhile() {
    let scene = r#"
        bandwidth = 100000000
        load = { burst = 1000, per-second = 1000 }
        [[later]]
        after-ms = 5000
        every-ms = 1000
        times = 3
        user = "night-shift"
        command = "/log/warning"
        arguments = { message = "still here" }
        [[later]]
        after-ms = 6000
        command = "/ip/pool/add"
        arguments = { name = "theirs", ranges = "10.9.0.1-10.9.0.9" }
    "#;
    let emu = Emulator::builder().version("7.22").unwrap().scene(scene).unwrap().start().await.unwrap();
    emu.clock().freeze();
    emu.later(Duration::from_secs(1), "/system/identity/set", &[("name", "renamed")]);
    let lines = || emu.rows("/log").iter().filter(|row| row["message"] == "still here").count();
    let tick = || tokio::time::sleep(Duration::from_millis(150));
    tick().await;
    assert_eq!((lines(), emu.rows("/ip/pool").len()), (0, 0));
    emu.clock().advance(Duration::from_secs(6));
    tick().await;
    assert_eq!((lines(), emu.rows("/ip/pool").len()), (2, 1));
    assert_eq!(emu.rows("/system/identity")[0]["name"], "renamed");
    assert_eq!(emu.rows("/system/history").iter().filter(|row| row["by"] == "colleague").count(), 1);
    emu.clock().advance(Duration::from_secs(60));
    tick().await;
    assert_eq!(lines(), 3);
}
