//! Safe mode, undo and redo (reference 7.1).

use super::history::LIMIT;
use super::router::Router;
use super::session::Caller;
use crate::errors::{ErrorId, Trap};

/// Who holds safe mode.
#[derive(Clone, Debug)]
pub(crate) struct Hold {
    pub(crate) session: Option<u32>,
    pub(crate) user: String,
    /// Kind of session: `api`, `console`.
    pub(crate) owner: String,
    /// Set once the session ended: when everything is taken back.
    pub(crate) rollback_at: Option<i64>,
}

impl Router {
    /// Whether `caller` is the one who holds.
    pub(crate) fn holds(&self, caller: &Caller) -> bool {
        self.hold.as_ref().is_some_and(|hold| hold.session.is_some() && hold.session == caller.session)
    }

    pub(crate) fn take_hold(&mut self, caller: &Caller, owner: &str) -> Result<(), Trap> {
        if let Some(hold) = &self.hold {
            // Taking twice in one session is a no-op.
            return if self.holds(caller) {
                Ok(())
            } else {
                Err(Trap::with(ErrorId::SafeModeHeld, &hold.user))
            };
        }
        self.hold = Some(Hold {
            session: caller.session,
            user: caller.user.clone(),
            owner: owner.to_owned(),
            rollback_at: None,
        });
        Ok(())
    }

    /// Refuses when there is no hold, or it is somebody else's and the switch says that this matters.
    pub(crate) fn may_end_hold(&self, caller: &Caller) -> Result<(), Trap> {
        match &self.hold {
            None => Err(Trap::new(ErrorId::SafeModeNotTaken)),
            Some(hold) if !self.holds(caller) && !self.settings.foreign_release => {
                Err(Trap::with(ErrorId::SafeModeHeld, &hold.user))
            }
            Some(_) => Ok(()),
        }
    }

    /// Keeps everything.
    pub(crate) fn release_hold(&mut self) {
        self.hold = None;
        self.history.settle();
    }

    /// Takes everything back that anybody did since the hold began, newest first.
    pub(crate) fn unroll(&mut self) {
        self.hold = None;
        for entry in self.history.take_floating() {
            if !entry.undone {
                for change in entry.changes.iter().rev() {
                    self.replay(&change.inverse());
                }
            }
        }
        self.log.push(self.now, "system,info", "safe mode changes were undone");
    }

    /// More than about 100 actions: safe mode ends and keeps everything, without asking.
    pub(super) fn check_safe_mode_limit(&mut self) {
        if self.history.floating() > LIMIT {
            self.release_hold();
            self.log.push(self.now, "system,warning", "safe mode left: too many actions");
        }
    }

    pub(crate) fn undo(&mut self) -> Result<(), Trap> {
        let Some(entry) = self.history.last_done() else { return Err(Trap::new(ErrorId::NothingToUndo)) };
        entry.undone = true;
        let changes = entry.changes.clone();
        for change in changes.iter().rev() {
            self.replay(&change.inverse());
        }
        Ok(())
    }

    pub(crate) fn redo(&mut self) -> Result<(), Trap> {
        let Some(entry) = self.history.first_undone() else { return Err(Trap::new(ErrorId::NothingToRedo)) };
        entry.undone = false;
        for change in entry.changes.clone() {
            self.replay(&change);
        }
        Ok(())
    }
}
