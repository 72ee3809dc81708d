//! Firewall profiles: who may open connections to and from a network.

use serde::{Deserialize, Serialize};

/// A built-in profile. Replies to connections that were allowed always pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Out: everything. In: only from the site's management prefixes and the tenant's own networks.
    #[default]
    Standard,
    /// Out: nothing. In: only from the site's management prefixes.
    Isolated,
    /// Out and in: everything.
    Open,
}

impl Profile {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standard, Self::Isolated, Self::Open];

    /// The word on the wire and in names of rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Isolated => "isolated",
            Self::Open => "open",
        }
    }

    /// The profile of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.as_str() == text)
    }
}
