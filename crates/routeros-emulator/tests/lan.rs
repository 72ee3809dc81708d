//! Hosts behind the interfaces: what ARP, neighbour discovery, ping and leases tell of them, in every version.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::time::Duration;

use client::{emulator, session};
use routeros_emulator::{Host, Version};

const MAC: &str = "02:00:00:00:00:09";

fn quiet(interface: &str, address: &str, pings: bool) -> Host {
    Host {
        interface: interface.into(),
        address: address.parse().unwrap(),
        mac: MAC.into(),
        pings,
        talks: false,
    }
}

#[tokio::test]
async fn arp_shows_who_talks_and_what_asking_found() {
    for version in Version::all() {
        let emu = emulator(&version.to_string()).await;
        emu.add_row("/ip/address", &[("address", "10.0.0.1/24"), ("interface", "ether1")]).unwrap();
        emu.lan()
            .host("ether1", "10.0.0.9", MAC)
            .host("ether1", "10.9.9.9", MAC)
            .host("later", "10.0.0.8", MAC);
        emu.lan().put(quiet("ether1", "10.0.0.7", false));
        let rows = emu.rows("/ip/arp");
        assert_eq!(
            rows.len(),
            1,
            "{version}: not what is foreign to the network, quiet, or behind no interface"
        );
        for (field, value) in [
            ("address", "10.0.0.9"),
            ("mac-address", MAC),
            ("interface", "ether1"),
            ("dynamic", "true"),
            ("complete", "true"),
            ("status", "reachable"),
        ] {
            assert_eq!(rows[0][field], value, "{version}: {field}");
        }
        let mut client = session(&emu).await;
        let ping = async |client: &mut client::Client, address: &str, arp: bool| {
            let mut words = vec!["/tool/ping".to_owned(), format!("=address={address}"), "=count=1".into()];
            if arp {
                words.extend(["=arp-ping=yes".to_owned(), "=interface=ether1".to_owned()]);
            }
            client.run(&words).await.ok().rows.remove(0)
        };
        assert_eq!(ping(&mut client, "10.0.0.9", false).await["received"], "1");
        assert_eq!(ping(&mut client, "10.0.0.7", false).await["status"], "timeout", "a filter on the host");
        let heard = ping(&mut client, "10.0.0.7", true).await;
        assert_eq!(
            (heard["host"].as_str(), heard["received"].as_str()),
            (MAC, "1"),
            "ARP is always answered"
        );
        assert_eq!(ping(&mut client, "10.0.0.6", true).await["status"], "timeout");
        let mut rows = emu.rows("/ip/arp");
        rows.sort_by(|a, b| a["address"].cmp(&b["address"]));
        let seen: Vec<_> = rows.iter().map(|row| (row["address"].as_str(), row["status"].as_str())).collect();
        assert_eq!(seen, [("10.0.0.6", "failed"), ("10.0.0.7", "reachable"), ("10.0.0.9", "reachable")]);
        assert!(!rows[0].contains_key("mac-address") && !rows[0].contains_key("complete"), "{:?}", rows[0]);
        emu.clock().advance(Duration::from_secs(31));
        client.run(&["/system/identity/print"]).await.ok();
        assert_eq!(emu.rows("/ip/arp").len(), 1, "what was asked for is forgotten");
    }
}

#[tokio::test]
async fn a_written_entry_stands_for_the_host_and_a_mode_that_learns_nothing_shows_nothing() {
    let emu = emulator("7.22").await;
    emu.add_row("/ip/address", &[("address", "10.0.0.1/24"), ("interface", "ether1")]).unwrap();
    emu.lan().host("ether1", "10.0.0.9", MAC).host("ether1", "10.0.0.10", MAC);
    emu.add_row("/ip/arp", &[("address", "10.0.0.9"), ("interface", "ether1"), ("mac-address", MAC)])
        .unwrap();
    let rows = emu.rows("/ip/arp");
    let written = rows.iter().find(|row| row["address"] == "10.0.0.9").unwrap();
    assert_eq!(
        (rows.len(), written["dynamic"].as_str(), written["status"].as_str()),
        (2, "false", "permanent")
    );
    emu.set_row("/interface/ethernet", "ether1", &[("arp", "reply-only")]).unwrap();
    assert_eq!(emu.rows("/ip/arp").len(), 1);
    emu.set_row("/interface/ethernet", "ether1", &[("arp", "enabled"), ("disabled", "yes")]).unwrap();
    assert_eq!(emu.rows("/ip/arp").len(), 1, "nothing is learnt on an interface that is down");
    assert!(emu.lan().remove("ether1", "10.0.0.10".parse().unwrap()));
}

#[tokio::test]
async fn neighbours_and_leases() {
    for version in ["7.16", "7.18", "7.24"] {
        let emu = emulator(version).await;
        emu.add_row("/ipv6/address", &[("address", "2001:db8:1::1/64"), ("interface", "ether1")]).unwrap();
        emu.lan().host("ether1", "2001:db8:1::9", MAC).host("ether1", "fe80::9", MAC).host(
            "ether1",
            "2001:db8:2::9",
            MAC,
        );
        let mut rows = emu.rows("/ipv6/neighbor");
        rows.sort_by(|a, b| a["address"].cmp(&b["address"]));
        let seen: Vec<_> = rows.iter().map(|row| row["address"].as_str()).collect();
        assert_eq!(seen, ["2001:db8:1::9", "fe80::9"], "{version}");
        assert_eq!((rows[0]["mac-address"].as_str(), rows[0]["interface"].as_str()), (MAC, "ether1"));

        emu.add_row("/ip/dhcp-server", &[("name", "lan"), ("interface", "ether2")]).unwrap();
        let before = emu.snapshot();
        emu.lan().lease("lan", "10.2.0.50".parse().unwrap(), MAC, b"caf\xe9").unwrap();
        assert!(emu.lan().lease("wan", "10.2.0.51".parse().unwrap(), MAC, b"").is_err());
        let lease = emu.rows("/ip/dhcp-server/lease").remove(0);
        for (field, value) in
            [("status", "bound"), ("dynamic", "true"), ("server", "lan"), ("active-address", "10.2.0.50")]
        {
            assert_eq!(lease[field], value, "{version}: {field}");
        }
        assert_eq!(emu.snapshot(), before, "a lease is no configuration");
        emu.reboot().await;
        assert!(emu.rows("/ip/dhcp-server/lease").is_empty());
    }
}
