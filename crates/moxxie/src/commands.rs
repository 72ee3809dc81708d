//! A file per noun of the command line.

pub(crate) mod address;
pub(crate) mod audit;
pub(crate) mod change;
pub(crate) mod completions;
#[cfg(feature = "server")]
pub(crate) mod config;
#[cfg(feature = "server")]
pub(crate) mod demo;
pub(crate) mod login;
pub(crate) mod network;
pub(crate) mod order;
pub(crate) mod pool;
pub(crate) mod router;
#[cfg(feature = "server")]
pub(crate) mod serve;
pub(crate) mod site;
pub(crate) mod tenant;
pub(crate) mod token;

/// All there are, for lists of things that do not grow with time.
pub(crate) const ALL: usize = usize::MAX;
