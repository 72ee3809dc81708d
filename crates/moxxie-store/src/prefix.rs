//! Prefixes: allocation from pools and release. Many at once are taken in `set`; how they change
//! their shape is in `reshape`.

mod reshape;
mod set;

use ipnet::IpNet;
use moxxie_core::{
    NetworkId, PoolId, PrefixId, TenantId, Timestamp, VrfId,
    audit::hex,
    claim::{Claim, Status},
    free::first_in,
    identity::Scope,
    pool::{Policy, Pool},
    prefix::{bounds, family, overlap},
};

use serde::{Deserialize, Serialize};
use serde_json::json;

pub use self::{
    reshape::ReshapeError,
    set::{Taken, Want, Wanted},
};
use crate::{
    Constraint, Listing, Page, Place, Reads, Remembered, Result, StoreError, Tx, Window,
    label::{LabelFilter, Labelled, Labels, labelled},
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, vrf_id, tenant_id, pool_id, prefix, status, purpose, labels, network_id,
                 expires_at, since, created_at
             FROM prefix ",
            $rest
        )
    };
}
macro_rules! insert {
    ($rest:literal) => {
        concat!(
            "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix,
                 status, purpose, network_id, expires_at, since, created_at, labels)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
            $rest
        )
    };
}

static GET: Statement =
    Statement::new("prefix.get", select!("WHERE id = $1 AND (tenant_id = $2 OR $2 IS NULL)"));
static LOCK: Statement =
    Statement::new("prefix.lock", select!("WHERE id = $1 AND (tenant_id = $2 OR $2 IS NULL)"))
        .locking("prefix");
static EXACT: Statement = Statement::new(
    "prefix.exact",
    select!(
        "WHERE vrf_id = $1 AND family = $2 AND first = $3 AND length = $4 AND (tenant_id = $5 OR $5 IS NULL)"
    ),
);
static OF_NETWORK: Statement = Statement::new(
    "prefix.of_network",
    select!("WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL) ORDER BY family, first"),
);
static BEFORE: Statement = Statement::new(
    "prefix.before",
    select!("WHERE vrf_id = $1 AND family = $2 AND first <= $3 ORDER BY first DESC LIMIT 1"),
);
static INSIDE: Statement = Statement::new(
    "prefix.inside",
    select!("WHERE vrf_id = $1 AND family = $2 AND first > $3 AND first <= $4 ORDER BY first LIMIT 1"),
);
// For each prefix asked for: the one that begins last at or before it, and the first that begins inside it.
static IN_THE_WAY: Statement = Statement::new(
    "prefix.in_the_way",
    select!(
        "WHERE id IN (
             SELECT (SELECT p.id FROM prefix p WHERE p.vrf_id = value ->> 'vrf' AND p.family = value ->> 'family'
                       AND p.first <= unhex(value ->> 'first') ORDER BY p.first DESC LIMIT 1)
             FROM json_each($1)
             UNION
             SELECT (SELECT p.id FROM prefix p WHERE p.vrf_id = value ->> 'vrf' AND p.family = value ->> 'family'
                       AND p.first > unhex(value ->> 'first') AND p.first <= unhex(value ->> 'last')
                     ORDER BY p.first LIMIT 1)
             FROM json_each($1))"
    ),
)
.postgres(select!(
    "WHERE id IN (
         SELECT (SELECT p.id FROM prefix p WHERE p.vrf_id = r.vrf AND p.family = r.family
                   AND p.first <= decode(r.first, 'hex') ORDER BY p.first DESC LIMIT 1)
         FROM json_to_recordset($1::json) AS r (vrf text, family bigint, first text, last text)
         UNION
         SELECT (SELECT p.id FROM prefix p WHERE p.vrf_id = r.vrf AND p.family = r.family
                   AND p.first > decode(r.first, 'hex') AND p.first <= decode(r.last, 'hex')
                 ORDER BY p.first LIMIT 1)
         FROM json_to_recordset($1::json) AS r (vrf text, family bigint, first text, last text))"
));
static BETWEEN: Statement = Statement::new(
    "prefix.between",
    select!("WHERE vrf_id = $1 AND family = $2 AND first >= $3 AND first <= $4 ORDER BY first LIMIT $5"),
);
static SHAPES: Statement = Statement::new(
    "prefix.shapes",
    "SELECT prefix, status FROM prefix
     WHERE vrf_id = $1 AND family = $2 AND first >= $3 AND first <= $4 ORDER BY first",
);
static SHAPES_SINCE: Statement = Statement::new(
    "prefix.shapes_since",
    "SELECT prefix, status FROM prefix
     WHERE vrf_id = $1 AND family = $2 AND first >= $3 AND first <= $4 AND since <= $5 ORDER BY first",
);
static COUNTS: Statement = Statement::new(
    "prefix.counts",
    "SELECT status, length, COUNT(*) AS count FROM prefix WHERE pool_id = $1 GROUP BY status, length",
);
// A tenant's prefixes, a pool's and those in a rare status have indexes of their own; what else is asked for is looked
// at row by row.
macro_rules! list {
    ($($more:literal),*) => {
        concat!(
            select!("WHERE "),
            $($more,)*
            "vrf_id = $3 AND (tenant_id = $1 OR $1 IS NULL) AND (status = $2 OR $2 IS NULL)
               AND (pool_id = $4 OR $4 IS NULL) AND (tenant_id = $5 OR $5 IS NULL)
               AND (family, first) > ($6, $7) AND (family, first) <= ($8, $9) AND length >= $10
             ORDER BY family, first LIMIT $11"
        )
    };
}
static LIST: Labelled = labelled!("prefix.list", list, "id", "$12", "$13");
static LIST_OF_TENANT: Statement = Statement::new("prefix.list_of_tenant", list!("tenant_id = $5 AND "));
static LIST_OF_POOL: Statement = Statement::new("prefix.list_of_pool", list!("pool_id = $4 AND "));
static LIST_OF_STATUS: Statement =
    Statement::new("prefix.list_of_status", list!("status = $2 AND status <> 'assigned' AND "));
