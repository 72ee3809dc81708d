//! Commands that are no plain reading or writing of rows.

use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome, Then, export, files, ping, samples, script, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;
use crate::state::{Caller, Router};
use crate::value::{Value, parse_id};

/// A command that stands alone, outside every emulated menu.
pub(super) struct Action {
    path: &'static str,
    pub(super) policy: &'static str,
    pub(super) run: fn(&mut Router, &Caller, &Request, &mut Replies) -> Outcome,
}

const ACTIONS: &[Action] = &[
    Action { path: "/undo", policy: "write", run: undo },
    Action { path: "/redo", policy: "write", run: redo },
    Action { path: "/system/reboot", policy: "reboot", run: reboot },
    Action { path: "/tool/ping", policy: "test", run: ping::ping },
    // Gone from the tree in 7.23, and answered all the same (reference 4).
    Action { path: "/ping", policy: "test", run: ping::ping },
    // Writing files needs `ftp` (reference 4, users).
    Action { path: "/system/backup/save", policy: "ftp", run: files::save_backup },
    Action { path: "/system/backup/load", policy: "reboot", run: files::load_backup },
    Action { path: "/tool/torch", policy: "sniff", run: samples::torch },
    Action { path: "/tool/traceroute", policy: "test", run: samples::traceroute },
    Action { path: "/queue/monitor", policy: "read", run: samples::queues },
    Action { path: "/export", policy: "read", run: export::everything },
    Action { path: "/import", policy: "write", run: files::import },
];

pub(super) fn find(_router: &Router, path: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.path == path)
}

fn undo(router: &mut Router, _: &Caller, _: &Request, _: &mut Replies) -> Outcome {
    router.undo().map_err(|trap| vec![trap])?;
    Ok(Answer::done())
}

fn redo(router: &mut Router, _: &Caller, _: &Request, _: &mut Replies) -> Outcome {
    router.redo().map_err(|trap| vec![trap])?;
    Ok(Answer::done())
}

fn reboot(_: &mut Router, _: &Caller, _: &Request, _: &mut Replies) -> Outcome {
    Ok(Answer { ret: None, then: Then::Reboot })
}

/// The policy that a menu's own command needs.
pub(super) fn policy_of(menu: &CompiledMenu, command: &str) -> &'static str {
    match (menu.path(), command) {
        ("/system/package/update", "download" | "install") => "policy",
        ("/file", "read") => "read",
        _ if menu.is_monitor(command) => "read",
        _ => "write",
    }
}

/// Commands that a menu has beyond the ordinary ones.
pub(super) fn menu_command(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    command: &str,
    request: &Request,
    out: &mut Replies,
) -> Outcome {
    match (menu.path(), command) {
        ("/safe-mode", _) => safe_mode(router, caller, command).map_err(|trap| vec![trap]),
        ("/log", topic) => {
            let message = request.text("message").unwrap_or_default();
            router.log.push(router.now, &format!("script,{topic}"), &message);
            Ok(Answer::done())
        }
        ("/file", "read") => files::read(router, request, out).map_err(|trap| vec![trap]),
        ("/routing/bgp/session", _) => super::bgp::session(router, caller, menu, command, request),
        ("/user/active", "request-logout") => end_sessions(router, request),
        ("/certificate", "sign") => {
            let item = request.argument("number").or_else(|| request.argument(".id"));
            let item = item.ok_or_else(|| vec![Trap::with(ErrorId::Missing, "number")])?;
            let id = target::one(router, caller, menu, item).map_err(|trap| vec![trap])?;
            let (ca, name) = (request.text("ca"), request.text("name"));
            router.sign_certificate(id, ca.as_deref(), name.as_deref()).map_err(|trap| vec![trap])?;
            Ok(Answer::done())
        }
        ("/system/script", "run") => run_script(router, caller, menu, request).map_err(|trap| vec![trap]),
        ("/ip/dhcp-server/lease", "make-static") => each(router, caller, menu, request, make_static),
        _ if menu.is_monitor(command) => {
            samples::of_menu(router, caller, menu, command, request).map_err(|trap| vec![trap])
        }
        // Counters are always zero here.
        _ => Ok(Answer::done()),
    }
}

/// Ends sessions named in `/user/active`; the server cuts their connections.
pub(super) fn end_sessions(router: &mut Router, request: &Request) -> Outcome {
    let items = request.targets().ok_or_else(|| vec![Trap::with(ErrorId::Missing, ".id")])?;
    let mut traps = Vec::new();
    for item in items {
        match parse_id(&item).and_then(|id| router.sessions.get_mut(&id)) {
            Some(session) => session.cut = true,
            None => traps.push(Trap::new(ErrorId::NoSuchItem)),
        }
    }
    if traps.is_empty() { Ok(Answer::done()) } else { Err(traps) }
}

fn safe_mode(router: &mut Router, caller: &Caller, command: &str) -> Result<Answer, Trap> {
    let held = router.hold.is_some();
    match (command, held) {
        ("take", _) | ("toggle", false) => {
            let owner = if caller.session.is_some() { "api" } else { "script" };
            router.take_hold(caller, owner)?;
        }
        ("release", _) | ("toggle", true) => {
            router.may_end_hold(caller)?;
            router.release_hold();
        }
        _ => {
            router.may_end_hold(caller)?;
            router.unroll();
        }
    }
    Ok(Answer::done())
}

fn run_script(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Result<Answer, Trap> {
    let item = request
        .argument("number")
        .or_else(|| request.argument(".id"))
        .or_else(|| request.argument("numbers"))
        .ok_or_else(|| Trap::with(ErrorId::Missing, "number"))?;
    let id = target::one(router, caller, menu, item)?;
    let source = router
        .row(menu.menu.space, id)
        .and_then(|row| router.value_of(row, "source"))
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    script::run(router, caller, &source)?;
    Ok(Answer::done())
}

/// A dynamic lease becomes a row of the configuration (reference 4).
fn make_static(router: &mut Router, menu: &CompiledMenu, id: u32) -> Result<(), Trap> {
    let mut row = router.row(menu.menu.space, id).cloned().ok_or_else(|| Trap::new(ErrorId::NoSuchItem))?;
    row.dynamic = false;
    if let Some(ix) = menu.field("dynamic") {
        row.put(ix, Value::bool(false));
    }
    router.replace(menu, row);
    Ok(())
}

fn each(
    router: &mut Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
    change: fn(&mut Router, &CompiledMenu, u32) -> Result<(), Trap>,
) -> Outcome {
    let targets = target::targets(router, caller, menu, request).map_err(|trap| vec![trap])?;
    let traps: Vec<Trap> =
        targets.into_iter().filter_map(|found| found.and_then(|id| change(router, menu, id)).err()).collect();
    if traps.is_empty() { Ok(Answer::done()) } else { Err(traps) }
}
