//! `/routing/bgp/session`: one row per session, made by the router alone.

use crate::schema::{Menu, Type, ro};

/// There is no `state`: a session is established or it is not (reference 4).
pub(super) fn bgp_session() -> Menu {
    Menu::list("/routing/bgp/session")
        .read_only()
        .no_undo()
        .fields([
            ro("cisco-vpls-nlri-len-fmt", Type::Text),
            ro("ebgp", Type::Switch),
            ro("established", Type::Switch),
            ro("hold-time", Type::Text),
            ro("ibgp", Type::Switch),
            ro("input.add-path", Type::Text).since(22),
            ro("input.affinity", Type::Text),
            ro("input.allow-as", Type::Text),
            ro("input.as-override", Type::Text),
            ro("input.filter", Type::Text),
            ro("input.ignore-as-path-len", Type::Text),
            ro("input.last-notification", Type::Text),
            ro("input.limit-process-routes", Type::Text),
            ro("input.procid", Type::Text),
            ro("instance", Type::Text).since(20),
            ro("keepalive-time", Type::Text),
            ro("keepalive-timer", Type::Text),
            ro("last-started", Type::Text),
            ro("last-stopped", Type::Text),
            ro("limit-exceeded", Type::Switch),
            ro("local.address", Type::Text),
            ro("local.afi", Type::Text),
            ro("local.as", Type::Text),
            ro("local.bytes", Type::Text),
            ro("local.capabilities", Type::Text),
            ro("local.cluster-id", Type::Text),
            ro("local.eor", Type::Text),
            ro("local.id", Type::Text),
            ro("local.messages", Type::Text),
            ro("local.port", Type::Text),
            ro("local.role", Type::Text),
            ro("multihop", Type::Switch),
            ro("name", Type::Text),
            ro("nexthop-choice", Type::Text),
            ro("output.add-path", Type::Text).since(22),
            ro("output.affinity", Type::Text),
            ro("output.default-originate", Type::Text),
            ro("output.default-prepend", Type::Text),
            ro("output.filter-chain", Type::Text),
            ro("output.filter-select", Type::Text),
            ro("output.keep-sent-attributes", Type::Text),
            ro("output.last-notification", Type::Text),
            ro("output.network", Type::Text),
            ro("output.no-client-to-client-reflection", Type::Text),
            ro("output.no-early-cut", Type::Text),
            ro("output.procid", Type::Text),
            ro("output.remove-private-as", Type::Text),
            ro("prefix-count", Type::Text),
            ro("remote.address", Type::Text),
            ro("remote.afi", Type::Text),
            ro("remote.as", Type::Text),
            ro("remote.bytes", Type::Text),
            ro("remote.capabilities", Type::Text),
            ro("remote.eor", Type::Text),
            ro("remote.gr-afi", Type::Text),
            ro("remote.gr-afi-fwp", Type::Text),
            ro("remote.gr-restart", Type::Text),
            ro("remote.gr-time", Type::Text),
            ro("remote.hold-time", Type::Text),
            ro("remote.id", Type::Text),
            ro("remote.messages", Type::Text),
            ro("remote.port", Type::Text),
            ro("remote.refused-cap-opt", Type::Text),
            ro("remote.role", Type::Text),
            ro("restart-timer", Type::Text),
            ro("routing-table", Type::Text),
            ro("save-to", Type::Text),
            ro("stopped", Type::Switch),
            ro("uptime", Type::Text),
            ro("use-bfd", Type::Switch),
            ro("vrf", Type::Text),
        ])
        .command("clear", &["numbers", ".id", "flag"])
        .command("stop", &["numbers", ".id"])
        .command("unset", &["numbers", ".id", "value-name"])
        .command("dump-saved-advertisements", &["numbers", ".id", "save-to"])
        .command_until(19, "refresh", &["numbers", ".id", "address-family"])
        .command_since(19, "refresh", &["numbers", ".id", "afi"])
        .command_until(19, "resend", &["numbers", ".id", "address-family", "save-to"])
        .command_since(19, "resend", &["numbers", ".id", "afi"])
}
