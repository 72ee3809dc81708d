//! What cannot be understood is refused in a way that helps, and never by a 5xx.

use axum::{
    body::Body,
    http::{Method, Request, StatusCode},
};
use serde_json::{Value, json};

use crate::{
    document::operations,
    support::{Reply, Server, request},
};

async fn raw(server: &Server, method: Method, path: &str, kind: &str, body: impl Into<Body>) -> Reply {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {}", server.admin))
        .header("content-type", kind)
        .body(body.into())
        .unwrap();
    server.send(request).await
}

#[tokio::test]
async fn bodies() {
    let server = Server::start().await;
    let json = "application/json";
    let path = "/api/v1/pools";
    for (kind, body, status, code, words) in [
        (json, r#"{"name": "#, 400, "malformed_json", "line 1, column"),
        (json, "", 400, "malformed_json", "empty"),
        (
            json,
            r#"{"name":"p","prefix":"10.0.0.0/8","size":1}"#,
            422,
            "validation",
            "size: there is no such field",
        ),
        (json, r#"{"name":"p"}"#, 422, "validation", "prefix: this field is required"),
        (json, r#"{"name":7,"prefix":"10.0.0.0/8"}"#, 422, "validation", "name: must be a string"),
        (json, r#"{"name":"p\u0000","prefix":"10.0.0.0/8"}"#, 422, "validation", "NUL"),
        (json, "[]", 422, "validation", ""),
        (
            "text/plain",
            r#"{"name":"p","prefix":"10.0.0.0/8"}"#,
            415,
            "unsupported_media_type",
            "application/json",
        ),
    ] {
        let problem = raw(&server, Method::POST, path, kind, body).await.problem();
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{body}");
        assert!(problem.detail.contains(words), "{body}: {}", problem.detail);
    }
    let large = format!(r#"{{"name":"p","description":"{}"}}"#, "x".repeat(256 * 1024));
    assert_eq!(raw(&server, Method::POST, path, json, large).await.problem().code, "body_too_large");
    let reply = raw(&server, Method::POST, path, json, vec![0xff, 0xfe]).await;
    assert_eq!(reply.problem().code, "malformed_json");
    assert_eq!(server.get(path).await.json()["items"], json!([]), "and nothing was made");
}

#[tokio::test]
async fn paths_methods_and_queries() {
    let server = Server::start().await;
    let reply = server.get("/api/v1/nothing").await;
    assert_eq!(reply.problem().code, "not_found");

    let reply = server.admin(Method::PUT, "/api/v1/pools", None).await;
    assert_eq!(reply.problem().code, "method_not_allowed");
    let mut allowed: Vec<_> = reply.header("allow").split(',').map(str::trim).collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);

    for (path, field) in [
        ("/api/v1/networks?vlanid=7", "vlanid"),
        ("/api/v1/networks?vlanId=x", "vlanId"),
        ("/api/v1/pools?limit=-1", "limit"),
        ("/api/v1/pools?limit=1&limit=2", "limit"),
        ("/api/v1/pools?cursor=%00", "cursor"),
        ("/api/v1/whoami?x", "x"),
    ] {
        let problem = server.get(path).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{path}");
    }
    let problem = server.post("/api/v1/tenants?dryRun=true", json!({"name": "a"})).await.problem();
    assert!(problem.detail.contains("no dry run"), "{}", problem.detail);
    let problem = server.post("/api/v1/networks/provision?wait=121", json!({})).await.problem();
    assert_eq!(problem.status, 422);

    for path in ["%00", "a%00b", "%ff", "%0a", &"x".repeat(5000), "..%2f..%2fetc", "'%3b--", "%f0%9f%a6%8a"] {
        for base in ["pools", "routers", "tenants", "networks", "datacenters", "changes"] {
            let reply = server.get(&format!("/api/v1/{base}/{path}")).await;
            assert!(reply.status.is_client_error(), "{base}/{path}: {}", reply.status);
            reply.problem();
        }
    }
}

#[tokio::test]
async fn an_idempotency_key_that_cannot_be_kept() {
    let server = Server::start().await;
    let mut request =
        request(Method::POST, "/api/v1/tenants", Some(&server.admin), Some(json!({"name": "a"})));
    request.headers_mut().insert("idempotency-key", "a b".parse().unwrap());
    assert_eq!(server.send(request).await.problem().errors[0].field, "Idempotency-Key");
}

/// Whatever stands in a body, the answer is about the request: no 5xx, and always a problem document.
#[tokio::test]
async fn odd_bodies_everywhere() {
    let server = Server::start().await;
    let long = "x".repeat(100_000);
    let odd = [
        json!(null),
        json!([]),
        json!("x"),
        json!(-1),
        json!(1e308),
        json!({}),
        json!("\u{0}"),
        json!("\u{202e}\u{feff}"),
        json!(long),
        json!({"a": {"b": [1, {"c": null}]}}),
        json!("' OR 1=1 --"),
        json!(i64::MAX),
    ];
    for operation in operations().into_iter().filter(|operation| operation.method != Method::GET) {
        let Some(Value::Object(example)) = operation.example.clone() else {
            for value in &odd {
                check(&server, &operation.method, &operation.path, value.clone()).await;
            }
            continue;
        };
        for field in example.keys() {
            for value in &odd {
                let mut body = example.clone();
                body.insert(field.clone(), value.clone());
                check(&server, &operation.method, &operation.path, Value::Object(body)).await;
            }
        }
    }
}

async fn check(server: &Server, method: &Method, path: &str, body: Value) {
    let start: String = body.to_string().chars().take(300).collect();
    let reply = server.admin(method.clone(), path, Some(body)).await;
    assert!(!reply.status.is_server_error(), "{method} {path} {start}: {}", reply.body);
    if !reply.status.is_success() {
        reply.problem();
    }
}

#[tokio::test]
async fn answers_carry_a_request_id() {
    let server = Server::start().await;
    let reply = server.get("/api/v1/whoami").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(!reply.header("x-request-id").is_empty());
    assert_eq!(reply.header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn refused_writes_are_in_the_audit_trail() {
    let server = Server::start().await.with_site().await;
    let order = json!({"clientId": "acme", "datacenter": "dc2", "size": "/24", "vlanId": 50});
    let attempts = [
        (&server.admin, "networks/allocate", order.clone(), "network.allocate", "validation"),
        (&server.viewer, "networks/provision", order.clone(), "network.provision", "forbidden"),
        (
            &server.admin,
            "pools",
            json!({"name": "x", "prefix": "172.20.0.0/24"}),
            "pool.create",
            "pool_overlap",
        ),
        (&server.admin, "tenants", json!({"nam": "x"}), "tenant.create", "validation"),
    ];
    for (token, path, body, action, code) in attempts {
        let reply =
            server.send(request(Method::POST, &format!("/api/v1/{path}"), Some(token), Some(body))).await;
        assert_eq!(reply.problem().code, code);
        let trail = server.get(&format!("/api/v1/audit?action={action}&outcome=refused")).await.json();
        let event = &trail["items"][0];
        assert_eq!(event["detail"]["code"], code, "{trail}");
        assert_eq!(event["object"], format!("/api/v1/{path}"));
    }
    // Asking what would happen is no attempt.
    server.post("/api/v1/networks/allocate?dryRun=true", order).await.problem();
    let trail = server.get("/api/v1/audit?action=network.allocate&outcome=refused").await.json();
    assert_eq!(trail["items"].as_array().unwrap().len(), 1);
}
