//! A plan: ordered commands with inverses, made from one basis.
//!
//! Commands are data: they can be shown, stored, replayed, and survive an upgrade. They name rows by
//! mark and natural key and never by the device's own ids, so that a plan means the same after a
//! reconnect.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    change::StepName,
    row::{Mark, Row},
};

/// What a command does to its row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "lowercase")]
pub enum Action {
    /// Make the row. Its inverse removes it.
    Add,
    /// Change fields of the row. Its inverse writes the values they had.
    Set {
        /// The fields that change, as they were; a field that was absent is `None`.
        before: BTreeMap<String, Option<String>>,
    },
    /// Remove the row. Its inverse makes it again.
    Remove,
}

impl Action {
    /// The word for it on the wire and in the trail: `add`, `set`, `remove`.
    #[must_use]
    pub const fn verb(&self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Set { .. } => "set",
            Self::Remove => "remove",
        }
    }
}

/// One command, with all that is needed to do it, to undo it and to tell whether it is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// Commands of one wave may run in any order; a wave begins when the one before has ended.
    pub wave: u16,
    /// What is done.
    #[serde(flatten)]
    pub action: Action,
    /// The row: as it should be (add, set) or as it was (remove).
    pub row: Row,
}

/// A row of somebody else that stands in the way of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obstacle {
    /// The menu of the row.
    pub menu: String,
    /// What it collides in: `name`, `vlan-id on its parent`, `address`.
    pub collides: String,
    /// The row as the router shows it, for people.
    pub found: String,
    /// Our row that cannot be made because of it.
    pub wanted: String,
    /// Whose it is when it carries a mark.
    pub mark: Option<Mark>,
}

/// Ordered commands for one router.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Plan {
    /// The commands, by wave.
    pub commands: Vec<Command>,
    /// Hash of what the plan was made from: the rows in its scope and the router's facts.
    pub basis: String,
    /// What of its scope needs no command.
    #[serde(default)]
    pub settled: Settled,
    /// The waves that begin a chunk after the first. Each chunk is done under a guard of its own, because a
    /// guard only covers so many commands. Empty: the plan is one chunk.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub chunks: Vec<u16>,
}

/// The part of a plan's scope that is already so. With the commands it is what the router has, or has no
/// more, once the plan is carried out.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Settled {
    /// Rows that are there as they should be.
    pub there: Vec<Row>,
    /// Rows that should go and are gone: menu and mark.
    pub gone: Vec<(String, Mark)>,
    /// Ranks of the other rows of ordered menus: menu, mark, rank. They shift when rows come between.
    pub ranks: Vec<(String, Mark, u16)>,
}

impl Plan {
    /// Whether there is nothing to do.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }

    /// Indices of the commands of each wave, in order.
    #[must_use]
    pub fn waves(&self) -> Vec<Vec<usize>> {
        let mut waves: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
        for (index, command) in self.commands.iter().enumerate() {
            waves.entry(command.wave).or_default().push(index);
        }
        waves.into_values().collect()
    }

    /// The waves of each chunk, in order.
    #[must_use]
    pub fn chunks(&self) -> Vec<Vec<Vec<usize>>> {
        let mut chunks = vec![Vec::new()];
        for wave in self.waves() {
            let begins = wave.first().is_some_and(|first| self.chunks.contains(&self.commands[*first].wave));
            if begins && chunks.last().is_some_and(|chunk| !chunk.is_empty()) {
                chunks.push(Vec::new());
            }
            if let Some(chunk) = chunks.last_mut() {
                chunk.push(wave);
            }
        }
        chunks.retain(|chunk| !chunk.is_empty());
        chunks
    }

    /// The steps it has commands for, in the order of [`StepName`].
    #[must_use]
    pub fn steps(&self) -> Vec<StepName> {
        let mut steps: Vec<_> = self.commands.iter().map(|command| command.row.step).collect();
        steps.sort_unstable();
        steps.dedup();
        steps
    }
}
