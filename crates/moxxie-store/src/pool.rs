//! Prefix pools.

use std::collections::BTreeMap;

use ipnet::IpNet;
use moxxie_core::{
    Name, PoolId, SiteId, Timestamp, VrfId,
    free::gaps,
    pool::{Policy, Pool, Used},
    prefix::{bounds, family, size},
};

use crate::{
    Arranged, Dated, Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, site_id, vrf_id, prefix, description, policy, quarantine, used, version,
                 updated_at
             FROM pool ",
            $rest
        )
    };
}

static GET: Statement = Statement::new("pool.get", select!("WHERE id = $1"));
static LOCK: Statement = Statement::new("pool.lock", select!("WHERE id = $1")).locking("pool");
static LOCK_MANY: Statement =
    Statement::new("pool.lock_many", select!("WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id"))
        .postgres(select!("WHERE id IN (SELECT json_array_elements_text($1::json)) ORDER BY id"))
        .locking("pool");
static BY_NAME: Statement = Statement::new("pool.by_name", select!("WHERE name = $1"));
static LIST: Statement = Statement::new("pool.list", select!("ORDER BY name"));
static FOR_SITE: Statement = Statement::new(
    "pool.for_site",
    select!(
        "WHERE site_id = $1 OR site_id IS NULL ORDER BY CASE WHEN site_id IS NULL THEN 1 ELSE 0 END, name"
    ),
);
static INSERT: Statement = Statement::new(
    "pool.insert",
    "INSERT INTO pool (id, name, site_id, vrf_id, family, first, last, length, prefix, description,
         policy, quarantine, used, version, created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, '{}', 0, $13, $13)",
);
static UPDATE: Statement = Statement::new(
    "pool.update",
    "UPDATE pool SET name = $2, site_id = $3, description = $4, policy = $5, quarantine = $6,
         updated_at = $7
     WHERE id = $1",
);
static SAVE_USED: Statement =
    Statement::new("pool.save_used", "UPDATE pool SET used = $2, version = version + 1 WHERE id = $1");
static RESHAPE: Statement = Statement::new(
    "pool.reshape",
    "UPDATE pool SET first = $2, last = $3, length = $4, prefix = $5, updated_at = $6 WHERE id = $1",
);
// What lies in a part of one pool belongs to another one from now on.
static HAND_OVER: Statement = Statement::new(
    "pool.hand_over",
    "UPDATE prefix SET pool_id = $2 WHERE pool_id = $1 AND first >= $3 AND last <= $4",
);
static HAND_OVER_NETWORKS: Statement = Statement::new(
    "pool.hand_over_networks",
    "UPDATE network SET pool_id = $2 WHERE pool_id = $1 AND id IN (
         SELECT network_id FROM prefix WHERE pool_id = $2 AND prefix.prefix = network.prefix)",
);
static HAND_OVER_NETWORKS6: Statement = Statement::new(
    "pool.hand_over_networks6",
    "UPDATE network SET pool6_id = $2 WHERE pool6_id = $1 AND id IN (
         SELECT network_id FROM prefix WHERE pool_id = $2 AND prefix.prefix = network.prefix6)",
);
static OUTSIDE: Statement = Statement::new(
    "pool.outside",
    "SELECT prefix FROM prefix WHERE pool_id = $1 AND NOT (first >= $2 AND last <= $3)
     ORDER BY family, first LIMIT 1",
);
static CROSSING: Statement = Statement::new(
    "pool.crossing",
    "SELECT prefix FROM prefix WHERE pool_id = $1 AND length < $2 AND first <= $4 AND last >= $3
     ORDER BY family, first LIMIT 1",
);
static WITHIN: Statement = Statement::new(
    "pool.within",
    select!("WHERE vrf_id = $1 AND family = $2 AND first >= $3 AND last <= $4 ORDER BY first"),
);
static AROUND: Statement = Statement::new(
    "pool.around",
    select!("WHERE vrf_id = $1 AND family = $2 AND first <= $3 AND last >= $3"),
);
static DELETE: Statement = Statement::new("pool.delete", "DELETE FROM pool WHERE id = $1");
static FREE: Statement = Statement::new(
    "pool.free",
    "SELECT length, COUNT(*) AS count FROM free_block WHERE pool_id = $1 GROUP BY length",
);

pub(crate) static STATEMENTS: &[&Statement] = &[
    &GET,
    &LOCK,
    &LOCK_MANY,
    &BY_NAME,
    &LIST,
    &FOR_SITE,
    &INSERT,
    &UPDATE,
    &SAVE_USED,
    &RESHAPE,
    &HAND_OVER,
    &HAND_OVER_NETWORKS,
    &HAND_OVER_NETWORKS6,
    &OUTSIDE,
    &CROSSING,
    &WITHIN,
    &AROUND,
    &DELETE,
    &FREE,
];

