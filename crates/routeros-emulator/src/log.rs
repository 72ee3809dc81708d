//! `/log`: the last lines in memory.

use std::collections::VecDeque;

/// Lines kept, as the default action `memory` keeps them.
const LINES: usize = 1000;

/// One line.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) id: u32,
    /// Milliseconds since the epoch.
    pub(crate) time: i64,
    pub(crate) topics: String,
    pub(crate) message: String,
}

/// The log of one router.
#[derive(Debug, Default)]
pub(crate) struct Log {
    last_id: u32,
    lines: VecDeque<Line>,
}

impl Log {
    pub(crate) fn push(&mut self, time: i64, topics: &str, message: &str) {
        self.last_id += 1;
        self.lines.push_back(Line {
            id: self.last_id,
            time,
            topics: topics.to_owned(),
            message: message.to_owned(),
        });
        if self.lines.len() > LINES {
            self.lines.pop_front();
        }
    }

    pub(crate) fn lines(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter()
    }
}
