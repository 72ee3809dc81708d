//! Reality: what routers show, held against the records. Pure.

mod compare;

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{NetworkId, TenantId, Timestamp, encapsulation::Tag, row::Mark, vlan::VlanId};

pub use compare::compare;

/// Where a router knows of an address from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The ARP table: a host answered.
    Arp,
    /// The IPv6 neighbour table: a host answered.
    Neighbor,
    /// A lease that a DHCP client holds.
    Lease,
    /// An ARP entry or a lease that somebody wrote down on the router, whoever answers.
    Written,
    /// An address of the router itself.
    Configured,
    /// It was asked for, and answered.
    Probe,
}

impl Source {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Arp, Self::Neighbor, Self::Lease, Self::Written, Self::Configured, Self::Probe];

    /// The word that is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Arp => "arp",
            Self::Neighbor => "neighbor",
            Self::Lease => "lease",
            Self::Written => "written",
            Self::Configured => "configured",
            Self::Probe => "probe",
        }
    }

    /// The source of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == word)
    }
}

/// One source's word about one address behind one interface.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Sighting {
    /// The address.
    pub address: IpAddr,
    /// Name of the router's interface, cleaned of control characters.
    pub interface: String,
    /// Where the router knows it from.
    pub source: Source,
    /// The MAC address, upper case with colons.
    pub mac: Option<String>,
    /// What the host calls itself, cleaned: it is the host's word, not to be trusted.
    pub host_name: Option<String>,
}

/// An interface on the router's trunk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Carried {
    /// Its name.
    pub name: String,
    /// The tags of its frames on the trunk, outermost first; empty on the trunk itself.
    pub tags: Vec<Tag>,
    /// Whose row it is, when it carries a mark.
    pub mark: Option<Mark>,
    /// Whether it makes the tag, and is not an interface on top of the one that does.
    pub is_vlan: bool,
}

/// An address that a router has on an interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configured {
    /// The address with the length of its network.
    pub address: IpNet,
    /// The interface.
    pub interface: String,
    /// Whose row it is, when it carries a mark.
    pub mark: Option<Mark>,
}

/// What one look at a router showed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Picture {
    /// Addresses in use, each source's word, in order and without repetition.
    pub sightings: Vec<Sighting>,
    /// Addresses of the router itself.
    pub configured: Vec<Configured>,
    /// The trunk and what is on it.
    pub carried: Vec<Carried>,
    /// Tables that had more rows than were read: what is missing from them proves nothing.
    pub truncated: Vec<String>,
}

/// What is not as recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// An address of a pool is in use and there is no record of it.
    UnknownInUse,
    /// A DHCP lease, or one written down on the router, for an address without record and outside the DHCP
    /// range.
    LeaseUnrecorded,
    /// A recorded host has not been seen for a while.
    RecordedSilent,
    /// One MAC address stands behind several addresses of a network.
    DuplicateMac,
    /// A recorded address answers with another MAC address than recorded.
    MacMismatch,
    /// An address is seen where its network is not.
    Misplaced,
    /// The router has an address of a pool that is no record's.
    RouterAddress,
    /// The trunk carries a VLAN that is no network's: somebody else's, or left over.
    ForeignVlan,
}

