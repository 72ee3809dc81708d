//! An asynchronous client for the RouterOS binary API.
//!
//! - [`Connection`]: one session, plain or TLS. Commands are multiplexed by tag and pipelined; rows can be
//!   taken as they come; every command has a deadline that also stops it on the router.
//! - [`Client`]: above it, a session that is opened again when needed, with back-off, a circuit breaker,
//!   a health check, and the router's [`Facts`].
//! - [`Error`]: says what is known about the effect of a failed command ([`Error::outcome`]), because a
//!   change whose answer was lost may have been made.
//!
//! ```no_run
//! use routeros_client::{Command, Config, Connection, Security, TrapKind};
//!
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let config = Config::new("192.0.2.1", "admin", "secret".into(), Security::Plain);
//! let connection = Connection::open(&config).await?;
//!
//! let bridges = connection.run(Command::new("/interface/print").query("?type=bridge")).await?;
//! for row in &bridges.rows {
//!     println!("{}", row.get("name").unwrap_or("?"));
//! }
//!
//! let add = Command::new("/interface/vlan/add")
//!     .attr("name", "v100")
//!     .attr("vlan-id", "100")
//!     .attr("interface", "bridge1");
//! match connection.run(add).await {
//!     Ok(reply) => println!("made {:?}", reply.ret()),
//!     Err(error) if error.trap_kind() == Some(TrapKind::Duplicate) => println!("there already"),
//!     Err(error) => return Err(error.into()),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! Where a fact about RouterOS is encoded, the vendor's manual (manual.mikrotik.com, developer guides,
//! "API") is the source unless another is named.

mod activity;
mod breaker;
mod client;
mod command;
mod config;
mod connection;
mod driver;
mod duration;
mod error;
mod facts;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod login;
mod pending;
mod pin;
mod row;
mod stream;
mod tls;
mod transport;
mod trap;
mod version;

pub use breaker::RetryPolicy;
pub use client::Client;
pub use command::Command;
pub use config::{Config, Security};
pub use connection::Connection;
pub use duration::parse_duration;
pub use error::{Error, LostCause, Outcome, TlsError};
pub use facts::{Facts, HardwareId};
pub use pin::{ParsePinError, SpkiSha256};
pub use routeros_wire::{DecodeError, Limits};
pub use row::{Reply, Row};
pub use stream::RowStream;
pub use tls::{ServerKey, fetch_key, fetch_pin};
pub use trap::{Trap, TrapKind, Traps};
pub use version::{ParseVersionError, Stage, Version};

/// Runs the examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
