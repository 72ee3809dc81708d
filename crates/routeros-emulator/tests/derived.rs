//! Rows that nobody wrote: link-local addresses, connected routes, VLANs on bridges; and who answers a ping.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use client::{emulator, session};

#[tokio::test]
async fn ipv6_rows_that_come_by_themselves() {
    let emu = emulator("7.22").await;
    emu.add_row("/ipv6/address", &[("address", "2001:db8:1::1/64"), ("interface", "ether1")]).unwrap();
    let rows = emu.rows("/ipv6/address");
    assert_eq!(rows.len(), 5, "one written, one for each port, none for lo");
    assert_eq!((rows[0]["dynamic"].as_str(), rows[0]["global"].as_str()), ("false", "true"));
    let own = &rows[1];
    assert!(own["address"].starts_with("fe80::") && own["address"].ends_with("/64"), "{own:?}");
    for (field, value) in [("dynamic", "true"), ("link-local", "true"), ("actual-interface", "ether1")] {
        assert_eq!(own[field], value, "{field}");
    }
    assert!(!own.contains_key("global"));
    let mut client = session(&emu).await;
    let target = format!("=.id={}", own[".id"]);
    let refused = client.run(&["/ipv6/address/remove", &target]).await;
    assert_eq!(refused.trap(), "failure: this is configured elsewhere");

    let routes = emu.rows("/ipv6/route");
    let to: Vec<&str> = routes.iter().map(|row| row["dst-address"].as_str()).collect();
    assert!(to.contains(&"2001:db8:1::/64") && to.contains(&"fe80::%ether2/64"), "{to:?}");
    assert!(routes.iter().all(|row| row["connect"] == "true" && row["active"] == "true"));
    emu.add_row("/ipv6/route", &[("dst-address", "2001:db8:2::/64"), ("gateway", "2001:db8:1::2")]).unwrap();
    emu.add_row("/ipv6/route", &[("dst-address", "2001:db8:3::/64"), ("gateway", "2001:db8:9::2")]).unwrap();
    let rows = client.run(&["/ipv6/route/print", "?static"]).await.ok().rows;
    assert_eq!((rows[0].get("active").map(String::as_str), rows[1].get("active")), (Some("true"), None));
    assert_eq!(rows[1]["inactive"], "true");
    assert!(emu.rows("/routing/route").iter().any(|row| row["afi"] == "ip6"));
    emu.set_row("/ipv6/settings", "", &[("disable-ipv6", "yes")]).unwrap();
    assert_eq!(emu.rows("/ipv6/address").len(), 1);
}

#[tokio::test]
async fn vlan_interfaces_on_a_filtering_bridge_show_among_its_vlans() {
    let emu = emulator("7.22").await;
    emu.add_row("/interface/bridge", &[("name", "br"), ("vlan-filtering", "yes")]).unwrap();
    emu.add_row("/interface/vlan", &[("name", "v20"), ("interface", "br"), ("vlan-id", "20")]).unwrap();
    let rows = emu.rows("/interface/bridge/vlan");
    assert_eq!(rows.len(), 1);
    for (field, value) in [
        ("dynamic", "true"),
        ("vlan-ids", "20"),
        ("current-tagged", "br"),
        ("bridge", "br"),
        ("comment", "added by vlan on bridge"),
    ] {
        assert_eq!(rows[0][field], value, "{field}");
    }
    emu.add_row("/interface/bridge/vlan", &[("bridge", "br"), ("vlan-ids", "10-30"), ("tagged", "br")])
        .unwrap();
    assert_eq!(emu.rows("/interface/bridge/vlan").len(), 1, "a written row covers it");
    emu.set_row("/interface/bridge", "br", &[("vlan-filtering", "no")]).unwrap();
    assert_eq!(emu.rows("/interface/bridge/vlan").len(), 1);
}

#[tokio::test]
async fn ping() {
    let emu = emulator("7.22").await;
    emu.add_row("/ip/address", &[("address", "10.0.0.1/24"), ("interface", "ether1")]).unwrap();
    emu.add_row("/ip/route", &[("dst-address", "10.5.0.0/16"), ("blackhole", "yes")]).unwrap();
    emu.lan().host("ether1", "10.0.0.9", "02:00:00:00:00:09");
    let mut client = session(&emu).await;
    let ping = ["/tool/ping", "=address=10.0.0.9", "=count=3", "=interval=10ms"];
    let rows = client.run(&ping).await.ok().rows;
    assert_eq!(rows.len(), 3);
    assert_eq!((rows[2]["seq"].as_str(), rows[2]["received"].as_str()), ("2", "3"));
    assert!(!rows[0].contains_key("status"));
    for far in ["10.5.0.1", "192.0.2.1", "10.0.0.10"] {
        let rows = client.run(&["/ping", &format!("=address={far}"), "=count=1"]).await.ok().rows;
        assert_eq!((rows[0]["status"].as_str(), rows[0]["packet-loss"].as_str()), ("timeout", "100"));
    }
    emu.add_row("/ip/route", &[("dst-address", "0.0.0.0/0"), ("gateway", "10.0.0.254")]).unwrap();
    let rows = client.run(&["/ping", "=address=192.0.2.1", "=count=1"]).await.ok().rows;
    assert_eq!(rows[0]["received"], "1");
    assert_eq!(client.run(&["/ping", "=count=1"]).await.trap(), "missing =address=");
    assert_eq!(
        client.run(&["/ping", "=address=name.example", "=count=1"]).await.trap(),
        "failure: resolve failed"
    );
    client.send(&["/tool/ping", "=address=10.0.0.9", ".tag=p"]).await;
    assert_eq!(client.sentence().await.unwrap().command(), b"!re");
    client.send(&["/cancel", "=tag=p", ".tag=c"]).await;
    assert_eq!(client.sentence().await.unwrap().command(), b"!trap");
}
