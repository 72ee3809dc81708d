//! Two server processes on one PostgreSQL, many clients at once: conflicts are impossible.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod common;

use std::{collections::BTreeSet, fs, sync::Arc, time::Instant};

use common::{Server, moxxie};
use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::{JoinSet, block_in_place};

const ORDERS: usize = 50;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn fifty_orders_over_two_servers_never_meet() {
    let Ok(postgres) = std::env::var("MOXXIE_TEST_POSTGRES") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs MOXXIE_TEST_POSTGRES");
        eprintln!("MOXXIE_TEST_POSTGRES is not set: skipped");
        return;
    };
    let emulator = common::router("7.22").await;
    let before = emulator.snapshot();
    let home = tempfile::tempdir().unwrap();
    let database = common::new_database(&postgres, "two");
    let key = "5a".repeat(32);
    let start = |name: &str| {
        let directory = home.path().join(name);
        fs::create_dir(&directory).unwrap();
        fs::write(directory.join("moxxie.toml"), common::configuration(&emulator.addr().to_string()))
            .unwrap();
        let mut command = moxxie(&directory, &["serve", "--config", "moxxie.toml"]);
        command.env("MOXXIE_DATABASE", &database).env("MOXXIE_MASTER_KEY", &key);
        block_in_place(|| Server::start(command))
    };
    let mut first = start("first");
    let token = block_in_place(|| first.line_with("mxt_")).trim().to_owned();
    let second = start("second");
    let urls = Arc::new([first.url.clone(), second.url.clone()]);

    // Whole orders, and reservations that ask for the very same VLAN through both servers.
    let mut orders = JoinSet::new();
    for n in 0..ORDERS {
        let (urls, token) = (urls.clone(), token.clone());
        orders.spawn(async move {
            let begun = Instant::now();
            let body = json!({"clientId": "acme", "datacenter": "dc1", "size": "/24",
                "options": {"enableDHCP": true, "firewallProfile": "isolated"}});
            let answer =
                call(&urls[n % 2], &token, Method::POST, "networks/provision?wait=60", Some(body)).await;
            (answer, begun.elapsed())
        });
    }
    let mut same = JoinSet::new();
    for n in 0..20 {
        let (urls, token) = (urls.clone(), token.clone());
        same.spawn(async move {
            let body = json!({"clientId": "acme", "datacenter": "dc1", "size": "/26", "vlanId": 190});
            call(&urls[n % 2], &token, Method::POST, "networks/allocate", Some(body)).await
        });
    }
    let won = same.join_all().await.into_iter().filter(|(status, answer)| {
        assert!(*status == 201 || *status == 409, "{status}: {answer}");
        *status == 201
    });
    assert_eq!(won.count(), 1, "one of twenty gets VLAN 190");

    let (mut vlans, mut subnets, mut ids) = (BTreeSet::new(), BTreeSet::new(), Vec::new());
    let mut slowest = 0.0_f64;
    while let Some(done) = orders.join_next().await {
        let ((status, network), took) = done.unwrap();
        assert_eq!(status, 201, "{network}");
        assert!(vlans.insert(network["vlanId"].to_string()), "{network}");
        assert!(subnets.insert(network["subnet"].to_string()), "{network}");
        ids.push(network["networkId"].as_str().unwrap().to_owned());
        slowest = slowest.max(took.as_secs_f64());
    }
    println!("{ORDERS} orders over two servers, the slowest after {slowest:.1} s");
    assert_eq!(emulator.rows("/ip/dhcp-server").len(), ORDERS);

    let mut removals = JoinSet::new();
    for (n, id) in ids.into_iter().enumerate() {
        let (urls, token) = (urls.clone(), token.clone());
        removals.spawn(async move {
            call(&urls[n % 2], &token, Method::DELETE, &format!("networks/{id}?wait=60"), None).await
        });
    }
    for (status, change) in removals.join_all().await {
        assert_eq!((status, &change["state"]), (200, &json!("applied")), "{change}");
    }
    let now = emulator.snapshot();
    assert_eq!(now, before, "{}", before.diff(&now));
    let (_, audit) = call(&urls[0], &token, Method::GET, "audit/verify", None).await;
    assert_eq!(audit["intact"], true, "{audit}");
    assert!(audit["chains"].as_u64().unwrap() >= 2, "{audit}");
    for server in [first, second] {
        let (code, log) = block_in_place(|| server.stop("TERM"));
        assert_eq!(code, Some(0), "{log}");
    }
    emulator.shutdown().await;
}

async fn call(url: &str, token: &str, method: Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = common::http().request(method, format!("{url}/api/v1/{path}")).bearer_auth(token);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.unwrap();
    let status = answer.status().as_u16();
    (status, answer.json().await.unwrap_or(Value::Null))
}
