//! Pools. How they are cut and put together is in `arrange`.

pub(crate) mod arrange;

use moxxie_api::{
    Page, PastPageQuery,
    pool::{Pool, PoolCreate, PoolUpdate, PoolUsage},
};
use moxxie_core::{
    Name, PoolId,
    claim::Status,
    identity::Role,
    pool::{self, Policy},
    prefix,
};
use moxxie_store::{Reads, Tx};
use serde_json::json;

use crate::{
    Context, Engine, Error,
    claim::something_named,
    container::percent,
    history::{Then, named},
    page,
    validate::Checks,
    write::{still_used, transaction},
};

impl Engine {
    /// Registers a pool. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_pool(&self, context: &Context, request: PoolCreate) -> Result<Pool, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let prefix = checks.prefix("prefix", &request.prefix);
        let description = checks.text("description", &request.description, 1000);
        let policy = checks.policy(request.policy.as_deref()).unwrap_or_default();
        let quarantine_s = checks.quarantine("quarantineSeconds", request.quarantine_seconds);
        checks.done()?;
        let (Some(name), Some(prefix)) = (name, prefix) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let site = match &request.datacenter {
            Some(site) => Some(self.site_in_field("datacenter", site).await?),
            None => None,
        };
        let vrf = self.vrf_in_field(request.vrf.as_deref()).await?;
        let pool = pool::Pool {
            id: PoolId::new(self.0.ambient.uuid()),
            name,
            site_id: site.as_ref().map(|site| site.id),
            vrf_id: vrf.id,
            prefix,
            description,
            policy,
            quarantine_s,
            used: pool::Used::default(),
            version: 0,
        };
        let result = transaction!(self, |tx| {
            tx.lock_vrf(vrf.id).await?;
            refuse_pool(&tx, &pool).await?;
            tx.insert_pool(&pool, self.now()).await?;
            let answer = self.pool_view(&tx, &pool).await?;
            self.note(&mut tx, context, "pool.create", &pool.id, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Changes what is said of a pool. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_pool(
        &self,
        context: &Context,
        name: &str,
        request: PoolUpdate,
    ) -> Result<Pool, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "name, datacenter, policy, quarantineSeconds, description")?;
        let mut checks = Checks::default();
        let new_name = request.name.as_deref().and_then(|name| checks.name("name", name));
        let policy = checks.policy(request.policy.as_deref());
        let quarantine = request.quarantine_seconds.map(|s| checks.quarantine("quarantineSeconds", Some(s)));
        let description = request.description.as_deref().map(|text| checks.text("description", text, 1000));
        checks.done()?;
        let site_id = match &request.datacenter {
            None => None,
            Some(None) => Some(None),
            Some(Some(site)) => Some(Some(self.site_in_field("datacenter", site).await?.id)),
        };
        let id = self.pool_by_name(name).await?.id;
        let result = transaction!(self, |tx| {
            let before = self.locked_pool(&mut tx, id, name).await?;
            let mut after = before.clone();
            after.name = new_name.clone().unwrap_or(after.name);
            after.policy = policy.unwrap_or(after.policy);
            after.quarantine_s = quarantine.unwrap_or(after.quarantine_s);
            after.description = description.clone().unwrap_or(after.description);
            after.site_id = site_id.unwrap_or(after.site_id);
            let old = self.pool_view(&tx, &before).await?;
            tx.update_pool(&after, self.now()).await?;
            let answer = self.pool_view(&tx, &after).await?;
            self.note(&mut tx, context, "pool.update", &id, json!({"before": old, "after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Forgets a pool that nothing refers to any more. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; one that is in use is a [`Error::Conflict`].
    pub async fn delete_pool(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let id = self.pool_by_name(name).await?.id;
        let result = transaction!(self, |tx| {
            let pool = self.locked_pool(&mut tx, id, name).await?;
            self.reap_pool(&mut tx, id).await?;
            if let Some(first) = tx.first_prefixes(&pool, 1).await?.first() {
                let count = self.locked_pool(&mut tx, id, name).await?.used.total();
                let message = format!(
                    "pool {} is still in use: {count} of its prefixes are taken, such as {} ({}); release them \
                     first, quarantined ones too",
                    pool.name,
                    first.prefix,
                    first.claim.status().as_str()
                );
                return Err(Error::conflict("in_use", message));
            }
            let deleted = tx.delete_pool(id, self.now()).await;
            deleted.map_err(|error| still_used(error, "pool", &pool.name))?;
            let detail = json!({"name": pool.name, "prefix": pool.prefix});
            self.note(&mut tx, context, "pool.delete", &id, detail);
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists pools by name, as they were at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pools(&self, context: &Context, query: PastPageQuery) -> Result<Page<Pool>, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, query.at.as_deref()).await? {
            let mut all = then.pools.clone();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            let name = |pool: &pool::Pool| pool.name.to_string();
            let (pools, next_cursor) = page::slice(all, query.cursor, query.limit, name)?;
            let mut items = Vec::with_capacity(pools.len());
            for pool in &pools {
                items.push(self.pool_then(&then, pool).await?);
            }
            return Ok(Page { items, next_cursor });
        }
        let all = self.0.store.pools().await?;
        let (pools, next_cursor) = page::slice(all, query.cursor, query.limit, |pool| pool.name.to_string())?;
        let mut items = Vec::with_capacity(pools.len());
        for pool in pools {
            items.push(self.pool_view(&self.0.store, &pool).await?);
        }
        Ok(Page { items, next_cursor })
    }

    /// One pool, by name or id, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pool(&self, context: &Context, name: &str, at: Option<&str>) -> Result<Pool, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, at).await? {
            let found = named(&then.pools, name, |pool| pool.id.to_string(), |pool| &pool.name);
            let pool = found.ok_or_else(|| Error::not_found("pool at that time", name))?;
            return self.pool_then(&then, pool).await;
        }
        self.pool_view(&self.0.store, &self.pool_by_name(name).await?).await
    }

    pub(crate) async fn pool_by_name(&self, name: &str) -> Result<pool::Pool, Error> {
        self.find_pool(name).await?.ok_or_else(|| Error::not_found("pool", name))
    }

    /// The pool as it stays until the transaction ends.
    pub(crate) async fn locked_pool(&self, tx: &mut Tx, id: PoolId, name: &str) -> Result<pool::Pool, Error> {
        tx.lock_pools(&[id]).await?.pop().ok_or_else(|| Error::not_found("pool", name))
    }

    /// The pool a request names in a field; the error lists the pools there are.
    pub(crate) async fn pool_in_field(&self, field: &str, name: &str) -> Result<pool::Pool, Error> {
        if let Some(pool) = self.find_pool(name).await? {
            return Ok(pool);
        }
        let known: Vec<_> = self.0.store.pools().await?.into_iter().map(|p| p.name.to_string()).collect();
        let name = crate::validate::short(name);
        Err(Error::invalid(field, format!("there is no pool {name:?}; there are: {}", known.join(", "))))
    }

    pub(crate) async fn find_pool(&self, name: &str) -> Result<Option<pool::Pool>, Error> {
        if let Ok(id) = name.parse() {
            return Ok(self.0.store.pool(id).await?);
        }
        let Ok(name) = name.parse::<Name>() else { return Ok(None) };
        Ok(self.0.store.pool_by_name(&name).await?)
    }

    pub(crate) async fn pool_usage(&self, pool: &pool::Pool) -> Result<PoolUsage, Error> {
        Ok(usage(pool, &self.0.store.pool_statistics(pool.id).await?))
    }

    pub(crate) async fn pool_view(&self, reads: &Reads, pool: &pool::Pool) -> Result<Pool, Error> {
        let statistics = reads.pool_statistics(pool.id).await?;
        let datacenter = match pool.site_id {
            Some(id) => reads.site(id).await?.map(|site| site.name.to_string()),
            None => None,
        };
        let vrf = reads.vrf(pool.vrf_id).await?.map_or(String::new(), |vrf| vrf.name.to_string());
        Ok(shown(pool, datacenter, vrf, &statistics))
    }

    /// A pool as it was. Counts every prefix it had.
    async fn pool_then(&self, then: &Then, pool: &pool::Pool) -> Result<Pool, Error> {
        let mut pool = pool.clone();
        let statistics = self.0.store.pool_statistics_at(&mut pool, then.at).await?;
        let datacenter = pool.site_id.map(|id| then.site_name(id));
        Ok(shown(&pool, datacenter, then.vrf_name(pool.vrf_id), &statistics))
    }
}

fn shown(
    pool: &pool::Pool,
    datacenter: Option<String>,
    vrf: String,
    statistics: &moxxie_store::PoolStatistics,
) -> Pool {
    Pool {
        id: pool.id.to_string(),
        name: pool.name.to_string(),
        datacenter,
        prefix: pool.prefix.to_string(),
        vrf,
        policy: pool.policy.as_str().to_owned(),
        quarantine_seconds: pool.quarantine_s,
        description: pool.description.clone(),
        usage: usage(pool, statistics),
        created_at: pool.id.created_at(),
    }
}

impl Checks {
    /// A pool's policy, or the one a request wants instead.
    pub(crate) fn policy(&mut self, policy: Option<&str>) -> Option<Policy> {
        let text = policy?;
        let policy = Policy::parse(text);
        if policy.is_none() {
            let known = Policy::ALL.map(Policy::as_str).join(", ");
            self.wrong("policy", format!("is not a policy: {known}"));
        }
        policy
    }
}

/// Why a pool cannot be registered.
pub(crate) async fn refuse_pool(reads: &Reads, pool: &pool::Pool) -> Result<(), Error> {
    let prefix = pool.prefix;
    if prefix.prefix_len() < 8 {
        return Err(Error::invalid("prefix", "is larger than a /8: register the part that is yours"));
    }
    refuse_overlap(reads, pool, &[]).await?;
    // Containers hold pools, never the other way round.
    let inside = reads.containers_within(pool.vrf_id, prefix).await?;
    if let Some(inner) = inside.into_iter().find(|inner| inner.prefix != prefix) {
        let message = format!(
            "container {} ({}) lies in {prefix}: containers hold pools, not the other way round; register \
             pools inside it, or remove it first",
            inner.name, inner.prefix
        );
        return Err(Error::conflict("container_inside", message));
    }
    Ok(())
}

/// Two pools that share addresses would hide from each other what they give out. `but` are those that are
/// about to make room.
async fn refuse_overlap(reads: &Reads, pool: &pool::Pool, but: &[PoolId]) -> Result<(), Error> {
    let others = reads.pools().await?;
    let other = others.into_iter().find(|other| {
        other.vrf_id == pool.vrf_id
            && other.id != pool.id
            && !but.contains(&other.id)
            && prefix::overlap(&other.prefix, &pool.prefix)
    });
    match other {
        None => Ok(()),
        Some(other) => Err(Error::conflict(
            "pool_overlap",
            format!(
                "{} overlaps pool {} ({}); pools of one VRF may not overlap",
                pool.prefix, other.name, other.prefix
            ),
        )),
    }
}

fn usage(pool: &pool::Pool, statistics: &moxxie_store::PoolStatistics) -> PoolUsage {
    PoolUsage {
        pool: pool.name.to_string(),
        prefix: pool.prefix.to_string(),
        used_percent: percent(
            pool.used.all_addresses(pool.prefix.max_prefix_len()),
            statistics.total_addresses,
        ),
        prefixes: statistics.allocated,
        assigned: pool.used.count(Status::Assigned),
        held: pool.used.count(Status::Held),
        reserved: pool.used.count(Status::Reserved),
        quarantined: pool.used.count(Status::Quarantined),
        largest_free: statistics.largest_free.map(|length| format!("/{length}")),
    }
}
