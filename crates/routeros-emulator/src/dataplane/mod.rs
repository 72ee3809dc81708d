//! What is configured becomes real somewhere: the port between the rows of a router and a data plane.
//!
//! [`Desired::of`] is a pure function from rows, as `print` shows them, to what should be in a kernel.
//! A [`DataPlane`] brings that about and says what it sees; [`follow`] keeps both sides together. The router
//! itself knows nothing of this: without a data plane it is exactly as before.

mod desired;
mod dhcp;
mod firewall;
mod links;
mod linux;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

pub use self::desired::{Desired, Unsupported};
pub use self::dhcp::Lease;
pub use self::linux::Linux;
use crate::emulator::Emulator;
use crate::state::Host;

/// How often rows are compared with what was made of them.
const LOOK: Duration = Duration::from_millis(100);
/// Every how many looks the data plane is asked what it sees, and what failed is tried again: 1 s.
const OBSERVE_EVERY: u32 = 10;

/// What went wrong between us and the kernel.
#[derive(Debug, thiserror::Error)]
#[error("{command}: {message}")]
pub struct DataPlaneError {
    /// The program that was run.
    pub command: String,
    /// What it, or the system, said.
    pub message: String,
}

/// What a data plane sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Observed {
    /// Neighbours: interface as the router calls it, address, MAC address in RouterOS's notation.
    pub neighbours: BTreeSet<(String, IpAddr, String)>,
    /// Leases that the DHCP server gave out, with the server's name.
    pub leases: BTreeSet<Lease>,
}

/// Where configuration becomes real.
pub trait DataPlane: Send + 'static {
    /// Brings about what is desired. After an error it is unknown what is there; the next call begins anew.
    ///
    /// # Errors
    ///
    /// What the kernel or a daemon refused.
    fn apply(&mut self, desired: &Desired) -> Result<(), DataPlaneError>;

    /// What is there now.
    ///
    /// # Errors
    ///
    /// The kernel or a daemon could not be asked, or a daemon has died.
    fn observe(&mut self) -> Result<Observed, DataPlaneError>;
}

/// Keeps a data plane as the router's rows say, and shows in the router what it sees, for ever. A change is
/// carried out within about 100 ms, an observation shown within about a second. What fails is logged and tried
/// again every second.
pub async fn follow<P: DataPlane>(emulator: Arc<Emulator>, mut plane: P) {
    let mut ticks = tokio::time::interval(LOOK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut applied: Option<Desired> = None;
    let mut refused: Option<String> = None;
    let mut shown = Observed::default();
    let mut count = 0;
    loop {
        ticks.tick().await;
        let observing = count % OBSERVE_EVERY == 0;
        count = count.wrapping_add(1);
        let desired = match Desired::of(&|menu| emulator.rows(menu)) {
            Ok(desired) => desired,
            // Half a firewall is worse than the one of before: nothing is applied until it can be whole.
            Err(unsupported) => {
                complain(&mut refused, unsupported.to_string());
                continue;
            }
        };
        let new = applied.as_ref() != Some(&desired);
        // What was refused is tried again with the observations only.
        let at_once = new && refused.is_none();
        if !observing && !at_once {
            continue;
        }
        let was_refused = refused.is_some();
        let work = move || {
            let outcome = if new { plane.apply(&desired) } else { Ok(()) };
            let observed = outcome.and_then(|()| plane.observe());
            (plane, desired, observed)
        };
        let Ok((back, desired, observed)) = tokio::task::spawn_blocking(work).await else {
            tracing::error!("the data plane panicked; what is configured is no longer carried out");
            return;
        };
        plane = back;
        match observed {
            Ok(observed) => {
                if was_refused {
                    tracing::info!("the data plane is as configured again");
                }
                (refused, applied) = (None, Some(desired));
                show(&emulator, &shown, &observed);
                shown = observed;
            }
            Err(error) => {
                applied = None;
                complain(&mut refused, error.to_string());
            }
        }
    }
}

fn complain(refused: &mut Option<String>, message: String) {
    if refused.as_ref() != Some(&message) {
        tracing::error!(%message, "the data plane is not as configured");
        *refused = Some(message);
    }
}

/// Shows the difference between two observations in `/ip/arp`, `/ipv6/neighbor` and `/ip/dhcp-server/lease`.
fn show(emulator: &Emulator, before: &Observed, now: &Observed) {
    let lan = emulator.lan();
    for (interface, address, mac) in before.neighbours.difference(&now.neighbours) {
        if !now.neighbours.iter().any(|(other, at, _)| (other, at) == (interface, address)) {
            lan.remove(interface, *address);
        }
        tracing::debug!(interface, %address, mac, "neighbour gone");
    }
    for (interface, address, mac) in now.neighbours.difference(&before.neighbours) {
        lan.put(Host {
            interface: interface.clone(),
            address: *address,
            mac: mac.clone(),
            pings: true,
            talks: true,
        });
    }
    for lease in before.leases.difference(&now.leases) {
        let rows = emulator.rows("/ip/dhcp-server/lease");
        let gone = rows.iter().find(|row| {
            row.get("dynamic").is_some_and(|dynamic| dynamic == "true")
                && row.get("address").is_some_and(|address| *address == lease.address.to_string())
        });
        let refused =
            gone.and_then(|row| emulator.remove_row("/ip/dhcp-server/lease", row.get(".id")?).err());
        if let Some(refused) = refused {
            tracing::warn!(%refused, address = %lease.address, "a lease that ended is still shown");
        }
    }
    for lease in now.leases.difference(&before.leases) {
        let name = lease.host_name.as_bytes();
        if let Err(refused) = lan.lease(&lease.server, IpAddr::V4(lease.address), &lease.mac, name) {
            tracing::warn!(%refused, address = %lease.address, "a lease cannot be shown");
        }
    }
}
