//! Commands that wait for their turn. Every step costs the same however many wait.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashMap, VecDeque};

use routeros_wire::Sentence;
use tokio::time::Instant;

use crate::command::Request;

type Tag = Option<Vec<u8>>;

/// A command with the time before which it does not run.
pub(super) struct Waiting {
    pub(super) request: Request,
    pub(super) sentence: Sentence,
    pub(super) ready_at: Instant,
    /// A delay fault was met already.
    pub(super) delayed: bool,
}

/// Commands of one session that have been read and not yet run.
///
/// Commands of one tag, and untagged ones, keep their sequence: only the first of each may run.
#[derive(Default)]
pub(super) struct Queue {
    /// Firsts whose time has come.
    ready: VecDeque<Waiting>,
    /// Firsts whose time has not come.
    later: BinaryHeap<Later>,
    /// What waits behind the first of its tag; an entry for every tag that has a first.
    behind: HashMap<Tag, VecDeque<Waiting>>,
    arrived: u64,
}

impl Queue {
    pub(super) fn push(&mut self, waiting: Waiting) {
        match self.behind.get_mut(&waiting.request.tag) {
            Some(behind) => behind.push_back(waiting),
            None => {
                self.behind.insert(waiting.request.tag.clone(), VecDeque::new());
                self.first(waiting);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ready.is_empty() && self.later.is_empty()
    }

    /// When the next command may run.
    pub(super) fn next_ready(&self) -> Option<Instant> {
        self.ready
            .front()
            .or_else(|| self.later.peek().map(|later| &later.waiting))
            .map(|waiting| waiting.ready_at)
    }

    /// Takes one of the commands that may run now; `pick` chooses among them, 0 being the first that came.
    pub(super) fn take(&mut self, now: Instant, pick: impl FnOnce(usize) -> usize) -> Option<Waiting> {
        while self.later.peek().is_some_and(|later| later.waiting.ready_at <= now) {
            self.ready.extend(self.later.pop().map(|later| later.waiting));
        }
        if self.ready.is_empty() {
            return None;
        }
        let taken = self.ready.swap_remove_front(pick(self.ready.len()))?;
        match self.behind.get_mut(&taken.request.tag).and_then(VecDeque::pop_front) {
            Some(next) => self.first(next),
            None => {
                self.behind.remove(&taken.request.tag);
            }
        }
        Some(taken)
    }

    /// Takes the commands of a tag out, or all.
    pub(super) fn cancel(&mut self, tag: Option<&[u8]>) -> Vec<Tag> {
        let old = std::mem::take(self);
        let firsts = old
            .ready
            .into_iter()
            .chain(old.later.into_sorted_vec().into_iter().rev().map(|later| later.waiting));
        let all: Vec<Waiting> = firsts.chain(old.behind.into_values().flatten()).collect();
        let mut cancelled = Vec::new();
        for waiting in all {
            if tag.is_none() || waiting.request.tag.as_deref() == tag {
                cancelled.push(waiting.request.tag);
            } else {
                self.push(waiting);
            }
        }
        cancelled
    }

    fn first(&mut self, waiting: Waiting) {
        self.arrived += 1;
        self.later.push(Later { waiting, arrived: self.arrived });
    }
}

/// Orders a heap so that the earliest comes first.
struct Later {
    waiting: Waiting,
    arrived: u64,
}

impl Ord for Later {
    fn cmp(&self, other: &Self) -> Ordering {
        (other.waiting.ready_at, other.arrived).cmp(&(self.waiting.ready_at, self.arrived))
    }
}

impl PartialOrd for Later {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Later {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Later {}
