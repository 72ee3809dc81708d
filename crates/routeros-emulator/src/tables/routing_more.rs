//! Rules, router ids, BFD and OSPF.

use super::shared::{INTERFACE, INTERFACE_OR_LIST, TABLES, VRFS};
use crate::errors::ErrorId;
use crate::schema::{
    Menu, Secret, Type, enum_of, f, list_of, num, ref_to, refs_to, ro, set_of, time, time_between, words,
};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        rule(),
        id(),
        settings(),
        bfd_configuration(),
        bfd_session(),
        ospf_instance(),
        ospf_area(),
        ospf_area_range(),
        ospf_interface_template(),
        ospf_static_neighbor(),
        ospf_neighbor(),
        ospf_interface_seen(),
        ospf_interface(),
    ]
}

/// `/routing/rule`.
fn rule() -> Menu {
    Menu::list("/routing/rule").ordered().fields([
        f("action", enum_of(&["lookup", "lookup-only-in-table", "unreachable", "drop"]))
            .default("lookup")
            .until(22),
        f("action", enum_of(&["lookup", "lookup-only-in-table", "unreachable", "drop", "mangle"]))
            .default("lookup")
            .since(22),
        f("chain", Type::Text).unset().since(22),
        f("dst-address", Type::AnyPrefix).unset(),
        f("interface", ref_to(INTERFACE, &[])).unset(),
        f("min-prefix", num(0, 128)).unset(),
        f("realm", num(0, 4_294_967_295)).unset().since(22),
        f("routing-mark", Type::Text).unset(),
        f("src-address", Type::AnyPrefix).unset(),
        f("table", ref_to(TABLES, &["main"])),
        f("vrf", Type::Switch).unset().since(22),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("default", Type::Bool).since(22),
        ro("inactive", Type::Bool),
    ])
}

/// `/routing/id`.
fn id() -> Menu {
    Menu::list("/routing/id").auto_name("router-id-").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text),
        f("id", Type::Ip4).unset(),
        f(
            "select-dynamic-id",
            set_of(&["any", "only-static", "only-loopback", "only-vrf", "only-active", "lowest"]),
        )
        .default("any")
        .unset(),
        f("select-from-vrf", ref_to(VRFS, &["main"])).default("main").unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("dynamic", Type::Text),
        ro("dynamic-id", Type::Text).default(""),
        ro("inactive", Type::Text),
    ])
}

/// `/routing/settings`.
fn settings() -> Menu {
    Menu::singleton("/routing/settings").fields([
        f("check-gateway-ping-count", num(0, 4_294_967_295)).since(21),
        f("check-gateway-ping-interval", time_between(100, 600000)).since(21),
        f("check-gateway-ping-timeout", time_between(1, 1000)).since(21),
        f("connected-in-chain", Type::Opaque).since(19),
        f("dynamic-in-chain", Type::Opaque).since(19),
        f("policy-rules", Type::Opaque).since(22),
        f("single-process", Type::Bool),
    ])
}

/// `/routing/bfd/configuration`.
fn bfd_configuration() -> Menu {
    Menu::list("/routing/bfd/configuration").ordered().fields([
        f("address-list", Type::Text).unset(),
        f("addresses", list_of(Type::AnyPrefix)).unset(),
        f("forbid-bfd", Type::Bool).unset(),
        f("interfaces", refs_to(INTERFACE_OR_LIST, &[])).unset(),
        f("min-rx", time()).unset(),
        f("min-tx", time()).unset(),
        f("multiplier", num(1, 255)).unset(),
        f("vrf", ref_to(VRFS, &["main"])).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("inactive", Type::Bool),
    ])
}

/// `/routing/bfd/session`.
fn bfd_session() -> Menu {
    Menu::list("/routing/bfd/session").read_only().fields([])
}

/// `/routing/ospf/instance`.
fn ospf_instance() -> Menu {
    Menu::list("/routing/ospf/instance")
        .auto_name("ospf-instance-")
        .unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text),
            f("domain-id", Type::Opaque).unset(),
            f("domain-tag", num(0, 4_294_967_295)).unset(),
            f("in-filter-chain", Type::Text).unset(),
            f("mpls-te-address", Type::Opaque).unset(),
            f("mpls-te-area", Type::Ip4).unset(),
            f("originate-default", enum_of(&["never", "always", "if-installed"])).default("never").unset(),
            f("out-filter-chain", Type::Text).unset(),
            f("out-filter-select", Type::Text).unset(),
            f(
                "redistribute",
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
            .default("")
            .unset(),
            f("router-id", words(&["main"], Type::Opaque)).default("main"),
            f("routing-table", ref_to(TABLES, &["main"])).unset(),
            f("use-dn", Type::Bool).unset(),
            f("version", enum_of(&["2", "3"])).default("2"),
            f("vrf", ref_to(VRFS, &["main"])).default("main"),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("inactive", Type::Bool),
        ])
}

/// `/routing/ospf/area`.
fn ospf_area() -> Menu {
    Menu::list("/routing/ospf/area").auto_name("ospf-area-").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text),
        f("area-id", Type::Ip4).default("0.0.0.0"),
        f("default-cost", num(0, 4_294_967_295)).unset(),
        f("instance", ref_to(&["/routing/ospf/instance"], &[])).mandatory(),
        f("no-summaries", Type::Switch).unset(),
        f("nssa-translator", enum_of(&["candidate", "no", "yes"])).unset(),
        f("type", enum_of(&["default", "stub", "nssa"])).default("default"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("dynamic", Type::Bool),
        ro("inactive", Type::Bool),
        ro("transit-capable", Type::Bool),
    ])
}

