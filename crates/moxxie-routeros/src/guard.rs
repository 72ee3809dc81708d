//! The guard: what undoes a change by itself when moxxie or its path to the router is lost.
//!
//! From 7.18 on that is safe mode, held by the session that makes the change: when the session ends without
//! a release, the router takes everything back. Before 7.18 there is none over the API, and the journal
//! alone brings a change to its end; timers on the router will serve there later.

use routeros_client::Command;

use crate::{DriverError, HistoryEntry, SafeMode, Session};

/// A guard that was taken, or the knowledge that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guard {
    held: bool,
}

impl Guard {
    /// No guard: the router's version has none, or the change does without.
    #[must_use]
    pub const fn none() -> Self {
        Self { held: false }
    }

    /// Whether the router undoes the change by itself when the session ends.
    #[must_use]
    pub const fn is_active(&self) -> bool {
        self.held
    }
}

/// Why no guard was taken.
#[derive(Debug, Clone, thiserror::Error)]
pub enum GuardError {
    /// Somebody else holds safe mode: the change waits for them.
    #[error("safe mode of router {router} is held by {user} ({owner})")]
    HeldBy {
        /// The router.
        router: String,
        /// The user.
        user: String,
        /// The kind of their session.
        owner: String,
    },
    /// The router did not give it, or does not show it as ours.
    #[error("router {router} gave no safe mode: {reason}")]
    NotTaken {
        /// The router.
        router: String,
        /// In its own words where it had some.
        reason: String,
    },
    /// The router could not be asked.
    #[error("taking safe mode")]
    Driver(#[from] DriverError),
}

/// What became of a guard that was let go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Released {
    /// It was held to the end, and is not any more: everything stays.
    Kept,
    /// It was not held any more: safe mode ends by itself, and keeps everything, after about 100 actions;
    /// or there was none.
    NotHeld,
}

/// What became of a guard that should undo the change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unrolled {
    /// The router took everything back.
    Undone,
    /// Somebody else worked meanwhile, and an unroll would have undone that too: everything was kept, and
    /// the computed inverse has to run.
    KeptForeign(Vec<HistoryEntry>),
    /// There was no hold of ours: the computed inverse has to run.
    NotHeld,
}

impl Session {
    /// Takes safe mode, where the version has it.
    ///
    /// # Errors
    /// [`GuardError::HeldBy`] names the holder; nothing has been changed then.
    pub async fn take_guard(&self) -> Result<Guard, GuardError> {
        if !self.facts().has_safe_mode() {
            return Ok(Guard::none());
        }
        self.refuse_foreign(&self.read_safe_mode().await?)?;
        // What on-error means is not settled (it may be what happens on a conflict, or when the holder
        // dies); abort is right either way, and every version that has safe mode knows it.
        let taken = self.connection.run(Command::new("/safe-mode/take").attr("on-error", "abort")).await;
        let now = self.read_safe_mode().await?;
        match (taken, &now) {
            (_, SafeMode::Ours) => Ok(Guard { held: true }),
            (taken, now) => {
                self.refuse_foreign(now)?;
                let reason =
                    taken.err().map_or("it is not shown as taken".to_owned(), |e| crate::error::chain(&e));
                Err(GuardError::NotTaken { router: self.name.clone(), reason })
            }
        }
    }

    fn refuse_foreign(&self, mode: &SafeMode) -> Result<(), GuardError> {
        match mode {
            SafeMode::Other { user, owner } => Err(GuardError::HeldBy {
                router: self.name.clone(),
                user: user.clone(),
                owner: owner.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Lets the guard go and keeps the change. Confirmed by reading.
    ///
    /// # Errors
    /// [`DriverError`]: the guard may or may not still be held; when the session is over and it was held, the
    /// router takes the change back. Only a new read tells.
    pub async fn release(&self, guard: Guard) -> Result<Released, DriverError> {
        if !guard.held || self.read_safe_mode().await? != SafeMode::Ours {
            return Ok(Released::NotHeld);
        }
        // Somebody may have taken the hold over between the two looks: only our own release counts.
        let ours = self.end("/safe-mode/release").await?;
        Ok(if ours { Released::Kept } else { Released::NotHeld })
    }

    /// Has the router undo everything done under the guard, unless that would undo somebody else's work.
    ///
    /// # Errors
    /// As for [`release`](Self::release).
    pub async fn unroll(&self, guard: Guard) -> Result<Unrolled, DriverError> {
        if !guard.held || self.read_safe_mode().await? != SafeMode::Ours {
            return Ok(Unrolled::NotHeld);
        }
        let foreign: Vec<_> = self
            .read_history()
            .await?
            .into_iter()
            .filter(|entry| entry.floating && entry.by != self.username)
            .collect();
        if foreign.is_empty() {
            let ours = self.end("/safe-mode/unroll").await?;
            return Ok(if ours { Unrolled::Undone } else { Unrolled::NotHeld });
        }
        self.end("/safe-mode/release").await?;
        Ok(Unrolled::KeptForeign(foreign))
    }

    /// Whether the hold ended by this command; it may also have ended by somebody else's.
    async fn end(&self, command: &'static str) -> Result<bool, DriverError> {
        let answer = self.connection.run(command).await;
        // What counts is what the router shows, not what it said.
        if self.read_safe_mode().await? != SafeMode::Ours {
            return Ok(answer.is_ok());
        }
        let reason = answer.err().map_or("it is still held".to_owned(), |e| crate::error::chain(&e));
        Err(DriverError::Refused { router: self.name.clone(), reason: format!("{command}: {reason}") })
    }
}
