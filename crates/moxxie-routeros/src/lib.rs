//! The RouterOS driver.
//!
//! The pure part turns a vendor-neutral [`DeviceIntent`](moxxie_core::device::DeviceIntent) into rows
//! ([`render`]), compares them with what a router shows ([`DeviceState`]) and makes the commands in
//! between ([`plan`]), their inverse ([`undo`]), what is left of them ([`remaining`]) and the check that
//! they worked ([`missing`]). None of it knows a socket.
//!
//! Facts about RouterOS are taken from the vendor's manual and from command trees machine-read from
//! running routers, versions 7.16 to 7.24.

mod anchor;
mod binding;
mod bypass;
mod diff;
mod facts;
mod find;
mod inverse;
mod menu;
mod obstacle;
mod order;
mod plan;
mod refusal;
mod render;
mod script;
mod state;
mod value;
mod verify;

#[cfg(test)]
mod testing;

pub use binding::{BadBinding, Binding};
pub use diff::diff_text;
pub use facts::{RouterFacts, Version};
pub use inverse::{remaining, undo};
pub use plan::{MAX_COMMANDS, plan};
pub use refusal::Refusal;
pub use render::{RenderError, network_name, render};
pub use script::script;
pub use state::{DeviceState, HistoryEntry, OwnedRow, SafeMode, StateRow, guard_free, owned_rows};
pub use verify::{Mismatch, What, missing};
