//! `/ip/firewall`.

use super::matchers::{common, connection, tail, v4_only};
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, not, num, ro, time, time_between, words};

/// 35w3d13h13m56s, the bound printed by the tree.
const ENTRY_TIMEOUT: u64 = 21_474_836_000;

pub(super) fn menus() -> Vec<Menu> {
    vec![filter(), address_list(), connections()]
}

fn filter() -> Menu {
    const ACTIONS: &[&str] = &[
        "accept",
        "add-dst-to-address-list",
        "add-src-to-address-list",
        "drop",
        "fasttrack-connection",
        "jump",
        "log",
        "passthrough",
        "reject",
        "return",
        "tarpit",
    ];
    const REJECT: &[&str] = &[
        "icmp-admin-prohibited",
        "icmp-host-prohibited",
        "icmp-host-unreachable",
        "icmp-net-prohibited",
        "icmp-network-unreachable",
        "icmp-port-unreachable",
        "icmp-protocol-unreachable",
        "tcp-reset",
    ];
    Menu::list("/ip/firewall/filter")
        .ordered()
        .fields([
            f("chain", Type::Text).mandatory(),
            f("action", enum_of(ACTIONS)).default("accept"),
            f("jump-target", Type::Text),
            f("reject-with", enum_of(REJECT)),
            f("address-list", Type::Text),
            f("address-list-timeout", words(&["none-dynamic", "none-static"], time())),
            f("hw-offload", Type::Bool).until(21),
        ])
        .fields(common(false))
        .fields(connection(true))
        .fields(v4_only())
        .fields([
            f("layer7-protocol", not(Type::Opaque)).unset(),
            f("p2p", not(Type::Opaque)).unset(),
            f("realm", not(num(0, 4_294_967_295))).unset(),
            f("tos", not(Type::Opaque)).unset().since(21),
        ])
        .fields(tail())
        .comment_and_disabled()
        .command("reset-counters", &["numbers", ".id"])
        .command("reset-counters-all", &[])
}

fn address_list() -> Menu {
    Menu::list("/ip/firewall/address-list")
        .unique(&["list", "address"], ErrorId::SuchEntry)
        .fields([
            f("list", Type::Text).mandatory(),
            // A DNS name may stand here; entries for what it resolves to are not emulated.
            f("address", Type::Range { v6: false, names: true }),
            f("timeout", time_between(0, ENTRY_TIMEOUT)),
            f("dynamic", Type::Bool).default("false"),
            ro("creation-time", Type::Date).volatile(),
        ])
        .comment_and_disabled()
}

fn connections() -> Menu {
    Menu::list("/ip/firewall/connection").read_only().removable().no_undo().fields([
        ro("protocol", Type::Text),
        ro("src-address", Type::Text),
        ro("dst-address", Type::Text),
        ro("reply-src-address", Type::Text),
        ro("reply-dst-address", Type::Text),
        ro("tcp-state", Type::Text),
        ro("timeout", time()).volatile(),
        ro("connection-mark", Type::Text),
        ro("assured", Type::Bool),
        ro("confirmed", Type::Bool),
        ro("dying", Type::Bool),
        ro("expected", Type::Bool),
        ro("fasttrack", Type::Bool),
        ro("hw-offload", Type::Bool),
        ro("seen-reply", Type::Bool),
        ro("srcnat", Type::Bool),
        ro("dstnat", Type::Bool),
        ro("orig-bytes", num(0, i64::MAX)).volatile(),
        ro("orig-packets", num(0, i64::MAX)).volatile(),
        ro("repl-bytes", num(0, i64::MAX)).volatile(),
        ro("repl-packets", num(0, i64::MAX)).volatile(),
    ])
}
