//! `remove`.

use super::request::Request;
use super::{Answer, Outcome, hooks, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{ADDRESS_LISTS, Caller, Router};

pub(super) fn remove(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Outcome {
    if let Some((name, _)) =
        request.arguments.iter().find(|argument| !matches!(argument.0.as_str(), ".id" | "numbers"))
    {
        return Err(vec![Trap::with(ErrorId::UnknownParameter, name)]);
    }
    let targets = target::targets(router, caller, menu, request).map_err(|trap| vec![trap])?;
    let mut traps = Vec::new();
    for found in targets {
        if let Err(trap) = found.and_then(|id| one(router, menu, id)) {
            traps.push(trap);
        }
    }
    if traps.is_empty() { Ok(Answer::done()) } else { Err(traps) }
}

/// Rows that refer to a removed one stay and show its dead id (reference 4).
fn one(router: &mut Router, menu: &CompiledMenu, id: u32) -> Result<(), Trap> {
    let row = router.row(menu.menu.space, id).ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
    if row.builtin {
        return Err(Trap::new(ErrorId::DefaultEntry));
    }
    // Dynamic rows cannot be changed; leases and connections may be thrown out all the same.
    if row.dynamic
        && !menu.menu.read_only
        && menu.path() != "/ip/dhcp-server/lease"
        && !ADDRESS_LISTS.contains(&menu.path())
    {
        return Err(Trap::new(ErrorId::ConfiguredElsewhere));
    }
    hooks::before_remove(router, menu, id)?;
    router.delete(menu, id);
    Ok(())
}
