//! Allocation of prefixes: from which pool, and what a refusal says.

use ipnet::IpNet;
use moxxie_api::prefix::{Prefix, PrefixRequest};
use moxxie_core::{
    PoolId, PrefixId, TenantId,
    pool::{Policy, Pool},
    vrf::Vrf,
};
use moxxie_store::{GivenError, NewPrefix, Tx};
use serde_json::json;

use crate::{
    Context, Engine, Error,
    audit::Entry,
    claim::Wish,
    validate::{Checks, short},
};

/// What is wanted of some pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// The next prefix of this length.
    Next(u8),
    /// This very prefix.
    Given(IpNet),
}

/// One prefix to be taken: what, and from which pools, the first that has it.
#[derive(Debug, Clone)]
pub(crate) struct Taking {
    pub(crate) source: Source,
    pub(crate) pools: Vec<Pool>,
    pub(crate) policy: Option<Policy>,
    /// Names the field of the request that says what is wanted.
    pub(crate) field: &'static str,
    /// For whom, in words: `site dc1`, `pool main`.
    pub(crate) whom: String,
}

/// The checked form of a request: one prefix, or one of each family.
#[derive(Debug, Clone)]
pub(super) struct Order {
    pub(super) takings: Vec<Taking>,
    pub(super) tenant: Option<TenantId>,
    pub(super) wish: Wish,
    pub(super) purpose: String,
    pub(super) labels: std::collections::BTreeMap<String, String>,
}

impl Order {
    /// All pools it may take from.
    pub(super) fn pools(&self) -> Vec<PoolId> {
        self.takings.iter().flat_map(|taking| taking.pools.iter().map(|pool| pool.id)).collect()
    }
}

impl Engine {
    /// Checks a request and looks up what it names.
    pub(super) async fn prefix_order(
        &self,
        context: &Context,
        request: &PrefixRequest,
    ) -> Result<Order, Error> {
        let mut checks = Checks::default();
        let first = source(&mut checks, ("size", &request.size), ("prefix", &request.prefix));
        let second = source(&mut checks, ("size6", &request.size6), ("prefix6", &request.prefix6));
        if request.size.is_none() && request.prefix.is_none() {
            checks.wrong("size", "is missing: name a size for the next free prefix, or a certain `prefix`");
        }
        let policy = checks.policy(request.policy.as_deref());
        if policy == Some(Policy::ByVlan) {
            checks.wrong("policy", "by_vlan is for networks: a prefix alone has no VLAN");
        }
        let wish = checks.wish(request.status.as_deref(), request.hold_seconds);
        let purpose = checks.text("purpose", &request.purpose, 1000);
        let labels = checks.labels(&request.labels);
        if request.pool6.is_some() && request.size6.is_none() && request.prefix6.is_none() {
            checks.wrong("pool6", "is for a second prefix: name size6 or prefix6 too");
        }
        checks.done()?;
        let vrf = self.vrf_in_field(request.vrf.as_deref()).await?;
        let tenant = self.tenant_in_field(context, request.client_id.as_deref()).await?;
        let mut takings = Vec::new();
        let families = [
            (first, "size", "prefix", "pool", &request.pool, second.map(|_| false)),
            (second, "size6", "prefix6", "pool6", &request.pool6, Some(true)),
        ];
        for (source, size, prefix, pool_field, pool, ipv6) in families {
            let Some(source) = source else { continue };
            let field = if matches!(source, Source::Next(_)) { size } else { prefix };
            let (pools, whom) =
                self.pools_of(&vrf, request, (field, source), (pool_field, pool.as_deref()), ipv6).await?;
            takings.push(Taking { source, pools, policy, field, whom });
        }
        Ok(Order { takings, tenant, wish, purpose, labels })
    }

