//! The prefix tree: containers, pools, prefixes and what is free, in the order of addresses and in pages.
//!
//! Containers and pools are few and are read whole; what is in the pools is read only as far as the page
//! goes, and how full a node is comes from the pools' counters.

use ipnet::IpNet;
use moxxie_api::{
    Page,
    prefix::{TreeNode, TreeQuery},
};
use moxxie_core::{
    container::Container,
    free::gaps,
    identity::{Role, Scope},
    pool::Pool,
    prefix::{bounds, family, size},
};
use moxxie_store::{PrefixRecord, Reads};

use super::PrefixNames;
use crate::{Context, Engine, Error, container::Fill, page, validate::Checks};

/// The place of a node among all: outer ones before what begins at the same address.
type Place = (i64, [u8; 16], u8, u8);

/// What the tree consists of beside prefixes and free blocks.
enum Branch {
    Container(Box<Container>, Fill),
    Pool(Box<Pool>),
    Unpooled(IpNet),
}

impl Branch {
    fn prefix(&self) -> IpNet {
        match self {
            Self::Container(container, _) => container.prefix,
            Self::Pool(pool) => pool.prefix,
            Self::Unpooled(prefix) => *prefix,
        }
    }

    fn place(&self) -> Place {
        let rank = match self {
            Self::Container(..) => 0,
            Self::Pool(_) => 1,
            Self::Unpooled(_) => 2,
        };
        place(self.prefix(), rank)
    }
}

fn place(prefix: IpNet, rank: u8) -> Place {
    (family(&prefix), bounds(&prefix).0, prefix.prefix_len(), rank)
}

impl Engine {
    /// A page of the prefix tree of a VRF.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn prefix_tree(&self, context: &Context, query: TreeQuery) -> Result<Page<TreeNode>, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let within = query.within.as_deref().and_then(|within| checks.prefix("within", within));
        let leaves = match query.level.as_deref() {
            None | Some("prefixes") => true,
            Some("pools") => false,
            Some(_) => {
                checks.wrong("level", "is not a level: pools or prefixes");
                true
            }
        };
        checks.done()?;
        let vrf = self.vrf_in_field(query.vrf.as_deref()).await?;
        let page = page::wanted(query.cursor, query.limit)?;
        let after = page.after.as_deref().map(cursor).transpose()?;
        let limit = usize::try_from(page.limit).unwrap_or(usize::MAX);
        // Everything as of one moment, so that nothing is both free and taken.
        let reads = self.0.store.snapshot().await?;
        let roots: Vec<IpNet> = match within {
            Some(within) => vec![within],
            None => ["0.0.0.0/0", "::/0"].iter().filter_map(|all| all.parse().ok()).collect(),
        };
        let mut walk = Walk {
            reads: &reads,
            scope: context.principal.scope,
            names: PrefixNames::default(),
            after,
            limit,
            nodes: Vec::new(),
        };
        for root in roots {
            let mut branches = branches(
                reads.containers_within(vrf.id, root).await?,
                reads.pools_within(vrf.id, root).await?,
            );
            // Inside a pool there are leaves only.
            if branches.is_empty()
                && let Some(pool) = reads.pool_around(vrf.id, root).await?
                && pool.prefix.contains(&root)
            {
                walk.leaves(&pool, root, 0).await?;
            }
            branches.sort_by_key(|(_, branch)| branch.place());
            for (depth, branch) in branches {
                if walk.full() {
                    break;
                }
                walk.branch(&branch, depth)?;
                if let Branch::Pool(pool) = &branch
                    && leaves
                {
                    walk.leaves(pool, pool.prefix, depth + 1).await?;
                }
            }
        }
        let mut nodes = walk.nodes;
        let more = nodes.len() > limit;
        nodes.truncate(limit);
        let next = nodes.last().filter(|_| more).map(|(place, node)| format!("{}:{}", node.prefix, place.3));
        Ok(Page { items: nodes.into_iter().map(|(_, node)| node).collect(), next_cursor: next })
    }
}

/// A cursor: the last prefix shown, and what it was.
fn cursor(text: &str) -> Result<Place, Error> {
    let bad = || Error::invalid("cursor", "is not a cursor of this list: give back `nextCursor` as it was");
    let (prefix, rank) = text.rsplit_once(':').ok_or_else(bad)?;
    let prefix: IpNet = prefix.parse().map_err(|_| bad())?;
    Ok(place(prefix, rank.parse().map_err(|_| bad())?))
}

/// Containers, pools, and what of the containers is in no pool, each with how many of them it lies in. A
/// container's fill is that of the pools in it.
fn branches(containers: Vec<Container>, pools: Vec<Pool>) -> Vec<(u32, Branch)> {
    let mut all: Vec<Branch> = containers
        .into_iter()
        .map(|container| Branch::Container(Box::new(container), Fill::default()))
        .chain(pools.into_iter().map(|pool| Branch::Pool(Box::new(pool))))
        .collect();
    all.sort_by_key(Branch::place);
    // Containers around the present place, outermost first, with what lies directly in each.
    let mut open: Vec<(usize, Vec<IpNet>)> = Vec::new();
    let mut depths = Vec::with_capacity(all.len());
    let mut unpooled = Vec::new();
    for index in 0..all.len() {
        let prefix = all[index].prefix();
        while let Some((outer, inner)) = open.pop() {
            if all[outer].prefix().contains(&prefix) {
                open.push((outer, inner));
                break;
            }
            unpooled.extend(rest(&all[outer], &inner, open.len()));
        }
        if let Some((_, inner)) = open.last_mut() {
            inner.push(prefix);
        }
        depths.push(u32::try_from(open.len()).unwrap_or(u32::MAX));
        match &all[index] {
            Branch::Pool(pool) => {
                let pool = pool.clone();
                for (outer, _) in &open {
                    if let Branch::Container(_, fill) = &mut all[*outer] {
                        fill.add(&pool);
                    }
                }
            }
            Branch::Container(..) => open.push((index, Vec::new())),
            Branch::Unpooled(_) => {}
        }
    }
    while let Some((outer, inner)) = open.pop() {
        unpooled.extend(rest(&all[outer], &inner, open.len()));
    }
    depths.into_iter().zip(all).chain(unpooled).collect()
}

