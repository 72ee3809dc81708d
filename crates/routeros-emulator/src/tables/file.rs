//! `/file`.

use crate::errors::ErrorId;
use crate::schema::{Menu, Type, f, ro};

pub(super) fn menus() -> Vec<Menu> {
    // Writing files needs policy `ftp` (reference 4, users).
    vec![
        Menu::list("/file")
            .policy("ftp")
            .unique(&["name"], ErrorId::FileExists)
            .fields([
                f("name", Type::Text).mandatory(),
                f("contents", Type::Text).default(""),
                f("type", Type::Text),
                ro("size", Type::Text),
                ro("last-modified", Type::Date).volatile(),
            ])
            .command("read", &["file", "offset", "chunk-size", "as-value"])
            .lacking(&["export"]),
    ]
}
