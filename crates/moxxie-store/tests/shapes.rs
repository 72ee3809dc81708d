//! Prefixes and pools that change their shape, against a naive model; what ends by itself; and what the
//! databases refuse whoever writes.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::BTreeMap;

use common::{Database, NOW, World, name, net, on_both, pool, uuid, vlan, vlan_record, world};
use ipnet::IpNet;
use moxxie_core::{
    AsnId, AsnRangeId, PoolId, PrefixId,
    asn::{AsNumber, Asn, AsnRange},
    claim::{Claim, Status},
    free::gaps,
    identity::Scope,
    pool::{Policy, Pool, Used},
    prefix::{overlap, size},
};
use moxxie_store::{Constraint, GivenError, NewPrefix, ReshapeError, StoreError, Tx, VlanRecord};

const LATER: moxxie_core::Timestamp = moxxie_core::Timestamp::constant(1_800_000_100, 0);

fn id() -> PrefixId {
    PrefixId::new(uuid())
}

/// What a pool's prefixes should be: nothing but a list.
struct Model {
    pools: BTreeMap<PoolId, IpNet>,
    taken: BTreeMap<PrefixId, (PoolId, IpNet, Status)>,
}

impl Model {
    fn pool_of(&self, prefix: &IpNet) -> PoolId {
        *self.pools.iter().find(|(_, pool)| pool.contains(prefix)).unwrap().0
    }

    fn is_free(&self, prefix: &IpNet, but: Option<PrefixId>) -> bool {
        self.taken.iter().all(|(id, (_, other, _))| Some(*id) == but || !overlap(other, prefix))
    }

    /// Free blocks and counters of every pool are what a look at all prefixes says.
    async fn agrees(&self, tx: &Tx) {
        for (id, shape) in &self.pools {
            let inside = self.taken.values().filter(|(pool, ..)| pool == id);
            let mut occupied: Vec<IpNet> = inside.clone().map(|(_, prefix, _)| *prefix).collect();
            occupied.sort_unstable();
            let mut used = Used::default();
            for (_, prefix, status) in inside {
                used.add(*status, prefix.prefix_len());
            }
            let stored = tx.pool(*id).await.unwrap().unwrap();
            assert_eq!((stored.prefix, &stored.used), (*shape, &used));
            let (first, last) = moxxie_core::prefix::bounds(shape);
            let free = tx.free_blocks(*id, first, last, 100_000).await.unwrap();
            assert_eq!(free, gaps(*shape, &occupied), "{shape}");
        }
        for (id, (pool, prefix, status)) in &self.taken {
            let stored = tx.prefix(Scope::All, *id).await.unwrap().unwrap();
            assert_eq!((stored.pool_id, stored.prefix, stored.claim.status()), (*pool, *prefix, *status));
        }
    }
}

fn any<T: Clone>(random: &mut fastrand::Rng, all: impl Iterator<Item = T>) -> Option<T> {
    let all: Vec<T> = all.collect();
    if all.is_empty() { None } else { Some(all[random.usize(..all.len())].clone()) }
}

