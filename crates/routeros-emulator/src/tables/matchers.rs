//! What firewall rules match by; the same in filter, nat, mangle and raw as far as each has it.

use super::shared::{INTERFACE, LIST};
use crate::schema::{Field, Type, enum_of, f, list_of, not, num, ref_to, ro, set_of};

const PROTOCOLS: &[&str] = &[
    "dccp",
    "ddp",
    "egp",
    "encap",
    "etherip",
    "ggp",
    "gre",
    "hmp",
    "icmp",
    "icmpv6",
    "idpr-cmtp",
    "igmp",
    "ipencap",
    "ipip",
    "ipsec-ah",
    "ipsec-esp",
    "ipv6-encap",
    "ipv6-frag",
    "ipv6-nonxt",
    "ipv6-opts",
    "ipv6-route",
    "iso-tp4",
    "l2tp",
    "ospf",
    "pim",
    "pup",
    "rdp",
    "rspf",
    "rsvp",
    "sctp",
    "st",
    "tcp",
    "udp",
    "udp-lite",
    "vmtp",
    "vrrp",
    "xns-idp",
    "xtp",
];
const ANY_INTERFACE: &[&str] = &["all-ethernet", "all-ppp", "all-vlan", "all-wireless"];
const ADDRESS_TYPES: &[&str] = &["unicast", "local", "broadcast", "multicast", "blackhole"];
const ADDRESS_TYPES6: &[&str] = &["unicast", "local", "multicast"];
const TCP_FLAGS: &[&str] = &["ack", "cwr", "ece", "fin", "psh", "rst", "syn", "urg"];

/// Ports: `80`, `80,443,1000-2000`.
fn ports() -> Type {
    not(Type::NumberRanges { low: 0, high: 65535 })
}

fn address(v6: bool) -> Type {
    not(Type::Range { v6, names: false })
}

fn interface() -> Type {
    not(ref_to(INTERFACE, ANY_INTERFACE))
}

fn interface_list() -> Type {
    not(ref_to(LIST, &[]))
}

/// Matchers that every table has.
pub(super) fn common(v6: bool) -> Vec<Field> {
    let types = if v6 { ADDRESS_TYPES6 } else { ADDRESS_TYPES };
    vec![
        f("src-address", address(v6)).unset(),
        f("dst-address", address(v6)).unset(),
        f("src-address-list", not(Type::Text)).unset(),
        f("dst-address-list", not(Type::Text)).unset(),
        f("src-address-type", not(set_of(types))).unset(),
        f("dst-address-type", not(set_of(types))).unset(),
        f("protocol", not(Type::Words(PROTOCOLS, Box::new(num(0, 255))))).unset(),
        f("src-port", ports()).unset(),
        f("dst-port", ports()).unset(),
        f("port", ports()).unset(),
        f("in-interface", interface()).unset(),
        f("out-interface", interface()).unset(),
        f("in-interface-list", interface_list()).unset(),
        f("out-interface-list", interface_list()).unset(),
        f("in-bridge-port", interface()).unset(),
        f("out-bridge-port", interface()).unset(),
        f("in-bridge-port-list", interface_list()).unset(),
        f("out-bridge-port-list", interface_list()).unset(),
        f("src-mac-address", not(Type::Mac)).unset(),
        f("icmp-options", not(Type::Opaque)).unset(),
        f("tcp-flags", set_of(TCP_FLAGS)).unset(),
        f("tcp-mss", not(Type::Opaque)).unset(),
        f("packet-size", not(Type::Opaque)).unset(),
        f("limit", not(Type::Opaque)).unset(),
        f("dst-limit", Type::Opaque).unset(),
        f("nth", not(Type::Opaque)).unset(),
        f("random", num(1, 99)).unset(),
        f("time", not(Type::Opaque)).unset(),
        f("content", not(Type::Text)).unset(),
        f("dscp", not(num(0, 63))).unset(),
        f("ingress-priority", not(num(0, 63))).unset(),
        f("priority", not(num(0, 63))).unset(),
        f("per-connection-classifier", not(Type::Opaque)).unset(),
        f("tls-host", not(Type::Text)).unset(),
        f("ipsec-policy", Type::Opaque).unset(),
    ]
}

/// Matchers that look at the connection, absent from raw. Only `/ip/firewall/filter` knows endpoint-independent NAT.
pub(super) fn connection(endpoint_independent: bool) -> Vec<Field> {
    const STATES: &[&str] = &["invalid", "established", "related", "new", "untracked"];
    const NAT: &[&str] = &["srcnat", "dstnat", "ein-snat", "ein-dnat"];
    let nat = if endpoint_independent { NAT } else { &NAT[..2] };
    const HELPERS: &[&str] = &["ftp", "h323", "irc", "pptp", "quake3", "sip", "tftp"];
    vec![
        f("connection-state", not(set_of(STATES))).unset(),
        f("connection-nat-state", not(set_of(nat))).unset(),
        f("connection-mark", not(Type::Text)).unset(),
        f("connection-type", not(enum_of(HELPERS))).unset(),
        f("connection-bytes", Type::Opaque).unset(),
        f("connection-limit", not(Type::Opaque)).unset(),
        f("connection-rate", not(Type::Opaque)).unset(),
        f("packet-mark", not(Type::Text)).unset(),
        f("routing-mark", not(Type::Text)).unset(),
    ]
}

/// IPv4 only.
pub(super) fn v4_only() -> Vec<Field> {
    const OPTIONS: &[&str] = &[
        "any",
        "loose-source-routing",
        "no-record-route",
        "no-router-alert",
        "no-source-routing",
        "no-timestamp",
        "none",
        "record-route",
        "router-alert",
        "strict-source-routing",
        "timestamp",
    ];
    const HOTSPOT: &[&str] = &["auth", "from-client", "http", "local-dst", "to-client"];
    vec![
        f("fragment", Type::Bool).unset(),
        f("ttl", Type::Opaque).unset(),
        f("psd", Type::Opaque).unset(),
        f("ipv4-options", enum_of(OPTIONS)).unset(),
        f("hotspot", list_of(not(enum_of(HOTSPOT)))).unset(),
    ]
}

/// What every rule prints (reference 4: log and log-prefix are present, counters are read-only).
pub(super) fn tail() -> Vec<Field> {
    vec![
        f("log", Type::Bool).default("false"),
        f("log-prefix", Type::Text).default(""),
        ro("bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("packets", num(0, i64::MAX)).default("0").volatile(),
        ro("dynamic", Type::Bool),
        ro("invalid", Type::Bool),
    ]
}

/// Every matcher and the tail, but for those that a table has not.
pub(super) fn pick(v6: bool, without: &[&str]) -> Vec<Field> {
    let all = common(v6).into_iter().chain(connection(false)).chain(v4_only()).chain(tail());
    all.filter(|field| !without.contains(&field.name)).collect()
}
