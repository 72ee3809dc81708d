//! Signs of life of a connection.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

/// When the router was last heard and when an answer last failed to come, shared between the task that
/// reads and the handles that wait. Times are nanoseconds since the connection was opened, plus one, so
/// that zero means never.
#[derive(Debug)]
pub(crate) struct Activity {
    opened: Instant,
    heard: AtomicU64,
    missed: AtomicU64,
}

impl Activity {
    pub(crate) fn new() -> Self {
        Self { opened: Instant::now(), heard: AtomicU64::new(1), missed: AtomicU64::new(0) }
    }

    pub(crate) fn hear(&self) {
        self.heard.store(self.stamp(), Ordering::Relaxed);
    }

    pub(crate) fn miss(&self) {
        self.missed.store(self.stamp(), Ordering::Relaxed);
    }

    /// Time since anything came from the router.
    pub(crate) fn silent_for(&self) -> Duration {
        Duration::from_nanos(self.stamp().saturating_sub(self.heard.load(Ordering::Relaxed)))
    }

    /// True when an answer failed to come and nothing has come since.
    pub(crate) fn is_suspect(&self) -> bool {
        self.missed.load(Ordering::Relaxed) > self.heard.load(Ordering::Relaxed)
    }

    fn stamp(&self) -> u64 {
        let elapsed = self.opened.elapsed().as_nanos();
        u64::try_from(elapsed).unwrap_or(u64::MAX).saturating_add(1)
    }
}
