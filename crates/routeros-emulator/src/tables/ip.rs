//! `/ip` without firewall, DHCP and DNS.

use super::shared::INTERFACE;
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, list_of, num, ref_to, ro};

pub(super) fn menus() -> Vec<Menu> {
    vec![address(), arp(), pool(), pool_used(), route(), service()]
}

fn address() -> Menu {
    Menu::list("/ip/address")
        .unique(&["address", "interface"], ErrorId::SuchAddress)
        .fields([
            f("address", Type::Address4).mandatory(),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("network", Type::Ip4),
            f("netmask", Type::Ip4),
            f("broadcast", Type::Ip4),
            ro("actual-interface", Type::Opaque),
            ro("invalid", Type::Bool),
            ro("dynamic", Type::Bool),
            ro("slave", Type::Bool),
            ro("vrf", Type::Text).since(20),
        ])
        .comment_and_disabled()
}

fn arp() -> Menu {
    Menu::list("/ip/arp")
        .unique(&["address", "interface"], ErrorId::SuchEntry)
        .fields([
            f("address", Type::Ip4),
            f("mac-address", Type::Mac),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("published", Type::Bool).default("false"),
            ro("invalid", Type::Bool),
            ro("dynamic", Type::Bool),
            ro("complete", Type::Bool),
            ro("dhcp", Type::Bool),
            // The words are those of the manual (ARP); since which version was not found.
            ro("status", Type::Text).volatile(),
        ])
        .comment_and_disabled()
}

fn pool() -> Menu {
    Menu::list("/ip/pool")
        .auto_name("pool")
        .unique(&["name"], ErrorId::PoolName)
        .fields([
            f("name", Type::Text),
            f("ranges", Type::PoolRanges).mandatory(),
            f("next-pool", ref_to(&["/ip/pool"], &["none"])),
            ro("total", num(0, i64::MAX)).since(18),
            ro("used", num(0, i64::MAX)).volatile().since(18),
            ro("available", num(0, i64::MAX)).volatile().since(18),
        ])
        .comment()
}

fn pool_used() -> Menu {
    Menu::list("/ip/pool/used").read_only().fields([
        ro("pool", Type::Text),
        ro("address", Type::Ip4),
        ro("owner", Type::Text),
        ro("info", Type::Text),
    ])
}

/// Flags that a route may carry; those that are false are absent on output.
const ROUTE_FLAGS: [&str; 9] = ["connect", "static", "bgp", "ospf", "rip", "dhcp", "modem", "vpn", "ecmp"];

fn route() -> Menu {
    Menu::list("/ip/route")
        .fields([
            f("dst-address", Type::Prefix4).default("0.0.0.0/0"),
            f("gateway", Type::Opaque).unset(),
            f("distance", num(1, 255)).default("1").unset(),
            f("scope", num(0, 255)).default("30").unset(),
            f("target-scope", num(0, 255)).default("10").unset(),
            f("routing-table", ref_to(&["/routing/table"], &["main"])).default("main"),
            f("pref-src", Type::Opaque).unset(),
            f("check-gateway", enum_of(&["arp", "none", "ping"])).unset(),
            f("blackhole", Type::Switch).unset(),
            f("vrf-interface", ref_to(INTERFACE, &[])).unset(),
            f("suppress-hw-offload", Type::Bool).default("false").until(21),
            ro("immediate-gw", Type::Opaque),
            ro("local-address", Type::Opaque),
            ro("active", Type::Bool),
            ro("inactive", Type::Bool),
            ro("dynamic", Type::Bool),
        ])
        .fields(ROUTE_FLAGS.map(|name| ro(name, Type::Bool)))
        .comment_and_disabled()
        .unset_command()
        .monitor_since(18, "check", &["dst-ip", "src-ip"])
}

fn service() -> Menu {
    Menu::list("/ip/service").fixed_rows().fields([
        ro("name", Type::Text),
        f("port", num(0, 65535)),
        f("address", list_of(Type::AnyPrefix)).default(""),
        f("available-from", list_of(Type::AnyPrefix)).default("").since(24),
        f("certificate", ref_to(&["/certificate"], &["none"])),
        f("tls-version", enum_of(&["any", "only-1.2"])),
        f("vrf", ref_to(&["/ip/vrf"], &["main"])).default("main"),
        f("max-sessions", num(1, 1000)).default("20"),
        f("disabled", Type::Bool).default("false"),
        ro("proto", Type::Text),
        ro("dynamic", Type::Bool),
        ro("invalid", Type::Bool),
        ro("connection", Type::Bool).since(19),
        ro("local", Type::Text).since(19).volatile(),
        ro("remote", Type::Text).since(19).volatile(),
    ])
}
