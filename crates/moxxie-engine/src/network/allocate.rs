//! Allocation: a VLAN, a prefix and the record of a network, in one transaction.

use std::collections::BTreeMap;

use ipnet::IpNet;
use moxxie_core::{
    AttachmentId, Name, NetworkId, PrefixId, VlanRecordId,
    address::Layout,
    claim::Claim,
    domain::Domain,
    network::{Attachment, Network, NetworkStatus},
    pool::Pool,
    site::Site,
    tenant::Tenant,
    vlan::VlanId,
};
use moxxie_store::{GivenError, NewPrefix, Tx};

use super::order::Order;
use crate::{Context, Engine, Error, validate::short};

/// What an order refers to, looked up.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) tenant: Tenant,
    pub(crate) site: Site,
    pub(crate) domain: Domain,
    pub(crate) pools: Vec<Pool>,
}

impl Engine {
    /// Looks up what the order names; errors list what there is.
    pub(crate) async fn ground(&self, context: &Context, order: &Order) -> Result<Ground, Error> {
        let tenant = self.find_tenant(context, &order.tenant).await?.ok_or_else(|| {
            Error::invalid(
                "clientId",
                format!(
                    "there is no tenant {:?}; register it first (POST /tenants, `moxxie tenant add`)",
                    short(&order.tenant)
                ),
            )
        })?;
        let site = self.site_in_field("datacenter", &order.site).await?;
        let domain = self.domain_of(&site).await?;
        let mut pools = self.0.store.pools_for_site(site.id).await?;
        pools.retain(|pool| pool.prefix.addr().is_ipv4());
        if let Some(name) = &order.pool {
            let known: Vec<_> = pools.iter().map(|pool| pool.name.to_string()).collect();
            pools.retain(|pool| pool.name.as_str() == name || pool.id.to_string() == *name);
            if pools.is_empty() {
                let message = format!(
                    "there is no pool {:?} for datacentre {}; there are: {}",
                    short(name),
                    site.name,
                    known.join(", ")
                );
                return Err(Error::invalid("pool", message));
            }
        }
        if pools.is_empty() {
            let message =
                format!("datacentre {} has no pool to take prefixes from; register one first", site.name);
            return Err(Error::conflict("no_pool", message));
        }
        Ok(Ground { tenant, site, domain, pools })
    }

    /// Reserves VLAN and prefix and writes the network, within the caller's transaction.
    pub(crate) async fn reserve(
        &self,
        tx: &mut Tx,
        ground: &Ground,
        order: &Order,
        status: NetworkStatus,
    ) -> Result<Network, Error> {
        let now = self.now();
        let id = NetworkId::new(self.0.ambient.uuid());
        let vlan = self.choose_vlan(tx, ground, order).await?;
        let new = NewPrefix {
            id: PrefixId::new(self.0.ambient.uuid()),
            pool_id: ground.pools[0].id,
            policy: None,
            tenant_id: Some(ground.tenant.id),
            network_id: Some(id),
            claim: Claim::Assigned,
            purpose: order.purpose.clone(),
            labels: BTreeMap::new(),
            now,
        };
        let (pool, prefix) = match order.subnet {
            Some(subnet) => self.take_given(tx, ground, new, subnet).await?,
            None => take_next(tx, ground, new, order.length).await?,
        };
        let name = match &order.name {
            Some(name) => name.clone(),
            None => usual_name(&ground.site.name, vlan)?,
        };
        if tx.network_by_name(moxxie_core::identity::Scope::All, ground.tenant.id, &name).await?.is_some() {
            return Err(Error::Conflict {
                code: "name_taken",
                message: format!(
                    "tenant {} has a network {name} already; choose another name",
                    ground.tenant.name
                ),
                context: None,
            });
        }
        let network = Network {
            id,
            name,
            tenant_id: ground.tenant.id,
            kind: order.kind.clone(),
            purpose: order.purpose.clone(),
            site_id: ground.site.id,
            vrf_id: pool.vrf_id,
            pool_id: pool.id,
            prefix,
            gateway: Layout::new(prefix).gateway(),
            second: None,
            options: order.options.clone(),
            labels: BTreeMap::new(),
            status,
            attachment: Attachment {
                id: AttachmentId::new(self.0.ambient.uuid()),
                domain_id: ground.domain.id,
                vlan,
            },
            created_at: now,
            updated_at: now,
            version: 1,
        };
        tx.insert_network(&network, VlanRecordId::new(self.0.ambient.uuid())).await?;
        Ok(network)
    }

