//! `/ipv6` without firewall.

use super::shared::{INTERFACE, TABLES};
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, enum_of, f, list_of, num, ref_to, refs_to, ro, time, words};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        address(),
        route(),
        neighbor(),
        settings(),
        nd(),
        nd_prefix(),
        pool(),
        dhcp_server(),
        dhcp_server_option(),
        dhcp_server_binding(),
        dhcp_server_option_sets(),
        pool_used(),
        nd_settings(),
        nd_prefix_default(),
        nd_proxy(),
    ]
}

/// `/ipv6/address`.
fn address() -> Menu {
    Menu::list("/ipv6/address").unique(&["address", "interface"], ErrorId::SuchAddress).fields([
        f("address", Type::Address6),
        f("advertise", Type::Bool).default("true"),
        f("auto-link-local", Type::Bool).default("true").since(18),
        f("eui-64", Type::Bool).default("false"),
        f("from-pool", Type::Text).default(""),
        f("from-pool-policy", Type::Opaque).since(23),
        f("interface", ref_to(INTERFACE, &[])).mandatory(),
        f("no-dad", Type::Bool).default("false"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("actual-interface", Type::Text),
        ro("deprecated", Type::Bool).default("false"),
        ro("dynamic", Type::Bool),
        ro("global", Type::Bool),
        ro("invalid", Type::Bool),
        ro("link-local", Type::Bool).default("false"),
        ro("preferred", Type::Text),
        ro("slave", Type::Bool),
        ro("valid", Type::Text),
        ro("vrf", Type::Text),
    ])
}

/// `/ipv6/route`.
fn route() -> Menu {
    Menu::list("/ipv6/route").fields([
        f("blackhole", Type::Switch).unset(),
        f("check-gateway", enum_of(&["none", "arp", "ping"])).unset(),
        f("distance", num(1, 255)).default("1").unset(),
        f("dst-address", Type::Prefix6).default("::/0"),
        f("gateway", Type::Opaque).unset(),
        f("pref-src", Type::Opaque).unset().since(20),
        f("routing-table", ref_to(TABLES, &["main"])).default("main"),
        f("scope", num(0, 255)).default("30").unset(),
        f("suppress-hw-offload", Type::Bool).default("false").until(21),
        f("target-scope", num(0, 255)).default("10").unset(),
        f("vrf-interface", ref_to(INTERFACE, &[])).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("active", Type::Bool),
        ro("inactive", Type::Bool),
        ro("bgp", Type::Bool),
        ro("bgp-mpls-vpn", Type::Bool),
        ro("connect", Type::Bool),
        ro("dhcp", Type::Bool),
        ro("dynamic", Type::Bool),
        ro("ecmp", Type::Bool),
        ro("hw-offloaded", Type::Bool),
        ro("immediate-gw", Type::Text),
        ro("is-is", Type::Bool),
        ro("modem", Type::Bool),
        ro("ospf", Type::Bool),
        ro("rip", Type::Bool),
        ro("slaac", Type::Bool),
        ro("static", Type::Bool),
        ro("vpn", Type::Bool),
    ])
}

/// `/ipv6/neighbor`. Rows can be added since 7.18; nobody asked for that yet.
fn neighbor() -> Menu {
    Menu::list("/ipv6/neighbor").read_only().unique(&["address", "interface"], ErrorId::SuchEntry).fields([
        f("address", Type::Ip6),
        f("interface", ref_to(INTERFACE, &[])),
        f("mac-address", Type::Mac),
        f("comment", Type::Text).since(18),
        f("disabled", Type::Bool).default("false").since(18),
        ro("dynamic", Type::Bool),
        ro("router", Type::Bool),
        ro("status", Type::Text),
        ro("vrf", Type::Text),
    ])
}

/// `/ipv6/settings`.
fn settings() -> Menu {
    Menu::singleton("/ipv6/settings").lacking(&["reset"]).fields([
        f("accept-redirects", enum_of(&["no", "yes-if-forwarding-disabled"]))
            .default("yes-if-forwarding-disabled"),
        f("accept-router-advertisements", enum_of(&["no", "yes-if-forwarding-disabled", "yes"]))
            .default("yes-if-forwarding-disabled"),
        f("accept-router-advertisements-on", Type::Opaque).since(21),
        f("allow-fast-path", Type::Bool).default("true").since(18),
        f("disable-ipv6", Type::Bool).default("false"),
        f("disable-link-local-address", Type::Bool).default("false").since(18),
        f("forward", Type::Bool).default("true"),
        f("max-neighbor-entries", num(0, 4_294_967_295)).default("16384"),
        f("min-neighbor-entries", num(0, 4_294_967_295)).default("4096").since(18),
        f("multipath-hash-policy", enum_of(&["l3", "l4", "l3-inner"])).default("l3"),
        f("soft-max-neighbor-entries", num(0, 4_294_967_295)).default("8192").since(18),
        f("stale-neighbor-detect-interval", num(0, 4_294_967_295)).default("30").since(18),
        f("stale-neighbor-timeout", num(0, 4_294_967_295)).default("60").since(18),
        ro("ipv6-fast-path-active", Type::Bool).default("true"),
        ro("ipv6-fast-path-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("ipv6-fast-path-packets", num(0, i64::MAX)).default("0").volatile(),
        ro("ipv6-fasttrack-active", Type::Bool).default("false"),
        ro("ipv6-fasttrack-bytes", num(0, i64::MAX)).default("0").volatile(),
        ro("ipv6-fasttrack-packets", num(0, i64::MAX)).default("0").volatile(),
    ])
}

/// `/ipv6/nd`.
fn nd() -> Menu {
    Menu::list("/ipv6/nd").unique(&["interface"], ErrorId::SuchEntry).fields([
        f("advertise-dns", enum_of(&["no", "yes", "self"])).default("yes"),
        f("advertise-mac-address", Type::Bool).default("true"),
        f("dns", list_of(Type::Ip6)).default(""),
        f("hop-limit", words(&["unspecified"], num(0, 255))).default("unspecified"),
        f("interface", ref_to(INTERFACE, &["all"])),
        f("managed-address-configuration", Type::Bool).default("false"),
        f("mtu", words(&["unspecified"], num(1280, 65535))).default("unspecified"),
        f("other-configuration", Type::Bool).default("false"),
        f("pref64", Type::Opaque).default(""),
        f("ra-delay", time()).default("3s"),
        f("ra-interval", Type::Opaque).default("3m20s-10m"),
        f("ra-lifetime", words(&["none"], time())).default("30m"),
        f("ra-preference", enum_of(&["low", "medium", "high"])).default("medium"),
        f("reachable-time", words(&["unspecified"], time())).default("unspecified"),
        f("retransmit-interval", words(&["unspecified"], time())).default("unspecified"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("default", Type::Bool),
        ro("invalid", Type::Bool),
    ])
}

/// `/ipv6/nd/prefix`.
fn nd_prefix() -> Menu {
    Menu::list("/ipv6/nd/prefix").unique(&["prefix", "interface"], ErrorId::SuchEntry).fields([
        f("6to4-interface", ref_to(INTERFACE, &["none"])).default("none"),
        f("autonomous", Type::Bool).default("true"),
        f("dhcp6-pd-preferred", Type::Bool).since(22),
        f("interface", ref_to(INTERFACE, &[])).mandatory(),
        f("on-link", Type::Bool).default("true"),
        f("preferred-lifetime", words(&["infinity"], time())).default("1w"),
        f("prefix", Type::Prefix6),
        f("valid-lifetime", words(&["infinity"], time())).default("4w2d"),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("dynamic", Type::Bool),
        ro("invalid", Type::Bool),
    ])
}

/// `/ipv6/pool`.
fn pool() -> Menu {
    Menu::list("/ipv6/pool").unique(&["name"], ErrorId::PoolName).fields([
        f("name", Type::Text).mandatory(),
        f("from-pool", ref_to(&["/ipv6/pool"], &[])).since(22),
        f("prefix", Type::Prefix6).mandatory(),
        f("prefix-length", num(1, 128)).mandatory(),
        f("comment", Type::Text),
        ro("actual-prefix", Type::Text).since(22),
        ro("dynamic", Type::Bool),
        ro("inactive", Type::Bool).since(22),
        ro("preferred-lifetime", time()),
        ro("valid-lifetime", time()),
    ])
}

/// `/ipv6/dhcp-server`.
fn dhcp_server() -> Menu {
    Menu::list("/ipv6/dhcp-server")
        .auto_name("server")
        .unique(&["name"], ErrorId::NameExists)
        .unique(&["interface"], ErrorId::DhcpServerInterface)
        .fields([
            f("name", Type::Text).mandatory(),
            f("address-lists", Type::Text).since(18),
            f("address-pool", ref_to(&["/ipv6/pool"], &["static-only"])).default("static-only"),
            f("allow-dual-stack-queue", Type::Bool),
            f("binding-script", Type::Text),
            f("dhcp-option", refs_to(&["/ipv6/dhcp-server/option"], &[])).default(""),
            f("ignore-ia-na-bindings", Type::Bool).since(20),
            f("insert-queue-before", enum_of(&["first", "bottom"])),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("lease-time", time()).default("3d"),
            f("parent-queue", enum_of(&["none"])),
            f("preference", num(0, 255)).default("255"),
            f("prefix-pool", ref_to(&["/ipv6/pool"], &["static-only"])).default("static-only").since(18),
            f("rapid-commit", Type::Bool).default("true"),
            f("route-distance", num(1, 255)).default("1"),
            f("use-radius", enum_of(&["no", "yes", "accounting"])).default("false"),
            f("use-reconfigure", Type::Bool).since(18),
            f("comment", Type::Text),
            f("disabled", Type::Bool).default("false"),
            ro("duid", Type::Text),
            ro("dynamic", Type::Bool),
            ro("invalid", Type::Bool),
        ])
}

/// `/ipv6/dhcp-server/option`.
fn dhcp_server_option() -> Menu {
    Menu::list("/ipv6/dhcp-server/option").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text).mandatory(),
        f("code", num(0, 65535)).mandatory(),
        f("value", Type::Text).default(""),
        f("comment", Type::Text),
        ro("raw-value", Type::Text).default(""),
    ])
}

