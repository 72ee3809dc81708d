//! Pools.

use moxxie_api::{
    Page, PageQuery,
    pool::{Pool, PoolCreate, PoolUsage},
};
use moxxie_core::{Name, PoolId, identity::Role, pool, prefix};
use serde_json::json;

use crate::{Context, Engine, Error, audit::Entry, page, validate::Checks, write::transaction};

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
        if prefix.is_some_and(|prefix| prefix.prefix_len() < 8) {
            checks.wrong("prefix", "is larger than a /8: register the part that is yours");
        }
        checks.done()?;
        let (Some(name), Some(prefix)) = (name, prefix) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let site = match &request.datacenter {
            Some(site) => Some(self.site_in_field("datacenter", site).await?),
            None => None,
        };
        let pool = pool::Pool {
            id: PoolId::new(self.0.ambient.uuid()),
            name,
            site_id: site.as_ref().map(|site| site.id),
            vrf_id: self.0.store.main_vrf(),
            prefix,
            description,
            policy: pool::Policy::default(),
            quarantine_s: 0,
            used: pool::Used::default(),
            version: 0,
        };
        // Two pools that share addresses would hide from each other what they give out.
        let overlapping = self
            .0
            .store
            .pools()
            .await?
            .into_iter()
            .find(|other| other.vrf_id == pool.vrf_id && prefix::overlap(&other.prefix, &pool.prefix));
        if let Some(other) = overlapping {
            return Err(Error::conflict(
                "pool_overlap",
                format!(
                    "{prefix} overlaps pool {} ({}); pools of one VRF may not overlap",
                    other.name, other.prefix
                ),
            ));
        }
        let result = transaction!(self, |tx| {
            tx.insert_pool(&pool, self.now()).await?;
            let answer = Pool {
                id: pool.id.to_string(),
                name: pool.name.to_string(),
                datacenter: site.as_ref().map(|site| site.name.to_string()),
                prefix: pool.prefix.to_string(),
                description: pool.description.clone(),
                usage: usage(&pool, &tx.pool_statistics(pool.id).await?),
                created_at: pool.id.created_at(),
            };
            tx.audit(self.event(context, Entry {
                action: "pool.create",
                object: pool.id.to_string(),
                tenant: None,
                outcome: "succeeded",
                detail: json!({"name": pool.name, "prefix": pool.prefix, "datacenter": answer.datacenter}),
            }));
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
        let pool = self.find_pool(name).await?.ok_or_else(|| Error::not_found("pool", name))?;
        transaction!(self, |tx| {
            let deleted = tx.delete_pool(pool.id).await;
            deleted.map_err(|error| crate::write::still_used(error, "pool", &pool.name))?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "pool.delete",
                    object: pool.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"name": pool.name}),
                },
            ));
        })
    }

    /// Lists pools by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pools(&self, context: &Context, query: PageQuery) -> Result<Page<Pool>, Error> {
        context.require(Role::Viewer)?;
        let all = self.0.store.pools().await?;
        let (pools, next_cursor) = page::slice(all, query.cursor, query.limit, |pool| pool.name.to_string())?;
        let mut items = Vec::with_capacity(pools.len());
        for pool in pools {
            items.push(self.pool_view(pool).await?);
        }
        Ok(Page { items, next_cursor })
    }

    /// One pool, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn pool(&self, context: &Context, name: &str) -> Result<Pool, Error> {
        context.require(Role::Viewer)?;
        let pool = self.find_pool(name).await?.ok_or_else(|| Error::not_found("pool", name))?;
        self.pool_view(pool).await
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

    async fn pool_view(&self, pool: pool::Pool) -> Result<Pool, Error> {
        let usage = self.pool_usage(&pool).await?;
        let datacenter = match pool.site_id {
            Some(id) => self.0.store.site(id).await?.map(|site| site.name.to_string()),
            None => None,
        };
        Ok(Pool {
            id: pool.id.to_string(),
            name: pool.name.to_string(),
            datacenter,
            prefix: pool.prefix.to_string(),
            description: pool.description,
            usage,
            created_at: pool.id.created_at(),
        })
    }
}

fn usage(pool: &pool::Pool, statistics: &moxxie_store::PoolStatistics) -> PoolUsage {
    let free = statistics.free_addresses as f64 / statistics.total_addresses.max(1) as f64;
    PoolUsage {
        pool: pool.name.to_string(),
        prefix: pool.prefix.to_string(),
        used_percent: ((1.0 - free) * 10_000.0).round() / 100.0,
        prefixes: statistics.allocated,
        largest_free: statistics.largest_free.map(|length| format!("/{length}")),
    }
}
