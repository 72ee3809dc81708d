//! Many prefixes taken in one transaction, with as many statements as for one.
//!
//! What can be had is planned in memory (`moxxie_core::free_blocks`) from the free blocks that matter, and written in
//! sets. A wish that finds nothing here is left to [`Tx::allocate_prefix`] and [`Tx::allocate_given`], which look
//! closer and say why.

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;
use moxxie_core::{
    PoolId,
    audit::hex,
    free_blocks::FreeBlocks,
    pool::{Policy, Pool},
    prefix::{bounds, family},
};
use serde_json::json;

use super::{NewPrefix, PrefixRecord};
use crate::{Constraint, Result, Tx, param::Param, statement::Statement};

static INSERT_MANY: Statement = Statement::new(
    "prefix.insert_many",
    "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status, purpose,
         network_id, expires_at, since, created_at, labels)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, unhex(value ->> 5),
            unhex(value ->> 6), value ->> 7, value ->> 8, value ->> 9, value ->> 10, value ->> 11, value ->> 12,
            value ->> 13, value ->> 14, value ->> 15
     FROM json_each($1)",
)
.postgres(
    "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status, purpose,
         network_id, expires_at, since, created_at, labels)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, (value ->> 4)::bigint,
            decode(value ->> 5, 'hex'), decode(value ->> 6, 'hex'), (value ->> 7)::bigint, value ->> 8,
            value ->> 9, value ->> 10, value ->> 11, (value ->> 12)::bigint, (value ->> 13)::bigint,
            (value ->> 14)::bigint, value ->> 15
     FROM json_array_elements($1::json)
     ON CONFLICT DO NOTHING",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&INSERT_MANY];

/// Which prefix is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// The next one of this length.
    Next(u8),
    /// This very one.
    Given(IpNet),
}

/// A prefix that is wanted of some pools: of the first that has it.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Which one.
    pub want: Want,
    /// The pools, the first first.
    pub pools: Vec<PoolId>,
    /// What it is for; the pool it names does not count.
    pub new: NewPrefix,
}

/// What became of a set of wishes.
#[derive(Debug)]
pub struct Taken {
    /// For each of them its prefixes; `None` when one of them cannot be had at once, or at all.
    pub taken: Vec<Option<Vec<PrefixRecord>>>,
    /// The database refused what the free blocks promised: somebody wrote behind our back. The transaction
    /// is of no use any more.
    pub refused: bool,
}

/// A locked pool with what is known of its free blocks.
struct Draft {
    pool: Pool,
    blocks: FreeBlocks,
    touched: bool,
}

impl Tx {
    /// Takes what is wanted: of each of `sets` all or nothing, and what cannot be had is no one else's trouble.
    /// Locks all pools. With `rebuild` what is free is computed anew first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn take_sets(&mut self, sets: &[Vec<Wanted>], rebuild: bool) -> Result<Taken> {
        let mut drafts = self.drafts(sets, rebuild).await?;
        let mut taken = Vec::with_capacity(sets.len());
        for set in sets {
            taken.push(plan(set, &mut drafts));
        }
        let records: Vec<&PrefixRecord> = taken.iter().flatten().flatten().collect();
        if records.is_empty() {
            return Ok(Taken { taken, refused: false });
        }
        let rows = records.iter().map(|record| row(record)).collect::<Result<Vec<_>>>()?;
        let written =
            self.source.attempt(&INSERT_MANY, &[Param::json(&rows)?], Constraint::PrefixOverlap).await?;
        if written != rows.len() as u64 {
            return Ok(Taken { taken: Vec::new(), refused: true });
        }
        let ids: Vec<String> = records.iter().map(|record| record.id.to_string()).collect();
        self.insert_labels(
            ids.iter().zip(&records).map(|(id, record)| (id.as_str(), record.tenant_id, &record.labels)),
        )
        .await?;
        for (id, draft) in drafts.iter().filter(|(_, draft)| draft.touched) {
            self.replace_blocks(*id, draft.blocks.gone(), draft.blocks.new_ones()).await?;
            self.save_used(&draft.pool).await?;
        }
        Ok(Taken { taken, refused: false })
    }

    /// Locks the pools and reads of their free blocks what these wishes can come to need.
    async fn drafts(&mut self, sets: &[Vec<Wanted>], rebuild: bool) -> Result<BTreeMap<PoolId, Draft>> {
        let wanted = || sets.iter().flatten();
        let ids: Vec<PoolId> = wanted().flat_map(|wanted| wanted.pools.iter().copied()).collect();
        let mut drafts = BTreeMap::new();
        for mut pool in self.lock_pools(&ids).await? {
            if rebuild {
                self.rebuild(&mut pool).await?;
            }
            // Of each kind of question its answers, as many as there are questions: a wish uses one block up at
            // most, and the pieces of it are known.
            let (mut kinds, mut given, mut count) = (BTreeSet::new(), Vec::new(), 0_u32);
            for one in wanted().filter(|wanted| wanted.pools.contains(&pool.id)) {
                count += 1;
                match one.want {
                    Want::Next(length) if fits(&pool, length) => {
                        kinds.insert((one.new.policy.unwrap_or(pool.policy).as_str(), length));
                    }
                    Want::Given(prefix) if pool.prefix.contains(&prefix) => given.push(prefix),
                    Want::Next(_) | Want::Given(_) => {}
                }
            }
            let mut blocks = FreeBlocks::default();
            for (policy, length) in kinds {
                let policy = Policy::parse(policy).unwrap_or_default();
                let found = self.blocks_for(&pool, policy, length, count).await?;
                found.into_iter().for_each(|block| blocks.learn(block));
            }
            if !given.is_empty() {
                let found = self.blocks_around(pool.id, &given).await?;
                found.into_iter().for_each(|block| blocks.learn(block));
            }
            drafts.insert(pool.id, Draft { pool, blocks, touched: false });
        }
        Ok(drafts)
    }
}

