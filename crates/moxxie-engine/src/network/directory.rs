//! What networks refer to, for lists: each name is looked up once, not once per network.

use std::collections::{HashMap, hash_map::Entry};

use moxxie_api::network::Network;
use moxxie_core::{
    DomainId, PoolId, SiteId, TenantId, VrfId, domain::Domain, identity::Scope, network as stored, site::Site,
};
use moxxie_store::Reads;

use super::view::{Around, view};
use crate::{Error, history::Then};

/// Names of what networks refer to, each looked up once.
#[derive(Default)]
pub(super) struct Directory {
    sites: HashMap<SiteId, Site>,
    domains: HashMap<DomainId, Domain>,
    tenants: HashMap<TenantId, String>,
    pools: HashMap<PoolId, String>,
    vrfs: HashMap<VrfId, String>,
}

impl Directory {
    /// Names as they were.
    pub(super) fn of(then: &Then) -> Self {
        Self {
            sites: then.sites.iter().map(|site| (site.id, site.clone())).collect(),
            domains: then.domains.iter().map(|domain| (domain.id, domain.clone())).collect(),
            tenants: then.tenants.iter().map(|tenant| (tenant.id, tenant.name.to_string())).collect(),
            pools: then.pools.iter().map(|pool| (pool.id, pool.name.to_string())).collect(),
            vrfs: then.vrfs.iter().map(|vrf| (vrf.id, vrf.name.to_string())).collect(),
        }
    }

    /// Looks up what a network refers to, unless it is known.
    pub(super) async fn learn(&mut self, reads: &Reads, network: &stored::Network) -> Result<(), Error> {
        if !self.sites.contains_key(&network.site_id)
            && let Some(site) = reads.site(network.site_id).await?
        {
            self.sites.insert(site.id, site);
        }
        let domain_id = network.attachment.domain_id;
        if !self.domains.contains_key(&domain_id)
            && let Some(domain) = reads.domain(domain_id).await?
        {
            self.domains.insert(domain_id, domain);
        }
        // Of a network as it was, tenant and pool may be gone by now; their ids are all that is left.
        if let Entry::Vacant(unknown) = self.tenants.entry(network.tenant_id) {
            let tenant = reads.tenant(Scope::All, network.tenant_id).await?;
            unknown.insert(
                tenant.map_or_else(|| network.tenant_id.to_string(), |tenant| tenant.name.to_string()),
            );
        }
        if let Entry::Vacant(unknown) = self.pools.entry(network.pool_id) {
            let pool = reads.pool(network.pool_id).await?;
            unknown.insert(pool.map_or_else(|| network.pool_id.to_string(), |pool| pool.name.to_string()));
        }
        if !self.vrfs.contains_key(&network.vrf_id)
            && let Some(vrf) = reads.vrf(network.vrf_id).await?
        {
            self.vrfs.insert(vrf.id, vrf.name.to_string());
        }
        Ok(())
    }

    /// A network as the API shows it, once it has been learnt about.
    pub(super) fn view(&self, network: &stored::Network) -> Option<Network> {
        Some(view(
            network,
            Around {
                tenant: self.tenants.get(&network.tenant_id)?,
                site: self.sites.get(&network.site_id)?,
                domain: self.domains.get(&network.attachment.domain_id)?,
                pool: self.pools.get(&network.pool_id)?,
                vrf: self.vrfs.get(&network.vrf_id)?,
                change: None,
                steps: Vec::new(),
            },
        ))
    }
}
