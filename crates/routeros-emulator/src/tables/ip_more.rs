//! VRFs, settings and resolvers.

use super::shared::{INTERFACE_OR_LIST, LIST};
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, list_of, num, ref_to, refs_to, ro, set_of, time, time_between};

pub(super) fn menus() -> Vec<Menu> {
    vec![vrf(), settings(), neighbor_discovery_settings(), dns_forwarders(), dns_adlist()]
}

/// `/ip/vrf`.
fn vrf() -> Menu {
    Menu::list("/ip/vrf").ordered().unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text).mandatory(),
        f("interfaces", refs_to(INTERFACE_OR_LIST, &[])).mandatory(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("builtin", Type::Bool),
    ])
}

/// `/ip/settings`.
fn settings() -> Menu {
    Menu::singleton("/ip/settings").lacking(&["reset"]).fields([
        f("accept-redirects", Type::Bool).default("false"),
        f("accept-source-route", Type::Bool).default("false"),
        f("allow-fast-path", Type::Bool).default("true"),
        f("arp-timeout", time()).default("30s"),
        f("icmp-errors-use-inbound-interface-address", Type::Bool).default("false").since(18),
        f("icmp-rate-limit", num(0, 4_294_967_295)).default("10"),
        f("icmp-rate-mask", num(0, 4_294_967_295)).default("0x1818"),
        f("ip-forward", Type::Bool).default("true"),
        f("ipv4-fragment-time", num(0, 4_294_967_295)).since(23),
        f("ipv4-high-fragment-thresh", num(0, 4_294_967_295)).since(23),
        f("ipv4-multipath-hash-policy", enum_of(&["l3", "l4", "l3-inner"])).default("l3"),
        f("max-neighbor-entries", num(0, 4_294_967_295)).default("8192"),
        f("rp-filter", enum_of(&["no", "strict", "loose"])).default("no"),
        f("secure-redirects", Type::Bool).default("true"),
        f("send-redirects", Type::Bool).default("true"),
        f("tcp-syncookies", Type::Bool).default("false"),
        f("tcp-timestamps", enum_of(&["disabled", "random-offset", "enabled"]))
            .default("random-offset")
            .since(18),
        ro("ipv4-fast-path-active", Type::Bool),
        ro("ipv4-fast-path-bytes", num(0, i64::MAX)).volatile(),
        ro("ipv4-fast-path-packets", num(0, i64::MAX)).volatile(),
        ro("ipv4-fasttrack-active", Type::Bool),
        ro("ipv4-fasttrack-bytes", num(0, i64::MAX)).volatile(),
        ro("ipv4-fasttrack-packets", num(0, i64::MAX)).volatile(),
    ])
}

/// `/ip/neighbor/discovery-settings`.
fn neighbor_discovery_settings() -> Menu {
    Menu::singleton("/ip/neighbor/discovery-settings").lacking(&["reset"]).fields([
        f("add-dns-entries", Type::Bool).since(23),
        f("add-dns-entries-suffix", Type::Text).since(23),
        f("discover-interface-list", ref_to(LIST, &[])).default("static"),
        f("discover-interval", time_between(5000, 32767000)),
        f("dying-gasp", Type::Opaque).since(24),
        f("lldp-mac-phy-config", Type::Bool),
        f("lldp-max-frame-size", Type::Bool),
        f("lldp-med", Type::Bool).since(23),
        f("lldp-med-net-policy-vlan", Type::Opaque).default("disabled"),
        f("lldp-vlan-info", Type::Bool),
        f("mode", enum_of(&["tx-and-rx", "tx-only", "rx-only"])).default("tx-and-rx"),
        f("protocol", set_of(&["cdp", "lldp", "mndp"])).default("cdp,lldp,mndp"),
    ])
}

/// `/ip/dns/forwarders`.
fn dns_forwarders() -> Menu {
    Menu::list("/ip/dns/forwarders").unique(&["name"], ErrorId::EntryExists).since(18).fields([
        f("name", Type::Text),
        f("dns-servers", list_of(Type::Text)).default(""),
        f("doh-servers", list_of(Type::Text)).default(""),
        f("verify-doh-cert", Type::Bool).default("true"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
    ])
}

/// `/ip/dns/adlist`.
fn dns_adlist() -> Menu {
    Menu::list("/ip/dns/adlist").unique(&["url", "file"], ErrorId::EntryExists).fields([
        f("file", Type::Opaque),
        f("ssl-verify", Type::Bool),
        f("url", Type::Text),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("match-count", num(0, i64::MAX)).default("0").volatile(),
        ro("name-count", num(0, i64::MAX)).default("0").volatile(),
    ])
}
