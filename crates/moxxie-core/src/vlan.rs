//! VLAN ids and ranges (IEEE 802.1Q, clause 9.6).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A usable VLAN id: 1 to 4094 (0 marks priority tags, 4095 is reserved by IEEE 802.1Q).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct VlanId(u16);

/// Why a number is no VLAN id, or a text no range of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VlanError {
    /// Outside 1 to 4094.
    #[error("VLAN {0} does not exist: VLAN ids are 1 to 4094")]
    OutOfRange(i64),
    /// Not of the form `100-2000`.
    #[error("{0:?} is not a VLAN range: write the first and the last id, such as 100-2000")]
    BadRange(String),
}

impl VlanId {
    /// The smallest id.
    pub const MIN: Self = Self(1);
    /// The largest id.
    pub const MAX: Self = Self(4094);

    /// Checks the range.
    ///
    /// # Errors
    /// [`VlanError::OutOfRange`] for 0 and above 4094.
    pub fn new(id: i64) -> Result<Self, VlanError> {
        match u16::try_from(id) {
            Ok(id @ 1..=4094) => Ok(Self(id)),
            _ => Err(VlanError::OutOfRange(id)),
        }
    }

    /// The number.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl fmt::Display for VlanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for VlanId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// An inclusive range of VLAN ids, printed as `100-2000`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VlanRange {
    first: VlanId,
    last: VlanId,
}

impl VlanRange {
    /// From `first` to `last`, both included; `None` when they are in the wrong order.
    #[must_use]
    pub fn new(first: VlanId, last: VlanId) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The smallest id in it.
    #[must_use]
    pub const fn first(self) -> VlanId {
        self.first
    }

    /// The largest id in it.
    #[must_use]
    pub const fn last(self) -> VlanId {
        self.last
    }

    /// Whether the id is in it.
    #[must_use]
    pub fn contains(self, id: VlanId) -> bool {
        self.first <= id && id <= self.last
    }

    /// How many ids it has: 1 to 4094.
    #[must_use]
    pub fn size(self) -> u32 {
        u32::from(self.last.0 - self.first.0) + 1
    }

    /// What of the range is not in `used` (ascending), as ranges.
    #[must_use]
    pub fn free(self, used: impl IntoIterator<Item = VlanId>) -> Vec<Self> {
        let mut free = Vec::new();
        let mut next = self.first.0;
        for id in used.into_iter().map(|id| id.0).filter(|id| (self.first.0..=self.last.0).contains(id)) {
            if next < id {
                free.push(Self { first: VlanId(next), last: VlanId(id - 1) });
            }
            next = id + 1;
        }
        if next <= self.last.0 {
            free.push(Self { first: VlanId(next), last: self.last });
        }
        free
    }

    /// The smallest id of the range that is not in `used`, which may be in any order.
    ///
    /// A domain has at most 4094 ids, so one pass over a bitmap is a bounded cost.
    #[must_use]
    pub fn first_free(self, used: impl IntoIterator<Item = VlanId>) -> Option<VlanId> {
        let mut taken = [0_u64; 64];
        for id in used {
            taken[usize::from(id.0 >> 6)] |= 1 << (id.0 & 63);
        }
        (self.first.0..=self.last.0)
            .find(|id| taken[usize::from(id >> 6)] & (1 << (id & 63)) == 0)
            .map(VlanId)
    }
}

impl fmt::Display for VlanRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.first, self.last)
    }
}

impl FromStr for VlanRange {
    type Err = VlanError;

    fn from_str(text: &str) -> Result<Self, VlanError> {
        let bad = || VlanError::BadRange(text.chars().take(40).collect());
        let number = |part: &str| part.trim().parse::<i64>().map_err(|_| bad());
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let (first, last) = (VlanId::new(number(first)?)?, VlanId::new(number(last)?)?);
        Self::new(first, last).ok_or_else(bad)
    }
}

impl Serialize for VlanRange {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VlanRange {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vlan(id: i64) -> VlanId {
        VlanId::new(id).unwrap()
    }

    #[test]
    fn reserved_ids_are_refused() {
        for id in [-1, 0, 4095, 65_536] {
            assert_eq!(VlanId::new(id), Err(VlanError::OutOfRange(id)));
        }
    }

    #[test]
    fn ranges_read_and_print() {
        assert_eq!("100-2000".parse::<VlanRange>().unwrap().to_string(), "100-2000");
        assert_eq!("7".parse::<VlanRange>().unwrap().size(), 1);
        for bad in ["", "-", "a-b", "5-4", "0-9", "9-5000"] {
            assert!(bad.parse::<VlanRange>().is_err(), "{bad}");
        }
    }

    #[test]
    fn free_ranges_are_what_is_left() {
        let range: VlanRange = "100-110".parse().unwrap();
        let free = |used: &[i64]| -> Vec<String> {
            range.free(used.iter().map(|id| vlan(*id))).iter().map(ToString::to_string).collect()
        };
        assert_eq!(free(&[]), ["100-110"]);
        assert_eq!(free(&[5, 100, 103, 104, 110, 200]), ["101-102", "105-109"]);
        assert_eq!(free(&[109]), ["100-108", "110-110"]);
        assert_eq!(free(&(100..=110).collect::<Vec<_>>()), [""; 0]);
    }

    #[test]
    fn first_free_skips_the_used_and_ends_at_the_range() {
        let range: VlanRange = "100-102".parse().unwrap();
        assert_eq!(range.first_free([]), Some(vlan(100)));
        assert_eq!(range.first_free([vlan(101), vlan(100)]), Some(vlan(102)));
        assert_eq!(range.first_free([vlan(100), vlan(101), vlan(102)]), None);
        let all: VlanRange = "1-4094".parse().unwrap();
        assert_eq!(all.first_free((1..4094).map(vlan)), Some(VlanId::MAX));
    }
}
