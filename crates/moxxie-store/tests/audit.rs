//! The audit trail is append-only, and tampering shows.
#![allow(clippy::unwrap_used, reason = "a test ends where it fails")]

mod common;

use common::{Database, NOW, draft, on_both, on_postgres, uuid};
use moxxie_core::{TenantId, audit::ChainError, identity::Scope};
use moxxie_store::{AuditDraft, AuditFilter, AuditProblem, Dialect, Page, Store};

async fn write(store: &Store, count: usize) {
    let mut tx = store.begin().await.unwrap();
    for n in 0..count {
        tx.audit(draft(&format!("site.create{n}")));
    }
    tx.commit().await.unwrap();
}

async fn problems(store: &Store) -> Vec<AuditProblem> {
    store.verify_audit().await.unwrap().problems
}

/// What somebody with all rights in the database would do first.
async fn without_triggers(db: &Database, sql: &str) {
    let (off, on) = match db.dialect {
        Dialect::Sqlite => (
            "DROP TRIGGER audit_event_update; DROP TRIGGER audit_event_delete;
             DROP TRIGGER audit_checkpoint_update; DROP TRIGGER audit_checkpoint_delete;",
            "CREATE TRIGGER audit_event_update BEFORE UPDATE ON audit_event BEGIN SELECT RAISE(ABORT, 'x'); END;
             CREATE TRIGGER audit_event_delete BEFORE DELETE ON audit_event BEGIN SELECT RAISE(ABORT, 'x'); END;
             CREATE TRIGGER audit_checkpoint_update BEFORE UPDATE ON audit_checkpoint
                 BEGIN SELECT RAISE(ABORT, 'x'); END;
             CREATE TRIGGER audit_checkpoint_delete BEFORE DELETE ON audit_checkpoint
                 BEGIN SELECT RAISE(ABORT, 'x'); END;",
        ),
        Dialect::Postgres => (
            "ALTER TABLE audit_event DISABLE TRIGGER USER; ALTER TABLE audit_checkpoint DISABLE TRIGGER USER;",
            "ALTER TABLE audit_event ENABLE TRIGGER USER; ALTER TABLE audit_checkpoint ENABLE TRIGGER USER;",
        ),
    };
    db.raw(&format!("{off} {sql}; {on}")).await.unwrap();
}

#[tokio::test]
async fn an_untouched_trail_holds_and_is_listed() {
    on_both(async |db| {
        let store = &db.store;
        write(store, 3).await;
        // What is rolled back leaves nothing, not even a gap.
        let mut tx = store.begin().await.unwrap();
        tx.audit(draft("lost"));
        drop(tx);
        let tenant = TenantId::new(uuid());
        let mut tx = store.begin().await.unwrap();
        tx.audit(AuditDraft { tenant_id: Some(tenant), actor: "ci".into(), ..draft("network.provision") });
        tx.commit().await.unwrap();

        let report = store.verify_audit().await.unwrap();
        assert_eq!((report.events, report.chains, report.checkpoints), (4, 1, 0));
        assert_eq!(report.problems, []);
        let newest = store.audit_events(Scope::All, &AuditFilter::default(), &Page::first(1)).await.unwrap();
        assert_eq!((newest.items[0].seq, newest.items[0].actor.as_str()), (4, "ci"));
        let rest = Page { after: newest.next, limit: 9 };
        let rest = store.audit_events(Scope::All, &AuditFilter::default(), &rest).await.unwrap();
        assert_eq!(rest.items.iter().map(|event| event.seq).collect::<Vec<_>>(), [3, 2, 1]);
        let export = store.audit_export(Scope::All, &AuditFilter::default(), &Page::first(2)).await.unwrap();
        assert_eq!(export.items.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
        let mine = store.audit_events(Scope::Tenant(tenant), &AuditFilter::default(), &Page::default()).await;
        assert_eq!(mine.unwrap().items.len(), 1);
        let filter = AuditFilter {
            actor: Some("root".into()),
            action: Some("site.create1".into()),
            object: Some("site-1".into()),
            outcome: Some("succeeded".into()),
            since: Some(NOW),
            until: None,
        };
        let found = store.audit_events(Scope::All, &filter, &Page::default()).await.unwrap().items;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].detail, draft("x").detail);
        let until = AuditFilter { until: Some(NOW), ..filter };
        assert!(store.audit_events(Scope::All, &until, &Page::default()).await.unwrap().items.is_empty());
    })
    .await;
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_events() {
    on_both(async |db| {
        write(&db.store, 2).await;
        db.store.checkpoint_audit(NOW).await.unwrap();
        let mut attempts = vec![
            "UPDATE audit_event SET actor = 'x'",
            "DELETE FROM audit_event",
            "UPDATE audit_checkpoint SET heads = ''",
            "DELETE FROM audit_checkpoint",
        ];
        if db.dialect == Dialect::Postgres {
            attempts.extend(["TRUNCATE audit_event", "TRUNCATE audit_checkpoint"]);
        } else {
            attempts.push("REPLACE INTO audit_checkpoint VALUES (1, 0, '', X'00')");
            attempts.push(
                "REPLACE INTO audit_event SELECT 99, 'x', writer, seq, at, 'x', source, action, object,
                 tenant_id, outcome, detail, previous, hash FROM audit_event WHERE seq = 1",
            );
        }
        for sql in attempts {
            let refused = db.raw(sql).await;
            let error = refused.err().map(|error| error.to_string()).unwrap_or_default();
            assert!(error.contains("append_only"), "{sql}: {error}");
        }
        assert_eq!(problems(&db.store).await, []);
    })
    .await;
}