/// Random sequences of everything a pool's prefixes can do. Freeing all restores the first state.
async fn sequence(db: &Database, supernet: &str, quarantine_s: u32, seed: u64) {
    let store = &db.store;
    let w = world(store, supernet).await;
    let whole = w.pool.prefix;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut tx = store.begin().await.unwrap();
    tx.update_pool(&Pool { quarantine_s, ..w.pool.clone() }, NOW).await.unwrap();
    let mut model = Model { pools: [(w.pool.id, whole)].into(), taken: BTreeMap::new() };
    let mut named = 0;
    for step in 0..120 {
        let length = whole.prefix_len() + random.u8(1..=7);
        match random.u8(0..12) {
            0..=2 => {
                let pool_id = any(&mut random, model.pools.keys().copied()).unwrap();
                let shape = model.pools[&pool_id];
                let policy = Policy::ALL[random.usize(..4)];
                let claim = [Claim::Assigned, Claim::Reserved, Claim::Held(LATER)][random.usize(..3)];
                let new = NewPrefix { pool_id, policy: Some(policy), claim, ..w.new_prefix() };
                let got = tx.allocate_prefix(&new, length).await.unwrap();
                let room = length >= shape.prefix_len()
                    && shape.subnets(length).unwrap().any(|one| model.is_free(&one, None));
                assert_eq!(got.is_some(), room, "/{length} of {shape}");
                if let Some(prefix) = got {
                    assert!(model.is_free(&prefix, None) && shape.contains(&prefix));
                    model.taken.insert(new.id, (pool_id, prefix, claim.status()));
                }
            }
            3 => {
                let wanted = any(&mut random, whole.subnets(length).unwrap()).unwrap();
                let Some((pool_id, _)) = model.pools.iter().find(|(_, pool)| pool.contains(&wanted)) else {
                    continue;
                };
                let new = NewPrefix { pool_id: *pool_id, ..w.new_prefix() };
                let given = tx.allocate_given(&new, wanted).await;
                assert_eq!(given.is_ok(), model.is_free(&wanted, None), "{wanted}: {given:?}");
                if given.is_ok() {
                    model.taken.insert(new.id, (*pool_id, wanted, Status::Assigned));
                }
            }
            4 | 5 => {
                let Some(id) = any(&mut random, model.taken.keys().copied()) else { continue };
                let left = tx.release_prefix(id, NOW).await.unwrap();
                let (pool_id, prefix, status) = model.taken.remove(&id).unwrap();
                assert_eq!(left.is_some(), status == Status::Assigned && quarantine_s > 0);
                if left.is_some() {
                    model.taken.insert(id, (pool_id, prefix, Status::Quarantined));
                }
            }
            6 | 7 => {
                let Some(id) = any(&mut random, model.taken.keys().copied()) else { continue };
                let (pool_id, prefix, status) = model.taken[&id];
                let wanted = IpNet::new(prefix.network(), length).unwrap().trunc();
                if wanted == prefix {
                    continue;
                }
                let mut ids = Vec::new();
                let resized = tx.resize_prefix(id, wanted, NOW, || {
                    ids.push(self::id());
                    *ids.last().unwrap()
                });
                let resized = resized.await;
                let fits = model.pools[&pool_id].contains(&wanted) && model.is_free(&wanted, Some(id));
                match resized {
                    Ok(_) => assert!(fits, "{prefix} to {wanted}"),
                    Err(ReshapeError::Taken { .. } | ReshapeError::OutsidePool { .. }) => {
                        assert!(!fits, "{prefix} to {wanted}");
                        continue;
                    }
                    Err(error) => panic!("{error}"),
                }
                model.taken.insert(id, (pool_id, wanted, status));
                // What was lost is in quarantine when the pool has one.
                if wanted.contains(&prefix) {
                    continue;
                }
                for (id, piece) in ids.into_iter().zip(moxxie_core::free::remainder(prefix, wanted)) {
                    assert!(quarantine_s > 0 && status == Status::Assigned);
                    model.taken.insert(id, (pool_id, piece, Status::Quarantined));
                }
            }
            8 => {
                let Some(id) = any(&mut random, model.taken.keys().copied()) else { continue };
                let (pool_id, prefix, status) = model.taken[&id];
                let parts = (prefix.prefix_len() + random.u8(1..=2)).min(prefix.max_prefix_len());
                if parts == prefix.prefix_len() {
                    continue;
                }
                let split = tx.split_prefix(id, parts, NOW, self::id).await.unwrap();
                assert_eq!(split[0].id, id);
                model.taken.extend(split.iter().map(|part| (part.id, (pool_id, part.prefix, status))));
            }
            9 => {
                // Any two that are halves of one.
                let halves = model.taken.iter().find_map(|(a, (pool, prefix, status))| {
                    let other = moxxie_core::free::buddy(*prefix)?;
                    let same = |(p, q, s): &(PoolId, IpNet, Status)| (p, q, s) == (pool, &other, status);
                    let (b, _) = model.taken.iter().find(|(_, value)| same(value))?;
                    Some((*a, *b, *pool, moxxie_core::free::parent(*prefix), *status))
                });
                let Some((a, b, pool_id, prefix, status)) = halves else { continue };
                tx.merge_prefixes(a, &[b], prefix, NOW).await.unwrap();
                model.taken.remove(&b);
                model.taken.insert(a, (pool_id, prefix, status));
            }
            10 => {
                // Cut a pool in halves, where no prefix is in the way.
                let Some((id, shape)) = any(&mut random, model.pools.iter().map(|(a, b)| (*a, *b))) else {
                    continue;
                };
                let halves: Vec<IpNet> = shape.subnets(shape.prefix_len() + 1).unwrap().collect();
                let crossing = tx.prefix_crossing(id, halves[0]).await.unwrap();
                let whole_is_taken = model.taken.values().any(|(_, prefix, _)| *prefix == shape);
                assert_eq!(crossing.is_some(), whole_is_taken, "{shape}");
                if crossing.is_some() || shape.prefix_len() >= whole.prefix_len() + 3 {
                    continue;
                }
                named += 1;
                let other = Pool {
                    id: PoolId::new(uuid()),
                    name: name(&format!("part-{named}")),
                    prefix: halves[1],
                    quarantine_s,
                    ..w.pool.clone()
                };
                tx.split_pool(id, halves[0], std::slice::from_ref(&other), NOW).await.unwrap();
                model.pools.insert(id, halves[0]);
                model.pools.insert(other.id, halves[1]);
                let taken = std::mem::take(&mut model.taken);
                model.taken = taken
                    .into_iter()
                    .map(|(id, (_, prefix, status))| (id, (model.pool_of(&prefix), prefix, status)))
                    .collect();
            }
            _ => {
                // Put two halves together again: what a prefix that moves does, too.
                let halves = model.pools.iter().find_map(|(a, shape)| {
                    let other = moxxie_core::free::buddy(*shape)?;
                    let (b, _) = model.pools.iter().find(|(_, shape)| **shape == other)?;
                    Some((*a, *b, moxxie_core::free::parent(*shape)))
                });
                let Some((a, b, shape)) = halves else { continue };
                tx.merge_pools(a, &[b], shape, NOW).await.unwrap();
                model.pools.remove(&b);
                model.pools.insert(a, shape);
                for value in model.taken.values_mut().filter(|value| value.0 == b) {
                    value.0 = a;
                }
            }
        }
        if step % 20 == 19 {
            model.agrees(&tx).await;
        }
    }
    model.agrees(&tx).await;
    // Free everything, twice where it went into quarantine first, and make it one pool again.
    for id in model.taken.keys() {
        if tx.release_prefix(*id, NOW).await.unwrap().is_some() {
            assert_eq!(tx.release_prefix(*id, NOW).await.unwrap(), None);
        }
    }
    let others: Vec<PoolId> = model.pools.keys().copied().filter(|id| *id != w.pool.id).collect();
    tx.merge_pools(w.pool.id, &others, whole, NOW).await.unwrap();
    let last = Model { pools: [(w.pool.id, whole)].into(), taken: BTreeMap::new() };
    last.agrees(&tx).await;
    tx.commit().await.unwrap();
    let statistics = store.pool_statistics(w.pool.id).await.unwrap();
    assert_eq!((statistics.free, statistics.allocated), ([(whole.prefix_len(), 1)].into(), 0));
}

