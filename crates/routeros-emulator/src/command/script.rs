//! The part of the scripting language that guards and schedules use: command lines, `[find ...]`,
//! `:log`, `:delay`, `:do { ... } on-error={ ... }`.

mod parse;

use bytes::Bytes;

use super::files::{with_ending, write_file};
use super::replies::Replies;
use super::request::Request;
use super::{Answer, Outcome, actions, dispatch};
use crate::errors::{ErrorId, Trap};
use crate::state::{Caller, Router};
use crate::value::{Names, Value, format_id};
use parse::{Argument, Statement};

/// A script may run others, or itself: more is refused instead of exhausting the stack (assumption `script-depth`).
const SCRIPTS_IN_SCRIPTS: u32 = 16;

/// Runs a script line by line; the first error ends it, what went before stays (reference 7.1).
pub(crate) fn run(router: &mut Router, caller: &Caller, source: &str) -> Result<(), Trap> {
    said(router, caller, source).map(drop)
}

/// Runs it and answers what it put.
fn said(router: &mut Router, caller: &Caller, source: &str) -> Result<String, Trap> {
    let statements = parse::statements(source)?;
    if router.scripts_running == SCRIPTS_IN_SCRIPTS {
        return Err(Trap::text("failure: too many scripts run each other".to_owned()));
    }
    let mut lines = String::new();
    router.scripts_running += 1;
    let ran = run_all(router, caller, &statements, String::new(), &mut lines);
    router.scripts_running -= 1;
    ran.map(|()| lines)
}

/// `/execute`: in the background, whose errors nobody hears of, or with `as-string` at once (reference 1.10).
pub(super) fn execute(router: &mut Router, caller: &Caller, request: &Request, _: &mut Replies) -> Outcome {
    let one = |trap| vec![trap];
    let source = request.text("script").ok_or_else(|| one(Trap::with(ErrorId::Missing, "script")))?;
    // A script may be named instead.
    let named = router.find("/system/script", source.as_bytes());
    let named = named
        .and_then(|id| router.row("/system/script", id))
        .and_then(|row| router.value_of(row, "source").and_then(Value::as_str).map(str::to_owned));
    let source = named.unwrap_or(source);
    let said = said(router, caller, &source);
    // Its mere presence counts, whatever the value.
    if request.argument("as-string").is_some() {
        return said.map(Answer::ret).map_err(one);
    }
    if let (Some(file), Ok(lines)) = (request.text("file"), &said) {
        write_file(router, &with_ending(&file, ".txt"), lines.clone(), lines.len()).map_err(one)?;
    }
    router.last_job += 1;
    Ok(Answer::ret(format_id(router.last_job)))
}

/// Whether it can be read, without running it.
pub(crate) fn check(source: &str) -> Result<(), Trap> {
    parse::statements(source).map(drop)
}

/// `place` is the menu that a line with nothing but a path went to.
fn run_all(
    router: &mut Router,
    caller: &Caller,
    statements: &[Statement],
    mut place: String,
    said: &mut String,
) -> Result<(), Trap> {
    for statement in statements {
        match statement {
            Statement::Do { body, on_error } => {
                match (run_all(router, caller, body, place.clone(), said), on_error.as_deref()) {
                    (Err(_), Some(handler)) => run_all(router, caller, handler, place.clone(), said)?,
                    (other, _) => other?,
                }
            }
            Statement::Log { topic, message } => {
                router.log.push(router.now, &format!("script,{topic}"), message);
            }
            Statement::Error(message) => return Err(Trap::text(message.clone())),
            Statement::Put(line) => {
                said.push_str(line);
                said.push_str("\r\n");
            }
            Statement::Nothing => {}
            Statement::Command { relative, path, arguments } => {
                let path = if *relative { format!("{place}{path}") } else { path.clone() };
                if arguments.is_empty() && router.schema.is_directory(&path) {
                    place = path;
                } else {
                    command(router, caller, &path, arguments)?;
                }
            }
        }
    }
    Ok(())
}

fn command(router: &mut Router, caller: &Caller, path: &str, arguments: &[Argument]) -> Result<(), Trap> {
    let (menu_path, word) = path.rsplit_once('/').unwrap_or(("", path));
    // Some commands call their item `number`: `/system/script/run`, `/certificate/sign`.
    let numbered_one = router
        .menu(menu_path)
        .is_some_and(|menu| menu.extra(word).is_some_and(|known| known.contains(&"number")));
    let item_name = if numbered_one { "number" } else { "numbers" };
    let mut request = Request::new(path, &[]);
    for argument in arguments {
        match argument {
            Argument::Pair(name, value) => {
                request.arguments.push((name.clone(), Bytes::from(value.clone())));
            }
            Argument::Target(item) => {
                let item = numbered(router, menu_path, item).unwrap_or_else(|| item.clone());
                request.arguments.push((item_name.to_owned(), Bytes::from(item)));
            }
            Argument::Find(name, conditions) => {
                let mut find = Request::new(&format!("{menu_path}/find"), &[]);
                find.queries =
                    conditions.iter().map(|condition| Bytes::from(format!("?{condition}"))).collect();
                let ids = found(router, caller, &find)?;
                // Nothing found, nothing to do: no error in a script.
                if ids.is_empty() {
                    return Ok(());
                }
                let name = name.clone().unwrap_or_else(|| "numbers".to_owned());
                request.arguments.push((name, Bytes::from(ids)));
            }
        }
    }
    if actions::find(path).is_none() {
        // A bare word after `reboot`-like commands is no target; singletons take none.
        let single = router.menu(menu_path).is_some_and(|menu| !menu.is_list());
        if single {
            request.arguments.retain(|argument| argument.0 != "numbers");
        }
    }
    let mut out = Replies::new(None);
    match dispatch::execute_quietly(router, caller, &request, &mut out) {
        Ok(()) => Ok(()),
        Err(traps) => Err(traps.into_iter().next().unwrap_or_else(|| Trap::text("failure"))),
    }
}

/// The item at a position: exports name rows so that are there from the start and have no name.
fn numbered(router: &Router, menu: &str, item: &str) -> Option<String> {
    let menu = router.menu(menu)?;
    let at: usize = item.parse().ok()?;
    let row = router.stored(&menu).filter(|row| !row.dynamic).nth(at)?;
    router.find(menu.menu.space, item.as_bytes()).is_none().then(|| format_id(row.id))
}

/// The ids that `[find ...]` gives, comma separated.
fn found(router: &mut Router, caller: &Caller, find: &Request) -> Result<String, Trap> {
    dispatch::evaluate(router, caller, find)
        .map(|ids| ids.replace(';', ","))
        .map_err(|mut traps| traps.remove(0))
}
