//! The structure itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::agenda::Planned;
use super::backup::Saved;
use super::bgp::Bgp;
use super::change::Change;
use super::history::History;
use super::lan::Lan;
use super::safe_mode::Hold;
use super::session::Session;
use super::space::Space;
use super::upgrade::NextBoot;
use crate::certificate::KeyPair;
use crate::log::Log;
use crate::schema::{Compiled, schema_for};
use crate::version::Version;

/// What stays the same over a router's life, and the switches for facts that are not established.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) version: Version,
    /// A RouterBOARD's serial number; `None` makes a CHR.
    pub(crate) board_serial: Option<String>,
    pub(crate) system_id: String,
    /// Milliseconds between the end of the holding session and the rollback (reference 7.1: about 2 s).
    pub(crate) rollback_delay: i64,
    /// Whether another session can release or unroll a hold (reference 7.1: sources contradict).
    pub(crate) foreign_release: bool,
    /// Whether changes under safe mode survive a reboot (assumption `safe-mode-reboot`).
    pub(crate) keep_on_reboot: bool,
    /// Login by challenge, as before 6.43.
    pub(crate) old_login: bool,
    /// Milliseconds after which sessions that packets no longer reach are given up (reference 7.1: 9 minutes).
    pub(crate) silent_loss: i64,
    /// Milliseconds that the row of a lost BGP session stays (assumption `bgp-cache`).
    pub(crate) bgp_cache: i64,
}

/// Hears of a change; false when nobody listens any more.
pub(crate) type Notify = Box<dyn Fn(&Router, &Change) -> bool + Send>;

/// Somebody who follows a menu: gets a reply for each changed row.
pub(crate) struct Follower {
    pub(crate) session: u32,
    pub(crate) tag: Vec<u8>,
    /// Called with the change after it happened; false ends it.
    pub(crate) notify: Notify,
}

/// A command that goes on by the router's clock.
pub(crate) struct Running {
    pub(crate) session: u32,
    pub(crate) tag: Vec<u8>,
    /// Called when time has passed; false ends it.
    pub(crate) advance: Box<dyn FnMut(&Router) -> bool + Send>,
}

/// One emulated router.
pub(crate) struct Router {
    pub(crate) settings: Settings,
    pub(crate) schema: Arc<Compiled>,
    pub(super) spaces: HashMap<&'static str, Space>,
    /// Milliseconds since the epoch; set by whoever runs a command, never read from the machine.
    pub(crate) now: i64,
    pub(crate) booted: i64,
    pub(crate) history: History,
    pub(crate) hold: Option<Hold>,
    pub(crate) sessions: BTreeMap<u32, Session>,
    pub(crate) last_session: u32,
    /// Background scripts begun so far.
    pub(crate) last_job: u32,
    /// How many scripts run within each other.
    pub(crate) scripts_running: u32,
    pub(crate) log: Log,
    /// What the command under way has done so far.
    pub(super) pending: Vec<Change>,
    pub(crate) followers: Vec<Follower>,
    pub(crate) running: Vec<Running>,
    /// Private keys by id of their `/certificate` row. Never rolled back (reference 7.1).
    pub(crate) keys: HashMap<u32, KeyPair>,
    /// Set by `/system/reboot` and the like; the server sees to it.
    pub(crate) reboot_wanted: bool,
    pub(crate) bgp: Bgp,
    /// Who is behind the interfaces.
    pub(crate) lan: Lan,
    /// What others will do.
    pub(super) agenda: Vec<Planned>,
    /// What the next reboot brings besides.
    pub(crate) next_boot: Option<NextBoot>,
    /// Contents of backup files, by name.
    pub(crate) backups: HashMap<String, Arc<Saved>>,
    /// No room for files.
    pub(crate) flash_full: bool,
    /// Since when packets have been vanishing, and by how much the clock was set wrong.
    silent_since: Option<i64>,
    skew: i64,
    next_expiry: i64,
}

impl Router {
    pub(crate) fn new(settings: Settings, now: i64) -> Self {
        let schema = schema_for(settings.version, settings.board_serial.is_some());
        let mut router = Router {
            settings,
            schema,
            spaces: HashMap::new(),
            now,
            booted: now,
            history: History::default(),
            hold: None,
            sessions: BTreeMap::new(),
            last_session: 0,
            last_job: 0,
            scripts_running: 0,
            log: Log::default(),
            pending: Vec::new(),
            followers: Vec::new(),
            running: Vec::new(),
            keys: HashMap::new(),
            reboot_wanted: false,
            bgp: Bgp::default(),
            lan: Lan::default(),
            agenda: Vec::new(),
            next_boot: None,
            backups: HashMap::new(),
            flash_full: false,
            silent_since: None,
            skew: 0,
            next_expiry: 0,
        };
        router.create_defaults();
        router
    }

