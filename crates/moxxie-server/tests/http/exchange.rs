//! Import and export.

use axum::{
    body::Body,
    http::{Method, StatusCode, header},
};
use serde_json::json;

use crate::support::{Server, request};

const FILE: &str = "type,clientId,datacenter,name,prefix,vlanId,address,hostname\n\
    network,acme,dc2,web,172.20.7.0/24,150,,\n\
    address,,,,,,172.20.7.9,db-1\n";

async fn import(server: &Server, query: &str, kind: &str, file: impl Into<Body>) -> crate::support::Reply {
    let mut ask = request(Method::POST, &format!("/api/v1/import{query}"), Some(&server.operator), None);
    ask.headers_mut().insert(header::CONTENT_TYPE, kind.parse().unwrap());
    *ask.body_mut() = file.into();
    server.send(ask).await
}

#[tokio::test]
async fn a_table_goes_in_and_comes_out() {
    let server = Server::start().await.with_site().await;
    let rehearsal = import(&server, "?dryRun=true", "text/csv; charset=utf-8", FILE).await;
    assert_eq!(rehearsal.status, StatusCode::OK, "{}", rehearsal.body);
    assert_eq!(rehearsal.json()["created"], json!({"address": 1, "network": 1}));
    let done = import(&server, "", "text/csv", FILE).await;
    assert_eq!((done.status, &done.json()["dryRun"]), (StatusCode::OK, &json!(false)), "{}", done.body);
    let again = import(&server, "", "text/csv", FILE).await.json();
    assert_eq!((&again["unchanged"], &again["created"]), (&json!(2), &json!({})));

    let table = server.get("/api/v1/export").await;
    assert_eq!(table.header("content-type"), "text/csv; charset=utf-8");
    // The tenant and the pool have lines too.
    assert_eq!(table.body.lines().count(), 5, "{}", table.body);
    let one = server.get("/api/v1/export?type=address&format=json&clientId=acme").await.json();
    assert_eq!(one["items"][0]["hostname"], "db-1");
    let inventory = server.get("/api/v1/export?format=ansible").await.json();
    assert_eq!(inventory["all"]["hosts"]["db-1"]["ansible_host"], "172.20.7.9");
    assert_eq!(inventory["all"]["children"]["network_acme_web"]["hosts"], json!({"db-1": {}}));
    let events = server.get("/api/v1/audit?action=address.create").await.json();
    assert_eq!(events["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_is_wrong_with_a_file_is_told_by_line() {
    let server = Server::start().await.with_site().await;
    let file = "type,address\naddress,172.20.7.9\naddress,x\n";
    let problem = import(&server, "", "text/csv", file).await.problem();
    assert_eq!(problem.status, 422);
    let fields: Vec<_> = problem.errors.iter().map(|error| error.field.as_str()).collect();
    assert_eq!(fields, ["line 2, address", "line 3, address"]);
    let report = import(&server, "?dryRun=true", "text/csv", file).await;
    assert_eq!((report.status, &report.json()["problemCount"]), (StatusCode::OK, &json!(2)));

    assert_eq!(import(&server, "", "application/json", "{}").await.problem().status, 415);
    assert_eq!(import(&server, "?type=host", "text/csv", file).await.problem().errors[0].field, "type");
    let mut huge = b"type,address\n".to_vec();
    huge.resize(65 * 1024 * 1024, b'x');
    assert_eq!(import(&server, "", "text/csv", huge).await.problem().status, 413);
    for (query, field) in [
        ("format=xml", "format"),
        ("type=host", "type"),
        ("format=ansible&type=vlan", "type"),
        ("clientId=no", "clientId"),
    ] {
        let problem = server.get(&format!("/api/v1/export?{query}")).await.problem();
        assert_eq!((problem.status, problem.errors[0].field.as_str()), (422, field), "{query}");
    }
}
