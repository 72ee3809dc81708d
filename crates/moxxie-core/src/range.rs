//! Ranges of a network: which of its addresses are for what.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::{NetworkId, PrefixId, RangeId, TenantId, Timestamp, prefix::address_number};

/// What a range is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RangeKind {
    /// The router's DHCP server gives these out. Takes the place of the usual range.
    Dhcp,
    /// The next free address comes from here. Without such a range it comes from all that nothing else is for.
    Static,
    /// Only given out to who names the address.
    Reserved,
    /// Never given out.
    Excluded,
}

impl RangeKind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Dhcp, Self::Static, Self::Reserved, Self::Excluded];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dhcp => "dhcp",
            Self::Static => "static",
            Self::Reserved => "reserved",
            Self::Excluded => "excluded",
        }
    }

    /// The kind of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// A range, as stored. Ranges of a network do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// Its id.
    pub id: RangeId,
    /// The network.
    pub network_id: NetworkId,
    /// The prefix of the network that it lies in.
    pub prefix_id: PrefixId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// What it is for.
    pub kind: RangeKind,
    /// Its first address.
    pub first: IpAddr,
    /// Its last address.
    pub last: IpAddr,
    /// Free text.
    pub description: String,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Range {
    /// The range in numbers.
    #[must_use]
    pub fn span(&self) -> Span {
        Span { kind: self.kind, first: address_number(self.first), last: address_number(self.last) }
    }
}

/// A range in numbers, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// What it is for.
    pub kind: RangeKind,
    /// Its first address.
    pub first: u128,
    /// Its last address.
    pub last: u128,
}

impl Span {
    /// Whether an address lies in it.
    #[must_use]
    pub const fn contains(&self, number: u128) -> bool {
        self.first <= number && number <= self.last
    }
}
