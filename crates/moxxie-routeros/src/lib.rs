//! The RouterOS driver.
//!
//! The pure part turns a vendor-neutral [`DeviceIntent`](moxxie_core::device::DeviceIntent) into rows
//! ([`render`]), compares them with what a router shows ([`DeviceState`]) and makes the commands in
//! between ([`plan`]), their inverse ([`undo`]), what is left of them ([`remaining`]) and the check that
//! they worked ([`missing`]). None of it knows a socket.
//!
//! The other part is a [`Session`] ([`connect`]): it reads a [`DeviceState`], sends the waves of a plan, and
//! holds the [`Guard`] under which the router undoes them by itself. It keeps no journal and tries nothing
//! again: those are the engine's.
//!
//! Facts about RouterOS are taken from the vendor's manual and from command trees machine-read from
//! running routers, versions 7.16 to 7.24.

mod anchor;
mod apply;
mod binding;
mod bypass;
mod diff;
mod drift;
pub mod enroll;
mod error;
mod facts;
mod family;
mod find;
mod guard;
mod inverse;
mod lint;
mod menu;
mod obstacle;
mod order;
mod plan;
mod refusal;
mod render;
mod scan;
mod script;
mod session;
mod state;
mod status;
mod value;
mod verify;
mod watch;

#[cfg(test)]
mod testing;

pub use apply::{Answer, Observer};
pub use binding::{BadBinding, Binding};
pub use diff::diff_text;
pub use drift::{Applied, drift, who_needs, with_renamed};
pub use error::DriverError;
pub use facts::{RouterFacts, Version};
pub use guard::{Guard, GuardError, Released, Unrolled};
pub use inverse::{remaining, undo};
pub use plan::{MAX_COMMANDS, plan, plan_in_chunks};
pub use refusal::Refusal;
pub use render::{REVISION, RenderError, network_name, render};
pub use scan::ScanLimits;
pub use script::script;
pub use session::{Deadlines, Session, Target, connect};
pub use state::{DeviceState, HistoryEntry, OwnedRow, SafeMode, StateRow, guard_free, owned_rows};
pub use status::{Route, RouteQuery, RouterStatus, Routes};
pub use verify::{Mismatch, What, missing};
pub use watch::Changes;
