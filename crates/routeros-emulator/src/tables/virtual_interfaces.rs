//! Interfaces that stand on others: VRRP, bonding, tunnels.

use super::shared::{ARP, INTERFACE, VRFS};
use crate::errors::ErrorId;
use crate::schema::{
    Menu, Secret, Type, enum_of, f, list_of, num, ref_to, refs_to, ro, time, time_between, words,
};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        vrrp(),
        bonding(),
        macvlan(),
        vxlan(),
        vxlan_vteps(),
        wireguard(),
        wireguard_peers(),
        eoip(),
        gre(),
        bridge_settings(),
    ]
}

/// `/interface/vrrp`.
fn vrrp() -> Menu {
    Menu::interface("/interface/vrrp", "vrrp", "vrrp").unique(&["name"], ErrorId::InterfaceName).fields([
        f("name", Type::Text),
        f("arp", enum_of(ARP)).default("enabled"),
        f("arp-timeout", words(&["auto"], time())).default("auto"),
        f("authentication", enum_of(&["none", "simple", "ah"])).default("none"),
        f("connection-tracking-mode", enum_of(&["passive-active", "active-active"]))
            .default("passive-active")
            .since(20),
        f("connection-tracking-port", num(0, 4_294_967_295)).default("8275").since(20),
        f("group-authority", ref_to(INTERFACE, &["", "none", "self"])).default(""),
        f("group-master", ref_to(INTERFACE, &["", "none", "self"])),
        f("interface", ref_to(INTERFACE, &[])).mandatory(),
        f("interval", time_between(10, 255_000)).default("1s"),
        f("mtu", num(68, 65535)).default("1500").until(20),
        f("on-backup", Type::Text).default(""),
        f("on-fail", Type::Text).default(""),
        f("on-master", Type::Text).default(""),
        f("password", Type::Text).default("").secret(Secret::Sensitive),
        f("preemption-mode", Type::Bool).default("true"),
        f("priority", num(1, 254)).default("100"),
        f("remote-address", Type::Ip4),
        f("sync-connection-tracking", Type::Bool).default("false"),
        f("v3-checksum-as-v2", Type::Bool).default("false").since(24),
        f("v3-protocol", enum_of(&["ipv4", "ipv6"])).default("ipv4"),
        f("version", enum_of(&["2", "3"])).default("3"),
        f("vrid", num(1, 255)).default("1"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("backup", Type::Bool),
        ro("failure", Type::Bool),
        ro("grp-authority", Type::Bool),
        ro("grp-member", Type::Bool),
        ro("invalid", Type::Bool),
        ro("mac-address", Type::Text),
        ro("master", Type::Bool),
        ro("running", Type::Bool),
    ])
}

/// `/interface/bonding`.
fn bonding() -> Menu {
    Menu::interface("/interface/bonding", "bond", "bonding")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("arp", enum_of(ARP)).default("enabled"),
            f("arp-interval", time()).default("100ms"),
            f("arp-ip-targets", Type::Opaque).default(""),
            f("arp-timeout", words(&["auto"], time())).default("auto"),
            f("down-delay", time()).default("0s"),
            f("forced-mac-address", Type::Mac).unset(),
            f("lacp-mode", enum_of(&["passive", "active"])).since(19),
            f("lacp-rate", enum_of(&["30secs", "1sec"])).default("30secs"),
            f("lacp-system-id", Type::Mac).unset().since(21),
            f("lacp-system-priority", num(0, 4_294_967_295)).since(21),
            f("lacp-user-key", num(0, 4_294_967_295)).secret(Secret::Sensitive),
            f("link-monitoring", enum_of(&["none", "arp", "mii"])).default("mii"),
            f("mii-interval", time()).default("100ms"),
            f("min-links", num(0, 4_294_967_295)).default("0"),
            f("mlag-id", num(0, 4_294_967_295)).since(22),
            f(
                "mode",
                enum_of(&[
                    "balance-rr",
                    "active-backup",
                    "balance-xor",
                    "broadcast",
                    "802.3ad",
                    "balance-tlb",
                    "balance-alb",
                ]),
            )
            .default("balance-rr"),
            f("mtu", num(68, 65535)).default("1500"),
            f("primary", ref_to(INTERFACE, &["none"])).default("none"),
            f("slaves", refs_to(INTERFACE, &[])),
            f(
                "transmit-hash-policy",
                enum_of(&["layer-2", "layer-3-and-4", "layer-2-and-3", "encap-2-and-3", "encap-3-and-4"]),
            )
            .default("layer-2"),
            f("up-delay", time()).default("0s"),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("mac-address", Type::Text),
            ro("running", Type::Bool),
        ])
        .monitor("monitor", &["numbers", ".id"])
}

