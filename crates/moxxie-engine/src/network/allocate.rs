//! Allocation: a VLAN, prefixes and the record of a network, in one transaction.

use ipnet::IpNet;
use moxxie_core::{
    AttachmentId, Name, NetworkId, PrefixId, VlanRecordId,
    address::Layout,
    claim::Claim,
    domain::Domain,
    free::numbered,
    network::{Attachment, Network, NetworkStatus, Second},
    pool::{Policy, Pool},
    site::Site,
    tenant::Tenant,
    vlan::VlanId,
    vrf::Vrf,
};
use moxxie_store::{GivenError, NewPrefix, Reads, Tx};

use super::order::{Order, Part};
use crate::{
    Context, Engine, Error,
    prefix::{Source, Taking},
    validate::short,
};

/// What an order refers to, looked up.
#[derive(Debug, Clone)]
pub(crate) struct Ground {
    pub(crate) tenant: Tenant,
    pub(crate) site: Site,
    pub(crate) domain: Domain,
    pub(crate) vrf: Vrf,
    /// The pools its prefix may come from.
    pub(crate) pools: Vec<Pool>,
    /// The pools the IPv6 prefix of a dual-stack network may come from.
    pub(crate) pools6: Vec<Pool>,
}

impl Engine {
    /// Looks up what the order names; errors list what there is.
    pub(crate) async fn ground(
        &self,
        reads: &Reads,
        context: &Context,
        order: &Order,
    ) -> Result<Ground, Error> {
        let tenant = self.find_tenant_in(reads, context, &order.tenant).await?.ok_or_else(|| {
            Error::invalid(
                "clientId",
                format!(
                    "there is no tenant {:?}; register it first (POST /tenants, `moxxie tenant add`)",
                    short(&order.tenant)
                ),
            )
        })?;
        self.known_profile(reads, &order.options.profile).await?;
        let site = self.site_in_field("datacenter", &order.site).await?;
        let domain = self.domain_of(&site).await?;
        let vrf = self.vrf_in(reads, order.vrf.as_deref()).await?;
        let pools = self.pools_for(reads, &site, &vrf, &order.first).await?;
        let pools6 = match &order.second {
            Some(part) => self.pools_for(reads, &site, &vrf, part).await?,
            None => Vec::new(),
        };
        Ok(Ground { tenant, site, domain, vrf, pools, pools6 })
    }

    /// The pools a part of a network may come from.
    async fn pools_for(
        &self,
        reads: &Reads,
        site: &Site,
        vrf: &Vrf,
        part: &Part,
    ) -> Result<Vec<Pool>, Error> {
        let ipv6 = part.is_ipv6();
        let mut pools = reads.pools_for_site(site.id).await?;
        pools.retain(|pool| pool.vrf_id == vrf.id && pool.prefix.addr().is_ipv6() == ipv6);
        let family = if ipv6 { "IPv6" } else { "IPv4" };
        if let Some(name) = &part.pool {
            let known: Vec<_> = pools.iter().map(|pool| pool.name.to_string()).collect();
            pools.retain(|pool| pool.name.as_str() == name || pool.id.to_string() == *name);
            if pools.is_empty() {
                let message = format!(
                    "there is no {family} pool {:?} for datacentre {} in VRF {}; there are: {}",
                    short(name),
                    site.name,
                    vrf.name,
                    known.join(", ")
                );
                return Err(Error::invalid(part.pool_field, message));
            }
        }
        if pools.is_empty() {
            let message = format!(
                "datacentre {} has no {family} pool in VRF {} to take prefixes from; register one first",
                site.name, vrf.name
            );
            return Err(Error::conflict("no_pool", message));
        }
        Ok(pools)
    }

