//! `add`.

use bytes::Bytes;

use super::request::Request;
use super::{Answer, hooks, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::{Access, CompiledMenu, Secret, Type};
use crate::state::{Caller, Router, Row, fresh};
use crate::value::{Names, Value, format_id, parse, parse_default};

pub(super) fn add(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Result<Answer, Trap> {
    let mut row = match request.argument("copy-from") {
        Some(item) => {
            let id = target::one(router, caller, menu, item)?;
            let mut copy =
                router.row(menu.menu.space, id).cloned().ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
            (copy.id, copy.dynamic, copy.builtin) = (0, false, false);
            copy
        }
        None => fresh(menu),
    };
    let before = match request.argument("place-before").filter(|_| menu.menu.ordered) {
        Some(item) => Some(target::one(router, caller, menu, item)?),
        None => None,
    };
    for (name, word) in &request.arguments {
        match name.as_str() {
            "copy-from" => {}
            "place-before" if menu.menu.ordered => {}
            _ => assign(router, menu, &mut row, name, word, |access| {
                matches!(access, Access::Write | Access::AddOnly)
            })?,
        }
    }
    let id = finish(router, caller, menu, row, before)?;
    Ok(Answer::ret(format_id(id)))
}

/// A new row as a script, a scene or another administrator adds it. Read-only menus take it too: what the
/// outside world would have brought about.
pub(crate) fn add_row(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    fields: &[(String, Bytes)],
) -> Result<u32, Trap> {
    let mut row = fresh(menu);
    for (name, word) in fields {
        let ix = menu.field(name).ok_or_else(|| Trap::with(ErrorId::UnknownParameter, name))?;
        let value = match menu.at(ix).access {
            Access::Read => Value::Plain(word.clone()),
            _ => parse(name, &menu.at(ix).ty, word, router)?,
        };
        if name == "dynamic" {
            row.dynamic = value.is_true();
        }
        row.put(ix, value);
    }
    if menu.menu.read_only {
        Ok(router.insert(menu, row, None))
    } else {
        finish(router, caller, menu, row, None)
    }
}

fn finish(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    mut row: Row,
    before: Option<u32>,
) -> Result<u32, Trap> {
    if let Some(field) = menu
        .fields()
        .iter()
        .find(|field| field.mandatory && menu.field(field.name).and_then(|ix| row.get(ix)).is_none())
    {
        return Err(Trap::with(ErrorId::Missing, field.name));
    }
    name_it(router, menu, &mut row);
    hooks::before_write(router, caller, menu, None, &mut row)?;
    router.check_unique(menu, &row)?;
    let at = before.and_then(|id| router.space(menu.menu.space).and_then(|space| space.position(id)));
    let id = router.insert(menu, row, at);
    hooks::after_write(router, menu, id, None);
    Ok(id)
}

/// A row without a name gets the next free one: `vlan1`, `vlan2`.
fn name_it(router: &Router, menu: &CompiledMenu, row: &mut Row) {
    let (Some(stem), Some(ix)) = (menu.menu.auto_name, menu.name_field) else { return };
    if row.get(ix).is_none() {
        let free = (1u32..)
            .map(|n| format!("{stem}{n}"))
            .find(|name| router.find(menu.menu.space, name.as_bytes()).is_none());
        if let Some(name) = free {
            row.put(ix, Value::text(name));
        }
    }
}

/// Writes one argument into a row.
pub(super) fn assign(
    router: &Router,
    menu: &CompiledMenu,
    row: &mut Row,
    name: &str,
    word: &Bytes,
    allowed: impl Fn(Access) -> bool,
) -> Result<(), Trap> {
    // `=!name=` clears a field that can be unset (reference 1.2).
    let (name, clear) = match name.strip_prefix('!') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let ix = menu
        .field(name)
        .filter(|ix| allowed(menu.at(*ix).access))
        .ok_or_else(|| Trap::with(ErrorId::UnknownParameter, name))?;
    let field = menu.at(ix);
    if clear {
        clear_field(menu, row, ix);
        return Ok(());
    }
    // An empty text is no value; a field whose default is empty keeps printing it.
    if word.is_empty() && field.ty == Type::Text && field.default.is_none() && field.secret == Secret::No {
        if field.mandatory || name == "name" {
            return Err(Trap::with(ErrorId::InvalidValue, name));
        }
        row.clear(ix);
        return Ok(());
    }
    // Optional typed fields are cleared by an empty value.
    if word.is_empty()
        && field.default.is_none()
        && !field.mandatory
        && !matches!(field.ty, Type::Switch | Type::Text)
        && field.ty.references().is_empty()
    {
        row.clear(ix);
        return Ok(());
    }
    let value = parse(name, &field.ty, word, router)?;
    row.put(ix, value);
    Ok(())
}

/// Takes a value away; what has a default goes back to it.
pub(super) fn clear_field(menu: &CompiledMenu, row: &mut Row, ix: u16) {
    let field = menu.at(ix);
    match field.default {
        Some(default) => row.put(ix, parse_default(&field.ty, default)),
        None => row.clear(ix),
    }
}
