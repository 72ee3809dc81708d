//! A pool's free blocks in the database: the buddy rule of `moxxie_core::free`.
//!
//! Every method here wants the pool locked by the caller, and writes the pool's counters
//! ([`Tx::save_used`]) only in [`Tx::rebuild`]: the caller does that once for all it did.

use ipnet::IpNet;
use moxxie_core::{
    PoolId,
    audit::hex,
    free::{buddy, choose, gaps, parent, remainder},
    pool::{Policy, Pool, Used},
    prefix::{bounds, overlap},
};

use serde_json::json;

use crate::{
    Reads, Result, Tx,
    param::{Param, params},
    statement::Statement,
};

static BEST: Statement = Statement::new(
    "free.best",
    "SELECT prefix FROM free_block WHERE pool_id = $1 AND length <= $2
     ORDER BY length DESC, first LIMIT 1",
);
// One look into the index for each length there may be, however many blocks there are.
static LOWEST: Statement = Statement::new(
    "free.lowest",
    "WITH RECURSIVE sizes (length) AS (
         SELECT $2 UNION ALL SELECT length + 1 FROM sizes WHERE length < $3)
     SELECT (SELECT prefix FROM free_block f WHERE f.pool_id = $1 AND f.length = sizes.length
             ORDER BY f.first LIMIT 1) AS prefix
     FROM sizes",
)
.postgres(
    "WITH RECURSIVE sizes (length) AS (
         SELECT $2::bigint UNION ALL SELECT length + 1 FROM sizes WHERE length < $3)
     SELECT (SELECT prefix FROM free_block f WHERE f.pool_id = $1 AND f.length = sizes.length
             ORDER BY f.first LIMIT 1) AS prefix
     FROM sizes",
);
// Free blocks never overlap, so of all that begin at or before an address only the last can hold it.
static BEFORE: Statement = Statement::new(
    "free.before",
    "SELECT prefix FROM free_block WHERE pool_id = $1 AND first <= $2 ORDER BY first DESC LIMIT 1",
);
static BETWEEN: Statement = Statement::new(
    "free.between",
    "SELECT prefix FROM free_block WHERE pool_id = $1 AND first >= $2 AND first <= $3
     ORDER BY first LIMIT $4",
);
static INSERT: Statement = Statement::new(
    "free.insert",
    "INSERT INTO free_block (pool_id, first, length, prefix) VALUES ($1, $2, $3, $4)",
);
static INSERT_MANY: Statement = Statement::new(
    "free.insert_many",
    "INSERT INTO free_block (pool_id, first, length, prefix)
     SELECT $1, unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each($2)",
)
.postgres(
    "INSERT INTO free_block (pool_id, first, length, prefix)
     SELECT $1, decode(value ->> 0, 'hex'), (value ->> 1)::bigint, value ->> 2 FROM json_array_elements($2::json)",
);
static DELETE: Statement =
    Statement::new("free.delete", "DELETE FROM free_block WHERE pool_id = $1 AND first = $2 AND length = $3");
static CLEAR: Statement = Statement::new("free.clear", "DELETE FROM free_block WHERE pool_id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&BEST, &LOWEST, &BEFORE, &BETWEEN, &INSERT, &INSERT_MANY, &DELETE, &CLEAR];

impl Reads {
    /// The free block that the policy takes a prefix of this length from.
    pub(crate) async fn block_for(&self, pool: &Pool, policy: Policy, length: u8) -> Result<Option<IpNet>> {
        if matches!(policy, Policy::BestFit | Policy::ByVlan) {
            return self.one(&BEST, &params![pool.id, length], |row| row.prefix("prefix")).await;
        }
        let params = params![pool.id, pool.prefix.prefix_len(), length];
        let lowest = self.list(&LOWEST, &params, |row| row.parsed_or_null::<IpNet>("prefix")).await?;
        Ok(choose(policy, lowest.into_iter().flatten(), length))
    }

    /// The free block that holds the whole prefix.
    pub(crate) async fn block_around(&self, pool: PoolId, prefix: IpNet) -> Result<Option<IpNet>> {
        let block = self.one(&BEFORE, &params![pool, bounds(&prefix).0], |row| row.prefix("prefix")).await?;
        Ok(block.filter(|block| block.contains(&prefix)))
    }

    /// Free blocks of a pool that begin in this part of it, ascending, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn free_blocks(
        &self,
        pool: PoolId,
        first: [u8; 16],
        last: [u8; 16],
        limit: u32,
    ) -> Result<Vec<IpNet>> {
        self.list(&BETWEEN, &params![pool, first, last, limit], |row| row.prefix("prefix")).await
    }

    /// Whether a part of the prefix is free already.
    async fn is_partly_free(&self, pool: PoolId, prefix: IpNet) -> Result<bool> {
        let block = self.one(&BEFORE, &params![pool, bounds(&prefix).1], |row| row.prefix("prefix")).await?;
        Ok(block.is_some_and(|block| overlap(&block, &prefix)))
    }
}

impl Tx {
    /// Cuts a prefix out of the free block that holds it.
    pub(crate) async fn cut(&mut self, pool: PoolId, block: IpNet, prefix: IpNet) -> Result<()> {
        self.remove_block(pool, block).await?;
        for piece in remainder(block, prefix) {
            self.insert_block(pool, piece).await?;
        }
        Ok(())
    }

    /// Gives a prefix back and merges it with its buddies as far as they are free.
    pub(crate) async fn give_back(&mut self, pool: &mut Pool, prefix: IpNet) -> Result<()> {
        if !pool.prefix.contains(&prefix) || self.is_partly_free(pool.id, prefix).await? {
            // Somebody wrote prefixes behind our back; what is free is computed from what is there.
            return self.rebuild(pool).await;
        }
        let mut piece = prefix;
        while piece != pool.prefix {
            match buddy(piece) {
                Some(other) if self.remove_block(pool.id, other).await? => piece = parent(piece),
                _ => break,
            }
        }
        self.insert_block(pool.id, piece).await
    }

    /// Computes the free blocks and the counters anew from the prefixes that are there.
    pub(crate) async fn rebuild(&mut self, pool: &mut Pool) -> Result<()> {
        let there = self.shapes_within(pool.vrf_id, pool.prefix).await?;
        let occupied: Vec<IpNet> = there.iter().map(|(prefix, _)| *prefix).collect();
        let free = gaps(pool.prefix, &occupied);
        self.execute(&CLEAR, &params![pool.id]).await?;
        for blocks in free.chunks(10_000) {
            let row = |block: &IpNet| json!([hex(&bounds(block).0), block.prefix_len(), block.to_string()]);
            let rows: Vec<_> = blocks.iter().map(row).collect();
            self.execute(&INSERT_MANY, &params![pool.id, Param::json(&rows)?]).await?;
        }
        pool.used = Used::default();
        for (prefix, status) in there {
            pool.used.add(status, prefix.prefix_len());
        }
        self.save_used(pool).await
    }

    async fn insert_block(&mut self, pool: PoolId, block: IpNet) -> Result<()> {
        let params = params![pool, bounds(&block).0, block.prefix_len(), block.to_string()];
        self.execute(&INSERT, &params).await.map(drop)
    }

    pub(crate) async fn remove_block(&mut self, pool: PoolId, block: IpNet) -> Result<bool> {
        let params = params![pool, bounds(&block).0, block.prefix_len()];
        Ok(self.execute(&DELETE, &params).await? > 0)
    }
}
