//! What others do to the router, and when.

use super::router::Router;
use super::session::Caller;
use crate::command::{Replies, Request, Then, execute};

/// A command of somebody else, by the router's clock.
#[derive(Clone, Debug)]
pub(crate) struct Planned {
    /// Milliseconds since the epoch.
    pub(crate) at: i64,
    /// Milliseconds between repetitions.
    pub(crate) every: Option<i64>,
    /// How many are left; none: no end.
    pub(crate) left: Option<u32>,
    pub(crate) user: String,
    pub(crate) request: Request,
}

impl Router {
    pub(crate) fn plan(&mut self, planned: Planned) {
        self.agenda.push(planned);
    }

    /// Does what is due, in the sequence of its time.
    pub(super) fn run_agenda(&mut self) {
        loop {
            let due = self.agenda.iter().enumerate().filter(|(_, planned)| planned.at <= self.now);
            let Some((at, _)) = due.min_by_key(|(_, planned)| planned.at) else { return };
            let mut planned = self.agenda.remove(at);
            let mut replies = Replies::new(None);
            let then = execute(self, &Caller::local(&planned.user), &planned.request, &mut replies);
            self.reboot_wanted |= matches!(then, Then::Reboot);
            if let Some(said) = crate::emulator::first_trap(&replies) {
                let line = format!("{} of {}: {said}", planned.request.path, planned.user);
                self.log.push(self.now, "script,error", &line);
            }
            planned.left = planned.left.map(|left| left.saturating_sub(1));
            if let Some(every) = planned.every.filter(|every| *every > 0 && planned.left != Some(0)) {
                planned.at += every;
                self.agenda.push(planned);
            }
        }
    }
}