/// `/interface/macvlan`.
fn macvlan() -> Menu {
    Menu::interface("/interface/macvlan", "macvlan", "macvlan")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("arp", enum_of(ARP)).default("enabled"),
            f("arp-timeout", words(&["auto"], time())).default("auto"),
            f("interface", ref_to(INTERFACE, &[])),
            f("loop-protect", enum_of(&["default", "off", "on"])).default("default"),
            f("loop-protect-disable-time", time()).default("5m"),
            f("loop-protect-send-interval", time_between(1000, 4294967295000)).default("5s"),
            f("mac-address", Type::Mac),
            f("mode", enum_of(&["private", "bridge"])).default("bridge"),
            f("mtu", num(68, 65535)).default("1500"),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("l2mtu", num(0, i64::MAX)),
            ro("loop-protect-status", Type::Text),
            ro("running", Type::Bool),
        ])
}

/// `/interface/vxlan`.
fn vxlan() -> Menu {
    Menu::interface("/interface/vxlan", "vxlan", "vxlan").unique(&["name"], ErrorId::InterfaceName).fields([
        f("name", Type::Text),
        f("allow-fast-path", Type::Bool).default("true"),
        f("arp", enum_of(ARP)).default("enabled"),
        f("arp-timeout", words(&["auto"], time())).default("auto"),
        f("bridge", ref_to(INTERFACE, &[])).unset().since(18),
        f("bridge-pvid", num(0, 4_294_967_295)).since(18),
        f("checksum", Type::Bool).since(20),
        f("dont-fragment", enum_of(&["disabled", "enabled", "auto", "inherit"])).default("disabled"),
        f("group", Type::Ip).unset(),
        f("hw", Type::Bool).since(18),
        f("interface", ref_to(INTERFACE, &[])).unset(),
        f("learning", Type::Bool).since(20),
        f("local-address", Type::Ip).unset(),
        f("loop-protect", enum_of(&["default", "off", "on"])).default("default"),
        f("loop-protect-disable-time", time()).default("5m"),
        f("loop-protect-send-interval", time_between(1000, 4294967295000)).default("5s"),
        f("mac-address", Type::Mac),
        f("max-fdb-size", num(0, 4_294_967_295)).default("4096"),
        f("mtu", num(68, 65535)).default("1500"),
        f("port", num(1, 65535)).default("8472"),
        f("rem-csum", enum_of(&["none", "rx", "tx", "both"])).since(20),
        f("ttl", words(&["auto"], num(0, 4_294_967_295))).since(18),
        f("vni", num(0, 16_777_215)).mandatory(),
        f("vrf", ref_to(VRFS, &["main"])).until(20),
        f("vtep-vrf", ref_to(VRFS, &["main"])).since(20),
        f("vteps-ip-version", enum_of(&["ipv4", "ipv6"])).default("ipv4"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("hw-offloaded", Type::Bool),
        ro("l2mtu", num(0, i64::MAX)),
        ro("loop-protect-status", Type::Text),
        ro("running", Type::Bool),
    ])
}

/// `/interface/vxlan/vteps`.
fn vxlan_vteps() -> Menu {
    Menu::list("/interface/vxlan/vteps").unique(&["interface", "remote-ip"], ErrorId::SuchEntry).fields([
        f("interface", ref_to(INTERFACE, &[])).mandatory(),
        f("port", Type::Opaque).until(18),
        f("remote-ip", Type::Ip).mandatory(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false").since(18),
        ro("dynamic", Type::Bool),
        ro("hw-offloaded", Type::Bool),
    ])
}

/// `/interface/wireguard`.
fn wireguard() -> Menu {
    Menu::interface("/interface/wireguard", "wg", "wireguard")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("listen-port", num(0, 65535)),
            f("mtu", num(68, 65535)).default("1420"),
            f("private-key", Type::Text).secret(Secret::Sensitive),
            f("vrf", Type::Opaque).since(21),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("public-key", Type::Text),
            ro("running", Type::Bool),
        ])
}

