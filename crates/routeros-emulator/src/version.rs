//! The RouterOS releases that can be emulated.

use std::fmt;
use std::str::FromStr;

/// An emulated RouterOS 7 release. Ordered by age, so that field ranges can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(u8);

/// A version that the emulator knows nothing about.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("RouterOS version `{0}` is not emulated; known are 7.16, 7.18, 7.19, 7.20, 7.21, 7.22, 7.23, 7.24")]
pub struct UnknownVersion(String);

/// Minor, last patch release with a published command tree, release channel.
const RELEASES: &[(u8, &str, &str)] = &[
    (16, "7.16.2", "stable"),
    (18, "7.18.2", "stable"),
    (19, "7.19.6", "stable"),
    (20, "7.20.8", "long-term"),
    (21, "7.21.4", "long-term"),
    (22, "7.22.3", "stable"),
    (23, "7.23.3", "stable"),
    (24, "7.24", "stable"),
];

impl Version {
    /// Every release that is emulated, oldest first.
    pub fn all() -> impl Iterator<Item = Version> {
        RELEASES.iter().map(|release| Version(release.0))
    }

    /// The minor number: 22 for RouterOS 7.22.
    pub const fn minor(self) -> u8 {
        self.0
    }

    /// What `/system/resource` prints, for example `7.22.3 (stable)`.
    pub fn long(self) -> String {
        format!("{} ({})", self.number(), self.release().2)
    }

    /// The full number, for example `7.22.3`.
    pub fn number(self) -> &'static str {
        self.release().1
    }

    fn release(self) -> &'static (u8, &'static str, &'static str) {
        // `self.0` only ever comes out of this table.
        RELEASES.iter().find(|release| release.0 == self.0).unwrap_or(&RELEASES[0])
    }
}

impl FromStr for Version {
    type Err = UnknownVersion;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut parts = text.split('.');
        let (major, minor) = (parts.next(), parts.next().and_then(|minor| minor.parse::<u8>().ok()));
        Version::all()
            .find(|version| major == Some("7") && minor == Some(version.0))
            .ok_or_else(|| UnknownVersion(text.to_owned()))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "7.{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn patch_numbers_fall_back_to_the_minor() {
        assert_eq!("7.22.1".parse::<Version>().unwrap(), "7.22".parse().unwrap());
        assert!("7.17".parse::<Version>().is_err());
        assert!("6.49".parse::<Version>().is_err());
        assert_eq!("7.20".parse::<Version>().unwrap().long(), "7.20.8 (long-term)");
    }
}
