//! Use cases, a file per noun, and workers: the only place where store and routers meet.
//!
//! A use case takes a [`Context`] (who asks) and a request of `moxxie-api`, and gives an answer of
//! `moxxie-api` or an [`Error`]. It knows neither HTTP nor SQL nor a router's words.

pub mod address;
pub mod asn;
pub mod audit;
mod batch;
pub mod change;
mod claim;
pub mod clock;
pub mod container;
pub mod context;
mod declaration;
pub mod drift;
pub mod engine;
pub mod error;
pub mod exchange;
pub mod failpoint;
mod forecast;
mod history;
mod intent;
mod lapse;
pub mod network;
mod page;
pub mod pool;
pub mod prefix;
pub mod profile;
pub mod range;
pub mod reality;
pub mod router;
mod runner;
mod search;
pub mod site;
pub mod tenant;
pub mod token;
mod validate;
pub mod vlan;
pub mod vrf;
mod write;

pub use context::{Context, Idempotency};
pub use drift::DriftConfig;
pub use engine::{Engine, EngineConfig};
pub use error::Error;
pub use reality::RealityConfig;