    pub(crate) fn minor(&self) -> u8 {
        self.settings.version.minor()
    }

    /// Milliseconds since the last start, whatever the clock was set to meanwhile.
    pub(crate) fn uptime(&self) -> i64 {
        self.now - self.booted
    }

    pub(crate) fn is_chr(&self) -> bool {
        self.settings.board_serial.is_none()
    }

    /// Begins a session after a correct login.
    pub(crate) fn open_session(&mut self, user: &str, address: &str, via: &'static str) -> u32 {
        self.last_session += 1;
        let session =
            Session { user: user.to_owned(), address: address.to_owned(), via, since: self.now, cut: false };
        self.sessions.insert(self.last_session, session);
        // Each login writes a line (reference 1.4).
        let line = format!("user {user} logged in from {address} via {via}");
        self.log.push(self.now, "system,info,account", &line);
        self.last_session
    }

    /// Ends a session; a safe-mode hold of it begins to time out.
    pub(crate) fn close_session(&mut self, id: u32) {
        if let Some(session) = self.sessions.remove(&id) {
            let line =
                format!("user {} logged out from {} via {}", session.user, session.address, session.via);
            self.log.push(self.now, "system,info,account", &line);
        }
        self.followers.retain(|follower| follower.session != id);
        self.running.retain(|running| running.session != id);
        if let Some(hold) = &mut self.hold
            && hold.session == Some(id)
        {
            hold.rollback_at = Some(self.now + self.settings.rollback_delay);
        }
    }

    /// What the passing of time brings.
    pub(crate) fn tick(&mut self, now: i64) {
        self.now = now;
        if self.hold.as_ref().and_then(|hold| hold.rollback_at).is_some_and(|at| at <= now) {
            self.unroll();
        }
        self.run_agenda();
        self.run_schedulers();
        self.settle_bgp();
        let mut running = std::mem::take(&mut self.running);
        running.retain_mut(|running| (running.advance)(self));
        self.running = running;
        // Timeouts are in seconds; looking more often only costs.
        if now >= self.next_expiry {
            self.next_expiry = now + 1000;
            self.expire_entries();
        }
    }

    /// State after power came back: sessions are gone, configuration stays.
    pub(crate) fn reboot(&mut self) {
        if self.hold.is_some() {
            if self.settings.keep_on_reboot { self.release_hold() } else { self.unroll() }
        }
        self.sessions.clear();
        self.followers.clear();
        self.running.clear();
        self.history.clear();
        self.log = Log::default();
        self.booted = self.now;
        self.reboot_wanted = false;
        self.forget_bgp();
        self.lan.forget();
        self.forget_volatile();
        self.log.push(self.now, "system,info", "router rebooted");
        match self.next_boot.take() {
            Some(NextBoot::Upgrade(version)) => self.upgrade(version),
            Some(NextBoot::Restore(saved)) => self.restore(&saved),
            None => {}
        }
        self.restart_schedulers();
    }

    /// Sets the hands to `now`; a wrong setting of the clock is no passing of time.
    pub(crate) fn set_now(&mut self, now: i64, skew: i64) {
        let by = skew - self.skew;
        (self.now, self.skew) = (now, skew);
        if by == 0 {
            return;
        }
        self.booted += by;
        self.silent_since = self.silent_since.map(|at| at + by);
        self.next_expiry += by;
        if let Some(hold) = &mut self.hold {
            hold.rollback_at = hold.rollback_at.map(|at| at + by);
        }
        for planned in &mut self.agenda {
            planned.at += by;
        }
        self.shift_bgp(by);
    }

    /// A router notices lost peers late: then sessions end, and safe mode rolls back at once.
    pub(crate) fn notice_silence(&mut self, silent: bool) {
        if !silent {
            self.silent_since = None;
            return;
        }
        let since = *self.silent_since.get_or_insert(self.now);
        if self.now - since < self.settings.silent_loss {
            return;
        }
        for id in self.sessions.keys().copied().collect::<Vec<_>>() {
            self.close_session(id);
        }
        if let Some(at) = self.hold.as_mut().and_then(|hold| hold.rollback_at.as_mut()) {
            *at = (*at).min(self.now);
        }
    }
}
