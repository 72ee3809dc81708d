//! Changing and removing what was registered.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Server, order, request};

const SECRET: &str = "planted-secret-4712";

async fn remove(server: &Server, path: &str) -> crate::support::Reply {
    server.admin(Method::DELETE, &format!("/api/v1/{path}"), None).await
}

/// The latest event of this action.
async fn last(server: &Server, action: &str) -> Value {
    server.get(&format!("/api/v1/audit?action={action}")).await.json()["items"][0].clone()
}

#[tokio::test]
async fn what_is_in_use_stays_and_what_is_not_goes() {
    let server = Server::start().await.with_site().await.with_router("192.0.2.1").await;
    let network = server.post("/api/v1/networks/allocate", order()).await;
    assert_eq!(network.status, StatusCode::CREATED, "{}", network.body);

    for (path, action, name) in [
        ("tenants/acme", "tenant.delete", "acme"),
        ("pools/dc2-main", "pool.delete", "dc2-main"),
        ("datacenters/dc2", "site.delete", "dc2"),
    ] {
        let problem = remove(&server, path).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (409, "in_use"), "{path}");
        assert!(problem.detail.contains(name), "{}", problem.detail);
        let event = last(&server, action).await;
        assert_eq!((&event["outcome"], &event["detail"]["code"]), (&json!("refused"), &json!("in_use")));
        assert_eq!(event["object"], json!(format!("/api/v1/{path}")));
        assert_eq!(server.get(&format!("/api/v1/{path}")).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn a_router_with_a_network_on_it_stays() {
    let server = Server::start().await.with_site().await.with_router("127.0.0.1:1").await;
    let accepted = server.post("/api/v1/networks/provision", order()).await;
    assert_eq!(accepted.status, StatusCode::ACCEPTED, "{}", accepted.body);
    let problem = remove(&server, "routers/r2").await.problem();
    assert_eq!((problem.status, problem.code.as_str()), (409, "in_use"));
    assert!(problem.detail.contains("r2"), "{}", problem.detail);
    assert_eq!(last(&server, "router.delete").await["outcome"], json!("refused"));

    server.admin(Method::POST, &format!("{}/cancel", accepted.header("location")), None).await;
    assert_eq!(remove(&server, "routers/r2").await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn all_of_it_can_be_removed_and_is_gone() {
    let server = Server::start().await.with_site().await.with_router("192.0.2.1").await;
    for (path, action) in [
        ("routers/r2", "router.delete"),
        ("tenants/acme", "tenant.delete"),
        ("pools/dc2-main", "pool.delete"),
        ("datacenters/dc2", "site.delete"),
    ] {
        let gone = remove(&server, path).await;
        assert_eq!((gone.status, gone.body.as_str()), (StatusCode::NO_CONTENT, ""), "{path}");
        let event = last(&server, action).await;
        assert_eq!((&event["outcome"], &event["actor"]), (&json!("succeeded"), &json!("admin")), "{event}");
        assert_eq!(server.get(&format!("/api/v1/{path}")).await.problem().code, "not_found");
        let again = remove(&server, path).await.problem();
        assert_eq!((again.status, again.code.as_str()), (404, "not_found"), "{path}");
        assert_eq!(last(&server, action).await["outcome"], json!("refused"));
    }
    // Nothing of them is in the way of the same again.
    server.with_site().await.with_router("192.0.2.1").await;
}

#[tokio::test]
async fn who_registers_tenants_removes_them() {
    let server = Server::start().await.with_site().await;
    let send = |path: &str, token: &str| server.send(request(Method::DELETE, path, Some(token), None));
    let path = "/api/v1/tenants/acme";
    assert_eq!(send(path, &server.viewer).await.problem().code, "forbidden");
    assert_eq!(send("/api/v1/pools/dc2-main", &server.operator).await.problem().code, "forbidden");
    assert_eq!(send(path, &server.operator).await.status, StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn a_router_is_changed_and_its_password_shown_nowhere() {
    let server = Server::start().await.with_site().await.with_router("192.0.2.1").await;
    let path = "/api/v1/routers/r2";
    let patch = async |body: Value| server.admin(Method::PATCH, path, Some(body)).await;

    let body =
        json!({"address": "192.0.2.9", "username": "other", "password": SECRET, "firewallAnchor": "here"});
    let changed = patch(body).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let router = changed.json();
    assert_eq!(router["address"], json!("192.0.2.9:8728"));
    assert_eq!((&router["username"], &router["firewallAnchor"]), (&json!("other"), &json!("here")));
    assert_eq!(router["trunk"], json!("ether2"), "what is left out stays");
    assert_eq!(server.get(path).await.json(), router);
    let event = last(&server, "router.update").await;
    assert_eq!(event["detail"]["passwordChanged"], json!(true), "{event}");
    assert_eq!(event["detail"]["before"]["address"], json!("192.0.2.1:8728"), "{event}");

    for (body, field) in [
        (json!({"address": "a b"}), "address"),
        (json!({"password": "x".repeat(600)}), "password"),
        (json!({"username": ""}), "username"),
        (json!({"trunk": "ether3"}), "trunk"),
        (json!({"password": SECRET, "passwort": SECRET}), "passwort"),
        (json!({"password": [SECRET]}), "password"),
        (json!({"tls": {"spkiSha256": SECRET}}), "tls.spkiSha256"),
    ] {
        let reply = patch(body).await;
        assert!(!reply.body.contains(SECRET), "{}", reply.body);
        assert_eq!(reply.problem().errors[0].field, field);
        let event = last(&server, "router.update").await;
        assert_eq!((&event["outcome"], &event["object"]), (&json!("refused"), &json!(path)), "{event}");
    }
    assert_eq!(server.get(path).await.json(), router, "and nothing was changed");
    let missing = server.admin(Method::PATCH, "/api/v1/routers/r9", Some(json!({"username": "x"}))).await;
    assert_eq!(missing.problem().status, 404);

    for path in ["/api/v1/routers", path, "/api/v1/audit?limit=1000", "/api/v1/audit/export"] {
        assert!(!server.get(path).await.body.contains("planted-secret"), "{path}");
    }
}

#[tokio::test]
async fn the_last_admin_token_is_not_revoked() {
    let server = Server::start().await;
    let id = server.get("/api/v1/whoami").await.json()["tokenId"].as_str().unwrap().to_owned();
    let problem = remove(&server, &format!("tokens/{id}")).await.problem();
    assert_eq!((problem.status, problem.code.as_str()), (409, "last_admin"));
    assert_eq!(problem.title, "The last admin token");
    let made = server.post("/api/v1/tokens", json!({"name": "second", "role": "admin"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(remove(&server, &format!("tokens/{id}")).await.status, StatusCode::OK);
}
