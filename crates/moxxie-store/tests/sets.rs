//! Many prefixes taken at once, and the next AS number.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::collections::{BTreeMap, BTreeSet};

use common::{Database, NOW, World, name, net, on_both, pool, uuid, world};
use ipnet::IpNet;
use moxxie_core::{
    AsnId, AsnRangeId, PoolId, PrefixId,
    asn::{AsNumber, Asn, AsnRange},
    claim::Claim,
    identity::Scope,
    pool::Policy,
};
use moxxie_store::{NewPrefix, Want, Wanted};

fn wanted(w: &World, pools: &[PoolId], want: Want) -> Wanted {
    let new = NewPrefix { id: PrefixId::new(uuid()), ..w.new_prefix() };
    Wanted { want, pools: pools.to_vec(), new }
}

/// What is free and what is counted is what the prefixes say.
async fn adds_up(db: &Database, pool: PoolId) {
    let before = db.store.pool_statistics(pool).await.unwrap();
    let used = db.store.pool(pool).await.unwrap().unwrap().used;
    let mut tx = db.store.begin().await.unwrap();
    tx.rebuild_free_blocks(pool).await.unwrap();
    assert_eq!(tx.pool_statistics(pool).await.unwrap(), before);
    assert_eq!(tx.pool(pool).await.unwrap().unwrap().used, used);
}

#[tokio::test]
async fn sets_are_taken_together_and_each_wholly_or_not_at_all() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let six = pool(&db.store, "six", "2001:db8::/56");
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_pool(&six, NOW).await.unwrap();
        let (four, both) = ([w.pool.id], [w.pool.id, six.id]);
        let labels = BTreeMap::from([("app".to_owned(), "db".to_owned())]);
        let mut labelled = wanted(&w, &four, Want::Next(26));
        labelled.new.labels = labels.clone();
        let mut sparse = wanted(&w, &four, Want::Next(27));
        sparse.new.policy = Some(Policy::Sparse);
        let sets = vec![
            vec![labelled.clone()],
            vec![wanted(&w, &four, Want::Given(net("10.0.0.64/27"))), wanted(&w, &[six.id], Want::Next(64))],
            // The first of these would fit, both do not.
            vec![wanted(&w, &four, Want::Next(26)), wanted(&w, &four, Want::Next(25))],
            vec![sparse],
            // Taken a moment ago by another of them.
            vec![wanted(&w, &four, Want::Given(net("10.0.0.0/28")))],
            // Of the first pool that can have such a prefix at all.
            vec![wanted(&w, &both, Want::Next(60))],
        ];
        let found = tx.take_sets(&sets, false).await.unwrap();
        assert!(!found.refused);
        let text: Vec<Option<Vec<String>>> = found
            .taken
            .iter()
            .map(|set| Some(set.as_ref()?.iter().map(|record| record.prefix.to_string()).collect()))
            .collect();
        let some = |all: &[&str]| Some(all.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(
            text,
            [
                some(&["10.0.0.0/26"]),
                some(&["10.0.0.64/27", "2001:db8::/64"]),
                None,
                some(&["10.0.0.128/27"]),
                None,
                some(&["2001:db8:0:10::/60"]),
            ]
        );
        tx.commit().await.unwrap();
        for record in found.taken.iter().flatten().flatten() {
            let stored = db.store.prefix(Scope::All, record.id).await.unwrap();
            assert_eq!(stored.as_ref(), Some(record));
        }
        assert_eq!(db.store.labels(&labelled.new.id.to_string()).await.unwrap(), labels);
        adds_up(db, w.pool.id).await;
        adds_up(db, six.id).await;
    })
    .await;
}