impl FindingKind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::UnknownInUse,
        Self::LeaseUnrecorded,
        Self::RecordedSilent,
        Self::DuplicateMac,
        Self::MacMismatch,
        Self::Misplaced,
        Self::RouterAddress,
        Self::ForeignVlan,
    ];

    /// The word that is stored and sent.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnknownInUse => "unknown_in_use",
            Self::LeaseUnrecorded => "lease_unrecorded",
            Self::RecordedSilent => "recorded_silent",
            Self::DuplicateMac => "duplicate_mac",
            Self::MacMismatch => "mac_mismatch",
            Self::Misplaced => "misplaced",
            Self::RouterAddress => "router_address",
            Self::ForeignVlan => "foreign_vlan",
        }
    }

    /// The kind of this word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// A difference between a router and the records. Kind and subject name it on its router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// What is not as recorded.
    pub kind: FindingKind,
    /// What it is about: an address, a MAC address in a network, a VLAN interface.
    pub subject: String,
    /// The network concerned.
    pub network: Option<NetworkId>,
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// The address.
    pub address: Option<IpAddr>,
    /// The MAC address.
    pub mac: Option<String>,
    /// The router's interface.
    pub interface: Option<String>,
    /// The VLAN id.
    pub vlan: Option<VlanId>,
    /// What the host calls itself.
    pub host_name: Option<String>,
    /// A sentence for people, with the way out.
    pub detail: String,
    /// Since when, where that is not since it was found.
    pub since: Option<Timestamp>,
}

/// The network that an address lies in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// The network.
    pub network: NetworkId,
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its VLAN id, when it is in the VLAN domain of the router that is looked at.
    pub vlan: Option<VlanId>,
    /// Whether moxxie has put it on routers, so that it is known where its addresses belong.
    pub provisioned: bool,
    /// Addresses that DHCP gives away.
    pub dhcp: Option<(IpAddr, IpAddr)>,
    /// Addresses that are routers' by the network's layout.
    pub routers: Vec<IpAddr>,
}

/// The record of an address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its type: `vm`, `vip`, ...
    pub kind: String,
    /// The MAC address it should have.
    pub mac: Option<String>,
}

/// What the records say of an address.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The network it lies in.
    pub home: Option<Home>,
    /// The name of the pool it lies in. An address of no pool is none of moxxie's business.
    pub pool: Option<String>,
    /// Its record.
    pub record: Option<Record>,
}

/// Most characters that are kept of a name somebody else chose.
const LONGEST_NAME: usize = 255;

/// A name somebody else chose, in a form that can be stored and shown: no control characters, none that turn
/// the direction of writing, not longer than 255 characters. `None` when nothing is left.
#[must_use]
pub fn clean(name: &str) -> Option<String> {
    let harmful = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let cleaned: String =
        name.trim().chars().take(LONGEST_NAME).map(|c| if harmful(c) { '\u{fffd}' } else { c }).collect();
    (!cleaned.is_empty()).then_some(cleaned)
}

/// A MAC address in upper case with colons; `None` when it is none, or all zeros.
#[must_use]
pub fn mac(text: &str) -> Option<String> {
    let pair = |pair: &str| pair.len() == 2 && pair.bytes().all(|b| b.is_ascii_hexdigit());
    let good = text.split(':').count() == 6 && text.split(':').all(pair);
    let text = text.to_ascii_uppercase();
    (good && text != "00:00:00:00:00:00").then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_names_are_made_harmless() {
        assert_eq!(clean("web-1").as_deref(), Some("web-1"));
        assert_eq!(clean("a\0b\x1b[2Jc\u{202e}d").as_deref(), Some("a\u{fffd}b\u{fffd}[2Jc\u{fffd}d"));
        assert_eq!(clean(" \t "), None);
        assert_eq!(clean(&"\u{1f600}".repeat(1000)).map(|name| name.chars().count()), Some(255));
    }

    #[test]
    fn macs_have_one_form() {
        assert_eq!(mac("02:00:00:00:0a:01").as_deref(), Some("02:00:00:00:0A:01"));
        for bad in ["", "00:00:00:00:00:00", "02:00:00:00:0a", "02-00-00-00-00-01"] {
            assert_eq!(mac(bad), None, "{bad}");
        }
    }

    #[test]
    fn words_are_read_back() {
        assert!(Source::ALL.iter().all(|source| Source::parse(source.as_str()) == Some(*source)));
        assert!(FindingKind::ALL.iter().all(|kind| FindingKind::parse(kind.as_str()) == Some(*kind)));
    }
}
