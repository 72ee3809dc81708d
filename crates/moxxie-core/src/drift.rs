//! Drift: rows on a router that are not as they were last applied.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$variant_doc])* $variant,)+ }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word for it on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Reads the word.
            #[must_use]
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == word)
            }
        }
    };
}

words! {
    /// What is not as it was applied.
    DriftKind {
        /// A row is gone.
        Missing = "missing",
        /// A field of a row differs.
        Changed = "changed",
        /// A row was disabled, or one that should be disabled was enabled.
        Disabled = "disabled",
        /// A row stands in the wrong place of its chain.
        Moved = "moved",
        /// Several rows carry one mark.
        Copied = "copied",
        /// A row carries our mark and was not applied, or was given up.
        LeftOver = "left_over",
        /// A row stands where ours should, as ours should be, but its mark is gone or another one.
        Damaged = "damaged",
        /// A row carries the mark of another installation.
        ForeignMark = "foreign_mark",
    }
}

words! {
    /// What became of a piece of drift.
    DriftState {
        /// Waits for somebody.
        Open = "open",
        /// May stay, with a reason, until its time is over.
        Ignored = "ignored",
        /// What was found is what the row should be from now on.
        Accepted = "accepted",
        /// Is no more.
        Resolved = "resolved",
    }
}

/// One piece of drift of a router.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Drift {
    /// The menu.
    pub menu: String,
    /// The mark of the row, without the free text behind it.
    pub mark: String,
    /// Whose row it is: an id such as `net-...`, or the name of something shared.
    pub object: String,
    /// What is wrong.
    pub kind: DriftKind,
    /// The field that differs; empty when it is the row as a whole.
    pub field: String,
    /// What it should be; `None`: absent.
    pub expected: Option<String>,
    /// What it is; `None`: absent.
    pub found: Option<String>,
}

impl Drift {
    /// What makes it the same piece of drift from one check to the next.
    #[must_use]
    pub fn key(&self) -> (&str, &str, DriftKind, &str) {
        (&self.menu, &self.mark, self.kind, &self.field)
    }
}
