//! The vocabulary of moxxie and every pure rule.
//!
//! Nothing here knows a database, a socket, HTTP or a vendor. Time and randomness are arguments.
//! One noun, one file: `network.rs` here has its like in the store, the engine, the server and the
//! command line.

pub mod address;
pub mod asn;
pub mod audit;
pub mod change;
pub mod claim;
pub mod container;
pub mod device;
pub mod domain;
pub mod drift;
pub mod encapsulation;
pub mod forecast;
pub mod free;
pub mod free_blocks;
pub mod free_range;
pub mod id;
pub mod identity;
pub mod name;
pub mod network;
pub mod plan;
pub mod pool;
pub mod prefix;
pub mod profile;
pub mod range;
pub mod reality;
pub mod router;
pub mod row;
pub mod search;
pub mod site;
pub mod tenant;
pub mod vlan;
pub mod vrf;

pub use id::{
    AddressId, AsnId, AsnRangeId, AttachmentId, ChangeId, ContainerId, DomainId, DriftId, EventId, FindingId,
    NetworkId, PoolId, PrefixId, RangeId, RouterId, SiteId, TenantId, TokenId, VlanRecordId, VrfId,
};
pub use jiff::Timestamp;
pub use name::Name;
