//! Rows: defaults, references, duplicates, order, queries (reference 1.7 to 1.9, 4).
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use client::{emulator, session};

#[tokio::test]
async fn vlan_story() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let outer = client
        .run(&[
            "/interface/vlan/add",
            "=name=s1000",
            "=interface=ether1",
            "=vlan-id=1000",
            "=use-service-tag=yes",
        ])
        .await
        .id();
    client
        .run(&["/interface/vlan/add", "=name=c10", "=interface=s1000", "=vlan-id=0xA", "=comment=a b"])
        .await
        .ok();
    let rows = client.run(&["/interface/vlan/print", "?name=c10"]).await.ok().rows;
    let row = &rows[0];
    assert_eq!(row["vlan-id"], "10");
    assert_eq!(row["mtu"], "1500");
    assert_eq!(row["l2mtu"], "65527");
    assert_eq!(row["loop-protect-disable-time"], "5m");
    assert_eq!(row["running"], "true");
    assert_eq!(row["disabled"], "false");
    assert_eq!(row["mvrp"], "false");

    let again = client.run(&["/interface/vlan/add", "=name=x", "=interface=s1000", "=vlan-id=10"]).await;
    assert!(again.trap().starts_with("failure: already have vlan"));
    let clash = client.run(&["/interface/bridge/add", "=name=c10"]).await;
    assert_eq!(clash.trap(), "failure: already have interface with such name");
    let unnamed = client.run(&["/interface/vlan/add", "=interface=ether1", "=vlan-id=7"]).await.id();
    let rows = client.run(&["/interface/print", &format!("?.id={unnamed}")]).await.ok().rows;
    assert_eq!((rows[0]["name"].as_str(), rows[0]["type"].as_str()), ("vlan1", "vlan"));

    // Renaming keeps references, removing leaves the dead id.
    client.run(&["/ip/address/add", "=address=10.1.0.1/24", "=interface=s1000"]).await.ok();
    client.run(&["/interface/set", &format!("=.id={outer}"), "=name=service"]).await.ok();
    assert_eq!(emu.rows("/ip/address")[0]["interface"], "service");
    client.run(&["/interface/vlan/remove", "=numbers=service"]).await.ok();
    assert_eq!(emu.rows("/ip/address")[0]["interface"], outer);
    let child = &client.run(&["/interface/vlan/print", "?name=c10"]).await.ok().rows[0];
    assert_eq!((child["interface"].as_str(), child["running"].as_str()), (outer.as_str(), "false"));
}

#[tokio::test]
async fn addresses_bring_connected_routes() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    client.run(&["/ip/address/add", "=address=10.2.0.1/24", "=interface=ether1"]).await.ok();
    let row = &client.run(&["/ip/address/print"]).await.ok().rows[0];
    assert_eq!((row["network"].as_str(), row["actual-interface"].as_str()), ("10.2.0.0", "ether1"));
    let again = client.run(&["/ip/address/add", "=address=10.2.0.1/24", "=interface=ether1"]).await;
    assert_eq!(again.trap(), "failure: already have such address");
    client.run(&["/ip/route/add", "=dst-address=0.0.0.0/0", "=gateway=10.2.0.254"]).await.ok();
    let routes = client.run(&["/ip/route/print"]).await.ok().rows;
    let connected = routes.iter().find(|route| route["dynamic"] == "true").unwrap();
    assert_eq!(connected["dst-address"], "10.2.0.0/24");
    assert_eq!(connected["connect"], "true");
    let fixed = routes.iter().find(|route| route["dynamic"] == "false").unwrap();
    assert_eq!(fixed["immediate-gw"], "10.2.0.254%ether1");
    let refused = client.run(&["/ip/route/remove", &format!("=.id={}", connected[".id"])]).await;
    assert_eq!(refused.trap(), "failure: this is configured elsewhere");
}

#[tokio::test]
async fn dhcp_story() {
    let emu = emulator("7.20").await;
    let mut client = session(&emu).await;
    client.run(&["/ip/pool/add", "=name=p1", "=ranges=10.0.0.100-10.0.0.200"]).await.ok();
    let reply =
        client.run(&["/ip/dhcp-server/add", "=name=d1", "=interface=ether2", "=address-pool=nope"]).await;
    assert_eq!(reply.trap(), "input does not match any value of address-pool");
    client
        .run(&[
            "/ip/dhcp-server/add",
            "=name=d1",
            "=interface=ether2",
            "=address-pool=p1",
            "=lease-time=00:10:00",
        ])
        .await
        .ok();
    let second = client.run(&["/ip/dhcp-server/add", "=name=d2", "=interface=ether2"]).await;
    assert_eq!(second.trap(), "failure: server or relay with such interface already exists");
    client
        .run(&[
            "/ip/dhcp-server/network/add",
            "=address=10.0.0.7/24",
            "=gateway=10.0.0.1",
            "=dns-server=1.1.1.1,8.8.8.8",
        ])
        .await
        .ok();
    let again = client.run(&["/ip/dhcp-server/network/add", "=address=10.0.0.0/24"]).await;
    assert_eq!(again.trap(), "failure: such network already exists");
    assert_eq!(emu.rows("/ip/dhcp-server")[0]["lease-time"], "10m");
    assert_eq!(emu.rows("/ip/dhcp-server/network")[0]["address"], "10.0.0.0/24");
    client.run(&["/ip/pool/remove", "=numbers=p1"]).await.ok();
    assert!(emu.rows("/ip/dhcp-server")[0]["address-pool"].starts_with('*'));
    assert_eq!(emu.rows("/ip/dhcp-server")[0]["invalid"], "true");
}