/// How full a pool is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PoolStatistics {
    /// Free blocks by prefix length: how many there are of each.
    pub free: BTreeMap<u8, u64>,
    /// Length of the largest free block; `None` when the pool is full.
    pub largest_free: Option<u8>,
    /// Addresses in free blocks.
    pub free_addresses: u128,
    /// Addresses in the pool; saturates for `::/0`.
    pub total_addresses: u128,
    /// Prefixes taken, in whatever way.
    pub allocated: u64,
}

impl Arranged for Pool {
    const KIND: &'static str = "pool";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<Pool>> {
    Ok(Dated { record: read(row)?, since: row.time("updated_at")? })
}

fn read(row: &Row) -> Result<Pool> {
    Ok(Pool {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        site_id: row.parsed_or_null("site_id")?,
        vrf_id: row.parsed("vrf_id")?,
        prefix: row.prefix("prefix")?,
        description: row.text("description")?,
        policy: row.word("policy", Policy::parse)?,
        quarantine_s: row.number("quarantine")?,
        used: row.json("used")?,
        version: row.int("version")?,
    })
}

impl Reads {
    /// One pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pool(&self, id: PoolId) -> Result<Option<Pool>> {
        self.one(&GET, &params![id], read).await
    }

    /// The pool of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pool_by_name(&self, name: &Name) -> Result<Option<Pool>> {
        self.one(&BY_NAME, &params![name], read).await
    }

    /// All pools by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pools(&self) -> Result<Vec<Pool>> {
        self.list(&LIST, &[], read).await
    }

    /// The pools a site may use, its own first, then those of every site; by name each.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pools_for_site(&self, site: SiteId) -> Result<Vec<Pool>> {
        self.list(&FOR_SITE, &params![site], read).await
    }

    /// The pools that lie in a prefix of a VRF, by address.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pools_within(&self, vrf: VrfId, prefix: IpNet) -> Result<Vec<Pool>> {
        let (first, last) = bounds(&prefix);
        self.list(&WITHIN, &params![vrf, family(&prefix), first, last], read).await
    }

    /// The pool of a VRF that holds the first address of a prefix.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pool_around(&self, vrf: VrfId, prefix: IpNet) -> Result<Option<Pool>> {
        self.one(&AROUND, &params![vrf, family(&prefix), bounds(&prefix).0], read).await
    }

    /// A prefix of the pool that does not lie in `inner`, the lowest of several.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefix_outside(&self, pool: PoolId, inner: IpNet) -> Result<Option<IpNet>> {
        let (first, last) = bounds(&inner);
        self.one(&OUTSIDE, &params![pool, first, last], |row| row.prefix("prefix")).await
    }

    /// A prefix of the pool that shares addresses with `part` and is larger, the lowest of several.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefix_crossing(&self, pool: PoolId, part: IpNet) -> Result<Option<IpNet>> {
        let (first, last) = bounds(&part);
        let params = params![pool, part.prefix_len(), first, last];
        self.one(&CROSSING, &params, |row| row.prefix("prefix")).await
    }

    /// How full a pool is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn pool_statistics(&self, id: PoolId) -> Result<PoolStatistics> {
        let pool = self.pool(id).await?.ok_or(StoreError::NotFound("pool"))?;
        let read_free = |row: &Row| Ok((row.number::<u8>("length")?, row.number::<u64>("count")?));
        let free: BTreeMap<u8, u64> = self.list(&FREE, &params![id], read_free).await?.into_iter().collect();
        Ok(PoolStatistics::of(&pool, free))
    }

    /// The pools there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pools_at(&self, at: Timestamp) -> Result<Vec<Pool>> {
        let live = self.list(&LIST, &[], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Reads {
    /// How full a pool, as it was at a time, was then; counts its prefixes of then, each of them.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn pool_statistics_at(&self, pool: &mut Pool, at: Timestamp) -> Result<PoolStatistics> {
        let shapes = self.shapes_at(pool.vrf_id, pool.prefix, at).await?;
        let occupied: Vec<IpNet> = shapes.iter().map(|(prefix, _)| *prefix).collect();
        pool.used = Used::default();
        for (prefix, status) in shapes {
            pool.used.add(status, prefix.prefix_len());
        }
        let mut free = BTreeMap::new();
        for block in gaps(pool.prefix, &occupied) {
            *free.entry(block.prefix_len()).or_default() += 1;
        }
        Ok(PoolStatistics::of(pool, free))
    }
}

impl PoolStatistics {
    /// By the counters of a pool and its free blocks.
    fn of(pool: &Pool, free: BTreeMap<u8, u64>) -> Self {
        let bits = pool.prefix.max_prefix_len();
        let free_addresses = free.iter().fold(0_u128, |sum, (length, count)| {
            sum.saturating_add(size(*length, bits).saturating_mul((*count).into()))
        });
        Self {
            largest_free: free.keys().next().copied(),
            free,
            free_addresses,
            total_addresses: size(pool.prefix.prefix_len(), bits),
            allocated: pool.used.total(),
        }
    }
}

