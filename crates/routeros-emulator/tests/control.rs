//! The control API: one JSON object a line, one answer a line.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod client;

use std::sync::Arc;
use std::time::Duration;

use client::emulator;
use routeros_emulator::ControlServer;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;

#[tokio::test]
async fn everything_can_be_asked_for() {
    let emu = Arc::new(emulator("7.18").await);
    let server = ControlServer::bind("127.0.0.1:0").await.unwrap();
    let address = server.addr();
    let serving = tokio::spawn(server.serve(emu.clone()));
    let mut stream = BufReader::new(TcpStream::connect(address).await.unwrap());
    let mut ask = async |question: Value| {
        stream.write_all(format!("{question}\n").as_bytes()).await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        serde_json::from_str::<Value>(&line).unwrap()
    };
    let ok = json!({"ok": true});
    let fields = json!({"name": "toR2", "as": "65001", "local.role": "ebgp", "remote.address": "10.0.0.2"});
    let added = ask(json!({"do": "add", "menu": "/routing/bgp/connection", "fields": fields})).await;
    assert_eq!(added, json!({"ok": "*1"}));
    let peer = json!({"address": "10.0.0.2", "as": 65002, "prefixes": 3});
    let up = ask(json!({"do": "bgp-up", "connection": "toR2", "peer": peer})).await;
    assert_eq!(up, json!({"ok": "toR2-1"}));
    assert_eq!(ask(json!({"do": "bgp-down", "connection": "toR2"})).await, ok);
    let rows = ask(json!({"do": "rows", "menu": "/routing/bgp/session"})).await;
    assert_eq!(rows["ok"][0].get("established"), None);

    let load = json!({"burst": 170, "per-second": 130});
    let conditions = json!({"do": "conditions", "bandwidth": 125_000, "load": load, "full_flash": true});
    assert_eq!(ask(conditions).await, ok);
    let full = ask(json!({"do": "add", "menu": "/file", "fields": {"name": "x"}})).await;
    assert_eq!(full, json!({"error": "failure: not enough space on disk"}));
    assert_eq!(ask(json!({"do": "conditions"})).await, ok);
    assert_eq!(
        ask(json!({"do": "add", "menu": "/file", "fields": {"name": "x"}})).await,
        json!({"ok": "*1"})
    );

    assert_eq!(
        ask(json!({"do": "clock", "freeze": true, "set_ms": 5_000, "skew_ms": 1_000})).await,
        json!({"ok": 6_000})
    );
    let later =
        json!({"do": "later", "after_ms": 1_000, "command": "/file/remove", "arguments": {"numbers": "x"}});
    assert_eq!(ask(later).await, ok);
    ask(json!({"do": "clock", "advance_ms": 1_000})).await;
    tokio::time::sleep(Duration::from_millis(150)).await;
    assert_eq!(ask(json!({"do": "rows", "menu": "/file"})).await, json!({"ok": []}));

    assert_eq!(ask(json!({"do": "upgrade", "version": "7.20"})).await, ok);
    let rows = ask(json!({"do": "rows", "menu": "/routing/bgp/connection"})).await;
    assert_eq!(rows["ok"][0]["instance"], "bgp-instance-1");
    assert!(ask(json!({"do": "upgrade", "version": "6.49"})).await["error"].is_string());
    assert!(ask(json!({"do": "nothing"})).await["error"].is_string());
    serving.abort();
}
