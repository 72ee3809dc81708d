//! Faults, reboot, unreachable routers.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::{Duration, Instant};

use client::{Client, emulator, session};
use routeros_emulator::{Emulator, Fault, FaultKind, Matcher};

const ADD: [&str; 3] = ["/ip/pool/add", "=name=p", "=ranges=10.0.0.1-10.0.0.9"];

async fn meets(what: FaultKind) -> (Emulator, Client) {
    let emu = emulator("7.22").await;
    emu.faults().inject(Fault::once("/ip/pool/add", what));
    let client = session(&emu).await;
    (emu, client)
}

#[tokio::test]
async fn refused_without_effect() {
    let (emu, mut client) = meets(FaultKind::Refuse("failure: no".into())).await;
    assert_eq!(client.run(&ADD).await.trap(), "failure: no");
    assert!(emu.rows("/ip/pool").is_empty());
    client.run(&ADD).await.ok();
    assert_eq!(emu.faults().hits().len(), 1);
}

#[tokio::test]
async fn connection_lost_before_and_after_the_effect() {
    for (what, rows) in [
        (FaultKind::ResetBefore, 0),
        (FaultKind::LoseReply, 1),
        (FaultKind::ResetMidSentence, 1),
        (FaultKind::Reboot, 0),
    ] {
        let (emu, mut client) = meets(what.clone()).await;
        assert_eq!(client.run(&ADD).await.fatal.as_deref(), Some("closed"), "{what:?}");
        assert_eq!(emu.rows("/ip/pool").len(), rows, "{what:?}");
    }
}

#[tokio::test]
async fn hung_commands_leave_the_session_alive() {
    for (what, rows) in [(FaultKind::HangBefore, 0), (FaultKind::HangReply, 1)] {
        let (emu, mut client) = meets(what).await;
        client.send(&["/ip/pool/add", "=name=p", "=ranges=10.0.0.1-10.0.0.9", ".tag=h"]).await;
        assert!(client.silent(Duration::from_millis(150)).await);
        assert_eq!(client.run(&["/ip/pool/print", ".tag=p"]).await.ok().rows.len(), rows);
        client.send(&["/cancel", "=tag=h", ".tag=c"]).await;
        assert_eq!(client.sentence().await.unwrap().command(), b"!trap");
        drop(emu);
    }
}

#[tokio::test]
async fn latency_is_shared_by_pipelined_commands() {
    let emu = emulator("7.22").await;
    emu.faults().set_latency(Duration::from_millis(100), Duration::ZERO);
    let mut client = session(&emu).await;
    let start = Instant::now();
    for n in 0..20 {
        client.send(&["/system/identity/print".to_owned(), format!(".tag={n}")]).await;
    }
    for _ in 0..20 {
        client.reply().await.ok();
    }
    let took = start.elapsed();
    assert!(took >= Duration::from_millis(100) && took < Duration::from_secs(1), "{took:?}");
}

#[tokio::test]
async fn delay_lets_others_pass() {
    let emu = emulator("7.22").await;
    emu.faults()
        .inject(Fault { on: Matcher::path("/ip/pool"), what: FaultKind::Delay(Duration::from_millis(200)) });
    let mut client = session(&emu).await;
    client.send(&["/ip/pool/print", ".tag=slow"]).await;
    client.send(&["/system/identity/print", ".tag=fast"]).await;
    assert_eq!(client.sentence().await.unwrap().tag(), Some(&b"fast"[..]));
}

#[tokio::test]
async fn state_survives_being_unreachable_and_rebooting() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.run(&ADD).await.ok();
    emu.add_row("/ip/firewall/address-list", &[("list", "t"), ("address", "1.1.1.1"), ("timeout", "1h")])
        .unwrap();
    emu.go_offline().await;
    assert!(client.sentence().await.is_none());
    assert!(tokio::net::TcpStream::connect(emu.addr()).await.is_err());
    emu.go_online().await;
    let mut client = session(&emu).await;
    assert_eq!(client.run(&["/ip/pool/print"]).await.ok().rows.len(), 1);
    emu.reboot().await;
    assert!(client.sentence().await.is_none());
    let mut client = session(&emu).await;
    assert_eq!(client.run(&["/ip/pool/print"]).await.ok().rows.len(), 1);
    assert!(
        client.run(&["/ip/firewall/address-list/print"]).await.ok().rows.is_empty(),
        "lost with the power"
    );
    client.run(&["/system/reboot"]).await.ok();
    assert!(client.sentence().await.is_none());
}

#[tokio::test]
async fn scenes() {
    let scene = r#"
        latency-ms = 1
        [[rows]]
        menu = "/interface/vlan"
        name = "svlan"
        interface = "ether1"
        vlan-id = 1000
        use-service-tag = true
        [[set]]
        menu = "/system/identity"
        name = "from scene"
        [[faults]]
        on = { path = "/ip/pool/add", nth = 2 }
        what = { refuse = "failure: second" }
        [[faults]]
        on = { path = "/ip/pool/remove" }
        what = { delay = 5 }
    "#;
    let emu = Emulator::builder()
        .version("7.22")
        .unwrap()
        .user("admin", "secret")
        .scene(scene)
        .unwrap()
        .start()
        .await
        .unwrap();
    assert_eq!(emu.rows("/interface/vlan")[0]["use-service-tag"], "true");
    assert_eq!(emu.rows("/system/identity")[0]["name"], "from scene");
    let mut client = session(&emu).await;
    client.run(&ADD).await.ok();
    assert_eq!(client.run(&ADD).await.trap(), "failure: second");
    assert!(Emulator::builder().scene("what = 1").is_err());
}
