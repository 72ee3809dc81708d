use super::*;
use crate::{
    TenantId,
    encapsulation::{Tag, Tpid},
    id::uuid_v7,
    reality::{Home, Record},
    row::Mark,
};

const MAC: &str = "02:00:00:00:00:09";

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn vlan(id: i64) -> VlanId {
    VlanId::new(id).unwrap()
}

fn network() -> NetworkId {
    NetworkId::new(uuid_v7(1, [1; 10]))
}

/// Network `web`, 172.16.5.0/24, VLAN 100, DHCP from .100 to .200.
fn home() -> Home {
    Home {
        network: network(),
        name: "web".into(),
        tenant: TenantId::new(uuid_v7(1, [2; 10])),
        vlan: Some(vlan(100)),
        provisioned: true,
        dhcp: Some((ip("172.16.5.100"), ip("172.16.5.200"))),
        routers: ["172.16.5.1", "172.16.5.2", "172.16.5.3"].map(ip).to_vec(),
    }
}

fn record(kind: &str, mac: Option<&str>) -> Option<Record> {
    Some(Record { kind: kind.into(), mac: mac.map(str::to_owned) })
}

fn in_web(record: Option<Record>) -> Known {
    Known { home: Some(home()), pool: Some("dc1".into()), record }
}

fn seen(address: &str, interface: &str, source: Source, mac: &str) -> Sighting {
    Sighting {
        address: ip(address),
        interface: interface.into(),
        source,
        mac: Some(mac.into()),
        host_name: None,
    }
}

fn carried(name: &str, id: i64, mark: Option<&str>) -> Carried {
    Carried {
        name: name.into(),
        tags: vec![Tag { tpid: Tpid::Customer, vid: vlan(id) }],
        mark: mark.map(|mark| mark.parse::<Mark>().unwrap()),
        is_vlan: true,
    }
}

/// What is found, as kind and subject.
fn found(sightings: Vec<Sighting>, known: &[(&str, Known)]) -> Vec<(FindingKind, String)> {
    let picture = Picture {
        sightings,
        carried: vec![
            carried("v100", 100, Some("mx1:ab12:net-1:vlan")),
            carried("v101", 101, Some("mx1:ab12:net-1:vlan")),
        ],
        ..Picture::default()
    };
    let known = known.iter().map(|(address, known)| (ip(address), known.clone())).collect();
    let found = compare(&picture, Encapsulation::Dot1q, "ab12", &known, &|object| object == "net-1");
    found.into_iter().map(|one| (one.kind, one.subject)).collect()
}

#[test]
fn what_is_recorded_and_in_its_place_is_no_finding() {
    let sightings =
        vec![seen("172.16.5.9", "v100", Source::Arp, MAC), seen("172.16.5.1", "v100", Source::Arp, MAC)];
    let known =
        [("172.16.5.9", in_web(record("vm", Some("02:00:00:00:00:09")))), ("172.16.5.1", in_web(None))];
    assert_eq!(found(sightings, &known), []);
    // An address of nobody's pool is none of moxxie's business.
    let elsewhere = vec![seen("192.168.88.7", "ether1", Source::Arp, MAC)];
    assert_eq!(found(elsewhere.clone(), &[("192.168.88.7", Known::default())]), []);
    assert_eq!(found(elsewhere, &[]), []);
}

#[test]
fn an_address_without_record_is_found_by_what_it_is() {
    use FindingKind::{LeaseUnrecorded, UnknownInUse};
    let one = |address: &str, sources: &[Source]| {
        let sightings = sources.iter().map(|source| seen(address, "v100", *source, MAC)).collect();
        found(sightings, &[(address, in_web(None))]).into_iter().map(|(kind, _)| kind).collect::<Vec<_>>()
    };
    assert_eq!(one("172.16.5.9", &[Source::Arp]), [UnknownInUse]);
    assert_eq!(one("172.16.5.9", &[Source::Arp, Source::Lease]), [LeaseUnrecorded]);
    assert_eq!(one("172.16.5.9", &[Source::Written]), [LeaseUnrecorded]);
    assert_eq!(one("172.16.5.150", &[Source::Arp, Source::Lease]), [], "that is what the DHCP range is for");
    assert_eq!(one("172.16.5.150", &[Source::Arp]), [UnknownInUse], "a squatter in the DHCP range");
    let free = Known { pool: Some("dc1".into()), ..Known::default() };
    let sightings = vec![seen("172.16.77.7", "v100", Source::Arp, MAC)];
    assert_eq!(found(sightings, &[("172.16.77.7", free)]), [(UnknownInUse, "172.16.77.7 on v100".into())]);
}

