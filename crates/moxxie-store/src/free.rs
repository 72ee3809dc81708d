//! A pool's free blocks in the database: the buddy rule of `moxxie_core::free`.
//!
//! Every method here wants the pool locked by the caller, and writes the pool's counters
//! ([`Tx::save_used`]) only in [`Tx::rebuild`]: the caller does that once for all it did.

use std::collections::BTreeSet;

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
// The best fitting of a length, as many as there are requests.
static BEST_MANY: Statement = Statement::new(
    "free.best_many",
    "SELECT prefix FROM free_block WHERE pool_id = $1 AND length <= $2
     ORDER BY length DESC, first LIMIT $3",
);
// The lowest of every length, as many as there are requests: from each to the next one by the index.
static LOWEST_MANY: Statement = Statement::new(
    "free.lowest_many",
    "WITH RECURSIVE sizes (length) AS (
         SELECT $2 UNION ALL SELECT length + 1 FROM sizes WHERE length < $3
     ), walk (length, number, first) AS (
         SELECT length, 1, (SELECT f.first FROM free_block f WHERE f.pool_id = $1 AND f.length = sizes.length
                            ORDER BY f.first LIMIT 1) FROM sizes
         UNION ALL
         SELECT w.length, w.number + 1,
                (SELECT f.first FROM free_block f WHERE f.pool_id = $1 AND f.length = w.length
                 AND f.first > w.first ORDER BY f.first LIMIT 1)
         FROM walk w WHERE w.number < $4 AND w.first IS NOT NULL
     )
     SELECT (SELECT f.prefix FROM free_block f WHERE f.pool_id = $1 AND f.first = walk.first) AS prefix
     FROM walk WHERE first IS NOT NULL",
)
.postgres(
    "SELECT f.prefix FROM generate_series($2::bigint, $3::bigint) AS sizes (length) CROSS JOIN LATERAL (
         SELECT prefix FROM free_block f WHERE f.pool_id = $1 AND f.length = sizes.length
         ORDER BY f.first LIMIT $4) AS f",
);
static AROUND_MANY: Statement = Statement::new(
    "free.around_many",
    "SELECT (SELECT f.prefix FROM free_block f WHERE f.pool_id = $1 AND f.first <= unhex(j.value)
             ORDER BY f.first DESC LIMIT 1) AS prefix
     FROM json_each($2) j",
)
.postgres(
    "SELECT (SELECT f.prefix FROM free_block f WHERE f.pool_id = $1 AND f.first <= decode(j.value, 'hex')
             ORDER BY f.first DESC LIMIT 1) AS prefix
     FROM json_array_elements_text($2::json) AS j (value)",
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
static DELETE: Statement =
    Statement::new("free.delete", "DELETE FROM free_block WHERE pool_id = $1 AND first = $2 AND length = $3");
static FILL: Statement = Statement::new(
    "free.fill",
    "INSERT INTO free_block (pool_id, first, length, prefix)
     SELECT $1, unhex(value ->> 0), value ->> 1, value ->> 2 FROM json_each($2)",
)
.postgres(
    "INSERT INTO free_block (pool_id, first, length, prefix)
     SELECT $1, decode(value ->> 0, 'hex'), (value ->> 1)::bigint, value ->> 2
     FROM json_array_elements($2::json)",
);
static DELETE_MANY: Statement = Statement::new(
    "free.delete_many",
    "DELETE FROM free_block WHERE pool_id = $1 AND first IN (SELECT unhex(value) FROM json_each($2))",
)
.postgres(
    "DELETE FROM free_block WHERE pool_id = $1
         AND first = ANY (ARRAY (SELECT decode(value, 'hex') FROM json_array_elements_text($2::json) AS j (value)))",
);
static CLEAR: Statement = Statement::new("free.clear", "DELETE FROM free_block WHERE pool_id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[
    &BEST,
    &LOWEST,
    &BEST_MANY,
    &LOWEST_MANY,
    &AROUND_MANY,
    &BEFORE,
    &BETWEEN,
    &INSERT,
    &DELETE,
    &FILL,
    &DELETE_MANY,
    &CLEAR,
];

/// How many blocks are written by one statement.
const CHUNK: usize = 5000;

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

    /// The free blocks that the policy can come to take prefixes of this length from, when so many prefixes, of
    /// whatever length and by whatever policy, are taken of the pool: see [`moxxie_core::free_blocks`].
    pub(crate) async fn blocks_for(
        &self,
        pool: &Pool,
        policy: Policy,
        length: u8,
        many: u32,
    ) -> Result<Vec<IpNet>> {
        if matches!(policy, Policy::BestFit | Policy::ByVlan) {
            let params = params![pool.id, length, many];
            return self.list(&BEST_MANY, &params, |row| row.prefix("prefix")).await;
        }
        let params = params![pool.id, pool.prefix.prefix_len(), length, many];
        self.list(&LOWEST_MANY, &params, |row| row.prefix("prefix")).await
    }

    /// The free blocks that hold these prefixes, as far as there are any.
    pub(crate) async fn blocks_around(&self, pool: PoolId, prefixes: &[IpNet]) -> Result<Vec<IpNet>> {
        let firsts: Vec<String> = prefixes.iter().map(|prefix| hex(&bounds(prefix).0)).collect();
        let params = params![pool, Param::json(&firsts)?];
        let found = self.list(&AROUND_MANY, &params, |row| row.parsed_or_null::<IpNet>("prefix")).await?;
        Ok(found.into_iter().flatten().collect())
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
        self.fill_blocks(pool.id, &free).await?;
        pool.used = Used::default();
        for (prefix, status) in there {
            pool.used.add(status, prefix.prefix_len());
        }
        self.save_used(pool).await
    }

    /// Takes some blocks out of the free ones, and puts others in.
    pub(crate) async fn replace_blocks(
        &mut self,
        pool: PoolId,
        gone: &BTreeSet<IpNet>,
        new: &BTreeSet<IpNet>,
    ) -> Result<()> {
        if !gone.is_empty() {
            let firsts: Vec<String> = gone.iter().map(|block| hex(&bounds(block).0)).collect();
            self.execute(&DELETE_MANY, &params![pool, Param::json(&firsts)?]).await?;
        }
        let new: Vec<IpNet> = new.iter().copied().collect();
        self.fill_blocks(pool, &new).await
    }

    async fn fill_blocks(&mut self, pool: PoolId, blocks: &[IpNet]) -> Result<()> {
        for chunk in blocks.chunks(CHUNK) {
            let row = |block: &IpNet| json!([hex(&bounds(block).0), block.prefix_len(), block]);
            let rows: Vec<_> = chunk.iter().map(row).collect();
            self.execute(&FILL, &params![pool, Param::json(&rows)?]).await?;
        }
        Ok(())
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