static LAPSED: Statement =
    Statement::new("prefix.lapsed", select!("WHERE expires_at <= $1 ORDER BY expires_at, id LIMIT $2"));
static LAPSED_IN_POOL: Statement = Statement::new(
    "prefix.lapsed_in_pool",
    select!("WHERE pool_id = $3 AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2"),
);
static INSERT: Statement = Statement::new("prefix.insert", insert!(""));
// On PostgreSQL an error would end the transaction; this way a refusal is a count of no rows. SQLite
// raises its error, and the transaction goes on.
static TRY_INSERT: Statement =
    Statement::new("prefix.try_insert", insert!("")).postgres(insert!(" ON CONFLICT DO NOTHING"));
static UPDATE: Statement = Statement::new(
    "prefix.update",
    "UPDATE prefix SET tenant_id = $2, status = $3, purpose = $4, network_id = $5, expires_at = $6,
         since = $7, labels = $8
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("prefix.delete", "DELETE FROM prefix WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[
    &GET,
    &LOCK,
    &EXACT,
    &OF_NETWORK,
    &BEFORE,
    &INSIDE,
    &IN_THE_WAY,
    &BETWEEN,
    &SHAPES,
    &SHAPES_SINCE,
    &COUNTS,
    &LIST.all,
    &LIST.of_value,
    &LIST.of_key,
    &LIST_OF_TENANT,
    &LIST_OF_POOL,
    &LIST_OF_STATUS,
    &LAPSED,
    &LAPSED_IN_POOL,
    &INSERT,
    &TRY_INSERT,
    &UPDATE,
    &DELETE,
    &reshape::RESHAPE,
];

pub(crate) use self::set::STATEMENTS as SET_STATEMENTS;

/// A prefix, as stored. Whatever its claim, it takes its space.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrefixRecord {
    /// Its id.
    pub id: PrefixId,
    /// The VRF it lives in.
    pub vrf_id: VrfId,
    /// Whose it is; `None`: the operator's own.
    pub tenant_id: Option<TenantId>,
    /// The pool it came from and lies in.
    pub pool_id: PoolId,
    /// The prefix itself.
    pub prefix: IpNet,
    /// How it is taken.
    pub claim: Claim,
    /// Free text.
    pub purpose: String,
    /// Its labels.
    pub labels: Labels,
    /// The network it belongs to; such a prefix is assigned.
    pub network_id: Option<NetworkId>,
    /// Since when it is taken in this way.
    pub since: Timestamp,
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
    /// Where in the pool; `None`: by the pool's own policy.
    pub policy: Option<Policy>,
    /// Whose it will be; `None`: the operator's own.
    pub tenant_id: Option<TenantId>,
    /// The network it will belong to.
    pub network_id: Option<NetworkId>,
    /// How it will be taken.
    pub claim: Claim,
    /// Free text.
    pub purpose: String,
    /// Its labels.
    pub labels: Labels,
    /// When it is allocated.
    pub now: Timestamp,
}

