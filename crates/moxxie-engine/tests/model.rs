//! Random sequences of everything prefixes and addresses can do, through the engine, against a naive model: a list
//! and a clock. On both databases; freeing all restores the first state.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod lab;
mod world;

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use lab::Database;
use moxxie_api::{
    address::AddressQuery,
    network::Network,
    pool::Pool,
    prefix::{Prefix, PrefixQuery},
};
use moxxie_core::{
    free::{buddy, gaps, parent, remainder},
    prefix::overlap,
};
use moxxie_engine::Error;
use serde_json::json;
use world::{World, a, me};

/// Everything happens in this block of addresses.
const WHOLE: &str = "10.0.0.0/20";
const STEPS: usize = 120;

fn net(text: &str) -> IpNet {
    text.parse().unwrap()
}

fn any<T: Clone>(random: &mut fastrand::Rng, all: impl Iterator<Item = T>) -> Option<T> {
    let all: Vec<T> = all.collect();
    if all.is_empty() { None } else { Some(all[random.usize(..all.len())].clone()) }
}

/// Whether it was done; a refusal has to be one that a client can act on.
fn done<T>(result: Result<T, Error>, what: &str) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(Error::Conflict { .. } | Error::Invalid(_)) => None,
        Err(other) => panic!("{what}: {other:?}"),
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Taken {
    prefix: IpNet,
    status: &'static str,
    until: Option<i64>,
}

/// What is taken: nothing but a list. What is over is out of it, whether or not the engine came by to end it.
struct Prefixes {
    taken: BTreeMap<String, Taken>,
    clock: i64,
}

impl Prefixes {
    fn is_free(&self, prefix: &IpNet, but: Option<&str>) -> bool {
        self.taken.iter().all(|(id, taken)| Some(id.as_str()) == but || !overlap(&taken.prefix, prefix))
    }

    fn passes(&mut self, seconds: i64) {
        self.clock += seconds;
        let now = self.clock;
        self.taken.retain(|_, taken| taken.until.is_none_or(|until| until > now));
    }

    fn put(&mut self, id: &str, prefix: &str, status: &'static str, hold_s: Option<i64>) {
        let until = hold_s.map(|seconds| self.clock + seconds);
        self.taken.insert(id.to_owned(), Taken { prefix: net(prefix), status, until });
    }
}

/// The pools of the block, by address.
async fn pools(w: &World) -> Vec<Pool> {
    let all = w.engine.pools(&me(), a(json!({"limit": 1000}))).await.unwrap();
    assert_eq!(all.next_cursor, None);
    let whole = net(WHOLE);
    let mut pools: Vec<_> = all.items.into_iter().filter(|pool| whole.contains(&net(&pool.prefix))).collect();
    pools.sort_by_key(|pool| net(&pool.prefix));
    pools
}

async fn listed(w: &World) -> Vec<Prefix> {
    let query: PrefixQuery = a(json!({"within": WHOLE, "limit": 1000}));
    let page = w.engine.prefixes(&me(), query).await.unwrap();
    assert_eq!(page.next_cursor, None);
    page.items
}