#[tokio::test]
async fn ordered_menus_move_and_place() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let mut ids = Vec::new();
    for comment in ["a", "b", "c"] {
        let words =
            ["/ip/firewall/filter/add".to_owned(), "=chain=forward".into(), format!("=comment={comment}")];
        ids.push(client.run(&words).await.id());
    }
    let before = format!("=place-before={}", ids[1]);
    client
        .run(&["/ip/firewall/filter/add", "=chain=input", "=action=drop", "=comment=d", &before])
        .await
        .ok();
    let order = |emu: &routeros_emulator::Emulator| -> String {
        emu.rows("/ip/firewall/filter").iter().map(|row| row["comment"].clone()).collect()
    };
    assert_eq!(order(&emu), "adbc");
    client
        .run(&[
            "/ip/firewall/filter/move",
            &format!("=numbers={}", ids[2]),
            &format!("=destination={}", ids[0]),
        ])
        .await
        .ok();
    assert_eq!(order(&emu), "cadb");
    client.run(&["/ip/firewall/filter/move", &format!("=numbers={}", ids[2])]).await.ok();
    assert_eq!(order(&emu), "adbc");
    let rule = &emu.rows("/ip/firewall/filter")[0];
    assert_eq!(
        (rule["action"].as_str(), rule["log"].as_str(), rule["log-prefix"].as_str()),
        ("accept", "false", "")
    );
    assert_eq!((rule["bytes"].as_str(), rule["dynamic"].as_str()), ("0", "false"));
    let missing = client.run(&["/ip/firewall/filter/add", "=chain=input", "=place-before=*FFFF"]).await;
    assert_eq!(missing.trap(), "no such item");
    // A matcher is set, negated, unset.
    let target = format!("=.id={}", ids[0]);
    client
        .run(&["/ip/firewall/filter/set", &target, "=src-address=!10.0.0.1/32", "=in-interface=!ether1"])
        .await
        .ok();
    let rule = emu.rows("/ip/firewall/filter")[0].clone();
    assert_eq!((rule["src-address"].as_str(), rule["in-interface"].as_str()), ("!10.0.0.1", "!ether1"));
    client.run(&["/ip/firewall/filter/unset", &target, "=value-name=src-address"]).await.ok();
    client.run(&["/ip/firewall/filter/set", &target, "=!in-interface="]).await.ok();
    let rule = emu.rows("/ip/firewall/filter")[0].clone();
    assert!(!rule.contains_key("src-address") && !rule.contains_key("in-interface"));
}

#[tokio::test]
async fn several_targets_fail_each_for_itself() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let id = client.run(&["/ip/firewall/address-list/add", "=list=a", "=address=10.0.0.1/32"]).await.id();
    assert_eq!(emu.rows("/ip/firewall/address-list")[0]["address"], "10.0.0.1");
    let again = client.run(&["/ip/firewall/address-list/add", "=list=a", "=address=10.0.0.1"]).await;
    assert_eq!(again.trap(), "failure: already have such entry");
    let reply = client.run(&["/ip/firewall/address-list/remove", &format!("=.id=*AA,{id},*AB")]).await;
    assert_eq!(reply.traps, ["no such item", "no such item"]);
    assert!(emu.rows("/ip/firewall/address-list").is_empty());
    let next = client.run(&["/ip/firewall/address-list/add", "=list=a", "=address=10.0.0.1"]).await.id();
    assert_ne!(next, id, "ids are never used again");
}

