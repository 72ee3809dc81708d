//! A router's whole state: one plain structure, changed by commands, free of sockets.

mod agenda;
mod backup;
mod bgp;
mod certificate;
mod change;
mod defaults;
mod device_mode;
mod history;
mod lan;
mod names;
mod router;
mod row;
mod safe_mode;
mod scheduler;
mod session;
mod space;
mod store;
mod upgrade;

pub(crate) use agenda::Planned;
pub(crate) use bgp::BgpSession;
pub(crate) use change::Change;
pub(crate) use defaults::{ADDRESS_LISTS, fresh, mac_address};
pub use lan::Host;
pub(crate) use router::{Follower, Router, Running, Settings};
pub(crate) use row::Row;
pub(crate) use session::Caller;
pub(crate) use upgrade::NextBoot;
