//! Search.

use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// What is looked for.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchQuery {
    /// An address (`172.20.150.17`: who has it), a prefix (`172.20.0.0/16`), a VLAN id (`150`,
    /// `vlan 150`, `1000.150`), an AS number (`AS65001`), a MAC address in any notation, a label
    /// (`app=web`, or `app=` for any value), an id (`net-...`), an operator's id of a virtual machine, or
    /// a part of the name of a host, network, tenant, datacentre, router or pool.
    #[param(example = "172.20.150.17")]
    pub q: String,
    /// `nextCursor` of the page before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// How many at most: 1 to 1000, 100 when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// Something found. What does not apply to its type is absent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// `address`, `prefix`, `network`, `vlan`, `asn`, `tenant`, `datacenter`, `router`, `pool`. More may come.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id.
    pub id: String,
    /// What made it a hit: `address`, `prefix`, `mac`, `vlan`, `asn`, `label`, `id`, `name`, `vmId`.
    pub found_by: String,
    /// Where it can be read, where there is such a place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The address: of the record, or the one asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// What the address is for. Of an address without a record what the network's plan says: `gateway`,
    /// `router`, `dhcp`, `host` (free for a record), `unusable`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<String>,
    /// How an address, prefix, VLAN id or AS number is taken: `assigned`, `held`, `reserved`, `quarantined`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// Name of the host.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hostname: Option<String>,
    /// Its MAC address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// The operator's id of the virtual machine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// The prefix: itself, or the one it lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Id of the network it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_id: Option<String>,
    /// Name of the network it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Where that network stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_status: Option<String>,
    /// The network's VLAN id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan_id: Option<u16>,
    /// The service VLAN around it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_vlan: Option<u16>,
    /// The AS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asn: Option<u32>,
    /// The tenant's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// The datacentre.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub datacenter: Option<String>,
    /// The VRF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vrf: Option<String>,
    /// The pool its prefix came from, or the range of an AS number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pool: Option<String>,
    /// The routers that carry the network, each with the interface.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub interfaces: Vec<RouterInterface>,
}

/// Where a network is on a router.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RouterInterface {
    /// The router's name.
    pub router: String,
    /// Name of the interface on it.
    pub interface: String,
}
