use serde_json::json;

use super::*;

fn files(named: &[(&str, &str)]) -> Result<Files, Vec<String>> {
    let mut files = Files::default();
    let mut wrong = Vec::new();
    for (name, text) in named {
        files.add(Path::new(name), text, &mut wrong);
    }
    if wrong.is_empty() { Ok(files) } else { Err(wrong.iter().map(ToString::to_string).collect()) }
}

const TOML: &str = r#"
[[pools]]
name = "v4"
prefix = "10.0.0.0/8"
quarantineSeconds = 0x10

[[networks]]
clientId = "acme"
name = "web"
datacenter = "dc1"
size = "/24"
[networks.options]
enableDHCP = true
"#;

const YAML: &str = r#"
pools:
  - name: v4
    prefix: 10.0.0.0/8
    quarantineSeconds: 16
networks:
  - clientId: acme
    name: web
    datacenter: dc1
    size: /24
    options:
      enableDHCP: true
"#;

#[test]
fn toml_yaml_and_json_say_the_same_and_know_their_lines() {
    let toml = files(&[("a.toml", TOML)]).unwrap();
    let yaml = files(&[("a.yaml", YAML)]).unwrap();
    let json = serde_json::to_string_pretty(&toml.declaration).unwrap();
    let json = files(&[("a.json", &json)]).unwrap();
    assert_eq!(toml.declaration, yaml.declaration);
    assert_eq!(toml.declaration, json.declaration);
    for (files, file, pool, dhcp) in [(&toml, "a.toml", 4, 13), (&yaml, "a.yaml", 4, 12)] {
        assert_eq!(files.wrong("pools[0].prefix", "no").to_string(), format!("{file}:{pool}: prefix: no"));
        let said = files.wrong("networks[0].options.enableDHCP", "no").to_string();
        assert_eq!(said, format!("{file}:{dhcp}: options.enableDHCP: no"));
        // What is not said is where the thing is.
        assert_eq!(files.wrong("networks[0].vlanId", "no").to_string(), format!("{file}:7: vlanId: no"));
        assert_eq!(files.wrong("networks", "no").to_string(), "networks: no");
    }
}

#[test]
fn several_files_are_one() {
    let two = files(&[("a.toml", TOML), ("b.yaml", YAML)]).unwrap();
    assert_eq!(two.declaration["pools"].as_array().unwrap().len(), 2);
    assert_eq!(two.wrong("pools[1].name", "x").to_string(), "b.yaml:3: name: x");
    assert!(files(&[("empty.yaml", "# nothing\n"), ("empty.toml", "")]).unwrap().declaration.is_empty());
}

#[test]
fn everything_that_is_wrong_is_said() {
    let wrong = files(&[
        ("a.toml", "[[pools]]\nnam = \"x\"\nprefixx = \"y\"\n"),
        ("b.yaml", "pools: 3\nnetwork: []\n"),
        ("c.yaml", "pools:\n  - [1]\n  - name: [a]\n    prefix: 10.0.0.0/8\n"),
        ("d.toml", "[[networks]]\nclientId = \"a\"\ndatacenter = \"d\"\nsize = 24\n[[networks]]\n"),
        ("e.yaml", "networks:\n  - clientId: a\n    datacenter: d\n    size: /24\n    provisioned: maybe\n    options: {enableDhcp: true}\n"),
        ("f.yaml", "a: [\n"),
        ("g.toml", "a = 1\na = 2\n"),
        ("h.yaml", "pools: []\npools: []\n"),
    ])
    .unwrap_err();
    for part in [
        "a.toml:2: nam: there is no key nam; the nearest is name",
        "a.toml:3: prefixx: there is no key prefixx; the nearest is prefix",
        "b.yaml:1: pools must be a list",
        "b.yaml:2: there is no key network; the nearest is networks",
        "c.yaml:2: each of pools must be a table",
        "c.yaml:3: name: must be a text in quotes",
        "d.toml:4: size: must be a text in quotes",
        "d.toml:5: clientId is missing",
        "e.yaml:5: provisioned: must be true or false",
        "f.yaml:",
        "g.toml:2: ",
        "h.yaml:2: ",
    ] {
        assert!(wrong.iter().any(|line| line.starts_with(part)), "{part} in {wrong:#?}");
    }
}

#[test]
fn passwords_are_elsewhere() {
    let router =
        "[[routers]]\nname = \"r1\"\ndatacenter = \"d\"\naddress = \"a\"\nusername = \"u\"\ntrunk = \"t\"\n";
    let bad = files(&[("a.toml", &format!("{router}password = \"geheim\"\n"))]).unwrap_err();
    assert!(bad[0].starts_with("a.toml:7: ") && bad[0].contains("passwordEnv"), "{bad:?}");
    assert!(!bad[0].contains("geheim"));
    let both = format!("{router}passwordEnv = \"A\"\npasswordFile = \"B\"\n");
    assert!(files(&[("a.toml", &both)]).unwrap_err()[0].contains("not both"));
    let good = files(&[("site/a.toml", &format!("{router}passwordFile = \"r1.secret\"\n"))]).unwrap();
    assert_eq!(good.declaration["routers"][0].get("passwordFile"), None);
    assert_eq!(good.passwords["r1"].0, Password::File("site/r1.secret".into()));
    assert!(good.password("r1").unwrap_err().to_string().contains("site/a.toml:1: site/r1.secret"));
    assert_eq!(good.password("r2").unwrap(), None);
}

#[test]
fn what_is_written_reads_the_same() {
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..200 {
        let mut text = || -> String {
            let odd = [
                "",
                "a",
                "no",
                "0x88a8",
                "1e3",
                "~",
                "null",
                "/24",
                "- x",
                "#",
                "'",
                "\"",
                "\n",
                "ä",
                ": ",
                "{",
                "2026-01-01",
                "10:30",
            ];
            (0..random.usize(1..4)).map(|_| odd[random.usize(..odd.len())]).collect()
        };
        let network = json!({"clientId": text(), "name": text(), "datacenter": text(), "size": text(), "vlanId": round,
            "provisioned": round % 2 == 0, "labels": {text(): text(), "app": text()},
            "options": {"enableDHCP": true, "description": text()}});
        let profile = json!({"name": text(), "description": text(), "sets": {"s": [text(), text()]},
            "rules": [{"direction": text(), "action": text(), "ports": [text()]}, {"direction": "in", "action": text()}]});
        let site =
            json!({"name": text(), "encapsulation": {"type": text(), "serviceVlan": 7, "tpid": text()}});
        let all = json!({"sites": [site], "profiles": [profile], "networks": [network.clone(), network]});
        let Value::Object(all) = all else { panic!("an object") };
        let toml = write::toml(&all).unwrap();
        assert_eq!(files(&[("a.toml", &toml)]).unwrap().declaration, all, "{toml}");
        let yaml = write::yaml(&all).unwrap();
        let read = files(&[("a.yaml", &yaml)]).unwrap_or_else(|wrong| panic!("{wrong:?}\n{yaml}"));
        assert_eq!(read.declaration, all, "{yaml}");
    }
}
