//! Sessions: login, tags, cancel, listen, the end (reference 1.3 to 1.6).
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::collections::BTreeSet;
use std::time::Duration;

use client::{Client, attributes, emulator, session};
use routeros_emulator::Emulator;

#[tokio::test]
async fn login_and_its_refusals() {
    let emu = emulator("7.22").await;
    let mut client = Client::connect(emu.addr()).await;
    assert_eq!(
        client.run(&["/login", "=name=admin", "=password=x"]).await.trap(),
        "invalid user name or password (6)"
    );
    client.run(&["/login", "=name=admin", "=password=secret"]).await.ok();
    let reply = client.run(&["/system/identity/print"]).await.ok();
    assert_eq!(reply.rows[0]["name"], "MikroTik");
    assert_eq!(client.run(&["/quit"]).await.fatal.unwrap(), "session terminated on request");
    assert!(client.sentence().await.is_none());

    let mut early = Client::connect(emu.addr()).await;
    assert_eq!(early.run(&["/ip/address/print"]).await.fatal.unwrap(), "not logged in");
    assert!(early.sentence().await.is_none());
    let log = emu.command_log();
    assert!(log[0].words.contains(&"=password=***".to_owned()), "{log:?}");
}

#[tokio::test]
async fn unknown_paths_and_parameters() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    assert_eq!(client.run(&["/ip/address/frobnicate"]).await.trap(), "no such command");
    assert_eq!(client.run(&["/ip/addresses/print"]).await.trap(), "no such command prefix");
    assert_eq!(client.run(&["/system/routerboard/print"]).await.trap(), "no such command prefix");
    assert_eq!(client.run(&["/ip/address/add", "=foo=1"]).await.trap(), "unknown parameter foo");
    assert_eq!(client.run(&["/system/identity/listen"]).await.trap(), "unknown parameter follow-only");
    let reply = client.run(&["/ip/address/add", "=address=10.0.0.1/24", "=interface=nope"]).await;
    assert_eq!(reply.trap(), "input does not match any value of interface");
    assert_eq!(reply.categories, ["1"]);
    assert_eq!(client.run(&["/interface/vlan/add", "=interface=ether1"]).await.trap(), "missing =vlan-id=");
    let reply = client.run(&["/interface/vlan/add", "=interface=ether1", "=vlan-id=5000"]).await;
    assert_eq!(reply.trap(), "value of vlan-id is out of range (1 .. 4094)");
    let reply = client.run(&["/interface/vlan/add", "=interface=ether1", "=vlan-id=10x"]).await;
    assert_eq!(reply.trap(), "value of vlan-id contains invalid trailing characters");
}

#[tokio::test]
async fn empty_since_7_18() {
    for (version, expected) in [("7.16", false), ("7.18", true), ("7.24", true)] {
        let emu = emulator(version).await;
        let mut client = session(&emu).await;
        let reply = client.run(&["/interface/print", "?name=nope"]).await.ok();
        assert_eq!(reply.empty, expected, "{version}");
        assert!(!client.run(&["/ip/address/print"]).await.ok().empty, "no query, no !empty");
    }
}

#[tokio::test]
async fn tags_come_back_shuffled_and_interleaved() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let mut bytes = Vec::new();
    for n in 0..60 {
        let (address, tag) = (format!("=address=10.0.{n}.1"), format!(".tag=t{n}"));
        let words = ["/ip/firewall/address-list/add", "=list=a", &address, &tag];
        routeros_wire::encode(words, &mut bytes);
    }
    client.send_bytes(&bytes).await;
    let mut tags = Vec::new();
    for _ in 0..60 {
        let sentence = client.sentence().await.unwrap();
        assert_eq!(sentence.command(), b"!done");
        tags.push(String::from_utf8_lossy(sentence.tag().unwrap()).into_owned());
    }
    assert_eq!(tags.iter().collect::<BTreeSet<_>>().len(), 60);
    assert_ne!(tags, (0..60).map(|n| format!("t{n}")).collect::<Vec<_>>(), "not in the order sent");
    let order: Vec<_> = emu.command_log().into_iter().filter_map(|command| command.order).collect();
    assert_eq!(order, (1..=order.len() as u64).collect::<Vec<_>>());
}