#[test]
fn an_address_behind_the_wrong_interface_is_misplaced() {
    let known = || [("172.16.5.9", in_web(record("vm", None)))];
    for interface in ["v101", "ether1"] {
        let found = found(vec![seen("172.16.5.9", interface, Source::Arp, MAC)], &known());
        assert_eq!(found, [(FindingKind::Misplaced, format!("172.16.5.9 on {interface}"))]);
    }
    let allocated = Home { provisioned: false, ..home() };
    let known = Known { home: Some(allocated), ..in_web(record("vm", None)) };
    let seen = vec![seen("172.16.5.9", "bridge-lan", Source::Arp, MAC)];
    assert_eq!(found(seen, &[("172.16.5.9", known)]), [], "where it is, only its owner knows");
}

#[test]
fn a_mac_behind_several_addresses_is_told_unless_the_records_say_so() {
    let both =
        || vec![seen("172.16.5.9", "v100", Source::Arp, MAC), seen("172.16.5.10", "v100", Source::Arp, MAC)];
    let judged = |a: Option<Record>, b: Option<Record>| {
        let known = [("172.16.5.9", in_web(a)), ("172.16.5.10", in_web(b))];
        let found = found(both(), &known);
        found.iter().filter(|(kind, _)| *kind == FindingKind::DuplicateMac).count()
    };
    assert_eq!(judged(record("vm", None), record("vm", None)), 1);
    assert_eq!(judged(record("vm", None), record("vip", None)), 0, "VRRP, anycast");
    assert_eq!(judged(record("vm", Some(MAC)), record("vm", Some(MAC))), 0, "the records say so");
    assert_eq!(judged(record("vm", Some(MAC)), record("vm", Some("02:00:00:00:00:0A"))), 1);
}

#[test]
fn another_mac_than_recorded_is_told_but_for_shared_addresses() {
    let judged = |kind: &str| {
        let known = [("172.16.5.9", in_web(record(kind, Some("02:00:00:00:00:0A"))))];
        found(vec![seen("172.16.5.9", "v100", Source::Arp, MAC)], &known).len()
    };
    assert_eq!((judged("vm"), judged("vip")), (1, 0));
}

#[test]
fn addresses_and_vlans_of_others_are_told() {
    let own = |address: &str, mark: Option<&str>| Configured {
        address: address.parse().unwrap(),
        interface: "ether3".into(),
        mark: mark.map(|mark| mark.parse().unwrap()),
    };
    let picture = Picture {
        configured: vec![
            own("172.16.5.1/24", None),
            own("172.16.5.77/24", None),
            own("172.16.5.78/24", Some("mx1:ab12:net-1:address")),
            own("192.168.88.1/24", None),
        ],
        carried: vec![
            Carried { name: "ether2".into(), tags: Vec::new(), mark: None, is_vlan: false },
            carried("ours", 100, Some("mx1:ab12:net-1:vlan")),
            carried("left", 101, Some("mx1:ab12:net-9:vlan")),
            carried("theirs", 102, Some("mx1:zz99:net-1:vlan")),
            carried("iptv", 103, None),
        ],
        ..Picture::default()
    };
    let known = picture.configured.iter().map(|own| (own.address.addr(), in_web(None)));
    let mut known: BTreeMap<IpAddr, Known> = known.collect();
    known.insert(ip("192.168.88.1"), Known::default());
    let found = compare(&picture, Encapsulation::Dot1q, "ab12", &known, &|object| object == "net-1");
    let found: Vec<&str> = found.iter().map(|one| one.subject.as_str()).collect();
    assert_eq!(found, ["172.16.5.77/24 on ether3", "VLAN 101 left", "VLAN 102 theirs", "VLAN 103 iptv"]);
    let stacked = Encapsulation::Qinq { service_vlan: vlan(1000), tpid: Tpid::Service };
    let elsewhere = compare(&picture, stacked, "ab12", &BTreeMap::new(), &|_| false);
    assert_eq!(elsewhere, [], "a tag outside the S-VLAN is none of the domain's");
}
