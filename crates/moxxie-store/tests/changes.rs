//! Changes, their journal, their events, and the leases of the routers they touch.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use std::{collections::BTreeMap, time::Duration};

use common::{Database, NOW, World, on_both, on_postgres, uuid, world};
use moxxie_core::{
    ChangeId, NetworkId, TenantId,
    change::{ChangeState, Decision, Outcome, StepName, StepState},
    identity::Scope,
    plan::{Action, Command, Plan},
    row::{Mark, Row},
};
use moxxie_store::{Change, ChangeError, ChangeFilter, Constraint, Page, Step, Store, StoreError};

async fn open(store: &Store, w: &World) -> Change {
    let change = w.change(NetworkId::new(uuid()));
    let mut tx = store.begin().await.unwrap();
    tx.insert_change(&change, &[w.subject(change.network_id.unwrap())]).await.unwrap();
    tx.commit().await.unwrap();
    change
}

fn plan() -> Plan {
    let command = |wave, part: &str| Command {
        wave,
        action: Action::Set { before: BTreeMap::from([("vlan-id".into(), None)]) },
        row: Row {
            menu: "/interface/vlan".into(),
            key: vec!["name".into()],
            fields: BTreeMap::from([("name".into(), "mx-1".into()), ("vlan-id".into(), "100".into())]),
            mark: Mark { install: "abcd1234".into(), object: "net-1".into(), part: part.into() },
            label: "acme/\"web\"".into(),
            step: StepName::RouterVlanCreation,
            rank: 1,
            before: None,
        },
    };
    Plan {
        commands: vec![command(0, "vlan"), command(0, "address"), command(1, "rule")],
        basis: "b1".into(),
        ..Plan::default()
    }
}

#[tokio::test]
async fn a_change_comes_back_and_counts_its_versions() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let mut change = open(store, &w).await;
        let mine = Scope::Tenant(w.tenant.id);
        assert_eq!(store.change(mine, change.id).await.unwrap().as_ref(), Some(&change));
        let others = Scope::Tenant(TenantId::new(uuid()));
        assert_eq!(store.change(others, change.id).await.unwrap(), None);
        assert_eq!(store.runnable_changes(NOW).await.unwrap(), [change.clone()]);
        let open_one = store.open_change_of_network(change.network_id.unwrap()).await.unwrap();
        assert_eq!(open_one.as_ref(), Some(&change));

        // One open change per network.
        let second = w.change(change.network_id.unwrap());
        let mut tx = store.begin().await.unwrap();
        let refused = tx.insert_change(&second, &[w.subject(second.network_id.unwrap())]).await.unwrap_err();
        assert_eq!(refused.constraint(), Some(Constraint::ChangeOpen));
        drop(tx);

        let mut stale = change.clone();
        let later = NOW + Duration::from_secs(5);
        change.state = ChangeState::Waiting;
        change.attempt = 1;
        change.not_before = later;
        change.error = Some(ChangeError {
            code: "unreachable".into(),
            message: "r1 does not answer".into(),
            detail: serde_json::json!({"router": "r1"}),
        });
        let mut tx = store.begin().await.unwrap();
        assert_eq!(tx.lock_change(mine, change.id).await.unwrap().unwrap().version, 1);
        tx.update_change(&mut change, NOW).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(change.version, 2);
        assert_eq!(store.change(mine, change.id).await.unwrap().as_ref(), Some(&change));
        assert!(store.runnable_changes(NOW).await.unwrap().is_empty());
        assert_eq!(store.next_runnable_at(NOW).await.unwrap(), Some(later));
        assert_eq!(store.runnable_changes(later).await.unwrap().len(), 1);

        let mut tx = store.begin().await.unwrap();
        let refused = tx.update_change(&mut stale, NOW).await;
        assert!(matches!(refused, Err(StoreError::Stale("change"))));
        change.state = ChangeState::Applied;
        change.decision = Decision::Commit;
        tx.update_change(&mut change, later).await.unwrap();
        // The network is free for the next change.
        tx.insert_change(&second, &[w.subject(second.network_id.unwrap())]).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(change.finished_at, Some(later));
        assert_eq!(store.next_runnable_at(NOW).await.unwrap(), None);

        let count = async |filter: ChangeFilter| {
            store.changes(mine, &filter, &Page::default()).await.unwrap().items.len()
        };
        assert_eq!(count(ChangeFilter::default()).await, 2);
        assert_eq!(count(ChangeFilter { open_only: true, ..Default::default() }).await, 1);
        let filter = ChangeFilter {
            state: Some(ChangeState::Applied),
            kind: Some(change.kind),
            network: change.network_id,
            site: Some(w.site.id),
            router: Some(w.router.id),
            open_only: false,
        };
        assert_eq!(count(filter).await, 1);
        let newest = store.changes(mine, &ChangeFilter::default(), &Page::first(1)).await.unwrap();
        assert_eq!(newest.items, [second]);
        let rest = Page { after: newest.next, limit: 9 };
        assert_eq!(store.changes(mine, &ChangeFilter::default(), &rest).await.unwrap().items, [change]);
    })
    .await;
}

