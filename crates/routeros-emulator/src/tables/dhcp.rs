//! `/ip/dhcp-server`.

use super::shared::INTERFACE;
use crate::errors::ErrorId;
use crate::schema::{
    Menu, Type, enum_of, f, list_of, num, ref_to, refs_to, ro, set_of, time, time_between, words,
};

const LONGEST: u64 = 4_294_967_295_000;

pub(super) fn menus() -> Vec<Menu> {
    vec![server(), network(), lease(), option(), option_sets(), config(), matcher(), alert()]
}

fn server() -> Menu {
    Menu::list("/ip/dhcp-server")
        .auto_name("dhcp")
        .unique(&["name"], ErrorId::NameExists)
        .unique(&["interface", "relay"], ErrorId::DhcpServerInterface)
        .fields([
            f("name", Type::Text),
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("address-pool", ref_to(&["/ip/pool"], &["static-only"])).default("static-only"),
            f("lease-time", time_between(1000, LONGEST)).default("30m"),
            f("authoritative", enum_of(&["after-10sec-delay", "after-2sec-delay", "no", "yes"]))
                .default("yes"),
            f("bootp-support", enum_of(&["dynamic", "none", "static"])).default("static"),
            f("bootp-lease-time", words(&["forever", "lease-time"], time())).default("forever"),
            f("use-radius", enum_of(&["accounting", "no", "yes"])).default("no"),
            f("relay", Type::Ip4),
            f("server-address", Type::Ip4),
            f("add-arp", Type::Bool).default("false"),
            f("address-lists", list_of(Type::Text)).default("").since(18),
            f("allow-dual-stack-queue", Type::Bool).default("true"),
            f("always-broadcast", Type::Bool).default("false"),
            f("client-mac-limit", words(&["unlimited"], num(0, 4_294_967_295))).default("unlimited"),
            f("conflict-detection", Type::Bool).default("true"),
            f("delay-threshold", words(&["none"], time())).default("none"),
            f("dhcp-option-set", ref_to(&["/ip/dhcp-server/option/sets"], &["none"])).default("none"),
            f("dynamic-lease-identifiers", set_of(&["client-mac", "client-id", "opt-82"]))
                .default("client-mac,client-id")
                .since(21),
            f("insert-queue-before", enum_of(&["bottom", "first"])).default("first"),
            f("lease-script", Type::Text).default(""),
            f("parent-queue", words(&["none"], Type::Text)).default("none"),
            f("support-broadband-tr101", Type::Bool).default("false").since(21),
            f("use-framed-as-classless", Type::Bool).default("true"),
            f("use-reconfigure", Type::Bool).default("false").since(19),
            f("add-dns-entries", Type::Bool).default("false").since(23),
            f("add-dns-entries-suffix", Type::Text).since(23),
            ro("dynamic", Type::Bool),
            ro("invalid", Type::Bool),
        ])
        .comment_and_disabled()
}

fn network() -> Menu {
    Menu::list("/ip/dhcp-server/network")
        .unique(&["address"], ErrorId::DhcpNetwork)
        .fields([
            f("address", Type::Prefix4),
            f("gateway", list_of(Type::Ip4)).default(""),
            f("netmask", num(0, 32)),
            f("dns-server", list_of(Type::Ip4)).default(""),
            f("dns-none", Type::Bool).default("false"),
            f("ntp-server", list_of(Type::Ip4)).default(""),
            f("ntp-none", Type::Bool).default("false").since(20),
            f("wins-server", list_of(Type::Ip4)).default(""),
            f("caps-manager", list_of(Type::Ip4)).default(""),
            f("domain", Type::Text),
            f("next-server", Type::Ip4).unset(),
            f("boot-file-name", Type::Text),
            f("dhcp-option", refs_to(&["/ip/dhcp-server/option"], &[])).default(""),
            f("dhcp-option-set", ref_to(&["/ip/dhcp-server/option/sets"], &["none"])),
            ro("dynamic", Type::Bool),
        ])
        .comment()
}

