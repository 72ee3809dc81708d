//! Prefix pools.

use std::collections::BTreeMap;

use moxxie_core::{Name, PoolId, SiteId, Timestamp, pool::Pool};

use crate::{Reads, Result, Tx};

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

impl Reads {
    /// One pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn pool(&self, id: PoolId) -> Result<Option<Pool>> {
        todo!()
    }

    /// The pool of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn pool_by_name(&self, name: &Name) -> Result<Option<Pool>> {
        todo!()
    }

    /// All pools by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn pools(&self) -> Result<Vec<Pool>> {
        todo!()
    }

    /// The pools a site may use, its own first, then those of every site; by name each.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn pools_for_site(&self, site: SiteId) -> Result<Vec<Pool>> {
        todo!()
    }

    /// How full a pool is.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn pool_statistics(&self, id: PoolId) -> Result<PoolStatistics> {
        todo!()
    }
}

impl Tx {
    /// Adds a pool; occupied prefixes that lie in it already are left out of its free space.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_pool(&mut self, pool: &Pool, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Changes a pool's name, site and description; VRF and prefix stay as they are.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_pool(&mut self, pool: &Pool, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Removes a pool that no prefix came from.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_pool(&mut self, id: PoolId) -> Result<()> {
        todo!()
    }

    /// Reads pools and locks them, in order of id, until the transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_pools(&mut self, ids: &[PoolId]) -> Result<Vec<Pool>> {
        todo!()
    }
}
