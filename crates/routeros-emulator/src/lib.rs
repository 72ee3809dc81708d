//! A believable RouterOS in a process: API sessions over real TCP, menus as data, references by id, ordered
//! lists, history, safe mode, schedulers, and faults on purpose.
//!
//! It stands in for a router in tests and demonstrations. What it does is taken from public facts about
//! RouterOS 7 (manual, command trees of real devices, measurements by others); what had to be assumed is
//! listed by [`assumptions`].
//!
//! ```no_run
//! # async fn story() -> Result<(), Box<dyn std::error::Error>> {
//! use routeros_emulator::{Emulator, Fault, FaultKind};
//!
//! let emu = Emulator::builder().version("7.22")?.identity("r2").user("admin", "secret").start().await?;
//! emu.faults().inject(Fault::once("/ip/dhcp-server/add", FaultKind::LoseReply));
//! let before = emu.snapshot();
//! // ... connect to emu.addr() and work ...
//! assert_eq!(emu.snapshot(), before, "{}", before.diff(&emu.snapshot()));
//! emu.shutdown().await;
//! # Ok(())
//! # }
//! ```

mod assumptions;
mod bgp;
mod builder;
mod certificate;
mod clock;
mod command;
mod conditions;
mod control;
pub mod dataplane;
mod derive;
mod describe;
mod emulator;
mod errors;
mod faults;
mod filter;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod lan;
mod log;
mod md5;
mod scene;
mod schema;
mod server;
mod snapshot;
mod state;
mod tables;
mod value;
mod version;

pub use assumptions::{Assumption, assumptions};
pub use bgp::{Bgp, BgpPeer};
pub use builder::{Builder, StartError};
pub use clock::Clock;
pub use conditions::Load;
pub use control::ControlServer;
pub use describe::{ArgumentNames, FieldDescription, MenuDescription, describe};
pub use emulator::{Emulator, Refused};
pub use faults::{Fault, FaultKind, Faults, Hit, Matcher};
pub use lan::{Host, Lan};
pub use scene::{Scene, SceneError};
pub use server::LoggedCommand;
pub use snapshot::Snapshot;
pub use version::{UnknownVersion, Version};

/// The typed menu of `lo`, which no command reaches.
const LOOPBACK: &str = "/interface/.loopback";
