//! From a path to the code that does it.

use std::sync::Arc;

use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome, Then, actions, add, arrange, export, print, remove, set};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router};

/// Runs one command: rows, traps and `!done` go to `out`, what it did to the history.
pub(crate) fn execute(router: &mut Router, caller: &Caller, request: &Request, out: &mut Replies) -> Then {
    let outcome = run(router, caller, request, out);
    router.commit(&caller.user);
    match outcome {
        Ok(Answer { then: Then::Follow(follow), .. }) => Then::Follow(follow),
        Ok(Answer { then: Then::Sample(mut monitor), .. }) => {
            if monitor.advance(router, out) {
                Then::Sample(monitor)
            } else {
                Then::Done
            }
        }
        Ok(answer) => {
            out.done(answer.ret.as_deref());
            answer.then
        }
        Err(traps) => {
            for trap in &traps {
                out.trap(trap);
            }
            // A trap is followed by `!done` (reference 1.3).
            out.done(None);
            Then::Done
        }
    }
}

/// The same for a script: replies are dropped, and the script's own history entry holds what was done.
pub(super) fn execute_quietly(
    router: &mut Router,
    caller: &Caller,
    request: &Request,
    out: &mut Replies,
) -> Result<(), Vec<Trap>> {
    let outcome = run(router, caller, request, out);
    router.commit(&caller.user);
    // A script that switches the router off would leave nobody to switch it on: it comes up again.
    if matches!(outcome?.then, Then::Reboot | Then::Shutdown) {
        router.reboot_wanted = true;
    }
    Ok(())
}

/// A command's `ret`, for `[...]` in a script.
pub(super) fn evaluate(router: &mut Router, caller: &Caller, request: &Request) -> Result<String, Vec<Trap>> {
    let answer = run(router, caller, request, &mut Replies::new(None))?;
    Ok(String::from_utf8_lossy(&answer.ret.unwrap_or_default()).into_owned())
}

fn run(router: &mut Router, caller: &Caller, request: &Request, out: &mut Replies) -> Outcome {
    if let Some(action) = actions::find(&request.path) {
        let known = action.arguments(router.minor());
        for (name, _) in &request.arguments {
            if name != ".proplist" && !known.contains(&name.as_str()) {
                return Err(vec![Trap::with(ErrorId::UnknownParameter, name)]);
            }
        }
        require(caller, action.policy)?;
        return (action.run)(router, caller, request, out);
    }
    // A directory without rows of its own exports what is below it.
    if let (path, "export") = request.split()
        && router.menu(path).is_none()
        && router.schema.is_directory(path)
    {
        require(caller, "read")?;
        return export::export(router, caller, path, request);
    }
    let (menu, command) = resolve(router, request).map_err(|trap| vec![trap])?;
    if let Some(arguments) = menu.extra(command) {
        for (name, _) in &request.arguments {
            if !arguments.contains(&name.as_str()) {
                return Err(vec![Trap::with(ErrorId::UnknownParameter, name)]);
            }
        }
        require(caller, actions::policy_of(&menu, command))?;
        return actions::menu_command(router, caller, &menu, command, request, out);
    }
    let reads = matches!(command, "print" | "getall" | "get" | "find" | "listen" | "export");
    require(caller, if reads { "read" } else { "write" })?;
    if let (false, Some(policy)) = (reads, menu.menu.policy) {
        require(caller, policy)?;
    }
    let one = |result: Result<Answer, Trap>| result.map_err(|trap| vec![trap]);
    match command {
        "print" | "getall" => one(print::print(router, caller, &menu, request, out)),
        "listen" => one(print::listen(router, caller, &menu, request, out)),
        "find" => Ok(print::find(router, caller, &menu, request)),
        "get" => one(print::get(router, caller, &menu, request)),
        "export" => export::export(router, caller, menu.path(), request),
        "add" => one(add::add(router, caller, &menu, request)),
        "set" => set::set(router, caller, &menu, request),
        "unset" => set::unset(router, caller, &menu, request),
        "reset" => set::reset(router, caller, &menu, request),
        "enable" => set::enable(router, caller, &menu, request, true),
        "disable" => set::enable(router, caller, &menu, request, false),
        "comment" => set::comment(router, caller, &menu, request),
        "move" => arrange::move_rows(router, caller, &menu, request),
        "remove" if menu.path() == "/user/active" => actions::end_sessions(router, request),
        "remove" => remove::remove(router, caller, &menu, request),
        _ => Err(vec![Trap::new(ErrorId::NoSuchCommand)]),
    }
}

fn require(caller: &Caller, policy: &str) -> Result<(), Vec<Trap>> {
    if caller.may(policy) { Ok(()) } else { Err(vec![Trap::new(ErrorId::Permissions)]) }
}

/// The menu and the command word, or the error for what is not there (reference 3).
fn resolve<'a>(router: &Router, request: &'a Request) -> Result<(Arc<CompiledMenu>, &'a str), Trap> {
    let (path, command) = request.split();
    // Menus that only the emulator has begin with a dot.
    let known = !path.contains("/.")
        && (path.is_empty() || router.schema.is_directory(path) || actions::is_directory(path));
    if !known {
        return Err(Trap::new(ErrorId::NoSuchCommandPrefix));
    }
    router
        .menu(path)
        .filter(|menu| menu.commands.contains(command))
        .map(|menu| (menu, command))
        .ok_or_else(|| Trap::new(ErrorId::NoSuchCommand))
}
