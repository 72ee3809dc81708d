//! Every operation of the OpenAPI document without a token, with a wrong one and with too small a role.

use axum::http::{Method, StatusCode};
use serde_json::json;

use crate::{
    document::operations,
    support::{Server, request},
};

#[tokio::test]
async fn nothing_goes_without_a_token() {
    let server = Server::start().await;
    for operation in operations() {
        for token in [None, Some(""), Some("mxt_wrong")] {
            let body = operation.example.clone();
            let reply = server.send(request(operation.method.clone(), &operation.path, token, body)).await;
            if operation.role == "none" {
                assert_eq!(reply.status, StatusCode::OK, "{operation:?}");
                continue;
            }
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{operation:?} {token:?}");
            assert_eq!(reply.header("www-authenticate"), "Bearer");
            assert_eq!(reply.problem().code, "unauthenticated");
        }
    }
}

#[tokio::test]
async fn nothing_goes_with_too_small_a_role() {
    let server = Server::start().await;
    let mut tried = 0;
    for operation in operations() {
        let small = match operation.role.as_str() {
            "operator" => &[&server.viewer][..],
            "admin" => &[&server.viewer, &server.operator],
            _ => &[],
        };
        for token in small {
            // A body that is no good makes no difference: who may not ask is not told what is wrong.
            for body in [operation.example.clone(), Some(json!({"nonsense": 1}))] {
                let request = request(operation.method.clone(), &operation.path, Some(token), body);
                let reply = server.send(request).await;
                assert_eq!(reply.status, StatusCode::FORBIDDEN, "{operation:?}");
                let problem = reply.problem();
                assert!(problem.detail.contains(&operation.role), "{}", problem.detail);
                tried += 1;
            }
        }
    }
    assert!(tried > 30, "{tried}");
}

#[tokio::test]
async fn the_role_an_operation_names_is_enough() {
    let server = Server::start().await;
    for operation in operations() {
        let token = match operation.role.as_str() {
            "viewer" => &server.viewer,
            "operator" => &server.operator,
            _ => continue,
        };
        let request =
            request(operation.method.clone(), &operation.path, Some(token), operation.example.clone());
        let reply = server.send(request).await;
        assert_ne!(reply.status, StatusCode::UNAUTHORIZED, "{operation:?}");
        assert_ne!(reply.status, StatusCode::FORBIDDEN, "{operation:?}");
        assert!(!reply.status.is_server_error(), "{operation:?}: {}", reply.body);
    }
}

#[tokio::test]
async fn a_revoked_token_is_none() {
    let server = Server::start().await;
    let made = server.post("/api/v1/tokens", json!({"name": "ci", "role": "viewer"})).await.json();
    let secret = made["secret"].as_str().unwrap();
    let whoami = || request(Method::GET, "/api/v1/whoami", Some(secret), None);
    let reply = server.send(whoami()).await;
    assert_eq!(reply.status, StatusCode::OK);
    let who = reply.json();
    assert_eq!((&who["name"], &who["role"], &who["tokenId"]), (&json!("ci"), &json!("viewer"), &made["id"]));

    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    let reply = server.admin(Method::DELETE, &path, None).await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.json()["revokedAt"].is_string());
    assert_eq!(server.send(whoami()).await.status, StatusCode::UNAUTHORIZED);

    let listed = server.get("/api/v1/tokens").await;
    assert!(!listed.body.contains(secret), "a secret is shown once");
}
