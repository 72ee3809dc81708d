//! `/user`.

use crate::errors::ErrorId;
use crate::schema::{Menu, Secret, Type, enum_of, f, list_of, ref_to, ro, time_between};

pub(super) fn menus() -> Vec<Menu> {
    vec![user(), group(), active()]
}

fn user() -> Menu {
    Menu::list("/user")
        .policy("policy")
        .unique(&["name"], ErrorId::UserName)
        .fields([
            f("name", Type::Text).mandatory(),
            f("group", ref_to(&["/user/group"], &[])).mandatory(),
            f("address", list_of(Type::AnyPrefix)).default(""),
            // The manual's reference marks it mandatory.
            f("password", Type::Text).mandatory().secret(Secret::WriteOnly),
            f("inactivity-timeout", time_between(60_000, 86_400_000)).default("10m"),
            f("inactivity-policy", enum_of(&["lockscreen", "logout", "none"])).default("none"),
            ro("last-logged-in", Type::Date).volatile(),
            ro("expired", Type::Bool).default("false"),
        ])
        .comment_and_disabled()
}

fn group() -> Menu {
    Menu::list("/user/group").policy("policy").unique(&["name"], ErrorId::NameExists).fields([
        f("name", Type::Text),
        f("policy", Type::Policies),
        f("skin", Type::Text).default("default"),
        f("comment", Type::Text),
    ])
}

fn active() -> Menu {
    Menu::list("/user/active")
        .read_only()
        .removable_since(20)
        .command_until(20, "request-logout", &["numbers", ".id"])
        .no_undo()
        .fields([
            ro("when", Type::Date),
            ro("name", Type::Text),
            ro("address", Type::Text),
            ro("via", Type::Text),
            ro("group", Type::Text),
            ro("radius", Type::Bool).default("false"),
        ])
}
