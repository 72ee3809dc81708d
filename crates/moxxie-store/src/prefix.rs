//! Prefixes: allocation from pools.

use ipnet::IpNet;
use moxxie_core::{
    NetworkId, PoolId, PrefixId, TenantId, Timestamp, VrfId,
    free::first_in,
    identity::Scope,
    pool::Pool,
    prefix::{bounds, family, overlap},
};

use serde::{Deserialize, Serialize};

use crate::{
    Constraint, Place, Reads, Remembered, Result, StoreError, Tx, param::params, row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, vrf_id, tenant_id, pool_id, prefix, occupies, purpose, network_id, created_at
             FROM prefix ",
            $rest
        )
    };
}
macro_rules! insert {
    ($rest:literal) => {
        concat!(
            "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix,
                 occupies, purpose, network_id, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, TRUE, $10, $11, $12)",
            $rest
        )
    };
}

static GET: Statement =
    Statement::new("prefix.get", select!("WHERE id = $1 AND (tenant_id = $2 OR $2 IS NULL)"));
static OF_NETWORK: Statement = Statement::new(
    "prefix.of_network",
    select!("WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL) ORDER BY family, first"),
);
static BEFORE: Statement = Statement::new(
    "prefix.before",
    select!("WHERE occupies AND vrf_id = $1 AND family = $2 AND first <= $3 ORDER BY first DESC LIMIT 1"),
);
static INSIDE: Statement = Statement::new(
    "prefix.inside",
    select!(
        "WHERE occupies AND vrf_id = $1 AND family = $2 AND first > $3 AND first <= $4 ORDER BY first LIMIT 1"
    ),
);
static OCCUPIED: Statement = Statement::new(
    "prefix.occupied",
    "SELECT prefix FROM prefix
     WHERE occupies AND vrf_id = $1 AND family = $2 AND first <= $4 AND last >= $3 ORDER BY first",
);
static INSERT: Statement = Statement::new("prefix.insert", insert!(""));
// On PostgreSQL an error would end the transaction; this way a refusal is a count of no rows. SQLite
// raises its error, and the transaction goes on.
static TRY_INSERT: Statement =
    Statement::new("prefix.try_insert", insert!("")).postgres(insert!(" ON CONFLICT DO NOTHING"));
static DELETE: Statement = Statement::new("prefix.delete", "DELETE FROM prefix WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &OF_NETWORK, &BEFORE, &INSIDE, &OCCUPIED, &INSERT, &TRY_INSERT, &DELETE];

/// A prefix, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Remembered for PrefixRecord {
    const KIND: &'static str = "prefix";

    fn place(&self) -> Place {
        let (first, last) = bounds(&self.prefix);
        Place {
            space: self.vrf_id.to_string(),
            family: family(&self.prefix),
            first,
            last,
            object: self.id.to_string(),
            tenant: Some(self.tenant_id),
            since: self.created_at,
        }
    }
}

fn read(row: &Row) -> Result<PrefixRecord> {
    Ok(PrefixRecord {
        id: row.parsed("id")?,
        vrf_id: row.parsed("vrf_id")?,
        tenant_id: row.parsed("tenant_id")?,
        pool_id: row.parsed("pool_id")?,
        prefix: row.prefix("prefix")?,
        occupies: row.flag("occupies")?,
        purpose: row.text("purpose")?,
        network_id: row.parsed_or_null("network_id")?,
        created_at: row.time("created_at")?,
    })
}

impl Reads {
    /// One prefix.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefix(&self, scope: Scope, id: PrefixId) -> Result<Option<PrefixRecord>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// The prefixes of a network.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefixes_of_network(&self, scope: Scope, network: NetworkId) -> Result<Vec<PrefixRecord>> {
        self.list(&OF_NETWORK, &params![network, scope], read).await
    }

    /// The occupied prefix of lowest address that overlaps this one in the VRF, whoever's it is.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn overlapping_prefix(&self, vrf: VrfId, prefix: IpNet) -> Result<Option<PrefixRecord>> {
        let (first, last) = bounds(&prefix);
        let before = self.one(&BEFORE, &params![vrf, family(&prefix), first], read).await?;
        match before.filter(|before| overlap(&before.prefix, &prefix)) {
            Some(before) => Ok(Some(before)),
            None => self.one(&INSIDE, &params![vrf, family(&prefix), first, last], read).await,
        }
    }

    /// The occupied prefixes that share addresses with this one, ascending.
    pub(crate) async fn occupied_within(&self, vrf: VrfId, prefix: IpNet) -> Result<Vec<IpNet>> {
        let (first, last) = bounds(&prefix);
        let params = params![vrf, family(&prefix), first, last];
        self.list(&OCCUPIED, &params, |row| row.prefix("prefix")).await
    }
}

