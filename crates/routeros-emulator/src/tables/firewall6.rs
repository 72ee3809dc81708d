//! `/ipv6/firewall`.

use super::matchers::pick;
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, not, num, range6, ro, time, time_between, words};

pub(super) fn menus() -> Vec<Menu> {
    vec![firewall_filter(), firewall_nat(), firewall_mangle(), firewall_raw(), firewall_address_list()]
}

/// `/ipv6/firewall/filter`.
fn firewall_filter() -> Menu {
    Menu::list("/ipv6/firewall/filter")
        .ordered()
        .fields([
            f(
                "action",
                enum_of(&[
                    "accept",
                    "jump",
                    "return",
                    "log",
                    "passthrough",
                    "add-src-to-address-list",
                    "add-dst-to-address-list",
                    "drop",
                    "reject",
                    "fasttrack-connection",
                ]),
            )
            .default("accept"),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("chain", Type::Text).mandatory(),
            f("headers", not(Type::Opaque)).unset(),
            f("hop-limit", Type::Opaque).unset(),
            f("jump-target", Type::Text),
            f(
                "reject-with",
                enum_of(&[
                    "icmp-no-route",
                    "icmp-admin-prohibited",
                    "icmp-not-neighbour",
                    "icmp-address-unreachable",
                    "icmp-port-unreachable",
                    "tcp-reset",
                    "icmp-err-src-routing-header",
                    "icmp-headers-too-long",
                ]),
            ),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(true, &["fragment", "ttl", "psd", "ipv4-options", "hotspot"]))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ipv6/firewall/nat`.
fn firewall_nat() -> Menu {
    Menu::list("/ipv6/firewall/nat")
        .ordered()
        .fields([
            f(
                "action",
                enum_of(&[
                    "accept",
                    "jump",
                    "return",
                    "log",
                    "passthrough",
                    "add-src-to-address-list",
                    "add-dst-to-address-list",
                    "src-nat",
                    "masquerade",
                    "dst-nat",
                    "redirect",
                    "netmap",
                ]),
            )
            .default("accept"),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("chain", Type::Text).mandatory(),
            f("headers", not(Type::Opaque)).unset(),
            f("hop-limit", Type::Opaque).unset(),
            f("jump-target", Type::Text),
            f("to-address", range6()).unset(),
            f("to-ports", Type::Opaque).unset(),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(
            true,
            &["tls-host", "connection-nat-state", "fragment", "ttl", "psd", "ipv4-options", "hotspot"],
        ))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ipv6/firewall/mangle`.
fn firewall_mangle() -> Menu {
    Menu::list("/ipv6/firewall/mangle")
        .ordered()
        .fields([
            f(
                "action",
                enum_of(&[
                    "accept",
                    "jump",
                    "return",
                    "log",
                    "passthrough",
                    "add-src-to-address-list",
                    "add-dst-to-address-list",
                    "sniff-tzsp",
                    "sniff-pc",
                    "mark-packet",
                    "mark-connection",
                    "mark-routing",
                    "change-mss",
                    "change-dscp",
                    "set-priority",
                    "change-hop-limit",
                    "snpt",
                    "dnpt",
                ]),
            )
            .default("accept"),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("chain", Type::Text).mandatory(),
            f("dst-prefix", Type::Prefix6),
            f("headers", not(Type::Opaque)).unset(),
            f("hop-limit", Type::Opaque).unset(),
            f("jump-target", Type::Text),
            f("new-connection-mark", Type::Text),
            f("new-dscp", Type::Opaque),
            f("new-hop-limit", Type::Opaque),
            f("new-mss", Type::Opaque),
            f("new-packet-mark", Type::Text),
            f("new-priority", Type::Opaque),
            f("new-routing-mark", Type::Text),
            f("passthrough", Type::Bool).default("true"),
            f("sniff-id", num(0, 4_294_967_295)),
            f("sniff-target", Type::Ip),
            f("sniff-target-port", num(0, 4_294_967_295)),
            f("src-prefix", Type::Prefix6),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(true, &["fragment", "ttl", "psd", "ipv4-options", "hotspot"]))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ipv6/firewall/raw`.
fn firewall_raw() -> Menu {
    Menu::list("/ipv6/firewall/raw")
        .ordered()
        .fields([
            f(
                "action",
                enum_of(&[
                    "accept",
                    "jump",
                    "return",
                    "log",
                    "passthrough",
                    "add-src-to-address-list",
                    "add-dst-to-address-list",
                    "drop",
                    "notrack",
                ]),
            )
            .default("accept"),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("chain", Type::Text).mandatory(),
            f("headers", not(Type::Opaque)).unset(),
            f("hop-limit", Type::Opaque).unset(),
            f("jump-target", Type::Text),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(
            true,
            &[
                "connection-state",
                "connection-nat-state",
                "connection-mark",
                "connection-type",
                "connection-bytes",
                "connection-limit",
                "connection-rate",
                "routing-mark",
                "fragment",
                "ttl",
                "psd",
                "ipv4-options",
                "hotspot",
            ],
        ))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ipv6/firewall/address-list`.
fn firewall_address_list() -> Menu {
    Menu::list("/ipv6/firewall/address-list").unique(&["list", "address"], ErrorId::SuchEntry).fields([
        f("address", Type::Range { v6: true, names: true }),
        f("dynamic", Type::Bool).default("false"),
        f("list", Type::Text).mandatory(),
        f("timeout", time_between(0, 21_474_836_000)),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("creation-time", Type::Date).volatile(),
    ])
}
