//! Sockets: from bytes to commands and back.

mod cancel;
mod connection;
mod follow;
mod login;
mod queue;
mod shared;
mod supervisor;
mod tls;
mod writer;

pub use shared::LoggedCommand;
pub(crate) use shared::Shared;
pub(crate) use supervisor::{Control, Supervisor};
