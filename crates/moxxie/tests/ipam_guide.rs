//! docs/ipam.md: its commands, in order, against a server process and an emulated router.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "these are tests, in helper functions")]

mod common;

use std::path::Path;

use common::{Server, moxxie, stderr, stdout};
use routeros_emulator::Emulator;

const GUIDE: &str = include_str!("../../../docs/ipam.md");

const CONFIGURATION: &str = r#"
listen = "127.0.0.1:0"
data_dir = "data"
scan_interval = "200ms"
reality_interval = "off"

[[sites]]
name = "dc1"
vlan_range = "100-200"

[[sites]]
name = "dc2"
encapsulation = { type = "qinq", service_vlan = 1000 }
vlan_range = "100-200"
management_prefixes = ["10.255.0.0/24"]

[[pools]]
name = "dc2-main"
datacenter = "dc2"
prefix = "172.20.0.0/16"

[[tenants]]
name = "acme"

[[routers]]
name = "r2"
datacenter = "dc2"
address = "ADDRESS"
username = "moxxie"
password = "router-secret"
trunk = "ether2"
"#;

/// What `plan.csv` of the guide is.
const PLAN: &str = "type,clientId,datacenter,name,prefix,vlanId,address,hostname
network,acme,dc2,planned,172.20.77.0/24,177,,
address,,,,,,172.20.77.10,planned1.example.net
vlan,,dc2,,,178,,
";

async fn router() -> Emulator {
    let builder = Emulator::builder().version("7.22").unwrap().identity("r2").serial("SERIAL-2");
    let builder = builder.user("moxxie", "router-secret").ethernet(3).bind("127.0.0.1:0");
    let emulator = builder.start().await.unwrap();
    for chain in ["forward", "input"] {
        let anchor = [("chain", chain), ("action", "passthrough"), ("comment", "moxxie-anchor")];
        emulator.add_row("/ip/firewall/filter", &anchor).unwrap();
    }
    emulator
}

/// The words of a line as a shell reads them, without its comment.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quoted) = (Vec::new(), String::new(), false);
    for letter in line.chars() {
        match letter {
            '"' => quoted = !quoted,
            '#' if !quoted && word.is_empty() => break,
            ' ' if !quoted => words.extend(Some(std::mem::take(&mut word)).filter(|word| !word.is_empty())),
            letter => word.push(letter),
        }
    }
    words.extend(Some(word).filter(|word| !word.is_empty()));
    words
}

struct Reader<'a> {
    home: &'a Path,
    server: &'a Server,
}

impl Reader<'_> {
    /// Runs the program as the guide's reader would, and gives what it printed and said.
    fn run(&self, words: &[String]) -> (String, String) {
        let (words, to) = match words.iter().position(|word| word == ">") {
            Some(at) => (&words[..at], Some(&words[at + 1])),
            None => (words, None),
        };
        let own = ["--server", &self.server.url, "--token-file", "token"];
        let all: Vec<&str> = own.into_iter().chain(words.iter().map(String::as_str)).collect();
        let output = moxxie(self.home, &all).output().unwrap();
        let (printed, said) = (stdout(&output), stderr(&output));
        assert_eq!(output.status.code(), Some(0), "moxxie {}: {printed}{said}", words.join(" "));
        if let Some(to) = to {
            std::fs::write(self.home.join(to), &printed).unwrap();
        }
        (printed, said)
    }

    /// A time at which everything is there that the guide has made: that of the newest audit event.
    fn now(&self) -> String {
        let newest = ["audit", "list", "--limit", "1", "--output", "json"].map(str::to_owned);
        let newest: serde_json::Value = serde_json::from_str(&self.run(&newest).0).unwrap();
        let items = newest.get("items").unwrap_or(&newest);
        items[0]["at"].as_str().unwrap().to_owned()
    }
}

