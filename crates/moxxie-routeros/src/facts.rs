//! Facts about a router that rendering and planning depend on.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A RouterOS version: `7.22.3`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Version {
    /// Major number.
    pub major: u16,
    /// Minor number.
    pub minor: u16,
    /// Patch number; 0 when not given.
    pub patch: u16,
}

/// The text holds no version number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} does not begin with a version such as 7.22.3")]
pub struct BadVersion(String);

impl Version {
    /// The oldest minor whose command tree was looked at.
    pub const OLDEST: Self = Self::new(7, 16, 0);
    /// The newest minor whose command tree was looked at; all its patch releases count.
    pub const NEWEST: Self = Self::new(7, 24, u16::MAX);

    /// From its numbers.
    #[must_use]
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch }
    }

    /// Whether the rows rendered here are known to be understood by it. An unknown version fails closed:
    /// RouterOS renames arguments in minor releases.
    #[must_use]
    pub fn is_supported(self) -> bool {
        (Self::OLDEST..=Self::NEWEST).contains(&self)
    }

    /// Whether `/safe-mode` exists: in the tree since 7.18, absent in 7.17.
    #[must_use]
    pub fn has_safe_mode(self) -> bool {
        self >= Self::new(7, 18, 0)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch == 0 { Ok(()) } else { write!(f, ".{}", self.patch) }
    }
}

impl FromStr for Version {
    type Err = BadVersion;

    /// Reads what `/system/resource` shows: `7.22.3 (stable)`, `7.24rc1 (testing)`.
    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let bad = || BadVersion(text.chars().take(40).collect());
        let mut numbers = text.trim().splitn(3, '.').map(|part| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            part[..digits].parse::<u16>()
        });
        let major = numbers.next().and_then(Result::ok).ok_or_else(bad)?;
        let minor = numbers.next().and_then(Result::ok).ok_or_else(bad)?;
        let patch = numbers.next().and_then(Result::ok).unwrap_or(0);
        Ok(Self { major, minor, patch })
    }
}

/// What a router said about itself when the session began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouterFacts {
    /// The version.
    pub version: Version,
    /// The version as the router prints it: `7.22.3 (stable)`.
    pub version_text: String,
    /// Board name: `CCR2116-12G-4S+`, `CHR ...`.
    pub board: String,
    /// Serial number of the board, or the system id of a virtual router.
    pub serial: String,
    /// Its name (`/system/identity`).
    pub identity: String,
}

impl RouterFacts {
    /// Whether `/safe-mode` can guard a change.
    #[must_use]
    pub fn has_safe_mode(&self) -> bool {
        self.version.has_safe_mode()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_as_routers_print_them() {
        for (text, version) in [
            ("7.22.3 (stable)", Version::new(7, 22, 3)),
            ("7.16", Version::new(7, 16, 0)),
            ("7.24rc1 (testing)", Version::new(7, 24, 0)),
            ("7.21.4-long (long-term)", Version::new(7, 21, 4)),
        ] {
            assert_eq!(text.parse(), Ok(version), "{text}");
        }
        for bad in ["", "7", "x.y", "(stable)"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }

    #[test]
    fn unknown_versions_fail_closed() {
        for (version, supported) in [
            ((6, 49, 0), false),
            ((7, 15, 9), false),
            ((7, 16, 0), true),
            ((7, 24, 2), true),
            ((7, 25, 0), false),
        ] {
            assert_eq!(Version::new(version.0, version.1, version.2).is_supported(), supported);
        }
        assert!(!Version::new(7, 17, 2).has_safe_mode() && Version::new(7, 18, 0).has_safe_mode());
    }
}