    async fn choose_vlan(&self, tx: &mut Tx, ground: &Ground, order: &Order) -> Result<VlanId, Error> {
        let missing = || Error::not_found("VLAN domain of datacenter", &ground.site.name);
        let domain = tx.lock_domain(ground.domain.id).await?.ok_or_else(missing)?;
        let used = tx.used_vlans(domain.id).await?;
        // What somebody else has on the trunk would be refused by the router's plan.
        let seen = tx.seen_vlans(domain.id, self.seen_since()).await?;
        let free = domain.next_vlan(used.iter().chain(&seen).copied());
        let taken =
            u32::try_from(used.iter().filter(|id| domain.range.contains(**id)).count()).unwrap_or(u32::MAX);
        let left = domain.range.size().saturating_sub(taken);
        let state = format!("site {} has {left} VLANs left in {}", ground.site.name, domain.range);
        let hint = free.map_or(String::new(), |free| format!("; the next free one is {free}"));
        match order.vlan {
            Some(vlan) if !domain.range.contains(vlan) => Err(Error::invalid(
                "vlanId",
                format!("VLAN {vlan} is outside the site's range: {state}{hint}"),
            )),
            Some(vlan) if used.contains(&vlan) => Err(Error::conflict(
                "vlan_taken",
                format!("VLAN {vlan} is in use at site {}: {state}{hint}", ground.site.name),
            )),
            Some(vlan) => Ok(vlan),
            None => free.ok_or_else(|| {
                let on_trunk = match seen.len() {
                    0 => String::new(),
                    seen => format!(
                        ", and {seen} ids are on the trunk already by what routers show (GET /reality?kind=foreign_vlan)"
                    ),
                };
                Error::conflict(
                    "exhausted",
                    format!("{state}{on_trunk}; release a network, or register a site with a wider range"),
                )
            }),
        }
    }

    /// Takes the very prefix that was asked for, from the pool it lies in.
    async fn take_given(
        &self,
        tx: &mut Tx,
        ground: &Ground,
        mut new: NewPrefix,
        subnet: IpNet,
    ) -> Result<(Pool, IpNet), Error> {
        let Some(pool) = ground.pools.iter().find(|pool| pool.prefix.contains(&subnet)) else {
            let pools: Vec<_> =
                ground.pools.iter().map(|pool| format!("{} ({})", pool.name, pool.prefix)).collect();
            let message = format!(
                "{subnet} lies in no pool of site {}; its pools are {}",
                ground.site.name,
                pools.join(", ")
            );
            return Err(Error::invalid("subnet", message));
        };
        new.pool_id = pool.id;
        match tx.allocate_given(&new, subnet).await {
            Ok(()) => Ok((pool.clone(), subnet)),
            Err(GivenError::Taken { by }) => {
                // Whose it is stays unsaid: it may be another tenant's.
                let message = format!(
                    "{subnet} overlaps {}, which is in use; leave `subnet` out to get the best fitting free prefix",
                    by.prefix
                );
                Err(Error::conflict("prefix_taken", message))
            }
            Err(error @ GivenError::OutsidePool { .. }) => Err(Error::invalid("subnet", error)),
            Err(GivenError::Store(error)) => Err(error.into()),
        }
    }
}

/// Takes the best fitting prefix from the first pool that has one: the site's own before shared ones.
async fn take_next(
    tx: &mut Tx,
    ground: &Ground,
    mut new: NewPrefix,
    length: u8,
) -> Result<(Pool, IpNet), Error> {
    // All pools are locked first and in order of id, so that two orders never wait for each other.
    let mut ids: Vec<_> = ground.pools.iter().map(|pool| pool.id).collect();
    ids.sort_unstable();
    tx.lock_pools(&ids).await?;
    let mut left = Vec::new();
    for pool in &ground.pools {
        new.pool_id = pool.id;
        if pool.prefix.prefix_len() <= length
            && let Some(prefix) = tx.allocate_prefix(&new, length).await?
        {
            return Ok((pool.clone(), prefix));
        }
        let largest = tx.pool_statistics(pool.id).await?.largest_free;
        let largest = largest.map_or("nothing".to_owned(), |length| format!("a /{length}"));
        left.push(format!("{} ({}) has {largest} left", pool.name, pool.prefix));
    }
    let message = format!(
        "no /{length} is left for site {}: {}; order a smaller network, release one, or register another pool",
        ground.site.name,
        left.join(", ")
    );
    Err(Error::conflict("exhausted", message))
}

/// `dc2-v100`: says where and which VLAN, and cannot clash within a VLAN domain.
fn usual_name(site: &Name, vlan: VlanId) -> Result<Name, Error> {
    let site: String = site.as_str().chars().take(50).collect();
    let name = format!("{}-v{vlan}", site.trim_end_matches('-'));
    name.parse().map_err(|error: moxxie_core::name::ParseNameError| Error::Internal(Box::new(error)))
}
