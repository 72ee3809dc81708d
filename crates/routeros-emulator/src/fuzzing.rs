//! What fuzz targets reach beside the public interface: the filter parser, a router without sockets, and a
//! session over a pipe. Only with the feature `fuzzing`; nothing else may use it.

use std::collections::HashMap;
use std::sync::Arc;

use routeros_wire::Sentence;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;

use crate::clock::Clock;
use crate::command::{Key, Replies, Request, RowView, Then, execute};
use crate::schema::{Access, CompiledMenu};
use crate::server::{Shared, serve};
use crate::snapshot::Snapshot;
use crate::state::{Caller, Router, Row};
use crate::value::{POLICIES, Target, Value, parse, show};
use crate::{Builder, Version};

/// When the routers of fuzz targets begin: any fixed time does.
const BEGINNING: i64 = 1_700_000_000_000;

/// Turns of the runtime without a word from the router after which it is taken to have said all.
const SILENCE: u32 = 24;

/// A routing filter rule that was understood, in the form in which it prints; `None` when it is refused.
pub fn filter_rule(text: &str) -> Option<(String, impl PartialEq + std::fmt::Debug + use<>)> {
    crate::filter::parse(text).ok().map(|rule| (rule.to_string(), rule))
}

/// A router with one session of a user who may do everything, and no sockets.
pub struct Machine {
    router: Router,
    caller: Caller,
}

/// What came of one command.
pub struct Ran {
    /// Encoded replies.
    pub replies: Vec<u8>,
    /// The command goes on until it is cancelled, so there is no final reply.
    pub goes_on: bool,
    /// The router went down and came up again: history and sessions are new.
    pub rebooted: bool,
}

impl Machine {
    /// A router of that version, a CCR2116 or a CHR.
    pub fn new(version: Version, board: bool) -> Self {
        let (router, _) = beginning(version, board);
        let mut machine = Machine { router, caller: Caller::local("admin") };
        machine.log_in();
        machine
    }

    fn log_in(&mut self) {
        let session = self.router.open_session("admin", "192.0.2.9", "api");
        self.caller = Caller::new(Some(session), "admin", POLICIES.iter().map(|policy| (*policy).to_owned()));
    }

    /// Runs one command.
    pub fn run(&mut self, sentence: &Sentence) -> Ran {
        let request = Request::from_sentence(sentence);
        let mut replies = Replies::new(request.tag.clone());
        let then = execute(&mut self.router, &self.caller, &request, &mut replies);
        let rebooted = matches!(then, Then::Reboot) || self.router.reboot_wanted;
        if rebooted {
            self.router.reboot();
            self.log_in();
        }
        let goes_on = matches!(then, Then::Follow(_) | Then::Sample(_));
        Ran { replies: replies.bytes().to_vec(), goes_on, rebooted }
    }

    /// Lets time pass; true when a script rebooted the router.
    pub fn pass(&mut self, millis: i64) -> bool {
        let now = self.router.now + millis;
        self.router.tick(now);
        let rebooted = std::mem::take(&mut self.router.reboot_wanted);
        if rebooted {
            self.router.reboot();
            self.log_in();
        }
        rebooted
    }

