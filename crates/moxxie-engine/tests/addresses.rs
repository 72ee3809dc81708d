//! Addresses: many at once, all or none, holds and quarantine, and somebody who writes behind our back.

#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod lab;

use std::{collections::BTreeSet, time::Duration};

use futures::future::join_all;
use lab::{Database, Lab, dot1q};
use moxxie_api::{
    address::{Address, AddressBulkRequest, AddressQuery, AddressRequest, AddressUpdate},
    network::{Network, NetworkRequest},
    range::RangeRequest,
};
use moxxie_core::{
    NetworkId,
    address::{AddressKind, AddressStatus},
    free_range::RangeChanges,
    identity::Scope,
};
use moxxie_engine::{Context, Engine, EngineConfig, Error, Idempotency, clock::Ambient};
use moxxie_store::{Address as Record, AuditDraft, Batch, MasterKey, SpaceStep, Store, StoreConfig, Written};

fn me() -> Context {
    Context::system()
}

fn code(error: &Error) -> &'static str {
    match error {
        Error::Conflict { code, .. } => code,
        Error::Invalid(_) => "invalid",
        other => panic!("{other:?}"),
    }
}

/// A laboratory with an allocated network of this size.
async fn place(database: Database, size: &str) -> (Lab, Network) {
    let lab = Lab::new(database).site("dc1", dot1q()).start().await;
    let order: NetworkRequest =
        serde_json::from_value(serde_json::json!({"clientId": "acme", "datacenter": "dc1", "size": size}))
            .unwrap();
    let network = lab.engine.allocate(&me(), order).await.unwrap();
    (lab, network)
}

async fn next(engine: &Engine, network: &Network) -> Result<Address, Error> {
    engine.create_address(&me(), &network.network_id, AddressRequest::default()).await
}

async fn given(lab: &Lab, network: &Network, address: &str) -> Result<Address, Error> {
    let request = AddressRequest { address: Some(address.into()), ..AddressRequest::default() };
    lab.engine.create_address(&me(), &network.network_id, request).await
}

async fn release(lab: &Lab, network: &Network, address: &str) -> Result<(), Error> {
    lab.engine.delete_address(&me(), &network.network_id, address, false).await
}

/// The recorded addresses, with their status.
async fn recorded(lab: &Lab, network: &Network) -> Vec<(String, String)> {
    let all = lab.engine.addresses(&me(), &network.network_id, AddressQuery::default()).await.unwrap();
    let hosts = all.items.into_iter().filter(|address| address.created_at.is_some());
    hosts.map(|address| (address.address, address.status)).collect()
}

