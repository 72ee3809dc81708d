//! `?at=` and `?label=`.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, order, request};

async fn items(server: &Server, path: &str) -> Vec<Value> {
    let reply = server.get(path).await;
    assert_eq!(reply.status, StatusCode::OK, "{path}: {}", reply.body);
    reply.json()["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_was_released_is_there_at_the_time_before() {
    let server = Server::start().await.with_site().await;
    let labels = json!({"app": "web"});
    let prefix = json!({"size": "/28", "pool": "dc2-main", "labels": labels});
    let prefix = server.post("/api/v1/prefixes", prefix).await.json()["prefixes"][0].clone();
    let vlans = "/api/v1/datacenters/dc2/vlans";
    let vlan = server.post(vlans, json!({"labels": labels})).await.json();
    let mut network = order();
    network["labels"] = labels.clone();
    server.post("/api/v1/networks/allocate", network).await;
    let id = prefix["id"].as_str().unwrap();
    let vid = vlan["vlanId"].to_string();

    for (list, wanted) in [("/api/v1/prefixes", 1), (vlans, 1), ("/api/v1/networks", 1)] {
        for label in ["app=web", "app"] {
            assert_eq!(
                items(&server, &format!("{list}?label={label}")).await.len(),
                wanted,
                "{list} {label}"
            );
        }
        assert_eq!(items(&server, &format!("{list}?label=app=db")).await, [json!(null); 0], "{list}");
        let problem = server.get(&format!("{list}?label==x")).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "label"), "{list}");
    }

    // Since when it is so is a time at which it is so.
    let at = vlan["since"].as_str().unwrap().to_owned();
    for path in [format!("/api/v1/prefixes/{id}"), format!("{vlans}/{vid}")] {
        let gone = server.send(request(Method::DELETE, &path, Some(&server.operator), None)).await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT, "{}", gone.body);
    }
    assert_eq!(server.get(&format!("/api/v1/prefixes/{id}")).await.status, StatusCode::NOT_FOUND);
    assert_eq!(server.get(&format!("/api/v1/prefixes/{id}?at={at}")).await.json(), prefix);
    assert_eq!(server.get(&format!("{vlans}/{vid}?at={at}")).await.json(), vlan);
    assert_eq!(items(&server, &format!("/api/v1/prefixes?label=app&at={at}")).await, [prefix]);
    assert_eq!(items(&server, &format!("{vlans}?at={at}")).await, [vlan]);
    let pool = server.get(&format!("/api/v1/pools/dc2-main?at={at}")).await.json();
    assert_eq!((&pool["usage"]["prefixes"], &pool["usage"]["assigned"]), (&json!(1), &json!(1)));

    for path in ["prefixes", "pools", "containers", "vrfs", "asns", "asn-ranges", "datacenters/dc2/vlans"] {
        let problem = server.get(&format!("/api/v1/{path}?at=yesterday")).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "at"), "{path}");
        let problem = server.get(&format!("/api/v1/{path}?at=2999-01-01T00:00:00Z")).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "at"), "{path}");
    }
    for path in ["prefixes", "pools", "containers", "asns", "asn-ranges"] {
        let then = items(&server, &format!("/api/v1/{path}?at=2020-01-01T00:00:00Z")).await;
        assert_eq!(then, [json!(null); 0], "{path}");
    }
}