impl Prefixes {
    /// List, counters and free blocks are what a look at the list says.
    async fn agrees(&self, w: &World) {
        w.engine.end_lapsed().await.unwrap();
        let listed = listed(w).await;
        let shown: BTreeMap<&str, (IpNet, &str, Option<i64>)> = listed
            .iter()
            .map(|p| {
                (p.id.as_str(), (net(&p.prefix), p.status.as_str(), p.expires_at.map(|at| at.as_second())))
            })
            .collect();
        let wanted: BTreeMap<&str, (IpNet, &str, Option<i64>)> =
            self.taken.iter().map(|(id, t)| (id.as_str(), (t.prefix, t.status, t.until))).collect();
        assert_eq!(shown, wanted);
        let pools = pools(w).await;
        let mut end = net(WHOLE).network();
        let mut free = Vec::new();
        for pool in &pools {
            let shape = net(&pool.prefix);
            assert_eq!(shape.network(), end, "the pools are the whole block, without gap or overlap");
            end = match shape.broadcast() {
                IpAddr::V4(last) => IpAddr::V4(u32::from(last).wrapping_add(1).into()),
                IpAddr::V6(last) => last.into(),
            };
            let mut inside: Vec<_> = self.taken.values().filter(|t| shape.contains(&t.prefix)).collect();
            inside.sort_by_key(|taken| taken.prefix);
            let count = |status: &str| inside.iter().filter(|taken| taken.status == status).count() as u64;
            let usage = &pool.usage;
            assert_eq!(
                [usage.assigned, usage.held, usage.reserved, usage.quarantined, usage.prefixes],
                [
                    count("assigned"),
                    count("held"),
                    count("reserved"),
                    count("quarantined"),
                    inside.len() as u64
                ],
                "{shape}"
            );
            let occupied: Vec<IpNet> = inside.iter().map(|taken| taken.prefix).collect();
            free.extend(gaps(shape, &occupied).into_iter().map(|gap| format!("{gap} free")));
        }
        let tree = w.tree(json!({"within": WHOLE})).await;
        let tree: Vec<_> =
            tree.iter().map(|line| line.trim()).filter(|line| line.ends_with(" free")).collect();
        assert_eq!(tree, free);
        for prefix in &listed {
            let pool = pools.iter().find(|pool| pool.name == prefix.pool).unwrap();
            assert!(net(&pool.prefix).contains(&net(&prefix.prefix)), "{prefix:?}");
        }
    }
}

/// Two pools, one with quarantine, that are halves of the block.
async fn two_pools(w: &World) -> Vec<String> {
    for (name, prefix, quarantine) in [("p", "10.0.0.0/21", 0), ("q", "10.0.8.0/21", 50)] {
        let pool = json!({"name": name, "prefix": prefix, "quarantineSeconds": quarantine});
        w.engine.create_pool(&me(), a(pool)).await.unwrap();
    }
    w.tree(json!({"within": WHOLE})).await
}

