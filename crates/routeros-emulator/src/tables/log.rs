//! `/log` and `/safe-mode`: computed, nothing stored.

use crate::schema::{Menu, Type, ro};

pub(super) fn menus() -> Vec<Menu> {
    vec![
        Menu::list("/log")
            .read_only()
            .fields([
                ro("time", Type::Date),
                ro("topics", Type::Text),
                ro("message", Type::Text),
                ro("buffer", Type::Text),
                ro("extra-info", Type::Text),
            ])
            .command("info", &["message"])
            .command("warning", &["message"])
            .command("error", &["message"])
            .command("debug", &["message"]),
        // At the root, from 7.18 (reference 7.1).
        Menu::singleton("/safe-mode")
            .read_only()
            .since(18)
            .fields([
                ro("enabled", Type::Bool),
                ro("user", Type::Text),
                ro("current", Type::Bool),
                ro("owner", Type::Text),
            ])
            .command("take", &["on-error"])
            .command("release", &[])
            .command("unroll", &[])
            .command("toggle", &[]),
    ]
}
