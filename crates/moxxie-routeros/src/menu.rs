//! The menus we own rows in: the one table of what identifies a row there, what it may collide in, which
//! fields are read and how they are compared.
//!
//! Every field that [`render`](crate::render) writes is accepted by `add` and `set` in the command trees of
//! 7.16.2, 7.18.2, 7.19.6, 7.20.8, 7.21.4, 7.22.3, 7.23.3 and 7.24 alike, so there is no version column
//! yet; a field that some version lacks gets a `since` here, and nowhere else.

use crate::value::Kind;

/// Paths of the menus, so that they are spelt once.
pub(crate) mod path {
    pub(crate) const INTERFACE: &str = "/interface";
    pub(crate) const SWITCH: &str = "/interface/ethernet/switch";
    pub(crate) const SWITCH_PORT: &str = "/interface/ethernet/switch/port";
    pub(crate) const VLAN: &str = "/interface/vlan";
    pub(crate) const LIST: &str = "/interface/list";
    pub(crate) const MEMBER: &str = "/interface/list/member";
    pub(crate) const ADDRESS: &str = "/ip/address";
    pub(crate) const POOL: &str = "/ip/pool";
    pub(crate) const ROUTE: &str = "/ip/route";
    pub(crate) const ROUTE6: &str = "/ipv6/route";
    pub(crate) const DHCP_SERVER: &str = "/ip/dhcp-server";
    pub(crate) const DHCP_NETWORK: &str = "/ip/dhcp-server/network";
    pub(crate) const FILTER: &str = "/ip/firewall/filter";
    pub(crate) const ADDRESS_LIST: &str = "/ip/firewall/address-list";
    pub(crate) const ADDRESS6: &str = "/ipv6/address";
    pub(crate) const ND: &str = "/ipv6/nd";
    pub(crate) const ND_PREFIX: &str = "/ipv6/nd/prefix";
    pub(crate) const FILTER6: &str = "/ipv6/firewall/filter";
    pub(crate) const ADDRESS_LIST6: &str = "/ipv6/firewall/address-list";
}

/// What two VLAN interfaces of one id collide in.
pub(crate) const VLAN_ON_PARENT: &str = "vlan-id on its parent";

/// A field we write, or read to be able to write it back.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    /// What an absent field means; `None`: absent is a value of its own.
    pub(crate) default: Option<&'static str>,
}

/// Another way in which two rows of a menu exclude each other, beside the natural key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Collision {
    /// The name, over all interfaces of any type.
    InterfaceName,
    /// These fields together.
    Fields(&'static str, &'static [&'static str]),
    /// The address, or a connected prefix that overlaps.
    Prefix,
}

/// One menu.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Menu {
    pub(crate) path: &'static str,
    /// The natural key; in `/ip/firewall/filter` there is none, and the mark tells rows of a chain apart.
    pub(crate) key: &'static [&'static str],
    /// The order of rows has a meaning: `place-before` and `move` exist.
    pub(crate) ordered: bool,
    /// Rows can be disabled.
    pub(crate) disabled: bool,
    /// A field that is there and should not be is a difference: an extra matcher narrows a rule.
    pub(crate) exact: bool,
    pub(crate) collisions: &'static [Collision],
    /// Fields we write.
    pub(crate) fields: &'static [Field],
    /// Fields only operators write on our rows; kept when a row of ours is removed and made again.
    pub(crate) kept: &'static [Field],
}

const fn f(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, default: None }
}

const fn d(name: &'static str, kind: Kind, default: &'static str) -> Field {
    Field { name, kind, default: Some(default) }
}

