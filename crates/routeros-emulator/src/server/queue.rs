//! Commands that wait for their turn.

use std::collections::HashSet;

use routeros_wire::Sentence;
use tokio::time::Instant;

use crate::command::Request;

/// A command with the time before which it does not run.
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) sentence: Sentence,
    pub(super) ready_at: Instant,
    /// A delay fault was met already.
    pub(super) delayed: bool,
}

/// Commands of one session that have been read and not yet run.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Vec<Waiting>,
}

impl Queue {
    pub(super) fn push(&mut self, waiting: Waiting) {
        self.waiting.push(waiting);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// When the next command may run.
    pub(super) fn next_ready(&self) -> Option<Instant> {
        self.candidates().map(|at| self.waiting[at].ready_at).min()
    }

    /// Takes one of the commands that may run now; `pick` chooses among them.
    pub(super) fn take(&mut self, now: Instant, pick: impl FnOnce(usize) -> usize) -> Option<Waiting> {
        let ready: Vec<usize> = self.candidates().filter(|at| self.waiting[*at].ready_at <= now).collect();
        let chosen = *ready.get(pick(ready.len()))?;
        Some(self.waiting.remove(chosen))
    }

    /// Takes the commands of a tag out, or all.
    pub(super) fn cancel(&mut self, tag: Option<&[u8]>) -> Vec<Option<Vec<u8>>> {
        let mut cancelled = Vec::new();
        self.waiting.retain(|waiting| {
            let hit = tag.is_none() || waiting.request.tag.as_deref() == tag;
            if hit {
                cancelled.push(waiting.request.tag.clone());
            }
            !hit
        });
        cancelled
    }

    /// Commands of one tag, and untagged ones, keep their sequence: only the first of each is a candidate.
    fn candidates(&self) -> impl Iterator<Item = usize> {
        let mut seen = HashSet::new();
        let first: Vec<usize> = self
            .waiting
            .iter()
            .enumerate()
            .filter(|(_, waiting)| seen.insert(waiting.request.tag.as_deref()))
            .map(|(at, _)| at)
            .collect();
        first.into_iter()
    }
}
