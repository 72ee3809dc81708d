//! Arguments of `print`, as the command trees have them.

use super::menu::{Kind, Menu};

/// What `print` of every list takes.
const LIST: &[&str] = &[
    "append",
    "as-value",
    "count-only",
    "detail",
    "file",
    "follow",
    "follow-only",
    "interval",
    "proplist",
    "show-ids",
    "terse",
    "value-list",
    "where",
    "without-paging",
];

/// A singleton knows neither `detail` nor `follow` (reference 1.6, 1.7).
const SINGLE: &[&str] = &["as-value", "file", "interval", "without-paging"];

/// What came later, with the first minor that has it.
const LATER: &[(u8, &str)] =
    &[(18, "group-by"), (22, "comments"), (22, "on-event"), (22, "timestamp"), (24, "order-by")];

/// Lists that cannot be printed from an item on.
const NO_FROM: &[&str] = &[
    "/ip/pool/used",
    "/ipv6/pool/used",
    "/log",
    "/routing/bgp/advertisements",
    "/routing/route",
    "/system/history",
];

/// Lists without a short form.
const NO_BRIEF: &[&str] = &[
    "/interface/bridge/filter",
    "/interface/bridge/nat",
    "/interface/wireguard",
    "/ip/dns/adlist",
    "/ip/dns/forwarders",
    "/ip/firewall/filter",
    "/ip/firewall/mangle",
    "/ip/firewall/nat",
    "/ip/firewall/raw",
    "/ip/vrf",
    "/ipv6/firewall/filter",
    "/ipv6/firewall/mangle",
    "/ipv6/firewall/nat",
    "/ipv6/firewall/raw",
    "/ipv6/nd",
    "/ipv6/nd/prefix",
    "/ipv6/nd/proxy",
    "/routing/bfd/configuration",
    "/routing/bfd/session",
    "/routing/bgp/connection",
    "/routing/bgp/evpn",
    "/routing/bgp/instance",
    "/routing/bgp/session",
    "/routing/bgp/template",
    "/routing/bgp/vpn",
    "/routing/filter/chain",
    "/routing/filter/community-ext-list",
    "/routing/filter/community-large-list",
    "/routing/filter/community-list",
    "/routing/filter/num-list",
    "/routing/filter/rule",
    "/routing/filter/select-rule",
    "/routing/ospf/area",
    "/routing/ospf/instance",
    "/routing/ospf/interface",
    "/routing/ospf/interface-template",
    "/routing/ospf/neighbor",
    "/routing/ospf/static-neighbor",
    "/routing/table",
    "/system/logging/action",
    "/system/ntp/client/servers",
];

/// What single menus take besides.
const OWN: &[(&str, &[&str])] = &[
    ("/certificate", &["active", "inactive"]),
    ("/interface", &["oid", "stats", "stats-detail"]),
    ("/interface/bridge/filter", TABLE),
    ("/interface/bridge/nat", TABLE),
    ("/interface/bridge/port", &["debug", "stats"]),
    ("/interface/ethernet", &["stats", "stats-detail"]),
    ("/ip/dhcp-server/lease", &["active"]),
    ("/ip/firewall/filter", TABLE),
    ("/ip/firewall/mangle", TABLE),
    ("/ip/firewall/nat", TABLE),
    ("/ip/firewall/raw", TABLE),
    ("/ip/route", &["stats"]),
    ("/ipv6/dhcp-server/binding", &["active"]),
    ("/ipv6/firewall/filter", &["chain", "stats"]),
    ("/ipv6/firewall/mangle", &["stats"]),
    ("/ipv6/firewall/nat", &["dynamic", "static", "stats"]),
    ("/ipv6/firewall/raw", &["stats"]),
    ("/ipv6/route", &["stats"]),
    ("/queue/simple", QUEUE),
    ("/queue/tree", QUEUE),
    ("/routing/route", &["stats"]),
    ("/system/identity", &["oid"]),
    ("/system/license", &["oid"]),
    ("/system/note", &["oid"]),
    ("/system/resource", &["oid"]),
    ("/tool/netwatch", &["stats"]),
];

const TABLE: &[&str] = &["all", "chain", "dynamic", "static", "stats"];

const QUEUE: &[&str] = &["bytes", "oid", "packets", "rate", "stats"];

/// Names of the arguments in this version, without `.proplist`, which the API adds.
pub(crate) fn print_arguments(menu: &Menu, minor: u8) -> Vec<&'static str> {
    let list = menu.kind == Kind::List;
    let mut names = if list { LIST.to_vec() } else { SINGLE.to_vec() };
    names.extend(
        LATER
            .iter()
            .filter(|(since, name)| *since <= minor && (list || *name == "comments"))
            .map(|(_, name)| *name),
    );
    // 7.20 gave advertisements a short form.
    let brief = !NO_BRIEF.contains(&menu.path) && (menu.path != "/routing/bgp/advertisements" || minor >= 20);
    if list && brief {
        names.push("brief");
    }
    if list && !NO_FROM.contains(&menu.path) {
        names.push("from");
    }
    if menu.path == "/ip/firewall/connection" && minor >= 22 {
        names.retain(|name| !name.starts_with("follow"));
    }
    names.extend(OWN.iter().filter(|(path, _)| *path == menu.path).flat_map(|(_, own)| own.iter()));
    names
}
