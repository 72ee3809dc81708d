//! docs/routeros-setup.md: its moxxie commands, in order, against a server process and emulated routers.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod common;
#[path = "../../routeros-conformance/tests/guide/console.rs"]
mod console;

use std::path::Path;

use common::{Server, moxxie, run, stderr, stdout};
use console::{blocks, sentence};
use routeros_emulator::Emulator;

const GUIDE: &str = include_str!("../../../docs/routeros-setup.md");
const ADMIN: &str = "administrator-secret";
const BY_HAND: &str = "made by \"hand\" $1?";

async fn router(version: &str, serial: &str) -> Emulator {
    let emulator = Emulator::builder()
        .version(version)
        .unwrap()
        .identity("out-of-the-box")
        .serial(serial)
        .user("admin", ADMIN)
        .ethernet(3)
        .bind("127.0.0.1:0")
        .api_ssl("127.0.0.1:0")
        .without_certificate()
        .start()
        .await
        .unwrap();
    for chain in ["forward", "input"] {
        let rules: [&[(&str, &str)]; 2] =
            [&[("action", "accept"), ("connection-state", "established,related")], &[("action", "drop")]];
        for rule in rules {
            let rule: Vec<_> = std::iter::once(("chain", chain)).chain(rule.iter().copied()).collect();
            emulator.add_row("/ip/firewall/filter", &rule).unwrap();
        }
    }
    emulator
}

const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
data_dir = "data"
scan_interval = "200ms"

[[sites]]
name = "dc1"
vlan_range = "100-200"

[[sites]]
name = "dc2"
encapsulation = { type = "qinq", service_vlan = 1000 }
vlan_range = "100-200"

[[pools]]
name = "main"
prefix = "172.20.0.0/16"

[[tenants]]
name = "acme"
"#;

/// A line of the guide for the routers of this test.
fn here(line: &str, routers: &[(&str, &Emulator)], pin: Option<&str>) -> Vec<String> {
    let mut words: Vec<String> = line.split_whitespace().skip(1).map(str::to_owned).collect();
    let mut plain = None;
    for at in 0..words.len() {
        if words[at] == "--address" {
            let named = routers.iter().find(|(address, _)| *address == words[at + 1]);
            let (_, emulator) = named.unwrap_or_else(|| panic!("no router has the address of: {line}"));
            words[at + 1] = emulator.tls_addr().unwrap().to_string();
            plain = Some(emulator.addr().to_string());
        }
    }
    for word in &mut words {
        match word.as_str() {
            "--plain" => *word = format!("--plain={}", plain.as_deref().unwrap()),
            "192.0.2.10" => "127.0.0.1".clone_into(word),
            "5f1c...e0" => pin.expect("the key was shown before").clone_into(word),
            _ => {}
        }
    }
    words
}

/// 64 hex digits.
fn key_in(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_ascii_hexdigit());
    words.into_iter().find(|word| word.len() == 64).map(str::to_owned)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_moxxie_command_of_the_guide_works() {
    for version in ["7.16", "7.20", "7.24"] {
        follow(version).await;
    }
}