#[tokio::test]
async fn plans_steps_and_journal() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let mut change = open(store, &w).await;
        let (id, router, all) = (change.id, w.router.id, Scope::All);
        let plan = plan();
        let mut tx = store.begin().await.unwrap();
        tx.set_plan(id, router, &plan).await.unwrap();
        tx.journal_write(id, router, &plan, NOW).await.unwrap();
        // Planned anew: in place of the first.
        tx.journal_write(id, router, &plan, NOW).await.unwrap();
        for (ordinal, state) in [(0, StepState::Pending), (1, StepState::Pending), (0, StepState::Completed)]
        {
            let step =
                Step { ordinal, name: StepName::DhcpConfiguration, state, at: NOW, detail: "d".into() };
            tx.set_step(id, &step).await.unwrap();
        }
        tx.commit().await.unwrap();
        let plans = store.plans(all, id).await.unwrap();
        assert_eq!(plans[0].plan.as_ref(), Some(&plan));
        assert_eq!(plans[0].before.as_deref(), Some("b1"));
        let states: Vec<_> = store.steps(all, id).await.unwrap().iter().map(|step| step.state).collect();
        assert_eq!(states, [StepState::Completed, StepState::Pending]);

        let mut tx = store.begin().await.unwrap();
        tx.journal_sent(id, router, &[0, 1], NOW).await.unwrap();
        tx.commit().await.unwrap();
        let mut tx = store.begin().await.unwrap();
        let outcomes = [(0, Outcome::Done, None), (1, Outcome::Refused, Some("failure: in use".to_owned()))];
        tx.journal_outcomes(id, router, &outcomes, NOW).await.unwrap();
        // Reached stays, though this copy of the change does not know of it.
        assert!(!change.reached);
        tx.update_change(&mut change, NOW).await.unwrap();
        tx.set_after(id, router, "b2").await.unwrap();
        tx.commit().await.unwrap();
        assert!(change.reached && store.change(all, id).await.unwrap().unwrap().reached);
        let journal = store.journal(all, id).await.unwrap();
        assert_eq!(
            journal.iter().map(|entry| &entry.command).collect::<Vec<_>>(),
            plan.commands.iter().collect::<Vec<_>>()
        );
        let outcomes: Vec<_> = journal.iter().map(|entry| (entry.wave, entry.outcome)).collect();
        assert_eq!(outcomes, [(0, Outcome::Done), (0, Outcome::Refused), (1, Outcome::Pending)]);
        assert_eq!(journal[1].answer.as_deref(), Some("failure: in use"));
        assert_eq!(store.plans(all, id).await.unwrap()[0].after.as_deref(), Some("b2"));

        // Another tenant sees none of it.
        let others = Scope::Tenant(TenantId::new(uuid()));
        assert!(store.plans(others, id).await.unwrap().is_empty());
        assert!(store.steps(others, id).await.unwrap().is_empty());
        assert!(store.journal(others, id).await.unwrap().is_empty());
        assert_eq!(store.journal(Scope::Tenant(w.tenant.id), id).await.unwrap().len(), 3);
        let mut tx = store.begin().await.unwrap();
        let missing = tx.journal_sent(id, router, &[7], NOW).await;
        assert!(matches!(missing, Err(StoreError::NotFound("journal entry"))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_have_places_without_gaps_and_wake_those_who_watch() {
    on_both(async |db| {
        let store = &db.store;
        let w = world(store, "10.0.0.0/16").await;
        let change = open(store, &w).await;
        let mut watch = store.watch();
        assert!(!watch.has_changed().unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (store, id) = (store.clone(), change.id);
            tasks.spawn(async move {
                let mut tx = store.begin().await.unwrap();
                let seq = tx.append_event(id, &serde_json::json!({ "n": n }), NOW).await.unwrap();
                tx.commit().await.unwrap();
                seq
            });
        }
        let mut places = tasks.join_all().await;
        places.sort_unstable();
        assert_eq!(places, [1, 2, 3, 4, 5, 6, 7, 8]);
        watch.changed().await.unwrap();
        // A transaction that is dropped tells nobody.
        watch.mark_unchanged();
        let mut tx = store.begin().await.unwrap();
        tx.append_event(change.id, &serde_json::json!({}), NOW).await.unwrap();
        drop(tx);
        assert!(!watch.has_changed().unwrap());
        let events = store.events_after(Scope::Tenant(w.tenant.id), change.id, 5).await.unwrap();
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [6, 7, 8]);
        let others = Scope::Tenant(TenantId::new(uuid()));
        assert!(store.events_after(others, change.id, 0).await.unwrap().is_empty());
        let mut tx = store.begin().await.unwrap();
        let missing = tx.append_event(ChangeId::new(uuid()), &serde_json::json!({}), NOW).await;
        assert!(matches!(missing, Err(StoreError::NotFound("change"))));
    })
    .await;
}

async fn lease_is_exclusive(stores: &[Store], w: &World) {
    let ttl = Duration::from_secs(60);
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..16 {
        let (store, router) = (stores[n % stores.len()].clone(), w.router.id);
        tasks.spawn(async move { store.acquire_lease(router, &format!("h{n}"), ttl).await.unwrap() });
    }
    let won: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let [lease] = &won[..] else { panic!("{won:?}") };
    assert_eq!((lease.epoch, &lease.previous), (1, &None));
    let store = stores.last().unwrap();
    assert!(store.renew_lease(lease, ttl).await.unwrap());
    let mut tx = store.begin().await.unwrap();
    assert!(tx.holds_lease(lease).await.unwrap());
    tx.commit().await.unwrap();

    // Given back: the next one knows that there is nothing to wait for.
    assert!(store.release_lease(lease).await.unwrap());
    assert!(!store.renew_lease(lease, ttl).await.unwrap());
    assert!(!store.release_lease(lease).await.unwrap());
    let brief = Duration::from_millis(40);
    let second = store.acquire_lease(w.router.id, "second", brief).await.unwrap().unwrap();
    assert_eq!((second.epoch, &second.previous), (2, &None));
    // Run out: the next one knows that somebody may still be there.
    assert_eq!(store.acquire_lease(w.router.id, "third", ttl).await.unwrap(), None);
    tokio::time::sleep(brief * 2).await;
    let third = store.acquire_lease(w.router.id, "third", ttl).await.unwrap().unwrap();
    assert_eq!((third.epoch, third.previous.as_deref()), (3, Some("second")));
    assert!(!store.renew_lease(&second, ttl).await.unwrap());
    let mut tx = store.begin().await.unwrap();
    assert!(!tx.holds_lease(&second).await.unwrap());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_router_has_one_lease_holder() {
    on_both(async |db: &Database| {
        let w = world(&db.store, "10.0.0.0/16").await;
        lease_is_exclusive(std::slice::from_ref(&db.store), &w).await;
    })
    .await;
    on_postgres(async |db: &Database| {
        let w = world(&db.store, "10.0.0.0/16").await;
        let stores = [db.store.clone(), db.open_again().await.unwrap()];
        lease_is_exclusive(&stores, &w).await;
        stores[1].close().await;
    })
    .await;
}