    /// The configuration.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.router)
    }

    /// Ids of the history's entries, oldest first, and whether each was undone.
    pub fn history(&self) -> Vec<(u32, bool)> {
        self.router.history.entries().iter().map(|entry| (entry.id, entry.undone)).collect()
    }

    /// Whether somebody holds safe mode.
    pub fn is_held(&self) -> bool {
        self.router.hold.is_some()
    }

    /// Looks for a state that cannot be: rows that collide, indexes that disagree with rows, a mandatory field
    /// without a value, a value that would not be taken in the form in which it prints.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        let mut seen = HashMap::new();
        for menu in self.router.schema.menus.values().filter(|menu| !menu.menu.view) {
            self.check_menu(menu, &mut seen).map_err(|wrong| format!("{}: {wrong}", menu.path()))?;
        }
        Ok(())
    }

    fn check_menu(&self, menu: &CompiledMenu, seen: &mut HashMap<String, u32>) -> Result<(), String> {
        let router = &self.router;
        let Some(space) = router.space(menu.menu.space) else { return Ok(()) };
        for row in router.stored(menu) {
            if space.get(row.id) != Some(row) {
                return Err(format!("row {} is not what its id leads to", row.id));
            }
            if menu.menu.ordered && space.position(row.id).is_none() {
                return Err(format!("row {} has no place", row.id));
            }
            if let Some(name) = menu.name_field.and_then(|ix| row.get(ix)).and_then(Value::plain) {
                let found = space.by_name(name).and_then(|id| space.name_of(menu, id));
                if found != Some(name) {
                    return Err(format!("row {} is not found by its name", row.id));
                }
            }
            for unique in &menu.menu.unique {
                let key: Vec<_> =
                    unique.fields.iter().map(|field| menu.field(field).and_then(|ix| row.get(ix))).collect();
                if unique.sparse && key.contains(&None) {
                    continue;
                }
                // Names are unique in their space: no VLAN is called like a bridge.
                let among = if unique.fields == ["name"] { menu.menu.space } else { menu.path() };
                let key = format!("{among} {:?} {key:?}", unique.fields);
                if let Some(other) = seen.insert(key, row.id) {
                    return Err(format!("rows {other} and {} share {:?}", row.id, unique.fields));
                }
            }
            self.check_row(menu, row).map_err(|wrong| format!("row {}: {wrong}", row.id))?;
        }
        Ok(())
    }

    fn check_row(&self, menu: &CompiledMenu, row: &Row) -> Result<(), String> {
        for (ix, field) in menu.fields().iter().enumerate() {
            let value = row.get(ix as u16);
            if field.mandatory && value.is_none() && !row.dynamic {
                return Err(format!("{} is mandatory and missing", field.name));
            }
            let Some(value) = value.filter(|_| field.access != Access::Read) else { continue };
            let alive = value.targets().iter().all(|target| match target {
                Target::Row(space, id) => self.router.row(space, *id).is_some(),
                Target::Word(_) => true,
            });
            let shown = show(value, &self.router);
            // A name may hold what separates a list; nothing says how a router reads that back.
            let one = value.targets().len() < 2 && !(value.targets().len() == 1 && shown.contains(&b','));
            // A default of the table may lie outside what `set` takes; so may what another version left.
            let is_default = field.default.is_some_and(|default| default.as_bytes() == &*shown);
            if !alive || !one || is_default {
                continue;
            }
            match parse(field.name, &field.ty, &shown, &self.router) {
                Ok(again) if again == *value || show(&again, &self.router) == shown => {}
                Ok(again) => {
                    let again = show(&again, &self.router);
                    return Err(format!(
                        "{} prints {} and reads back as {}",
                        field.name,
                        String::from_utf8_lossy(&shown),
                        String::from_utf8_lossy(&again)
                    ));
                }
                Err(trap) => {
                    return Err(format!(
                        "{} prints {} and does not take it: {}",
                        field.name,
                        String::from_utf8_lossy(&shown),
                        trap.message
                    ));
                }
            }
        }
        Ok(())
    }

    /// All rows of a menu as a query sees them: names and printed values.
    pub fn rows(&self, path: &str) -> Vec<Vec<(&'static str, Vec<u8>)>> {
        let router = &self.router;
        let Some(menu) = router.menu(path) else { return Vec::new() };
        let mut rows = Vec::new();
        crate::command::for_each(router, &menu, &self.caller, |row| {
            let view = RowView { router, menu: &menu, row, sensitive: true };
            let fields = (0u16..).zip(menu.fields()).map(|(ix, field)| (field.name, Key::Field(ix)));
            let shown = [(".id", Key::Id)]
                .into_iter()
                .chain(fields)
                .filter_map(|(name, key)| Some((name, view.get(&key)?.into_owned())));
            rows.push(shown.collect());
        });
        rows
    }
}

/// Serves one session over a pipe and hands it `pieces`, one after the other, each when the router has said
/// everything it had to say. Answers what came back, and whether the router ended the session.
pub fn converse(version: Version, seed: u64, pieces: &[Vec<u8>]) -> (Vec<u8>, bool) {
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_time().build() else {
        unreachable!("a runtime of one thread needs nothing that could be missing");
    };
    runtime.block_on(async {
        let (router, clock) = beginning(version, false);
        let (control, _told) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared::new(router, clock, seed, true, control));
        let (ours, theirs) = tokio::io::duplex(1 << 16);
        let (mut ear, mut mouth) = tokio::io::split(ours);
        let talk = async move {
            let mut heard = Vec::new();
            for piece in pieces {
                let mut rest = &piece[..];
                let mut silent = 0;
                while silent < SILENCE {
                    tokio::select! {
                        biased;
                        read = ear.read_buf(&mut heard) => match read {
                            Ok(0) | Err(_) => return (heard, true),
                            Ok(_) => silent = 0,
                        },
                        written = mouth.write_buf(&mut rest), if !rest.is_empty() => match written {
                            Ok(_) => silent = 0,
                            Err(_) => rest = &[],
                        },
                        () = tokio::task::yield_now() => silent += 1,
                    }
                }
            }
            (heard, false)
        };
        let ((), said) = tokio::join!(serve(shared, theirs, "192.0.2.9".into(), "api", || {}), talk);
        said
    })
}

fn beginning(version: Version, board: bool) -> (Router, Clock) {
    let clock = Clock::new();
    clock.freeze();
    clock.set(BEGINNING);
    let builder = Builder::default().release(version);
    let builder = if board { builder.board() } else { builder };
    match builder.router(&clock) {
        Ok(router) => (router, clock),
        Err(error) => unreachable!("a router without a scene has nothing to refuse: {error}"),
    }
}
