//! All SQL of moxxie, for SQLite and PostgreSQL.
//!
//! [`Store`] reads, [`Tx`] (from [`Store::begin`]) reads and writes; reads are written once, on
//! [`Reads`], and both dereference to it. One noun, one file, as in `moxxie-core`.
//!
//! Conflicts are impossible here rather than checked for: uniqueness and non-overlap are constraints of
//! the database, and what it refuses comes back as [`StoreError::Conflict`] naming the [`Constraint`].
//!
//! Order of locks, so that transactions never wait for each other in a circle: change, domain, VRF, pool
//! (by id), network, space (by id), range of AS numbers, audit head. Times are stored in whole microseconds.

pub mod address;
pub mod applied;
pub mod asn;
pub mod audit;
pub mod batch;
pub mod change;
pub mod checkpoint;
mod constraint;
pub mod container;
pub mod domain;
pub mod drift;
pub mod error;
pub mod event;
mod exchange;
pub mod finding;
mod free;
pub mod free_range;
pub mod holder;
pub mod idempotency;
pub mod journal;
pub mod key;
pub mod label;
pub mod lease;
pub mod login;
pub mod meta;
mod migrate;
pub mod network;
mod open;
pub mod page;
mod param;
pub mod past;
pub mod plan;
pub mod pool;
pub mod prefix;
pub mod profile;
pub mod range;
pub mod router;
mod row;
pub mod sample;
pub mod scan;
pub mod search;
pub mod secret;
pub mod sighting;
pub mod site;
mod source;
pub mod statement;
pub mod step;
pub mod store;
pub mod subject;
pub mod tenant;
pub mod token;
pub mod vlan;
pub mod vrf;

pub use address::Address;
pub use applied::{AppliedRow, NewApplied};
pub use asn::AsnFilter;
pub use audit::{AuditDraft, AuditFilter};
pub use batch::{AddressTurn, Batch, SpaceStep, Written};
pub use change::{Change, ChangeError, ChangeFilter};
pub use checkpoint::{AuditProblem, AuditReport};
pub use drift::{Drift, DriftFilter, DriftStep, DriftWatch, Motion, NewDrift, Said};
pub use error::{Constraint, OpenError, StoreError};
pub use event::ChangeEvent;
pub use finding::{Finding, FindingFilter};
pub use free_range::{Space, Territory};
pub use holder::Holder;
pub use idempotency::Idempotent;
pub use journal::JournalEntry;
pub use key::MasterKey;
pub use label::{LabelFilter, Labels};
pub use lease::Lease;
pub use login::AuthFailures;
pub use network::NetworkFilter;
pub use page::{Listing, Page};
pub use past::{Arranged, Dated, Place, Remembered, Version, Window};
pub use plan::RouterPlan;
pub use pool::PoolStatistics;
pub use prefix::{GivenError, NewPrefix, PrefixFilter, PrefixRecord, ReshapeError, Taken, Want, Wanted};
pub use profile::{FormerProfile, StoredProfile};
pub use scan::{RouterScan, ScanClaim};
pub use search::Hit;
pub use sighting::{SeenAddress, Silent};
pub use statement::Dialect;
pub use step::Step;
pub use store::{Reads, Store, StoreConfig, Tx, Whole};
pub use subject::Subject;
pub use token::Token;
pub use vlan::VlanRecord;

/// What every operation of the store answers.
pub type Result<T, E = StoreError> = std::result::Result<T, E>;
