//! Request and response types of the REST API, version 1.
//!
//! Requests take loose types (text, numbers) and are checked by the engine, which can then name the
//! field and say what would work; unknown fields are refused. Answers are in camelCase; clients must
//! tolerate fields and words they do not know.

pub mod address;
pub mod asn;
pub mod audit;
pub mod change;
pub mod container;
pub mod datacenter;
pub mod declaration;
pub mod drift;
pub mod enroll;
pub mod exchange;
pub mod forecast;
pub mod health;
pub mod network;
pub mod page;
mod patch;
pub mod plan;
pub mod pool;
pub mod prefix;
pub mod problem;
pub mod profile;
pub mod range;
pub mod reality;
pub mod router;
pub mod search;
pub mod tenant;
pub mod token;
pub mod vlan;
pub mod vrf;
pub mod write;

pub use page::{Page, PageQuery, PastPageQuery, PastQuery};
pub use problem::{FieldError, Problem};

/// Where the API lives on a server.
pub const BASE: &str = "/api/v1";
