//! What a scan reads from emulated routers of every version, and what asking finds.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod support;

use std::time::Duration;

use moxxie_core::reality::{Picture, Source};
use moxxie_routeros::{DriverError, ScanLimits};
use routeros_emulator::{Emulator, Host};
use support::{open, router};

const LIMITS: ScanLimits = ScanLimits { rows: 100_000, deadline: Duration::from_secs(20) };
const MAC: &str = "02:00:00:00:00:09";

/// VLAN 100 on the trunk with an address and a DHCP server, VLAN 7 inside the S-VLAN 1000 with VRRP on top.
async fn place(version: &str) -> Emulator {
    let emu = router(version).await;
    let add = |menu: &str, fields: &[(&str, &str)]| emu.add_row(menu, fields).unwrap();
    add(
        "/interface/vlan",
        &[
            ("name", "v100"),
            ("interface", "ether2"),
            ("vlan-id", "100"),
            ("comment", "mx1:ab12:net-1:vlan acme"),
        ],
    );
    add(
        "/interface/vlan",
        &[("name", "s1000"), ("interface", "ether2"), ("vlan-id", "1000"), ("use-service-tag", "yes")],
    );
    add("/interface/vlan", &[("name", "c7"), ("interface", "s1000"), ("vlan-id", "7")]);
    add("/interface/vlan", &[("name", "far"), ("interface", "ether3"), ("vlan-id", "8")]);
    add("/interface/vrrp", &[("name", "vrrp7"), ("interface", "c7")]);
    add(
        "/ip/address",
        &[("address", "10.1.0.1/24"), ("interface", "v100"), ("comment", "mx1:ab12:net-1:address acme")],
    );
    add("/ipv6/address", &[("address", "2001:db8:1::1/64"), ("interface", "v100")]);
    add("/ip/dhcp-server", &[("name", "d100"), ("interface", "v100")]);
    emu
}

