//! Prefixes that change their shape: resize, split, merge. Every one of them keeps what is free, what is
//! taken and the counters in step, in the caller's transaction.

use ipnet::IpNet;
use moxxie_core::{
    PrefixId, Timestamp,
    free::remainder,
    identity::Scope,
    pool::Pool,
    prefix::{bounds, overlap},
};

use super::{INSERT, PrefixRecord, row_of};
use crate::{Result, StoreError, Tx, param::params, statement::Statement};

pub(super) static RESHAPE: Statement = Statement::new(
    "prefix.reshape",
    "UPDATE prefix SET first = $2, last = $3, length = $4, prefix = $5, since = $6
     WHERE id = $1",
);

/// Why a prefix cannot get another shape.
#[derive(Debug, thiserror::Error)]
pub enum ReshapeError {
    /// The new shape does not lie in the pool.
    #[error("{wanted} does not lie in the pool {pool}")]
    OutsidePool {
        /// The shape asked for.
        wanted: IpNet,
        /// The pool's prefix.
        pool: IpNet,
    },
    /// A neighbour has a part of the new shape.
    #[error("{} is in the way", by.prefix)]
    Taken {
        /// The one that is in the way; of several the lowest. It may be another tenant's.
        by: Box<PrefixRecord>,
    },
    /// Neither shape contains the other.
    #[error("{wanted} neither contains {prefix} nor lies in it")]
    Elsewhere {
        /// What it is.
        prefix: IpNet,
        /// The shape asked for.
        wanted: IpNet,
    },
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Tx {
    /// Gives a prefix another shape that contains it or lies in it. What it loses is free, or goes into
    /// quarantine when the pool has one and the prefix was in use: `ids` gives the ids of such rows.
    /// Locks the pool.
    ///
    /// # Errors
    /// [`ReshapeError`] says why it cannot be.
    pub async fn resize_prefix(
        &mut self,
        id: PrefixId,
        wanted: IpNet,
        now: Timestamp,
        mut ids: impl FnMut() -> PrefixId,
    ) -> Result<PrefixRecord, ReshapeError> {
        let (mut pool, old) = self.pool_and_prefix(id).await?;
        if !overlap(&old.prefix, &wanted) {
            return Err(ReshapeError::Elsewhere { prefix: old.prefix, wanted });
        }
        if !pool.prefix.contains(&wanted) {
            return Err(ReshapeError::OutsidePool { wanted, pool: pool.prefix });
        }
        let new = PrefixRecord { prefix: wanted, since: now, ..old.clone() };
        if wanted.contains(&old.prefix) {
            self.grow(&mut pool, &old, &new).await?;
        } else {
            self.reshape(&mut pool, &old, &new).await?;
            for piece in remainder(old.prefix, wanted) {
                match old.claim.released(pool.quarantine_s, now) {
                    None => self.give_back(&mut pool, piece).await?,
                    Some(claim) => {
                        let left = PrefixRecord {
                            id: ids(),
                            prefix: piece,
                            claim,
                            since: now,
                            created_at: now,
                            ..old.clone()
                        }
                        .of_nobody();
                        self.execute(&INSERT, &row_of(&left)?).await?;
                        pool.used.add(claim.status(), piece.prefix_len());
                    }
                }
            }
        }
        self.save_used(&pool).await?;
        Ok(new)
    }

    async fn grow(
        &mut self,
        pool: &mut Pool,
        old: &PrefixRecord,
        new: &PrefixRecord,
    ) -> Result<(), ReshapeError> {
        let pieces = remainder(new.prefix, old.prefix);
        for piece in pieces.iter().rev() {
            if let Some(by) = self.overlapping_prefix(pool.vrf_id, *piece).await? {
                return Err(ReshapeError::Taken { by: Box::new(by) });
            }
        }
        self.reshape(pool, old, new).await?;
        // Each piece beside it is free as a whole, so it is one block.
        let mut whole = true;
        for piece in pieces {
            whole &= self.remove_block(pool.id, piece).await?;
        }
        // Free blocks that say otherwise were written behind our back.
        if whole { Ok(()) } else { Ok(self.rebuild(pool).await?) }
    }

    /// Cuts a prefix into parts of a length; the first keeps the id, `ids` gives those of the others.
    /// The parts are taken in the same way for the same owner. Locks the pool.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn split_prefix(
        &mut self,
        id: PrefixId,
        length: u8,
        now: Timestamp,
        mut ids: impl FnMut() -> PrefixId,
    ) -> Result<Vec<PrefixRecord>> {
        let (mut pool, old) = self.pool_and_prefix(id).await?;
        let Ok(shapes) = old.prefix.subnets(length) else { return Ok(vec![old]) };
        let mut parts = Vec::new();
        for (index, shape) in shapes.enumerate() {
            let id = if index == 0 { old.id } else { ids() };
            let part = PrefixRecord { id, prefix: shape, since: now, ..old.clone() };
            if index == 0 {
                self.reshape(&mut pool, &old, &part).await?;
            } else {
                self.execute(&INSERT, &row_of(&part)?).await?;
                self.label(&part.id.to_string(), part.tenant_id, None, &part.labels).await?;
                pool.used.add(part.claim.status(), length);
            }
            parts.push(part);
        }
        self.save_used(&pool).await?;
        Ok(parts)
    }

    /// Makes one prefix of several that fill `whole`; `id` is the one that stays. The caller has looked
    /// that they belong together. Locks the pool.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails or refuses.
    pub async fn merge_prefixes(
        &mut self,
        id: PrefixId,
        others: &[PrefixId],
        whole: IpNet,
        now: Timestamp,
    ) -> Result<PrefixRecord> {
        let (mut pool, old) = self.pool_and_prefix(id).await?;
        for other in others {
            let other = self.prefix(Scope::All, *other).await?.ok_or(StoreError::NotFound("prefix"))?;
            self.forget(&other, now).await?;
            pool.used.remove(other.claim.status(), other.prefix.prefix_len());
        }
        let new = PrefixRecord { prefix: whole, since: now, ..old.clone() };
        self.reshape(&mut pool, &old, &new).await?;
        self.save_used(&pool).await?;
        Ok(new)
    }

    /// Locks the pool of a prefix, then reads the prefix as it stays.
    pub(super) async fn pool_and_prefix(&mut self, id: PrefixId) -> Result<(Pool, PrefixRecord)> {
        let known = self.prefix(Scope::All, id).await?.ok_or(StoreError::NotFound("prefix"))?;
        let pool = self.lock_pool(known.pool_id).await?;
        // Somebody may have changed it before the lock was ours.
        let old = self.prefix(Scope::All, id).await?.ok_or(StoreError::NotFound("prefix"))?;
        if old.pool_id == pool.id { Ok((pool, old)) } else { Err(StoreError::Stale("prefix")) }
    }

    async fn reshape(&mut self, pool: &mut Pool, old: &PrefixRecord, new: &PrefixRecord) -> Result<()> {
        let (first, last) = bounds(&new.prefix);
        let (length, text) = (new.prefix.prefix_len(), new.prefix.to_string());
        self.touch("prefix", &RESHAPE, &params![old.id, first, last, length, text, new.since]).await?;
        self.remember(old, new.since).await?;
        pool.used.remove(old.claim.status(), old.prefix.prefix_len());
        pool.used.add(new.claim.status(), length);
        Ok(())
    }
}
