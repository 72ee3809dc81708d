//! `PATCH /networks/{id}`: other options, for the version its sender knows.

use axum::http::{Method, StatusCode, header};
use serde_json::{Value, json};

use crate::support::{Reply, Server, order, request};

async fn stock() -> (Server, String) {
    let server = Server::start().await.with_site().await;
    let made = server.post("/api/v1/networks/allocate", order()).await;
    let path = made.header("location").to_owned();
    (server, path)
}

async fn patch(server: &Server, path: &str, options: Value, tag: Option<&str>) -> Reply {
    let body = json!({"options": options});
    let mut request = request(Method::PATCH, path, Some(&server.operator), Some(body));
    if let Some(tag) = tag {
        request.headers_mut().insert(header::IF_MATCH, tag.parse().unwrap());
    }
    server.send(request).await
}

#[tokio::test]
async fn a_network_that_is_on_no_router_is_changed_at_once() {
    let (server, path) = stock().await;
    let rehearsed = patch(&server, &format!("{path}?dryRun=true"), json!({"enableDHCP": true}), None).await;
    assert_eq!(rehearsed.status, StatusCode::OK, "{}", rehearsed.body);
    assert_eq!(server.get(&path).await.json()["version"], json!(1), "a dry run does nothing");
    let options = json!({"enableDHCP": true, "firewallProfile": "isolated", "description": "front ends"});
    let done = patch(&server, &path, options.clone(), None).await;
    assert_eq!(done.status, StatusCode::OK, "{}", done.body);
    assert_eq!(done.header("etag"), "\"2\"");
    let shown = server.get(&path).await.json();
    for (field, value) in options.as_object().unwrap() {
        assert_eq!(shown["options"][field], *value, "{field}");
    }
    assert_eq!(shown["status"], "allocated");
    let same = patch(&server, &path, options, None).await;
    assert_eq!((same.status, same.header("etag")), (StatusCode::OK, "\"2\""), "said again, it is no change");
}

#[tokio::test]
async fn only_the_version_that_its_sender_knows() {
    let (server, path) = stock().await;
    let tag = server.get(&path).await.header("etag").to_owned();
    let one = patch(&server, &path, json!({"description": "one"}), Some(&tag)).await;
    assert_eq!(one.status, StatusCode::OK, "{}", one.body);
    let two = patch(&server, &path, json!({"description": "two"}), Some(&tag)).await.problem();
    assert_eq!((two.status, two.code.as_str()), (412, "version_changed"));
    assert!(two.detail.contains("version 2"), "{}", two.detail);
    let rehearsed =
        patch(&server, &format!("{path}?dryRun=true"), json!({"enableDHCP": true}), Some(&tag)).await;
    assert_eq!(rehearsed.problem().status, 412);
    assert_eq!(server.get(&path).await.json()["options"]["description"], "one");
    for tag in ["1", "W/\"1\"", "\"1\", \"2\""] {
        let problem = patch(&server, &path, json!({"description": "x"}), Some(tag)).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, "If-Match"), "{tag}");
    }
    assert_eq!(patch(&server, &path, json!({"description": "any"}), Some("*")).await.status, StatusCode::OK);
}

#[tokio::test]
async fn what_cannot_be_is_said_by_field() {
    let (server, path) = stock().await;
    let before = server.get(&path).await.body;
    for (options, field, says) in [
        (json!({}), "", "options.firewallProfile"),
        (json!({"firewallProfile": "weird"}), "options.firewallProfile", "there are"),
        (json!({"firewallProfile": "No Name"}), "options.firewallProfile", ""),
        (json!({"description": "two\nlines"}), "options.description", "one line"),
        (json!({"colour": "red"}), "", "colour"),
    ] {
        let problem = patch(&server, &path, options.clone(), None).await.problem();
        assert_eq!(problem.status, 422, "{options}: {}", problem.detail);
        let error = &problem.errors[0];
        assert!(field.is_empty() || error.field == field, "{options}: {}", error.field);
        let text = format!("{} {}", problem.detail, error.message);
        assert!(text.contains(says), "{options}: {text}");
    }
    assert_eq!(server.get(&path).await.body, before);
    let absent = patch(&server, "/api/v1/networks/nonesuch", json!({"enableDHCP": true}), None).await;
    assert_eq!(absent.status, StatusCode::NOT_FOUND);
    let viewer =
        request(Method::PATCH, &path, Some(&server.viewer), Some(json!({"options": {"enableDHCP": true}})));
    assert_eq!(server.send(viewer).await.status, StatusCode::FORBIDDEN);
}
