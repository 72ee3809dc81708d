//! `set`, `unset`, `reset`, `enable`, `disable`, `comment`.

use bytes::Bytes;

use super::add::{assign, clear_field};
use super::request::Request;
use super::{Answer, Outcome, hooks, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::{Access, CompiledMenu};
use crate::state::{Caller, Router, Row};
use crate::value::Value;

const TARGETS: &[&str] = &[".id", "numbers"];

pub(super) fn set(router: &mut Router, caller: &Caller, menu: &CompiledMenu, request: &Request) -> Outcome {
    let arguments: Vec<(String, Bytes)> = request
        .arguments
        .iter()
        .filter(|argument| !(menu.is_list() && TARGETS.contains(&argument.0.as_str())))
        .cloned()
        .collect();
    // A wrong name is refused before any row is looked at.
    for (name, _) in &arguments {
        let bare = name.strip_prefix('!').unwrap_or(name);
        if !menu.field(bare).is_some_and(|ix| menu.at(ix).settable()) {
            return Err(vec![Trap::with(ErrorId::UnknownParameter, bare)]);
        }
    }
    each(router, caller, menu, request, |router, caller, owner, row| {
        for (name, word) in &arguments {
            assign(router, owner, row, name, word, |access| {
                access != Access::Read && access != Access::AddOnly
            })?;
        }
        hooks::before_set(router, caller, owner, row, &arguments)
    })
}

/// `unset =.id=*1 =value-name=prop` (reference 1.9).
pub(super) fn unset(router: &mut Router, caller: &Caller, menu: &CompiledMenu, request: &Request) -> Outcome {
    refuse_others(request, &[".id", "numbers", "value-name"])?;
    let names = request.text("value-name").ok_or_else(|| vec![Trap::with(ErrorId::Missing, "value-name")])?;
    let fields: Vec<u16> = names
        .split(',')
        .map(|name| menu.field(name).filter(|ix| menu.at(*ix).unset))
        .collect::<Option<_>>()
        .ok_or_else(|| vec![Trap::new(ErrorId::UnknownValueName)])?;
    each(router, caller, menu, request, |_, _, owner, row| {
        for ix in &fields {
            clear_field(owner, row, *ix);
        }
        Ok(())
    })
}

/// `reset =numbers=*1 =comment=` puts properties back to their defaults (reference 1.9).
pub(super) fn reset(router: &mut Router, caller: &Caller, menu: &CompiledMenu, request: &Request) -> Outcome {
    let mut fields = Vec::new();
    for (name, _) in &request.arguments {
        if menu.is_list() && TARGETS.contains(&name.as_str()) {
            continue;
        }
        match menu.field(name).filter(|ix| menu.at(*ix).settable()) {
            Some(ix) => fields.push(ix),
            None => return Err(vec![Trap::with(ErrorId::UnknownParameter, name)]),
        }
    }
    each(router, caller, menu, request, |_, _, owner, row| {
        for ix in &fields {
            let field = owner.at(*ix);
            if field.mandatory && field.default.is_none() {
                return Err(Trap::with(ErrorId::InvalidValue, field.name));
            }
            clear_field(owner, row, *ix);
        }
        Ok(())
    })
}

pub(super) fn enable(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
    enabled: bool,
) -> Outcome {
    refuse_others(request, TARGETS)?;
    let word = Bytes::from_static(if enabled { b"no" } else { b"yes" });
    each(router, caller, menu, request, |router, _, owner, row| {
        assign(router, owner, row, "disabled", &word, |_| true)
    })
}

pub(super) fn comment(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Outcome {
    refuse_others(request, &[".id", "numbers", "comment"])?;
    let word = request.argument("comment").cloned().unwrap_or_default();
    each(router, caller, menu, request, |router, _, owner, row| {
        assign(router, owner, row, "comment", &word, |_| true)
    })
}

fn refuse_others(request: &Request, known: &[&str]) -> Result<(), Vec<Trap>> {
    match request.arguments.iter().find(|argument| !known.contains(&argument.0.as_str())) {
        Some((name, _)) => Err(vec![Trap::with(ErrorId::UnknownParameter, name)]),
        None => Ok(()),
    }
}

/// Changes each target for itself: one that fails stays as it was, the others go on.
fn each(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
    change: impl Fn(&mut Router, &Caller, &CompiledMenu, &mut Row) -> Result<(), Trap>,
) -> Outcome {
    let targets = if menu.is_list() {
        target::targets(router, caller, menu, request).map_err(|trap| vec![trap])?
    } else {
        vec![Ok(0)]
    };
    let mut traps = Vec::new();
    for found in targets {
        if let Err(trap) = found.and_then(|id| one(router, caller, menu, id, &change)) {
            traps.push(trap);
        }
    }
    if traps.is_empty() { Ok(Answer::done()) } else { Err(traps) }
}

fn one(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    id: u32,
    change: &impl Fn(&mut Router, &Caller, &CompiledMenu, &mut Row) -> Result<(), Trap>,
) -> Result<(), Trap> {
    let before = router.row(menu.menu.space, id).cloned().ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
    if before.dynamic {
        return Err(Trap::new(ErrorId::ConfiguredElsewhere));
    }
    // A view's rows are changed through the menu that owns them.
    let owner = router.menu(before.menu).ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
    let mut row = before.clone();
    change(router, caller, &owner, &mut row)?;
    hooks::before_write(router, caller, &owner, Some(&before), &mut row)?;
    router.check_unique(&owner, &row)?;
    router.replace(&owner, row);
    let old_name = owner.name_field.and_then(|ix| before.get(ix)).and_then(Value::as_str);
    hooks::after_write(router, &owner, id, old_name);
    Ok(())
}
