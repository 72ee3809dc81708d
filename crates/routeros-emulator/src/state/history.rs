//! `/system/history`: what was done, by whom, and how to undo it.

use super::change::Change;

/// Entries kept; also the limit of safe mode (reference 4 and 7.1).
pub(crate) const LIMIT: usize = 100;

/// One action.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) id: u32,
    pub(crate) action: String,
    pub(crate) by: String,
    /// Milliseconds since the epoch, by the router's clock.
    pub(crate) time: i64,
    pub(crate) changes: Vec<Change>,
    /// Made under safe mode: taken back when the hold is lost.
    pub(crate) floating: bool,
    /// Was undone; `redo` brings it back.
    pub(crate) undone: bool,
}

/// The list, oldest first.
#[derive(Debug, Default)]
pub(crate) struct History {
    last_id: u32,
    entries: Vec<Entry>,
}

impl History {
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds an action. A new change drops what could be redone (reference 7.1).
    pub(crate) fn push(&mut self, action: String, by: &str, time: i64, changes: Vec<Change>, floating: bool) {
        self.last_id += 1;
        self.entries.retain(|entry| !entry.undone);
        self.entries.push(Entry {
            id: self.last_id,
            action,
            by: by.to_owned(),
            time,
            changes,
            floating,
            undone: false,
        });
        if self.entries.len() > LIMIT {
            let spare = self.entries.len() - LIMIT;
            // Floating entries are bounded by safe mode itself and must not fall off the end.
            let mut dropped = 0;
            self.entries.retain(|entry| {
                let drop = dropped < spare && !entry.floating;
                dropped += usize::from(drop);
                !drop
            });
        }
    }

    pub(crate) fn floating(&self) -> usize {
        self.entries.iter().filter(|entry| entry.floating).count()
    }

    /// Keeps what was done under safe mode.
    pub(crate) fn settle(&mut self) {
        for entry in &mut self.entries {
            entry.floating = false;
        }
    }

    /// Takes the entries made under safe mode out, newest first.
    pub(crate) fn take_floating(&mut self) -> Vec<Entry> {
        let (floating, kept) =
            std::mem::take(&mut self.entries).into_iter().partition(|entry| entry.floating);
        self.entries = kept;
        let mut floating: Vec<Entry> = floating;
        floating.reverse();
        floating
    }

    /// The entry that `undo` takes back next.
    pub(crate) fn last_done(&mut self) -> Option<&mut Entry> {
        self.entries.iter_mut().rev().find(|entry| !entry.undone)
    }

    /// The entry that `redo` does again next.
    pub(crate) fn first_undone(&mut self) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.undone)
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}
