//! `/interface` and the interfaces that are neither bridge nor tunnel.

use super::shared::{ARP, INTERFACE, LIST};
use crate::errors::ErrorId;
use crate::schema::{
    Field, Menu, Type, enum_of, f, num, ref_to, refs_to, ro, set_of, time, time_between, words,
};

const LOOP_PROTECT: &[&str] = &["default", "off", "on"];
/// 7101w3d6h28m15s, the bound printed by the tree.
const LONGEST: u64 = 4_294_967_295_000;

/// ARP and loop protection, the same on every Ethernet-like interface.
pub(super) fn ethernet_like() -> Vec<Field> {
    vec![
        f("arp", enum_of(ARP)).default("enabled"),
        f("arp-timeout", words(&["auto"], time())).default("auto"),
        f("loop-protect", enum_of(LOOP_PROTECT)).default("default"),
        f("loop-protect-disable-time", time()).default("5m"),
        f("loop-protect-send-interval", time_between(1000, LONGEST)).default("5s"),
        ro("loop-protect-status", enum_of(&["disabled", "off", "on"])).default("off"),
    ]
}

pub(super) fn menus() -> Vec<Menu> {
    vec![all(), ethernet(), loopback(), vlan(), list(), member()]
}

fn all() -> Menu {
    let counters = [
        "fp-rx-byte",
        "fp-rx-packet",
        "fp-tx-byte",
        "fp-tx-packet",
        "rx-byte",
        "rx-drop",
        "rx-error",
        "rx-packet",
        "tx-byte",
        "tx-drop",
        "tx-error",
        "tx-packet",
        "tx-queue-drop",
        "link-downs",
    ];
    Menu::list("/interface")
        .view_of_space("/interface")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text).set_only(),
            ro("default-name", Type::Text),
            ro("type", Type::Text),
            f("mtu", Type::Opaque).set_only(),
            ro("actual-mtu", Type::Opaque),
            f("l2mtu", num(0, 65535)).set_only(),
            ro("max-l2mtu", num(0, 65535)),
            ro("mac-address", Type::Mac),
            ro("running", Type::Bool),
            ro("slave", Type::Bool),
            ro("dynamic", Type::Bool),
            ro("last-link-up-time", Type::Date).volatile(),
            f("comment", Type::Text).set_only(),
            f("disabled", Type::Bool).set_only(),
        ])
        .fields(counters.map(|name| ro(name, num(0, i64::MAX)).default("0").volatile()))
        .command("reset-counters", &["numbers", ".id"])
        .monitor("monitor-traffic", &["interface"])
}

fn ethernet() -> Menu {
    const SPEEDS: &[&str] = &[
        "100G-baseCR2",
        "100G-baseCR4",
        "100G-baseSR2-LR2",
        "100G-baseSR4-LR4",
        "100M-baseFX-full",
        "100M-baseFX-half",
        "100M-baseT-full",
        "100M-baseT-half",
        "10G-baseCR",
        "10G-baseSR-LR",
        "10G-baseT",
        "10M-baseT-full",
        "10M-baseT-half",
        "1G-baseT-full",
        "1G-baseT-half",
        "1G-baseX",
        "2.5G-baseT",
        "2.5G-baseX",
        "25G-baseCR",
        "25G-baseSR-LR",
        "40G-baseCR4",
        "40G-baseSR4-LR4",
        "50G-baseCR",
        "50G-baseCR2",
        "50G-baseSR-LR",
        "50G-baseSR2-LR2",
        "5G-baseT",
        "200G-baseCR4",
        "200G-baseSR4-LR4",
        "400G-baseCR8",
        "400G-baseSR8-LR8",
    ];
    let counters = [
        "rx-bytes",
        "rx-packet",
        "rx-broadcast",
        "rx-multicast",
        "tx-bytes",
        "tx-packet",
        "tx-broadcast",
        "tx-multicast",
    ];
    Menu::interface("/interface/ethernet", "ether", "ether")
        .fixed_rows()
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            ro("default-name", Type::Text),
            f("mtu", num(68, 65535)).default("1500"),
            f("l2mtu", num(68, 65535)),
            f("mac-address", Type::Mac),
            f("orig-mac-address", Type::Mac),
        ])
        .fields(ethernet_like())
        .fields([
            f("advertise", set_of(SPEEDS)),
            f("auto-negotiation", Type::Bool).default("true"),
            f("cable-settings", enum_of(&["default", "short", "standard"])).default("default"),
            f("disable-running-check", Type::Bool).default("true"),
            f("rx-flow-control", enum_of(&["auto", "off", "on"])).default("off"),
            f("tx-flow-control", enum_of(&["auto", "off", "on"])).default("off"),
            f("speed", enum_of(SPEEDS)),
            f("sfp-shutdown-temperature", num(0, 200)).unset(),
            ro("running", Type::Bool),
            ro("slave", Type::Bool),
        ])
        .fields(counters.map(|name| ro(name, num(0, i64::MAX)).default("0").volatile()))
        .comment_and_disabled()
        .unset_command()
        .command("reset-counters", &["numbers", ".id"])
        .monitor("monitor", &["numbers", ".id"])
}

/// `lo` has no typed menu in the tree; the emulator keeps its row in one that no command reaches.
fn loopback() -> Menu {
    Menu::interface(crate::LOOPBACK, "loopback", "lo")
        .fixed_rows()
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("mtu", num(68, 65536)).default("65536"),
            ro("mac-address", Type::Mac).default("00:00:00:00:00:00"),
            ro("running", Type::Bool),
        ])
        .comment_and_disabled()
}

fn vlan() -> Menu {
    Menu::interface("/interface/vlan", "vlan", "vlan")
        .unique(&["name"], ErrorId::InterfaceName)
        .unique(&["interface", "vlan-id", "use-service-tag"], ErrorId::VlanExists)
        .fields([
            f("name", Type::Text),
            f("mtu", num(68, 65535)).default("1500"),
            ro("l2mtu", num(0, 65535)),
            ro("mac-address", Type::Mac),
        ])
        .fields(ethernet_like())
        .fields([
            f("vlan-id", num(1, 4094)).mandatory(),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("use-service-tag", Type::Bool).default("false"),
            f("mvrp", Type::Bool).default("false"),
            ro("running", Type::Bool),
            ro("hw-offloaded", Type::Bool),
        ])
        .comment_and_disabled()
}

fn list() -> Menu {
    Menu::list("/interface/list")
        .unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text).mandatory(),
            f("include", refs_to(LIST, &[])).default(""),
            f("exclude", refs_to(LIST, &[])).default(""),
            ro("builtin", Type::Bool),
            ro("dynamic", Type::Bool),
        ])
        .comment()
}

fn member() -> Menu {
    Menu::list("/interface/list/member")
        .unique(&["list", "interface"], ErrorId::SuchListMember)
        .fields([
            f("list", ref_to(LIST, &[])).mandatory(),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            ro("dynamic", Type::Bool),
        ])
        .comment_and_disabled()
}
