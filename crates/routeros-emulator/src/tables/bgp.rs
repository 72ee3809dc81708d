//! `/routing/bgp`.

use super::shared::{TABLES, VRFS};
use crate::errors::ErrorId;
use crate::schema::{
    Field, Menu, Secret, Type, enum_of, f, num, ref_to, refs_to, ro, set_of, time_between, words,
};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        bgp_instance(),
        bgp_connection(),
        bgp_template(),
        super::bgp_session::bgp_session(),
        bgp_advertisements(),
        bgp_vpn(),
        bgp_evpn(),
    ]
}

/// `/routing/bgp/instance`.
fn bgp_instance() -> Menu {
    Menu::list("/routing/bgp/instance")
        .auto_name("bgp-instance-")
        .unique(&["name"], ErrorId::NameExists)
        .since(20)
        .fields([
            f("name", Type::Text),
            f("as", Type::Opaque).unset(),
            f("cluster-id", Type::Ip4).unset(),
            f("ignore-as-path-len", Type::Bool).unset(),
            f("multipath", num(1, 255)).unset().since(22),
            f("router-id", words(&["main"], Type::Opaque)).unset(),
            f("routing-table", ref_to(TABLES, &["main"])).unset(),
            f("vrf", ref_to(VRFS, &["main"])).unset(),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("inactive", Type::Bool),
        ])
}

/// `/routing/bgp/connection`.
fn bgp_connection() -> Menu {
    Menu::list("/routing/bgp/connection").fields(shared_by_connection_and_template()).fields([
        f("name", Type::Text).mandatory(),
        f("connect", Type::Bool).default("true"),
        f("instance", ref_to(&["/routing/bgp/instance"], &[])).mandatory().since(20),
        f("listen", Type::Bool).default("true"),
        f("local.address", Type::Opaque).unset(),
        f("local.port", num(0, 65535)).unset(),
        f(
            "local.role",
            enum_of(&[
                "ibgp",
                "ibgp-rr",
                "ebgp",
                "ebgp-provider",
                "ebgp-rs",
                "ebgp-rs-client",
                "ebgp-customer",
                "ebgp-peer",
            ]),
        )
        .mandatory(),
        f("local.ttl", num(0, 255)),
        f("remote.address", Type::Opaque).until(22),
        f("remote.address", Type::Opaque).unset().since(22),
        f("remote.allowed-as", Type::Text).unset(),
        f("remote.as", Type::Opaque).unset(),
        f("remote.port", num(0, 65535)).unset(),
        f("remote.ttl", num(0, 255)),
        f("tcp-md5-key", Type::Text).unset().secret(Secret::Sensitive),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("dynamic", Type::Bool),
        ro("inactive", Type::Bool).default("false"),
        ro("local.default-address", Type::Text),
    ])
}

/// `/routing/bgp/template`.
fn bgp_template() -> Menu {
    Menu::list("/routing/bgp/template")
        .unique(&["name"], ErrorId::NameExists)
        .fields(shared_by_connection_and_template())
        .fields([
            f("name", Type::Text).mandatory(),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("default", Type::Bool),
            ro("inactive", Type::Bool),
        ])
}

/// `/routing/bgp/advertisements`.
fn bgp_advertisements() -> Menu {
    let fields = [
        "peer",
        "dst",
        "afi",
        "nexthop",
        "origin",
        "as-path",
        "as4-path",
        "local-pref",
        "med",
        "igp-metric",
        "communities",
        "ext-communities",
        "large-communities",
        "atomic-aggregate",
        "aggregator",
        "as4-aggregator",
        "originator-id",
        "cluster-list",
        "nlri",
        "withdrawn",
        "otc",
    ];
    Menu::list("/routing/bgp/advertisements").read_only().fields(fields.map(|name| ro(name, Type::Text)))
}