/// The finding about an address, of what `reality list` printed.
fn finding(list: &str, address: &str) -> String {
    let line = list.lines().find(|line| line.split_whitespace().any(|word| word == address));
    let line = line.unwrap_or_else(|| panic!("nothing is found about {address}:\n{list}"));
    line.split_whitespace().find(|word| word.starts_with("fnd-")).unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_the_guide_works() {
    let home = tempfile::tempdir().unwrap();
    let home = home.path();
    let emulator = router().await;
    let configuration = CONFIGURATION.replace("ADDRESS", &emulator.addr().to_string());
    std::fs::write(home.join("moxxie.toml"), configuration).unwrap();
    std::fs::write(home.join("plan.csv"), PLAN).unwrap();
    let mut server = Server::start(moxxie(home, &["serve", "--config", "moxxie.toml"]));
    let token =
        server.line_with("mxt_").split_whitespace().find(|word| word.starts_with("mxt_")).unwrap().to_owned();
    std::fs::write(home.join("token"), token).unwrap();
    let reader = Reader { home, server: &server };
    let list: Vec<String> = words("moxxie reality list --all");
    let lines: Vec<&str> = GUIDE.lines().filter_map(|line| line.strip_prefix("    moxxie ")).collect();
    let mut done = Vec::new();
    for line in &lines {
        let mut words = words(line);
        if line.starts_with("reality scan") {
            // Somebody is there without a record, and somebody with one.
            let interfaces = emulator.rows("/interface/vlan");
            let web = interfaces.iter().find(|row| row["vlan-id"] == "100").expect("web is on the router");
            for (address, mac) in [
                ("172.20.0.50", "02:00:00:00:00:50"),
                ("172.20.0.51", "02:00:00:00:00:51"),
                ("172.20.0.6", "02:00:00:00:00:06"),
            ] {
                emulator.lan().host(&web["name"], address, mac);
            }
        }
        if let Some(at) = words.iter().position(|word| word == "fnd-...") {
            let about = if words[1] == "adopt" { "172.20.0.50" } else { "172.20.0.51" };
            words[at] = finding(&reader.run(&list[1..]).0, about);
        }
        if let Some(at) = words.iter().position(|word| word == "--at") {
            words[at + 1] = reader.now();
        }
        let (printed, said) = reader.run(&words);
        assert!(!said.contains("nothing was found"), "{line}: {said}");
        done.push((*line, printed + &said));
    }
    assert!(done.len() >= 60, "{} commands ran", done.len());
    let printed = |start: &str| -> &str {
        let of = done.iter().find(|(line, _)| line.starts_with(start));
        &of.unwrap_or_else(|| panic!("the guide has no command {start}")).1
    };
    for (start, says) in [
        ("pool add dc1-main", "by_vlan"),
        ("prefix take --size /26", "held until"),
        ("prefix confirm", "assigned"),
        ("prefix resize 172.16.4.0/24", "172.16.4.0/23"),
        ("prefix merge", "172.16.4.0/25"),
        ("pool split lab", "lab-2"),
        ("pool merge lab", "172.16.64.0/18"),
        ("prefix move", "lab-"),
        ("network allocate --tenant acme --site dc1 --size /24 --size6", "2001:db8:"),
        ("network resize lab", "/25"),
        ("vlan list", "free of 100-200"),
        ("asn take --site dc1 --tenant acme", "4200000000"),
        ("network ip next web --hostname", "172.20.0.4/24"),
        ("network ip next web --hold", "held until"),
        ("network ip set web 172.20.0.5", "assigned"),
        ("network range list", "172.20.0.19"),
        ("network ips web", "02:00:5E:00:53:AF"),
        ("reality scan r2", "unknown_in_use"),
        ("reality list --network web --kind", "172.20.0.50"),
        ("reality adopt", "172.20.0.50/24"),
        ("network ip next web --verify", "172.20.0.5/24"),
        ("who-has 172.20.0.17", "web"),
        ("search 0200.5e00.53af", "172.20.0.10"),
        ("search app=web", "172.20.0.10"),
        ("search db", "db1.example.net"),
        ("export >", "planned1.example.net"),
        ("export --format json", "172.20.77.10"),
        ("export --format ansible", "planned1.example.net"),
        ("prefix list --pool dc1-main --at", "172.16.200.0/24"),
        ("network ips web --at", "172.20.0.10"),
        ("pool show dc1-main --at", "by_vlan"),
        ("pool forecast", "too little data"),
    ] {
        assert!(printed(start).contains(says), "{start} does not say {says:?}:\n{}", printed(start));
    }
    // A host that answers at 172.20.0.6 is passed over, though nobody recorded it.
    let next = reader.run(&["network", "ip", "next", "web"].map(str::to_owned)).0;
    assert!(next.contains("172.20.0.7/24"), "{next}");
    // What was imported and what was exported change nothing when they are imported again.
    for file in ["plan.csv", "table.csv"] {
        let (printed, said) = reader.run(&["import", file].map(str::to_owned));
        assert!((printed + &said).contains("made nothing"), "{file}");
    }
    let (code, log) = server.stop("TERM");
    assert_eq!(code, Some(0), "{log}");
    assert!(!log.contains("ERROR") && !log.contains("router-secret"), "{log}");
}