async fn follow(version: &str) {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let [r1, r2, successor] = [
        router(version, "SERIAL-1").await,
        router(version, "HD8089W3Y1T").await,
        router(version, "HE208XK4A2B").await,
    ];
    let routers = [("192.0.2.1", &r1), ("192.0.2.2", &r2), ("192.0.2.22", &successor)];
    std::fs::write(home.join("moxxie.toml"), CONFIGURATION).unwrap();
    let mut server = Server::start(moxxie(home, &["serve", "--config", "moxxie.toml"]));
    let token = server.line_with("mxt_");
    let token = token.split_whitespace().find(|word| word.starts_with("mxt_")).unwrap().to_owned();
    std::fs::write(home.join("token"), &token).unwrap();

    let (mut pin, mut done, mut said) = (None, 0, String::new());
    for block in blocks(GUIDE).unwrap() {
        for line in block.lines.iter().filter(|_| block.language == "sh") {
            if line.starts_with("cargo xtask ") {
                // The test of the conformance suite runs these.
                continue;
            }
            assert!(line.starts_with("moxxie "), "nobody knows how to run: {line}");
            if line.starts_with("moxxie router replace") && line.contains("--dry-run") {
                // So that there is something to bring over, and to restore later.
                let order = [
                    "network",
                    "provision",
                    "--tenant",
                    "acme",
                    "--site",
                    "dc2",
                    "--size",
                    "/24",
                    "--name",
                    "web",
                    "--wait",
                ];
                program(home, &server, &order, 0);
            }
            let words = here(line, &routers, pin.as_deref());
            let words: Vec<_> = words.iter().map(String::as_str).collect();
            let text = program(home, &server, &words, block.note("exit").unwrap_or(0));
            if line.contains("--print-script") {
                paste(&r1, &text);
            } else {
                for secret in [ADMIN, BY_HAND] {
                    assert!(!text.contains(secret), "{line} says a password");
                }
            }
            pin = key_in(&text).filter(|_| block.note("exit").is_some()).or(pin);
            said.push_str(&text);
            done += 1;
        }
    }
    assert!(done >= 11, "{done} commands ran");
    assert!(said.contains("HE208XK4A2B") && said.contains("least") | said.contains("no more than"), "{said}");
    // The networks are on the new device, and the first one was only looked at before.
    assert!(successor.rows("/interface/vlan").len() == 2, "{:?}", successor.rows("/interface/vlan"));
    // The program only asks for what a dry run found possible; an enrolment that is refused is in the trail too.
    let body = serde_json::json!({
        "name": "r1", "datacenter": "dc1", "address": successor.tls_addr().unwrap().to_string(), "trunk": "ether2",
        "login": {"username": "admin", "password": ADMIN},
    });
    let url = format!("{}/api/v1/routers/enroll", server.url);
    let refused = common::http().post(url).bearer_auth(&token).json(&body).send().await.unwrap();
    assert_eq!(refused.status(), 409);
    let trail = program(home, &server, &["audit", "export"], 0);
    for action in ["router.enroll", "router.replace", "network.restore"] {
        assert!(trail.contains(action), "{action}");
    }
    assert!(trail.contains("\"refused\"") && !trail.contains(ADMIN) && !trail.contains(BY_HAND));
    let (code, log) = server.stop("TERM");
    assert_eq!(code, Some(0), "{log}");
    for secret in [ADMIN, BY_HAND] {
        assert!(!log.contains(secret), "the log has a password");
    }
}

/// Runs the program as the guide's reader would, and gives all it says.
fn program(home: &Path, server: &Server, words: &[&str], wanted: u32) -> String {
    let words: Vec<_> =
        ["--server", &server.url, "--token-file", "token"].into_iter().chain(words.iter().copied()).collect();
    let output =
        moxxie(home, &words).env("ADMIN_PASSWORD", ADMIN).env("ROUTER_PASSWORD", BY_HAND).output().unwrap();
    let text = stdout(&output) + &stderr(&output);
    assert_eq!(output.status.code().map(u32::try_from), Some(Ok(wanted)), "{words:?}: {text}");
    text
}

/// What an operator does with the printed script.
fn paste(router: &Emulator, script: &str) {
    let mut done = 0;
    for line in script.lines().filter(|line| line.starts_with('/')) {
        let (path, words) = sentence(line).unwrap();
        let words: Vec<_> = words.iter().map(|(_, name, value)| (name.as_str(), value.as_str())).collect();
        router.run(&path, &words).unwrap_or_else(|error| panic!("{line}: {error}"));
        done += 1;
    }
    assert!(done >= 5, "{script}");
}

#[test]
fn the_program_explains_what_is_missing() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &["router", "enroll", "r1", "--site", "dc1"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--address"), "{}", stderr(&output));
}
