//! The server as a process: configuration, first start, exit codes, stopping.
#![cfg(feature = "server")]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

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

/// A start without the key must not leave another one behind that looks right.
fn a_lost_key_is_asked_for(database: Option<&str>) {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let command = |key: Option<&str>| {
        let mut command = moxxie(home, &["serve", "--listen", "127.0.0.1:0", "--data-dir", "data"]);
        command.envs(database.map(|url| ("MOXXIE_DATABASE", url)));
        command.envs(key.map(|key| ("MOXXIE_MASTER_KEY", key)));
        command
    };
    assert_eq!(Server::start(command(None)).stop("TERM").0, Some(0));

    let (file, away) = (home.join("data/master.key"), home.join("away.key"));
    fs::rename(&file, &away).unwrap();
    for _ in 0..2 {
        let output = command(None).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let said = stderr(&output);
        for words in ["was made with a master key that is not at", "data/master.key", "MOXXIE_MASTER_KEY"] {
            assert!(said.contains(words), "{said}");
        }
        assert!(!file.exists(), "no key is left behind");
    }
    // Another key is not taken for it, wherever it stands, and one that was there is not touched.
    let wrong = "5a".repeat(32);
    let output = command(Some(&wrong)).output().unwrap();
    assert!(stderr(&output).contains("another master key"), "{}", stderr(&output));
    fs::write(&file, &wrong).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(stderr(&command(None).output().unwrap()).contains("put it back"));
    assert_eq!(fs::read_to_string(&file).unwrap(), wrong);

    let key = fs::read_to_string(&away).unwrap();
    assert_eq!(Server::start(command(Some(key.trim()))).stop("TERM").0, Some(0));
    fs::rename(&away, &file).unwrap();
    assert_eq!(Server::start(command(None)).stop("TERM").0, Some(0));
}

#[test]
fn a_lost_key_is_asked_for_on_sqlite() {
    a_lost_key_is_asked_for(None);
}

#[test]
fn a_lost_key_is_asked_for_on_postgres() {
    let Ok(postgres) = std::env::var("MOXXIE_TEST_POSTGRES") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CI needs MOXXIE_TEST_POSTGRES");
        eprintln!("MOXXIE_TEST_POSTGRES is not set: skipped");
        return;
    };
    a_lost_key_is_asked_for(Some(&common::new_database(&postgres, "key")));
}

/// What was registered is changed and removed from the command line.
#[test]
fn what_was_registered_is_changed_and_removed() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    fs::write(home.join("moxxie.toml"), CONFIG).unwrap();
    let mut server = serve(home);
    let token = server.line_with("mxt_").trim().to_owned();
    let login = run_with_input(home, &["login", "--server", &server.url], &format!("{token}\n"));
    assert_eq!(login.status.code(), Some(0), "{}", stderr(&login));
    let line = |line: &str| run(home, &line.split(' ').collect::<Vec<_>>());

    let set = run_with_input(
        home,
        &["router", "set", "r2", "--address", "192.0.2.9", "--username", "other", "--password-stdin"],
        "planted-new-password\n",
    );
    assert_eq!(set.status.code(), Some(0), "{}", stderr(&set));
    let shown = stdout(&set);
    assert!(shown.contains("192.0.2.9:8728") && shown.contains("other"), "{shown}");
    assert!(!(shown + &stderr(&set)).contains("planted"), "the password is shown");
    let nothing = line("router set r2");
    assert_eq!(nothing.status.code(), Some(2));
    assert!(stderr(&nothing).contains("--address"), "{}", stderr(&nothing));
    let nowhere = line("router set r2 --password");
    assert_eq!(nowhere.status.code(), Some(2));
    assert!(stderr(&nowhere).contains("--password-stdin"), "{}", stderr(&nowhere));

    let used = line("site remove dc2");
    assert_eq!(used.status.code(), Some(1));
    assert!(stderr(&used).contains("dc2 is still in use"), "{}", stderr(&used));
    for removal in ["router remove r2", "pool remove main", "tenant remove acme", "site remove dc2"] {
        let output = line(removal);
        assert_eq!(output.status.code(), Some(0), "{removal}: {}", stderr(&output));
        assert!(stderr(&output).contains("is removed"), "{removal}: {}", stderr(&output));
        let again = line(removal);
        assert_eq!(again.status.code(), Some(1), "{removal}: {}", stderr(&again));
    }
    let (_, log) = server.stop("TERM");
    assert!(!log.contains("planted"), "{log}");
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
