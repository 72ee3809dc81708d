//! Which rows a command is about.

use bytes::Bytes;

use super::request::Request;
use crate::derive;
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router, Row};
use crate::value::{Names, parse_id};

/// The rows named by `.id` or `numbers`, or what is wrong with each.
pub(super) fn targets(
    router: &Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Result<Vec<Result<u32, Trap>>, Trap> {
    let items = request.targets().ok_or_else(|| Trap::with(ErrorId::Missing, ".id"))?;
    Ok(items.iter().map(|item| one(router, caller, menu, item)).collect())
}

/// One row by id or by name; a position number is not valid over the API (reference 1.2).
pub(super) fn one(router: &Router, caller: &Caller, menu: &CompiledMenu, item: &Bytes) -> Result<u32, Trap> {
    let id = match parse_id(item) {
        Some(id) => Some(id),
        None => menu.name_field.and_then(|_| router.find(menu.menu.space, item)),
    };
    let found = id.and_then(|id| router.row(menu.menu.space, id)).filter(|row| belongs(menu, row));
    match (found, id) {
        (Some(row), _) => Ok(row.id),
        // A computed row is there, but cannot be touched.
        (None, Some(id)) if derive::rows(router, menu, caller).iter().any(|row| row.id == id) => {
            Err(Trap::new(ErrorId::ConfiguredElsewhere))
        }
        _ => Err(Trap::new(ErrorId::NoSuchItem)),
    }
}

fn belongs(menu: &CompiledMenu, row: &Row) -> bool {
    menu.menu.view || row.menu == menu.path()
}
