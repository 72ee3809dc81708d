//! AS numbers and the ranges they come from.

use std::{collections::BTreeMap, fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};

use crate::{AsnId, AsnRangeId, Name, SiteId, TenantId, Timestamp, claim::Claim};

/// Numbers that nobody may use, with why. Private numbers (RFC 6996: 64512 to 65534 and 4200000000 to
/// 4294967294) are not among them.
const RESERVED: [(u32, u32, &str); 7] = [
    (0, 0, "RFC 7607 reserves AS 0"),
    (23_456, 23_456, "RFC 6793 reserves it as AS_TRANS"),
    (64_496, 64_511, "RFC 5398 reserves it for documentation"),
    (65_535, 65_535, "RFC 7300 reserves the last 16-bit number"),
    (65_536, 65_551, "RFC 5398 reserves it for documentation"),
    (65_552, 131_071, "the IANA registry of AS numbers keeps it reserved"),
    (u32::MAX, u32::MAX, "RFC 7300 reserves the last 32-bit number"),
];

/// An AS number that may be used: 16 or 32 bit, none of the reserved ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct AsNumber(u32);

/// Why a number is no AS number, or a text no range of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AsnError {
    /// Not 32 bits.
    #[error("AS {0} does not exist: AS numbers are 1 to 4294967294")]
    OutOfRange(i64),
    /// Reserved by a standard.
    #[error(
        "AS {number} must not be used: {why}; private numbers are 64512-65534 and 4200000000-4294967294 (RFC 6996)"
    )]
    Reserved {
        /// The number.
        number: u32,
        /// By what.
        why: &'static str,
    },
    /// A range with a reserved number in it.
    #[error(
        "{first}-{last} contains AS {number}, and {why}; register the numbers before and after it as two ranges"
    )]
    ReservedInside {
        /// First number of the range.
        first: u32,
        /// Last number of the range.
        last: u32,
        /// The lowest reserved number in it.
        number: u32,
        /// By what.
        why: &'static str,
    },
    /// Not of the form `64512-65534`.
    #[error("{0:?} is not an AS number range: write the first and the last number, such as 64512-65534")]
    BadRange(String),
}