fn lease() -> Menu {
    Menu::list("/ip/dhcp-server/lease")
        .unique_when_set(&["server", "address"], ErrorId::LeaseExists)
        .fields([
            f("address", words(&[], Type::Ip4)),
            f("mac-address", Type::Mac),
            f("client-id", Type::Text),
            f("server", ref_to(&["/ip/dhcp-server"], &["all"])).default("all"),
            f("lease-time", time()),
            f("address-lists", list_of(Type::Text)).default(""),
            f("agent-circuit-id", Type::Text).since(21),
            f("agent-remote-id", Type::Text).since(21),
            f("allow-dual-stack-queue", Type::Bool).unset(),
            f("always-broadcast", Type::Bool).default("false"),
            f("block-access", Type::Bool).default("false"),
            f("dhcp-option", refs_to(&["/ip/dhcp-server/option"], &[])).default(""),
            f("dhcp-option-set", ref_to(&["/ip/dhcp-server/option/sets"], &["none"])),
            f("insert-queue-before", enum_of(&["bottom", "first"])).unset(),
            f("parent-queue", words(&["none"], Type::Text)).unset(),
            f("queue-type", Type::Opaque).unset(),
            f("rate-limit", Type::Text).default(""),
            f("routes", Type::Opaque),
            f("use-src-mac", Type::Bool).default("false"),
            ro(
                "status",
                enum_of(&["waiting", "testing", "declined", "offered", "bound", "authorizing", "conflict"]),
            )
            .default("waiting")
            .volatile(),
            ro("last-seen", Type::Text).default("never").volatile(),
            ro("active-address", Type::Ip4).volatile(),
            ro("active-mac-address", Type::Mac).volatile(),
            ro("active-server", Type::Text).volatile(),
            ro("host-name", Type::Text).volatile(),
            ro("expires-after", time()).volatile(),
            ro("radius", Type::Bool).default("false"),
            ro("dynamic", Type::Bool),
            ro("blocked", Type::Bool).default("false"),
        ])
        .comment_and_disabled()
        .command("make-static", &["numbers", ".id"])
    // Leases are not rolled back (reference 7.1); static ones written by hand are configuration all the same.
}

fn option() -> Menu {
    Menu::list("/ip/dhcp-server/option").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text).mandatory(),
        f("code", num(1, 254)).mandatory(),
        f("value", Type::Text).default(""),
        f("force", Type::Bool).default("false"),
        f("comment", Type::Text),
        ro("raw-value", Type::Text).default(""),
    ])
}

fn option_sets() -> Menu {
    Menu::list("/ip/dhcp-server/option/sets").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text).mandatory(),
        f("options", refs_to(&["/ip/dhcp-server/option"], &[])).default(""),
    ])
}

/// `/ip/dhcp-server/config`.
fn config() -> Menu {
    Menu::singleton("/ip/dhcp-server/config").fields([
        f("accounting", Type::Bool).default("true"),
        f("interim-update", time()).default("0s"),
        f("radius-password", Type::Opaque).default("empty"),
        f("store-leases-disk", words(&["immediately", "never"], time())).default("5m"),
    ])
}

/// `/ip/dhcp-server/matcher`.
fn matcher() -> Menu {
    Menu::list("/ip/dhcp-server/matcher")
        .unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text).mandatory(),
            f("server", ref_to(&["/ip/dhcp-server"], &["all"])).mandatory(),
            f("address-pool", ref_to(&["/ip/pool"], &["static-only"])),
            f("option-set", ref_to(&["/ip/dhcp-server/option/sets"], &["none"])),
            f("code", words(&["vendor-specific"], num(1, 254))).mandatory(),
            f("value", Type::Text).mandatory(),
            f("matching-type", enum_of(&["exact", "substring"])).mandatory(),
        ])
        .comment_and_disabled()
}

/// `/ip/dhcp-server/alert`.
fn alert() -> Menu {
    Menu::list("/ip/dhcp-server/alert")
        .fields([
            f("interface", ref_to(INTERFACE, &[])).mandatory(),
            f("alert-timeout", words(&["none"], time())).default("1h"),
            f("on-alert", Type::Text).default(""),
            f("valid-server", list_of(Type::Mac)).default(""),
            ro("invalid", Type::Bool),
            ro("unknown-server", Type::Text),
        ])
        .comment_and_disabled()
        .command("reset-alert", &["numbers", ".id"])
}
