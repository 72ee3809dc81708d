//! Networks as the API shows them.

use moxxie_api::{
    change::ProvisioningStep,
    network::{self as wire, HostTag},
};
use moxxie_core::{
    encapsulation::{HandOff, TagStack},
    network::Network,
};

use super::allocate::Ground;
use crate::site::tpid;

/// What stands beside a network in an answer.
pub(crate) struct Around<'a> {
    pub(crate) tenant: &'a str,
    pub(crate) site: &'a moxxie_core::site::Site,
    pub(crate) domain: &'a moxxie_core::domain::Domain,
    pub(crate) pool: &'a str,
    pub(crate) vrf: &'a str,
    pub(crate) change: Option<String>,
    pub(crate) steps: Vec<ProvisioningStep>,
}

/// What an order found, beside the network it made.
pub(crate) fn of_ground<'a>(ground: &'a Ground, network: &Network) -> Around<'a> {
    let pool = ground.pools.iter().find(|pool| pool.id == network.pool_id);
    Around {
        tenant: ground.tenant.name.as_str(),
        site: &ground.site,
        domain: &ground.domain,
        pool: pool.map_or("", |pool| pool.name.as_str()),
        vrf: ground.vrf.name.as_str(),
        change: None,
        steps: Vec::new(),
    }
}

/// The network as the API shows it.
pub(crate) fn view(network: &Network, around: Around<'_>) -> wire::Network {
    let layout = network.layout(network.prefix);
    let tags = around.domain.encapsulation.stack(network.attachment.vlan);
    let dhcp_range = network.dhcp_range();
    let site = around.site.name.to_string();
    wire::Network {
        network_id: network.id.to_string(),
        name: network.name.to_string(),
        client_id: around.tenant.to_owned(),
        kind: network.kind.to_string(),
        purpose: network.purpose.clone(),
        vlan_id: network.attachment.vlan.get(),
        subnet: network.prefix.to_string(),
        gateway: network.gateway.to_string(),
        subnet6: network.second.as_ref().map(|second| second.prefix.to_string()),
        gateway6: network.second.as_ref().map(|second| second.gateway.to_string()),
        vrf: around.vrf.to_owned(),
        notes: notes(network),
        dhcp_range: dhcp_range.map(|(first, last)| format!("{first}-{last}")),
        datacenter: site.clone(),
        primary_datacenter: site.clone(),
        current_datacenter: site,
        qinq: tags.outer.is_some(),
        service_vlan: tags.outer.map(|tag| tag.vid.get()),
        host_tags: host_tags(tags, around.site.hand_off),
        pool: around.pool.to_owned(),
        options: wire::NetworkOptions {
            enable_dhcp: network.options.dhcp,
            firewall_profile: Some(network.options.profile.as_str().to_owned()),
            bgp_enabled: false,
            description: Some(network.options.description.clone()).filter(|text| !text.is_empty()),
        },
        labels: network.labels.clone(),
        pairable: layout.router_pair().is_some(),
        status: network.status.as_str().to_owned(),
        change_id: around.change,
        provisioning_steps: around.steps,
        created_at: network.created_at,
        updated_at: network.updated_at,
        version: network.version,
    }
}

/// What a reader should know that no field says: never silently less than was asked for.
fn notes(network: &Network) -> Vec<String> {
    let second = network.second.as_ref().map(|second| &second.prefix);
    let by_hand = |prefix: &&ipnet::IpNet| prefix.addr().is_ipv6() && prefix.prefix_len() != 64;
    let prefixes = std::iter::once(&network.prefix).chain(second).filter(by_hand);
    prefixes
        .map(|prefix| {
            format!(
                "hosts make themselves addresses in a /64 only: in {prefix} they are given theirs by hand"
            )
        })
        .collect()
}

/// The tags a host must send, as the API shows them.
pub(crate) fn host_tags(tags: TagStack, hand_off: HandOff) -> Vec<HostTag> {
    let tags = tags.host_tags(hand_off).into_iter();
    tags.map(|tag| HostTag { tpid: tpid(tag.tpid).to_owned(), vlan_id: tag.vid.get() }).collect()
}
