//! How full pools were, a sample a day: what forecasts are made from.

use moxxie_core::{PoolId, forecast::Sample};

use crate::{Reads, Result, StoreError, Tx, param::params, row::Row, statement::Statement};

static OF: Statement =
    Statement::new("sample.of", "SELECT day, used FROM pool_sample WHERE pool_id = $1 ORDER BY day");
static ALL_SINCE: Statement = Statement::new(
    "sample.all_since",
    "SELECT pool_id, day, used FROM pool_sample WHERE day >= $1 ORDER BY pool_id, day",
);
static MISSING: Statement = Statement::new(
    "sample.missing",
    "SELECT id FROM pool o
     WHERE NOT EXISTS (SELECT 1 FROM pool_sample x WHERE x.pool_id = o.id AND x.day = $1) ORDER BY id",
);
// Two processes may come at once; one sample is as good as the other.
static INSERT: Statement = Statement::new(
    "sample.insert",
    "INSERT INTO pool_sample (pool_id, day, used) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
);
static PURGE: Statement = Statement::new("sample.purge", "DELETE FROM pool_sample WHERE day < $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&OF, &ALL_SINCE, &MISSING, &INSERT, &PURGE];

fn read(row: &Row) -> Result<Sample> {
    let used: u128 = row.parsed("used")?;
    Ok(Sample { day: row.int("day")?, used: used as f64 })
}

impl Reads {
    /// The samples of a pool, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn pool_samples(&self, pool: PoolId) -> Result<Vec<Sample>> {
        self.list(&OF, &params![pool], read).await
    }

    /// The samples of all pools from a day on, pool by pool, the oldest first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn all_pool_samples(&self, since: i64) -> Result<Vec<(PoolId, Sample)>> {
        self.list(&ALL_SINCE, &params![since], |row| Ok((row.parsed("pool_id")?, read(row)?))).await
    }

    /// The pools without a sample for a day (days since 1970).
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn pools_without_sample(&self, day: i64) -> Result<Vec<PoolId>> {
        self.list(&MISSING, &params![day], |row| row.parsed("id")).await
    }
}

impl Tx {
    /// Writes down how many addresses of a pool are in use on a day, unless somebody did.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails, or the pool is gone.
    pub async fn insert_pool_sample(&mut self, pool: PoolId, day: i64, used: u128) -> Result<()> {
        self.execute(&INSERT, &params![pool, day, used.to_string()]).await.map(drop)
    }

    /// Forgets the samples before a day; says how many.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn purge_pool_samples(&mut self, before: i64) -> Result<u64, StoreError> {
        self.execute(&PURGE, &params![before]).await
    }
}