impl Tx {
    /// Allocates a prefix of a length: from the smallest free block that is large enough, of several the
    /// one with the lowest address. `None` when the pool has no such block left. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn allocate_prefix(&mut self, new: &NewPrefix, length: u8) -> Result<Option<IpNet>> {
        let pool = self.lock_pool(new.pool_id).await?;
        if length > pool.prefix.max_prefix_len() {
            return Ok(None);
        }
        for last_try in [false, true] {
            let Some(block) = self.best_block(pool.id, length).await? else { return Ok(None) };
            let Some(prefix) = first_in(block, length) else { return Ok(None) };
            if self.take(&pool, new, block, prefix, last_try).await? {
                return Ok(Some(prefix));
            }
            self.rebuild(&pool).await?;
        }
        Ok(None)
    }

    /// Allocates this very prefix. Locks the pool.
    ///
    /// # Errors
    /// [`GivenError`] says why it cannot be had.
    pub async fn allocate_given(&mut self, new: &NewPrefix, prefix: IpNet) -> Result<(), GivenError> {
        let prefix = prefix.trunc();
        let pool = self.lock_pool(new.pool_id).await?;
        if !pool.prefix.contains(&prefix) {
            return Err(GivenError::OutsidePool { pool: pool.prefix });
        }
        for last_try in [false, true] {
            if let Some(block) = self.block_around(pool.id, prefix).await?
                && self.take(&pool, new, block, prefix, last_try).await?
            {
                return Ok(());
            }
            if let Some(by) = self.overlapping_prefix(pool.vrf_id, prefix).await? {
                return Err(GivenError::Taken { by: Box::new(by) });
            }
            // Neither free nor taken: somebody removed prefixes behind our back.
            self.rebuild(&pool).await?;
        }
        Err(GivenError::Store(StoreError::Corrupt { what: format!("the free blocks of {}", pool.id) }))
    }

    /// Writes the prefix and cuts it out of its block; `false` when the database knows better than the
    /// free blocks.
    async fn take(
        &mut self,
        pool: &Pool,
        new: &NewPrefix,
        block: IpNet,
        prefix: IpNet,
        last_try: bool,
    ) -> Result<bool> {
        let (first, last) = bounds(&prefix);
        let params = params![
            new.id,
            pool.vrf_id,
            new.tenant_id,
            pool.id,
            family(&prefix),
            first,
            last,
            prefix.prefix_len(),
            prefix.to_string(),
            &new.purpose,
            new.network_id,
            new.now,
        ];
        if last_try {
            self.execute(&INSERT, &params).await?;
        } else if self.source.attempt(&TRY_INSERT, &params, Constraint::PrefixOverlap).await? == 0 {
            return Ok(false);
        }
        self.cut(pool.id, block, prefix).await?;
        Ok(true)
    }

    /// Releases a prefix: it is free for others when the transaction commits. Locks the pool.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn release_prefix(&mut self, id: PrefixId, now: Timestamp) -> Result<PrefixRecord> {
        let known = self.prefix(Scope::All, id).await?.ok_or(StoreError::NotFound("prefix"))?;
        let pool = self.lock_pool(known.pool_id).await?;
        self.release_from(&pool, &known, now).await?;
        Ok(known)
    }

    /// Releases every prefix of a network. Locks their pools.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn release_network_prefixes(
        &mut self,
        network: NetworkId,
        now: Timestamp,
    ) -> Result<Vec<PrefixRecord>> {
        let prefixes = self.prefixes_of_network(Scope::All, network).await?;
        let pools: Vec<PoolId> = prefixes.iter().map(|prefix| prefix.pool_id).collect();
        for pool in self.lock_pools(&pools).await? {
            for prefix in prefixes.iter().filter(|prefix| prefix.pool_id == pool.id) {
                self.release_from(&pool, prefix, now).await?;
            }
        }
        Ok(prefixes)
    }

    async fn release_from(&mut self, pool: &Pool, prefix: &PrefixRecord, now: Timestamp) -> Result<()> {
        self.remember(prefix, now).await?;
        self.touch("prefix", &DELETE, &params![prefix.id]).await?;
        if prefix.occupies { self.give_back(pool, prefix.prefix).await } else { Ok(()) }
    }

    /// Computes a pool's free blocks anew from the occupied prefixes, after somebody wrote behind our
    /// back. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn rebuild_free_blocks(&mut self, pool: PoolId) -> Result<()> {
        let pool = self.lock_pool(pool).await?;
        self.rebuild(&pool).await
    }
}
