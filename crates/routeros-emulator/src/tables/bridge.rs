//! `/interface/bridge`.

use super::shared::{ARP, FRAME_TYPES, INTERFACE, INTERFACE_OR_LIST};
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, hex, num, ref_to, refs_to, ro, time, time_between, words};

const BRIDGES: &[&str] = &["/interface"];
/// 71w2h27m52s950ms, the bound printed by the tree.
const LONG: u64 = 42_949_672_950;

pub(super) fn menus() -> Vec<Menu> {
    vec![bridge(), port(), vlan(), host()]
}

fn bridge() -> Menu {
    Menu::interface("/interface/bridge", "bridge", "bridge")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("mtu", words(&["auto"], num(68, 65535))).default("auto"),
            ro("actual-mtu", num(0, 65535)).default("1500"),
            ro("l2mtu", num(0, 65535)),
            ro("mac-address", Type::Mac),
            f("admin-mac", Type::Mac),
            f("auto-mac", Type::Bool).default("true"),
            f("arp", enum_of(ARP)).default("enabled"),
            f("arp-timeout", words(&["auto"], time())).default("auto"),
            f("ageing-time", time_between(10_000, 1_000_000_000)).default("5m"),
            f("protocol-mode", enum_of(&["mstp", "none", "rstp", "stp"])).default("rstp"),
            f("priority", hex(0, 65535)).default("0x8000"),
            f("forward-delay", time_between(4000, 30_000)).default("15s"),
            f("max-message-age", time_between(6000, 40_000)).default("20s"),
            f("transmit-hold-count", num(1, 10)).default("6"),
            f("max-hops", num(6, 40)).default("20"),
            f("max-learned-entries", words(&["auto", "unlimited"], num(0, 4_294_967_295))).default("auto"),
            f("region-name", Type::Text).default(""),
            f("region-revision", num(0, 65535)).default("0"),
            f("fast-forward", Type::Bool).default("true"),
            f("forward-reserved-addresses", Type::Bool).default("false"),
            f("vlan-filtering", Type::Bool).default("false"),
            f("ether-type", enum_of(&["0x8100", "0x88a8", "0x9100"])).default("0x8100"),
            f("pvid", num(1, 4094)).default("1"),
            f("frame-types", enum_of(FRAME_TYPES)).default("admit-all"),
            f("ingress-filtering", Type::Bool).default("true"),
            f("mvrp", Type::Bool).default("false"),
            f("port-cost-mode", enum_of(&["long", "short"])).default("long"),
            f("dhcp-snooping", Type::Bool).default("false"),
            f("add-dhcp-option82", Type::Bool).default("false").until(23),
            f("dhcp-agent-circuit-id", Type::Text).since(23),
            f("dhcp-agent-remote-id", Type::Text).since(23),
            f("ra-guard", Type::Bool).default("false").since(22),
            f("igmp-snooping", Type::Bool).default("false"),
            f("igmp-version", enum_of(&["2", "3"])).default("2"),
            f("mld-version", enum_of(&["1", "2"])).default("1"),
            f("multicast-querier", Type::Bool).default("false"),
            f("multicast-router", enum_of(&["disabled", "permanent", "temporary-query"]))
                .default("temporary-query"),
            f("last-member-interval", time_between(1000, LONG)).default("1s"),
            f("last-member-query-count", num(0, 4_294_967_295)).default("2"),
            f("membership-interval", time_between(1000, LONG)).default("4m20s"),
            f("querier-interval", time_between(1000, LONG)).default("4m15s"),
            f("query-interval", time_between(1000, LONG)).default("2m5s"),
            f("query-response-interval", time_between(1000, LONG)).default("10s"),
            f("startup-query-count", num(0, 4_294_967_295)).default("2"),
            f("startup-query-interval", time_between(1000, LONG)).default("31s250ms"),
            f("mlag-heartbeat", words(&["none"], time_between(1000, 10_000))).default("5s").since(22),
            f("mlag-peer-port", ref_to(INTERFACE, &["none"])).default("none").since(22),
            f("mlag-priority", num(0, 255)).default("128").since(22),
            ro("running", Type::Bool),
            ro("dynamic", Type::Bool),
        ])
        .comment_and_disabled()
        .monitor("monitor", &["numbers", ".id"])
}

