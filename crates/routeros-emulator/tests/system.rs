//! Schedulers, scripts, users and policies (reference 4, system).
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::Duration;

use client::{Client, emulator, session};

async fn tick() {
    tokio::time::sleep(Duration::from_millis(150)).await;
}

#[tokio::test]
async fn a_schedule_fires_once_and_stays() {
    let emu = emulator("7.22").await;
    emu.clock().freeze();
    let mut client = session(&emu).await;
    client.run(&["/interface/vlan/add", "=name=guarded", "=interface=ether1", "=vlan-id=5"]).await.ok();
    let event =
        "/interface vlan remove [find name=guarded]\n/ip address add address=10.9.9.9/24 interface=ether1";
    let words = ["/system/scheduler/add", "=name=guard", "=interval=2m", &format!("=on-event={event}")];
    client.run(&words).await.ok();
    let row = &client.run(&["/system/scheduler/print"]).await.ok().rows[0];
    assert_eq!((row["run-count"].as_str(), row["owner"].as_str()), ("0", "admin"));
    assert!(row["next-run"].len() == 19, "{row:?}");
    assert!(row["policy"].contains("write"));
    emu.clock().advance(Duration::from_secs(60));
    tick().await;
    assert_eq!(emu.rows("/interface/vlan").len(), 1);
    emu.clock().advance(Duration::from_secs(61));
    tick().await;
    assert!(emu.rows("/interface/vlan").is_empty());
    assert_eq!(emu.rows("/ip/address")[0]["network"], "10.9.9.0");
    assert_eq!(emu.rows("/system/scheduler")[0]["run-count"], "1");
    let again = client.run(&words).await;
    assert!(again.trap().contains("already have"), "{again:?}");
}

#[tokio::test]
async fn a_schedule_may_end_safe_mode_when_the_switch_allows_it() {
    let builder = routeros_emulator::Emulator::builder().version("7.22").unwrap().user("admin", "secret");
    let emu = builder.foreign_release(true).start().await.unwrap();
    emu.clock().freeze();
    let mut client = session(&emu).await;
    let words = [
        "/system/scheduler/add",
        "=name=g",
        "=interval=30s",
        "=on-event=:do { /safe-mode/unroll } on-error={ :log info failed }",
    ];
    client.run(&words).await.ok();
    client.run(&["/safe-mode/take"]).await.ok();
    client.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"]).await.ok();
    emu.clock().advance(Duration::from_secs(31));
    tick().await;
    assert!(emu.rows("/ip/pool").is_empty());
}

#[tokio::test]
async fn a_script_that_runs_itself_ends() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.run(&["/system/script/add", "=name=s", "=source=/system/script/run s"]).await.ok();
    for _ in 0..2 {
        let reply = client.run(&["/system/script/run", "=number=s"]).await;
        assert_eq!(reply.trap(), "failure: too many scripts run each other");
    }
}

#[tokio::test]
async fn scripts_stop_at_the_first_error() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let source =
        "/ip/pool/add name=a ranges=10.0.0.1-10.0.0.2; /ip/pool/add name=a ranges=10.0.0.3; :log info never";
    client.run(&["/system/script/add", "=name=s", &format!("=source={source}")]).await.ok();
    let reply = client.run(&["/system/script/run", "=number=s"]).await;
    assert_eq!(reply.trap(), "failure: pool with such name exists");
    assert_eq!(emu.rows("/ip/pool").len(), 1);
    assert!(!emu.rows("/log").iter().any(|line| line["message"] == "never"));
}

#[tokio::test]
async fn policies_are_enforced() {
    let emu = emulator("7.22").await;
    let mut admin = session(&emu).await;
    admin.run(&["/user/group/add", "=name=ro", "=policy=read,api"]).await.ok();
    admin.run(&["/user/group/add", "=name=rw", "=policy=read,write,api,!test"]).await.ok();
    admin.run(&["/user/group/add", "=name=noapi", "=policy=read,write"]).await.ok();
    let policy = &emu.rows("/user/group").into_iter().find(|row| row["name"] == "ro").unwrap()["policy"];
    assert!(policy.starts_with("read,api,!local,"), "{policy}");
    for (name, group) in [("viewer", "ro"), ("writer", "rw"), ("stranger", "noapi")] {
        let words = [
            "/user/add".to_owned(),
            format!("=name={name}"),
            format!("=group={group}"),
            "=password=x".into(),
        ];
        admin.run(&words).await.ok();
    }
    let mut viewer = Client::login(emu.addr(), "viewer", "x").await;
    viewer.run(&["/ip/pool/print"]).await.ok();
    let denied = "not enough permissions (9)";
    assert_eq!(viewer.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"]).await.trap(), denied);
    assert_eq!(viewer.run(&["/system/reboot"]).await.trap(), denied);
    let mut writer = Client::login(emu.addr(), "writer", "x").await;
    writer.run(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1"]).await.ok();
    assert_eq!(writer.run(&["/user/remove", "=numbers=viewer"]).await.trap(), denied);
    let mut stranger = Client::connect(emu.addr()).await;
    let reply = stranger.run(&["/login", "=name=stranger", "=password=x"]).await;
    assert_eq!(reply.trap(), "invalid user name or password (6)");
    // A scheduler row lists only what its author holds.
    let words = ["/system/scheduler/add", "=name=s", "=policy=read,write,reboot"];
    assert_eq!(writer.run(&words).await.trap(), denied);
    let users = admin.run(&["/user/print"]).await.ok().rows;
    assert!(users.iter().all(|user| !user.contains_key("password")));
    assert!(
        !admin.run(&["/user/remove", "=numbers=admin"]).await.traps.is_empty(),
        "the last full user stays"
    );
}

#[tokio::test]
async fn a_router_that_was_switched_off_stays_off() {
    let emu = emulator("7.22").await;
    emu.add_row("/ip/pool", &[("name", "p"), ("ranges", "10.0.0.2-10.0.0.9")]).unwrap();
    let mut client = session(&emu).await;
    client.run(&["/system/shutdown"]).await.ok();
    assert!(client.sentence().await.is_none(), "the session ends");
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(tokio::net::TcpStream::connect(emu.addr()).await.is_err());
    emu.go_online().await;
    let rows = session(&emu).await.run(&["/ip/pool/print"]).await.ok().rows;
    assert_eq!(rows.len(), 1, "the configuration is there");
}

#[tokio::test]
async fn changes_of_packages_are_applied_by_a_reboot() {
    let emu = emulator("7.18").await;
    let mut client = session(&emu).await;
    client.run(&["/system/package/apply-changes"]).await.ok();
    assert!(client.sentence().await.is_none());
    let older = emulator("7.16").await;
    let reply = session(&older).await.run(&["/system/package/apply-changes"]).await;
    assert_eq!(reply.trap(), "no such command");
}
