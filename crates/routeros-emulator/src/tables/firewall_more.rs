//! The rest of `/ip/firewall`.

use super::matchers::pick;
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, not, num, range4, ro, time, words};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        firewall_nat(),
        firewall_mangle(),
        firewall_raw(),
        firewall_connection_tracking(),
        firewall_layer7_protocol(),
    ]
}

/// `/ip/firewall/nat`.
fn firewall_nat() -> Menu {
    Menu::list("/ip/firewall/nat")
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
                    "same",
                    "netmap",
                    "endpoint-independent-nat",
                    "socksify",
                ]),
            )
            .default("accept"),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("chain", Type::Text).mandatory(),
            f("jump-target", Type::Text),
            f("layer7-protocol", not(Type::Opaque)).unset(),
            f("randomise-ports", Type::Bool),
            f("realm", not(num(0, 4_294_967_295))).unset(),
            f("same-not-by-dst", Type::Bool),
            f("socks5-port", num(0, 65535)).since(20),
            f("socks5-server", Type::Ip4).since(20),
            f("socksify-service", Type::Text).since(20),
            f("to-addresses", range4()).unset(),
            f("to-ports", Type::Opaque).unset(),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(false, &["tcp-flags", "tls-host", "connection-state", "connection-nat-state"]))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ip/firewall/mangle`.
fn firewall_mangle() -> Menu {
    Menu::list("/ip/firewall/mangle")
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
                    "change-mss",
                    "change-dscp",
                    "strip-ipv4-options",
                    "change-ttl",
                    "mark-routing",
                    "set-priority",
                    "clear-df",
                    "fasttrack-connection",
                    "route",
                ]),
            )
            .default("accept"),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("chain", Type::Text).mandatory(),
            f("jump-target", Type::Text),
            f("layer7-protocol", not(Type::Opaque)).unset(),
            f("new-connection-mark", Type::Text),
            f("new-dscp", Type::Opaque),
            f("new-mss", Type::Opaque),
            f("new-packet-mark", Type::Text),
            f("new-priority", Type::Opaque),
            f("new-routing-mark", Type::Text),
            f("new-ttl", Type::Opaque),
            f("p2p", not(Type::Opaque)).unset(),
            f("passthrough", Type::Bool).default("true"),
            f("realm", not(num(0, 4_294_967_295))).unset(),
            f("route-dst", Type::Ip),
            f("sniff-id", num(0, 4_294_967_295)),
            f("sniff-target", Type::Ip),
            f("sniff-target-port", num(0, 4_294_967_295)),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(false, &[]))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ip/firewall/raw`.
fn firewall_raw() -> Menu {
    Menu::list("/ip/firewall/raw")
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
            f("jump-target", Type::Text),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(pick(
            false,
            &[
                "connection-state",
                "connection-nat-state",
                "connection-mark",
                "connection-type",
                "connection-bytes",
                "connection-limit",
                "connection-rate",
                "routing-mark",
            ],
        ))
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

/// `/ip/firewall/connection/tracking`.
fn firewall_connection_tracking() -> Menu {
    Menu::singleton("/ip/firewall/connection/tracking").lacking(&["reset"]).fields([
        f("enabled", enum_of(&["auto", "yes", "no"])).default("auto"),
        f("generic-timeout", time()),
        f("icmp-timeout", time()),
        f("liberal-tcp-tracking", Type::Bool).since(20),
        f("loose-tcp-tracking", Type::Bool),
        f("tcp-close-timeout", time()),
        f("tcp-close-wait-timeout", time()),
        f("tcp-established-timeout", time()),
        f("tcp-fin-wait-timeout", time()),
        f("tcp-last-ack-timeout", time()),
        f("tcp-max-retrans-timeout", time()),
        f("tcp-syn-received-timeout", time()),
        f("tcp-syn-sent-timeout", time()),
        f("tcp-time-wait-timeout", time()),
        f("tcp-unacked-timeout", time()),
        f("udp-stream-timeout", time()),
        f("udp-timeout", time()),
        ro("active-ipv4", Type::Bool),
        ro("active-ipv6", Type::Bool),
        ro("max-entries", num(0, i64::MAX)),
        ro("total-entries", num(0, i64::MAX)),
        ro("total-ip4-entries", num(0, i64::MAX)),
        ro("total-ip6-entries", num(0, i64::MAX)),
    ])
}

/// `/ip/firewall/layer7-protocol`.
fn firewall_layer7_protocol() -> Menu {
    Menu::list("/ip/firewall/layer7-protocol").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text),
        f("regexp", Type::Text),
        f("comment", Type::Text),
    ])
}