/// `/routing/bgp/vpn`.
fn bgp_vpn() -> Menu {
    Menu::list("/routing/bgp/vpn").fields([
        f("name", Type::Text).unset(),
        f("export.filter-chain", Type::Opaque).unset(),
        f("export.filter-select", Type::Opaque).unset(),
        f(
            "export.redistribute",
            set_of(&[
                "connected",
                "static",
                "rip",
                "ospf",
                "isis",
                "bgp",
                "vpn",
                "dhcp",
                "fantasy",
                "modem",
                "slaac",
            ]),
        )
        .unset(),
        f("export.route-targets", Type::Opaque).unset(),
        f("import.filter-chain", Type::Opaque).unset(),
        f("import.route-targets", Type::Opaque).unset(),
        f("import.router-id", Type::Ip4).until(20),
        f("instance", ref_to(&["/routing/bgp/instance"], &[])).mandatory().since(20),
        f("label-allocation-policy", enum_of(&["per-vrf", "per-prefix"])).mandatory(),
        f("route-distinguisher", Type::Text).mandatory(),
        f("vrf", ref_to(VRFS, &["main"])).mandatory(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("inactive", Type::Bool),
    ])
}

/// What a connection takes from its templates unless it is set on it.
fn shared_by_connection_and_template() -> Vec<Field> {
    vec![
        f("add-path-out", Type::Text).until(22),
        f("address-families", set_of(&["ip", "ipv6", "l2vpn", "l2vpn-cisco", "vpnv4", "vpnv6"])).until(19),
        f("afi", set_of(&["ip", "ipv6", "l2vpn", "l2vpn-cisco", "vpnv4", "vpnv6", "evpn"])).unset().since(19),
        f("as", Type::Opaque).unset(),
        f("cisco-vpls-nlri-len-fmt", enum_of(&["auto-bits", "auto-bytes", "bits", "bytes"])).unset(),
        f("cluster-id", Type::Ip4).until(20),
        f("hold-time", words(&["infinity"], time_between(3000, 65_535_000))).unset(),
        f("input.accept-communities", Type::Text).unset(),
        f("input.accept-ext-communities", Type::Text).unset(),
        f("input.accept-large-communities", Type::Text).unset(),
        f("input.accept-nlri", Type::Text).unset(),
        f("input.accept-unknown", Type::Text).until(19),
        f("input.add-path", set_of(&["ip", "ipv6"])).unset().since(22),
        f("input.affinity", enum_of(&["main", "alone", "remote-as", "instance", "afi", "vrf"])).unset(),
        f("input.allow-as", num(0, 10)).unset(),
        f("input.attr-error-handling", enum_of(&["default", "revised"])).since(20),
        f("input.filter", Type::Text).unset(),
        f("input.filter-communities", Type::Text).unset().since(19),
        f("input.filter-ext-communities", Type::Text).unset().since(19),
        f("input.filter-large-communities", Type::Text).unset().since(19),
        f("input.filter-nlri", Type::Text).unset().since(20),
        f("input.filter-unknown", Type::Text).unset().since(19),
        f("input.ignore-as-path-len", Type::Bool).until(20),
        f(
            "input.limit-process-routes-ipv4",
            enum_of(&["10", "100", "1000", "10000", "100000", "1000000", "10000000"]),
        )
        .unset(),
        f(
            "input.limit-process-routes-ipv6",
            enum_of(&["10", "100", "1000", "10000", "100000", "1000000", "10000000"]),
        )
        .unset(),
        f("keepalive-time", time_between(1000, 1_800_000)).unset(),
        f("multihop", Type::Bool).unset(),
        f("nexthop-choice", enum_of(&["default", "force-self", "propagate"])).unset(),
        f("output.add-path", set_of(&["ip", "ipv6"])).unset().since(22),
        f("output.affinity", enum_of(&["main", "alone", "remote-as", "instance", "afi", "vrf", "input"]))
            .unset(),
        f("output.as-override", Type::Bool).unset(),
        f("output.default-originate", enum_of(&["never", "if-installed", "always"])).unset(),
        f("output.default-prepend", num(0, 255)).unset(),
        f("output.filter-chain", Type::Text).unset(),
        f("output.filter-select", Type::Text).unset(),
        f("output.keep-sent-attributes", Type::Bool).unset(),
        f("output.network", Type::Text).unset(),
        f("output.network-blackhole", Type::Bool).unset().since(20),
        f("output.no-client-to-client-reflection", Type::Bool).unset(),
        f("output.no-early-cut", Type::Bool).unset(),
        f(
            "output.redistribute",
            set_of(&[
                "connected",
                "static",
                "rip",
                "ospf",
                "isis",
                "bgp",
                "vpn",
                "dhcp",
                "fantasy",
                "modem",
                "bgp-mpls-vpn",
                "slaac",
            ]),
        )
        .unset(),
        f("output.remove-private-as", Type::Bool).unset(),
        f("router-id", Type::Opaque).until(20),
        f("routing-table", ref_to(TABLES, &["main"])).unset(),
        f("save-to", Type::Text).unset(),
        f("templates", refs_to(&["/routing/bgp/template"], &[])).unset(),
        f("use-bfd", Type::Bool).unset(),
        f("vrf", ref_to(VRFS, &["main"])).unset(),
    ]
}

/// `/routing/bgp/evpn`.
fn bgp_evpn() -> Menu {
    Menu::list("/routing/bgp/evpn").since(20).ordered().fields([
        f("name", Type::Text).unset(),
        f("export.route-targets", Type::Opaque).unset(),
        f("import.route-targets", Type::Opaque).unset(),
        f("instance", ref_to(&["/routing/bgp/instance"], &[])).mandatory(),
        f("rd", Type::Text).unset(),
        f("vni", Type::Opaque).unset(),
        f("vrf", ref_to(VRFS, &["main"])).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
    ])
}