fn addresses(picture: &Picture, source: Source) -> Vec<String> {
    let of_source = picture.sightings.iter().filter(|seen| seen.source == source);
    of_source.map(|seen| format!("{} {}", seen.address, seen.interface)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_round_trip_shows_the_same_in_every_version() {
    for version in ["7.16", "7.18", "7.19", "7.20", "7.21", "7.22", "7.23", "7.24"] {
        let emu = place(version).await;
        emu.lan()
            .host("v100", "10.1.0.9", MAC)
            .host("v100", "2001:db8:1::9", MAC)
            .host("v100", "fe80::9", MAC);
        emu.lan()
            .lease("d100", "10.1.0.150".parse().unwrap(), "02:00:00:00:00:50", b"evil\x1b[2J\xff\0name")
            .unwrap();
        let written = [("address", "10.1.0.20"), ("mac-address", "02:00:00:00:00:20"), ("server", "d100")];
        emu.add_row("/ip/dhcp-server/lease", &written).unwrap();
        let written = [("address", "10.1.0.30"), ("mac-address", "02:00:00:00:00:30"), ("interface", "v100")];
        emu.add_row("/ip/arp", &written).unwrap();
        let before = emu.command_log().len();
        let session = open(&emu).await;
        let session_words = emu.command_log().len();
        let picture = session.scan("ether2", LIMITS).await.unwrap();
        let asked = emu.command_log().len() - session_words;
        assert!(session_words > before && asked == 8, "{version}: {asked} commands");
        assert_eq!(addresses(&picture, Source::Arp), ["10.1.0.9 v100"], "{version}");
        assert_eq!(addresses(&picture, Source::Neighbor), ["2001:db8:1::9 v100"], "{version}");
        assert_eq!(addresses(&picture, Source::Lease), ["10.1.0.150 v100"], "{version}");
        assert_eq!(addresses(&picture, Source::Written), ["10.1.0.20 v100", "10.1.0.30 v100"], "{version}");
        let configured = addresses(&picture, Source::Configured);
        assert_eq!(configured, ["10.1.0.1 v100", "192.168.88.1 ether1", "2001:db8:1::1 v100"], "{version}");
        let lease = picture.sightings.iter().find(|seen| seen.source == Source::Lease).unwrap();
        assert_eq!(lease.mac.as_deref(), Some("02:00:00:00:00:50"));
        assert_eq!(lease.host_name.as_deref(), Some("evil\u{fffd}[2J\u{fffd}\u{fffd}name"));
        let carried: Vec<String> = picture
            .carried
            .iter()
            .map(|one| {
                format!("{} {:?}", one.name, one.tags.iter().map(|tag| tag.vid.get()).collect::<Vec<_>>())
            })
            .collect();
        assert_eq!(
            carried,
            ["ether2 []", "v100 [100]", "s1000 [1000]", "c7 [1000, 7]", "vrrp7 [1000, 7]"],
            "{version}"
        );
        assert_eq!(picture.carried[1].mark.as_ref().unwrap().object, "net-1");
        assert!(picture.truncated.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn asking_finds_who_is_quiet_and_who_drops_echoes() {
    for version in ["7.16", "7.18", "7.20", "7.22", "7.23", "7.24"] {
        let emu = place(version).await;
        let quiet = |address: &str| Host {
            interface: "v100".into(),
            address: address.parse().unwrap(),
            mac: MAC.into(),
            pings: false,
            talks: false,
        };
        emu.lan().put(quiet("10.1.0.9")).put(quiet("2001:db8:1::9"));
        let session = open(&emu).await;
        assert_eq!(
            session
                .scan("ether2", LIMITS)
                .await
                .unwrap()
                .sightings
                .iter()
                .filter(|s| s.source == Source::Arp)
                .count(),
            0
        );
        let asked =
            ["10.1.0.8", "10.1.0.9", "2001:db8:1::8", "2001:db8:1::9"].map(|text| text.parse().unwrap());
        let found = session.probe("v100", &asked, Duration::from_secs(5)).await.unwrap();
        let found: Vec<_> =
            found.iter().map(|seen| (seen.address.to_string(), seen.mac.as_deref())).collect();
        assert_eq!(
            found,
            [("10.1.0.9".to_owned(), Some(MAC)), ("2001:db8:1::9".to_owned(), Some(MAC))],
            "{version}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_longer_than_wanted_is_cut_and_said_so() {
    let emu = place("7.22").await;
    emu.add_row("/ip/address", &[("address", "10.2.0.1/15"), ("interface", "v100")]).unwrap();
    for n in 0..50_000_u32 {
        let address = std::net::Ipv4Addr::from(0x0A02_0100 + n).to_string();
        emu.lan().host(
            "v100",
            &address,
            &format!("02:00:00:{:02X}:{:02X}:{:02X}", n >> 16, n >> 8 & 255, n & 255),
        );
    }
    let session = open(&emu).await;
    let picture = session.scan("ether2", LIMITS).await.unwrap();
    assert_eq!(addresses(&picture, Source::Arp).len(), 50_000);
    assert!(picture.truncated.is_empty());
    let picture = session.scan("ether2", ScanLimits { rows: 1000, ..LIMITS }).await.unwrap();
    assert_eq!(
        (addresses(&picture, Source::Arp).len(), picture.truncated),
        (1000, vec!["/ip/arp".to_owned()])
    );
    // The session is as good as before.
    assert!(session.scan("ether2", LIMITS).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_router_that_goes_away_in_the_middle_is_an_error_in_time() {
    let emu = place("7.22").await;
    let session = open(&emu).await;
    emu.go_offline().await;
    let error = session.scan("ether2", LIMITS).await.unwrap_err();
    assert!(matches!(error, DriverError::Lost { .. } | DriverError::Unreachable { .. }), "{error:?}");
    emu.go_online().await;
    let session = open(&emu).await;
    emu.faults().set_silent(true);
    let limits = ScanLimits { deadline: Duration::from_millis(300), ..LIMITS };
    let error = session.scan("ether2", limits).await.unwrap_err();
    assert!(matches!(error, DriverError::Deadline { .. }), "{error:?}");
}
