//! `/routing/filter`.

use crate::schema::{Menu, Type, enum_of, f, num, ro};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        filter_rule(),
        filter_select_rule(),
        filter_num_list(),
        filter_community_list(),
        filter_community_ext_list(),
        filter_community_large_list(),
        filter_chain(),
    ]
}

/// `/routing/filter/rule`.
fn filter_rule() -> Menu {
    Menu::list("/routing/filter/rule").ordered().fields([
        f("chain", Type::Text).mandatory(),
        f("rule", Type::Text),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("inactive", Type::Bool),
    ])
}

/// `/routing/filter/select-rule`.
fn filter_select_rule() -> Menu {
    Menu::list("/routing/filter/select-rule").ordered().fields([
        f("chain", Type::Text).mandatory().unset(),
        f(
            "do-group-num",
            enum_of(&[
                "bgp-input-local-as",
                "bgp-input-remote-as",
                "bgp-local-pref",
                "bgp-med",
                "bgp-out-med",
                "bgp-output-local-as",
                "bgp-output-remote-as",
                "bgp-path-len",
                "bgp-path-peer-prepend",
                "bgp-path-prepend",
                "bgp-weight",
                "distance",
                "dst-len",
                "ospf-ext-metric",
                "ospf-ext-tag",
                "ospf-metric",
                "ospf-tag",
                "rip-ext-metric",
                "rip-ext-tag",
                "rip-metric",
                "rip-tag",
                "scope",
                "target-scope",
            ]),
        )
        .unset(),
        f(
            "do-group-prfx",
            enum_of(&[
                "bgp-input-local-addr",
                "bgp-input-remote-addr",
                "bgp-output-local-addr",
                "bgp-output-remote-addr",
                "dst",
                "gw",
                "ospf-fwd",
                "pref-src",
            ]),
        )
        .unset(),
        f("do-jump", Type::Opaque).unset(),
        f(
            "do-select-num",
            enum_of(&[
                "bgp-input-local-as",
                "bgp-input-remote-as",
                "bgp-local-pref",
                "bgp-med",
                "bgp-out-med",
                "bgp-output-local-as",
                "bgp-output-remote-as",
                "bgp-path-len",
                "bgp-path-peer-prepend",
                "bgp-path-prepend",
                "bgp-weight",
                "distance",
                "dst-len",
                "ospf-ext-metric",
                "ospf-ext-tag",
                "ospf-metric",
                "ospf-tag",
                "rip-ext-metric",
                "rip-ext-tag",
                "rip-metric",
                "rip-tag",
                "scope",
                "target-scope",
            ]),
        )
        .unset(),
        f(
            "do-select-prfx",
            enum_of(&[
                "bgp-input-local-addr",
                "bgp-input-remote-addr",
                "bgp-output-local-addr",
                "bgp-output-remote-addr",
                "dst",
                "gw",
                "ospf-fwd",
                "pref-src",
            ]),
        )
        .unset(),
        f("do-take", num(0, 4_294_967_295)).unset(),
        f("do-where", Type::Opaque).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
        ro("invalid", Type::Bool),
    ])
}

/// `/routing/filter/num-list`.
fn filter_num_list() -> Menu {
    Menu::list("/routing/filter/num-list").ordered().fields([
        f("list", Type::Opaque).mandatory(),
        f("range", Type::Opaque),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
    ])
}

/// `/routing/filter/community-list`.
fn filter_community_list() -> Menu {
    Menu::list("/routing/filter/community-list").ordered().fields([
        f("communities", Type::Opaque).unset(),
        f("list", Type::Opaque).mandatory(),
        f("regexp", Type::Text).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
    ])
}

/// `/routing/filter/community-ext-list`.
fn filter_community_ext_list() -> Menu {
    Menu::list("/routing/filter/community-ext-list").ordered().fields([
        f("communities", Type::Opaque).unset(),
        f("list", Type::Opaque).mandatory(),
        f("regexp", Type::Text).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
    ])
}

/// `/routing/filter/community-large-list`.
fn filter_community_large_list() -> Menu {
    Menu::list("/routing/filter/community-large-list").ordered().fields([
        f("communities", Type::Opaque).unset(),
        f("list", Type::Opaque).mandatory(),
        f("regexp", Type::Text).unset(),
        f("comment", Type::Text),
        f("disabled", Type::Bool).default("false"),
    ])
}

/// `/routing/filter/chain`.
fn filter_chain() -> Menu {
    Menu::list("/routing/filter/chain").read_only().fields([])
}
