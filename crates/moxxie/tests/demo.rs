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

    let (code, log) = demo.stop("INT");
    assert_eq!(code, Some(0), "{log}");
}
