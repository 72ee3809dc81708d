//! Rendering: device intent to rows.

pub(crate) mod firewall;
mod network;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use moxxie_core::{
    Name, NetworkId,
    change::StepName,
    device::{DeviceIntent, NetworkIntent},
    row::{Mark, Row},
};

use crate::{BadBinding, Binding, RouterFacts, menu::menu};

/// Dependency order of rows. Gaps leave room; rules of one chain count up from [`rank::CHAIN`].
///
/// No address appears before the interface is in its lists, the lists are looked at by rules, and the
/// rules are jumped to: that is what keeps every state in between closed. Removal goes the other way.
mod rank {
    /// Lists, address lists: need nothing.
    pub(super) const BASE: u16 = 10;
    /// First rule of a chain; the next ones count up, because nothing says that a router executes
    /// tagged commands in the order in which they were sent.
    pub(super) const CHAIN: u16 = 1_000;
    /// Jumps out of the operator's chains: the private chains must be complete.
    pub(super) const JUMP: u16 = 60_000;
    /// VLAN interfaces, so late that one wave later they are in their lists. For that wave an interface is
    /// in none: it has no address, so nothing is routed to it and no host learns a gateway there.
    pub(super) const SERVICE_VLAN: u16 = 60_004;
    /// Those on a service VLAN need it. Pools and DHCP networks need nothing and go along.
    pub(super) const VLAN: u16 = 60_005;
    /// Membership in the list of the profile and of the tenant.
    pub(super) const MEMBER: u16 = 60_010;
    /// Membership in the list of all networks, which is what the jumps look at: an interface in it and in
    /// no profile's list would be judged by no profile.
    pub(super) const NETS: u16 = 60_020;
    /// The gateway address, and the DHCP server that answers from it.
    pub(super) const ADDRESS: u16 = 60_030;
}

/// Why an intent cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RenderError {
    /// The binding is unusable.
    #[error(transparent)]
    Binding(#[from] BadBinding),
    /// Two networks would have the same name on the router.
    #[error("{first} and {second} would both be {name} on the router: their ids end alike")]
    SameName {
        /// One of them.
        first: NetworkId,
        /// The other.
        second: NetworkId,
        /// The name.
        name: String,
    },
    /// The intent has a network of a profile that it does not have.
    #[error("{network}: there is no profile {profile}")]
    NoProfile {
        /// The network.
        network: NetworkId,
        /// The name.
        profile: Name,
    },
    /// DHCP is IPv4, and so is its network; the second address is IPv6.
    #[error("{network}: {what} is of the wrong family")]
    Family {
        /// The network.
        network: NetworkId,
        /// The gateway or range.
        what: String,
    },
    /// The DHCP range is not inside the network or the wrong way round.
    #[error("{network}: DHCP range {first}-{last} is not inside {gateway}")]
    Range {
        /// The network.
        network: NetworkId,
        /// First address of the range.
        first: IpAddr,
        /// Last address of the range.
        last: IpAddr,
        /// The network's gateway with its length.
        gateway: String,
    },
}

/// Grows when the same intent gives other rows than before. It is stored with the rows applied.
pub const REVISION: u32 = 2;

/// The name that a network's interface, pool and DHCP server have on a router: `mx-` and twelve hex digits.
#[must_use]
pub fn network_name(network: NetworkId) -> String {
    format!("mx-{}", network.short())
}

/// The rows a router should have because of this intent, in rank order.
///
/// A pure function: the same intent, binding and facts give the same rows. Rows shared by networks are
/// there exactly while a network of the intent needs them.
///
/// # Errors
/// [`RenderError`] names the network that cannot be rendered.
pub fn render(
    intent: &DeviceIntent,
    binding: &Binding,
    _facts: &RouterFacts,
) -> Result<Vec<Row>, RenderError> {
    binding.check()?;
    let mut names = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for network in &intent.networks {
        let name = network_name(network.network);
        if let Some(first) = names.insert(name.clone(), network.network) {
            return Err(RenderError::SameName { first, second: network.network, name });
        }
        if intent.profile(&network.profile).is_none() {
            let profile = network.profile.clone();
            return Err(RenderError::NoProfile { network: network.network, profile });
        }
        for row in network::rows(network, binding)? {
            rows.insert((row.rank, row.menu.clone(), row.mark.clone()), row);
        }
    }
    for row in firewall::rows(intent, binding) {
        rows.insert((row.rank, row.menu.clone(), row.mark.clone()), row);
    }
    Ok(rows.into_values().collect())
}

/// Starts a row; the natural key comes from the menu's table.
fn row(binding: &Binding, path: &str, object: &str, part: &str, fields: &[(&str, &str)]) -> Row {
    let key = menu(path).map_or(&[][..], |menu| menu.key);
    Row {
        menu: path.to_owned(),
        key: key.iter().map(|&name| name.to_owned()).collect(),
        fields: fields.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        mark: Mark { install: binding.install.clone(), object: object.to_owned(), part: part.to_owned() },
        label: String::new(),
        step: StepName::FirewallRules,
        rank: rank::BASE,
        before: None,
    }
}

/// Addresses at which our networks reach the router itself.
fn gateways(intent: &DeviceIntent) -> BTreeSet<IpAddr> {
    intent.networks.iter().flat_map(NetworkIntent::gateways).map(IpNet::addr).collect()
}

#[cfg(test)]
mod tests;
