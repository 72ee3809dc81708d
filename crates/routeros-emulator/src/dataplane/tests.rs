//! Rows to kernel state, without a kernel: `cargo xtask lab` proves the rest with packets.

use std::collections::BTreeMap;

use super::desired::Desired;
use crate::emulator::Emulator;

/// What these rows, added to a fresh router, mean.
async fn desired(rows: &[(&str, &[(&str, &str)])]) -> Result<Desired, super::Unsupported> {
    let emulator = Emulator::builder().start().await.unwrap();
    for (menu, fields) in rows {
        emulator.add_row(menu, fields).unwrap();
    }
    Desired::of(&|menu| emulator.rows(menu))
}

const SERVICE: (&str, &[(&str, &str)]) = (
    "/interface/vlan",
    &[
        ("name", "a-service-vlan-with-a-long-name"),
        ("interface", "ether2"),
        ("vlan-id", "1000"),
        ("use-service-tag", "yes"),
    ],
);
const CUSTOMER: (&str, &[(&str, &str)]) = (
    "/interface/vlan",
    &[("name", "c100"), ("interface", "a-service-vlan-with-a-long-name"), ("vlan-id", "100")],
);
const ADDRESS: (&str, &[(&str, &str)]) =
    ("/ip/address", &[("address", "10.1.0.1/24"), ("interface", "c100")]);

#[tokio::test]
async fn tags_on_tags_are_made_outside_in_and_removed_inside_out() {
    let route: (&str, &[(&str, &str)]) =
        ("/ip/route", &[("dst-address", "10.9.0.0/16"), ("gateway", "10.1.0.2")]);
    let far: (&str, &[(&str, &str)]) =
        ("/ip/route", &[("dst-address", "10.8.0.0/16"), ("gateway", "10.7.0.2")]);
    let full = desired(&[SERVICE, CUSTOMER, ADDRESS, route, far]).await.unwrap();
    let made = Desired::default().links.batch_to(&full.links);
    let service = made[0].split(' ').nth(5).unwrap();
    assert!(service.starts_with("if.") && service.len() <= 15, "{service}");
    let expected = [
        format!("link add link ether2 name {service} type vlan protocol 802.1ad id 1000"),
        format!("link set {service} up"),
        format!("link add link {service} name c100 type vlan protocol 802.1Q id 100"),
        "link set c100 up".to_owned(),
        "address add 10.1.0.1/24 dev c100".to_owned(),
        "route add 10.9.0.0/16 via 10.1.0.2 metric 1 proto static".to_owned(),
    ];
    assert_eq!(made, expected, "a gateway that no network contains makes no route");
    let removed = full.links.batch_to(&Desired::default().links);
    let gone = [
        "route del 10.9.0.0/16 via 10.1.0.2 metric 1 proto static".to_owned(),
        "address del 10.1.0.1/24 dev c100".to_owned(),
        "link del c100".to_owned(),
        format!("link del {service}"),
    ];
    assert_eq!(removed, gone);
    assert!(full.links.batch_to(&full.links).is_empty());
}

#[tokio::test]
async fn what_stands_on_something_made_anew_is_made_anew() {
    let before = desired(&[SERVICE, CUSTOMER, ADDRESS]).await.unwrap();
    let mut other = SERVICE;
    let fields: Vec<_> = SERVICE
        .1
        .iter()
        .map(|(name, value)| (*name, if *name == "vlan-id" { "1200" } else { *value }))
        .collect();
    other.1 = &fields;
    let after = desired(&[other, CUSTOMER, ADDRESS]).await.unwrap();
    let batch = before.links.batch_to(&after.links);
    let count = |what: &str| batch.iter().filter(|line| line.starts_with(what)).count();
    assert_eq!((count("link del"), count("link add"), count("address add")), (2, 2, 1), "{batch:#?}");
}

