//! A pool: a supernet that allocations of a site, or of all sites, come from.

use std::collections::BTreeMap;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{Name, PoolId, SiteId, VrfId, claim::Status, prefix::size};

/// A prefix pool, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// Its name, unique.
    pub name: Name,
    /// The only site that may use it; `None`: every site.
    pub site_id: Option<SiteId>,
    /// The VRF its prefixes live in.
    pub vrf_id: VrfId,
    /// The supernet.
    pub prefix: IpNet,
    /// Free text.
    pub description: String,
    /// Where in it the next prefix is taken.
    pub policy: Policy,
    /// How long a prefix stays unused after its release, in seconds; 0: not at all.
    pub quarantine_s: u32,
    /// What is taken of it.
    pub used: Used,
    /// Counts the writes to its prefixes.
    pub version: i64,
}

/// Where the next prefix of a pool is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// From the smallest free block that is large enough, of several the lowest: keeps large blocks whole.
    #[default]
    BestFit,
    /// At the lowest free address: keeps what is used together.
    FirstFit,
    /// At the beginning of the largest free block: leaves each prefix room to grow.
    Sparse,
    /// For a network the block whose number in the pool is its VLAN id, when it is free: VLAN 150 gets
    /// 172.16.150.0/24 of 172.16.0.0/16. That numbers networks alike in every site. Else best fit.
    ByVlan,
}

impl Policy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::BestFit, Self::FirstFit, Self::Sparse, Self::ByVlan];

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::BestFit => "best_fit",
            Self::FirstFit => "first_fit",
            Self::Sparse => "sparse",
            Self::ByVlan => "by_vlan",
        }
    }

    /// The policy of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.as_str() == text)
    }
}

/// How many prefixes of each length a pool has in each status: kept beside the pool, so that how full it
/// is needs no look at its prefixes.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Used(BTreeMap<Status, BTreeMap<u8, u64>>);

impl Used {
    /// Counts a prefix of this length.
    pub fn add(&mut self, status: Status, length: u8) {
        *self.0.entry(status).or_default().entry(length).or_default() += 1;
    }

    /// Counts `count` prefixes of this length, whatever was counted before.
    pub fn set(&mut self, status: Status, length: u8, count: u64) {
        self.0.entry(status).or_default().insert(length, count);
    }

    /// Counts one less; `false` when there was none to take away, which means that somebody else wrote.
    pub fn remove(&mut self, status: Status, length: u8) -> bool {
        let Some(lengths) = self.0.get_mut(&status) else { return false };
        let Some(count) = lengths.get_mut(&length) else { return false };
        *count -= 1;
        if *count == 0 {
            lengths.remove(&length);
        }
        if lengths.is_empty() {
            self.0.remove(&status);
        }
        true
    }

    /// Prefixes in this status.
    #[must_use]
    pub fn count(&self, status: Status) -> u64 {
        self.0.get(&status).map_or(0, |lengths| lengths.values().sum())
    }

    /// All prefixes.
    #[must_use]
    pub fn total(&self) -> u64 {
        Status::ALL.into_iter().map(|status| self.count(status)).sum()
    }

    /// Addresses in prefixes of this status, in a family with addresses of this many bits; saturates.
    #[must_use]
    pub fn addresses(&self, status: Status, bits: u8) -> u128 {
        let lengths = self.0.get(&status).into_iter().flatten();
        lengths.fold(0, |sum, (length, count)| {
            sum.saturating_add(size(*length, bits).saturating_mul((*count).into()))
        })
    }

    /// Addresses in prefixes of any status; saturates.
    #[must_use]
    pub fn all_addresses(&self, bits: u8) -> u128 {
        Status::ALL.into_iter().fold(0, |sum, status| sum.saturating_add(self.addresses(status, bits)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_can_be_taken_away() {
        let mut used = Used::default();
        used.add(Status::Assigned, 24);
        used.add(Status::Assigned, 24);
        used.add(Status::Held, 25);
        assert_eq!((used.count(Status::Assigned), used.total()), (2, 3));
        assert_eq!(used.addresses(Status::Assigned, 32), 512);
        assert_eq!(used.all_addresses(32), 640);
        assert_eq!(serde_json::to_string(&used).unwrap(), r#"{"assigned":{"24":2},"held":{"25":1}}"#);
        let text = serde_json::to_string(&used).unwrap();
        assert_eq!(serde_json::from_str::<Used>(&text).unwrap(), used);
        assert!(used.remove(Status::Held, 25) && used.remove(Status::Assigned, 24));
        assert!(used.remove(Status::Assigned, 24));
        assert!(!used.remove(Status::Assigned, 24));
        assert_eq!(used, Used::default());
    }

    #[test]
    fn a_whole_family_saturates() {
        let mut used = Used::default();
        used.add(Status::Assigned, 0);
        assert_eq!(used.all_addresses(128), u128::MAX);
    }
}
