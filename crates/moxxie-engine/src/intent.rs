//! Device intent: what a router should carry because of the stored networks. Pure.

use moxxie_core::{
    change::ChangeKind,
    device::{DeviceIntent, DhcpIntent, NetworkIntent},
    domain::Domain,
    network::{Network, NetworkStatus},
    profile::Profile,
    site::Site,
};

/// How long a DHCP lease lasts: RouterOS's own default, half an hour.
const LEASE_S: u32 = 1800;

/// What the router carries before and after a change of one network. All other networks are the same
/// in both, so that the plan has nothing to say about them.
pub(crate) fn around(
    kind: ChangeKind,
    site: &Site,
    domain: &Domain,
    networks: &[Network],
    subject: &Network,
    tenant: &dyn Fn(&Network) -> String,
    profiles: Vec<Profile>,
) -> (DeviceIntent, DeviceIntent) {
    let others = networks.iter().filter(|network| network.id != subject.id && is_on_router(network));
    let without = DeviceIntent {
        management: site.management_prefixes.clone(),
        networks: others.map(|network| intent(site, domain, network, tenant(network))).collect(),
        profiles,
    };
    let mut with = without.clone();
    with.networks.push(intent(site, domain, subject, tenant(subject)));
    match kind {
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
        profile: network.options.profile.clone(),
        dhcp: dhcp.map(|range| DhcpIntent {
            range,
            // Without servers of the site's own the gateway answers.
            dns: if site.dns_servers.is_empty() { vec![network.gateway] } else { site.dns_servers.clone() },
            lease_s: LEASE_S,
        }),
        label: label(network, &tenant),
    }
}

/// For comments on the router: whose and which, then the free text.
fn label(network: &Network, tenant: &str) -> String {
    let text = format!("{tenant}/{} {}", network.name, network.options.description);
    text.trim_end().to_owned()
}