fn port() -> Menu {
    Menu::list("/interface/bridge/port")
        .ordered()
        // A port row reserves its interface even after its bridge is gone (reference 4).
        .unique(&["interface"], ErrorId::BridgePort)
        .fields([
            f("interface", ref_to(INTERFACE_OR_LIST, &[])).mandatory(),
            f("bridge", ref_to(BRIDGES, &[])).mandatory(),
            f("auto-isolate", Type::Bool).default("false"),
            f("bpdu-guard", Type::Bool).default("false"),
            f("broadcast-flood", Type::Bool).default("true"),
            f("edge", enum_of(&["auto", "no", "no-discover", "yes", "yes-discover"])).default("auto"),
            f("fast-leave", Type::Bool).default("false"),
            f("frame-types", enum_of(FRAME_TYPES)).default("admit-all"),
            f("horizon", words(&["none"], num(0, 429_496_729))).default("none"),
            f("hw", Type::Bool).default("true"),
            f("ingress-filtering", Type::Bool).default("true"),
            f("internal-path-cost", num(1, 200_000_000)).unset(),
            f("learn", enum_of(&["auto", "no", "yes"])).default("auto"),
            f("multicast-router", enum_of(&["disabled", "permanent", "temporary-query"]))
                .default("temporary-query"),
            f("mvrp-applicant-state", enum_of(&["non-participant", "normal-participant"]))
                .default("normal-participant"),
            f("mvrp-registrar-state", enum_of(&["fixed", "normal"])).default("normal"),
            f("path-cost", num(1, 200_000_000)).unset(),
            f("point-to-point", enum_of(&["auto", "no", "yes"])).default("auto"),
            f("priority", hex(0, 240)).default("0x80"),
            f("pvid", num(1, 4094)).default("1"),
            f("restricted-role", Type::Bool).default("false"),
            f("restricted-tcn", Type::Bool).default("false"),
            f("tag-stacking", Type::Bool).default("false"),
            f("trusted", Type::Bool).default("false"),
            f("trusted-ra", Type::Bool).default("false").since(22),
            f("unknown-multicast-flood", Type::Bool).default("true"),
            f("unknown-unicast-flood", Type::Bool).default("true"),
            ro("dynamic", Type::Bool),
            ro("inactive", Type::Bool),
            ro("hw-offload", Type::Bool),
        ])
        .comment_and_disabled()
        .monitor("monitor", &["numbers", ".id"])
}

fn vlan() -> Menu {
    Menu::list("/interface/bridge/vlan")
        .unique(&["bridge", "vlan-ids"], ErrorId::SuchEntry)
        .fields([
            f("bridge", ref_to(BRIDGES, &[])).mandatory(),
            f("vlan-ids", Type::NumberRanges { low: 1, high: 4094 }).mandatory(),
            f("tagged", refs_to(INTERFACE_OR_LIST, &[])).default(""),
            f("untagged", refs_to(INTERFACE_OR_LIST, &[])).default(""),
            f("mvrp-forbidden", refs_to(INTERFACE_OR_LIST, &[])).default(""),
            ro("current-tagged", Type::Opaque),
            ro("current-untagged", Type::Opaque),
            ro("dynamic", Type::Bool),
        ])
        .comment_and_disabled()
}

/// `/interface/bridge/host`: addresses set by hand; none are learned here.
fn host() -> Menu {
    let flags = ["dynamic", "external", "invalid", "local"];
    Menu::list("/interface/bridge/host")
        .fields([
            f("mac-address", Type::Mac).mandatory(),
            f("bridge", ref_to(BRIDGES, &[])).mandatory(),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("vid", num(0, 4095)).unset(),
            ro("on-interface", Type::Text),
        ])
        .fields(flags.map(|name| ro(name, Type::Bool).default("false")))
        .fields([ro("aged", Type::Bool).default("false").since(22)])
        .comment_and_disabled()
}