#[tokio::test]
async fn rules_keep_their_order_and_lists_become_sets() {
    let list: (&str, &[(&str, &str)]) = ("/interface/list", &[("name", "nets")]);
    let member: (&str, &[(&str, &str)]) =
        ("/interface/list/member", &[("list", "nets"), ("interface", "ether2")]);
    let entry: (&str, &[(&str, &str)]) =
        ("/ip/firewall/address-list", &[("list", "mgmt"), ("address", "10.255.0.0/24")]);
    let rules: [&[(&str, &str)]; 3] = [
        &[("chain", "forward"), ("action", "jump"), ("jump-target", "mine"), ("in-interface-list", "nets")],
        &[
            ("chain", "mine"),
            ("protocol", "tcp"),
            ("dst-port", "22,8000-8100"),
            ("src-address-list", "!mgmt"),
            ("action", "drop"),
        ],
        &[("chain", "mine"), ("connection-state", "established,related")],
    ];
    let mut rows = vec![list, member, entry];
    rows.extend(rules.map(|rule| ("/ip/firewall/filter", rule)));
    let firewall = desired(&rows).await.unwrap().firewall;
    let lines: Vec<_> = firewall.table.lines().filter(|line| line.starts_with("-A")).collect();
    assert!(lines[0].starts_with("-A FORWARD -m set --match-set i.nets src,src "), "{lines:#?}");
    assert!(lines[0].ends_with("-j r.mine"), "{lines:#?}");
    assert!(lines[1].starts_with("-A r.mine -p tcp "), "{lines:#?}");
    assert!(lines[1].contains("-m multiport --dports 22,8000:8100"), "{lines:#?}");
    assert!(lines[1].contains("-m set ! --match-set a.mgmt src"), "{lines:#?}");
    assert!(
        lines[2].contains("--ctstate ESTABLISHED,RELATED") && lines[2].ends_with("-j ACCEPT"),
        "{lines:#?}"
    );
    assert_eq!(firewall.sets["i.nets"].members.iter().collect::<Vec<_>>(), ["0.0.0.0/0,ether2"]);
    assert_eq!(firewall.sets["a.mgmt"].members.iter().collect::<Vec<_>>(), ["10.255.0.0/24"]);
}

#[tokio::test]
async fn a_rule_that_means_something_else_in_the_kernel_is_not_carried_out() {
    let rule: &[(&str, &str)] = &[("chain", "forward"), ("action", "drop"), ("content", "secret")];
    let refused = desired(&[("/ip/firewall/filter", rule)]).await.unwrap_err();
    assert!(refused.to_string().contains("`content`"), "{refused}");
}

#[tokio::test]
async fn a_dhcp_server_offers_what_its_network_says() {
    let rows: [(&str, &[(&str, &str)]); 6] = [
        SERVICE,
        CUSTOMER,
        ADDRESS,
        ("/ip/pool", &[("name", "p"), ("ranges", "10.1.0.10-10.1.0.20")]),
        (
            "/ip/dhcp-server/network",
            &[("address", "10.1.0.0/24"), ("gateway", "10.1.0.1"), ("dns-server", "9.9.9.9")],
        ),
        (
            "/ip/dhcp-server",
            &[("name", "d"), ("interface", "c100"), ("address-pool", "p"), ("lease-time", "10m")],
        ),
    ];
    let dhcp = desired(&rows).await.unwrap().dhcp;
    for line in [
        "interface=c100",
        "dhcp-range=set:s0,10.1.0.10,10.1.0.20,255.255.255.0,600",
        "dhcp-option=tag:s0,option:router,10.1.0.1",
        "dhcp-option=tag:s0,option:dns-server,9.9.9.9",
    ] {
        assert!(dhcp.config.lines().any(|other| other == line), "{line}: {}", dhcp.config);
    }
    let file = "1764000000 02:00:00:00:00:0a 10.1.0.12 host *\nduid 00:01\n1764000000 02:00:00:00:00:0b 10.3.0.1 * *\n";
    let leases: BTreeMap<_, _> =
        dhcp.leases(file).into_iter().map(|lease| (lease.mac, lease.server)).collect();
    assert_eq!(leases, BTreeMap::from([("02:00:00:00:00:0A".to_owned(), "d".to_owned())]));
}