/// What of a container is in nothing that lies in it.
fn rest(outer: &Branch, inner: &[IpNet], depth: usize) -> Vec<(u32, Branch)> {
    let depth = u32::try_from(depth + 1).unwrap_or(u32::MAX);
    gaps(outer.prefix(), inner).into_iter().map(|gap| (depth, Branch::Unpooled(gap))).collect()
}

/// A walk along the tree that begins behind a place and ends one node after the page is full.
struct Walk<'a> {
    reads: &'a Reads,
    scope: Scope,
    names: PrefixNames,
    after: Option<Place>,
    limit: usize,
    nodes: Vec<(Place, TreeNode)>,
}

impl Walk<'_> {
    fn full(&self) -> bool {
        self.nodes.len() > self.limit
    }

    fn push(&mut self, place: Place, node: TreeNode) {
        if self.after.is_none_or(|after| place > after) && !self.full() {
            self.nodes.push((place, node));
        }
    }

    fn branch(&mut self, branch: &Branch, depth: u32) -> Result<(), Error> {
        let prefix = branch.prefix();
        let addresses = size(prefix.prefix_len(), prefix.max_prefix_len());
        let node = match branch {
            Branch::Container(container, fill) => TreeNode {
                id: Some(container.id.to_string()),
                name: Some(container.name.to_string()),
                purpose: Some(container.description.clone()).filter(|text| !text.is_empty()),
                usage: Some(fill.usage(addresses)),
                ..bare("container", prefix, depth)
            },
            Branch::Pool(pool) => {
                let mut fill = Fill::default();
                fill.add(pool);
                TreeNode {
                    id: Some(pool.id.to_string()),
                    name: Some(pool.name.to_string()),
                    purpose: Some(pool.description.clone()).filter(|text| !text.is_empty()),
                    usage: Some(fill.usage(addresses)),
                    ..bare("pool", prefix, depth)
                }
            }
            Branch::Unpooled(_) => bare("unpooled", prefix, depth),
        };
        self.push(branch.place(), node);
        Ok(())
    }

    /// Prefixes and free blocks of a part of a pool, as far as the page goes.
    async fn leaves(&mut self, pool: &Pool, part: IpNet, depth: u32) -> Result<(), Error> {
        if self.full() {
            return Ok(());
        }
        let (mut first, last) = bounds(&part);
        if let Some((at_family, at, ..)) = self.after {
            if (at_family, at) > (family(&part), last) {
                return Ok(());
            }
            if at_family == family(&part) {
                first = first.max(at);
            }
        }
        // One that begins at the cursor was shown already.
        let wanted = u32::try_from(self.limit + 2 - self.nodes.len()).unwrap_or(u32::MAX);
        let taken = self.reads.prefixes_between(pool.vrf_id, family(&part), first, last, wanted).await?;
        let free = self.reads.free_blocks(pool.id, first, last, wanted).await?;
        let mut leaves: Vec<(Place, Option<&PrefixRecord>, IpNet)> = taken
            .iter()
            .map(|record| (place(record.prefix, 2), Some(record), record.prefix))
            .chain(free.iter().map(|block| (place(*block, 2), None, *block)))
            .collect();
        leaves.sort_by_key(|(place, ..)| *place);
        for (place, record, prefix) in leaves {
            if self.full() {
                break;
            }
            let node = match record {
                Some(record) => self.taken(record, depth).await?,
                None => bare("free", prefix, depth),
            };
            self.push(place, node);
        }
        Ok(())
    }

    async fn taken(&mut self, record: &PrefixRecord, depth: u32) -> Result<TreeNode, Error> {
        let node = TreeNode {
            status: Some(record.claim.status().as_str().to_owned()),
            ..bare("prefix", record.prefix, depth)
        };
        // That it is taken everybody may know; by whom and what for only who may see it.
        let visible = match self.scope {
            Scope::All => true,
            Scope::Tenant(tenant) => record.tenant_id == Some(tenant),
        };
        if !visible {
            return Ok(node);
        }
        Ok(TreeNode {
            id: Some(record.id.to_string()),
            expires_at: record.claim.until(),
            client_id: self.names.tenant(self.reads, record.tenant_id).await?,
            purpose: Some(record.purpose.clone()).filter(|text| !text.is_empty()),
            network_id: record.network_id.map(|id| id.to_string()),
            ..node
        })
    }
}

fn bare(kind: &str, prefix: IpNet, depth: u32) -> TreeNode {
    TreeNode {
        kind: kind.to_owned(),
        prefix: prefix.to_string(),
        depth,
        id: None,
        name: None,
        status: None,
        expires_at: None,
        client_id: None,
        purpose: None,
        network_id: None,
        usage: None,
    }
}
