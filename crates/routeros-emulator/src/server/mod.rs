//! Sockets: from bytes to commands and back.

mod cancel;
mod connection;
mod distance;
mod follow;
mod login;
mod queue;
mod shared;
mod supervisor;
mod tls;
mod writer;

#[cfg(feature = "fuzzing")]
pub(crate) use connection::serve;
pub use shared::LoggedCommand;
pub(crate) use shared::Shared;
pub(crate) use supervisor::{Control, Supervisor};