impl AsNumber {
    /// Checks the number.
    ///
    /// # Errors
    /// [`AsnError::OutOfRange`] or [`AsnError::Reserved`], which names the RFC.
    pub fn new(number: i64) -> Result<Self, AsnError> {
        let asn = u32::try_from(number).map_err(|_| AsnError::OutOfRange(number))?;
        match RESERVED.iter().find(|(first, last, _)| (*first..=*last).contains(&asn)) {
            Some((_, _, why)) => Err(AsnError::Reserved { number: asn, why }),
            None => Ok(Self(asn)),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl<'de> Deserialize<'de> for AsNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

impl fmt::Display for AsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// AS numbers from `first` to `last`, both included and none of them reserved; printed as `64512-65534`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct AsnSpan {
    first: AsNumber,
    last: AsNumber,
}

impl AsnSpan {
    /// From `first` to `last`.
    ///
    /// # Errors
    /// [`AsnError`] when a number is none, reserved ones lie between, or the order is wrong.
    pub fn new(first: i64, last: i64) -> Result<Self, AsnError> {
        let span = Self { first: AsNumber::new(first)?, last: AsNumber::new(last)? };
        let (low, high) = (span.first.0, span.last.0);
        if low > high {
            return Err(AsnError::BadRange(format!("{first}-{last}")));
        }
        match RESERVED.iter().find(|(reserved, _, _)| (low..=high).contains(reserved)) {
            Some((number, _, why)) => {
                Err(AsnError::ReservedInside { first: low, last: high, number: *number, why })
            }
            None => Ok(span),
        }
    }

    /// The smallest number in it.
    #[must_use]
    pub const fn first(self) -> AsNumber {
        self.first
    }

    /// The largest number in it.
    #[must_use]
    pub const fn last(self) -> AsNumber {
        self.last
    }

    /// Whether the number is in it.
    #[must_use]
    pub fn contains(self, number: AsNumber) -> bool {
        self.first <= number && number <= self.last
    }

    /// How many numbers it has.
    #[must_use]
    pub fn size(self) -> u64 {
        u64::from(self.last.0 - self.first.0) + 1
    }
}

impl fmt::Display for AsnSpan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl From<AsnSpan> for String {
    fn from(span: AsnSpan) -> Self {
        span.to_string()
    }
}

impl TryFrom<String> for AsnSpan {
    type Error = AsnError;

    fn try_from(text: String) -> Result<Self, AsnError> {
        text.parse()
    }
}

impl FromStr for AsnSpan {
    type Err = AsnError;

    fn from_str(text: &str) -> Result<Self, AsnError> {
        let bad = || AsnError::BadRange(text.chars().take(40).collect());
        let number = |part: &str| part.trim().parse::<i64>().map_err(|_| bad());
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        Self::new(number(first)?, number(last)?)
    }
}

/// A range of AS numbers, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AsnRange {
    /// Its id.
    pub id: AsnRangeId,
    /// Its name, unique.
    pub name: Name,
    /// The numbers.
    pub span: AsnSpan,
    /// The site that takes its numbers from it.
    pub site_id: Option<SiteId>,
    /// The only tenant that gets numbers of it.
    pub tenant_id: Option<TenantId>,
    /// Free text.
    pub description: String,
    /// How long a number stays unused after its release, in seconds; 0: not at all.
    pub quarantine_s: u32,
    /// Counts the writes to its numbers.
    pub version: i64,
}

/// A taken AS number, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asn {
    /// Its id.
    pub id: AsnId,
    /// The number.
    pub number: AsNumber,
    /// The range it is from.
    pub range_id: AsnRangeId,
    /// Whose it is.
    pub tenant_id: Option<TenantId>,
    /// How it is taken.
    pub claim: Claim,
    /// Free text.
    pub purpose: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Since when it is taken in this way.
    pub since: Timestamp,
    /// When it was taken first.
    pub created_at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_numbers_name_their_rfc() {
        for (number, rfc) in [
            (0, "RFC 7607"),
            (23_456, "RFC 6793"),
            (64_496, "RFC 5398"),
            (64_511, "RFC 5398"),
            (65_535, "RFC 7300"),
            (65_551, "RFC 5398"),
            (100_000, "IANA"),
            (4_294_967_295, "RFC 7300"),
        ] {
            let error = AsNumber::new(number).unwrap_err().to_string();
            assert!(error.contains(rfc) && error.contains("RFC 6996"), "{error}");
        }
        for number in [-1, 4_294_967_296] {
            assert_eq!(AsNumber::new(number), Err(AsnError::OutOfRange(number)));
        }
        for number in [1, 64_495, 64_512, 65_534, 131_072, 4_200_000_000, 4_294_967_294] {
            assert_eq!(AsNumber::new(number).map(|asn| i64::from(asn.get())), Ok(number));
        }
    }

    #[test]
    fn ranges_have_no_reserved_numbers() {
        let span: AsnSpan = "64512-65534".parse().unwrap();
        assert_eq!((span.size(), span.to_string().as_str()), (1023, "64512-65534"));
        assert!(matches!(
            "65000-200000".parse::<AsnSpan>(),
            Err(AsnError::ReservedInside { number: 65_535, .. })
        ));
        assert!(matches!(
            "20000-30000".parse::<AsnSpan>(),
            Err(AsnError::ReservedInside { number: 23_456, .. })
        ));
        for bad in ["", "-", "a-b", "5-4"] {
            assert!(matches!(bad.parse::<AsnSpan>(), Err(AsnError::BadRange(_))), "{bad}");
        }
        assert_eq!("4200000000".parse::<AsnSpan>().unwrap().size(), 1);
    }
}