/// `/ipv6/dhcp-server/binding`.
fn dhcp_server_binding() -> Menu {
    Menu::list("/ipv6/dhcp-server/binding").fields([
        f("address", Type::Prefix6),
        f("address-lists", Type::Text),
        f("allow-dual-stack-queue", Type::Bool).unset(),
        f("dhcp-option", Type::Opaque),
        f("duid", Type::Text).mandatory(),
        f("ia-type", enum_of(&["na", "pd"])).since(18),
        f("iaid", num(0, 4_294_967_295)).mandatory(),
        f("insert-queue-before", enum_of(&["first", "bottom"])).unset(),
        f("life-time", time()),
        f("parent-queue", enum_of(&["none"])).unset(),
        f("prefix-pool", Type::Opaque),
        f("queue-type", Type::Opaque).unset(),
        f("rate-limit", Type::Text),
        f("server", ref_to(&["/ipv6/dhcp-server"], &["all"])),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("active-server", Type::Text),
        ro("client-address", Type::Text),
        ro("dynamic", Type::Bool),
        ro("expires-after", time()),
        ro("invalid", Type::Bool),
        ro("last-seen", Type::Text).volatile(),
        ro("radius", Type::Bool),
        ro("reconfigure-key", Type::Text),
        ro("reconfigure-last-sent", Type::Text).volatile(),
        ro("reconfigure-status", Type::Text),
        ro("status", Type::Text),
    ])
}