/// Waits until nothing is recorded any more.
async fn until_empty(lab: &Lab, network: &Network) {
    for _ in 0..600 {
        if recorded(lab, network).await.is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never: {:?}", recorded(lab, network).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn many_at_once_get_one_each_and_what_is_released_comes_back_first() {
    for database in Database::all() {
        let (lab, network) = place(database, "/24").await;
        let got = join_all((0..60).map(|_| next(&lab.engine, &network))).await;
        let got: BTreeSet<String> = got.into_iter().map(|address| address.unwrap().address).collect();
        let expected: BTreeSet<String> = (4..64).map(|n| format!("172.16.0.{n}")).collect();
        assert_eq!(got, expected);
        release(&lab, &network, "172.16.0.9").await.unwrap();
        release(&lab, &network, "172.16.0.9").await.unwrap();
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, "172.16.0.9");
        assert_eq!(code(&given(&lab, &network, "172.16.0.9").await.unwrap_err()), "address_taken");
        assert_eq!(code(&release(&lab, &network, "172.16.0.1").await.unwrap_err()), "in_use");
        // Under one key it is done once, also at the same time.
        let key = Idempotency { key: "k".into(), route: "POST /x".into(), body_hash: "h".into() };
        let context = Context { idempotency: Some(key), ..me() };
        let ask = || lab.engine.create_address(&context, &network.network_id, AddressRequest::default());
        let same = join_all([ask(), ask(), ask()]).await;
        let same: BTreeSet<String> = same.into_iter().map(|address| address.unwrap().address).collect();
        assert_eq!(same, BTreeSet::from(["172.16.0.64".to_owned()]));
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_are_recorded_or_none_and_every_obstacle_is_named() {
    for database in Database::all() {
        let (lab, network) = place(database, "/24").await;
        given(&lab, &network, "172.16.0.20").await.unwrap();
        let item = |address: Option<&str>| AddressRequest {
            address: address.map(str::to_owned),
            ..AddressRequest::default()
        };
        let ask = async |items: Vec<AddressRequest>| {
            lab.engine.create_addresses(&me(), &network.network_id, AddressBulkRequest { items }).await
        };
        let refused =
            ask(vec![item(None), item(Some("172.16.0.20")), item(Some("172.16.0.21"))]).await.unwrap_err();
        let Error::Conflict { code: "address_taken", context: Some(context), .. } = &refused else {
            panic!("{refused:?}")
        };
        assert_eq!(context["errors"][0]["field"], "items[1].address", "{context}");
        let refused =
            ask(vec![item(Some("172.16.0.1")), item(None), item(Some("10.0.0.1"))]).await.unwrap_err();
        let Error::Invalid(errors) = &refused else { panic!("{refused:?}") };
        let fields: Vec<_> = errors.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["items[0].address", "items[2].address"]);
        assert_eq!(recorded(&lab, &network).await.len(), 1);
        // Named ones first: the next ones go around them.
        let done = ask(vec![item(None), item(Some("172.16.0.4")), item(None)]).await.unwrap();
        let done: Vec<_> = done.items.into_iter().map(|address| address.address).collect();
        assert_eq!(done, ["172.16.0.5", "172.16.0.4", "172.16.0.6"]);
        // One more than there are left: none is taken.
        let left = 251 - 4;
        assert_eq!(code(&ask(vec![item(None); left + 1]).await.unwrap_err()), "exhausted");
        assert_eq!(ask(vec![item(None); left]).await.unwrap().items.len(), left);
        assert_eq!(code(&next(&lab.engine, &network).await.unwrap_err()), "exhausted");
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn ranges_say_who_gets_what() {
    for database in Database::all() {
        let (lab, network) = place(database, "/24").await;
        let range = async |kind: &str, first: u8, last: u8| {
            let request = RangeRequest {
                kind: kind.into(),
                first: format!("172.16.0.{first}"),
                last: format!("172.16.0.{last}"),
                description: String::new(),
            };
            lab.engine.create_range(&me(), &network.network_id, request).await
        };
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, "172.16.0.4");
        let kept = range("static", 50, 60).await.unwrap();
        range("reserved", 10, 19).await.unwrap();
        range("excluded", 50, 51).await.unwrap_err();
        range("excluded", 30, 31).await.unwrap();
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, "172.16.0.50");
        given(&lab, &network, "172.16.0.12").await.unwrap();
        assert_eq!(code(&given(&lab, &network, "172.16.0.12").await.unwrap_err()), "address_taken");
        assert_eq!(code(&given(&lab, &network, "172.16.0.30").await.unwrap_err()), "invalid");
        assert_eq!(code(&range("excluded", 4, 9).await.unwrap_err()), "in_use");
        assert_eq!(code(&range("dhcp", 100, 120).await.unwrap_err()), "invalid");
        lab.engine.delete_range(&me(), &network.network_id, &kept.id).await.unwrap();
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, "172.16.0.5");
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hold_lapses_by_itself_unless_it_is_kept() {
    for database in Database::all() {
        let (lab, network) = place(database, "/24").await;
        let hold = async |seconds| {
            let request = AddressRequest { hold_seconds: Some(seconds), ..AddressRequest::default() };
            lab.engine.create_address(&me(), &network.network_id, request).await.unwrap()
        };
        let held = hold(3600).await;
        assert_eq!((held.status.as_str(), held.expires_at.is_some()), ("held", true));
        let keep = AddressUpdate {
            status: Some("assigned".into()),
            hostname: Some(Some("db".into())),
            ..AddressUpdate::default()
        };
        let kept = lab.engine.update_address(&me(), &network.network_id, &held.address, keep).await.unwrap();
        assert_eq!(
            (kept.status.as_str(), kept.expires_at, kept.hostname.as_deref()),
            ("assigned", None, Some("db"))
        );
        release(&lab, &network, &held.address).await.unwrap();
        hold(1).await;
        until_empty(&lab, &network).await;
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, held.address);
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

/// Records an address without a word to the index of free ranges, as somebody with a program of their own does.
async fn behind_our_back(store: &Store, network: &Network, address: &str) {
    let id: NetworkId = network.network_id.parse().unwrap();
    let known = store.network(Scope::All, id).await.unwrap().unwrap();
    let prefix = store.prefixes_of_network(Scope::All, id).await.unwrap().remove(0);
    let ambient = Ambient::system();
    let now = ambient.now();
    let record = Record {
        id: moxxie_core::AddressId::new(ambient.uuid()),
        prefix_id: prefix.id,
        network_id: id,
        tenant_id: known.tenant_id,
        vrf_id: prefix.vrf_id,
        address: address.parse().unwrap(),
        status: AddressStatus::Assigned,
        expires_at: None,
        kind: AddressKind::Vm,
        hostname: None,
        mac: None,
        vm_id: None,
        owner: None,
        tags: Default::default(),
        since: now,
        created_at: now,
    };
    let space = prefix.id.to_string();
    let version = store.space(&space).await.unwrap().unwrap().version;
    let event = AuditDraft {
        id: moxxie_core::EventId::new(ambient.uuid()),
        at: now,
        actor: "somebody".into(),
        source: "elsewhere".into(),
        action: "address.create".into(),
        object: record.id.to_string(),
        tenant_id: None,
        outcome: "succeeded".into(),
        detail: serde_json::json!({}),
    };
    let batch = Batch {
        now,
        spaces: vec![SpaceStep { id: space, version, changes: RangeChanges::default(), low: None }],
        taken: vec![record],
        released: Vec::new(),
        turned: Vec::new(),
        events: vec![event],
        answers: Vec::new(),
    };
    assert_eq!(store.write_batch(&batch).await.unwrap(), Written::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_records_and_removes_is_found() {
    for database in Database::all() {
        let (lab, network) = place(database, "/28").await;
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, "172.16.0.4");
        for host in [5, 6, 8] {
            behind_our_back(&lab.store, &network, &format!("172.16.0.{host}")).await;
        }
        assert_eq!(next(&lab.engine, &network).await.unwrap().address, "172.16.0.7");
        assert_eq!(code(&given(&lab, &network, "172.16.0.8").await.unwrap_err()), "address_taken");
        for host in 9..15 {
            assert_eq!(next(&lab.engine, &network).await.unwrap().address, format!("172.16.0.{host}"));
        }
        let full = next(&lab.engine, &network).await.unwrap_err();
        assert!(code(&full) == "exhausted" && full.to_string().contains("172.16.0.0/28"), "{full}");
        let id = network.network_id.parse().unwrap();
        let mut tx = lab.store.begin().await.unwrap();
        let now = Ambient::system().now();
        tx.delete_address(Scope::All, id, "172.16.0.11".parse().unwrap(), now).await.unwrap();
        tx.commit().await.unwrap();
        // "Full" is believed for a moment.
        for _ in 0..200 {
            match next(&lab.engine, &network).await {
                Ok(address) => {
                    assert_eq!(address.address, "172.16.0.11");
                    break;
                }
                Err(error) => assert_eq!(code(&error), "exhausted"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(recorded(&lab, &network).await.len(), 11);
        lab.assert_audit_intact().await;
        lab.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_give_out_of_one_network() {
    if !Database::all().contains(&Database::Postgres) {
        return;
    }
    let (lab, network) = place(Database::Postgres, "/22").await;
    let ambient = Ambient::system();
    let config = StoreConfig::new(lab.url.clone(), MasterKey::new([7; 32]), ambient.now());
    let store = Store::open(config).await.unwrap();
    let other = Engine::new(store.clone(), ambient, EngineConfig::default());
    let got = join_all((0..300).map(|n| {
        let engine = if n % 2 == 0 { &lab.engine } else { &other };
        next(engine, &network)
    }))
    .await;
    let got: BTreeSet<String> = got.into_iter().map(|address| address.unwrap().address).collect();
    assert_eq!(got.len(), 300, "an address was given out twice");
    let id: NetworkId = network.network_id.parse().unwrap();
    assert_eq!(store.count_addresses(Scope::All, id).await.unwrap(), 300);
    // Nothing was left out: the next one follows.
    assert_eq!(next(&other, &network).await.unwrap().address, "172.16.1.48");
    lab.assert_audit_intact().await;
    store.close().await;
    lab.stop().await;
}