#[tokio::test]
async fn altered_removed_and_cut_off_events_show() {
    on_both(async |db| {
        write(&db.store, 5).await;
        without_triggers(db, "UPDATE audit_event SET actor = 'somebody' WHERE seq = 2").await;
        let found = problems(&db.store).await;
        assert!(matches!(found[..], [AuditProblem::Chain(ChainError::Altered { seq: 2, .. })]), "{found:?}");
    })
    .await;
    on_both(async |db| {
        write(&db.store, 5).await;
        without_triggers(db, "DELETE FROM audit_event WHERE seq = 2").await;
        let found = problems(&db.store).await;
        let gap = matches!(found[..], [AuditProblem::Chain(ChainError::Gap { expected: 2, found: 3, .. })]);
        assert!(gap, "{found:?}");
    })
    .await;
    on_both(async |db| {
        write(&db.store, 5).await;
        without_triggers(db, "DELETE FROM audit_event WHERE seq > 3").await;
        let found = problems(&db.store).await;
        assert!(matches!(found[..], [AuditProblem::Head { found: 3, head: 5, .. }]), "{found:?}");
        without_triggers(db, "DELETE FROM audit_event").await;
        let found = problems(&db.store).await;
        assert!(matches!(found[..], [AuditProblem::Head { found: 0, head: 5, .. }]), "{found:?}");
    })
    .await;
}

#[tokio::test]
async fn checkpoints_catch_who_also_forges_the_heads() {
    on_both(async |db| {
        let store = &db.store;
        assert_eq!(store.checkpoint_audit(NOW).await.unwrap(), None);
        write(store, 3).await;
        assert_eq!(store.checkpoint_audit(NOW).await.unwrap(), Some(1));
        assert_eq!(store.checkpoint_audit(NOW).await.unwrap(), None);
        write(store, 2).await;
        assert_eq!(store.checkpoint_audit(NOW).await.unwrap(), Some(2));
        let report = store.verify_audit().await.unwrap();
        assert_eq!((report.checkpoints, report.problems), (2, vec![]));

        // The whole chain and its head are gone: only the checkpoints know.
        without_triggers(db, "DELETE FROM audit_event; DELETE FROM audit_head").await;
        let found = problems(store).await;
        assert!(matches!(found[0], AuditProblem::Checkpoint { seq: 1, event: 3, .. }), "{found:?}");
        assert!(matches!(found[1], AuditProblem::Checkpoint { seq: 2, event: 5, .. }), "{found:?}");
        without_triggers(db, "UPDATE audit_checkpoint SET heads = '{}' WHERE seq = 1").await;
        let found = problems(store).await;
        assert_eq!(found[0], AuditProblem::Signature { seq: 1 });
        without_triggers(db, "DELETE FROM audit_checkpoint WHERE seq = 1").await;
        let found = problems(store).await;
        assert_eq!(found[0], AuditProblem::MissingCheckpoint { seq: 1 });
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_writers_and_instances_keep_their_chains() {
    async fn many(stores: &[Store]) {
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..24 {
            let store = stores[n % stores.len()].clone();
            tasks.spawn(async move { write(&store, 3).await });
        }
        // A verification meanwhile sees one moment, not half of two.
        for _ in 0..5 {
            assert_eq!(problems(&stores[0]).await, []);
            stores[0].checkpoint_audit(NOW).await.unwrap();
        }
        tasks.join_all().await;
        let report = stores[0].verify_audit().await.unwrap();
        assert_eq!((report.events, report.chains, report.problems), (72, stores.len() as u64, vec![]));
    }
    on_both(async |db| many(std::slice::from_ref(&db.store)).await).await;
    on_postgres(async |db| {
        let stores = [db.store.clone(), db.open_again().await.unwrap()];
        many(&stores).await;
        stores[1].close().await;
    })
    .await;
}