#[tokio::test]
async fn random_sequences_agree_with_a_naive_model() {
    on_both(async |db| sequence(db, "10.0.0.0/20", 0, 1).await).await;
    on_both(async |db| sequence(db, "10.0.0.0/20", 3600, 2).await).await;
    on_both(async |db| sequence(db, "2001:db8::/56", 0, 3).await).await;
}

#[tokio::test]
async fn a_quarantine_ends_when_its_time_is_over_and_not_before() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let mut tx = db.store.begin().await.unwrap();
        tx.update_pool(&Pool { quarantine_s: 60, ..w.pool.clone() }, NOW).await.unwrap();
        let new = w.new_prefix();
        tx.allocate_given(&new, net("10.0.0.0/24")).await.unwrap();
        let left = tx.release_prefix(new.id, NOW).await.unwrap().unwrap();
        let until = left.claim.until().unwrap();
        assert_eq!((left.tenant_id, until.duration_since(NOW).as_secs()), (None, 60));
        assert_eq!(tx.allocate_prefix(&w.new_prefix(), 25).await.unwrap(), None);
        let taken = tx.allocate_given(&w.new_prefix(), net("10.0.0.0/25")).await;
        assert!(matches!(taken, Err(GivenError::Taken { by }) if by.claim == left.claim));
        assert_eq!(tx.lapsed_prefixes(None, NOW, 10).await.unwrap(), []);
        assert!(!tx.lapse_prefix(new.id, NOW).await.unwrap());
        assert_eq!(tx.lapsed_prefixes(Some(w.pool.id), until, 10).await.unwrap(), [left]);
        assert!(tx.lapse_prefix(new.id, until).await.unwrap());
        assert!(!tx.lapse_prefix(new.id, until).await.unwrap());
        assert_eq!(tx.allocate_prefix(&w.new_prefix(), 24).await.unwrap(), Some(net("10.0.0.0/24")));
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_pool_that_only_seems_full_is_looked_at() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let mut tx = db.store.begin().await.unwrap();
        tx.allocate_prefix(&w.new_prefix(), 24).await.unwrap();
        tx.commit().await.unwrap();
        // Removed behind our back; the free blocks know nothing of it.
        db.raw("DELETE FROM prefix").await.unwrap();
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.allocate_prefix(&w.new_prefix(), 25).await.unwrap(), Some(net("10.0.0.0/25")));
        tx.commit().await.unwrap();
        // The free blocks themselves are damaged.
        db.raw("DELETE FROM free_block").await.unwrap();
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.allocate_prefix(&w.new_prefix(), 25).await.unwrap(), Some(net("10.0.0.128/25")));
        assert_eq!(tx.allocate_prefix(&w.new_prefix(), 25).await.unwrap(), None);
        let used = tx.pool(w.pool.id).await.unwrap().unwrap().used;
        assert_eq!(used.all_addresses(32), size(24, 32));
        tx.commit().await.unwrap();
    })
    .await;
}

