//! Named points at which a test can kill the process.
//!
//! Every write of the journal and every write to a router stands between two of them. With the
//! feature `failpoints`, `MOXXIE_FAILPOINT=name` (or `name:3`, the third time it is reached) ends the
//! process there as SIGKILL would: no destructor runs, nothing is flushed. `MOXXIE_FAILPOINT_LOG=file`
//! appends every name reached, so that a test can hold the list of points hit against [`ALL`].
//! Without the feature nothing is compiled in.

macro_rules! points {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)+) => {
        $($(#[$doc])* pub const $name: &str = $text;)+
        /// Every point there is.
        pub const ALL: &[&str] = &[$($text),+];
    };
}

points! {
    /// The order is written, not committed.
    ORDER_WRITTEN = "order.written";
    /// The order is committed: allocation, intent, change.
    ORDER_COMMITTED = "order.committed";
    /// A batch of addresses is planned; nothing of it is written.
    BATCH_PLANNED = "batch.planned";
    /// A batch of addresses is committed; nobody is answered.
    BATCH_COMMITTED = "batch.committed";
    /// The router's identity, seen for the first time, is recorded.
    IDENTITY_RECORDED = "identity.recorded";
    /// The plan is made, the journal is not written.
    PLAN_MADE = "plan.made";
    /// Plan and journal are committed; nothing is sent.
    JOURNAL_WRITTEN = "journal.written";
    /// The guard is about to be taken.
    GUARD_BEFORE_TAKE = "guard.before_take";
    /// The guard is held.
    GUARD_TAKEN = "guard.taken";
    /// A wave is marked as sent; it is not.
    WAVE_JOURNALED = "wave.journaled";
    /// A wave's bytes are about to leave.
    WAVE_BEFORE_SEND = "wave.before_send";
    /// A wave's bytes are handed to the connection.
    WAVE_SENT = "wave.sent";
    /// A wave's answers are in; they are not journaled.
    WAVE_ANSWERED = "wave.answered";
    /// A wave's outcomes are committed.
    WAVE_DONE = "wave.done";
    /// A chunk that is not the last is done and its guard released.
    CHUNK_KEPT = "chunk.kept";
    /// The change is marked as verifying.
    VERIFY_BEGUN = "verify.begun";
    /// Verified; the decision is not written.
    VERIFIED = "verify.passed";
    /// The decision to keep is committed; the guard still holds.
    COMMIT_DECIDED = "commit.decided";
    /// The guard is released; the records are not closed.
    GUARD_RELEASED = "guard.released";
    /// The records are closed: the change is applied.
    CHANGE_APPLIED = "change.applied";
    /// The change is marked as rolling back.
    ROLLBACK_BEGUN = "rollback.begun";
    /// The guard has undone what it could.
    GUARD_UNROLLED = "guard.unrolled";
    /// A wave of inverses is about to leave.
    UNDO_BEFORE_SEND = "undo.before_send";
    /// A wave of inverses is handed to the connection.
    UNDO_SENT = "undo.sent";
    /// A wave of inverses is answered.
    UNDO_ANSWERED = "undo.answered";
    /// The router is as before; the records are not.
    UNDO_VERIFIED = "undo.verified";
    /// The records are closed: the change is rolled back.
    CHANGE_ROLLED_BACK = "change.rolled_back";
    /// After a commit that lost its guard: a wave of what is missing is about to leave.
    FORWARD_BEFORE_SEND = "forward.before_send";
    /// After a commit that lost its guard: the wave is handed to the connection.
    FORWARD_SENT = "forward.sent";
    /// After a commit that lost its guard: the wave is answered.
    FORWARD_ANSWERED = "forward.answered";
}

/// The points around a wave of one kind.
pub(crate) struct WavePoints {
    before: &'static str,
    sent: &'static str,
    answered: &'static str,
}

/// A wave of a plan.
pub(crate) const PLAN: WavePoints =
    WavePoints { before: WAVE_BEFORE_SEND, sent: WAVE_SENT, answered: WAVE_ANSWERED };
/// A wave of inverses.
pub(crate) const UNDO: WavePoints =
    WavePoints { before: UNDO_BEFORE_SEND, sent: UNDO_SENT, answered: UNDO_ANSWERED };
/// A wave of what is missing after a commit.
pub(crate) const FORWARD: WavePoints =
    WavePoints { before: FORWARD_BEFORE_SEND, sent: FORWARD_SENT, answered: FORWARD_ANSWERED };

impl moxxie_routeros::Observer for WavePoints {
    fn before_send(&self) {
        hit(self.before);
    }

    fn after_send(&self) {
        hit(self.sent);
    }

    fn after_answers(&self) {
        hit(self.answered);
    }
}

/// Says that a point has been reached.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn hit(_name: &'static str) {}

/// Says that a point has been reached; ends the process when the environment says so.
#[cfg(feature = "failpoints")]
pub fn hit(name: &'static str) {
    armed::hit(name);
}

#[cfg(feature = "failpoints")]
mod armed {
    use std::{
        io::Write,
        sync::{
            LazyLock,
            atomic::{AtomicU64, Ordering},
        },
    };

    static TARGET: LazyLock<Option<(String, u64)>> = LazyLock::new(|| {
        let text = std::env::var("MOXXIE_FAILPOINT").ok()?;
        let (name, nth) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), nth.parse().unwrap_or(1)))
    });
    static LOG: LazyLock<Option<String>> = LazyLock::new(|| std::env::var("MOXXIE_FAILPOINT_LOG").ok());
    static SEEN: AtomicU64 = AtomicU64::new(0);

    pub(super) fn hit(name: &'static str) {
        if let Some(path) = LOG.as_deref() {
            let line = format!("{name}\n");
            let written = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .and_then(|mut file| file.write_all(line.as_bytes()));
            if let Err(error) = written {
                tracing::error!(%error, path, "cannot write the failpoint log");
            }
        }
        if let Some((target, nth)) = TARGET.as_ref()
            && target == name
            && SEEN.fetch_add(1, Ordering::SeqCst) + 1 == *nth
        {
            // `kill -9` of oneself, by the system's own program: this crate forbids unsafe code, and
            // `abort` would differ from what the test is about only in the signal.
            let pid = std::process::id().to_string();
            let _ = std::process::Command::new("kill").args(["-9", &pid]).status();
            std::process::abort();
        }
    }
}
