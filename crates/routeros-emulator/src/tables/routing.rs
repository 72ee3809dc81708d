//! `/routing`.

use crate::errors::ErrorId;
use crate::schema::{Menu, Type, f, num, ro};

pub(super) fn menus() -> Vec<Menu> {
    vec![table(), route()]
}

fn table() -> Menu {
    Menu::list("/routing/table")
        .unique(&["name"], ErrorId::NameExists)
        .fields([
            f("name", Type::Text).mandatory(),
            f("fib", Type::Switch).unset(),
            ro("dynamic", Type::Bool),
            ro("invalid", Type::Bool),
        ])
        .comment_and_disabled()
}

/// All families in one read-only table.
fn route() -> Menu {
    let flags = ["active", "connect", "static", "bgp", "ospf", "dhcp", "disabled", "blackhole"];
    Menu::list("/routing/route")
        .read_only()
        .fields([
            ro("afi", Type::Text),
            ro("dst-address", Type::Text),
            ro("routing-table", Type::Text),
            ro("gateway", Type::Text),
            ro("immediate-gw", Type::Text),
            ro("distance", num(0, 255)),
            ro("scope", num(0, 255)),
            ro("target-scope", num(0, 255)),
            ro("belongs-to", Type::Text),
            ro("local-address", Type::Text),
        ])
        .fields(flags.map(|name| ro(name, Type::Bool)))
}
