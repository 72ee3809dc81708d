//! The server as a process: configuration, first start, exit codes, stopping.
#![cfg(feature = "server")]

mod common;

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use common::{Server, moxxie, run, run_with_input, stderr, stdout};

const CONFIG: &str = r#"
listen = "127.0.0.1:0"
data_dir = "data"

[[sites]]
name = "dc2"
encapsulation = { type = "qinq", service_vlan = 1000 }
vlan_range = "100-2000"
management_prefixes = ["10.255.0.0/24"]

[[pools]]
name = "main"
datacenter = "dc2"
prefix = "172.20.0.0/16"

[[routers]]
name = "r2"
datacenter = "dc2"
address = "127.0.0.1:1"
username = "moxxie"
password = "${ROUTER_API_PASSWORD}"
trunk = "ether2"

[[tenants]]
name = "acme"
"#;
const PASSWORD: &str = "planted-router-password";

fn serve(home: &Path) -> Server {
    let mut command = moxxie(home, &["serve", "--config", "moxxie.toml"]);
    command.env("ROUTER_API_PASSWORD", PASSWORD);
    Server::start(command)
}

#[test]
fn a_life_of_a_server() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("moxxie.toml"), CONFIG).unwrap();

    let mut first = serve(home);
    let token = first.line_with("mxt_").trim().to_owned();
    let key = home.join("data/master.key");
    assert_eq!(fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);

    // Nobody without a token, and not with a wrong one, which is not kept either.
    let url = first.url.clone();
    let refused = run(home, &["site", "list", "--server", &url]);
    assert_eq!(refused.status.code(), Some(3), "{}", stderr(&refused));
    let wrong = run_with_input(home, &["login", "--server", &url], "mxt_wrong\n");
    assert_eq!(wrong.status.code(), Some(3), "{}", stderr(&wrong));
    let credentials = home.join(".config/moxxie/credentials.toml");
    assert!(!credentials.exists());

    let login = run_with_input(home, &["login", "--server", &url], &format!("{token}\n"));
    assert_eq!(login.status.code(), Some(0), "{}", stderr(&login));
    assert!(!stdout(&login).contains(&token) && !stderr(&login).contains(&token));
    assert_eq!(fs::metadata(&credentials).unwrap().permissions().mode() & 0o777, 0o600);

    // What stands in the file is there, and the server just logged in to is the default one.
    let sites = stdout(&run(home, &["site", "list"]));
    assert_eq!(sites.lines().nth(1).unwrap().split_whitespace().next(), Some("dc2"), "{sites}");
    let routers = run(home, &["router", "list", "-o", "json"]);
    let routers: serde_json::Value = serde_json::from_slice(&routers.stdout).unwrap();
    assert_eq!(routers[0]["name"], "r2");
    assert!(!routers.to_string().contains(PASSWORD));

    // A refusal names the field and ends with 1.
    let refused = run(home, &["pool", "add", "bits", "--prefix", "10.0.0.1/8"]);
    assert_eq!(refused.status.code(), Some(1));
    assert!(stderr(&refused).contains("prefix"), "{}", stderr(&refused));

    // A second process on the same database is refused by name.
    let mut second = moxxie(home, &["serve", "--config", "moxxie.toml"]);
    let second = second.env("ROUTER_API_PASSWORD", PASSWORD).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(stderr(&second).contains("moxxie.db"), "{}", stderr(&second));

    let (code, log) = first.stop("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains(PASSWORD) && !log.contains(&token), "{log}");

    // The second start shows no token and reports what differs, without changing it.
    let changed = CONFIG.replace("100-2000", "100-3000");
    fs::write(home.join("moxxie.toml"), changed).unwrap();
    let again = serve(home);
    let show = run(home, &["site", "show", "dc2", "--server", &again.url]);
    assert_eq!(show.status.code(), Some(3), "the token is kept for another address");
    let lines = again.lines();
    let (code, log) = again.stop("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(lines.iter().all(|line| !line.contains("mxt_")), "{lines:?}");
    assert!(log.contains("site dc2 differs") && log.contains("vlanRange"), "{log}");

    let gone = run(home, &["site", "list"]);
    assert_eq!(gone.status.code(), Some(4), "{}", stderr(&gone));
}

#[test]
fn a_check_shows_what_is_in_force_and_no_secret() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("moxxie.toml"), CONFIG).unwrap();
    let missing = run(home.path(), &["config", "check"]);
    assert_eq!(missing.status.code(), Some(2));
    assert!(stderr(&missing).contains("ROUTER_API_PASSWORD"), "{}", stderr(&missing));

    let mut check = moxxie(home.path(), &["config", "check", "--max-backoff", "7s"]);
    check.env("ROUTER_API_PASSWORD", PASSWORD).env("MOXXIE_DATABASE", "postgres://m:planted@db/moxxie");
    let output = check.output().unwrap();
    let text = stdout(&output);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    for expected in ["max_backoff", "7s", "--max-backoff", "MOXXIE_DATABASE", "moxxie.toml", "routers: r2"] {
        assert!(text.contains(expected), "{expected} in {text}");
    }
    assert!(!text.contains("planted"), "{text}");
}

#[test]
fn wrong_command_lines_end_with_2() {
    let home = tempfile::tempdir().unwrap();
    for line in [
        "network provision --site dc1",
        "network provision --tenant a --site b --size 256",
        "site frobnicate",
        "login --token mxt_on_the_command_line",
        "site list --server nonsense",
        "serve --listen here",
        "serve --config /nonexistent.toml",
    ] {
        let output = run(home.path(), &line.split(' ').collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(2), "{line}: {}", stderr(&output));
    }
}

#[test]
fn a_reader_that_goes_away_is_success() {
    let home = tempfile::tempdir().unwrap();
    let mut child = moxxie(home.path(), &["completions", "bash"]).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
