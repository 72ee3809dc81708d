//! Verification: is the router as the plan says?

use std::fmt;

use moxxie_core::{
    plan::{Action, Command, Plan},
    row::{Mark, Row},
};

use crate::{
    DeviceState, StateRow,
    find::{Difference, Found, Index, differences},
    order::Chains,
};

/// What is wrong with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    /// It should be there and is not.
    Missing,
    /// It should be gone and is there.
    Present,
    /// Several rows carry its mark: somebody copied it.
    Ambiguous,
    /// A field differs.
    Differs {
        /// The field.
        field: String,
        /// What it should be; `None`: absent.
        expected: Option<String>,
        /// What it is; `None`: absent.
        found: Option<String>,
    },
    /// The router says that it cannot work.
    Invalid,
    /// It stands in the wrong place of its chain.
    Misplaced(String),
}

/// A row that is not as planned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mismatch {
    /// The menu.
    pub menu: String,
    /// Whose row.
    pub mark: Mark,
    /// What is wrong.
    pub what: What,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: ", self.menu, self.mark)?;
        let word =
            |value: &Option<String>| value.as_ref().map_or("absent".to_owned(), |text| format!("{text:?}"));
        match &self.what {
            What::Missing => f.write_str("missing"),
            What::Present => f.write_str("still there"),
            What::Ambiguous => f.write_str("several rows carry this mark: take it off those that are copies"),
            What::Differs { field, expected, found } => {
                write!(f, "{field} is {} and should be {}", word(found), word(expected))
            }
            What::Invalid => f.write_str("the router marks it invalid or inactive"),
            What::Misplaced(text) => f.write_str(text),
        }
    }
}

impl Mismatch {
    pub(crate) fn new(row: &Row, what: What) -> Self {
        Self { menu: row.menu.clone(), mark: row.mark.clone(), what }
    }
}

/// What is not as the plan says it should be once it is applied; empty: verified.
#[must_use]
pub fn missing(plan: &Plan, state: &DeviceState) -> Vec<Mismatch> {
    let index = Index::new(state);
    let mut mismatches: Vec<_> = plan.commands.iter().flat_map(|command| check(command, &index)).collect();
    let standing: Vec<Row> =
        plan.commands.iter().filter(|c| c.action != Action::Remove).map(|c| c.row.clone()).collect();
    for (row, text) in Chains::new(&standing).misplaced(state, &index, |_| true) {
        mismatches.push(Mismatch::new(row, What::Misplaced(text)));
    }
    mismatches
}

fn check(command: &Command, index: &Index<'_>) -> Vec<Mismatch> {
    let row = &command.row;
    let mismatch = |what| Mismatch::new(row, what);
    match (&command.action, index.find(row)) {
        (Action::Remove, Found::Absent) => Vec::new(),
        (Action::Remove, _) => vec![mismatch(What::Present)],
        (_, Found::Absent) => vec![mismatch(What::Missing)],
        (_, Found::Ambiguous) => vec![mismatch(What::Ambiguous)],
        (_, Found::Here(found) | Found::Changed(found)) => {
            let mut wrong: Vec<_> =
                differences(row, found).into_iter().map(|d| mismatch(differs(d))).collect();
            if is_invalid(found) {
                wrong.push(mismatch(What::Invalid));
            }
            wrong
        }
    }
}

pub(crate) fn differs(difference: Difference) -> What {
    What::Differs { field: difference.field, expected: difference.wanted, found: difference.found }
}

fn is_invalid(found: &StateRow) -> bool {
    found.flag("invalid") || found.flag("inactive")
}
