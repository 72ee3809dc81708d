//! docs/files.md: its commands, in order, on the files of examples/small-site; and what it says of errors,
//! interruptions and other people.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod common;

use std::{fs, path::Path, process::Output};

use common::{Server, moxxie, stderr, stdout};

const GUIDE: &str = include_str!("../../../docs/files.md");
const EXAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/small-site");

/// A router with the anchors of both families.
async fn router(version: &str) -> routeros_emulator::Emulator {
    let emulator = common::router(version).await;
    for chain in ["forward", "input"] {
        let anchor = [("chain", chain), ("action", "passthrough"), ("comment", "moxxie-anchor")];
        emulator.add_row("/ipv6/firewall/filter", &anchor).unwrap();
    }
    emulator
}

/// The example in a directory of its own, for a router at this address.
fn example(home: &Path, address: &str) {
    let site = home.join("small-site");
    fs::create_dir(&site).unwrap();
    for file in fs::read_dir(EXAMPLE).unwrap() {
        let file = file.unwrap();
        let text = fs::read_to_string(file.path()).unwrap();
        fs::write(site.join(file.file_name()), text.replace("\"192.0.2.1\"", &format!("{address:?}")))
            .unwrap();
    }
}

fn edit(home: &Path, file: &str, from: &str, to: &str) {
    let path = home.join("small-site").join(file);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{from} in {file}");
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}

struct World {
    home: tempfile::TempDir,
    server: Server,
}