#[tokio::test]
async fn listen_and_cancel() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.send(&["/interface/vlan/listen", ".tag=l"]).await;
    assert!(client.silent(Duration::from_millis(100)).await);
    let id =
        emu.add_row("/interface/vlan", &[("name", "v1"), ("vlan-id", "1"), ("interface", "ether1")]).unwrap();
    let added = client.sentence().await.unwrap();
    assert_eq!(attributes(&added)["name"], "v1");
    assert_eq!(added.tag(), Some(&b"l"[..]));
    emu.remove_row("/interface/vlan", "v1").unwrap();
    let dead = attributes(&client.sentence().await.unwrap());
    assert_eq!((dead[".id"].as_str(), dead[".dead"].as_str()), (id.as_str(), "true"));

    client.send(&["/cancel", "=tag=l", ".tag=c"]).await;
    let trap = client.sentence().await.unwrap();
    assert_eq!((trap.command(), trap.tag()), (&b"!trap"[..], Some(&b"l"[..])));
    assert_eq!(
        (attributes(&trap)["category"].as_str(), attributes(&trap)["message"].as_str()),
        ("2", "interrupted")
    );
    let done = client.sentence().await.unwrap();
    assert_eq!((done.command(), done.tag()), (&b"!done"[..], Some(&b"c"[..])));
    let done = client.sentence().await.unwrap();
    assert_eq!((done.command(), done.tag()), (&b"!done"[..], Some(&b"l"[..])));
}

#[tokio::test]
async fn a_sentence_may_come_byte_by_byte() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let mut bytes = Vec::new();
    routeros_wire::encode(["/system/identity/print", ".tag=1"], &mut bytes);
    for byte in bytes {
        client.send_bytes(&[byte]).await;
    }
    assert_eq!(client.reply().await.ok().rows.len(), 1);
    client.send_bytes(&[0xf8]).await;
    assert!(client.sentence().await.is_none(), "a control byte closes");
}

#[tokio::test]
async fn active_users_and_the_log_know_sessions() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let active = client.run(&["/user/active/print"]).await.ok().rows;
    assert_eq!((active[0]["name"].as_str(), active[0]["via"].as_str()), ("admin", "api"));
    let log = client.run(&["/log/print"]).await.ok().rows;
    assert!(log.iter().any(|line| line["message"].contains("user admin logged in")));
    drop(client);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(emu.rows("/user/active").is_empty());
    emu.shutdown().await;
}

/// Right answers are tried beside the code that checks them; this has no MD5.
#[tokio::test]
async fn old_routers_ask_for_an_answer_to_a_challenge() {
    let emu = Emulator::builder()
        .version("7.22")
        .unwrap()
        .user("admin", "secret")
        .old_login(true)
        .start()
        .await
        .unwrap();
    let mut client = Client::connect(emu.addr()).await;
    let challenge = client.run(&["/login", "=name=admin", "=password=secret"]).await.ok().ret.unwrap();
    assert_eq!(challenge.len(), 32);
    let wrong = client.run(&["/login", "=name=admin", "=response=0000112233445566778899aabbccddeeff"]).await;
    assert_eq!(wrong.trap(), "cannot log in");
    let another = client.run(&["/login"]).await.ok().ret.unwrap();
    assert_ne!(another, challenge);
}

#[tokio::test]
async fn users_and_services_may_be_bound_to_addresses() {
    let emu = emulator("7.22").await;
    emu.add_row("/user", &[("name", "far"), ("group", "full"), ("password", "x"), ("address", "10.0.0.0/8")])
        .unwrap();
    emu.add_row(
        "/user",
        &[("name", "near"), ("group", "full"), ("password", "x"), ("address", "127.0.0.0/8")],
    )
    .unwrap();
    let mut client = Client::connect(emu.addr()).await;
    let refused = client.run(&["/login", "=name=far", "=password=x"]).await;
    assert_eq!(refused.trap(), "invalid user name or password (6)");
    client.run(&["/login", "=name=near", "=password=x"]).await.ok();
    for shut in [[("address", "10.0.0.0/8")], [("disabled", "yes")]] {
        emu.set_row("/ip/service", "api", &shut).unwrap();
        let mut other = Client::connect(emu.addr()).await;
        assert!(other.sentence().await.is_none(), "dropped");
        client.run(&["/system/identity/print"]).await.ok();
        emu.set_row("/ip/service", "api", &[("address", ""), ("disabled", "no")]).unwrap();
    }
    session(&emu).await;
}
