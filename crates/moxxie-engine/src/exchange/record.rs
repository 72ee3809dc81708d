//! What an export says of each thing: its line, by column.

use std::{collections::HashMap, net::IpAddr};

use ipnet::IpNet;
use moxxie_core::{
    DomainId, SiteId, TenantId, VrfId,
    address::Layout,
    asn::{Asn, AsnRange},
    claim::Claim,
    container::Container,
    network::Network,
    pool::Pool,
    range::Range,
    tenant::Tenant,
    vrf::Vrf,
};
use moxxie_store::{Address, Labels, PrefixRecord, VlanRecord};
use serde_json::{Value, json};

/// Names of what records refer to.
#[derive(Default)]
pub(super) struct Names {
    pub(super) tenants: HashMap<TenantId, String>,
    pub(super) sites: HashMap<SiteId, String>,
    pub(super) vrfs: HashMap<VrfId, String>,
    pub(super) domains: HashMap<DomainId, (SiteId, String)>,
}

/// A line: values by column.
pub(super) type Record = Vec<(&'static str, Value)>;

impl Names {
    pub(super) fn tenant(&self, id: Option<TenantId>) -> Value {
        json!(id.and_then(|id| self.tenants.get(&id)))
    }

    pub(super) fn network(&self, network: &Network) -> Record {
        record(vec![
            ("type", json!("network")),
            ("clientId", self.tenant(Some(network.tenant_id))),
            ("datacenter", json!(self.sites.get(&network.site_id))),
            ("name", json!(network.name)),
            ("vrf", json!(self.vrfs.get(&network.vrf_id))),
            ("prefix", json!(network.prefix)),
            ("gateway", unusual_gateway(network.prefix, network.gateway)),
            ("prefix6", json!(network.second.as_ref().map(|second| second.prefix))),
            (
                "gateway6",
                network
                    .second
                    .as_ref()
                    .map_or(Value::Null, |second| unusual_gateway(second.prefix, second.gateway)),
            ),
            ("labels", json!(network.labels)),
            ("vlanId", json!(network.attachment.vlan.get())),
            ("networkType", json!(network.kind)),
            ("dhcp", json!(network.options.dhcp)),
            ("firewallProfile", json!(network.options.profile.as_str())),
            ("purpose", json!(network.purpose)),
            ("description", json!(network.options.description)),
        ])
    }

    pub(super) fn taken(
        &self,
        head: Vec<(&'static str, Value)>,
        tenant: Option<TenantId>,
        claim: Claim,
        purpose: &str,
        labels: &Labels,
    ) -> Record {
        let mut all = head;
        all.extend([
            ("clientId", self.tenant(tenant)),
            ("status", json!(claim.status().as_str())),
            ("until", json!(claim.until())),
            ("purpose", json!(purpose)),
            ("labels", json!(labels)),
        ]);
        record(all)
    }

    pub(super) fn prefix(&self, prefix: &PrefixRecord) -> Record {
        let head = vec![
            ("type", json!("prefix")),
            ("vrf", json!(self.vrfs.get(&prefix.vrf_id))),
            ("prefix", json!(prefix.prefix)),
        ];
        self.taken(head, prefix.tenant_id, prefix.claim, &prefix.purpose, &prefix.labels)
    }

    pub(super) fn vlan(&self, vlan: &VlanRecord) -> Record {
        let domain = self.domains.get(&vlan.domain_id);
        let head = vec![
            ("type", json!("vlan")),
            ("datacenter", json!(domain.and_then(|(site, _)| self.sites.get(site)))),
            ("name", json!(domain.map(|(_, name)| name))),
            ("vlanId", json!(vlan.vlan.get())),
        ];
        self.taken(head, vlan.tenant_id, vlan.claim, &vlan.purpose, &vlan.labels)
    }

    pub(super) fn asn(&self, asn: &Asn) -> Record {
        let head = vec![("type", json!("asn")), ("asn", json!(asn.number.get()))];
        self.taken(head, asn.tenant_id, asn.claim, &asn.purpose, &asn.labels)
    }

    /// An address; for an inventory with what its host wants to know of the network.
    pub(super) fn address(&self, address: &Address, home: Option<&Network>) -> Record {
        let mut all = vec![
            ("type", json!("address")),
            ("vrf", json!(self.vrfs.get(&address.vrf_id))),
            ("address", json!(address.address)),
            ("status", json!(address.status.as_str())),
            ("until", json!(address.expires_at)),
            ("use", json!(address.kind.as_str())),
            ("hostname", json!(address.hostname)),
            ("mac", json!(address.mac)),
            ("vmId", json!(address.vm_id)),
            ("owner", json!(address.owner)),
            ("labels", json!(address.tags)),
        ];
        if let Some(home) = home {
            all.extend([
                ("clientId", self.tenant(Some(home.tenant_id))),
                ("datacenter", json!(self.sites.get(&home.site_id))),
                ("name", json!(home.name)),
                ("prefix", json!(home.prefix)),
                ("vlanId", json!(home.attachment.vlan.get())),
            ]);
        }
        record(all)
    }
}

impl Names {
    pub(super) fn container(&self, container: &Container) -> Record {
        record(vec![
            ("type", json!("container")),
            ("datacenter", self.site(container.site_id)),
            ("vrf", json!(self.vrfs.get(&container.vrf_id))),
            ("name", json!(container.name)),
            ("prefix", json!(container.prefix)),
            ("description", json!(container.description)),
        ])
    }

    pub(super) fn pool(&self, pool: &Pool) -> Record {
        record(vec![
            ("type", json!("pool")),
            ("datacenter", self.site(pool.site_id)),
            ("vrf", json!(self.vrfs.get(&pool.vrf_id))),
            ("name", json!(pool.name)),
            ("prefix", json!(pool.prefix)),
            ("policy", json!(pool.policy.as_str())),
            ("quarantine", json!(Some(pool.quarantine_s).filter(|seconds| *seconds > 0))),
            ("description", json!(pool.description)),
        ])
    }

    pub(super) fn asn_range(&self, range: &AsnRange) -> Record {
        record(vec![
            ("type", json!("asn_range")),
            ("clientId", self.tenant(range.tenant_id)),
            ("datacenter", self.site(range.site_id)),
            ("name", json!(range.name)),
            ("first", json!(range.span.first().get())),
            ("last", json!(range.span.last().get())),
            ("quarantine", json!(Some(range.quarantine_s).filter(|seconds| *seconds > 0))),
            ("description", json!(range.description)),
        ])
    }

    pub(super) fn range(&self, network: &Network, range: &Range) -> Record {
        record(vec![
            ("type", json!("range")),
            ("vrf", json!(self.vrfs.get(&network.vrf_id))),
            ("first", json!(range.first)),
            ("last", json!(range.last)),
            ("use", json!(range.kind.as_str())),
            ("description", json!(range.description)),
        ])
    }

    pub(super) fn site(&self, id: Option<SiteId>) -> Value {
        json!(id.and_then(|id| self.sites.get(&id)))
    }
}

/// A tenant.
pub(super) fn tenant_record(tenant: &Tenant) -> Record {
    record(vec![
        ("type", json!("tenant")),
        ("name", json!(tenant.name)),
        ("description", json!(tenant.description)),
    ])
}

/// A VRF.
pub(super) fn vrf_record(vrf: &Vrf) -> Record {
    record(vec![("type", json!("vrf")), ("name", json!(vrf.name)), ("description", json!(vrf.description))])
}

/// The gateway, where it is not the usual one.
fn unusual_gateway(prefix: IpNet, gateway: IpAddr) -> Value {
    if Layout::new(prefix).gateway() == gateway { Value::Null } else { json!(gateway) }
}

/// What says nothing is left out.
fn record(all: Vec<(&'static str, Value)>) -> Record {
    let says_nothing = |value: &Value| match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    all.into_iter().filter(|(_, value)| !says_nothing(value)).collect()
}