/// `/ipv6/dhcp-server/option/sets`.
fn dhcp_server_option_sets() -> Menu {
    Menu::list("/ipv6/dhcp-server/option/sets").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text).mandatory(),
        f("options", refs_to(&["/ipv6/dhcp-server/option"], &[])).mandatory(),
    ])
}

/// `/ipv6/pool/used`.
fn pool_used() -> Menu {
    Menu::list("/ipv6/pool/used")
        .read_only()
        .fields(["info", "owner", "pool", "prefix"].map(|name| ro(name, Type::Text)))
}

/// `/ipv6/nd/settings`.
fn nd_settings() -> Menu {
    Menu::singleton("/ipv6/nd/settings").since(23).fields([
        f("router-advertisement-ignored-options", Type::Opaque).default(""),
        f("router-advertisement-route-distance", num(1, 255)).default("1"),
    ])
}

/// `/ipv6/nd/prefix/default`.
fn nd_prefix_default() -> Menu {
    Menu::singleton("/ipv6/nd/prefix/default").fields([
        f("autonomous", Type::Bool).default("true"),
        f("dhcp6-pd-preferred", Type::Bool).default("false").since(22),
        f("preferred-lifetime", words(&["infinity"], time())).default("1w"),
        f("valid-lifetime", words(&["infinity"], time())).default("4w2d"),
    ])
}

/// `/ipv6/nd/proxy`.
fn nd_proxy() -> Menu {
    Menu::list("/ipv6/nd/proxy")
        .since(20)
        .fields([f("address", Type::Opaque), f("interface", ref_to(INTERFACE, &[]))])
        .comment_and_disabled()
}
