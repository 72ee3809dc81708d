//! Lists in pages, by cursor.

use crate::{Result, StoreError};

/// Which part of a list is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The cursor that the page before gave; `None` for the first page.
    pub after: Option<String>,
    /// How many items at most: 1 to 1000.
    pub limit: u32,
}

impl Page {
    /// The first page of this many items.
    #[must_use]
    pub const fn first(limit: u32) -> Self {
        Self { after: None, limit }
    }
}

impl Default for Page {
    fn default() -> Self {
        Self::first(100)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<T> {
    /// The items.
    pub items: Vec<T>,
    /// The cursor of the next page; `None` when this is the last.
    pub next: Option<String>,
}

impl Page {
    /// How many items, within bounds.
    fn size(&self) -> usize {
        self.limit.clamp(1, 1000) as usize
    }

    /// The limit for the statement: one more than wanted tells whether there is a next page.
    pub(crate) fn fetch(&self) -> i64 {
        i64::from(self.limit.clamp(1, 1000)) + 1
    }

    /// The cursor, for lists whose cursor is a text of its own order.
    pub(crate) fn cursor(&self) -> Option<&str> {
        self.after.as_deref()
    }

    /// The cursor, for lists whose cursor stands for something.
    pub(crate) fn parsed<T: std::str::FromStr>(&self) -> Result<Option<T>> {
        self.after.as_deref().map(|text| text.parse().map_err(|_| StoreError::Cursor)).transpose()
    }

    /// Cuts the surplus item off and makes the cursor of the last one left.
    pub(crate) fn listing<T>(&self, mut items: Vec<T>, cursor: impl Fn(&T) -> String) -> Listing<T> {
        let more = items.len() > self.size();
        items.truncate(self.size());
        let next = if more { items.last().map(cursor) } else { None };
        Listing { items, next }
    }
}