fn fits(pool: &Pool, length: u8) -> bool {
    pool.prefix.prefix_len() <= length && length <= pool.prefix.max_prefix_len()
}

/// Takes all of a set, or nothing.
fn plan(set: &[Wanted], drafts: &mut BTreeMap<PoolId, Draft>) -> Option<Vec<PrefixRecord>> {
    // What one of several takes has to go back when another cannot be had; a single one has nothing to give back.
    let before: Vec<(PoolId, FreeBlocks)> = if set.len() > 1 {
        let pools: BTreeSet<PoolId> = set.iter().flat_map(|wanted| wanted.pools.iter().copied()).collect();
        pools.iter().filter_map(|id| Some((*id, drafts.get(id)?.blocks.clone()))).collect()
    } else {
        Vec::new()
    };
    let mut records = Vec::with_capacity(set.len());
    for wanted in set {
        match take(wanted, drafts) {
            Some(record) => records.push(record),
            None => {
                for (id, blocks) in before {
                    if let Some(draft) = drafts.get_mut(&id) {
                        draft.blocks = blocks;
                    }
                }
                return None;
            }
        }
    }
    for record in &records {
        if let Some(draft) = drafts.get_mut(&record.pool_id) {
            draft.touched = true;
            draft.pool.used.add(record.claim.status(), record.prefix.prefix_len());
        }
    }
    Some(records)
}

fn take(wanted: &Wanted, drafts: &mut BTreeMap<PoolId, Draft>) -> Option<PrefixRecord> {
    for id in &wanted.pools {
        let Some(draft) = drafts.get_mut(id) else { continue };
        let prefix = match wanted.want {
            Want::Next(length) if fits(&draft.pool, length) => {
                let policy = wanted.new.policy.unwrap_or(draft.pool.policy);
                // A pool that seems full may have holds that are over: who looks closer sees.
                draft.blocks.take_next(policy, length)?
            }
            Want::Given(prefix) if draft.pool.prefix.contains(&prefix) => {
                draft.blocks.take(prefix).then_some(prefix)?
            }
            Want::Next(_) | Want::Given(_) => continue,
        };
        return Some(wanted.new.record(&draft.pool, prefix));
    }
    None
}

/// A record for [`INSERT_MANY`].
fn row(record: &PrefixRecord) -> Result<serde_json::Value> {
    let (first, last) = bounds(&record.prefix);
    let Param::Text(labels) = Param::json(&record.labels)? else { return Ok(serde_json::Value::Null) };
    Ok(json!([
        record.id,
        record.vrf_id,
        record.tenant_id,
        record.pool_id,
        family(&record.prefix),
        hex(&first),
        hex(&last),
        record.prefix.prefix_len(),
        record.prefix,
        record.claim.status(),
        record.purpose,
        record.network_id,
        record.claim.until().map(|until| until.as_microsecond()),
        record.since.as_microsecond(),
        record.created_at.as_microsecond(),
        labels,
    ]))
}
