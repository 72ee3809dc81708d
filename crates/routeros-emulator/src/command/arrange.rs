//! `move`.

use super::request::Request;
use super::{Answer, Outcome, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router};

/// Places the targets, in the sequence given, before `destination`, or at the end (reference 1.9).
pub(super) fn move_rows(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Outcome {
    let known = [".id", "numbers", "destination"];
    if let Some((name, _)) = request.arguments.iter().find(|argument| !known.contains(&argument.0.as_str())) {
        return Err(vec![Trap::with(ErrorId::UnknownParameter, name)]);
    }
    let before = match request.argument("destination") {
        Some(item) => Some(target::one(router, caller, menu, item).map_err(|trap| vec![trap])?),
        None => None,
    };
    let targets = target::targets(router, caller, menu, request).map_err(|trap| vec![trap])?;
    let ids: Vec<u32> = targets.into_iter().collect::<Result<_, _>>().map_err(|trap| vec![trap])?;
    for id in ids {
        router.move_row(menu, id, before);
    }
    Ok(Answer::done())
}
