//! Values on their way into a statement.

use moxxie_core::{
    AddressId, AsnId, AsnRangeId, AttachmentId, ChangeId, ContainerId, DomainId, DriftId, EventId, FindingId,
    Name, NetworkId, PoolId, PrefixId, RangeId, RouterId, SiteId, TenantId, Timestamp, TokenId, VlanRecordId,
    VrfId, asn::AsNumber, claim::Status, identity::Scope, vlan::VlanId,
};
use serde::Serialize;

use crate::{Result, StoreError};

/// A parameter. Nulls have a type, because PostgreSQL wants to know it.
#[derive(Debug, Clone)]
pub(crate) enum Param {
    Text(Option<String>),
    Int(Option<i64>),
    Bytes(Vec<u8>),
    Bool(bool),
    /// Columns of many rows. PostgreSQL alone takes arrays; SQLite gets rows as JSON text.
    Texts(Vec<Option<String>>),
    Ints(Vec<Option<i64>>),
    Blobs(Vec<Vec<u8>>),
}

/// The parameters of a statement, in order.
macro_rules! params {
    ($($value:expr),* $(,)?) => { [$($crate::param::Param::from($value)),*] };
}
pub(crate) use params;

impl Param {
    /// Any value as JSON text.
    pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> Result<Self> {
        match serde_json::to_string(value) {
            Ok(text) => Ok(Self::Text(Some(text))),
            Err(error) => Err(StoreError::Corrupt { what: format!("a value to be written: {error}") }),
        }
    }

    /// Any value as JSON text, or null.
    pub(crate) fn json_or_null<T: Serialize>(value: Option<&T>) -> Result<Self> {
        value.map_or(Ok(Self::Text(None)), Self::json)
    }
}

impl From<&str> for Param {
    fn from(value: &str) -> Self {
        Self::Text(Some(value.to_owned()))
    }
}

impl From<&String> for Param {
    fn from(value: &String) -> Self {
        Self::Text(Some(value.clone()))
    }
}

impl From<String> for Param {
    fn from(value: String) -> Self {
        Self::Text(Some(value))
    }
}

impl From<Option<&str>> for Param {
    fn from(value: Option<&str>) -> Self {
        Self::Text(value.map(str::to_owned))
    }
}

impl From<&Option<String>> for Param {
    fn from(value: &Option<String>) -> Self {
        Self::Text(value.clone())
    }
}

impl From<i64> for Param {
    fn from(value: i64) -> Self {
        Self::Int(Some(value))
    }
}

impl From<Option<i64>> for Param {
    fn from(value: Option<i64>) -> Self {
        Self::Int(value)
    }
}

impl From<u8> for Param {
    fn from(value: u8) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<u16> for Param {
    fn from(value: u16) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<u32> for Param {
    fn from(value: u32) -> Self {
        Self::Int(Some(value.into()))
    }
}

impl From<AsNumber> for Param {
    fn from(value: AsNumber) -> Self {
        value.get().into()
    }
}

impl From<Status> for Param {
    fn from(value: Status) -> Self {
        value.as_str().into()
    }
}

impl From<VlanId> for Param {
    fn from(value: VlanId) -> Self {
        value.get().into()
    }
}

impl From<bool> for Param {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl<const N: usize> From<[u8; N]> for Param {
    fn from(value: [u8; N]) -> Self {
        Self::Bytes(value.to_vec())
    }
}

impl From<Vec<u8>> for Param {
    fn from(value: Vec<u8>) -> Self {
        Self::Bytes(value)
    }
}

impl From<Timestamp> for Param {
    fn from(value: Timestamp) -> Self {
        Self::Int(Some(value.as_microsecond()))
    }
}

impl From<Option<Timestamp>> for Param {
    fn from(value: Option<Timestamp>) -> Self {
        Self::Int(value.map(Timestamp::as_microsecond))
    }
}

/// The tenant a query is narrowed to; null lets all pass.
impl From<Scope> for Param {
    fn from(scope: Scope) -> Self {
        match scope {
            Scope::All => Self::Text(None),
            Scope::Tenant(tenant) => tenant.into(),
        }
    }
}

/// Things that are stored in their printed form.
macro_rules! printed {
    ($($kind:ty),+) => {$(
        impl From<$kind> for Param {
            fn from(value: $kind) -> Self {
                Self::Text(Some(value.to_string()))
            }
        }

        impl From<Option<$kind>> for Param {
            fn from(value: Option<$kind>) -> Self {
                Self::Text(value.map(|one| one.to_string()))
            }
        }
    )+};
}

printed!(
    AddressId,
    AsnId,
    AsnRangeId,
    AttachmentId,
    ChangeId,
    ContainerId,
    DomainId,
    DriftId,
    EventId,
    FindingId,
    NetworkId,
    PoolId,
    PrefixId,
    RangeId,
    RouterId,
    SiteId,
    TenantId,
    TokenId,
    VlanRecordId,
    VrfId,
    &Name
);
