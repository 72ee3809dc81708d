//! How things were arranged and called at a time: what records of then refer to.

use ipnet::IpNet;
use moxxie_core::{
    DomainId, Name, PoolId, SiteId, TenantId, Timestamp, VrfId, asn::AsnRange, domain::Domain,
    identity::Scope, network::Network, pool::Pool, site::Site, tenant::Tenant, vrf::Vrf,
};
use moxxie_store::PrefixRecord;

use crate::{Context, Engine, Error, validate::short};

/// Everything that people arranged, as it was at a time.
pub(crate) struct Then {
    /// The time.
    pub(crate) at: Timestamp,
    /// Whose rows the asker may see.
    pub(crate) scope: Scope,
    main_vrf: VrfId,
    pub(crate) vrfs: Vec<Vrf>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) sites: Vec<Site>,
    pub(crate) domains: Vec<Domain>,
    pub(crate) tenants: Vec<Tenant>,
    pub(crate) asn_ranges: Vec<AsnRange>,
}

impl Engine {
    /// How things were at the time of `?at=`, if one is given.
    pub(crate) async fn then(&self, context: &Context, at: Option<&str>) -> Result<Option<Then>, Error> {
        let Some(at) = self.past_time(at)? else { return Ok(None) };
        let store = &self.0.store;
        Ok(Some(Then {
            at,
            scope: context.principal.scope,
            main_vrf: store.main_vrf(),
            vrfs: store.vrfs_at(at).await?,
            pools: store.pools_at(at).await?,
            sites: store.sites_at(at).await?,
            domains: store.domains_at(at).await?,
            tenants: store.tenants_at(at).await?,
            asn_ranges: store.asn_ranges_at(at).await?,
        }))
    }
}

/// The one of that name or id.
pub(crate) fn named<'a, T>(
    all: &'a [T],
    text: &str,
    id: impl Fn(&T) -> String,
    name: impl Fn(&T) -> &Name,
) -> Option<&'a T> {
    all.iter().find(|one| name(one).as_str() == text || id(one) == text)
}

/// The names there were, for errors.
fn names<'a, T: 'a>(all: impl IntoIterator<Item = &'a T>, name: impl Fn(&T) -> &Name) -> String {
    let mut names: Vec<_> = all.into_iter().map(|one| name(one).to_string()).collect();
    names.sort_unstable();
    if names.is_empty() { "there was none".to_owned() } else { format!("there were {}", names.join(", ")) }
}

impl Then {
    /// The VRF a request names; `main` when it names none.
    pub(crate) fn vrf_in_field(&self, name: Option<&str>) -> Result<VrfId, Error> {
        let Some(name) = name else { return Ok(self.main_vrf) };
        match named(&self.vrfs, name, |vrf| vrf.id.to_string(), |vrf| &vrf.name) {
            Some(vrf) => Ok(vrf.id),
            None => Err(unknown("vrf", "VRF", name, &names(&self.vrfs, |vrf| &vrf.name))),
        }
    }

    /// The pool a request names.
    pub(crate) fn pool_in_field(&self, name: &str) -> Result<&Pool, Error> {
        let found = named(&self.pools, name, |pool| pool.id.to_string(), |pool| &pool.name);
        found.ok_or_else(|| unknown("pool", "pool", name, &names(&self.pools, |pool| &pool.name)))
    }

    /// The site a request names.
    pub(crate) fn site_in_field(&self, name: &str) -> Result<&Site, Error> {
        let found = named(&self.sites, name, |site| site.id.to_string(), |site| &site.name);
        let there_were = || names(&self.sites, |site| &site.name);
        found.ok_or_else(|| unknown("datacenter", "datacentre", name, &there_were()))
    }

