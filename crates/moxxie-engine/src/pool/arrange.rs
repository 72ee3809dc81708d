//! Pools that change their shape: resize, split, merge, and a prefix that moves from one to another. No
//! address changes, and every prefix stays as it is; what changes is which pool it belongs to.

use ipnet::IpNet;
use moxxie_api::{
    pool::{Pool, PoolList, PoolMerge, PoolSplit},
    prefix::{Prefix, PrefixMove, Resize},
};
use moxxie_core::{
    Name, PoolId,
    free::{buddy, first_in, parent, remainder},
    identity::Role,
    pool,
};
use moxxie_store::Tx;
use serde_json::json;

use super::refuse_overlap;
use crate::{
    Context, Engine, Error,
    prefix::{length, whole_of},
    validate::Checks,
    write::transaction,
};

/// How many pools one split makes at most.
const MOST_PARTS: usize = 256;

impl Engine {
    /// Makes a pool larger or smaller. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a prefix or another pool in the way is a [`Error::Conflict`] that names it.
    pub async fn resize_pool(&self, context: &Context, name: &str, request: Resize) -> Result<Pool, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let known = self.pool_by_name(name).await?;
        let wanted = resized(known.prefix, &request)?;
        let result = transaction!(self, |tx| {
            tx.lock_vrf(known.vrf_id).await?;
            let before = self.locked_pool(&mut tx, known.id, name).await?;
            let mut after = pool::Pool { prefix: resized(before.prefix, &request)?, ..before.clone() };
            if after.prefix.contains(&before.prefix) {
                refuse_overlap(&tx, &after, &[]).await?;
            } else if let Some(outside) = tx.prefix_outside(before.id, after.prefix).await? {
                let message = format!(
                    "{outside} of pool {} lies outside {wanted}; release it, or split the pool instead",
                    before.name
                );
                return Err(Error::conflict("in_use", message));
            }
            tx.resize_pool(after.id, after.prefix, self.now()).await?;
            after = self.locked_pool(&mut tx, after.id, name).await?;
            let answer = self.pool_view(&tx, &after).await?;
            let detail = json!({"before": before.prefix, "after": answer});
            self.note(&mut tx, context, "pool.resize", &after.id, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Cuts a pool into parts of a length, or one part out of it. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a prefix that would be cut through is a [`Error::Conflict`] that names it.
    pub async fn split_pool(
        &self,
        context: &Context,
        name: &str,
        request: PoolSplit,
    ) -> Result<PoolList, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let size = request.size.as_deref().and_then(|size| checks.take("size", length(size)));
        let part = request.prefix.as_deref().and_then(|prefix| checks.prefix("prefix", prefix));
        let part_name = request.name.as_deref().and_then(|name| checks.name("name", name));
        if request.size.is_some() == request.prefix.is_some() {
            checks.wrong("size", "name either the size of all parts or one `prefix` to take out");
        }
        if part_name.is_some() && request.prefix.is_none() {
            checks.wrong("name", "is for the part that `prefix` takes out");
        }
        checks.done()?;
        let id = self.pool_by_name(name).await?.id;
        let result = transaction!(self, |tx| {
            let before = self.locked_pool(&mut tx, id, name).await?;
            let parts = match (size, part) {
                (Some(size), _) => equal_parts(before.prefix, size)?,
                (None, Some(part)) => taken_out(before.prefix, part)?,
                (None, None) => return Err(Error::invalid("size", "is missing")),
            };
            let mut names = Names::of(&tx, &before.name).await?;
            let mut others = Vec::with_capacity(parts.len() - 1);
            for shape in &parts[1..] {
                let own = if Some(*shape) == part { part_name.clone() } else { None };
                others.push(pool::Pool {
                    id: PoolId::new(self.0.ambient.uuid()),
                    name: own.map_or_else(|| names.next(), Ok)?,
                    prefix: *shape,
                    used: pool::Used::default(),
                    version: 0,
                    ..before.clone()
                });
            }
            let pools = self.cut(&mut tx, &before, parts[0], &others).await?;
            let answer = PoolList { pools };
            self.note(&mut tx, context, "pool.split", &id, json!({"before": before.prefix, "after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Splits a pool that the caller holds locked; answers all parts by address.
    async fn cut(
        &self,
        tx: &mut Tx,
        before: &pool::Pool,
        kept: IpNet,
        others: &[pool::Pool],
    ) -> Result<Vec<Pool>, Error> {
        for shape in std::iter::once(kept).chain(others.iter().map(|other| other.prefix)) {
            if let Some(crossing) = tx.prefix_crossing(before.id, shape).await? {
                let message = format!(
                    "{crossing} of pool {} would be cut by {shape}; choose larger parts, or split or release it",
                    before.name
                );
                return Err(Error::conflict("in_use", message));
            }
        }
        tx.split_pool(before.id, kept, others, self.now()).await?;
        let mut ids: Vec<_> = others.iter().map(|other| other.id).collect();
        ids.push(before.id);
        let mut pools = tx.lock_pools(&ids).await?;
        pools.sort_unstable_by_key(|pool| pool.prefix);
        let mut views = Vec::with_capacity(pools.len());
        for pool in &pools {
            views.push(self.pool_view(tx, pool).await?);
        }
        Ok(views)
    }

    /// Makes one pool of several that together are one prefix. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn merge_pools(
        &self,
        context: &Context,
        name: &str,
        request: PoolMerge,
    ) -> Result<Pool, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        if request.with.is_empty() || request.with.len() > MOST_PARTS {
            return Err(Error::invalid("with", format!("name 1 to {MOST_PARTS} other pools")));
        }
        let into = self.pool_by_name(name).await?.id;
        let mut others = Vec::new();
        for (index, other) in request.with.iter().enumerate() {
            others.push(self.pool_in_field(&format!("with[{index}]"), other).await?.id);
        }
        let result = transaction!(self, |tx| {
            let mut ids = others.clone();
            ids.push(into);
            let pools = tx.lock_pools(&ids).await?;
            let missing = || Error::not_found("pool", name);
            let kept = pools.iter().find(|pool| pool.id == into).ok_or_else(missing)?.clone();
            if pools.len() != ids.len() {
                return Err(Error::invalid("with", "names a pool twice, or the pool itself"));
            }
            if pools.iter().any(|pool| pool.vrf_id != kept.vrf_id) {
                return Err(Error::invalid("with", "names a pool of another VRF"));
            }
            let shapes: Vec<_> = pools.iter().map(|pool| pool.prefix).collect();
            let whole = whole_of(&shapes).ok_or_else(|| not_whole("with", &shapes))?;
            // Networks of one site must not find themselves in the pool of another.
            if let Some(other) = pools.iter().find(|pool| pool.site_id != kept.site_id) {
                let message = format!(
                    "pools {} and {} are for different datacentres; make that the same first",
                    kept.name, other.name
                );
                return Err(Error::conflict("pools_differ", message));
            }
            let mut before = Vec::new();
            for pool in &pools {
                before.push(self.pool_view(&tx, pool).await?);
            }
            let from: Vec<_> = pools.iter().map(|pool| pool.id).filter(|id| *id != into).collect();
            tx.merge_pools(into, &from, whole, self.now()).await?;
            let after = self.locked_pool(&mut tx, into, name).await?;
            let answer = self.pool_view(&tx, &after).await?;
            self.note(&mut tx, context, "pool.merge", &into, json!({"before": before, "after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Moves a prefix to another pool. A pool is one block, so the prefix is cut out of its pool and becomes a
    /// pool with the datacentre, policy and quarantine of the other; where it is the other half of that one,
    /// the two become one. Nothing is left of a pool whose only prefix moves. No address changes. Needs admin,
    /// because pools change their shape.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn move_prefix(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
        request: PrefixMove,
    ) -> Result<Prefix, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let prefix = self.find_prefix(&self.0.store, context, id, vrf).await?;
        let to = self.pool_in_field("pool", &request.pool).await?;
        if to.id == prefix.pool_id {
            return Err(Error::invalid("pool", format!("{} is in pool {} already", prefix.prefix, to.name)));
        }
        if to.vrf_id != prefix.vrf_id {
            let message = "is in another VRF; release the prefix and take one there";
            return Err(Error::invalid("pool", message));
        }
        if to.prefix.addr().is_ipv4() != prefix.prefix.addr().is_ipv4() {
            let message =
                format!("{} has another family than {}; name a pool of its own", to.prefix, prefix.prefix);
            return Err(Error::invalid("pool", message));
        }
        let result = transaction!(self, |tx| {
            tx.lock_vrf(to.vrf_id).await?;
            let pools = tx.lock_pools(&[to.id, prefix.pool_id]).await?;
            let find = |id| pools.iter().find(|pool| pool.id == id).cloned();
            let missing = || Error::not_found("pool", &request.pool);
            let to = find(to.id).ok_or_else(missing)?;
            let from = find(prefix.pool_id).ok_or_else(missing)?;
            let block = prefix.prefix;
            let mut rest_names = Names::of(&tx, &from.name).await?;
            let mut own_names = Names::of(&tx, &to.name).await?;
            let one = buddy(to.prefix) == Some(block);
            let whole = block == from.prefix;
            let parts = if whole { vec![block] } else { taken_out(from.prefix, block)? };
            let mut others = Vec::new();
            for shape in &parts[1..] {
                // What is cut out becomes like the pool it moves to; what is left stays as it was.
                let (like, names) =
                    if *shape == block { (&to, &mut own_names) } else { (&from, &mut rest_names) };
                others.push(pool::Pool {
                    id: PoolId::new(self.0.ambient.uuid()),
                    name: names.next()?,
                    prefix: *shape,
                    used: pool::Used::default(),
                    version: 0,
                    ..like.clone()
                });
            }
            let giving = if whole {
                from.id
            } else {
                self.cut(&mut tx, &from, parts[0], &others).await?;
                let own = others.iter().find(|other| other.prefix == block).map(|other| other.id);
                own.ok_or_else(missing)?
            };
            if whole && !one {
                let (id, used, version) = (from.id, from.used.clone(), from.version);
                let like =
                    pool::Pool { id, name: own_names.next()?, prefix: block, used, version, ..to.clone() };
                tx.update_pool(&like, self.now()).await?;
            }
            if one {
                tx.merge_pools(to.id, &[giving], parent(block), self.now()).await?;
            }
            let moved = self.find_prefix(&tx, context, &prefix.id.to_string(), None).await?;
            let answer = self.prefix_view(&tx, &moved).await?;
            let made: Vec<_> = others.iter().map(|o| json!({"name": o.name, "prefix": o.prefix})).collect();
            let detail = json!({
                "from": {"name": from.name, "before": from.prefix, "after": (!whole).then_some(parts[0])},
                "to": {"name": to.name, "merged": one},
                "made": made,
                "after": answer,
            });
            self.note(&mut tx, context, "prefix.move", &prefix.id, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }
}

/// What a pool or prefix becomes by a resize.
pub(crate) fn resized(known: IpNet, request: &Resize) -> Result<IpNet, Error> {
    let mut checks = Checks::default();
    let size = request.size.as_deref().and_then(|size| checks.take("size", length(size)));
    let prefix = request.prefix.as_deref().and_then(|prefix| checks.prefix("prefix", prefix));
    if request.size.is_some() == request.prefix.is_some() {
        checks.wrong("size", "name either a size or the `prefix` it becomes");
    }
    checks.done()?;
    let wanted = match (size, prefix) {
        (Some(size), _) => {
            let wanted = IpNet::new(known.network(), size).map(|wanted| wanted.trunc());
            wanted.map_err(|_| Error::invalid("size", format!("{known} cannot become a /{size}")))?
        }
        (None, Some(prefix)) if moxxie_core::prefix::overlap(&prefix, &known) => prefix,
        (None, Some(prefix)) => {
            let message = format!("{prefix} neither contains {known} nor lies in it");
            return Err(Error::invalid("prefix", message));
        }
        (None, None) => return Err(Error::invalid("size", "is missing")),
    };
    if wanted == known {
        return Err(Error::invalid("size", format!("{known} has that size already")));
    }
    if wanted.prefix_len() < 8 {
        return Err(Error::invalid("size", "is larger than a /8"));
    }
    Ok(wanted)
}

fn equal_parts(whole: IpNet, size: u8) -> Result<Vec<IpNet>, Error> {
    if size <= whole.prefix_len() || first_in(whole, size).is_none() {
        let message = format!("parts of {whole} have a length of more than {}", whole.prefix_len());
        return Err(Error::invalid("size", message));
    }
    if usize::from(size - whole.prefix_len()) > MOST_PARTS.ilog2() as usize {
        return Err(Error::invalid("size", format!("would make more than {MOST_PARTS} parts at once")));
    }
    whole.subnets(size).map(Iterator::collect).map_err(|error| Error::invalid("size", error))
}

/// The rest of `whole` without `part`, the largest piece first, and `part`.
fn taken_out(whole: IpNet, part: IpNet) -> Result<Vec<IpNet>, Error> {
    if !whole.contains(&part) || whole == part {
        return Err(Error::invalid("prefix", format!("{part} is no part of {whole}")));
    }
    let mut parts = remainder(whole, part);
    parts.sort_by_key(IpNet::prefix_len);
    parts.push(part);
    Ok(parts)
}

pub(crate) fn not_whole(field: &str, shapes: &[IpNet]) -> Error {
    let mut shapes = shapes.to_vec();
    shapes.sort_unstable();
    let list: Vec<_> = shapes.iter().map(ToString::to_string).collect();
    let message = format!("{} are not one prefix without gaps and overlaps", list.join(", "));
    Error::invalid(field, message)
}

/// Names for the parts of a pool: `main-2`, `main-3`, those that are free.
struct Names {
    base: String,
    taken: std::collections::BTreeSet<String>,
    number: u32,
}

impl Names {
    async fn of(tx: &Tx, name: &Name) -> Result<Self, Error> {
        let taken = tx.pools().await?.into_iter().map(|pool| pool.name.to_string()).collect();
        let base: String = name.as_str().chars().take(56).collect();
        Ok(Self { base: base.trim_end_matches('-').to_owned(), taken, number: 1 })
    }

    fn next(&mut self) -> Result<Name, Error> {
        loop {
            self.number += 1;
            let name = format!("{}-{}", self.base, self.number);
            if self.taken.insert(name.clone()) {
                return name
                    .parse()
                    .map_err(|error: moxxie_core::name::ParseNameError| Error::Internal(Box::new(error)));
            }
        }
    }
}
