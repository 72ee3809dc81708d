//! VRFs, settings and resolvers.

use super::shared::{INTERFACE_OR_LIST, LIST};
use crate::errors::ErrorId;
use crate::schema::{
    Menu, Type, enum_of, f, hex, list_of, num, ref_to, refs_to, ro, set_of, time, time_between,
};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        vrf(),
        settings(),
        neighbor_discovery_settings(),
        dns_forwarders(),
        dns_adlist(),
        dns_cache(),
        webserver(),
        neighbor(),
    ]
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
        f("icmp-rate-mask", hex(0, 4_294_967_295)).default("0x1818"),
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
        ro("ipv4-fast-path-active", Type::Bool).default("true"),
        ro("ipv4-fast-path-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("ipv4-fast-path-packets", num(0, i64::MAX)).default("0").volatile(),
        ro("ipv4-fasttrack-active", Type::Bool).default("false"),
        ro("ipv4-fasttrack-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("ipv4-fasttrack-packets", num(0, i64::MAX)).default("0").volatile(),
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

/// `/ip/dns/cache`.
fn dns_cache() -> Menu {
    Menu::list("/ip/dns/cache")
        .read_only()
        .no_undo()
        .fields(["type", "data", "name", "ttl"].map(|name| ro(name, Type::Text)))
        .fields([ro("static", Type::Bool)])
        .command("flush", &[])
}

/// `/ip/service/webserver`: what the web server offers, plain and over TLS.
fn webserver() -> Menu {
    let switches = [
        "acme-plain",
        "crl-plain",
        "graphs-plain",
        "graphs-secure",
        "index-plain",
        "index-secure",
        "rest-plain",
        "rest-secure",
        "scep-plain",
        "webfig-plain",
        "webfig-secure",
    ];
    Menu::singleton("/ip/service/webserver")
        .since(21)
        .fields(switches.map(|name| f(name, Type::Bool).default("true")))
}

/// `/ip/neighbor`: devices that were discovered.
fn neighbor() -> Menu {
    let names = [
        "address",
        "address4",
        "address6",
        "board",
        "discovered-by",
        "identity",
        "interface",
        "interface-name",
        "mac-address",
        "platform",
        "software-id",
        "system-caps",
        "system-caps-enabled",
        "system-description",
        "unpack",
        "version",
    ];
    Menu::list("/ip/neighbor").read_only().no_undo().fields(names.map(|name| ro(name, Type::Text))).fields([
        ro("age", time()).volatile(),
        ro("uptime", time()).volatile(),
        ro("ipv6", Type::Bool),
    ])
}