/// Which prefixes of a VRF are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixFilter {
    /// In this VRF.
    pub vrf: VrfId,
    /// Lying in this prefix, or being it.
    pub within: Option<IpNet>,
    /// From this pool.
    pub pool: Option<PoolId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// In this status.
    pub status: Option<Status>,
    /// With this label.
    pub label: Option<LabelFilter>,
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
    /// A prefix that is taken overlaps it.
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
            tenant: self.tenant_id,
            since: self.since,
        }
    }
}

fn read(row: &Row) -> Result<PrefixRecord> {
    Ok(PrefixRecord {
        id: row.parsed("id")?,
        vrf_id: row.parsed("vrf_id")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        pool_id: row.parsed("pool_id")?,
        prefix: row.prefix("prefix")?,
        claim: row.claim()?,
        purpose: row.text("purpose")?,
        labels: row.json("labels")?,
        network_id: row.parsed_or_null("network_id")?,
        since: row.time("since")?,
        created_at: row.time("created_at")?,
    })
}

/// The parameters of an insert.
fn row_of(prefix: &PrefixRecord) -> Result<[Param; 16]> {
    let (first, last) = bounds(&prefix.prefix);
    Ok(params![
        prefix.id,
        prefix.vrf_id,
        prefix.tenant_id,
        prefix.pool_id,
        family(&prefix.prefix),
        first,
        last,
        prefix.prefix.prefix_len(),
        prefix.prefix.to_string(),
        prefix.claim.status(),
        &prefix.purpose,
        prefix.network_id,
        prefix.claim.until(),
        prefix.since,
        prefix.created_at,
        Param::json(&prefix.labels)?,
    ])
}