/// `/routing/ospf/area/range`.
fn ospf_area_range() -> Menu {
    Menu::list("/routing/ospf/area/range").fields([
        f("advertise", Type::Bool),
        f("area", ref_to(&["/routing/ospf/area"], &[])).mandatory(),
        f("cost", num(0, 4_294_967_295)).unset(),
        f("prefix", Type::AnyPrefix).mandatory(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("inactive", Type::Bool),
    ])
}

/// `/routing/ospf/interface-template`.
fn ospf_interface_template() -> Menu {
    Menu::list("/routing/ospf/interface-template").ordered().fields([
        f("area", ref_to(&["/routing/ospf/area"], &[])).mandatory(),
        f("auth", enum_of(&["simple", "md5", "sha1", "sha256", "sha384", "sha512"])).unset(),
        f("auth-id", num(0, 4_294_967_295)).unset(),
        f("auth-key", Type::Text).unset(),
        f("cost", num(1, 65535)).default("1"),
        f("dead-interval", time_between(1000, 65535000)).default("40s"),
        f("hello-interval", time_between(1000, 65535000)).default("10s"),
        f("instance-id", num(0, 255)).default("0"),
        f("interfaces", refs_to(INTERFACE_OR_LIST, &[])).unset(),
        f("networks", list_of(Type::AnyPrefix)).unset(),
        f("passive", Type::Switch).unset(),
        f("prefix-list", Type::Text).unset(),
        f("priority", num(0, 255)).default("128"),
        f("retransmit-interval", time_between(1000, 65535000)).default("5s"),
        f("transmit-delay", time_between(1000, 65535000)).default("1s"),
        f("type", enum_of(&["broadcast", "nbma", "ptp", "ptp-unnumbered", "ptmp", "ptmp-broadcast"]))
            .default("broadcast"),
        f("use-bfd", Type::Bool).unset(),
        f("vlink-neighbor-id", Type::Ip4).unset().until(23),
        f("vlink-transit-area", ref_to(&["/routing/ospf/area"], &[])).unset().until(23),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("inactive", Type::Bool),
    ])
}

/// `/routing/ospf/static-neighbor`.
fn ospf_static_neighbor() -> Menu {
    Menu::list("/routing/ospf/static-neighbor").fields([
        f("address", Type::Opaque).mandatory(),
        f("area", ref_to(&["/routing/ospf/area"], &[])).mandatory(),
        f("instance-id", num(0, 4_294_967_295)),
        f("poll-interval", time()),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("inactive", Type::Bool),
    ])
}

/// `/routing/ospf/neighbor`.
fn ospf_neighbor() -> Menu {
    Menu::list("/routing/ospf/neighbor").fixed_rows().lacking(&["export"]).fields([
        f("comment", Type::Text),
        ro("address", Type::Text),
        ro("adjacency", time()),
        ro("area", Type::Text),
        ro("bdr", Type::Text),
        ro("db-summaries", num(0, i64::MAX)),
        ro("dr", Type::Text),
        ro("dynamic", Type::Bool),
        ro("instance", Type::Text),
        ro("interface", Type::Text),
        ro("ls-requests", num(0, i64::MAX)),
        ro("ls-retransmits", num(0, i64::MAX)),
        ro("priority", num(0, i64::MAX)),
        ro("router-id", Type::Text),
        ro("state", Type::Text),
        ro("state-changes", num(0, i64::MAX)),
        ro("timeout", time()),
        ro("virtual", Type::Bool),
    ])
}

/// `/routing/ospf/interface`, which the router fills alone.
fn ospf_interface_seen() -> Menu {
    let names = [
        "address",
        "area",
        "bdr",
        "dr",
        "instance-id",
        "interface",
        "network-type",
        "state",
        "vlink-neighbor-id",
        "vlink-remote-address",
        "vlink-transit-area",
    ];
    let times = ["dead-interval", "hello-interval", "retransmit-interval", "transmit-delay"];
    Menu::list("/routing/ospf/interface")
        .until(23)
        .read_only()
        .fields(names.map(|name| ro(name, Type::Text)))
        .fields(times.map(|name| ro(name, time())))
        .fields(["cost", "priority"].map(|name| ro(name, num(0, 65_535))))
        .fields(["dynamic", "use-bfd"].map(|name| ro(name, Type::Bool)))
}

/// The same since 7.23, which takes rows (reference 5).
fn ospf_interface() -> Menu {
    const TYPES: &[&str] = &["broadcast", "nbma", "ptp", "ptp-unnumbered", "ptmp", "virtual-link"];
    Menu::list("/routing/ospf/interface").since(23).unset_command().fields([
        f("interface", ref_to(INTERFACE, &[])),
        f("address", Type::Opaque),
        f("area", ref_to(&["/routing/ospf/area"], &[])).mandatory(),
        f("auth", Type::Opaque),
        f("auth-id", num(0, 255)),
        f("auth-key", Type::Text).secret(Secret::Sensitive),
        f("cost", num(1, 65_535)).default("1"),
        f("dead-interval", time()).default("40s"),
        f("hello-interval", time()).default("10s"),
        f("instance-id", num(0, 255)).default("0"),
        f("passive", Type::Opaque),
        f("priority", num(0, 255)).default("128"),
        f("retransmit-interval", time()).default("5s"),
        f("transmit-delay", time()).default("1s"),
        f("type", enum_of(TYPES)).default("broadcast"),
        f("use-bfd", Type::Bool),
        f("vlink-neighbor-id", Type::Ip4),
        f("vlink-transit-area", ref_to(&["/routing/ospf/area"], &[])),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("bdr", Type::Text),
        ro("dr", Type::Text),
        ro("dynamic", Type::Bool),
        ro("state", Type::Text),
        ro("vlink-remote-address", Type::Text),
    ])
}
