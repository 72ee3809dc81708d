//! Names people give to sites, routers, tenants, pools and networks.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

/// A name: 1 to 63 of `a-z`, `0-9` and `-`, beginning and ending with a letter or digit.
///
/// The form of a DNS label (RFC 1123, section 2.1), so that a name can be part of a host name, of a
/// file name and of a row on a router without quoting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Name(String);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name: use 1 to 63 of a-z, 0-9 and '-', with a letter or digit at both ends")]
pub struct ParseNameError(String);

impl Name {
    /// A name that stands in this crate's source, where a test sees that it is one.
    pub(crate) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    /// The text of the name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Name {
    type Err = ParseNameError;

    fn from_str(text: &str) -> Result<Self, ParseNameError> {
        let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
        let good = (1..=63).contains(&text.len())
            && edge(text.chars().next())
            && edge(text.chars().last())
            && text.chars().all(|c| c == '-' || edge(Some(c)));
        // The refused text is cut: an error must not echo a megabyte.
        good.then(|| Self(text.to_owned())).ok_or_else(|| ParseNameError(text.chars().take(80).collect()))
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_form_of_a_dns_label() {
        for good in ["a", "dc1", "acme-prod", "9", &"x".repeat(63)] {
            assert!(good.parse::<Name>().is_ok(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a b", "a.b", "ä", &"x".repeat(64)] {
            assert!(bad.parse::<Name>().is_err(), "{bad}");
        }
    }
}
