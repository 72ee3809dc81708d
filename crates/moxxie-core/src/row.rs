//! A row: the device's own language, with the mark that says whose it is.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::change::StepName;

/// The ownership mark at the start of a row's comment: `mx1:<install>:<object>:<part>`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Mark {
    /// Which installation of moxxie owns the row.
    pub install: String,
    /// Which object it exists for: an id such as `net-...`, or the name of something shared.
    pub object: String,
    /// Which of the object's rows it is.
    pub part: String,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "mx1:{}:{}:{}", self.install, self.object, self.part)
    }
}

/// The comment carries no mark of ours.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the comment does not start with mx1:<install>:<object>:<part>")]
pub struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    /// Reads the mark at the start of a comment; what follows the first space is free text.
    fn from_str(comment: &str) -> Result<Self, NoMark> {
        let word = comment.split(' ').next().unwrap_or_default();
        let mut parts = word.strip_prefix("mx1:").ok_or(NoMark)?.splitn(3, ':').map(str::to_owned);
        match (parts.next(), parts.next(), parts.next()) {
            (Some(install), Some(object), Some(part))
                if !install.is_empty() && !object.is_empty() && !part.is_empty() =>
            {
                Ok(Self { install, object, part })
            }
            _ => Err(NoMark),
        }
    }
}

/// A row that should exist on a router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    /// The menu, with slashes: `/interface/vlan`.
    pub menu: String,
    /// The fields that identify the row beside its mark, by name; all of them are in `fields`.
    pub key: Vec<String>,
    /// The fields we manage, in the device's notation, without the comment.
    pub fields: BTreeMap<String, String>,
    /// Whose it is.
    pub mark: Mark,
    /// Free text after the mark.
    pub label: String,
    /// The step it belongs to.
    pub step: StepName,
    /// Rows of a lower rank must exist before this one; rows of one rank may be made in any order.
    pub rank: u16,
    /// In an ordered menu: place before the row whose comment is this; `None`: at the end.
    pub before: Option<String>,
}

impl Row {
    /// The whole comment: mark, space, label.
    #[must_use]
    pub fn comment(&self) -> String {
        if self.label.is_empty() { self.mark.to_string() } else { format!("{} {}", self.mark, self.label) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_back_from_a_comment() {
        let mark = Mark { install: "ab12".into(), object: "net-x".into(), part: "vlan".into() };
        assert_eq!(format!("{mark} acme web").parse(), Ok(mark.clone()));
        assert_eq!(mark.to_string().parse(), Ok(mark));
        for none in ["", "mx1:", "mx1:a:b", "mx1:a::c", " mx1:a:b:c", "mx2:a:b:c", "uplink"] {
            assert_eq!(none.parse::<Mark>(), Err(NoMark), "{none}");
        }
    }
}