async fn prefixes(database: Database, seed: u64) {
    let w = World::new(database).await;
    let e = &w.engine;
    let first = two_pools(&w).await;
    let mut random = fastrand::Rng::with_seed(seed);
    let mut model = Prefixes { taken: BTreeMap::new(), clock: w.seconds() };
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for step in 0..STEPS {
        let pools = pools(&w).await;
        let pool_of = |prefix: &IpNet| pools.iter().find(|pool| net(&pool.prefix).contains(prefix)).unwrap();
        let length = random.u8(22..=28);
        let status = ["assigned", "reserved", "held"][random.usize(..3)];
        let hold_s = (status == "held").then(|| random.i64(1..120));
        let mut request = json!({"status": status});
        if let Some(seconds) = hold_s {
            request["holdSeconds"] = seconds.into();
        }
        let one = any(&mut random, model.taken.iter().map(|(id, taken)| (id.clone(), taken.clone())));
        let what;
        let was_done;
        match random.u8(0..14) {
            0..=2 => {
                what = "next";
                let pool = &pools[random.usize(..pools.len())];
                let shape = net(&pool.prefix);
                request["size"] = format!("/{length}").into();
                request["pool"] = pool.name.clone().into();
                request["policy"] = ["best_fit", "first_fit", "sparse"][random.usize(..3)].into();
                let got = done(e.take_prefixes(&me(), a(request)).await, what);
                let room = length >= shape.prefix_len()
                    && shape.subnets(length).unwrap().any(|block| model.is_free(&block, None));
                assert_eq!(got.is_some(), room, "/{length} of {shape} at step {step}");
                if let Some(got) = &got {
                    let prefix = &got.prefixes[0];
                    assert!(
                        model.is_free(&net(&prefix.prefix), None) && shape.contains(&net(&prefix.prefix))
                    );
                    model.put(&prefix.id, &prefix.prefix, status, hold_s);
                }
                was_done = got.is_some();
            }
            3 => {
                what = "given";
                let wanted = any(&mut random, net(WHOLE).subnets(length).unwrap()).unwrap();
                request["prefix"] = wanted.to_string().into();
                let got = done(e.take_prefixes(&me(), a(request)).await, what);
                let inside = pools.iter().any(|pool| net(&pool.prefix).contains(&wanted));
                assert_eq!(got.is_some(), inside && model.is_free(&wanted, None), "{wanted} at step {step}");
                if let Some(got) = &got {
                    model.put(&got.prefixes[0].id, &got.prefixes[0].prefix, status, hold_s);
                }
                was_done = got.is_some();
            }
            4 | 5 => {
                what = "release";
                let Some((id, taken)) = one else { continue };
                e.release_prefix(&me(), &id, None).await.unwrap();
                let quarantine_s = i64::from(pool_of(&taken.prefix).quarantine_seconds);
                model.taken.remove(&id);
                if taken.status == "assigned" && quarantine_s > 0 {
                    model.put(&id, &taken.prefix.to_string(), "quarantined", Some(quarantine_s));
                }
                was_done = true;
            }
            6 | 7 => {
                what = "resize";
                let Some((id, taken)) = one else { continue };
                let wanted = IpNet::new(taken.prefix.network(), length).unwrap().trunc();
                let pool = pool_of(&taken.prefix);
                let got = done(
                    e.resize_prefix(&me(), &id, None, a(json!({"size": format!("/{length}")}))).await,
                    what,
                );
                let fits = wanted != taken.prefix
                    && taken.status != "quarantined"
                    && net(&pool.prefix).contains(&wanted)
                    && model.is_free(&wanted, Some(&id));
                assert_eq!(got.is_some(), fits, "{taken:?} to {wanted} at step {step}");
                if fits {
                    model.taken.get_mut(&id).unwrap().prefix = wanted;
                    // What was lost is in quarantine when the pool has one.
                    if !wanted.contains(&taken.prefix)
                        && taken.status == "assigned"
                        && pool.quarantine_seconds > 0
                    {
                        let listed = listed(&w).await;
                        for piece in remainder(taken.prefix, wanted) {
                            let lost = listed.iter().find(|one| one.prefix == piece.to_string()).unwrap();
                            let seconds = i64::from(pool.quarantine_seconds);
                            model.put(&lost.id, &lost.prefix, "quarantined", Some(seconds));
                        }
                    }
                }
                was_done = fits;
            }
            8 => {
                what = "split";
                let Some((id, taken)) = one else { continue };
                let parts = taken.prefix.prefix_len() + random.u8(0..=2);
                let got = done(
                    e.split_prefix(&me(), &id, None, a(json!({"size": format!("/{parts}")}))).await,
                    what,
                );
                let fits = parts > taken.prefix.prefix_len() && taken.status != "quarantined";
                assert_eq!(got.is_some(), fits, "{taken:?} into /{parts} at step {step}");
                let shapes: Vec<_> =
                    if fits { taken.prefix.subnets(parts).unwrap().collect() } else { Vec::new() };
                let got = got.map_or(Vec::new(), |got| got.prefixes);
                assert_eq!(got.iter().map(|part| net(&part.prefix)).collect::<Vec<_>>(), shapes);
                for part in &got {
                    let prefix = net(&part.prefix);
                    model.taken.insert(part.id.clone(), Taken { prefix, ..taken.clone() });
                }
                was_done = fits;
            }
            9 => {
                what = "merge";
                // Mostly two halves of one, sometimes any two.
                let halves = model.taken.iter().find_map(|(id, taken)| {
                    let half = buddy(taken.prefix)?;
                    let (other, _) = model.taken.iter().find(|(_, other)| other.prefix == half)?;
                    Some((id.clone(), other.clone()))
                });
                let two = if random.u8(0..4) == 0 {
                    any(&mut random, model.taken.keys().cloned())
                        .zip(any(&mut random, model.taken.keys().cloned()))
                } else {
                    halves
                };
                let Some((id, other)) = two else { continue };
                let (left, right) = (model.taken[&id].clone(), model.taken[&other].clone());
                let with = a(json!({"with": [other]}));
                let got = done(e.merge_prefixes(&me(), &id, None, with).await, what);
                let fits = buddy(left.prefix) == Some(right.prefix)
                    && (left.status, left.until) == (right.status, right.until)
                    && left.status != "quarantined"
                    && pool_of(&left.prefix).id == pool_of(&right.prefix).id;
                assert_eq!(got.is_some(), fits, "{left:?} with {right:?} at step {step}");
                if fits {
                    model.taken.remove(&other);
                    model.taken.get_mut(&id).unwrap().prefix = parent(left.prefix);
                }
                was_done = fits;
            }
            10 => {
                what = "move";
                let Some((id, taken)) = one else { continue };
                let to = &pools[random.usize(..pools.len())];
                let moved = done(e.move_prefix(&me(), &id, None, a(json!({"pool": to.name}))).await, what);
                let fits = pool_of(&taken.prefix).id != to.id;
                assert_eq!(moved.is_some(), fits, "{taken:?} to {} at step {step}", to.name);
                if let Some(moved) = &moved {
                    let pool = e.pool(&me(), &moved.pool, None).await.unwrap();
                    assert_eq!(pool.quarantine_seconds, to.quarantine_seconds);
                }
                was_done = fits;
            }
            11 => {
                what = "confirm";
                let Some((id, taken)) = one else { continue };
                let got = done(e.confirm_prefix(&me(), &id, None).await, what);
                let fits = matches!(taken.status, "held" | "assigned");
                assert_eq!(got.is_some(), fits, "{taken:?} at step {step}");
                if fits {
                    let kept = Taken { status: "assigned", until: None, ..taken };
                    model.taken.insert(id, kept);
                }
                was_done = fits;
            }
            _ => {
                what = "time";
                let seconds = random.i64(1..40);
                w.later(seconds);
                model.passes(seconds);
                was_done = true;
            }
        }
        let count = counts.entry(what).or_default();
        if was_done {
            count.0 += 1
        } else {
            count.1 += 1
        }
        if step % 20 == 19 {
            model.agrees(&w).await;
        }
    }
    model.agrees(&w).await;
    for what in ["next", "given", "release", "resize", "split", "move", "confirm", "time"] {
        assert!(counts.get(what).is_some_and(|count| count.0 > 0), "{what} was never done: {counts:?}");
    }
    // Free everything, make the pools what they were, and the first state is back.
    for id in model.taken.keys() {
        let taken = e.prefix(&me(), id, None, None).await.unwrap();
        e.release_prefix(&me(), id, None).await.unwrap();
        if taken.status == "assigned"
            && e.pool(&me(), &taken.pool, None).await.unwrap().quarantine_seconds > 0
        {
            e.release_prefix(&me(), id, None).await.unwrap();
        }
    }
    let left = pools(&w).await;
    if left.len() > 1 {
        let with: Vec<&str> = left[1..].iter().map(|pool| pool.name.as_str()).collect();
        e.merge_pools(&me(), &left[0].id, a(json!({"with": with}))).await.unwrap();
    }
    let halves = e.split_pool(&me(), &left[0].id, a(json!({"size": "/21"}))).await.unwrap();
    for (pool, name) in halves.pools.iter().zip(["back-p", "back-q"]) {
        e.update_pool(&me(), &pool.id, a(json!({"name": name}))).await.unwrap();
    }
    for (pool, name) in halves.pools.iter().zip(["p", "q"]) {
        e.update_pool(&me(), &pool.id, a(json!({"name": name}))).await.unwrap();
    }
    assert_eq!(w.tree(json!({"within": WHOLE})).await, first);
    let found = e.verify_audit(&me()).await.unwrap();
    assert!(found.intact, "{:?}", found.problems);
}

