//! Properties of a route that rules read and write, from the manual's tables.

/// What may stand behind a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Number,
    Flag,
    Prefix,
    /// One of these words, without an operator.
    Enum(&'static [&'static str]),
    /// A name, without an operator.
    Name,
    /// A regular expression over the AS path.
    Path,
    Communities,
    Text,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Property {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) writable: bool,
}

const fn read(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, writable: false }
}

const fn write(name: &'static str, kind: Kind) -> Property {
    Property { name, kind, writable: true }
}

const PROTOCOLS: &[&str] =
    &["bgp", "connected", "dhcp", "fantasy", "modem", "ospf", "rip", "static", "vpn", "isis", "slaac"];

pub(super) const PROPERTIES: &[Property] = &[
    read("dst-len", Kind::Number),
    read("bgp-path-len", Kind::Number),
    read("bgp-input-local-as", Kind::Number),
    read("bgp-input-remote-as", Kind::Number),
    read("bgp-output-local-as", Kind::Number),
    read("bgp-output-remote-as", Kind::Number),
    read("ospf-metric", Kind::Number),
    read("ospf-tag", Kind::Number),
    read("rip-metric", Kind::Number),
    read("rip-tag", Kind::Number),
    read("active", Kind::Flag),
    read("bgp-atomic-aggregate", Kind::Flag),
    read("bgp-communities-empty", Kind::Flag),
    read("bgp-ext-communities-empty", Kind::Flag),
    read("bgp-large-communities-empty", Kind::Flag),
    read("bgp-network", Kind::Flag),
    read("ospf-dn", Kind::Flag),
    read("dst", Kind::Prefix),
    read("ospf-fwd", Kind::Prefix),
    read("bgp-input-local-addr", Kind::Prefix),
    read("bgp-input-remote-addr", Kind::Prefix),
    read("bgp-output-local-addr", Kind::Prefix),
    read("bgp-output-remote-addr", Kind::Prefix),
    read("afi", Kind::Enum(&["ipv4", "ipv6", "l2vpn", "l2vpn-cisco", "vpnv4", "vpnv6"])),
    read("bgp-as-path", Kind::Path),
    read("bgp-as-path-slow-legacy", Kind::Path),
    read("chain", Kind::Name),
    read("ospf-type", Kind::Enum(&["ext1", "ext2", "inter", "intra", "nssa1", "nssa2"])),
    read("protocol", Kind::Enum(PROTOCOLS)),
    read("rpki", Kind::Enum(&["invalid", "unknown", "valid", "unverified"])),
    read("rtab", Kind::Name),
    read("vrf", Kind::Name),
    write("distance", Kind::Number),
    write("scope", Kind::Number),
    write("scope-target", Kind::Number),
    write("bgp-weight", Kind::Number),
    write("bgp-med", Kind::Number),
    write("bgp-out-med", Kind::Number),
    write("bgp-local-pref", Kind::Number),
    write("bgp-igp-metric", Kind::Number),
    write("bgp-path-peer-prepend", Kind::Number),
    write("bgp-path-prepend", Kind::Number),
    write("ospf-ext-metric", Kind::Number),
    write("ospf-ext-tag", Kind::Number),
    write("rip-ext-metric", Kind::Number),
    write("rip-ext-tag", Kind::Number),
    write("ospf-ext-dn", Kind::Flag),
    write("blackhole", Kind::Flag),
    write("suppress-hw-offload", Kind::Flag),
    write("use-te-nexthop", Kind::Flag),
    write("gw", Kind::Prefix),
    write("gw-interface", Kind::Name),
    write("gw-check", Kind::Enum(&["none", "arp", "icmp", "bfd", "bfd-mh"])),
    write("pref-src", Kind::Prefix),
    write("bgp-origin", Kind::Enum(&["igp", "egp", "incomplete"])),
    write("ospf-ext-fwd", Kind::Prefix),
    write("ospf-ext-type", Kind::Enum(&["type1", "type2"])),
    write("comment", Kind::Text),
    write("bgp-communities", Kind::Communities),
    write("bgp-ext-communities", Kind::Communities),
    write("bgp-large-communities", Kind::Communities),
];

/// Behind a community property.
pub(super) const COMMUNITY_OPERATORS: &[&str] = &[
    "equal",
    "equal-list",
    "any",
    "any-list",
    "any-regexp",
    "includes",
    "includes-list",
    "subset",
    "subset-list",
    "subset-regexp",
];

/// What `unset` takes.
pub(super) const UNSETTABLE: &[&str] = &["pref-src", "bgp-med", "bgp-out-med", "bgp-local-pref"];

pub(super) fn find(name: &str) -> Option<&'static Property> {
    PROPERTIES.iter().find(|property| property.name == name)
}
