//! Ids: UUIDv7 with a printed prefix, `net-01936f0e-...`.
//!
//! Version 7 sorts by time of creation, which keeps index pages dense and lists in the order people
//! expect (RFC 9562, section 5.7). The prefix makes an id in a log line or on a router say what it names.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
pub use uuid::Uuid;

/// An id that could not be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an id of the form {prefix}-<uuid>")]
pub struct ParseIdError {
    prefix: &'static str,
    text: String,
}

/// Builds a version 7 UUID from its two inputs, so that tests can fix both.
#[must_use]
pub fn uuid_v7(unix_ms: u64, random: [u8; 10]) -> Uuid {
    uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid()
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// What stands before the hyphen in print.
            pub const PREFIX: &'static str = $prefix;

            /// The id with this UUID.
            #[must_use]
            pub const fn new(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID.
            #[must_use]
            pub const fn uuid(self) -> Uuid {
                self.0
            }

            /// When the id was made, to the millisecond: the time is part of a version 7 UUID.
            #[must_use]
            pub fn created_at(self) -> jiff::Timestamp {
                let ms = self.0.as_u128() >> 80;
                i64::try_from(ms)
                    .ok()
                    .and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok())
                    .unwrap_or(jiff::Timestamp::UNIX_EPOCH)
            }

            /// Twelve hex digits from the random part: short enough for the name of a router's row.
            /// Uniqueness of such names is checked where they are used, never assumed.
            #[must_use]
            pub fn short(self) -> String {
                let hex = self.0.simple().to_string();
                hex[20..].to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "-{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                text.strip_prefix(concat!($prefix, "-"))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or_else(|| ParseIdError { prefix: $prefix, text: text.to_owned() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = String::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// A datacentre.
    SiteId = "site";
    /// A VLAN domain.
    DomainId = "dom";
    /// A RouterOS device.
    RouterId = "rtr";
    /// An owner of networks.
    TenantId = "ten";
    /// A supernet that allocations come from.
    PoolId = "pool";
    /// A VRF.
    VrfId = "vrf";
    /// A prefix that pools are arranged in.
    ContainerId = "con";
    /// A prefix record.
    PrefixId = "pfx";
    /// The record of a taken VLAN id.
    VlanRecordId = "vlan";
    /// A range of AS numbers.
    AsnRangeId = "asr";
    /// The record of a taken AS number.
    AsnId = "asn";
    /// An address record.
    AddressId = "ip";
    /// A range of addresses of a network.
    RangeId = "rng";
    /// A network.
    NetworkId = "net";
    /// A network in a VLAN domain.
    AttachmentId = "att";
    /// One run of a plan.
    ChangeId = "chg";
    /// An audit event.
    EventId = "evt";
    /// A bearer token.
    TokenId = "tok";
    /// A difference between what a router shows and the records.
    FindingId = "fnd";
    /// A row on a router that is not as it was applied.
    DriftId = "drf";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_back() {
        let id = NetworkId::new(uuid_v7(1_700_000_000_000, [7; 10]));
        let text = id.to_string();
        assert!(text.starts_with("net-018bcfe5-6800-7707-"), "{text}");
        assert_eq!(text.parse(), Ok(id));
    }

    #[test]
    fn another_kind_of_id_is_refused() {
        let id = NetworkId::new(uuid_v7(1, [0; 10]));
        assert!(id.to_string().parse::<SiteId>().is_err());
        assert!("net-".parse::<NetworkId>().is_err());
        assert!("".parse::<NetworkId>().is_err());
    }

    #[test]
    fn an_id_tells_its_time() {
        let id = NetworkId::new(uuid_v7(1_700_000_000_123, [7; 10]));
        assert_eq!(id.created_at().as_millisecond(), 1_700_000_000_123);
    }

    #[test]
    fn ids_sort_by_time() {
        assert!(ChangeId::new(uuid_v7(1, [0xff; 10])) < ChangeId::new(uuid_v7(2, [0; 10])));
    }
}
