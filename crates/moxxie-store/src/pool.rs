//! Prefix pools.

use std::collections::BTreeMap;

use ipnet::IpNet;
use moxxie_core::{
    Name, PoolId, SiteId, Timestamp,
    pool::Pool,
    prefix::{bounds, family},
};

use crate::{Reads, Result, StoreError, Tx, param::params, row::Row, statement::Statement};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, site_id, vrf_id, prefix, description FROM pool ", $rest)
    };
}

static GET: Statement = Statement::new("pool.get", select!("WHERE id = $1"));
static LOCK: Statement = Statement::new("pool.lock", select!("WHERE id = $1")).locking("pool");
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
         created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
);
static UPDATE: Statement = Statement::new(
    "pool.update",
    "UPDATE pool SET name = $2, site_id = $3, description = $4, updated_at = $5 WHERE id = $1",
);
static DELETE: Statement = Statement::new("pool.delete", "DELETE FROM pool WHERE id = $1");
static FREE: Statement = Statement::new(
    "pool.free",
    "SELECT length, COUNT(*) AS count FROM free_block WHERE pool_id = $1 GROUP BY length",
);
static ALLOCATED: Statement =
    Statement::new("pool.allocated", "SELECT COUNT(*) AS count FROM prefix WHERE pool_id = $1 AND occupies");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &LOCK, &BY_NAME, &LIST, &FOR_SITE, &INSERT, &UPDATE, &DELETE, &FREE, &ALLOCATED];

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
    /// Prefixes given out.
    pub allocated: u64,
}

fn read(row: &Row) -> Result<Pool> {
    Ok(Pool {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        site_id: row.parsed_or_null("site_id")?,
        vrf_id: row.parsed("vrf_id")?,
        prefix: row.prefix("prefix")?,
        description: row.text("description")?,
    })
}

/// How many addresses a prefix of this length has in the family of `like`.
fn addresses(length: u8, like: &IpNet) -> u128 {
    1_u128.checked_shl((like.max_prefix_len() - length).into()).unwrap_or(u128::MAX)
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

    /// How full a pool is.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn pool_statistics(&self, id: PoolId) -> Result<PoolStatistics> {
        let pool = self.pool(id).await?.ok_or(StoreError::NotFound("pool"))?;
        let read_free = |row: &Row| Ok((row.number::<u8>("length")?, row.number::<u64>("count")?));
        let free: BTreeMap<u8, u64> = self.list(&FREE, &params![id], read_free).await?.into_iter().collect();
        let free_addresses = free.iter().fold(0_u128, |sum, (length, count)| {
            sum.saturating_add(addresses(*length, &pool.prefix).saturating_mul((*count).into()))
        });
        Ok(PoolStatistics {
            largest_free: free.keys().next().copied(),
            free,
            free_addresses,
            total_addresses: addresses(pool.prefix.prefix_len(), &pool.prefix),
            allocated: self.count(&ALLOCATED, &params![id]).await?,
        })
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
            now,
        ];
        self.execute(&INSERT, &params).await?;
        self.rebuild_free_blocks(pool.id).await
    }

    /// Changes a pool's name, site and description; VRF and prefix stay as they are.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_pool(&mut self, pool: &Pool, now: Timestamp) -> Result<()> {
        let params = params![pool.id, &pool.name, pool.site_id, &pool.description, now];
        self.touch("pool", &UPDATE, &params).await
    }

    /// Removes a pool that no prefix came from.
    ///
    /// # Errors
    /// [`crate::Constraint::Referenced`] when one did, and when the database fails.
    pub async fn delete_pool(&mut self, id: PoolId) -> Result<()> {
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
        let mut pools = Vec::with_capacity(ids.len());
        for id in ids {
            pools.extend(self.one(&LOCK, &params![id], read).await?);
        }
        Ok(pools)
    }

    /// Reads one pool and locks it until the transaction ends.
    pub(crate) async fn lock_pool(&mut self, id: PoolId) -> Result<Pool> {
        self.one(&LOCK, &params![id], read).await?.ok_or(StoreError::NotFound("pool"))
    }
}
