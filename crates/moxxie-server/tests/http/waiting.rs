//! Waiting for the end of a change.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use moxxie_engine::{EngineConfig, Error};
use routeros_emulator::Emulator;
use serde_json::json;
use tokio::task::JoinHandle;

use crate::support::{Server, order, request};

fn work(server: &Server) -> JoinHandle<Result<(), Error>> {
    let (engine, shutdown) = (server.engine.clone(), server.shutdown.clone());
    tokio::spawn(async move { engine.run(shutdown).await })
}

async fn router(with_anchor: bool) -> Emulator {
    let router = Emulator::builder()
        .version("7.20")
        .unwrap()
        .user("moxxie", "planted-secret-4711")
        .ethernet(4)
        .bind("127.0.0.1:0")
        .start()
        .await
        .unwrap();
    for chain in ["forward", "input"].into_iter().filter(|_| with_anchor) {
        let anchor = [("chain", chain), ("action", "passthrough"), ("comment", "moxxie-anchor")];
        router.add_row("/ip/firewall/filter", &anchor).unwrap();
    }
    router
}

/// The contract with those who order networks (design, section 6).
#[tokio::test]
async fn a_network_is_ordered_and_removed() {
    let router = router(true).await;
    let before = router.snapshot();
    let server = Server::start().await.with_site().await.with_router(&router.addr().to_string()).await;
    let worker = work(&server);

    let plan = server.post("/api/v1/networks/provision?dryRun=true", order()).await;
    assert_eq!(plan.status, StatusCode::OK, "{}", plan.body);
    assert!(!plan.json()["routers"][0]["commands"].as_array().unwrap().is_empty());
    assert_eq!(router.snapshot(), before, "asking does nothing");

    let made = server.post("/api/v1/networks/provision?wait=30", order()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let network = made.json();
    assert!(network["networkId"].as_str().unwrap().starts_with("net-"));
    assert!((100..=2000).contains(&network["vlanId"].as_u64().unwrap()));
    assert_eq!(network["datacenter"], "dc2");
    assert_eq!((&network["qinq"], &network["serviceVlan"]), (&json!(true), &json!(1000)));
    assert_eq!(network["status"], "provisioned");
    let steps = network["provisioningSteps"].as_array().unwrap();
    let done = |name: &str| {
        steps.iter().any(|step| {
            step["step"] == name && step["status"] == "completed" && step["timestamp"].is_string()
        })
    };
    for name in [
        "ipam_allocation",
        "router_vlan_creation",
        "router_configuration",
        "firewall_rules",
        "dhcp_configuration",
        "verification",
    ] {
        assert!(done(name), "{name}: {steps:?}");
    }
    let (subnet, range) = (network["subnet"].as_str().unwrap(), network["dhcpRange"].as_str().unwrap());
    let net = subnet.strip_suffix(".0/24").unwrap();
    assert_eq!(range, format!("{net}.100-{net}.200"));
    assert!(network["gateway"].as_str().unwrap().starts_with(net));

    let path = made.header("location");
    let again = server.admin(Method::POST, &format!("{path}/provision?wait=30"), None).await;
    assert_eq!(again.status, StatusCode::OK, "there already: {}", again.body);
    let plan = server.admin(Method::DELETE, &format!("{path}?dryRun=true"), None).await;
    assert_eq!(plan.status, StatusCode::OK, "{}", plan.body);
    let gone = server.admin(Method::DELETE, &format!("{path}?wait=30"), None).await;
    assert_eq!(gone.status, StatusCode::OK, "{}", gone.body);
    assert_eq!((&gone.json()["kind"], &gone.json()["state"]), (&json!("deprovision"), &json!("applied")));
    assert_eq!(router.snapshot(), before);

    server.shutdown.cancel();
    worker.await.unwrap().unwrap();
}

#[tokio::test]
async fn what_a_router_does_not_allow_is_409_with_the_change() {
    let router = router(false).await;
    let server = Server::start().await.with_site().await.with_router(&router.addr().to_string()).await;
    let worker = work(&server);
    let reply = server.post("/api/v1/networks/provision?wait=30", order()).await;
    let problem = reply.problem();
    assert_eq!((problem.status, problem.code.as_str()), (409, "no_anchor"), "{}", reply.body);
    assert!(problem.change_id.is_some_and(|id| id.starts_with("chg-")));
    let reply = server.post("/api/v1/networks/provision?dryRun=true", order()).await;
    assert_eq!(reply.problem().code, "no_anchor");
    server.shutdown.cancel();
    worker.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_router_that_never_answers_is_503_and_releases_the_reservation() {
    let config = EngineConfig {
        change_deadline: Duration::from_secs(1),
        max_backoff: Duration::from_millis(100),
        scan_interval: Duration::from_millis(100),
        connect_deadline: Duration::from_millis(500),
        ..EngineConfig::default()
    };
    let server = Server::start_with(config).await.with_site().await.with_router("127.0.0.1:1").await;
    let worker = work(&server);
    let reply = server.post("/api/v1/networks/provision?wait=30", order()).await;
    let problem = reply.problem();
    assert_eq!((problem.status, problem.code.as_str()), (503, "router_unreachable"), "{}", reply.body);
    assert!(!reply.header("retry-after").is_empty());
    let change = problem.change_id.unwrap();
    let change = server.get(&format!("/api/v1/changes/{change}")).await.json();
    assert_eq!(change["finished"], json!(true), "{change}");
    let left = server.get("/api/v1/datacenters/dc2/available-resources").await.json();
    assert_eq!(left["vlansFree"], left["vlansTotal"]);
    server.shutdown.cancel();
    worker.await.unwrap().unwrap();
}

#[tokio::test]
async fn the_end_of_the_wait_is_202_and_stopping_cuts_it_short() {
    let server = Server::start().await.with_site().await.with_router("127.0.0.1:1").await;
    // No worker runs, so this goes on for ever.
    let reply = server.post("/api/v1/networks/provision?wait=1", order()).await;
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.body);
    let network = reply.json()["networkId"].as_str().unwrap().to_owned();
    let shutdown = server.shutdown.clone();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(200)).await;
        shutdown.cancel();
    });
    let path = format!("/api/v1/networks/{network}/provision?wait=120");
    let waiting = server.admin(Method::POST, &path, None);
    let reply = tokio::time::timeout(Duration::from_secs(10), waiting).await.unwrap();
    assert_eq!(reply.status, StatusCode::ACCEPTED, "{}", reply.body);
}

/// A key outlives what was made under it.
#[tokio::test]
async fn a_repeated_order_whose_network_is_gone_shows_its_change() {
    let router = router(true).await;
    let server = Server::start().await.with_site().await.with_router(&router.addr().to_string()).await;
    let worker = work(&server);
    let send = async || {
        let path = "/api/v1/networks/provision?wait=30";
        let mut request = request(Method::POST, path, Some(&server.operator), Some(order()));
        request.headers_mut().insert("idempotency-key", "order-9".parse().unwrap());
        server.send(request).await
    };
    let made = send().await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(send().await.json()["networkId"], made.json()["networkId"]);
    let removed = server.admin(Method::DELETE, &format!("{}?wait=30", made.header("location")), None).await;
    assert_eq!(removed.status, StatusCode::OK, "{}", removed.body);
    let again = send().await;
    assert_eq!((again.status, &again.json()["state"]), (StatusCode::ACCEPTED, &json!("applied")));
    server.shutdown.cancel();
    worker.await.unwrap().unwrap();
}