    /// The pools a prefix may come from, and for whom it is, in words. `ipv6` says which family it must be
    /// of, where that is known.
    async fn pools_of(
        &self,
        vrf: &Vrf,
        request: &PrefixRequest,
        (field, source): (&'static str, Source),
        (pool_field, pool): (&str, Option<&str>),
        ipv6: Option<bool>,
    ) -> Result<(Vec<Pool>, String), Error> {
        let right = |prefix: &IpNet| ipv6.is_none_or(|ipv6| prefix.addr().is_ipv6() == ipv6);
        let family = |ipv6: bool| if ipv6 { "IPv6" } else { "IPv4" };
        let site = match &request.datacenter {
            Some(site) => Some(self.site_in_field("datacenter", site).await?),
            None => None,
        };
        if let Source::Given(prefix) = source
            && !right(&prefix)
        {
            let message = format!("{prefix} is not {}", family(ipv6 == Some(true)));
            return Err(Error::invalid(field, message));
        }
        if let Some(name) = pool {
            let pool = self.pool_in_field(pool_field, name).await?;
            if !right(&pool.prefix) {
                let message = format!("pool {} is not {}", pool.name, family(ipv6 == Some(true)));
                return Err(Error::invalid(pool_field, message));
            }
            if request.vrf.is_some() && pool.vrf_id != vrf.id {
                let message = format!("pool {} is not in VRF {}", pool.name, vrf.name);
                return Err(Error::invalid(pool_field, message));
            }
            if let (Some(site), Some(owner)) = (&site, pool.site_id)
                && site.id != owner
            {
                let message = format!("pool {} is not for datacentre {}", pool.name, site.name);
                return Err(Error::invalid(pool_field, message));
            }
            let whom = format!("pool {}", pool.name);
            return Ok((vec![pool], whom));
        }
        if let Source::Given(prefix) = source {
            let around = self.0.store.pool_around(vrf.id, prefix).await?;
            let Some(pool) = around.filter(|pool| pool.prefix.contains(&prefix)) else {
                let message = format!(
                    "{prefix} lies in no pool of VRF {}; register one that holds it (POST /pools, `moxxie pool add`)",
                    vrf.name
                );
                return Err(Error::invalid(field, message));
            };
            let whom = format!("pool {}", pool.name);
            return Ok((vec![pool], whom));
        }
        let Some(site) = site else {
            return Err(Error::invalid(pool_field, "is missing: name the pool, or a datacenter"));
        };
        let Source::Next(length) = source else { return Ok((Vec::new(), String::new())) };
        let ipv6 = ipv6.unwrap_or(length > 32);
        let mut pools = self.0.store.pools_for_site(site.id).await?;
        pools.retain(|pool| pool.vrf_id == vrf.id && pool.prefix.addr().is_ipv6() == ipv6);
        if pools.is_empty() {
            let message = format!(
                "datacentre {} has no {} pool in VRF {}; register one first",
                site.name,
                family(ipv6),
                vrf.name
            );
            return Err(Error::conflict("no_pool", message));
        }
        Ok((pools, format!("site {}", site.name)))
    }

    /// Takes what was ordered; the caller holds the pools locked.
    pub(super) async fn take_order(
        &self,
        tx: &mut Tx,
        context: &Context,
        order: &Order,
    ) -> Result<Vec<Prefix>, Error> {
        let now = self.now();
        let mut views = Vec::new();
        for taking in &order.takings {
            let new = NewPrefix {
                id: PrefixId::new(self.0.ambient.uuid()),
                pool_id: taking.pools[0].id,
                policy: taking.policy,
                tenant_id: order.tenant,
                network_id: None,
                claim: order.wish.claim(now),
                purpose: order.purpose.clone(),
                labels: order.labels.clone(),
                now,
            };
            self.take(tx, taking, &new).await?;
            let record = tx.prefix(moxxie_core::identity::Scope::All, new.id).await?;
            let record = record.ok_or_else(|| Error::not_found("prefix", new.id))?;
            let view = self.prefix_view(tx, &record).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "prefix.take",
                    object: new.id.to_string(),
                    tenant: new.tenant_id,
                    outcome: "succeeded",
                    detail: json!({"after": view}),
                },
            ));
            views.push(view);
        }
        Ok(views)
    }

    /// Takes one prefix: the given one, or the next one of the first pool that has one. Holds and
    /// quarantines that are over make room first.
    pub(crate) async fn take(
        &self,
        tx: &mut Tx,
        taking: &Taking,
        new: &NewPrefix,
    ) -> Result<(Pool, IpNet), Error> {
        match taking.source {
            Source::Given(prefix) => self.take_given(tx, taking, new, prefix).await,
            Source::Next(length) => self.take_next(tx, taking, new, length).await,
        }
    }

    async fn take_given(
        &self,
        tx: &mut Tx,
        taking: &Taking,
        new: &NewPrefix,
        prefix: IpNet,
    ) -> Result<(Pool, IpNet), Error> {
        let Some(pool) = taking.pools.iter().find(|pool| pool.prefix.contains(&prefix)) else {
            let pools: Vec<_> =
                taking.pools.iter().map(|pool| format!("{} ({})", pool.name, pool.prefix)).collect();
            let message =
                format!("{prefix} lies in no pool of {}; its pools are {}", taking.whom, pools.join(", "));
            return Err(Error::invalid(taking.field, message));
        };
        let new = NewPrefix { pool_id: pool.id, ..new.clone() };
        for last_try in [false, true] {
            match tx.allocate_given(&new, prefix).await {
                Ok(()) => return Ok((pool.clone(), prefix)),
                Err(GivenError::Taken { by }) => {
                    let over = by.claim.until().is_some_and(|until| until <= new.now);
                    if over && !last_try && self.reap_pool(tx, pool.id).await? {
                        continue;
                    }
                    // Whose it is stays unsaid: it may be another tenant's.
                    let state = match by.claim.until() {
                        Some(until) => format!("{} until {until}", by.claim.status().as_str()),
                        None => by.claim.status().as_str().to_owned(),
                    };
                    let message = format!(
                        "{prefix} overlaps {}, which is in use ({state}); leave `{}` out to get the best fitting \
                         free prefix",
                        by.prefix, taking.field
                    );
                    return Err(Error::conflict("prefix_taken", message));
                }
                Err(error @ GivenError::OutsidePool { .. }) => {
                    return Err(Error::invalid(taking.field, error));
                }
                Err(GivenError::Store(error)) => return Err(error.into()),
            }
        }
        Err(Error::conflict("prefix_taken", format!("{prefix} is in use")))
    }

    async fn take_next(
        &self,
        tx: &mut Tx,
        taking: &Taking,
        new: &NewPrefix,
        length: u8,
    ) -> Result<(Pool, IpNet), Error> {
        // All pools are locked first and in order of id, so that two orders never wait for each other.
        let ids: Vec<_> = taking.pools.iter().map(|pool| pool.id).collect();
        tx.lock_pools(&ids).await?;
        for pool in taking.pools.iter().filter(|pool| pool.prefix.prefix_len() <= length) {
            let new = NewPrefix { pool_id: pool.id, ..new.clone() };
            for last_try in [false, true] {
                if let Some(prefix) = tx.allocate_prefix(&new, length).await? {
                    return Ok((pool.clone(), prefix));
                }
                if last_try || !self.reap_pool(tx, pool.id).await? {
                    break;
                }
            }
        }
        Err(self.exhausted(tx, taking, length).await?)
    }

    /// The refusal when no pool has room: what is left, and where.
    async fn exhausted(&self, tx: &mut Tx, taking: &Taking, length: u8) -> Result<Error, Error> {
        let ids: Vec<_> = taking.pools.iter().map(|pool| pool.id).collect();
        let mut left = Vec::new();
        for pool in tx.lock_pools(&ids).await? {
            let largest = tx.pool_statistics(pool.id).await?.largest_free;
            let largest = largest.map_or("nothing".to_owned(), |length| format!("a /{length}"));
            let waiting: Vec<_> = [moxxie_core::claim::Status::Held, moxxie_core::claim::Status::Quarantined]
                .into_iter()
                .filter(|status| pool.used.count(*status) > 0)
                .map(|status| format!("{} {}", pool.used.count(status), status.as_str()))
                .collect();
            let waiting =
                if waiting.is_empty() { String::new() } else { format!(" ({})", waiting.join(", ")) };
            left.push(format!("{} ({}) has {largest} left{waiting}", pool.name, pool.prefix));
        }
        let message = format!(
            "no /{length} is left for {}: {}; ask for a smaller size, release something, or register another pool",
            taking.whom,
            left.join(", ")
        );
        Ok(Error::conflict("exhausted", message))
    }
}

fn source(
    checks: &mut Checks,
    (size_field, size): (&str, &Option<String>),
    (prefix_field, prefix): (&str, &Option<String>),
) -> Option<Source> {
    match (size, prefix) {
        (Some(size), None) => checks.take(size_field, length(size)).map(Source::Next),
        (None, Some(prefix)) => checks.prefix(prefix_field, prefix).map(Source::Given),
        (None, None) => None,
        (Some(_), Some(_)) => {
            checks
                .wrong(size_field, format!("is said by `{prefix_field}` already: leave one of the two out"));
            None
        }
    }
}

/// A size such as `/24` or `24`, of any family.
pub(crate) fn length(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix('/').unwrap_or(text);
    match number.parse::<u8>() {
        Ok(length @ 8..=128) if number.chars().all(|c| c.is_ascii_digit()) => Ok(length),
        _ => Err(format!(
            "{:?} is not a size: write a prefix length from /8 to /128, such as /24 or /64",
            short(text)
        )),
    }
}
