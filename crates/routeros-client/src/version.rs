//! RouterOS versions.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// A RouterOS version, ordered as released: 7.20beta2 < 7.20rc1 < 7.20 < 7.20.1.
///
/// ```
/// use routeros_client::Version;
/// let version: Version = "7.20.4 (stable)".parse()?;
/// assert!(version.has(7, 18) && !version.has(7, 21));
/// # Ok::<(), routeros_client::ParseVersionError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 7 in 7.20.4.
    pub major: u16,
    /// 20 in 7.20.4.
    pub minor: u16,
    /// 4 in 7.20.4; 0 in 7.20.
    pub patch: u16,
    /// How finished it is.
    pub stage: Stage,
}

/// How finished a version is, with its number where there are several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `7.20alpha1`
    Alpha(u16),
    /// `7.20beta1`
    Beta(u16),
    /// `7.20rc1`
    Candidate(u16),
    /// `7.20`
    Release,
}

impl Version {
    /// A release.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self { major, minor, patch, stage: Stage::Release }
    }

    /// True when it is of this minor version or a later one. Candidates count as what they will become:
    /// 7.20rc1 has what 7.20 has.
    pub const fn has(self, major: u16, minor: u16) -> bool {
        self.major > major || (self.major == major && self.minor >= minor)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)?;
        if self.patch != 0 {
            write!(f, ".{}", self.patch)?;
        }
        match self.stage {
            Stage::Alpha(number) => write!(f, "alpha{number}"),
            Stage::Beta(number) => write!(f, "beta{number}"),
            Stage::Candidate(number) => write!(f, "rc{number}"),
            Stage::Release => Ok(()),
        }
    }
}

/// A text that is not a RouterOS version.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{0}` is not a RouterOS version")]
pub struct ParseVersionError(String);

impl FromStr for Version {
    type Err = ParseVersionError;

    /// Takes `7.20`, `7.20.4`, `7.22rc1`, each also followed by a space and the channel in brackets.
    fn from_str(text: &str) -> Result<Self, ParseVersionError> {
        parse(text).ok_or_else(|| ParseVersionError(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<Version> {
    let text = text.split_whitespace().next()?;
    let digits_end = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (numbers, stage) = text.split_at(digits_end);
    let stage = match stage.find(|c: char| c.is_ascii_digit()) {
        None if stage.is_empty() => Stage::Release,
        None => return None,
        Some(at) => {
            let number = stage[at..].parse().ok()?;
            match &stage[..at] {
                "alpha" => Stage::Alpha(number),
                "beta" => Stage::Beta(number),
                "rc" => Stage::Candidate(number),
                _ => return None,
            }
        }
    };
    let mut numbers = numbers.split('.').map(str::parse);
    let major = numbers.next()?.ok()?;
    let minor = numbers.next()?.ok()?;
    let patch = numbers.next().unwrap_or(Ok(0)).ok()?;
    numbers.next().is_none().then_some(Version { major, minor, patch, stage })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_and_order() {
        let texts = [
            "6.49.17 (long-term)",
            "7.20alpha1",
            "7.20beta2 (testing)",
            "7.20rc1",
            "7.20",
            "7.20.4 (stable)",
        ];
        let versions: Vec<Version> = texts.iter().map(|text| text.parse().unwrap()).collect();
        assert!(versions.is_sorted());
        let printed: Vec<_> = versions.iter().map(Version::to_string).collect();
        assert_eq!(printed, ["6.49.17", "7.20alpha1", "7.20beta2", "7.20rc1", "7.20", "7.20.4"]);
        assert!(versions[3].has(7, 20));
        for bad in ["", "7", "7.x", "7.20.1.2", "7.20pre1", "7.20rc", "seven"] {
            assert!(bad.parse::<Version>().is_err(), "{bad}");
        }
    }
}
