//! A file per noun of the command line.

pub(crate) mod address;
pub(crate) mod asn;
pub(crate) mod audit;
mod bulk;
pub(crate) mod change;
pub(crate) mod claim;
pub(crate) mod completions;
#[cfg(feature = "server")]
pub(crate) mod config;
pub(crate) mod container;
pub(crate) mod declaration;
#[cfg(feature = "server")]
pub(crate) mod demo;
pub(crate) mod drift;
pub(crate) mod exchange;
pub(crate) mod login;
pub(crate) mod network;
pub(crate) mod order;
pub(crate) mod past;
pub(crate) mod pool;
pub(crate) mod prefix;
pub(crate) mod profile;
pub(crate) mod reality;
pub(crate) mod router;
pub(crate) mod search;
#[cfg(feature = "server")]
pub(crate) mod serve;
pub(crate) mod site;
pub(crate) mod tenant;
pub(crate) mod token;
pub(crate) mod vlan;
pub(crate) mod vrf;

use crate::session::Session;

/// All there are, for lists of things that do not grow with time.
pub(crate) const ALL: usize = usize::MAX;

/// Removes what is at this path: its kind, in the plural, and its name.
async fn remove(path: &[&str; 2], session: &Session) -> anyhow::Result<()> {
    session.api.delete::<Option<serde_json::Value>>(path, &[]).await?;
    session.out.note(&format!("{} is removed", path[1]));
    Ok(())
}
