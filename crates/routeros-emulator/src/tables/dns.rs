//! `/ip/dns`.

use super::shared::INTERFACE;
use crate::errors::ErrorId;
use crate::schema::{Menu, Type, addresses, enum_of, f, num, ref_to, refs_to, ro, time};

pub(super) fn menus() -> Vec<Menu> {
    vec![dns(), fixed()]
}

fn dns() -> Menu {
    Menu::singleton("/ip/dns").fields([
        f("servers", addresses()).default(""),
        ro("dynamic-servers", addresses()).default(""),
        f("use-doh-server", Type::Text).default(""),
        f("verify-doh-cert", Type::Bool).default("false"),
        f("doh-max-server-connections", num(1, 1000)).default("5"),
        f("doh-max-concurrent-queries", num(1, 1000)).default("50"),
        f("doh-timeout", time()).default("5s"),
        f("allow-remote-requests", Type::Bool).default("false"),
        f("max-udp-packet-size", num(50, 65507)).default("4096"),
        f("query-server-timeout", time()).default("2s"),
        f("query-total-timeout", time()).default("10s"),
        f("max-concurrent-queries", num(1, 10_000)).default("100"),
        f("max-concurrent-tcp-sessions", num(1, 10_000)).default("20"),
        f("cache-size", num(64, 4_294_967_295)).default("2048"),
        f("cache-max-ttl", time()).default("1w"),
        f("address-list-extra-time", time()).default("0s"),
        f("vrf", ref_to(&["/ip/vrf"], &["main"])).default("main"),
        f("mdns-repeat-ifaces", refs_to(INTERFACE, &[])).default(""),
        ro("cache-used", num(0, i64::MAX)).default("25").volatile(),
    ])
}

/// `/ip/dns/static`: exactly one of name and regexp (reference 4).
fn fixed() -> Menu {
    const TYPES: &[&str] = &["A", "AAAA", "CNAME", "FWD", "MX", "NS", "NXDOMAIN", "SRV", "TXT"];
    Menu::list("/ip/dns/static")
        .ordered()
        .unique(
            &[
                "name",
                "regexp",
                "type",
                "address",
                "cname",
                "forward-to",
                "mx-exchange",
                "ns",
                "srv-target",
                "text",
            ],
            ErrorId::EntryExists,
        )
        .fields([
            f("name", Type::Text),
            f("regexp", Type::Text),
            f("type", enum_of(TYPES)),
            f("address", Type::Ip),
            f("cname", Type::Text),
            f("forward-to", Type::Text),
            f("mx-exchange", Type::Text),
            f("mx-preference", num(0, 65535)),
            f("ns", Type::Text),
            f("srv-port", num(0, 65535)),
            f("srv-priority", num(0, 65535)),
            f("srv-target", Type::Text),
            f("srv-weight", num(0, 65535)),
            f("text", Type::Text),
            f("ttl", time()).default("1d"),
            f("match-subdomain", Type::Bool),
            f("address-list", Type::Text),
            ro("dynamic", Type::Bool),
        ])
        .comment_and_disabled()
}