impl Reads {
    /// One prefix.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefix(&self, scope: Scope, id: PrefixId) -> Result<Option<PrefixRecord>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// The record of this very prefix in a VRF.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefix_exactly(
        &self,
        scope: Scope,
        vrf: VrfId,
        prefix: IpNet,
    ) -> Result<Option<PrefixRecord>> {
        let params = params![vrf, family(&prefix), bounds(&prefix).0, prefix.prefix_len(), scope];
        self.one(&EXACT, &params, read).await
    }

    /// The prefixes of a network.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefixes_of_network(&self, scope: Scope, network: NetworkId) -> Result<Vec<PrefixRecord>> {
        self.list(&OF_NETWORK, &params![network, scope], read).await
    }

    /// The prefix of lowest address that overlaps this one in the VRF, whoever's it is.
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

    /// What is in the way of prefixes: of each that overlaps others, one of these at least; and some that are in
    /// nobody's way.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn overlapping_prefixes(&self, wanted: &[(VrfId, IpNet)]) -> Result<Vec<PrefixRecord>> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let row = |(vrf, prefix): &(VrfId, IpNet)| {
            let (first, last) = bounds(prefix);
            json!({"vrf": vrf, "family": family(prefix), "first": hex(&first), "last": hex(&last)})
        };
        let rows: Vec<_> = wanted.iter().map(row).collect();
        self.list(&IN_THE_WAY, &[Param::json(&rows)?], read).await
    }

    /// The prefixes that begin between two addresses, ascending, at most `limit`, whoever's they are.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prefixes_between(
        &self,
        vrf: VrfId,
        family: i64,
        first: [u8; 16],
        last: [u8; 16],
        limit: u32,
    ) -> Result<Vec<PrefixRecord>> {
        self.list(&BETWEEN, &params![vrf, family, first, last, limit], read).await
    }

    /// The first prefixes that lie in a pool, ascending, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn first_prefixes(&self, pool: &Pool, limit: u32) -> Result<Vec<PrefixRecord>> {
        let (first, last) = bounds(&pool.prefix);
        self.prefixes_between(pool.vrf_id, family(&pool.prefix), first, last, limit).await
    }

    /// The prefixes of a VRF by address, IPv4 first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], and when the database fails.
    pub async fn prefixes(
        &self,
        scope: Scope,
        filter: &PrefixFilter,
        page: &Page,
    ) -> Result<Listing<PrefixRecord>> {
        // Everything from the beginning to the end of all families, or of the prefix asked for.
        let (mut from, mut to) = ((0, Vec::new()), (9, Vec::new()));
        if let Some(within) = &filter.within {
            let (first, last) = bounds(within);
            (from, to) = (just_before(family(within), first), (family(within), last.to_vec()));
        }
        if let Some(after) = page.parsed::<IpNet>()? {
            let cursor = (family(&after), bounds(&after).0.to_vec());
            from = from.max(cursor);
        }
        let mut params = params![
            scope,
            filter.status.map(Status::as_str),
            filter.vrf,
            filter.pool,
            filter.tenant,
            from.0,
            from.1,
            to.0,
            to.1,
            // One that begins where `within` does may be larger.
            filter.within.map_or(0, |within| within.prefix_len()),
            page.fetch(),
        ]
        .to_vec();
        let statement = match filter {
            PrefixFilter { label: Some(label), .. } => LIST.choose(Some(label), &mut params),
            PrefixFilter { tenant: Some(_), .. } => &LIST_OF_TENANT,
            PrefixFilter { status: Some(status), .. } if *status != Status::Assigned => &LIST_OF_STATUS,
            PrefixFilter { pool: Some(_), .. } => &LIST_OF_POOL,
            _ => &LIST.all,
        };
        let items = self.list(statement, &params, read).await?;
        Ok(page.listing(items, |record| record.prefix.to_string()))
    }

    /// Shape and status of the prefixes that lie in this one, or overlap its beginning, ascending.
    pub(crate) async fn shapes_within(&self, vrf: VrfId, prefix: IpNet) -> Result<Vec<(IpNet, Status)>> {
        let (first, last) = bounds(&prefix);
        let before = self.one(&BEFORE, &params![vrf, family(&prefix), first], read).await?;
        if let Some(around) = before.filter(|before| before.prefix.contains(&prefix)) {
            return Ok(vec![(around.prefix, around.claim.status())]);
        }
        let params = params![vrf, family(&prefix), first, last];
        let shape = |row: &Row| Ok((row.prefix("prefix")?, row.word("status", Status::parse)?));
        self.list(&SHAPES, &params, shape).await
    }

    /// Shape and status of the prefixes that lay in this one at a time, ascending.
    pub(crate) async fn shapes_at(
        &self,
        vrf: VrfId,
        prefix: IpNet,
        at: Timestamp,
    ) -> Result<Vec<(IpNet, Status)>> {
        let (first, last) = bounds(&prefix);
        let params = params![vrf, family(&prefix), first, last, at];
        let shape = |row: &Row| Ok((row.prefix("prefix")?, row.word("status", Status::parse)?));
        let live = self.list(&SHAPES_SINCE, &params, shape).await?;
        let window = Window { space: vrf.to_string(), family: family(&prefix), from: first, to: last };
        let past = self.past_list::<PrefixRecord>(Scope::All, &window, at, u32::MAX).await?;
        // What ended between the two reads is in both; at one time no two share an address.
        let past = past.into_iter().map(|version| (version.record.prefix, version.record.claim.status()));
        let there: std::collections::BTreeMap<_, _> = live.into_iter().chain(past).collect();
        Ok(there.into_iter().collect())
    }

    /// Held and quarantined prefixes whose time is over at `now`, of a pool or of all, at most `limit`.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn lapsed_prefixes(
        &self,
        pool: Option<PoolId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<PrefixRecord>> {
        match pool {
            Some(pool) => self.list(&LAPSED_IN_POOL, &params![now, limit, pool], read).await,
            None => self.list(&LAPSED, &params![now, limit], read).await,
        }
    }
}

/// The position just before the first address of a prefix.
fn just_before(family: i64, first: [u8; 16]) -> (i64, Vec<u8>) {
    match u128::from_be_bytes(first).checked_sub(1) {
        Some(before) => (family, before.to_be_bytes().to_vec()),
        None => (family, Vec::new()),
    }
}

