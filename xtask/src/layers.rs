//! Crates depend on each other only downwards, and each outside library has its one place.
//!
//! The rules are two tables. `cargo metadata` says how things are, with every feature switched on.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::exec::Shell;

/// Which crates of this workspace a crate may name.
struct Crate {
    name: &'static str,
    /// In `[dependencies]` and `[build-dependencies]`.
    may: &'static [&'static str],
    /// In `[dev-dependencies]`, beside those above.
    tests_may: &'static [&'static str],
    because: &'static str,
}

/// Every crate of the workspace, top down.
const CRATES: &[Crate] = &[
    Crate {
        name: "moxxie",
        may: &[
            "moxxie-api",
            "moxxie-core",
            "moxxie-engine",
            "moxxie-routeros",
            "moxxie-server",
            "moxxie-store",
            "routeros-emulator",
        ],
        tests_may: &["routeros-client", "throwaway-postgres"],
        because: "the composition root opens the store, chooses the drivers and runs the demo's emulators",
    },
    Crate {
        name: "moxxie-server",
        may: &["moxxie-api", "moxxie-core", "moxxie-engine"],
        tests_may: &["moxxie-routeros", "moxxie-store", "routeros-emulator"],
        because: "HTTP speaks to use cases only: no SQL and no router words; its tests assemble the whole",
    },
    Crate {
        name: "moxxie-engine",
        may: &["moxxie-api", "moxxie-core", "moxxie-routeros", "moxxie-store"],
        tests_may: &["routeros-client", "routeros-emulator"],
        because: "the only place where store and drivers meet, and drivers are handed in: the protocol is theirs; \
                  only its tests play a second person at the router",
    },
    Crate {
        name: "moxxie-store",
        may: &["moxxie-core"],
        tests_may: &[],
        because: "all SQL and nothing but: it knows neither who asks nor what routers are",
    },
    Crate {
        name: "moxxie-bench",
        may: &["moxxie-core", "throwaway-postgres"],
        tests_may: &[],
        because: "it measures the server as a process, through HTTP, and the rule for free numbers in memory",
    },
    Crate {
        name: "moxxie-lab",
        may: &[],
        tests_may: &[],
        because: "server and routers are processes, and it speaks to them as users do",
    },
    Crate {
        name: "routeros-bench",
        may: &["moxxie-core", "moxxie-routeros", "routeros-client", "routeros-wire"],
        tests_may: &[],
        because: "it measures what speaks to routers; the emulated one is a process of its own",
    },
    Crate {
        name: "moxxie-routeros",
        may: &["moxxie-core", "routeros-client"],
        tests_may: &["routeros-emulator"],
        because: "a driver turns device intent into rows; what is stored does not concern it",
    },
    Crate {
        name: "moxxie-kubernetes",
        may: &["moxxie-core"],
        tests_may: &[],
        because: "the cluster's side of a session depends on the record alone, not on who stores or delivers it",
    },
    Crate {
        name: "moxxie-api",
        may: &["moxxie-core"],
        tests_may: &[],
        because: "requests and answers are data that server and command line share",
    },
    Crate { name: "moxxie-core", may: &[], tests_may: &[], because: "the vocabulary stands on its own" },
    Crate {
        name: "routeros-conformance",
        may: &["routeros-client", "routeros-wire"],
        tests_may: &["routeros-emulator"],
        because: "it asks whatever is at an address, so it knows neither the emulator nor moxxie",
    },
    Crate {
        name: "routeros-client",
        may: &["routeros-wire"],
        tests_may: &["routeros-emulator"],
        because: "a RouterOS connection is useful without moxxie",
    },
    Crate {
        name: "routeros-emulator",
        may: &["routeros-wire"],
        tests_may: &[],
        because: "with the client it shares only the codec: an error in common would hide from every test",
    },
    Crate { name: "routeros-wire", may: &[], tests_may: &[], because: "words and bytes, no meaning" },
    Crate {
        name: "xtask",
        may: &["throwaway-postgres"],
        tests_may: &[],
        because: "it is built before everything else",
    },
    Crate {
        name: "throwaway-postgres",
        may: &[],
        tests_may: &[],
        because: "tests and tasks start a server; it knows nothing of what is stored there",
    },
];

