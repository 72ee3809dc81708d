//! Several networks by one request.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Reply, Server, order, request};

async fn send(server: &Server, method: Method, path: &str, body: &Value, key: Option<&str>) -> Reply {
    let mut request = request(method, &format!("/api/v1/{path}"), Some(&server.operator), Some(body.clone()));
    if let Some(key) = key {
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    }
    server.send(request).await
}

fn two() -> Value {
    json!({"items": [order(), order()]})
}

#[tokio::test]
async fn an_order_of_two_is_one_change_under_its_key() {
    let server = Server::start().await.with_site().await;
    let refused = send(&server, Method::POST, "networks/bulk", &two(), None).await.problem();
    assert_eq!((refused.status, refused.code.as_str()), (409, "no_router"));

    let server = server.with_router("127.0.0.1:1").await;
    let first = send(&server, Method::POST, "networks/bulk", &two(), Some("k")).await;
    assert_eq!(first.status, StatusCode::ACCEPTED, "{}", first.body);
    let change = first.json();
    assert_eq!((&change["kind"], &change["networkId"]), (&json!("provision"), &Value::Null));
    assert_eq!(
        first.header(header::LOCATION.as_str()),
        format!("/api/v1/changes/{}", change["changeId"].as_str().unwrap())
    );
    let again = send(&server, Method::POST, "networks/bulk", &two(), Some("k")).await;
    assert_eq!(again.json()["changeId"], change["changeId"]);
    let made =
        server.get(&format!("/api/v1/changes/{}/networks", change["changeId"].as_str().unwrap())).await;
    assert_eq!(made.json().as_array().unwrap().len(), 2, "{}", made.body);
    assert_eq!(server.get("/api/v1/networks").await.json()["items"].as_array().unwrap().len(), 2);

    // They are busy: what chooses them is refused whole, and names the change.
    for (method, path, body) in [
        (Method::PATCH, "networks", json!({"select": {"all": true}, "options": {"enableDHCP": true}})),
        (Method::POST, "networks/deprovision", json!({"select": {"all": true}})),
    ] {
        let problem = send(&server, method, path, &body, None).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (409, "change_open"), "{path}");
        assert!(problem.detail.contains(change["changeId"].as_str().unwrap()), "{}", problem.detail);
    }
}

#[tokio::test]
async fn networks_on_no_router_are_changed_at_once_and_together() {
    let server = Server::start().await.with_site().await;
    for _ in 0..3 {
        let made = server.post("/api/v1/networks/allocate", order()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    }
    let update = json!({"select": {"clientId": "acme"}, "options": {"firewallProfile": "open"}});
    let done = send(&server, Method::PATCH, "networks", &update, Some("k")).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(
        (&done.json()["change"], done.json()["modified"].as_array().unwrap().len()),
        (&Value::Null, 3)
    );
    assert_eq!(send(&server, Method::PATCH, "networks", &update, Some("k")).await.body, done.body);
    let all = server.get("/api/v1/networks").await.json();
    for network in all["items"].as_array().unwrap() {
        assert_eq!(network["options"]["firewallProfile"], "open");
    }
}

#[tokio::test]
async fn what_chooses_nothing_or_is_no_choice_is_refused() {
    let server = Server::start().await.with_site().await;
    for (select, field) in [
        (json!({}), "select"),
        (json!({"all": false}), "select"),
        (json!({"all": true}), "select"),
        (json!({"datacenter": "dc9"}), "select.datacenter"),
        (json!({"networkIds": ["net-1"]}), "select.networkIds"),
    ] {
        let problem = send(&server, Method::POST, "networks/deprovision", &json!({"select": select}), None)
            .await
            .problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{select}");
    }
    let viewer = request(
        Method::POST,
        "/api/v1/networks/deprovision",
        Some(&server.viewer),
        Some(json!({"select": {"all": true}})),
    );
    assert_eq!(server.send(viewer).await.status, StatusCode::FORBIDDEN);
}