#[tokio::test]
async fn random_sequences_of_prefixes_agree_with_a_list() {
    for database in Database::all() {
        for seed in 1..=2 {
            prefixes(database, seed).await;
        }
    }
}

/// The records of a network 172.16.0.0, by last number, and its ranges.
struct Addresses {
    taken: BTreeMap<u8, (&'static str, Option<i64>)>,
    ranges: Vec<(&'static str, u8, u8, String)>,
    /// Addresses of the network: 32 or 64.
    size: u8,
    /// Until when the upper half that was given back is in quarantine.
    half_until: i64,
    clock: i64,
}

impl Addresses {
    /// Gateway and the two routers' own come first.
    fn is_host(&self, number: u8) -> bool {
        (4..self.size - 1).contains(&number)
    }

    fn is_in(&self, number: u8, kind: &str) -> bool {
        self.ranges.iter().any(|(of, first, last, _)| *of == kind && (*first..=*last).contains(&number))
    }

    fn next(&self) -> Option<u8> {
        let from_static = self.ranges.iter().any(|(kind, ..)| *kind == "static");
        (0..self.size).find(|number| {
            self.is_host(*number)
                && (!from_static || self.is_in(*number, "static"))
                && !self.is_in(*number, "reserved")
                && !self.is_in(*number, "excluded")
                && !self.taken.contains_key(number)
        })
    }

    fn passes(&mut self, seconds: i64) {
        self.clock += seconds;
        let now = self.clock;
        self.taken.retain(|_, (_, until)| until.is_none_or(|until| until > now));
    }

    async fn agrees(&self, w: &World, network: &Network) {
        let all =
            w.engine.addresses(&me(), &network.network_id, AddressQuery::default()).await.unwrap().items;
        let shown: Vec<_> = all
            .into_iter()
            .filter(|address| address.created_at.is_some())
            .map(|address| (address.address, address.status, address.expires_at.map(|at| at.as_second())))
            .collect();
        let wanted: Vec<_> = self
            .taken
            .iter()
            .map(|(number, (status, until))| (text(*number), (*status).to_owned(), *until))
            .collect();
        assert_eq!(shown, wanted);
    }
}

fn text(number: u8) -> String {
    format!("172.16.0.{number}")
}

const QUARANTINE_S: i64 = 30;

async fn addresses(database: Database, seed: u64) {
    let w = World::new(database).await;
    let e = &w.engine;
    e.update_pool(&me(), "dc1-main", a(json!({"quarantineSeconds": QUARANTINE_S}))).await.unwrap();
    let network = w.allocate(json!({"size": "/27"})).await.unwrap();
    let id = network.network_id.as_str();
    let mut random = fastrand::Rng::with_seed(seed);
    let mut model =
        Addresses { taken: BTreeMap::new(), ranges: Vec::new(), size: 32, half_until: 0, clock: w.seconds() };
    for step in 0..STEPS {
        let number = random.u8(0..model.size);
        let hold_s = (random.u8(0..3) == 0).then(|| random.i64(1..60));
        let mut request = json!({});
        if let Some(seconds) = hold_s {
            request["holdSeconds"] = seconds.into();
        }
        let record = (if hold_s.is_some() { "held" } else { "assigned" }, hold_s.map(|s| model.clock + s));
        match random.u8(0..14) {
            0..=4 => {
                let got = done(
                    e.create_address(&me(), id, a(request)).await,
                    &format!("next at {step} {:?} {}", model.taken, model.size),
                );
                let got = got.map(|address| address.address);
                assert_eq!(got, model.next().map(text), "at step {step}");
                if let Some(number) = model.next() {
                    model.taken.insert(number, record);
                }
            }
            5 | 6 => {
                request["address"] = text(number).into();
                let got = done(e.create_address(&me(), id, a(request)).await, "given");
                let fits = model.is_host(number)
                    && !model.is_in(number, "excluded")
                    && !model.taken.contains_key(&number);
                assert_eq!(got.is_some(), fits, "{number} at step {step}");
                if fits {
                    model.taken.insert(number, record);
                }
            }
            7 | 8 => {
                let recorded = any(&mut random, model.taken.keys().copied());
                let number = recorded.filter(|_| random.u8(0..4) > 0).unwrap_or(number);
                let now = random.bool();
                let got = done(e.delete_address(&me(), id, &text(number), now).await, "release");
                assert_eq!(got.is_some(), model.is_host(number), "{number} at step {step}");
                match model.taken.get(&number) {
                    Some(("assigned", _)) if !now => {
                        let until = model.clock + QUARANTINE_S;
                        model.taken.insert(number, ("quarantined", Some(until)));
                    }
                    Some(("quarantined", _)) if !now => {}
                    _ => drop(model.taken.remove(&number)),
                }
            }
            9 => {
                let kind = ["static", "reserved", "excluded"][random.usize(..3)];
                let last = number.saturating_add(random.u8(0..8));
                let range = json!({"type": kind, "first": text(number), "last": text(last)});
                let got = done(e.create_range(&me(), id, a(range)).await, "range");
                let apart = model.ranges.iter().all(|(_, first, end, _)| *end < number || last < *first);
                let over = kind == "excluded" && model.taken.keys().any(|n| (number..=last).contains(n));
                let fits = last < model.size && apart && !over;
                assert_eq!(got.is_some(), fits, "{kind} {number}-{last} at step {step}: {:?}", model.ranges);
                if let Some(range) = got {
                    model.ranges.push((kind, number, last, range.id));
                }
            }
            10 => {
                if model.ranges.is_empty() {
                    continue;
                }
                let (.., range) = model.ranges.swap_remove(random.usize(..model.ranges.len()));
                e.delete_range(&me(), id, &range).await.unwrap();
            }
            11 => {
                let (size, length) = if model.size == 32 { (64, "/26") } else { (32, "/27") };
                let got = done(e.resize_network(&me(), id, a(json!({"size": length}))).await, "resize");
                let fits = model.taken.keys().all(|number| *number < size - 1)
                    && model.ranges.iter().all(|(_, _, last, _)| *last < size)
                    && (size == 32 || model.half_until <= model.clock);
                assert_eq!(got.is_some(), fits, "{length} at step {step}");
                if fits {
                    model.size = size;
                    model.half_until = model.clock + QUARANTINE_S;
                }
            }
            12 => {
                let Some(number) = any(&mut random, model.taken.keys().copied()) else { continue };
                let update = match hold_s {
                    Some(seconds) => json!({"holdSeconds": seconds}),
                    None => json!({"status": "assigned"}),
                };
                let got = done(e.update_address(&me(), id, &text(number), a(update)).await, "update");
                let fits = model.taken[&number].0 != "quarantined";
                assert_eq!(got.is_some(), fits, "{number} at step {step}");
                if fits {
                    model.taken.insert(number, record);
                }
            }
            _ => {
                let seconds = random.i64(1..30);
                w.later(seconds);
                model.passes(seconds);
                e.end_lapsed().await.unwrap();
            }
        }
        model.agrees(&w, &network).await;
    }
    // Free everything: all addresses come again, lowest first, and nothing else.
    for number in model.taken.keys() {
        e.delete_address(&me(), id, &text(*number), true).await.unwrap();
    }
    for (.., range) in &model.ranges {
        e.delete_range(&me(), id, range).await.unwrap();
    }
    let bulk = json!({"items": vec![json!({}); usize::from(model.size) - 5]});
    let all = e.create_addresses(&me(), id, a(bulk)).await.unwrap();
    let all: Vec<_> = all.items.into_iter().map(|address| address.address).collect();
    assert_eq!(all, (4..model.size - 1).map(text).collect::<Vec<_>>());
    assert!(done(e.create_address(&me(), id, a(json!({}))).await, "one more").is_none());
    let found = e.verify_audit(&me()).await.unwrap();
    assert!(found.intact, "{:?}", found.problems);
}

#[tokio::test]
async fn random_sequences_of_addresses_and_ranges_agree_with_a_list() {
    for database in Database::all() {
        for seed in 1..=3 {
            addresses(database, seed).await;
        }
    }
}
