//! Device intent: what a router should carry because of the stored networks. Pure.

use std::{collections::HashSet, net::IpAddr};

use moxxie_core::{
    NetworkId,
    change::ChangeKind,
    device::{DeviceIntent, DhcpIntent, NetworkIntent},
    domain::Domain,
    network::{Network, NetworkStatus},
    site::Site,
};
use moxxie_store::{FormerProfile, StoredProfile};

/// How long a DHCP lease lasts: RouterOS's own default, half an hour.
const LEASE_S: u32 = 1800;

/// A network of a change: what it was before it, and what it is after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) before: Network,
    pub(crate) after: Network,
}

impl Turn {
    /// A network that the change puts somewhere or takes away, as it is.
    pub(crate) fn whole(network: Network) -> Self {
        Self { before: network.clone(), after: network }
    }
}

/// What a change is about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns {
    pub(crate) networks: Vec<Turn>,
    /// Firewall profiles that it brings to routers, as they were before it.
    pub(crate) profiles: Vec<FormerProfile>,
    /// The same as they are to be, where that is not written yet: for a rehearsal.
    pub(crate) wished: Vec<StoredProfile>,
}

impl From<Vec<Turn>> for Turns {
    fn from(networks: Vec<Turn>) -> Self {
        Self { networks, ..Self::default() }
    }
}

/// What the router carries before and after a change. All networks it is not about are the same in both,
/// so that the plan has nothing to say about them.
pub(crate) fn around(
    kind: ChangeKind,
    site: &Site,
    domain: &Domain,
    networks: &[Network],
    turns: &Turns,
    tenant: &dyn Fn(&Network) -> String,
    profiles: &[StoredProfile],
) -> (DeviceIntent, DeviceIntent) {
    let subjects: HashSet<NetworkId> = turns.networks.iter().map(|turn| turn.after.id).collect();
    let others = networks.iter().filter(|network| !subjects.contains(&network.id) && is_on_router(network));
    let without = DeviceIntent {
        management: site.management_prefixes.clone(),
        networks: others.map(|network| intent(site, domain, network, tenant(network))).collect(),
        profiles: profiles.iter().map(|stored| stored.profile.clone()).collect(),
        revisions: profiles.iter().map(|stored| (stored.profile.name.clone(), stored.revision)).collect(),
    };
    // A router carries its own domain, whatever else the change is about.
    let here = || turns.networks.iter().filter(|turn| turn.after.attachment.domain_id == domain.id);
    let of = |network: &Network| intent(site, domain, network, tenant(network));
    let mut with = without.clone();
    with.networks.extend(here().map(|turn| of(&turn.after)));
    match kind {
        ChangeKind::Modify => {
            let mut was = without;
            for former in &turns.profiles {
                was.profiles.retain(|profile| profile.name != former.profile.name);
                was.revisions.insert(former.profile.name.clone(), former.revision);
                was.profiles.push(former.profile.clone());
            }
            was.networks.extend(here().map(|turn| of(&turn.before)));
            (was, with)
        }
        // What the router shows already needs no command, whatever was there before.
        ChangeKind::Provision | ChangeKind::Restore => (without, with),
        ChangeKind::Deprovision => (with, without),
    }
}

/// Whether a router may carry the network while no change of it is running on that router.
fn is_on_router(network: &Network) -> bool {
    match network.status {
        NetworkStatus::Provisioned | NetworkStatus::Deprovisioning | NetworkStatus::Failed => true,
        NetworkStatus::Allocated | NetworkStatus::Provisioning => false,
    }
}

fn intent(site: &Site, domain: &Domain, network: &Network, tenant: String) -> NetworkIntent {
    let dhcp = network.dhcp_range();
    NetworkIntent {
        network: network.id,
        tenant: network.tenant_id,
        domain: domain.id,
        tags: domain.encapsulation.stack(network.attachment.vlan),
        gateway: network.layout(network.prefix).gateway_on_interface(),
        second: network.second.as_ref().map(|second| network.layout(second.prefix).gateway_on_interface()),
        dns6: dns6(site, network),
        profile: network.options.profile.clone(),
        dhcp: dhcp.map(|range| DhcpIntent {
            range,
            // Without servers of the site's own the gateway answers.
            dns: if site.dns_servers.is_empty() {
                vec![network.gateway]
            } else {
                servers(site, IpAddr::is_ipv4)
            },
            lease_s: LEASE_S,
        }),
        label: label(network, &tenant),
    }
}

/// The DNS servers of a site of one family.
fn servers(site: &Site, of: fn(&IpAddr) -> bool) -> Vec<IpAddr> {
    site.dns_servers.iter().filter(|server| of(server)).copied().collect()
}

/// What router advertisements name, by the rule of DHCP: the site's own servers, or else the gateway.
fn dns6(site: &Site, network: &Network) -> Vec<IpAddr> {
    let second = network.second.as_ref().map(|second| second.gateway);
    let Some(gateway) = second.or(Some(network.gateway)).filter(IpAddr::is_ipv6) else { return Vec::new() };
    if site.dns_servers.is_empty() { vec![gateway] } else { servers(site, IpAddr::is_ipv6) }
}

/// For comments on the router: whose and which, then the free text.
fn label(network: &Network, tenant: &str) -> String {
    let text = format!("{tenant}/{} {}", network.name, network.options.description);
    text.trim_end().to_owned()
}
