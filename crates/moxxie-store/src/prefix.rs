//! Prefixes: allocation from pools.

use ipnet::IpNet;
use moxxie_core::{NetworkId, PoolId, PrefixId, TenantId, Timestamp, VrfId, identity::Scope};

use crate::{Reads, Result, StoreError, Tx};

/// A prefix, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixRecord {
    /// Its id.
    pub id: PrefixId,
    /// The VRF it lives in.
    pub vrf_id: VrfId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The pool it came from.
    pub pool_id: PoolId,
    /// The prefix itself.
    pub prefix: IpNet,
    /// Whether it takes its space: assigned, held, reserved, quarantined.
    pub occupies: bool,
    /// Free text.
    pub purpose: String,
    /// The network it belongs to.
    pub network_id: Option<NetworkId>,
    /// When it was allocated.
    pub created_at: Timestamp,
}

/// What a prefix to be allocated is for. The network need not exist before the transaction ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewPrefix {
    /// Its id.
    pub id: PrefixId,
    /// The pool to take it from.
    pub pool_id: PoolId,
    /// Whose it will be.
    pub tenant_id: TenantId,
    /// The network it will belong to.
    pub network_id: Option<NetworkId>,
    /// Free text.
    pub purpose: String,
    /// When it is allocated.
    pub now: Timestamp,
}

/// Why a given prefix cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum GivenError {
    /// It does not lie in the pool.
    #[error("the prefix does not lie in the pool {pool}")]
    OutsidePool {
        /// The pool's prefix.
        pool: IpNet,
    },
    /// An occupied prefix overlaps it.
    #[error("the prefix overlaps {}, which is in use", by.prefix)]
    Taken {
        /// The one that overlaps; of several the lowest. It may be another tenant's.
        by: Box<PrefixRecord>,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Reads {
    /// One prefix.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn prefix(&self, scope: Scope, id: PrefixId) -> Result<Option<PrefixRecord>> {
        todo!()
    }

    /// The prefixes of a network.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn prefixes_of_network(&self, scope: Scope, network: NetworkId) -> Result<Vec<PrefixRecord>> {
        todo!()
    }

    /// The occupied prefix of lowest address that overlaps this one in the VRF, whoever's it is.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn overlapping_prefix(&self, vrf: VrfId, prefix: IpNet) -> Result<Option<PrefixRecord>> {
        todo!()
    }
}

impl Tx {
    /// Allocates a prefix of a length: from the smallest free block that is large enough, of several the
    /// one with the lowest address. `None` when the pool has no such block left. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn allocate_prefix(&mut self, new: &NewPrefix, length: u8) -> Result<Option<IpNet>> {
        todo!()
    }

    /// Releases a prefix: it is free for others when the transaction commits. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn release_prefix(&mut self, id: PrefixId) -> Result<PrefixRecord> {
        todo!()
    }

    /// Releases every prefix of a network. Locks their pools.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn release_network_prefixes(&mut self, network: NetworkId) -> Result<Vec<PrefixRecord>> {
        todo!()
    }

    /// Computes a pool's free blocks anew from the occupied prefixes, after somebody wrote behind our back.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn rebuild_free_blocks(&mut self, pool: PoolId) -> Result<()> {
        todo!()
    }

    /// Allocates this very prefix. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn allocate_given(&mut self, new: &NewPrefix, prefix: IpNet) -> Result<(), GivenError> {
        todo!()
    }
}
