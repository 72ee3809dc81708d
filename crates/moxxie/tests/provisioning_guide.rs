//! docs/provisioning.md: its commands, in order, against a server process and an emulated router.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod common;

use common::{Server, moxxie, run, run_with_input, stderr, stdout};
use routeros_emulator::Emulator;

const GUIDE: &str = include_str!("../../../docs/provisioning.md");

async fn router() -> Emulator {
    let builder = Emulator::builder().version("7.22").unwrap().identity("r1").serial("SERIAL-1");
    let builder = builder.user("moxxie", "router-secret").ethernet(3).bind("127.0.0.1:0");
    let emulator = builder.start().await.unwrap();
    for chain in ["forward", "input"] {
        let anchor = [("chain", chain), ("action", "passthrough"), ("comment", "moxxie-anchor")];
        emulator.add_row("/ip/firewall/filter", &anchor).unwrap();
    }
    emulator
}

/// The file of the guide: what stands between the fences.
fn file() -> &'static str {
    let (_, rest) = GUIDE.split_once("```toml\n").unwrap();
    rest.split_once("```").unwrap().0
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guide_works() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let emulator = router().await;
    // The same profile in the server's own file: under another name it is added at the start.
    let configuration = format!(
        "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\n{}",
        file().replace("name = \"web\"", "name = \"from-file\"")
    );
    std::fs::write(home.join("moxxie.toml"), configuration).unwrap();
    std::fs::write(home.join("web.toml"), file()).unwrap();
    let mut server = Server::start(moxxie(home, &["serve", "--config", "moxxie.toml"]));
    let token =
        server.line_with("mxt_").split_whitespace().find(|word| word.starts_with("mxt_")).unwrap().to_owned();
    std::fs::write(home.join("token"), token).unwrap();
    let own = ["--server", &server.url, "--token-file", "token"];
    let ask = |words: &[&str]| {
        let output = run(home, &[&own, words].concat());
        assert_eq!(output.status.code(), Some(0), "{words:?}: {}{}", stdout(&output), stderr(&output));
        stdout(&output)
    };
    assert!(ask(&["profile", "list"]).contains("from-file"));
    let address = emulator.addr().to_string();
    let mut ran = 0;
    for line in GUIDE.lines().filter_map(|line| line.strip_prefix("    moxxie ")) {
        let words: Vec<_> = line.split_whitespace().collect();
        let printed = ask(&words);
        ran += 1;
        match words.as_slice() {
            ["tenant", ..] => {
                let add = [
                    "router",
                    "add",
                    "r1",
                    "--site",
                    "dc1",
                    "--address",
                    &address,
                    "--username",
                    "moxxie",
                    "--password-stdin",
                    "--trunk",
                    "ether2",
                ];
                let added = run_with_input(home, &[&own, &add[..]].concat(), "router-secret\n");
                assert_eq!(added.status.code(), Some(0), "{}", stderr(&added));
            }
            ["profile", "show", "web"] => {
                assert!(printed.contains("in: accept from offices tcp 22 (ssh)"), "{printed}");
                assert!(printed.contains("web: tcp 80,443,8000-8100"), "{printed}");
            }
            ["network", "provision", .., "shop", "--wait"] => {
                let rules = emulator.rows("/ip/firewall/filter");
                for chain in ["mx-p-web-in", "mx-p-web-out", "mx-p-web-router"] {
                    assert!(rules.iter().any(|rule| rule["chain"] == chain), "{chain}");
                }
                // What is used stays, and says by whom.
                let refused = run(home, &[&own, &["profile", "remove", "web"][..]].concat());
                assert_ne!(refused.status.code(), Some(0));
                assert!(stderr(&refused).contains("acme/shop"), "{}", stderr(&refused));
                // "To change it, change the file."
                std::fs::write(home.join("web.toml"), file().replace("\"25\"", "\"26\"")).unwrap();
            }
            ["profile", "set", .., "--dry-run"] => {
                assert!(printed.contains("jump-target: mx-p-web-out -> mx-p-web.r2-out"), "{printed}");
            }
            ["profile", "set", .., "--wait"] => {
                let rules = emulator.rows("/ip/firewall/filter");
                let has = |chain: &str| rules.iter().any(|rule| rule["chain"] == chain);
                assert!(has("mx-p-web.r2-in") && !has("mx-p-web-in"), "{rules:?}");
            }
            ["network", "bulk", "provision", ..] => {
                assert_eq!(printed.matches("node-").count(), 12, "{printed}");
            }
            ["network", "bulk", "modify", .., "--wait"] => {
                assert_eq!(printed.matches("provisioned").count(), 12, "{printed}");
            }
            ["network", "deprovision", ..] => {
                let rules = emulator.rows("/ip/firewall/filter");
                assert!(!rules.iter().any(|rule| rule["chain"].starts_with("mx-p-web")), "{rules:?}");
            }
            _ => {}
        }
    }
    assert!(ran >= 12, "{ran} commands ran");
    assert!(!ask(&["profile", "list"]).contains("\nweb"));
}
