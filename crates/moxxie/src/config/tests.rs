use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt, path::PathBuf, time::Duration};

use super::*;

/// A configuration file, an environment and flags.
#[derive(Default)]
struct Case {
    file: Option<&'static str>,
    environment: BTreeMap<&'static str, &'static str>,
    flags: Vec<(&'static str, String)>,
}

impl Case {
    fn file(text: &'static str) -> Self {
        Self { file: Some(text), ..Self::default() }
    }

    fn env(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.insert(name, value);
        self
    }

    fn flag(mut self, name: &'static str, value: &str) -> Self {
        self.flags.push((name, value.to_owned()));
        self
    }

    fn load(self) -> Result<Config, String> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("moxxie.toml");
        fs::write(&path, self.file.unwrap_or_default()).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        let environment = |name: &str| self.environment.get(name).map(|value| (*value).to_owned());
        load(&ConfigArgs::with(&path, &self.flags), &environment).map_err(|error| error.to_string())
    }
}

fn source(config: &Config, key: &str) -> String {
    config.shown.iter().find(|shown| shown.key == key).unwrap().source.clone()
}

#[test]
fn flag_over_environment_over_file_over_default() {
    let file = || Case::file("listen = \"127.0.0.1:1\"\nchange_deadline = \"5m\"");
    let config = file().load().unwrap();
    assert_eq!(config.settings.listen.port(), 1);
    assert!(source(&config, "listen").ends_with("moxxie.toml"));
    assert_eq!(config.settings.change_deadline, Duration::from_secs(300));
    assert_eq!(config.settings.max_backoff, Duration::from_secs(30));
    assert_eq!(source(&config, "max_backoff"), "default");

    let config = file().env("MOXXIE_LISTEN", "127.0.0.1:2").load().unwrap();
    assert_eq!((config.settings.listen.port(), source(&config, "listen").as_str()), (2, "MOXXIE_LISTEN"));

    let config = file().env("MOXXIE_LISTEN", "127.0.0.1:2").flag("listen", "127.0.0.1:3").load().unwrap();
    assert_eq!((config.settings.listen.port(), source(&config, "listen").as_str()), (3, "--listen"));

    let config = file().env("MOXXIE_LISTEN", "").load().unwrap();
    assert_eq!(config.settings.listen.port(), 1, "an empty variable counts as unset");
}

#[test]
fn files_lie_in_the_data_directory_unless_said_otherwise() {
    let config = Case::default().flag("data_dir", "/srv/m").load().unwrap().settings;
    assert_eq!(config.database, "sqlite:/srv/m/moxxie.db");
    assert_eq!(config.master_key_file, PathBuf::from("/srv/m/master.key"));
    let config = Case::default().env("XDG_STATE_HOME", "/state").load().unwrap().settings;
    assert_eq!(config.data_dir, PathBuf::from("/state/moxxie"));
    let config = Case::default().env("HOME", "/home/a").load().unwrap().settings;
    assert_eq!(config.data_dir, PathBuf::from("/home/a/.local/state/moxxie"));
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    let text =
        "lisen = \"x\"\n[[sites]]\nname = \"dc1\"\nvlanRange = \"1-2\"\nencapsulation = { typ = \"q\" }";
    let error = Case::file(text).load().unwrap_err();
    for expected in [
        "3 mistakes",
        "no key lisen; the nearest is listen",
        "no key sites[0].vlanRange; the nearest is vlan_range",
        "no key sites[0].encapsulation.typ; the nearest is type",
    ] {
        assert!(error.contains(expected), "{expected} in {error}");
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = "listen = \"here\"\nlog_format = \"xml\"\nmax_backoff = \"soon\"\nscan_interval = [1]";
    let error = Case::file(text).env("MOXXIE_MASTER_KEY", "short").load().unwrap_err();
    for expected in ["127.0.0.1:8080", "text and json are", "90s", "scan_interval is a text", "64 hex digits"]
    {
        assert!(error.contains(expected), "{expected} in {error}");
    }
}

const ROUTER: &str = "[[routers]]\nname = \"r1\"\ndatacenter = \"dc1\"\naddress = \"192.0.2.1\"\n\
                      username = \"moxxie\"\npassword = \"${ROUTER_API_PASSWORD}\"\ntrunk = \"ether2\"";

#[test]
fn secrets_come_from_the_environment() {
    let config = Case::file(ROUTER).env("ROUTER_API_PASSWORD", "s3cret").load().unwrap();
    assert_eq!(config.resources.routers[0].request.password, "s3cret");
    assert!(config.warnings.is_empty());
    assert!(!format!("{:?}", config.shown).contains("s3cret"));
    let error = Case::file(ROUTER).load().unwrap_err();
    assert!(
        error.contains("routers[0].password needs the environment variable ROUTER_API_PASSWORD"),
        "{error}"
    );
}

#[test]
fn a_database_from_the_environment_is_masked() {
    let config = Case::file("database = \"postgres://m:${DB_PASSWORD}@db/moxxie\"")
        .env("DB_PASSWORD", "p@ss")
        .load()
        .unwrap();
    assert_eq!(config.settings.database, "postgres://m:p@ss@db/moxxie");
    assert!(!format!("{:?}", config.shown).contains("p@ss"));
    let error = Case::file("database = \"mysql://m:geheim@db/x\"").load().unwrap_err();
    assert!(error.contains("sqlite:<file>") && !error.contains("geheim"), "{error}");
}

#[test]
fn a_wrong_type_names_its_place_and_not_its_value() {
    let text = "[[sites]]\nname = \"dc1\"\nencapsulation = { type = \"qinq\", service_vlan = \"geheim\" }";
    let error = Case::file(text).load().unwrap_err();
    assert!(error.contains("sites[0]") && !error.contains("geheim"), "{error}");
    let error = Case::file("sites = \"dc1\"").load().unwrap_err();
    assert!(error.contains("[[sites]]"), "{error}");
}

#[test]
fn broken_toml_names_the_line_and_does_not_quote_it() {
    let error = Case::file("listen = \"127.0.0.1:1\"\npassword = \"geheim").load().unwrap_err();
    assert!(error.contains("line 2") && !error.contains("geheim"), "{error}");
}

#[test]
fn a_file_that_was_named_must_exist() {
    let args = ConfigArgs::with("/nonexistent/moxxie.toml".as_ref(), &[]);
    let error = load(&args, &|_| None).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/moxxie.toml"), "{error}");
}

#[test]
fn the_example_in_the_repository_is_valid() {
    let example = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../moxxie.example.toml");
    let config = load(&ConfigArgs::with(&example, &[]), &|name| {
        (name == "ROUTER_API_PASSWORD").then(|| "value".to_owned())
    });
    let config = config.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(config.resources.sites.len(), 2);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
}