impl Tx {
    /// Allocates a prefix of a length where the policy says. `None` when the pool has no such block left.
    /// Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn allocate_prefix(&mut self, new: &NewPrefix, length: u8) -> Result<Option<IpNet>> {
        let mut pool = self.lock_pool(new.pool_id).await?;
        if length > pool.prefix.max_prefix_len() || length < pool.prefix.prefix_len() {
            return Ok(None);
        }
        let policy = new.policy.unwrap_or(pool.policy);
        for last_try in [false, true] {
            let Some(block) = self.block_for(&pool, policy, length).await? else {
                // Nothing is left, or somebody removed prefixes behind our back.
                if last_try || self.adds_up(&pool).await? {
                    return Ok(None);
                }
                self.rebuild(&mut pool).await?;
                continue;
            };
            let Some(prefix) = first_in(block, length) else { return Ok(None) };
            if self.take(&mut pool, new, block, prefix, last_try).await? {
                return Ok(Some(prefix));
            }
            self.rebuild(&mut pool).await?;
        }
        Ok(None)
    }

    /// Allocates this very prefix. Locks the pool.
    ///
    /// # Errors
    /// [`GivenError`] says why it cannot be had.
    pub async fn allocate_given(&mut self, new: &NewPrefix, prefix: IpNet) -> Result<(), GivenError> {
        let prefix = prefix.trunc();
        let mut pool = self.lock_pool(new.pool_id).await?;
        if !pool.prefix.contains(&prefix) {
            return Err(GivenError::OutsidePool { pool: pool.prefix });
        }
        for last_try in [false, true] {
            if let Some(block) = self.block_around(pool.id, prefix).await?
                && self.take(&mut pool, new, block, prefix, last_try).await?
            {
                return Ok(());
            }
            if let Some(by) = self.overlapping_prefix(pool.vrf_id, prefix).await? {
                return Err(GivenError::Taken { by: Box::new(by) });
            }
            // Neither free nor taken: somebody removed prefixes behind our back.
            self.rebuild(&mut pool).await?;
        }
        Err(GivenError::Store(StoreError::Corrupt { what: format!("the free blocks of {}", pool.id) }))
    }

    /// Writes the prefix and cuts it out of its block; `false` when the database knows better than the
    /// free blocks.
    async fn take(
        &mut self,
        pool: &mut Pool,
        new: &NewPrefix,
        block: IpNet,
        prefix: IpNet,
        last_try: bool,
    ) -> Result<bool> {
        let params = row_of(&new.record(pool, prefix))?;
        if last_try {
            self.execute(&INSERT, &params).await?;
        } else if self.source.attempt(&TRY_INSERT, &params, Constraint::PrefixOverlap).await? == 0 {
            return Ok(false);
        }
        self.label(&new.id.to_string(), new.tenant_id, None, &new.labels).await?;
        self.cut(pool.id, block, prefix).await?;
        pool.used.add(new.claim.status(), prefix.prefix_len());
        self.save_used(pool).await?;
        Ok(true)
    }

    /// Whether free blocks, counters and prefixes of a pool agree. Looks at every prefix of the pool:
    /// for the moment in which it seems to be full.
    async fn adds_up(&self, pool: &Pool) -> Result<bool> {
        let mut there = moxxie_core::pool::Used::default();
        let counted = self
            .list(&COUNTS, &params![pool.id], |row| {
                let status = row.word("status", Status::parse)?;
                Ok((status, row.number::<u8>("length")?, row.number::<u64>("count")?))
            })
            .await?;
        for (status, length, count) in counted {
            there.set(status, length, count);
        }
        if there != pool.used {
            return Ok(false);
        }
        let bits = pool.prefix.max_prefix_len();
        let whole = moxxie_core::prefix::size(pool.prefix.prefix_len(), bits);
        let free = self.pool_statistics(pool.id).await?.free_addresses;
        Ok(whole == u128::MAX || there.all_addresses(bits).saturating_add(free) == whole)
    }

    /// Reads a prefix and locks it until the transaction ends. Lock its pool first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn lock_prefix(&mut self, scope: Scope, id: PrefixId) -> Result<Option<PrefixRecord>> {
        self.one(&LOCK, &params![id, scope], read).await
    }

    /// Writes whose a prefix is and how it is taken, and remembers how it was; its shape and pool stay. Locks the pool.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn update_prefix(&mut self, prefix: &PrefixRecord) -> Result<()> {
        let mut pool = self.lock_pool(prefix.pool_id).await?;
        self.update_in(&mut pool, prefix).await?;
        self.save_used(&pool).await
    }

    async fn update_in(&mut self, pool: &mut Pool, prefix: &PrefixRecord) -> Result<()> {
        let old = self.prefix(Scope::All, prefix.id).await?.ok_or(StoreError::NotFound("prefix"))?;
        let params = params![
            prefix.id,
            prefix.tenant_id,
            prefix.claim.status(),
            &prefix.purpose,
            prefix.network_id,
            prefix.claim.until(),
            prefix.since,
            Param::json(&prefix.labels)?,
        ];
        self.touch("prefix", &UPDATE, &params).await?;
        self.remember(&old, prefix.since).await?;
        self.label(&prefix.id.to_string(), prefix.tenant_id, Some(&old.labels), &prefix.labels).await?;
        let length = old.prefix.prefix_len();
        if old.claim.status() != prefix.claim.status() {
            pool.used.remove(old.claim.status(), length);
            pool.used.add(prefix.claim.status(), length);
        }
        Ok(())
    }

    /// Releases a prefix: it is free for others when the transaction commits, or goes into quarantine
    /// when the pool has one and it was in use. Answers what is left of it. Locks the pool.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn release_prefix(&mut self, id: PrefixId, now: Timestamp) -> Result<Option<PrefixRecord>> {
        let (mut pool, known) = self.pool_and_prefix(id).await?;
        let left = self.release_from(&mut pool, &known, now).await?;
        self.save_used(&pool).await?;
        Ok(left)
    }

    /// Frees a held or quarantined prefix whose time is over at `now`; `false` when it is gone or somebody
    /// gave it more time. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn lapse_prefix(&mut self, id: PrefixId, now: Timestamp) -> Result<bool> {
        let (mut pool, known) = match self.pool_and_prefix(id).await {
            Err(StoreError::NotFound(_)) => return Ok(false),
            found => found?,
        };
        if known.claim.until().is_none_or(|until| until > now) {
            return Ok(false);
        }
        self.release_from(&mut pool, &known, now).await?;
        self.save_used(&pool).await?;
        Ok(true)
    }

    /// Releases every prefix of a network, as [`Self::release_prefix`] does. Answers the prefixes as they
    /// were. Locks their pools.
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
        for mut pool in self.lock_pools(&pools).await? {
            let id = pool.id;
            for prefix in prefixes.iter().filter(|prefix| prefix.pool_id == id) {
                self.release_from(&mut pool, prefix, now).await?;
            }
            self.save_used(&pool).await?;
        }
        Ok(prefixes)
    }

    async fn release_from(
        &mut self,
        pool: &mut Pool,
        prefix: &PrefixRecord,
        now: Timestamp,
    ) -> Result<Option<PrefixRecord>> {
        if let Some(claim) = prefix.claim.released(pool.quarantine_s, now) {
            let left = PrefixRecord { claim, since: now, ..prefix.clone() }.of_nobody();
            self.update_in(pool, &left).await?;
            return Ok(Some(left));
        }
        self.forget(prefix, now).await?;
        pool.used.remove(prefix.claim.status(), prefix.prefix.prefix_len());
        self.give_back(pool, prefix.prefix).await?;
        Ok(None)
    }

    /// Removes the row of a prefix and remembers how it was.
    async fn forget(&mut self, prefix: &PrefixRecord, now: Timestamp) -> Result<()> {
        self.touch("prefix", &DELETE, &params![prefix.id]).await?;
        self.remember(prefix, now).await?;
        self.label(&prefix.id.to_string(), None, Some(&prefix.labels), &Labels::new()).await
    }

    /// Computes a pool's free blocks and counters anew from its prefixes, after somebody wrote behind our
    /// back. Locks the pool.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn rebuild_free_blocks(&mut self, pool: PoolId) -> Result<()> {
        let mut pool = self.lock_pool(pool).await?;
        self.rebuild(&mut pool).await
    }
}

impl PrefixRecord {
    /// The same, and nobody's.
    fn of_nobody(self) -> Self {
        Self { tenant_id: None, network_id: None, labels: Labels::new(), ..self }
    }
}

impl NewPrefix {
    /// The record it becomes as this prefix of this pool.
    fn record(&self, pool: &Pool, prefix: IpNet) -> PrefixRecord {
        PrefixRecord {
            id: self.id,
            vrf_id: pool.vrf_id,
            tenant_id: self.tenant_id,
            pool_id: pool.id,
            prefix,
            claim: self.claim,
            purpose: self.purpose.clone(),
            labels: self.labels.clone(),
            network_id: self.network_id,
            since: self.now,
            created_at: self.now,
        }
    }
}
