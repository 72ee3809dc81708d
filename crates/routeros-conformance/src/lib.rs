//! What is documented about RouterOS 7, as checks that are asked of a target at an address.
//!
//! The same suite runs against the emulator in continuous integration, against a CHR in QEMU, and against
//! anybody's own router: it works only on rows that it made itself, under names with a random prefix, and
//! removes them again. Each [`Check`] says which fact it holds the target to and how good the evidence is,
//! so that a difference on a real router tells whether the router or our knowledge is the news.

mod check;
pub mod checks;
pub mod chr;
mod lab;
mod raw;
mod report;
mod suite;
mod target;

pub use check::{Check, Ending, Need, Quality, Stop};
pub use lab::Lab;
pub use raw::Raw;
pub use report::{Outcome, Report, Verdict};
pub use suite::{Choice, run};
pub use target::{Capability, Target};