/// What may be done with outside libraries.
enum Rule {
    /// This crate reaches none of these in its normal and build dependencies, however far away.
    Without(&'static str, &'static [&'static str]),
    /// This library is named by no other crates than these, not even for tests.
    OnlyIn(&'static str, &'static [&'static str]),
}

const LIBRARIES: &[(Rule, &str)] = &[
    (
        Rule::Without("moxxie-core", &["tokio", "sqlx", "axum", "hyper", "reqwest", "tower"]),
        "the rules are pure functions: no runtime, no database, no HTTP",
    ),
    (
        Rule::Without("moxxie-api", &["tokio", "sqlx", "axum", "hyper", "reqwest", "tower"]),
        "types that the command line uses too: no runtime, no database, no HTTP server",
    ),
    (
        Rule::Without("moxxie-kubernetes", &["tokio", "sqlx", "axum", "hyper", "reqwest", "tower"]),
        "objects are made of a record: no runtime, no connection",
    ),
    (
        Rule::Without("routeros-wire", &["tokio"]),
        "the codec does no I/O, so that it can be fuzzed and shared",
    ),
    (Rule::Without("moxxie-store", &["axum", "hyper", "reqwest"]), "the store does not know status codes"),
    (Rule::Without("moxxie-engine", &["axum", "hyper"]), "use cases do not know status codes"),
    (
        // The benchmark loads tables while no server runs, and asks whether what it wrote is sound.
        Rule::OnlyIn("sqlx", &["moxxie-store", "moxxie-bench"]),
        "all SQL is in one crate, where a test prepares every statement",
    ),
    (
        Rule::OnlyIn("axum", &["moxxie-server"]),
        "all routes are in one crate, where a test tries each without rights",
    ),
];

/// Fails with a list of everything that breaks a rule.
pub(crate) fn check(shell: &Shell) -> Result<()> {
    let mut command = shell.cargo();
    command.args(["metadata", "--format-version", "1", "--all-features", "--quiet"]);
    let text = shell.output(&mut command)?;
    let graph = Graph::read(&text)?;
    let broken = violations(&graph, CRATES, LIBRARIES);
    if !broken.is_empty() {
        bail!("layers are broken:\n  {}", broken.join("\n  "));
    }
    println!("{} crates keep to the {} rules", graph.members.len(), CRATES.len() + LIBRARIES.len());
    Ok(())
}

/// What depends on what, by package id; ids because one name can stand for several versions.
#[derive(Debug, Default)]
struct Graph {
    names: BTreeMap<String, String>,
    members: BTreeSet<String>,
    /// Edges that end up in the built product.
    normal: BTreeMap<String, BTreeSet<String>>,
    /// Edges for tests, examples and benches.
    dev: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn read(text: &str) -> Result<Self> {
        let metadata: Value = serde_json::from_str(text).context("reading what `cargo metadata` printed")?;
        let mut graph = Self::default();
        for package in list(&metadata["packages"])? {
            graph.names.insert(string(&package["id"])?, string(&package["name"])?);
        }
        for member in list(&metadata["workspace_members"])? {
            graph.members.insert(string(member)?);
        }
        for node in list(&metadata["resolve"]["nodes"])? {
            let from = string(&node["id"])?;
            for dependency in list(&node["deps"])? {
                let to = string(&dependency["pkg"])?;
                for kind in list(&dependency["dep_kinds"])? {
                    let edges = if kind["kind"] == "dev" { &mut graph.dev } else { &mut graph.normal };
                    edges.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        Ok(graph)
    }

    fn name(&self, id: &str) -> &str {
        self.names.get(id).map_or("?", String::as_str)
    }

    /// The names a crate depends on directly, by one kind of edge.
    fn direct<'a>(&'a self, edges: &'a BTreeMap<String, BTreeSet<String>>, id: &str) -> Vec<&'a str> {
        edges.get(id).into_iter().flatten().map(|to| self.name(to)).collect()
    }

    /// The shortest way from a crate to a library in normal edges, as names.
    fn way(&self, from: &str, library: &str) -> Option<Vec<&str>> {
        let mut ways = VecDeque::from([vec![from]]);
        let mut seen = BTreeSet::from([from]);
        while let Some(way) = ways.pop_front() {
            for next in way.last().and_then(|last| self.normal.get(*last)).into_iter().flatten() {
                if !seen.insert(next) {
                    continue;
                }
                let mut longer = way.clone();
                longer.push(next);
                if self.name(next) == library {
                    return Some(longer.into_iter().map(|id| self.name(id)).collect());
                }
                ways.push_back(longer);
            }
        }
        None
    }
}

fn list(value: &Value) -> Result<&Vec<Value>> {
    value.as_array().context("`cargo metadata` printed no list where there should be one")
}

fn string(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("`cargo metadata` printed no text where there should be some")
}

fn violations(graph: &Graph, crates: &[Crate], libraries: &[(Rule, &str)]) -> Vec<String> {
    let mut broken = Vec::new();
    let members: BTreeSet<&str> = graph.members.iter().map(|id| graph.name(id)).collect();
    for id in &graph.members {
        let name = graph.name(id);
        let Some(rule) = crates.iter().find(|rule| rule.name == name) else {
            broken.push(format!("{name} has no rule: give it a row in xtask/src/layers.rs"));
            continue;
        };
        for to in graph.direct(&graph.normal, id) {
            if members.contains(to) && !rule.may.contains(&to) {
                broken.push(format!("{name} must not depend on {to}: {}", rule.because));
            }
        }
        for to in graph.direct(&graph.dev, id) {
            if members.contains(to) && !rule.may.contains(&to) && !rule.tests_may.contains(&to) {
                broken.push(format!("{name} must not depend on {to}, not even for tests: {}", rule.because));
            }
        }
    }
    for (rule, because) in libraries {
        match rule {
            Rule::Without(name, forbidden) => {
                for id in graph.members.iter().filter(|id| graph.name(id) == *name) {
                    let ways = forbidden.iter().filter_map(|library| graph.way(id, library));
                    broken.extend(ways.map(|way| format!("{}: {because}", way.join(" -> "))));
                }
            }
            Rule::OnlyIn(library, homes) => {
                for id in graph.members.iter().filter(|id| !homes.contains(&graph.name(id))) {
                    let named = [&graph.normal, &graph.dev]
                        .iter()
                        .any(|edges| graph.direct(edges, id).contains(library));
                    if named {
                        let home = homes.first().copied().unwrap_or_default();
                        broken.push(format!("{} names {library}, {home}'s own: {because}", graph.name(id)));
                    }
                }
            }
        }
    }
    broken
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `a > b` is a normal dependency, `a ? b` one for tests; capital letters are members.
    fn graph(edges: &[&str]) -> Graph {
        let mut graph = Graph::default();
        for edge in edges {
            let words: Vec<_> = edge.split(' ').map(str::to_owned).collect();
            for name in [&words[0], &words[2]] {
                graph.names.insert(name.clone(), name.clone());
                if name.starts_with(char::is_uppercase) {
                    graph.members.insert(name.clone());
                }
            }
            let kind = if words[1] == ">" { &mut graph.normal } else { &mut graph.dev };
            kind.entry(words[0].clone()).or_default().insert(words[2].clone());
        }
        graph
    }

    const TWO: &[Crate] = &[
        Crate { name: "Top", may: &["Bottom"], tests_may: &[], because: "it is above" },
        Crate { name: "Bottom", may: &[], tests_may: &[], because: "it is below" },
    ];

    #[test]
    fn arrows_point_down() {
        assert!(violations(&graph(&["Top > Bottom", "Top > serde"]), TWO, &[]).is_empty());
        let found = violations(&graph(&["Top > Bottom", "Bottom ? Top"]), TWO, &[]);
        assert_eq!(found, ["Bottom must not depend on Top, not even for tests: it is below"]);
    }

    #[test]
    fn a_new_crate_needs_a_rule() {
        let found = violations(&graph(&["Top > Bottom", "Middle > Bottom"]), TWO, &[]);
        assert_eq!(found, ["Middle has no rule: give it a row in xtask/src/layers.rs"]);
    }

    #[test]
    fn a_forbidden_library_is_found_however_far_away_but_not_behind_tests() {
        let rules = &[(Rule::Without("Bottom", &["tokio"]), "it is pure")];
        let found = violations(&graph(&["Bottom > a", "a > b", "b > tokio", "b > a"]), TWO, rules);
        assert_eq!(found, ["Bottom -> a -> b -> tokio: it is pure"]);
        assert!(violations(&graph(&["Bottom ? a", "a > tokio"]), TWO, rules).is_empty());
    }

    #[test]
    fn a_library_has_one_home() {
        let rules = &[(Rule::OnlyIn("sqlx", &["Bottom"]), "all SQL is there")];
        assert!(violations(&graph(&["Bottom > sqlx", "Top > Bottom"]), TWO, rules).is_empty());
        let found = violations(&graph(&["Top ? sqlx"]), TWO, rules);
        assert_eq!(found, ["Top names sqlx, Bottom's own: all SQL is there"]);
    }

    #[test]
    fn the_table_itself_points_down() {
        for (position, krate) in CRATES.iter().enumerate() {
            for below in krate.may {
                assert!(
                    CRATES[position..].iter().any(|other| other.name == *below),
                    "{} -> {below}",
                    krate.name
                );
            }
        }
    }

    #[test]
    fn metadata_is_read() {
        let graph = Graph::read(
            r#"{"packages": [{"id": "x 1", "name": "x"}, {"id": "y 1", "name": "y"}],
                "workspace_members": ["x 1"],
                "resolve": {"nodes": [{"id": "x 1", "deps": [
                    {"pkg": "y 1", "dep_kinds": [{"kind": null}, {"kind": "dev"}]}]}]}}"#,
        )
        .unwrap();
        assert_eq!(graph.direct(&graph.normal, "x 1"), ["y"]);
        assert_eq!(graph.direct(&graph.dev, "x 1"), ["y"]);
        assert!(Graph::read("{}").is_err());
    }
}