#[tokio::test]
async fn queries() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    for (n, comment) in [(10, "x"), (20, ""), (30, "y")] {
        let mut words = vec!["/interface/vlan/add".to_owned(), "=interface=ether1".into()];
        words.extend([format!("=vlan-id={n}"), format!("=name=v{n}"), format!("=comment={comment}")]);
        client.run(&words).await.ok();
    }
    client.run(&["/interface/vlan/disable", "=numbers=v20"]).await.ok();
    for (words, expected) in [
        (&["?vlan-id=10"][..], "v10"),
        (&["?>vlan-id=9", "?<vlan-id=30"], "v10 v20"),
        (&["?comment"], "v10 v30"),
        (&["?-comment"], "v20"),
        (&["?>comment="], "v10 v30"),
        (&["?disabled=yes"], "v20"),
        (&["?disabled"], "v20"),
        (&["?running", "?name=v10"], "v10"),
        (&["?name=v10", "?name=v30", "?#|"], "v10 v30"),
        (&["?name=v10", "?#!"], "v20 v30"),
        (&["?name=v10", "?name=v20", "?name=v30", "?#||!"], ""),
        (&["?name=v10", "?name=v20", "?#1"], "v10"),
        (&["?nonsense"], ""),
    ] {
        let mut sent = vec!["/interface/vlan/print", "=.proplist=name"];
        sent.extend(words);
        let rows = client.run(&sent).await.ok().rows;
        let names: Vec<_> = rows.iter().map(|row| row["name"].as_str()).collect();
        assert_eq!(names.join(" "), expected, "{words:?}");
    }
    assert_eq!(
        client.run(&["/interface/vlan/print", "=count-only=", "?comment"]).await.ok().ret.unwrap(),
        "2"
    );
    let rows = client.run(&["/interface/vlan/print", "=.proplist=comment,what"]).await.ok().rows;
    assert_eq!(rows.iter().filter(|row| row.is_empty()).count(), 1, "a bare !re for the row without comment");
}

#[tokio::test]
async fn bytes_survive() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let words: [&[u8]; 4] =
        [b"/ip/firewall/address-list/add", b"=list=a", b"=address=1.1.1.1", b"=comment=\xe8\x9e=x"];
    client.run(&words).await.ok();
    client.send(&["/ip/firewall/address-list/print"]).await;
    let row = client.sentence().await.unwrap();
    assert_eq!(row.attribute("comment"), Some(&b"\xe8\x9e=x"[..]));
}

#[tokio::test]
async fn versions_differ() {
    let old = emulator("7.19").await;
    let mut client = session(&old).await;
    let words = ["/ip/dhcp-server/network/add", "=address=10.0.0.0/24", "=ntp-none=yes"];
    assert_eq!(client.run(&words).await.trap(), "unknown parameter ntp-none");
    let new = emulator("7.20").await;
    session(&new).await.run(&words).await.ok();
    let oldest = emulator("7.16").await;
    let mut client = session(&oldest).await;
    assert_eq!(client.run(&["/safe-mode/print"]).await.trap(), "no such command prefix");
    let resource = &client.run(&["/system/resource/print"]).await.ok().rows[0];
    assert_eq!(resource["version"], "7.16.2 (stable)");
}

#[tokio::test]
async fn snapshots_ignore_ids_and_compare_sequences() {
    let (one, two) = (emulator("7.22").await, emulator("7.22").await);
    assert_eq!(one.snapshot(), two.snapshot(), "{}", one.snapshot().diff(&two.snapshot()));
    for (emu, names) in [(&one, ["a", "b"]), (&two, ["b", "a"])] {
        for name in names {
            emu.add_row("/ip/pool", &[("name", name), ("ranges", "10.0.0.1-10.0.0.2")]).unwrap();
        }
    }
    assert_eq!(one.snapshot(), two.snapshot());
    for (emu, chains) in [(&one, ["a", "b"]), (&two, ["b", "a"])] {
        for chain in chains {
            emu.add_row("/ip/firewall/filter", &[("chain", chain)]).unwrap();
        }
    }
    assert_ne!(one.snapshot(), two.snapshot());
    assert!(one.snapshot().diff(&two.snapshot()).contains("another sequence"));
}

#[tokio::test]
async fn filter_rules_are_read() {
    let emu = emulator("7.22").await;
    let mut client = session(&emu).await;
    let add =
        |rule: &str| ["/routing/filter/rule/add".to_owned(), "=chain=in".into(), format!("=rule={rule}")];
    let id = client.run(&add("if (dst in 10.0.0.0/8) { accept }")).await.id();
    let wrong = client.run(&add("if (dst=10.0.0.0/8) { accept }")).await;
    assert_eq!(wrong.categories, ["1"]);
    assert!(wrong.trap().contains("\"=10.0.0.0/8) { a\""), "{wrong:?}");
    let target = format!("=.id={id}");
    let wrong = client.run(&["/routing/filter/rule/set", &target, "=rule=accept it"]).await;
    assert!(wrong.trap().contains("syntax error"));
    client.run(&["/routing/filter/rule/disable", &target]).await.ok();
    let rows = emu.rows("/routing/filter/rule");
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0]["rule"].as_str(), rows[0]["inactive"].as_str()),
        ("if (dst in 10.0.0.0/8) { accept }", "true")
    );
}
