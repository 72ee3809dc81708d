//! A network from order to removal, as far as it goes without a router.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::support::{Server, order, request};

#[tokio::test]
async fn allocate_show_and_record_addresses() {
    let server = Server::start().await.with_site().await;
    let plan = server.post("/api/v1/networks/allocate?dryRun=true", order()).await;
    assert_eq!(plan.status, StatusCode::OK, "{}", plan.body);
    let made = server.post("/api/v1/networks/allocate", order()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let network = made.json();
    assert_eq!(
        (&network["qinq"], &network["serviceVlan"], &network["status"]),
        (&json!(true), &json!(1000), &json!("allocated"))
    );

    let shown = server.get(made.header("location")).await;
    assert_eq!(shown.header("etag"), format!("\"{}\"", network["version"]));
    assert_eq!(shown.json()["networkId"], network["networkId"]);

    let ips = format!("{}/ips", made.header("location"));
    let next = server.post(&format!("{ips}/next"), json!({"hostname": "web1", "vmId": "1"})).await;
    assert_eq!(next.status, StatusCode::CREATED, "{}", next.body);
    let refused = server.post(&format!("{ips}/next"), json!({"address": "172.20.0.9"})).await;
    assert_eq!(refused.problem().errors[0].field, "address");
    let listed = server.get(&ips).await.json();
    assert!(listed["items"].as_array().unwrap().iter().any(|ip| ip["address"] == next.json()["address"]));
    let released = server.admin(Method::DELETE, next.header("location"), None).await;
    assert_eq!((released.status, released.body.as_str()), (StatusCode::NO_CONTENT, ""));
}

#[tokio::test]
async fn the_same_key_does_nothing_twice() {
    let server = Server::start().await.with_site().await;
    let send = async |body: serde_json::Value| {
        let mut request =
            request(Method::POST, "/api/v1/networks/allocate", Some(&server.operator), Some(body));
        request.headers_mut().insert("idempotency-key", "order-7".parse().unwrap());
        server.send(request).await
    };
    let first = send(order()).await;
    let second = send(order()).await;
    assert_eq!(second.status, StatusCode::CREATED);
    assert_eq!(first.json()["networkId"], second.json()["networkId"]);
    let mut other = order();
    other["size"] = json!("/25");
    assert_eq!(send(other).await.problem().status, 422);
    assert_eq!(server.get("/api/v1/networks").await.json()["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_repeated_order_shows_its_change_as_it_is_now() {
    let server = Server::start().await.with_site().await.with_router("127.0.0.1:1").await;
    let send = async || {
        let mut request =
            request(Method::POST, "/api/v1/networks/provision", Some(&server.operator), Some(order()));
        request.headers_mut().insert("idempotency-key", "order-8".parse().unwrap());
        server.send(request).await
    };
    let first = send().await;
    assert_eq!((first.status, &first.json()["state"]), (StatusCode::ACCEPTED, &json!("planned")));
    server.admin(Method::POST, &format!("{}/cancel", first.header("location")), None).await;
    let second = send().await;
    assert_eq!((second.status, &second.json()["state"]), (StatusCode::ACCEPTED, &json!("cancelled")));
    assert_eq!(second.header("location"), first.header("location"));
}

#[tokio::test]
async fn lists_are_paged_to_their_end() {
    let server = Server::start().await;
    for name in ["a", "b", "c"] {
        server.post("/api/v1/tenants", json!({"name": name})).await;
    }
    let mut names = Vec::new();
    let mut path = "/api/v1/tenants?limit=2".to_owned();
    loop {
        let page = server.get(&path).await.json();
        for item in page["items"].as_array().unwrap() {
            names.push(item["name"].as_str().unwrap().to_owned());
        }
        let Some(cursor) = page["nextCursor"].as_str() else { break };
        path = format!("/api/v1/tenants?limit=2&cursor={cursor}");
    }
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn the_audit_trail_is_exported_whole_and_holds() {
    let server = Server::start().await.with_site().await;
    let export = server.get("/api/v1/audit/export?limit=1").await;
    assert_eq!(export.header("content-type"), "application/x-ndjson");
    let events: Vec<serde_json::Value> =
        export.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let listed = server.get("/api/v1/audit?limit=1000").await.json();
    assert_eq!(events.len(), listed["items"].as_array().unwrap().len());
    assert!(events.len() > 3, "{events:?}");
    assert_eq!(server.get("/api/v1/audit/verify").await.json()["intact"], json!(true));
}

#[tokio::test]
async fn a_secret_is_in_no_answer_and_no_event() {
    let server = Server::start().await.with_site().await.with_router("192.0.2.1").await;
    for path in ["/api/v1/routers", "/api/v1/routers/r2", "/api/v1/audit", "/api/v1/audit/export"] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, StatusCode::OK, "{path}");
        assert!(!reply.body.contains("planted-secret"), "{path}");
    }
}

#[tokio::test]
async fn a_change_is_accepted_followed_and_called_off() {
    let server = Server::start().await.with_site().await.with_router("127.0.0.1:1").await;
    // No worker runs here: the change stays as it was written down.
    let accepted = server.post("/api/v1/networks/provision", order()).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.body);
    let change = accepted.json();
    let path = accepted.header("location").to_owned();
    assert_eq!(server.get(&path).await.json()["changeId"], change["changeId"]);
    let network = change["networkId"].as_str().unwrap();
    let waited =
        server.admin(Method::POST, &format!("/api/v1/networks/{network}/provision?wait=0"), None).await;
    assert!(matches!(waited.status.as_u16(), 202 | 409), "{}", waited.body);

    let cancelled = server.admin(Method::POST, &format!("{path}/cancel"), None).await;
    assert_eq!(cancelled.status, StatusCode::OK, "{}", cancelled.body);
    assert_eq!(cancelled.json()["state"], json!("cancelled"));

    // The change is over, so the stream ends by itself.
    let events = server.get(&format!("{path}/events")).await;
    assert_eq!(events.header("content-type"), "text/event-stream");
    assert!(events.body.contains("id: 1\n"), "{}", events.body);
    let last = events.body.matches("\nid: ").count() + 1;
    let mut again = request(Method::GET, &format!("{path}/events"), Some(&server.viewer), None);
    again.headers_mut().insert("last-event-id", last.to_string().parse().unwrap());
    assert_eq!(server.send(again).await.status, StatusCode::NO_CONTENT);
    let after = server.get(&format!("{path}/events?after=1")).await;
    assert!(!after.body.contains("id: 1\n"), "{}", after.body);
}
