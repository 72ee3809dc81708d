//! A write that is repeated under its key is done once and answered alike; the same key with another body is refused.

use axum::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    ipam_refusals::{state, stock},
    support::{Reply, Server, request},
};

/// What is sent, and what else is sent under the same key (null: nothing else can be).
type Case = (Method, &'static str, Value, Value);

async fn send(server: &Server, method: &Method, path: &str, body: &Value, key: &str) -> Reply {
    let body = (!body.is_null()).then(|| body.clone());
    let mut request = request(method.clone(), &format!("/api/v1/{path}"), Some(&server.admin), body);
    request.headers_mut().insert("idempotency-key", key.parse().unwrap());
    server.send(request).await
}

#[tokio::test]
async fn every_write_is_done_once_under_its_key() {
    const POST: Method = Method::POST;
    const PATCH: Method = Method::PATCH;
    const DELETE: Method = Method::DELETE;
    let router = |name: &str| {
        json!({"name": name, "datacenter": "dc2", "address": "192.0.2.1:8728", "username": "u", "password": "p",
            "trunk": "ether2"})
    };
    let order = |name: &str| json!({"clientId": "acme", "datacenter": "dc2", "size": "/29", "name": name});
    let size = |size: &str| json!({"size": size});
    let cases: Vec<Case> = vec![
        (POST, "vrfs", json!({"name": "v1"}), json!({"name": "v2"})),
        (
            POST,
            "containers",
            json!({"name": "c1", "prefix": "10.0.0.0/8"}),
            json!({"name": "c2", "prefix": "11.0.0.0/8"}),
        ),
        (
            POST,
            "pools",
            json!({"name": "p1", "prefix": "10.1.0.0/16"}),
            json!({"name": "p2", "prefix": "10.2.0.0/16"}),
        ),
        (POST, "tenants", json!({"name": "t1"}), json!({"name": "t2"})),
        (POST, "datacenters", json!({"name": "dc5"}), json!({"name": "dc6"})),
        (POST, "routers", router("r2"), router("r3")),
        (
            POST,
            "asn-ranges",
            json!({"name": "a1", "range": "65000-65001"}),
            json!({"name": "a2", "range": "65002-65003"}),
        ),
        (POST, "asns", json!({"range": "a1"}), json!({"range": "low"})),
        (POST, "datacenters/dc2/vlans", json!({}), json!({"status": "held"})),
        (POST, "prefixes", json!({"size": "/24", "pool": "p1"}), json!({"size": "/25", "pool": "p1"})),
        (
            POST,
            "prefixes",
            json!({"size": "/24", "pool": "p1", "size6": "/64", "pool6": "six"}),
            json!({"size": "/25", "pool": "p1"}),
        ),
        (
            POST,
            "prefixes/bulk",
            json!({"items": [{"size": "/24", "pool": "p1"}, {"size": "/24", "pool": "p1"}]}),
            json!({"items": [{"size": "/30", "pool": "p1"}]}),
        ),
        (POST, "prefixes/172.20.2.0%2F24/confirm", Value::Null, Value::Null),
        (POST, "prefixes/172.20.1.0%2F24/split", size("/25"), size("/26")),
        (
            POST,
            "prefixes/172.20.1.0%2F25/merge",
            json!({"with": ["172.20.1.128/25"]}),
            json!({"with": ["172.20.2.0/24"]}),
        ),
        (POST, "prefixes/172.20.1.0%2F24/resize", size("/25"), size("/26")),
        (POST, "prefixes/172.20.3.0%2F24/move", json!({"pool": "p1"}), json!({"pool": "six"})),
        (POST, "pools/lab-main/resize", size("/15"), size("/14")),
        (POST, "pools/lab-main/split", json!({"prefix": "10.1.0.0/16", "name": "half"}), size("/18")),
        (POST, "pools/lab-main/merge", json!({"with": ["half"]}), json!({"with": ["p1"]})),
        (POST, "networks/allocate", order("n1"), order("n2")),
        (POST, "NETWORK/resize", size("/27"), size("/26")),
        (POST, "NETWORK/ips/next", json!({"hostname": "a"}), json!({"hostname": "b"})),
        (POST, "NETWORK/ips", json!({"address": "172.20.0.8"}), json!({"address": "172.20.0.9"})),
        (POST, "NETWORK/ips/bulk", json!({"items": [{}, {}]}), json!({"items": [{}]})),
        (
            POST,
            "NETWORK/ranges",
            json!({"type": "excluded", "first": "172.20.0.20", "last": "172.20.0.21"}),
            json!({"type": "static", "first": "172.20.0.22", "last": "172.20.0.23"}),
        ),
        (PATCH, "NETWORK/ips/172.20.0.8", json!({"holdSeconds": 60}), json!({"owner": "x"})),
        (
            PATCH,
            "NETWORK",
            json!({"options": {"description": "x"}}),
            json!({"options": {"description": "y"}}),
        ),
        (PATCH, "vrfs/v1", json!({"description": "x"}), json!({"description": "y"})),
        (PATCH, "containers/c1", json!({"description": "x"}), json!({"description": "y"})),
        (PATCH, "pools/p1", json!({"policy": "sparse"}), json!({"policy": "first_fit"})),
        (PATCH, "prefixes/172.20.2.0%2F24", json!({"holdSeconds": 60}), json!({"status": "assigned"})),
        (PATCH, "datacenters/dc2/vlans/150", json!({"holdSeconds": 60}), json!({"status": "assigned"})),
        (PATCH, "datacenters/dc5", json!({"description": "x"}), json!({"description": "y"})),
        (PATCH, "asn-ranges/a1", json!({"quarantineSeconds": 60}), json!({"quarantineSeconds": 61})),
        (PATCH, "asns/65000", json!({"holdSeconds": 60}), json!({"status": "reserved"})),
        (PATCH, "routers/r2", json!({"username": "v"}), json!({"username": "w"})),
        (DELETE, "NETWORK/ips/172.20.0.8", Value::Null, Value::Null),
        (DELETE, "prefixes/172.20.2.0%2F24", Value::Null, Value::Null),
        (DELETE, "datacenters/dc2/vlans/150", Value::Null, Value::Null),
        (DELETE, "asns/65000", Value::Null, Value::Null),
        (DELETE, "asns/64512", Value::Null, Value::Null),
        (DELETE, "asn-ranges/low", Value::Null, Value::Null),
        (DELETE, "routers/r2", Value::Null, Value::Null),
        (DELETE, "datacenters/dc5", Value::Null, Value::Null),
        (DELETE, "containers/c1", Value::Null, Value::Null),
        (DELETE, "pools/lab-main", Value::Null, Value::Null),
        (DELETE, "vrfs/v1", Value::Null, Value::Null),
        (DELETE, "tenants/t1", Value::Null, Value::Null),
    ];
    let (server, network) = stock().await;
    let everything = async || {
        let mut all = state(&server, &network).await;
        for path in ["routers", "datacenters"] {
            all.push(server.get(&format!("/api/v1/{path}")).await.body);
        }
        all
    };
    for (index, (method, path, body, other)) in cases.into_iter().enumerate() {
        let path = path.replace("NETWORK", &network);
        let key = format!("key-{index}");
        let what = format!("{method} {path} {body}");
        let before = everything().await;
        let first = send(&server, &method, &path, &body, &key).await;
        assert!(first.status.is_success(), "{what}: {}", first.body);
        let after = everything().await;
        assert_ne!(before, after, "{what}");
        let second = send(&server, &method, &path, &body, &key).await;
        assert_eq!((second.status, &second.body), (first.status, &first.body), "{what}");
        assert_eq!(second.headers.get("location"), first.headers.get("location"), "{what}");
        assert_eq!(everything().await, after, "{what} was done twice");
        if !other.is_null() {
            let problem = send(&server, &method, &path, &other, &key).await.problem();
            assert_eq!(
                (problem.status, problem.errors[0].field.as_str()),
                (422, "Idempotency-Key"),
                "{what}"
            );
            assert_eq!(everything().await, after, "{what}: another body under the key did something");
        }
        // Somebody else's key is another key.
        let mut theirs = request(method.clone(), &format!("/api/v1/{path}"), Some(&server.viewer), None);
        theirs.headers_mut().insert("idempotency-key", key.parse().unwrap());
        assert_eq!(server.send(theirs).await.status, StatusCode::FORBIDDEN, "{what}");
    }
}

#[tokio::test]
async fn an_import_is_done_once_under_its_key() {
    let (server, network) = stock().await;
    let import = async |file: &str| {
        let mut request = request(Method::POST, "/api/v1/import", Some(&server.admin), None);
        request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
        request.headers_mut().insert("idempotency-key", "k".parse().unwrap());
        *request.body_mut() = file.to_owned().into();
        server.send(request).await
    };
    let file = "type,prefix,status\nprefix,172.20.90.0/24,reserved\n";
    let first = import(file).await;
    assert_eq!(
        (first.status, &first.json()["created"]["prefix"]),
        (StatusCode::OK, &json!(1)),
        "{}",
        first.body
    );
    let after = state(&server, &network).await;
    // A second import would say that the line is unchanged: this is the first one's answer.
    assert_eq!(import(file).await.body, first.body);
    let other = import("type,prefix\nprefix,172.20.91.0/24\n").await.problem();
    assert_eq!(other.errors[0].field, "Idempotency-Key");
    assert_eq!(state(&server, &network).await, after);
}

/// An answer that shows a secret is not kept: the repetition makes no second token and shows nothing.
#[tokio::test]
async fn a_token_is_made_once_and_its_secret_is_shown_once() {
    let server = Server::start().await;
    let body = json!({"name": "robot", "role": "viewer"});
    let first = send(&server, &Method::POST, "tokens", &body, "k").await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    let secret = first.json()["secret"].as_str().unwrap().to_owned();
    let second = send(&server, &Method::POST, "tokens", &body, "k").await;
    assert_eq!(second.problem().code, "name_taken");
    assert!(!second.body.contains(&secret));
}