/// `/interface/wireguard/peers`.
fn wireguard_peers() -> Menu {
    Menu::list("/interface/wireguard/peers").ordered().auto_name("peer").fields([
        f("name", Type::Text),
        f("allowed-address", list_of(Type::AnyPrefix)).mandatory(),
        f("client-address", Type::Opaque),
        f("client-allowed-address", Type::Opaque).since(21),
        f("client-dns", Type::Opaque),
        f("client-endpoint", Type::Opaque),
        f("client-keepalive", time_between(0, 65535000)),
        f("client-listen-port", num(0, 4_294_967_295)),
        f("endpoint-address", Type::Text).default(""),
        f("endpoint-port", num(0, 65535)).default("0"),
        f("interface", ref_to(INTERFACE, &[])).mandatory(),
        f("is-responder", Type::Opaque).until(18),
        f("persistent-keepalive", time_between(0, 65535000)),
        f("preshared-key", Type::Opaque).secret(Secret::Sensitive),
        f("private-key", Type::Opaque).secret(Secret::Sensitive),
        f("public-key", Type::Text).secret(Secret::Sensitive),
        f("responder", Type::Bool).since(18),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("current-endpoint-address", Type::Text),
        ro("current-endpoint-port", num(0, i64::MAX)),
        ro("dynamic", Type::Bool),
        ro("last-handshake", time()).volatile(),
        ro("rx", num(0, i64::MAX)),
        ro("tx", num(0, i64::MAX)),
    ])
}

/// `/interface/eoip`.
fn eoip() -> Menu {
    Menu::interface("/interface/eoip", "eoip", "eoip-tunnel")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("allow-fast-path", Type::Bool).default("true"),
            f("arp", enum_of(ARP)).default("enabled"),
            f("arp-timeout", words(&["auto"], time())).default("auto"),
            f("clamp-tcp-mss", Type::Bool).default("true"),
            f("dont-fragment", enum_of(&["no", "inherit"])).default("no"),
            f("dscp", words(&["inherit"], num(0, 4_294_967_295))).default("inherit"),
            f("ipsec-secret", Type::Text).unset(),
            f("keepalive", Type::Opaque).default("10s,10").unset(),
            f("local-address", Type::Opaque),
            f("loop-protect", enum_of(&["default", "off", "on"])).default("default"),
            f("loop-protect-disable-time", time()).default("5m"),
            f("loop-protect-send-interval", time_between(1000, 4294967295000)).default("5s"),
            f("mac-address", Type::Mac),
            f("mtu", words(&["auto"], num(68, 65535))).default("auto"),
            f("remote-address", Type::Opaque).mandatory(),
            f("tunnel-id", num(0, 4_294_967_295)).mandatory(),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("actual-mtu", num(0, i64::MAX)),
            ro("current-remote-address", Type::Text),
            ro("l2mtu", num(0, i64::MAX)),
            ro("loop-protect-status", Type::Text),
            ro("running", Type::Bool),
        ])
}

/// `/interface/gre`.
fn gre() -> Menu {
    Menu::interface("/interface/gre", "gre-tunnel", "gre-tunnel")
        .unique(&["name"], ErrorId::InterfaceName)
        .fields([
            f("name", Type::Text),
            f("allow-fast-path", Type::Bool).default("true"),
            f("clamp-tcp-mss", Type::Bool).default("true"),
            f("dont-fragment", enum_of(&["no", "inherit"])).default("no"),
            f("dscp", words(&["inherit"], num(0, 4_294_967_295))).default("inherit"),
            f("ipsec-secret", Type::Text).unset(),
            f("keepalive", Type::Opaque).default("10s,10").unset(),
            f("local-address", Type::Opaque),
            f("mtu", words(&["auto"], num(68, 65535))).default("auto"),
            f("remote-address", Type::Opaque).mandatory(),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("actual-mtu", num(0, i64::MAX)),
            ro("current-remote-address", Type::Text),
            ro("running", Type::Bool),
        ])
}

/// `/interface/bridge/settings`.
fn bridge_settings() -> Menu {
    Menu::singleton("/interface/bridge/settings").lacking(&["reset"]).fields([
        f("allow-fast-path", Type::Bool).default("true"),
        f("use-ip-firewall", Type::Bool).default("false"),
        f("use-ip-firewall-for-pppoe", Type::Bool).default("false"),
        f("use-ip-firewall-for-vlan", Type::Bool).default("false"),
        ro("bridge-fast-forward-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("bridge-fast-forward-packets", num(0, i64::MAX)).default("0").volatile(),
        ro("bridge-fast-path-active", Type::Bool).default("true"),
        ro("bridge-fast-path-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("bridge-fast-path-packets", num(0, i64::MAX)).default("0").volatile(),
    ])
}