    /// Reserves VLAN and prefixes and writes the network, within the caller's transaction.
    pub(crate) async fn reserve(
        &self,
        tx: &mut Tx,
        ground: &Ground,
        order: &Order,
        status: NetworkStatus,
    ) -> Result<Network, Error> {
        let now = self.now();
        let id = NetworkId::new(self.0.ambient.uuid());
        let vlan = self.choose_vlan(tx, &ground.site, ground.domain.id, order.vlan).await?;
        // All pools are locked first and in order of id, so that two orders never wait for each other.
        let ids: Vec<_> = ground.pools.iter().chain(&ground.pools6).map(|pool| pool.id).collect();
        tx.lock_pools(&ids).await?;
        let new = || NewPrefix {
            id: PrefixId::new(self.0.ambient.uuid()),
            pool_id: ground.pools[0].id,
            policy: order.policy,
            tenant_id: Some(ground.tenant.id),
            network_id: Some(id),
            claim: Claim::Assigned,
            purpose: order.purpose.clone(),
            labels: std::collections::BTreeMap::new(),
            now,
        };
        let (pool, prefix) = self.take_part(tx, ground, &order.first, &ground.pools, new(), vlan).await?;
        let gateway = chosen_gateway(prefix, &order.first)?;
        let second = match &order.second {
            None => None,
            Some(part) => {
                let (pool, prefix) = self.take_part(tx, ground, part, &ground.pools6, new(), vlan).await?;
                Some(Second { pool_id: pool.id, prefix, gateway: chosen_gateway(prefix, part)? })
            }
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
            gateway,
            second,
            options: order.options.clone(),
            labels: order.labels.clone(),
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
        // Asked behind the write, which waits for whoever holds the profile.
        self.refuse_profile_in_change(tx, &network.options.profile).await?;
        Ok(network)
    }

    /// Takes one prefix of a network: the given one, the one that bears its VLAN id where that is the policy,
    /// else the next one.
    async fn take_part(
        &self,
        tx: &mut Tx,
        ground: &Ground,
        part: &Part,
        pools: &[Pool],
        new: NewPrefix,
        vlan: VlanId,
    ) -> Result<(Pool, IpNet), Error> {
        let numbered_by_order = new.policy == Some(Policy::ByVlan);
        if let Source::Next(length) = part.source {
            let mut why = Vec::new();
            for pool in pools {
                if !(numbered_by_order || new.policy.is_none() && pool.policy == Policy::ByVlan) {
                    continue;
                }
                match self.take_numbered(tx, pool, &new, length, vlan).await? {
                    Ok(prefix) => return Ok((pool.clone(), prefix)),
                    Err(reason) => why.push(reason),
                }
            }
            // Asked for, it is that one or none; as a pool's habit it is that one when it is free.
            if numbered_by_order {
                let message = format!(
                    "no /{length} with the number of VLAN {vlan} is left for site {}: {}; choose another VLAN id, or \
                     leave `policy` out",
                    ground.site.name,
                    why.join(", ")
                );
                return Err(Error::conflict("exhausted", message));
            }
        }
        let taking = Taking {
            source: part.source,
            pools: pools.to_vec(),
            policy: new.policy,
            field: part.field,
            whom: format!("site {}", ground.site.name),
        };
        self.take(tx, &taking, &new).await
    }

    /// Takes the block of a pool whose number is the VLAN id, or says why it cannot be had.
    async fn take_numbered(
        &self,
        tx: &mut Tx,
        pool: &Pool,
        new: &NewPrefix,
        length: u8,
        vlan: VlanId,
    ) -> Result<Result<IpNet, String>, Error> {
        let Some(prefix) = numbered(pool.prefix, length, vlan.get()) else {
            return Ok(Err(format!("{} ({}) has no /{length} of number {vlan}", pool.name, pool.prefix)));
        };
        let new = NewPrefix { pool_id: pool.id, ..new.clone() };
        for last_try in [false, true] {
            match tx.allocate_given(&new, prefix).await {
                Ok(()) => return Ok(Ok(prefix)),
                Err(GivenError::Taken { by }) => {
                    let over = by.claim.until().is_some_and(|until| until <= new.now);
                    if over && !last_try && self.reap_pool(tx, pool.id).await? {
                        continue;
                    }
                    let status = by.claim.status().as_str();
                    return Ok(Err(format!("{prefix} of {} overlaps {} ({status})", pool.name, by.prefix)));
                }
                Err(GivenError::OutsidePool { .. }) => break,
                Err(GivenError::Store(error)) => return Err(error.into()),
            }
        }
        Ok(Err(format!("{prefix} of {} is in use", pool.name)))
    }
}

fn chosen_gateway(prefix: IpNet, part: &Part) -> Result<std::net::IpAddr, Error> {
    let layout = Layout::choose(prefix, part.gateway);
    layout.map(|layout| layout.gateway()).map_err(|error| Error::invalid(part.gateway_field, error))
}

/// `dc2-v100`: says where and which VLAN, and cannot clash within a VLAN domain.
fn usual_name(site: &Name, vlan: VlanId) -> Result<Name, Error> {
    let site: String = site.as_str().chars().take(50).collect();
    let name = format!("{}-v{vlan}", site.trim_end_matches('-'));
    name.parse().map_err(|error: moxxie_core::name::ParseNameError| Error::Internal(Box::new(error)))
}
