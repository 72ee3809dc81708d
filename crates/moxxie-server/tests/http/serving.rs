//! A real listener: live events, the head of a request, stopping.

use std::time::Duration;

use axum::http::Method;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
    time::timeout,
};

use crate::support::{Server, order};

const SOON: Duration = Duration::from_secs(8);

async fn listen(server: &Server) -> (String, JoinHandle<std::io::Result<()>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let serving = moxxie_server::serve(listener, server.app.clone(), server.shutdown.clone());
    (address, tokio::spawn(serving))
}

async fn send(address: &str, token: &str, path: &str, headers: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\nconnection: close\r\n{headers}\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

/// Reads on until `text` is there.
async fn until(stream: &mut TcpStream, seen: &mut String, text: &str) {
    let mut buffer = [0; 4096];
    while !seen.contains(text) {
        let read = timeout(SOON, stream.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "the stream ended without {text:?}: {seen}");
        seen.push_str(&String::from_utf8_lossy(&buffer[..read]));
    }
}

async fn to_end(stream: &mut TcpStream, seen: &mut String) {
    let mut rest = Vec::new();
    timeout(SOON, stream.read_to_end(&mut rest)).await.unwrap().unwrap();
    seen.push_str(&String::from_utf8_lossy(&rest));
}

/// A change nobody works on, because no worker runs.
async fn open_change(server: &Server) -> String {
    let accepted = server.post("/api/v1/networks/provision", order()).await;
    assert_eq!(accepted.status.as_u16(), 202, "{}", accepted.body);
    accepted.header("location").to_owned()
}

#[tokio::test]
async fn events_come_live_and_end_with_the_change() {
    let server = Server::start().await.with_site().await.with_router("127.0.0.1:1").await;
    let (address, _serving) = listen(&server).await;
    let change = open_change(&server).await;
    let (mut stream, mut seen) =
        (send(&address, &server.viewer, &format!("{change}/events"), "").await, String::new());
    until(&mut stream, &mut seen, "id: 1\n").await;
    assert!(seen.starts_with("HTTP/1.1 200") && seen.contains("content-type: text/event-stream"), "{seen}");
    assert!(!seen.contains("cancelled"), "{seen}");

    server.admin(Method::POST, &format!("{change}/cancel"), None).await;
    to_end(&mut stream, &mut seen).await;
    assert!(seen.contains("cancelled") && seen.ends_with("0\r\n\r\n"), "{seen}");
}

#[tokio::test]
async fn stopping_ends_streams_and_then_the_server() {
    let server = Server::start().await.with_site().await.with_router("127.0.0.1:1").await;
    let (address, serving) = listen(&server).await;
    let change = open_change(&server).await;
    let (mut stream, mut seen) =
        (send(&address, &server.viewer, &format!("{change}/events"), "").await, String::new());
    until(&mut stream, &mut seen, "id: 1\n").await;

    server.shutdown.cancel();
    to_end(&mut stream, &mut seen).await;
    assert!(seen.ends_with("0\r\n\r\n"), "ended properly: {seen}");
    timeout(SOON, serving).await.unwrap().unwrap().unwrap();
    assert!(TcpStream::connect(&address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let server = Server::start().await;
    let (address, _serving) = listen(&server).await;
    let headers = format!("x-large: {}\r\n", "x".repeat(200_000));
    let mut stream = TcpStream::connect(&address).await.unwrap();
    // The server may hang up before all of it is sent.
    let _ = stream.write_all(format!("GET / HTTP/1.1\r\nhost: x\r\n{headers}\r\n").as_bytes()).await;
    let mut buffer = [0; 64];
    let read = timeout(SOON, stream.read(&mut buffer)).await.unwrap().unwrap_or(0);
    let answer = String::from_utf8_lossy(&buffer[..read]).into_owned();
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
}

#[tokio::test]
async fn the_audit_trail_knows_where_a_request_came_from() {
    let server = Server::start().await;
    let (address, _serving) = listen(&server).await;
    let body = r#"{"name":"acme"}"#;
    let mut stream = TcpStream::connect(&address).await.unwrap();
    let request = format!(
        "POST /api/v1/tenants HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        server.operator,
        body.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut seen = String::new();
    to_end(&mut stream, &mut seen).await;
    assert!(seen.starts_with("HTTP/1.1 201"), "{seen}");
    let events = server.get("/api/v1/audit?actor=operator").await.json();
    assert_eq!(events["items"][0]["source"], "127.0.0.1", "{events}");
}
