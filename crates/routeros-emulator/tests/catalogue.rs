//! Every text of the error catalogue that a binary API session can meet, and what brings it about.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests, too, fail by panicking")]

mod client;

use client::{Client, emulator, session};
use routeros_emulator::Emulator;

/// Rows that the refusals need.
fn scene(emu: &Emulator) {
    for (menu, fields) in [
        ("/ip/address", &[("address", "10.0.0.1/24"), ("interface", "ether1")][..]),
        ("/ip/firewall/address-list", &[("list", "l"), ("address", "10.9.0.0/24")]),
        ("/ip/dns/static", &[("name", "a.example"), ("address", "10.0.0.1")]),
        ("/ip/pool", &[("name", "p"), ("ranges", "10.0.0.2-10.0.0.9")]),
        ("/ip/dhcp-server", &[("name", "d"), ("interface", "ether1"), ("address-pool", "p")]),
        ("/ip/dhcp-server/network", &[("address", "10.0.0.0/24")]),
        ("/interface/bridge", &[("name", "br")]),
        ("/interface/bridge/port", &[("bridge", "br"), ("interface", "ether2")]),
        ("/interface/list", &[("name", "lan1")]),
        ("/interface/list", &[("name", "lan2")]),
        ("/user", &[("name", "reader"), ("group", "read"), ("password", "pw")]),
    ] {
        emu.add_row(menu, fields).unwrap_or_else(|error| panic!("{menu}: {error}"));
    }
}

/// Text, category where one was seen or follows, and the command that meets it.
const REFUSALS: &[(&str, Option<&str>, &[&str])] = &[
    ("no such command", Some("0"), &["/ip/address/dance"]),
    ("no such command prefix", Some("0"), &["/system/routerboard/print"]),
    ("no such item", Some("0"), &["/ip/address/remove", "=.id=*99"]),
    ("unknown parameter colour", None, &["/ip/address/add", "=colour=red"]),
    ("unknown parameter follow-only", None, &["/system/identity/listen"]),
    (
        "input does not match any value of interface",
        Some("1"),
        &["/ip/address/add", "=address=10.1.0.1/24", "=interface=nope"],
    ),
    (
        "input does not match any value of address-pool",
        Some("1"),
        &["/ip/dhcp-server/add", "=name=e", "=interface=ether3", "=address-pool=nope"],
    ),
    (
        "ambiguous value of list, more than one possible value matches input",
        Some("1"),
        &["/interface/list/member/add", "=list=lan", "=interface=ether1"],
    ),
    (
        "invalid value for argument address",
        Some("1"),
        &["/ip/address/add", "=address=bogus", "=interface=ether1"],
    ),
    (
        "value of vlan-id contains invalid trailing characters",
        Some("1"),
        &["/interface/vlan/add", "=name=v", "=vlan-id=5x", "=interface=ether1"],
    ),
    (
        "value of vlan-id is out of range (1 .. 4094)",
        Some("1"),
        &["/interface/vlan/add", "=name=v", "=vlan-id=5000", "=interface=ether1"],
    ),
    (
        "value of ageing-time is out of range (00:00:10 .. 11d13:46:40)",
        Some("1"),
        &["/interface/bridge/add", "=name=c", "=ageing-time=1s"],
    ),
    (
        "value of address expects range of ip addresses",
        Some("1"),
        &["/ip/firewall/address-list/add", "=list=l", "=address=10.0.0.9-10.0.0.1"],
    ),
    (
        "value of range must have ip address before '-'",
        Some("1"),
        &["/ip/pool/add", "=name=q", "=ranges=-10.0.0.1"],
    ),
    ("missing =interface=", None, &["/ip/address/add", "=address=10.1.0.1/24"]),
    (
        "failure: already have interface with such name",
        Some("4"),
        &["/interface/vlan/add", "=name=br", "=vlan-id=5", "=interface=ether1"],
    ),
    (
        "failure: already have such address",
        Some("4"),
        &["/ip/address/add", "=address=10.0.0.1/24", "=interface=ether1"],
    ),
    (
        "failure: already have such entry",
        Some("4"),
        &["/ip/firewall/address-list/add", "=list=l", "=address=10.9.0.0/24"],
    ),
    (
        "failure: entry already exists",
        Some("4"),
        &["/ip/dns/static/add", "=name=a.example", "=address=10.0.0.1"],
    ),
    (
        "failure: pool with such name exists",
        Some("4"),
        &["/ip/pool/add", "=name=p", "=ranges=10.1.0.2-10.1.0.9"],
    ),
    (
        "failure: server or relay with such interface already exists",
        Some("4"),
        &["/ip/dhcp-server/add", "=name=e", "=interface=ether1"],
    ),
    (
        "failure: such network already exists",
        Some("4"),
        &["/ip/dhcp-server/network/add", "=address=10.0.0.0/24"],
    ),
    (
        "failure: device already added as bridge port",
        Some("4"),
        &["/interface/bridge/port/add", "=bridge=br", "=interface=ether2"],
    ),
    (
        "failure: user with the same name already exists",
        Some("4"),
        &["/user/add", "=name=reader", "=group=read", "=password=x"],
    ),
    ("failure: this is configured elsewhere", Some("4"), &["/ip/route/remove", "=.id=*80000001"]),
    (
        "failure: could not set mtu",
        Some("4"),
        &["/interface/vlan/add", "=name=v", "=vlan-id=5", "=interface=ether1", "=mtu=65535"],
    ),
    ("failure: resolve failed", Some("4"), &["/tool/ping", "=address=name.example", "=count=1"]),
    ("failure: need at least one slave interface", Some("4"), &["/interface/bonding/add", "=name=bond"]),
];

async fn refused(client: &mut Client, words: &[&str]) -> (String, Option<String>) {
    let mut reply = client.run(words).await;
    assert_eq!((reply.traps.len(), &reply.fatal), (1, &None), "{words:?}: {reply:?}");
    (reply.traps.remove(0), reply.categories.pop())
}

#[tokio::test]
async fn every_text_has_its_cause() {
    for version in ["7.16", "7.24"] {
        let emu = emulator(version).await;
        scene(&emu);
        let mut client = session(&emu).await;
        let before = emu.snapshot();
        for (text, category, words) in REFUSALS {
            let (found, kind) = refused(&mut client, words).await;
            assert_eq!((found.as_str(), kind.as_deref()), (*text, *category), "{version} {words:?}");
        }
        assert_eq!(emu.snapshot(), before, "a refusal changes nothing");
        let long = format!("=contents={}", "x".repeat(70_000));
        let (text, _) = refused(&mut client, &["/file/add", "=name=f", &long]).await;
        assert_eq!(text, "failure: contents too long");
        let mut reader = Client::login(emu.addr(), "reader", "pw").await;
        let (text, _) = refused(&mut reader, &["/ip/pool/remove", "=numbers=p"]).await;
        assert_eq!(text, "not enough permissions (9)");
        let mut stranger = Client::connect(emu.addr()).await;
        let (text, _) = refused(&mut stranger, &["/login", "=name=admin", "=password=x"]).await;
        assert_eq!(text, "invalid user name or password (6)");
        client.send(&["/ip/pool/listen", ".tag=l"]).await;
        client.send(&["/cancel", "=tag=l", ".tag=c"]).await;
        let trap = client::attributes(&client.sentence().await.unwrap());
        assert_eq!((trap["message"].as_str(), trap["category"].as_str()), ("interrupted", "2"));
    }
}
