//! Containers: prefixes that pools are arranged in.

use ipnet::IpNet;
use moxxie_api::{
    Page, PastPageQuery,
    container::{Container, ContainerCreate, ContainerUpdate, Usage},
};
use moxxie_core::{
    ContainerId, Name, VrfId, claim::Status, container, identity::Role, pool::Pool, prefix::size,
};
use moxxie_store::Reads;
use serde_json::json;

use crate::{
    Context, Engine, Error,
    claim::something_named,
    history::{Then, named},
    page,
    validate::Checks,
    write::transaction,
};

impl Engine {
    /// Registers a container. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_container(
        &self,
        context: &Context,
        request: ContainerCreate,
    ) -> Result<Container, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let prefix = checks.prefix("prefix", &request.prefix);
        let description = checks.text("description", &request.description, 1000);
        checks.done()?;
        let (Some(name), Some(prefix)) = (name, prefix) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let vrf = self.vrf_in_field(request.vrf.as_deref()).await?;
        let site_id = match &request.datacenter {
            Some(site) => Some(self.site_in_field("datacenter", site).await?.id),
            None => None,
        };
        let id = ContainerId::new(self.0.ambient.uuid());
        let container = container::Container { id, name, vrf_id: vrf.id, site_id, prefix, description };
        let result = transaction!(self, |tx| {
            tx.lock_vrf(vrf.id).await?;
            refuse_in_pool(&tx, vrf.id, prefix).await?;
            tx.insert_container(&container, self.now()).await?;
            let answer = self.container_view(&tx, &container).await?;
            self.note(&mut tx, context, "container.create", &id, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Changes what is said of a container. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_container(
        &self,
        context: &Context,
        name: &str,
        request: ContainerUpdate,
    ) -> Result<Container, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "name, datacenter, description")?;
        let before = self.find_container(name).await?;
        let mut after = before.clone();
        let mut checks = Checks::default();
        if let Some(name) = request.name.as_deref().and_then(|name| checks.name("name", name)) {
            after.name = name;
        }
        if let Some(description) = &request.description {
            after.description = checks.text("description", description, 1000);
        }
        checks.done()?;
        after.site_id = match &request.datacenter {
            None => before.site_id,
            Some(None) => None,
            Some(Some(site)) => Some(self.site_in_field("datacenter", site).await?.id),
        };
        let result = transaction!(self, |tx| {
            let old = self.container_view(&tx, &before).await?;
            tx.update_container(&after, self.now()).await?;
            let answer = self.container_view(&tx, &after).await?;
            let detail = json!({"before": old, "after": answer});
            self.note(&mut tx, context, "container.update", &after.id, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Forgets a container; what lies in it stays. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_container(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let container = self.find_container(name).await?;
        let result = transaction!(self, |tx| {
            tx.delete_container(container.id, self.now()).await?;
            let detail = json!({"name": container.name, "prefix": container.prefix});
            self.note(&mut tx, context, "container.delete", &container.id, detail);
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists containers by name, as they were at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn containers(
        &self,
        context: &Context,
        query: PastPageQuery,
    ) -> Result<Page<Container>, Error> {
        context.require(Role::Viewer)?;
        let name = |one: &container::Container| one.name.to_string();
        if let Some(then) = self.then(context, query.at.as_deref()).await? {
            let mut all = self.0.store.containers_at(then.at).await?;
            all.sort_by(|a, b| a.name.cmp(&b.name));
            let (some, next_cursor) = page::slice(all, query.cursor, query.limit, name)?;
            let mut items = Vec::with_capacity(some.len());
            for container in &some {
                items.push(self.container_then(&then, container).await?);
            }
            return Ok(Page { items, next_cursor });
        }
        let all = self.0.store.containers().await?;
        let (some, next_cursor) = page::slice(all, query.cursor, query.limit, name)?;
        let mut items = Vec::with_capacity(some.len());
        for container in some {
            items.push(self.container_view(&self.0.store, &container).await?);
        }
        Ok(Page { items, next_cursor })
    }

    /// One container, by name or id, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn container(
        &self,
        context: &Context,
        name: &str,
        at: Option<&str>,
    ) -> Result<Container, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, at).await? {
            let all = self.0.store.containers_at(then.at).await?;
            let found = named(&all, name, |one| one.id.to_string(), |one| &one.name);
            let container = found.ok_or_else(|| Error::not_found("container at that time", name))?;
            return self.container_then(&then, container).await;
        }
        self.container_view(&self.0.store, &self.find_container(name).await?).await
    }

    async fn find_container(&self, name: &str) -> Result<container::Container, Error> {
        let missing = || Error::not_found("container", name);
        if let Ok(id) = name.parse() {
            return self.0.store.container(id).await?.ok_or_else(missing);
        }
        let name: Name = name.parse().map_err(|_| missing())?;
        self.0.store.container_by_name(&name).await?.ok_or_else(missing)
    }

    async fn container_view(
        &self,
        reads: &Reads,
        container: &container::Container,
    ) -> Result<Container, Error> {
        let mut fill = Fill::default();
        for pool in reads.pools_within(container.vrf_id, container.prefix).await? {
            fill.add(&pool);
        }
        let datacenter = match container.site_id {
            Some(id) => reads.site(id).await?.map(|site| site.name.to_string()),
            None => None,
        };
        let vrf = reads.vrf(container.vrf_id).await?.map_or(String::new(), |vrf| vrf.name.to_string());
        Ok(shown(container, datacenter, vrf, &fill))
    }

    /// A container as it was. Counts every prefix that its pools had.
    async fn container_then(
        &self,
        then: &Then,
        container: &container::Container,
    ) -> Result<Container, Error> {
        let mut fill = Fill::default();
        let inside =
            |pool: &&Pool| pool.vrf_id == container.vrf_id && container.prefix.contains(&pool.prefix);
        for pool in then.pools.iter().filter(inside) {
            let mut pool = pool.clone();
            self.0.store.pool_statistics_at(&mut pool, then.at).await?;
            fill.add(&pool);
        }
        let datacenter = container.site_id.map(|id| then.site_name(id));
        Ok(shown(container, datacenter, then.vrf_name(container.vrf_id), &fill))
    }
}

fn shown(
    container: &container::Container,
    datacenter: Option<String>,
    vrf: String,
    fill: &Fill,
) -> Container {
    Container {
        id: container.id.to_string(),
        name: container.name.to_string(),
        vrf,
        prefix: container.prefix.to_string(),
        datacenter,
        description: container.description.clone(),
        usage: fill.usage(size(container.prefix.prefix_len(), container.prefix.max_prefix_len())),
        created_at: container.id.created_at(),
    }
}

/// Containers hold pools, not the other way round.
pub(crate) async fn refuse_in_pool(reads: &Reads, vrf: VrfId, prefix: IpNet) -> Result<(), Error> {
    let around = reads.pool_around(vrf, prefix).await?;
    let Some(pool) = around.filter(|pool| pool.prefix != prefix && pool.prefix.contains(&prefix)) else {
        return Ok(());
    };
    let message = format!(
        "{prefix} lies in pool {} ({}): containers hold pools, not the other way round; split the pool \
         instead, or name a larger prefix",
        pool.name, pool.prefix
    );
    Err(Error::conflict("inside_pool", message))
}

/// What the pools of a node of the prefix tree have, added up from their counters.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fill {
    pools: u64,
    pooled: u128,
    used: u128,
    counts: [u64; 4],
}

impl Fill {
    pub(crate) fn add(&mut self, pool: &Pool) {
        let bits = pool.prefix.max_prefix_len();
        self.pools += 1;
        self.pooled = self.pooled.saturating_add(size(pool.prefix.prefix_len(), bits));
        self.used = self.used.saturating_add(pool.used.all_addresses(bits));
        for (sum, status) in self.counts.iter_mut().zip(Status::ALL) {
            *sum += pool.used.count(status);
        }
    }

    pub(crate) fn usage(&self, addresses: u128) -> Usage {
        let [assigned, held, reserved, quarantined] = self.counts;
        Usage {
            addresses: addresses.to_string(),
            pooled_percent: percent(self.pooled, addresses),
            used_percent: percent(self.used, self.pooled),
            pools: self.pools,
            assigned,
            held,
            reserved,
            quarantined,
        }
    }
}

/// A share in percent, to two digits; nothing of nothing is 0.
pub(crate) fn percent(part: u128, whole: u128) -> f64 {
    (part as f64 / whole.max(1) as f64 * 10_000.0).round() / 100.0
}
