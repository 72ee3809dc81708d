//! Search and forecast.

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Server, order};

fn found(reply: &Value) -> Vec<String> {
    let items = reply["items"].as_array().unwrap().iter();
    items
        .map(|hit| format!("{}/{}", hit["type"].as_str().unwrap(), hit["foundBy"].as_str().unwrap()))
        .collect()
}

#[tokio::test]
async fn who_has_an_address() {
    let server = Server::start().await.with_site().await;
    let network = server.post("/api/v1/networks/allocate", order()).await;
    let ips = format!("{}/ips", network.header("location"));
    let network = network.json();
    let host = json!({"hostname": "web1", "mac": "02:00:5e:00:53:01"});
    let record = server.post(&format!("{ips}/next"), host).await.json();
    let address = record["address"].as_str().unwrap();

    let reply = server.get(&format!("/api/v1/search?q={address}")).await;
    assert_eq!(reply.status, StatusCode::OK, "{}", reply.body);
    assert_eq!(found(&reply.json()), ["address/address", "prefix/prefix"]);
    let hit = &reply.json()["items"][0];
    for (field, wanted) in [
        ("hostname", json!("web1")),
        ("clientId", json!("acme")),
        ("datacenter", json!("dc2")),
        ("networkId", network["networkId"].clone()),
        ("vlanId", network["vlanId"].clone()),
        ("serviceVlan", json!(1000)),
        ("pool", json!("dc2-main")),
        ("prefix", network["subnet"].clone()),
    ] {
        assert_eq!(hit[field], wanted, "{field} in {hit}");
    }
    assert_eq!(server.get(hit["link"].as_str().unwrap()).await.status, StatusCode::OK);
    let gateway =
        server.get(&format!("/api/v1/search?q={}", network["gateway"].as_str().unwrap())).await.json();
    assert_eq!(gateway["items"][0]["usage"], "gateway");

    let one = server.get("/api/v1/search?q=1000.100").await.json();
    assert_eq!(found(&one), ["network/vlan"]);
    assert_eq!(found(&server.get("/api/v1/search?q=1001.100").await.json()), [""; 0]);
    assert_eq!(found(&server.get("/api/v1/search?q=0200.5E00.5301").await.json()), ["address/mac"]);
    // Found as itself once, however it may be found.
    assert_eq!(
        found(&server.get("/api/v1/search?q=dc2").await.json()),
        ["datacenter/name", "pool/name", "network/name"]
    );
}

#[tokio::test]
async fn a_search_is_paged_to_its_end() {
    let server = Server::start().await.with_site().await;
    for _ in 0..3 {
        server.post("/api/v1/networks/allocate", order()).await;
    }
    let mut all = Vec::new();
    let mut path = "/api/v1/search?q=dc2&limit=2".to_owned();
    loop {
        let page = server.get(&path).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.body);
        let page = page.json();
        assert!(page["items"].as_array().unwrap().len() <= 2);
        all.extend(
            page["items"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()),
        );
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/v1/search?q=dc2&limit=2&cursor={cursor}");
    }
    let mut once = all.clone();
    once.sort();
    once.dedup();
    assert_eq!((once.len(), all.len()), (5, 5), "{all:?}");
}

#[tokio::test]
async fn what_cannot_be_looked_for_is_refused() {
    let server = Server::start().await;
    for (query, field) in [("q=", "q"), ("q=%20", "q"), ("q=a&cursor=x", "cursor"), ("q=a&limit=0", "limit")]
    {
        let problem = server.get(&format!("/api/v1/search?{query}")).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{query}");
    }
    assert_eq!(server.get("/api/v1/search").await.problem().status, 422);
}

#[tokio::test]
async fn a_pool_without_a_past_has_no_forecast() {
    let server = Server::start().await.with_site().await;
    let forecast = server.get("/api/v1/pools/dc2-main/forecast").await.json();
    assert_eq!((&forecast["outlook"], &forecast["samples"]), (&json!("too_little_data"), &json!(0)));
    assert_eq!(server.get("/api/v1/pools/none/forecast").await.problem().status, 404);
}