    /// The range of AS numbers a request names.
    pub(crate) fn asn_range_in_field(&self, name: &str) -> Result<&AsnRange, Error> {
        let found = named(&self.asn_ranges, name, |range| range.id.to_string(), |range| &range.name);
        let there_were = || names(&self.asn_ranges, |range| &range.name);
        found.ok_or_else(|| unknown("range", "range of AS numbers", name, &there_were()))
    }

    /// The tenant a request names, within the scope of who asks.
    pub(crate) fn tenant_in_field(&self, name: Option<&str>) -> Result<Option<TenantId>, Error> {
        let Some(name) = name else { return Ok(None) };
        let found = named(&self.tenants, name, |tenant| tenant.id.to_string(), |tenant| &tenant.name);
        let found = found.filter(|tenant| self.scope == Scope::All || self.scope == Scope::Tenant(tenant.id));
        match found {
            Some(tenant) => Ok(Some(tenant.id)),
            None => {
                let message = format!("there was no tenant {:?} at that time", short(name));
                Err(Error::invalid("clientId", message))
            }
        }
    }

    /// The site and VLAN domain of a path.
    pub(crate) fn site_and_domain(&self, name: &str) -> Result<(&Site, &Domain), Error> {
        let missing = || Error::not_found("datacenter at that time", name);
        let site = named(&self.sites, name, |site| site.id.to_string(), |site| &site.name);
        let site = site.ok_or_else(missing)?;
        let mut domains: Vec<_> = self.domains.iter().filter(|domain| domain.site_id == site.id).collect();
        domains.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok((site, domains.first().ok_or_else(missing)?))
    }

    /// Name of a tenant; its id when there was none of it.
    pub(crate) fn tenant_name(&self, id: TenantId) -> String {
        let found = self.tenants.iter().find(|tenant| tenant.id == id);
        found.map_or_else(|| id.to_string(), |tenant| tenant.name.to_string())
    }

    /// Name of a VRF; its id when there was none of it.
    pub(crate) fn vrf_name(&self, id: VrfId) -> String {
        let found = self.vrfs.iter().find(|vrf| vrf.id == id);
        found.map_or_else(|| id.to_string(), |vrf| vrf.name.to_string())
    }

    /// Name of a site; its id when there was none of it.
    pub(crate) fn site_name(&self, id: SiteId) -> String {
        let found = self.sites.iter().find(|site| site.id == id);
        found.map_or_else(|| id.to_string(), |site| site.name.to_string())
    }

    /// The VLAN domain of that id.
    pub(crate) fn domain(&self, id: DomainId) -> Option<&Domain> {
        self.domains.iter().find(|domain| domain.id == id)
    }

    /// The site of that id.
    pub(crate) fn site(&self, id: SiteId) -> Option<&Site> {
        self.sites.iter().find(|site| site.id == id)
    }

    /// Says which pool a prefix belonged to. Pools are cut and put together around prefixes, which are not
    /// written for it, so the record may name a pool of another time.
    pub(crate) fn settle_prefix(&self, record: &mut PrefixRecord) {
        record.pool_id = self.pool_around(record.vrf_id, &record.prefix).unwrap_or(record.pool_id);
    }

    /// [`Self::settle_prefix`] for the prefixes of a network.
    pub(crate) fn settle_network(&self, network: &mut Network) {
        network.pool_id = self.pool_around(network.vrf_id, &network.prefix).unwrap_or(network.pool_id);
        if let Some(second) = &mut network.second {
            second.pool_id = self.pool_around(network.vrf_id, &second.prefix).unwrap_or(second.pool_id);
        }
    }

    fn pool_around(&self, vrf: VrfId, prefix: &IpNet) -> Option<PoolId> {
        let around = |pool: &&Pool| pool.vrf_id == vrf && pool.prefix.contains(prefix);
        self.pools.iter().find(around).map(|pool| pool.id)
    }
}

fn unknown(field: &str, what: &str, name: &str, there_were: &str) -> Error {
    Error::invalid(field, format!("there was no {what} {:?} at that time; {there_were}", short(name)))
}