impl World {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let configuration = "listen = \"127.0.0.1:0\"\ndata_dir = \"data\"\nscan_interval = \"200ms\"\n";
        fs::write(home.path().join("moxxie.toml"), configuration).unwrap();
        let mut server = Server::start(moxxie(home.path(), &["serve", "--config", "moxxie.toml"]));
        let line = server.line_with("mxt_");
        let token = line.split_whitespace().find(|word| word.starts_with("mxt_")).unwrap();
        fs::write(home.path().join("token"), token).unwrap();
        Self { home, server }
    }

    fn run(&self, words: &[&str]) -> Output {
        let own = ["--server", &self.server.url, "--token-file", "token"];
        let mut command = moxxie(self.home.path(), &[&own, words].concat());
        command.env("ROUTER_R1_PASSWORD", "router-secret").output().unwrap()
    }

    /// Runs it, and gives what it printed; it must end like this.
    fn ask(&self, words: &[&str], code: i32) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(code), "{words:?}: {}{}", stdout(&output), stderr(&output));
        assert!(!stdout(&output).contains("router-secret") && !stderr(&output).contains("router-secret"));
        stdout(&output)
    }

    /// Runs it; it must fail, and say so.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.run(words);
        assert_eq!(output.status.code(), Some(1), "{words:?}: {}{}", stdout(&output), stderr(&output));
        stderr(&output)
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guide_works() {
    let world = World::start();
    let (home, emulator) = (world.home.path(), router("7.22").await);
    example(home, &emulator.addr().to_string());
    let mut ran = 0;
    for line in GUIDE.lines().filter_map(|line| line.strip_prefix("    moxxie ")) {
        ran += 1;
        let words: Vec<_> = line.split_whitespace().collect();
        let applied = ran > 2;
        match words.as_slice() {
            ["plan", .., "--prune"] => {
                edit(home, "networks.yaml", "firewallProfile: isolated", "firewallProfile: standard");
                let networks = fs::read_to_string(home.join("small-site/networks.yaml")).unwrap();
                let (rest, _) = networks.split_once("  - clientId: lab").unwrap();
                fs::write(home.join("small-site/networks.yaml"), rest).unwrap();
                let printed = world.ask(&words, 2);
                assert!(printed.contains("~ network acme/database"), "{printed}");
                assert!(printed.contains("- network lab/bench"), "{printed}");
                assert!(printed.contains("router r1"), "{printed}");
            }
            ["plan", ..] => {
                let printed = world.ask(&words, if applied { 0 } else { 2 });
                if applied {
                    assert!(printed.starts_with("Nothing to do"), "{printed}");
                } else {
                    for part in
                        ["+ site dc1", "+ network acme/shop", "vlanId: 1500", "10 to make.", "--plan plan-"]
                    {
                        assert!(printed.contains(part), "{part} in {printed}");
                    }
                }
            }
            ["apply", ..] => {
                let printed = world.ask(&words, 0);
                assert!(printed.ends_with("Everything is as the files say.\n"), "{printed}");
            }
            ["network", "list"] => {
                let printed = world.ask(&words, 0);
                for (part, count) in [("provisioned", 2), ("allocated", 1), ("172.20.200.0/24", 1)] {
                    assert_eq!(printed.matches(part).count(), count, "{part} in {printed}");
                }
                let vlans = emulator.rows("/interface/vlan");
                assert_eq!(vlans.len(), 3, "two networks in a service VLAN: {vlans:?}");
            }
            ["export", .., format] => {
                let printed = world.ask(&words, 0);
                assert!(printed.contains("shop"));
                // As files, of all there is: nothing to do, also with --prune.
                let file = format!("all.{format}");
                fs::write(home.join(&file), printed).unwrap();
                world.ask(&["plan", "-f", &file, "--prune"], 0);
            }
            other => panic!("the test does not know {other:?}"),
        }
    }
    assert!(ran >= 8, "{ran} commands ran");
    let networks = world.ask(&["network", "list"], 0);
    assert!(!networks.contains("bench"), "{networks}");
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_are_wrong_are_told_with_their_lines_and_nothing_is_done() {
    let world = World::start();
    let (home, emulator) = (world.home.path(), router("7.22").await);
    example(home, &emulator.addr().to_string());
    // Before the server is asked: keys and kinds of values.
    edit(home, "site.toml", "vlanRange = \"100-2000\"", "vlan_range = \"100-2000\"");
    edit(home, "networks.yaml", "vlanId: 1500", "vlanId: many");
    let said = world.refused(&["plan", "-f", "small-site"]);
    assert!(
        said.contains(
            "small-site/site.toml:14: vlan_range: there is no key vlan_range; the nearest is vlanRange"
        ),
        "{said}"
    );
    assert!(said.contains("small-site/networks.yaml:20: vlanId: must be a whole number"), "{said}");
    edit(home, "site.toml", "vlan_range = \"100-2000\"", "vlanRange = \"2000-100\"");
    edit(home, "networks.yaml", "vlanId: many", "vlanId: 5000");
    // By the server: what values mean, all of it at once.
    let said = world.refused(&["apply", "-f", "small-site"]);
    assert!(said.contains("small-site/site.toml:14: vlanRange: "), "{said}");
    assert!(said.contains("small-site/networks.yaml:20: vlanId: "), "{said}");
    edit(home, "site.toml", "\"2000-100\"", "\"100-2000\"");
    edit(home, "networks.yaml", "vlanId: 5000", "vlanId: 1500");
    edit(home, "networks.yaml", "datacenter: dc1", "datacenter: dc9");
    let said = world.refused(&["apply", "-f", "small-site"]);
    assert!(
        said.contains("small-site/networks.yaml:5: datacenter: there is no datacentre \"dc9\""),
        "{said}"
    );
    edit(home, "networks.yaml", "datacenter: dc9", "datacenter: dc1");
    // Secrets: not in files, and there when they are needed.
    edit(home, "site.toml", "passwordEnv = \"ROUTER_R1_PASSWORD\"", "password = \"router-secret\"");
    let said = world.refused(&["plan", "-f", "small-site"]);
    assert!(said.contains("site.toml:32: ") && said.contains("passwordEnv"), "{said}");
    assert!(!said.contains("router-secret"), "{said}");
    edit(home, "site.toml", "password = \"router-secret\"", "passwordFile = \"r1.secret\"");
    let said = world.refused(&["plan", "-f", "small-site"]);
    assert!(said.contains("r1.secret (passwordFile of router r1)"), "{said}");
    fs::write(home.join("small-site/r1.secret"), "router-secret\n").unwrap();
    // Syntax, files that are none, and none at all.
    fs::write(home.join("small-site/broken.toml"), "[[pools]]\nname = \"x\nprefix = 1\n").unwrap();
    assert!(world.refused(&["plan", "-f", "small-site"]).contains("small-site/broken.toml:2: "));
    fs::write(home.join("small-site/broken.toml"), "[[pool]]\nname = \"x\"\n").unwrap();
    let said = world.refused(&["plan", "-f", "small-site"]);
    assert!(said.contains("small-site/broken.toml:1: there is no key pool; the nearest is pools"), "{said}");
    fs::remove_file(home.join("small-site/broken.toml")).unwrap();
    fs::create_dir(home.join("empty")).unwrap();
    assert!(world.refused(&["plan", "-f", "empty"]).contains("empty: has no files"));
    assert!(world.refused(&["plan", "-f", "missing"]).contains("missing: "));
    // Of a plan, 2 says that there are changes: a wrong command line is 1 there.
    assert!(world.refused(&["plan"]).contains("--file"));
    assert!(world.refused(&["plan", "-f", "small-site", "--tpyo"]).contains("--tpyo"));
    assert_eq!(world.run(&["apply"]).status.code(), Some(2));
    assert_eq!(world.run(&["plan", "--help"]).status.code(), Some(0));
    // Nothing of all that was done.
    assert!(!world.ask(&["tenant", "list"], 0).contains("acme"));
    world.ask(&["apply", "-f", "small-site"], 0);
    emulator.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_of_yesterday_is_refused_and_an_interrupted_apply_goes_on() {
    let world = World::start();
    let (home, emulator) = (world.home.path(), router("7.22").await);
    example(home, &emulator.addr().to_string());
    let id = |printed: &str| {
        printed.split_whitespace().rev().find(|word| word.starts_with("plan-")).unwrap().to_owned()
    };
    let old = id(&world.ask(&["plan", "-f", "small-site"], 2));
    world.ask(&["tenant", "add", "acme"], 0);
    let output = world.run(&["apply", "-f", "small-site", "--plan", &old]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stderr(&output).contains("nothing was done"), "{}", stderr(&output));
    let now = stdout(&output);
    assert!(now.contains("~ tenant acme") && now.contains("This is plan-"), "{now}");
    assert!(!world.ask(&["tenant", "list"], 0).contains("lab"));
    // The process dies after it has asked, before the routers are done; another run goes on.
    let new = id(&now);
    world.ask(&["apply", "-f", "small-site", "--plan", &new, "--no-wait"], 0);
    let printed = world.ask(&["apply", "-f", "small-site"], 0);
    assert!(printed.contains("as the files say"), "{printed}");
    let networks = world.ask(&["network", "list"], 0);
    assert_eq!(networks.matches("provisioned").count(), 2, "{networks}");
    assert_eq!(emulator.rows("/interface/vlan").len(), 3);
    emulator.shutdown().await;
}