fn refused<T: std::fmt::Debug>(result: Result<T, StoreError>) -> Constraint {
    result.unwrap_err().constraint().unwrap()
}

fn range(w: &World, range_name: &str, span: &str) -> AsnRange {
    AsnRange {
        id: AsnRangeId::new(uuid()),
        name: name(range_name),
        span: span.parse().unwrap(),
        site_id: Some(w.site.id),
        tenant_id: None,
        description: String::new(),
        quarantine_s: 0,
        version: 0,
    }
}

#[tokio::test]
async fn as_numbers_are_taken_once_from_disjoint_ranges() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let first = range(&w, "a", "64512-64515");
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_asn_range(&first, NOW).await.unwrap();
        tx.commit().await.unwrap();
        for span in ["64515-64600", "64512-64512", "131072-4199999999"] {
            let mut tx = db.store.begin().await.unwrap();
            let inserted = tx.insert_asn_range(&range(&w, "b", span), NOW).await;
            if span.starts_with('6') {
                assert_eq!(refused(inserted), Constraint::AsnRangeOverlap, "{span}");
            } else {
                inserted.unwrap();
                tx.commit().await.unwrap();
            }
        }
        let mut tx = db.store.begin().await.unwrap();
        let mut taken = Vec::new();
        for _ in 0..4 {
            let number = tx.next_asn(&first).await.unwrap().unwrap();
            let asn = Asn {
                id: AsnId::new(uuid()),
                number,
                range_id: first.id,
                tenant_id: Some(w.tenant.id),
                claim: Claim::Assigned,
                purpose: String::new(),
                labels: BTreeMap::new(),
                since: NOW,
                created_at: NOW,
            };
            tx.insert_asn(&asn).await.unwrap();
            taken.push(asn);
        }
        assert_eq!(tx.next_asn(&first).await.unwrap(), None);
        tx.release_asn(taken[1].id, LATER).await.unwrap();
        assert_eq!(tx.next_asn(&first).await.unwrap(), AsNumber::new(64_513).ok());
        tx.commit().await.unwrap();
        let mut tx = db.store.begin().await.unwrap();
        let again = Asn { id: AsnId::new(uuid()), ..taken[0].clone() };
        assert_eq!(refused(tx.insert_asn(&again).await), Constraint::AsnTaken);
        drop(tx);
        // Behind our back as well.
        assert!(db.raw("UPDATE asn SET number = 64512 WHERE number = 64514").await.is_err());
        assert!(db.raw("UPDATE asn_range SET first = 64000 WHERE name = 'b'").await.is_err());
    })
    .await;
}