#[tokio::test]
async fn what_somebody_wrote_behind_our_back_is_met_and_gone_around() {
    on_both(async |db| {
        let w = world(&db.store, "10.0.0.0/24").await;
        let mut tx = db.store.begin().await.unwrap();
        let given = wanted(&w, &[w.pool.id], Want::Given(net("10.0.0.0/26")));
        tx.take_sets(&[vec![given]], false).await.unwrap();
        tx.commit().await.unwrap();
        // The same prefix stays, but the free blocks forget it.
        let free = match db.dialect {
            moxxie_store::Dialect::Sqlite => "UPDATE free_block SET first = unhex('0000000000000000000000000a000000'),
                prefix = '10.0.0.0/26' WHERE length = 26",
            moxxie_store::Dialect::Postgres => "UPDATE free_block
                SET first = decode('0000000000000000000000000a000000', 'hex'), prefix = '10.0.0.0/26' WHERE length = 26",
        };
        assert_eq!(db.raw(free).await.unwrap(), 1);
        let sets: Vec<_> = (0..3).map(|_| vec![wanted(&w, &[w.pool.id], Want::Next(26))]).collect();
        let mut tx = db.store.begin().await.unwrap();
        assert!(tx.take_sets(&sets, false).await.unwrap().refused);
        drop(tx);
        let mut tx = db.store.begin().await.unwrap();
        let found = tx.take_sets(&sets, true).await.unwrap();
        let taken: BTreeSet<IpNet> = found.taken.iter().flatten().flatten().map(|record| record.prefix).collect();
        assert_eq!(taken, ["10.0.0.64/26", "10.0.0.128/26", "10.0.0.192/26"].map(net).into());
        tx.commit().await.unwrap();
        adds_up(db, w.pool.id).await;
    })
    .await;
}

fn asn(range: AsnRangeId, number: AsNumber) -> Asn {
    Asn {
        id: AsnId::new(uuid()),
        number,
        range_id: range,
        tenant_id: None,
        claim: Claim::Assigned,
        purpose: String::new(),
        labels: BTreeMap::new(),
        since: NOW,
        created_at: NOW,
    }
}

#[tokio::test]
async fn the_next_as_number_is_the_lowest_free_one_whatever_was_taken_and_released() {
    on_both(async |db| {
        let range = AsnRange {
            id: AsnRangeId::new(uuid()),
            name: name("r"),
            span: "4200000000-4200000029".parse().unwrap(),
            site_id: None,
            tenant_id: None,
            description: String::new(),
            quarantine_s: 0,
            version: 0,
        };
        let mut tx = db.store.begin().await.unwrap();
        tx.insert_asn_range(&range, NOW).await.unwrap();
        let mut random = fastrand::Rng::with_seed(11);
        let mut taken: BTreeMap<u32, AsnId> = BTreeMap::new();
        let numbers = || 4_200_000_000_u32..4_200_000_030;
        for step in 0..400 {
            let lowest = numbers().find(|number| !taken.contains_key(number));
            let next = tx.next_asn(&range).await.unwrap();
            assert_eq!(next.map(AsNumber::get), lowest, "step {step}");
            let given = AsNumber::new(i64::from(random.u32(numbers()))).unwrap();
            let wish = if random.bool() { next } else { Some(given) };
            // Fills up for a while, then empties.
            if random.u32(0..10) < if step % 200 < 100 { 8 } else { 2 } {
                if let Some(number) = wish.filter(|number| !taken.contains_key(&number.get())) {
                    let record = asn(range.id, number);
                    taken.insert(number.get(), record.id);
                    tx.insert_asn(&record).await.unwrap();
                }
            } else if let Some((number, id)) = taken.iter().nth(random.usize(0..30)).map(|(n, id)| (*n, *id))
            {
                assert_eq!(tx.release_asn(id, NOW).await.unwrap(), None);
                taken.remove(&number);
            }
        }
        // A range that gets other numbers forgets what was free of the old ones.
        for id in taken.values() {
            tx.release_asn(*id, NOW).await.unwrap();
        }
        let other = AsnRange { span: "4200000100-4200000101".parse().unwrap(), ..range.clone() };
        tx.update_asn_range(&other, NOW).await.unwrap();
        let next = tx.next_asn(&other).await.unwrap().unwrap();
        assert_eq!(next.get(), 4_200_000_100);
        tx.insert_asn(&asn(range.id, next)).await.unwrap();
        tx.commit().await.unwrap();
        // Behind our back: one more is taken, and then all are free.
        let sql = format!("UPDATE asn SET number = 4200000101 WHERE range_id = '{}'", range.id);
        assert_eq!(db.raw(&sql).await.unwrap(), 1);
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.next_asn(&other).await.unwrap().map(AsNumber::get), Some(4_200_000_100));
        tx.insert_asn(&asn(range.id, AsNumber::new(4_200_000_100).unwrap())).await.unwrap();
        assert_eq!(tx.next_asn(&other).await.unwrap(), None);
        tx.commit().await.unwrap();
        db.raw("DELETE FROM asn").await.unwrap();
        let mut tx = db.store.begin().await.unwrap();
        assert_eq!(tx.next_asn(&other).await.unwrap().map(AsNumber::get), Some(4_200_000_100));
        tx.delete_asn_range(range.id, NOW).await.unwrap();
        tx.commit().await.unwrap();
    })
    .await;
}
