//! The demonstration, as somebody new runs it.
#![cfg(feature = "server")]

mod common;

use std::time::{Duration, Instant};

use common::{Server, moxxie, run, run_with_input, stderr, stdout};

#[test]
fn every_part_of_the_story_holds() {
    let home = tempfile::tempdir().unwrap();
    let began = Instant::now();
    let output = run(home.path(), &["demo", "--exit", "--listen", "127.0.0.1:0"]);
    let took = began.elapsed();
    let (text, errors) = (stdout(&output), stderr(&output));
    assert_eq!(output.status.code(), Some(0), "{text}\n{errors}");
    assert!(!text.contains("[FAILED]") && text.contains("statements held"), "{text}");
    assert!(!text.contains('\x1b'), "colour in a pipe");
    assert!(!text.contains("mxt_"), "the token is shown to nobody who could use it");
    assert!(took < Duration::from_secs(10), "it took {took:?}");
}

#[test]
fn it_can_be_told_again_on_the_same_data() {
    let home = tempfile::tempdir().unwrap();
    let line = ["demo", "--exit", "--listen", "127.0.0.1:0", "--data", "kept"];
    for time in ["first", "second", "third"] {
        let output = run(home.path(), &line);
        assert_eq!(output.status.code(), Some(0), "{time}: {}\n{}", stdout(&output), stderr(&output));
    }
}

#[test]
fn it_goes_on_serving_until_it_is_told_to_stop() {
    let home = tempfile::tempdir().unwrap();
    let mut demo = Server::start(moxxie(home.path(), &["demo", "--listen", "127.0.0.1:0"]));
    let token = demo.line_with("Token").split_whitespace().nth(1).unwrap().to_owned();
    let login = run_with_input(home.path(), &["login", "--server", &demo.url, "--token", "-"], &token);
    assert_eq!(login.status.code(), Some(0), "{}", stderr(&login));

    let order = "network provision --tenant acme --site dc2 --size /28 --dhcp --wait -o json";
    let order: Vec<_> = order.split(' ').collect();
    let output = run(home.path(), &order);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let network: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&network["status"], &network["serviceVlan"]), (&"provisioned".into(), &1000.into()));

    let ends_with = |line: &str| {
        let output = run(home.path(), &line.split(' ').collect::<Vec<_>>());
        (output.status.code(), stdout(&output), stderr(&output))
    };
    let (code, script, _) =
        ends_with("network provision --tenant acme --site dc2 --size /28 --dry-run --script");
    assert_eq!(code, Some(0));
    assert!(script.starts_with("# router r2") && script.contains("/interface/vlan"), "{script}");

    // VLAN 150 is somebody else's on the router: the order is taken, and then the change fails.
    let (code, _, error) =
        ends_with("network provision --tenant acme --site dc1 --size /28 --vlan 150 --wait");
    assert_eq!(code, Some(5), "{error}");
    assert!(error.contains("office"), "the row in the way is named: {error}");
    let (code, changes, _) = ends_with("change list --limit 1 -o json");
    assert_eq!(code, Some(0));
    let changes: serde_json::Value = serde_json::from_str(&changes).unwrap();
    let watch = format!("change watch {}", changes[0]["changeId"].as_str().unwrap());
    assert_eq!(ends_with(&watch).0, Some(5));

    let (code, lines, _) = ends_with("audit export");
    assert_eq!(code, Some(0));
    assert!(lines.lines().count() > 20 && lines.lines().all(|line| line.starts_with('{')), "{lines}");
    assert_eq!(ends_with("audit verify").0, Some(0));

    let (code, log) = demo.stop("INT");
    assert_eq!(code, Some(0), "{log}");
}
