//! Pages for people, and what is public.

use std::{collections::BTreeSet, fs, path::Path};

use axum::http::{Method, StatusCode};

use crate::support::{Reply, Server, request};

async fn public(server: &Server, path: &str) -> Reply {
    server.send(request(Method::GET, path, None, None)).await
}

#[tokio::test]
async fn the_landing_page_links_to_pages_that_are_there() {
    let server = Server::start().await;
    let reply = public(&server, "/").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(!reply.body.contains("<script"), "no script");
    let links: Vec<_> =
        reply.body.split("href=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    assert!(links.len() >= 4, "{links:?}");
    for link in links {
        let status = public(&server, link).await.status;
        assert!(status.is_success() || status.is_redirection(), "{link}: {status}");
    }
}

#[tokio::test]
async fn the_api_can_be_browsed_offline() {
    let server = Server::start().await;
    let reply = public(&server, "/docs/").await;
    assert_eq!(reply.status, StatusCode::OK);
    assert!(reply.body.contains("swagger"), "{}", reply.body);
    assert!(!reply.body.contains("https://"), "nothing from elsewhere");
    let document = public(&server, "/api/v1/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
}

#[tokio::test]
async fn every_problem_has_its_page() {
    let server = Server::start().await;
    let index = public(&server, "/problems").await.body;
    let mut pages = 0;
    for link in index.split("href=\"").skip(1).filter_map(|part| part.split('"').next()) {
        assert_eq!(public(&server, link).await.status, StatusCode::OK, "{link}");
        pages += 1;
    }
    assert!(pages > 15);
    assert_eq!(public(&server, "/problems/nothing").await.problem().code, "not_found");
    assert_eq!(public(&server, "/problems/%3Cscript%3E").await.problem().code, "not_found");
}

/// The codes the engine gives are strings in its source: each has a page that says what helps.
#[tokio::test]
async fn every_code_of_the_engine_has_its_page() {
    let mut sources = Vec::new();
    read_sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../moxxie-engine/src"), &mut sources);
    let mut codes = BTreeSet::new();
    for source in &sources {
        for before in ["conflict(", "lasting(", "passing(", "code: "] {
            for rest in source.split(before).skip(1) {
                let code = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next());
                codes.extend(code);
            }
        }
    }
    assert!(codes.len() > 20, "{codes:?}");
    let server = Server::start().await;
    for code in codes {
        let status = public(&server, &format!("/problems/{code}")).await.status;
        assert_eq!(status, StatusCode::OK, "`problem_kinds` does not explain {code}");
    }
}

fn read_sources(directory: &Path, sources: &mut Vec<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_sources(&path, sources);
        } else {
            sources.push(fs::read_to_string(&path).unwrap());
        }
    }
}

#[tokio::test]
async fn a_server_that_stops_says_so() {
    let server = Server::start().await;
    assert_eq!(public(&server, "/readyz").await.status, StatusCode::OK);
    server.shutdown.cancel();
    let reply = public(&server, "/readyz").await;
    assert_eq!(reply.problem().code, "unavailable");
    assert!(!reply.header("retry-after").is_empty());
    assert_eq!(public(&server, "/healthz").await.status, StatusCode::OK);
}
