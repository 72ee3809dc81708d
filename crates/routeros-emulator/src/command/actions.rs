//! Commands that are no plain reading or writing of rows.

use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome, Then, certificate, export, files, inspect, ping, samples, script, target};
use crate::errors::{ErrorId, Trap};
use crate::schema::{CompiledMenu, monitor_arguments};
use crate::state::{Caller, Router};
use crate::value::{Value, parse_id};

/// A command that stands alone, outside every emulated menu.
pub(super) struct Action {
    pub(super) path: &'static str,
    pub(super) policy: &'static str,
    own: &'static [&'static str],
    /// It goes on with samples, and takes what all such commands take.
    monitor: bool,
    pub(super) run: fn(&mut Router, &Caller, &Request, &mut Replies) -> Outcome,
}

impl Action {
    const fn new(
        path: &'static str,
        policy: &'static str,
        own: &'static [&'static str],
        run: fn(&mut Router, &Caller, &Request, &mut Replies) -> Outcome,
    ) -> Self {
        Action { path, policy, own, monitor: false, run }
    }

    const fn monitor(self) -> Self {
        Action { monitor: true, ..self }
    }

    /// Names of the arguments in this version, without `.proplist`, which the API adds.
    pub(super) fn arguments(&self, minor: u8) -> Vec<&'static str> {
        let mut names = self.own.to_vec();
        if self.monitor {
            names.extend(monitor_arguments(minor).into_iter().filter(|name| !name.starts_with('.')));
        }
        if self.path == "/export" && minor < 23 {
            names.retain(|name| *name != "path");
        }
        names
    }
}

const ACTIONS: &[Action] = &[
    Action::new("/undo", "write", &[], undo),
    Action::new("/redo", "write", &[], redo),
    Action::new("/execute", "write", &["as-string", "file", "script"], script::execute),
    Action::new("/console/inspect", "read", inspect::ARGUMENTS, inspect::inspect),
    Action::new("/system/reboot", "reboot", &[], reboot),
    Action::new("/system/shutdown", "reboot", &[], shutdown),
    Action::new("/tool/ping", "test", ping::ARGUMENTS, ping::ping),
    Action::new(PING, "test", ping::ARGUMENTS, ping::ping),
    // Writing files needs `ftp` (reference 4, users).
    Action::new("/system/backup/save", "ftp", files::SAVE, files::save_backup),
    Action::new("/system/backup/load", "reboot", files::LOAD, files::load_backup),
    Action::new("/tool/torch", "sniff", samples::TORCH, samples::torch),
    Action::new("/tool/traceroute", "test", samples::TRACEROUTE, samples::traceroute),
    Action::new("/queue/monitor", "read", &[], samples::queues).monitor(),
    Action::new("/export", "read", export::ARGUMENTS, export::everything),
    Action::new("/import", "write", files::IMPORT, files::import),
];

/// Gone from the tree in 7.23, and answered all the same (reference 4).
const PING: &str = "/ping";

pub(super) fn find(path: &str) -> Option<&'static Action> {
    ACTIONS.iter().find(|action| action.path == path)
}

/// The actions that this version's tree has.
pub(super) fn all(minor: u8) -> impl Iterator<Item = &'static Action> {
    ACTIONS.iter().filter(move |action| !(minor >= 23 && action.path == PING))
}

pub(super) fn listed(minor: u8, path: &str) -> Option<&'static Action> {
    all(minor).find(|action| action.path == path)
}

/// Place, name and arguments of the actions below the root. `/console` is in no tree that is at hand.
pub(crate) fn lone_commands(
    minor: u8,
) -> impl Iterator<Item = (&'static str, &'static str, Vec<&'static str>)> {
    let below = all(minor).filter_map(|action| Some((action, action.path.rsplit_once('/')?)));
    below
        .filter(|(_, (place, _))| !place.is_empty() && *place != "/console")
        .map(move |(action, (place, name))| (place, name, action.arguments(minor)))
}

/// Places that hold actions: `/tool`, `/system/backup`.
pub(super) fn directories() -> impl Iterator<Item = &'static str> {
    ACTIONS
        .iter()
        .filter_map(|action| action.path.rsplit_once('/'))
        .map(|(above, _)| above)
        .filter(|above| !above.is_empty())
}

pub(super) fn is_directory(path: &str) -> bool {
    directories().any(|above| above == path)
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

/// Off until somebody presses the button ([`crate::Emulator::go_online`]).
fn shutdown(_: &mut Router, _: &Caller, _: &Request, _: &mut Replies) -> Outcome {
    Ok(Answer { ret: None, then: Then::Shutdown })
}

/// The policy that a menu's own command needs.
pub(super) fn policy_of(menu: &CompiledMenu, command: &str) -> &'static str {
    match (menu.path(), command) {
        ("/system/package/update", "download" | "install") => "policy",
        ("/file", "read") => "read",
        ("/system/package", _) => "reboot",
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
        ("/certificate", "sign") => certificate::sign(router, caller, menu, request),
        ("/certificate", "export-certificate") => certificate::export(router, caller, menu, request),
        // What is scheduled takes effect by a reboot; nothing is scheduled here.
        ("/system/package", "apply-changes") => reboot(router, caller, request, out),
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