impl Tx {
    /// Adds a pool; occupied prefixes that lie in it already are left out of its free space.
    ///
    /// # Errors
    /// [`crate::Constraint::PoolOverlap`] when another pool of the VRF shares addresses with it, and
    /// when the database fails.
    pub async fn insert_pool(&mut self, pool: &Pool, now: Timestamp) -> Result<()> {
        let prefix = pool.prefix.trunc();
        let (first, last) = bounds(&prefix);
        let params = params![
            pool.id,
            &pool.name,
            pool.site_id,
            pool.vrf_id,
            family(&prefix),
            first,
            last,
            prefix.prefix_len(),
            prefix.to_string(),
            &pool.description,
            pool.policy.as_str(),
            pool.quarantine_s,
            now,
        ];
        self.execute(&INSERT, &params).await?;
        self.rebuild_free_blocks(pool.id).await
    }

    /// Changes what is said of a pool; VRF, prefix and counters stay as they are.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_pool(&mut self, pool: &Pool, now: Timestamp) -> Result<()> {
        let params = params![
            pool.id,
            &pool.name,
            pool.site_id,
            &pool.description,
            pool.policy.as_str(),
            pool.quarantine_s,
            now,
        ];
        self.remember_arranged(&GET, &params![pool.id], dated, now).await?;
        self.touch("pool", &UPDATE, &params).await
    }

    /// Writes the counters of a pool, which the caller holds locked, and counts its version up: once for
    /// all that a transaction does to its prefixes, at least.
    pub(crate) async fn save_used(&mut self, pool: &Pool) -> Result<()> {
        self.touch("pool", &SAVE_USED, &params![pool.id, Param::json(&pool.used)?]).await
    }

    /// Gives a pool another supernet. The caller has looked that its prefixes lie in it. Locks the pool.
    ///
    /// # Errors
    /// [`crate::Constraint::PoolOverlap`] when another pool is in the way, and when the database fails.
    pub async fn resize_pool(&mut self, id: PoolId, to: IpNet, now: Timestamp) -> Result<()> {
        self.lock_pool(id).await?;
        self.reshape_pool(id, to, now).await?;
        self.rebuild_free_blocks(id).await
    }

    /// Cuts a pool into parts: it keeps `kept`, each of `others` is a new pool. What lies in a part
    /// belongs to it from now on. The caller has looked that no prefix crosses a cut. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn split_pool(
        &mut self,
        id: PoolId,
        kept: IpNet,
        others: &[Pool],
        now: Timestamp,
    ) -> Result<()> {
        self.lock_pool(id).await?;
        self.reshape_pool(id, kept, now).await?;
        for other in others {
            self.insert_pool(other, now).await?;
            self.hand_over(id, other.id, other.prefix).await?;
        }
        self.rebuild_free_blocks(id).await
    }

    /// Makes one pool of several that fill `whole`; `into` stays. Locks the pools.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn merge_pools(
        &mut self,
        into: PoolId,
        from: &[PoolId],
        whole: IpNet,
        now: Timestamp,
    ) -> Result<()> {
        let mut all = from.to_vec();
        all.push(into);
        self.lock_pools(&all).await?;
        for pool in from {
            self.hand_over(*pool, into, whole).await?;
            self.delete_pool(*pool, now).await?;
        }
        self.reshape_pool(into, whole, now).await?;
        self.rebuild_free_blocks(into).await
    }

    async fn reshape_pool(&mut self, id: PoolId, to: IpNet, now: Timestamp) -> Result<()> {
        let (first, last) = bounds(&to);
        let params = params![id, first, last, to.prefix_len(), to.to_string(), now];
        self.remember_arranged(&GET, &params![id], dated, now).await?;
        self.touch("pool", &RESHAPE, &params).await
    }

    async fn hand_over(&mut self, from: PoolId, to: PoolId, part: IpNet) -> Result<()> {
        let (first, last) = bounds(&part);
        self.execute(&HAND_OVER, &params![from, to, first, last]).await?;
        self.execute(&HAND_OVER_NETWORKS, &params![from, to]).await?;
        self.execute(&HAND_OVER_NETWORKS6, &params![from, to]).await.map(drop)
    }

    /// Removes a pool that no prefix came from.
    ///
    /// # Errors
    /// [`crate::Constraint::Referenced`] when one did, and when the database fails.
    pub async fn delete_pool(&mut self, id: PoolId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![id], dated, now).await?;
        self.touch("pool", &DELETE, &params![id]).await
    }

    /// Reads pools and locks them, in order of id, until the transaction ends. Unknown ones are left
    /// out.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn lock_pools(&mut self, ids: &[PoolId]) -> Result<Vec<Pool>> {
        let mut ids = ids.to_vec();
        ids.sort_unstable();
        ids.dedup();
        match ids.as_slice() {
            [] => Ok(Vec::new()),
            [id] => self.list(&LOCK, &params![*id], read).await,
            many => self.list(&LOCK_MANY, &[Param::json(many)?], read).await,
        }
    }

    /// Reads one pool and locks it until the transaction ends.
    pub(crate) async fn lock_pool(&mut self, id: PoolId) -> Result<Pool> {
        self.one(&LOCK, &params![id], read).await?.ok_or(StoreError::NotFound("pool"))
    }
}
