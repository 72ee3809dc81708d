//! What a command did to rows: enough to take it back and to do it again.

use super::row::Row;

/// One row before and after.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) space: &'static str,
    pub(crate) menu: &'static str,
    pub(crate) id: u32,
    pub(crate) before: Option<Row>,
    pub(crate) after: Option<Row>,
    /// Position in an ordered menu before and after.
    pub(crate) place: (Option<usize>, Option<usize>),
}

impl Change {
    /// The change that takes this one back.
    pub(crate) fn inverse(&self) -> Change {
        Change {
            before: self.after.clone(),
            after: self.before.clone(),
            place: (self.place.1, self.place.0),
            ..*self
        }
    }
}
