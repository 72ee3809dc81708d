//! Waiting for the end of a change.

use std::time::Duration;

use axum::http::{Method, StatusCode};
use moxxie_engine::EngineConfig;
use serde_json::json;

use crate::support::{Server, order};

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
    let worker = tokio::spawn({
        let (engine, shutdown) = (server.engine.clone(), server.shutdown.clone());
        async move { engine.run(shutdown).await }
    });
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