/// All menus, in the order in which people read them.
pub(crate) const MENUS: &[Menu] = &[
    Menu {
        path: path::VLAN,
        key: &["name"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[
            Collision::InterfaceName,
            // Two tags of one id and different EtherType may be legal on a trunk; they are confusing
            // enough, and the vendor says too little about it, to refuse.
            Collision::Fields(VLAN_ON_PARENT, &["interface", "vlan-id"]),
        ],
        fields: &[
            f("name", Kind::Text),
            f("interface", Kind::Text),
            f("vlan-id", Kind::Number),
            d("use-service-tag", Kind::Bool, "no"),
        ],
        kept: &[
            d("mtu", Kind::Number, "1500"),
            d("arp", Kind::Text, "enabled"),
            d("arp-timeout", Kind::Text, "auto"),
            d("loop-protect", Kind::Text, "default"),
            d("mvrp", Kind::Bool, "no"),
        ],
    },
    Menu {
        path: path::LIST,
        key: &["name"],
        ordered: false,
        disabled: false,
        exact: false,
        collisions: &[],
        // `include` would bring in interfaces that are not ours.
        fields: &[f("name", Kind::Text), d("include", Kind::Set, ""), d("exclude", Kind::Set, "")],
        kept: &[],
    },
    Menu {
        path: path::MEMBER,
        key: &["list", "interface"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[],
        fields: &[f("list", Kind::Text), f("interface", Kind::Text)],
        kept: &[],
    },
    Menu {
        path: path::ADDRESS,
        key: &["address", "interface"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[Collision::Prefix],
        fields: &[f("address", Kind::Address), f("interface", Kind::Text)],
        kept: &[],
    },
    Menu {
        path: path::ADDRESS_LIST,
        key: &["list", "address"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[],
        fields: &[f("list", Kind::Text), f("address", Kind::Prefix)],
        kept: &[],
    },
    Menu {
        path: path::FILTER,
        key: &["chain"],
        ordered: true,
        disabled: true,
        exact: true,
        collisions: &[],
        fields: &[
            f("chain", Kind::Text),
            d("action", Kind::Text, "accept"),
            f("jump-target", Kind::Text),
            f("in-interface-list", Kind::Text),
            f("out-interface-list", Kind::Text),
            f("connection-state", Kind::Set),
            f("src-address-list", Kind::Text),
            f("dst-address-list", Kind::Text),
            f("protocol", Kind::Text),
            f("dst-port", Kind::Text),
        ],
        kept: FILTER_MATCHERS,
    },
    Menu {
        path: path::ADDRESS6,
        key: &["address", "interface"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[Collision::Prefix],
        fields: &[
            f("address", Kind::Address),
            f("interface", Kind::Text),
            d("advertise", Kind::Bool, "yes"),
            d("eui-64", Kind::Bool, "no"),
        ],
        kept: &[d("no-dad", Kind::Bool, "no")],
    },
    Menu {
        path: path::ND,
        key: &["interface"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[],
        fields: &[
            f("interface", Kind::Text),
            d("advertise-dns", Kind::Text, "yes"),
            d("dns", Kind::Addresses, ""),
            d("managed-address-configuration", Kind::Bool, "no"),
            d("other-configuration", Kind::Bool, "no"),
        ],
        kept: &[
            d("advertise-mac-address", Kind::Bool, "yes"),
            d("hop-limit", Kind::Text, "unspecified"),
            d("mtu", Kind::Text, "unspecified"),
            d("ra-delay", Kind::Duration, "3s"),
            d("ra-interval", Kind::Text, "3m20s-10m"),
            d("ra-lifetime", Kind::Duration, "30m"),
            d("ra-preference", Kind::Text, "medium"),
            d("reachable-time", Kind::Text, "unspecified"),
            d("retransmit-interval", Kind::Text, "unspecified"),
        ],
    },
    Menu {
        path: path::ND_PREFIX,
        key: &["prefix", "interface"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[],
        fields: &[
            f("prefix", Kind::Prefix),
            f("interface", Kind::Text),
            d("autonomous", Kind::Bool, "yes"),
            d("on-link", Kind::Bool, "yes"),
        ],
        kept: &[d("preferred-lifetime", Kind::Duration, "1w"), d("valid-lifetime", Kind::Duration, "4w2d")],
    },
    Menu {
        path: path::ADDRESS_LIST6,
        key: &["list", "address"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[],
        fields: &[f("list", Kind::Text), f("address", Kind::Prefix)],
        kept: &[],
    },
    Menu {
        path: path::FILTER6,
        key: &["chain"],
        ordered: true,
        disabled: true,
        exact: true,
        collisions: &[],
        fields: &[
            f("chain", Kind::Text),
            d("action", Kind::Text, "accept"),
            f("jump-target", Kind::Text),
            f("in-interface-list", Kind::Text),
            f("out-interface-list", Kind::Text),
            f("connection-state", Kind::Set),
            f("src-address-list", Kind::Text),
            f("dst-address-list", Kind::Text),
            f("protocol", Kind::Text),
            f("dst-port", Kind::Text),
            f("icmp-options", Kind::Text),
        ],
        kept: FILTER6_MATCHERS,
    },
    Menu {
        path: path::POOL,
        key: &["name"],
        ordered: false,
        disabled: false,
        exact: false,
        collisions: &[],
        fields: &[f("name", Kind::Text), f("ranges", Kind::Ranges)],
        kept: &[d("next-pool", Kind::Text, "none")],
    },
    Menu {
        path: path::DHCP_SERVER,
        key: &["name"],
        ordered: false,
        disabled: true,
        exact: false,
        collisions: &[Collision::Fields("interface of a DHCP server", &["interface"])],
        fields: &[
            f("name", Kind::Text),
            f("interface", Kind::Text),
            d("address-pool", Kind::Text, "static-only"),
            f("lease-time", Kind::Duration),
        ],
        kept: &[
            d("authoritative", Kind::Text, "yes"),
            d("bootp-support", Kind::Text, "static"),
            d("add-arp", Kind::Bool, "no"),
            d("always-broadcast", Kind::Bool, "no"),
            d("conflict-detection", Kind::Bool, "yes"),
            d("lease-script", Kind::Text, ""),
        ],
    },
    Menu {
        path: path::DHCP_NETWORK,
        key: &["address"],
        ordered: false,
        disabled: false,
        exact: false,
        collisions: &[],
        fields: &[
            f("address", Kind::Prefix),
            f("gateway", Kind::Addresses),
            d("dns-server", Kind::Addresses, ""),
        ],
        kept: &[
            d("domain", Kind::Text, ""),
            d("ntp-server", Kind::Addresses, ""),
            d("dhcp-option", Kind::Text, ""),
            d("boot-file-name", Kind::Text, ""),
            d("next-server", Kind::Text, ""),
            d("wins-server", Kind::Addresses, ""),
        ],
    },
];

/// Every other matcher and option of a filter rule in the trees of 7.16 to 7.24, without counters and
/// logging (operators may log our rules). On our rules all of them should be absent.
const FILTER_MATCHERS: &[Field] = &[
    f("address-list", Kind::Text),
    f("connection-bytes", Kind::Text),
    f("connection-limit", Kind::Text),
    f("connection-mark", Kind::Text),
    f("connection-nat-state", Kind::Text),
    f("connection-rate", Kind::Text),
    f("connection-type", Kind::Text),
    f("content", Kind::Text),
    f("dscp", Kind::Text),
    f("dst-address", Kind::Text),
    f("dst-address-type", Kind::Text),
    f("dst-limit", Kind::Text),
    f("fragment", Kind::Text),
    f("hotspot", Kind::Text),
    f("icmp-options", Kind::Text),
    f("in-bridge-port", Kind::Text),
    f("in-bridge-port-list", Kind::Text),
    f("in-interface", Kind::Text),
    f("ingress-priority", Kind::Text),
    f("ipsec-policy", Kind::Text),
    f("ipv4-options", Kind::Text),
    f("layer7-protocol", Kind::Text),
    f("limit", Kind::Text),
    f("nth", Kind::Text),
    f("out-bridge-port", Kind::Text),
    f("out-bridge-port-list", Kind::Text),
    f("out-interface", Kind::Text),
    f("p2p", Kind::Text),
    f("packet-mark", Kind::Text),
    f("packet-size", Kind::Text),
    f("per-connection-classifier", Kind::Text),
    f("port", Kind::Text),
    f("priority", Kind::Text),
    f("psd", Kind::Text),
    f("random", Kind::Text),
    f("realm", Kind::Text),
    f("routing-mark", Kind::Text),
    f("src-address", Kind::Text),
    f("src-address-type", Kind::Text),
    f("src-mac-address", Kind::Text),
    f("src-port", Kind::Text),
    f("tcp-flags", Kind::Text),
    f("tcp-mss", Kind::Text),
    f("time", Kind::Text),
    f("tls-host", Kind::Text),
    f("ttl", Kind::Text),
];

/// The same for IPv6, whose rules of ours match `icmp-options` too; `tos` since 7.21.
const FILTER6_MATCHERS: &[Field] = &[
    f("address-list", Kind::Text),
    f("connection-bytes", Kind::Text),
    f("connection-limit", Kind::Text),
    f("connection-mark", Kind::Text),
    f("connection-nat-state", Kind::Text),
    f("connection-rate", Kind::Text),
    f("connection-type", Kind::Text),
    f("content", Kind::Text),
    f("dscp", Kind::Text),
    f("dst-address", Kind::Text),
    f("dst-address-type", Kind::Text),
    f("dst-limit", Kind::Text),
    f("headers", Kind::Text),
    f("hop-limit", Kind::Text),
    f("in-bridge-port", Kind::Text),
    f("in-bridge-port-list", Kind::Text),
    f("in-interface", Kind::Text),
    f("ingress-priority", Kind::Text),
    f("ipsec-policy", Kind::Text),
    f("limit", Kind::Text),
    f("nth", Kind::Text),
    f("out-bridge-port", Kind::Text),
    f("out-bridge-port-list", Kind::Text),
    f("out-interface", Kind::Text),
    f("packet-mark", Kind::Text),
    f("packet-size", Kind::Text),
    f("per-connection-classifier", Kind::Text),
    f("port", Kind::Text),
    f("priority", Kind::Text),
    f("random", Kind::Text),
    f("routing-mark", Kind::Text),
    f("src-address", Kind::Text),
    f("src-address-type", Kind::Text),
    f("src-mac-address", Kind::Text),
    f("src-port", Kind::Text),
    f("tcp-flags", Kind::Text),
    f("tcp-mss", Kind::Text),
    f("time", Kind::Text),
    f("tls-host", Kind::Text),
    f("tos", Kind::Text),
];

/// The menu of that path.
pub(crate) fn menu(path: &str) -> Option<&'static Menu> {
    MENUS.iter().find(|menu| menu.path == path)
}

impl Menu {
    /// The field of that name, written or kept.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        self.fields.iter().chain(self.kept).find(|field| field.name == name)
    }

    /// What to ask `print` for. A name that a version does not know is ignored there on 7.x.
    pub(crate) fn proplist(&self) -> impl Iterator<Item = &'static str> {
        const ALWAYS: [&str; 6] = [".id", "comment", "disabled", "dynamic", "invalid", "inactive"];
        ALWAYS.into_iter().chain(self.fields.iter().chain(self.kept).map(|field| field.name))
    }
}