#[tokio::test]
async fn a_vlan_goes_into_quarantine_with_its_network_and_comes_back() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let mut tx = db.store.begin().await.unwrap();
        let domain = moxxie_core::domain::Domain { quarantine_s: 60, ..w.domain.clone() };
        tx.update_domain(&domain, NOW).await.unwrap();
        let network = w.network("n", 100, "10.0.0.0/24");
        tx.insert_network(&network, vlan_record()).await.unwrap();
        tx.delete_network(network.id, NOW).await.unwrap();
        let left = tx.vlan_by_vid(Scope::All, domain.id, vlan(100)).await.unwrap().unwrap();
        assert_eq!((left.claim.status(), left.attachment_id), (Status::Quarantined, None));
        let until = left.claim.until().unwrap();
        assert_eq!(tx.lapsed_vlans(Some(domain.id), until, 9).await.unwrap(), std::slice::from_ref(&left));
        tx.commit().await.unwrap();
        let mut tx = db.store.begin().await.unwrap();
        let same = VlanRecord { id: vlan_record(), ..left.clone() };
        assert_eq!(refused(tx.insert_vlan(&same).await), Constraint::VlanTaken);
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.release_vlan(left.id, NOW).await.unwrap(), None);
        assert_eq!(tx.used_vlans(domain.id).await.unwrap(), []);
        tx.commit().await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn the_same_prefix_lives_in_two_vrfs_and_never_twice_in_one() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let vrf = moxxie_core::vrf::Vrf {
            id: moxxie_core::VrfId::new(uuid()),
            name: name("storage"),
            description: String::new(),
        };
        let other = Pool { vrf_id: vrf.id, ..pool(&db.store, "other", "10.0.0.0/24") };
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_vrf(&vrf, NOW).await.unwrap();
        tx.insert_pool(&other, NOW).await.unwrap();
        tx.allocate_given(&w.new_prefix(), net("10.0.0.0/25")).await.unwrap();
        let new = NewPrefix { pool_id: other.id, ..w.new_prefix() };
        tx.allocate_given(&new, net("10.0.0.0/25")).await.unwrap();
        tx.commit().await.unwrap();
        // A prefix cannot be put into another VRF than its pool's, whoever writes.
        let moved = format!("UPDATE prefix SET vrf_id = '{}' WHERE id = '{}'", w.pool.vrf_id, new.id);
        assert!(db.raw(&moved).await.is_err());
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(refused(tx.delete_vrf(vrf.id, NOW).await), Constraint::Referenced);
    })
    .await;
}
