//! Everything that is made, for many records and every version, against Cilium's own definitions.
//!
//! The definitions lie beside the repository; a clone without them says so and goes on. What must be
//! caught is tried too: an object with one thing wrong, for each kind of thing.
#![allow(clippy::unwrap_used, reason = "helpers of tests, too, fail by panicking")]

mod matrix;
mod schema;
mod wrong;

use std::{collections::BTreeMap, path::PathBuf};

use moxxie_kubernetes::{CiliumVersion, Output};
use schema::Definitions;
use serde_json::Value;

/// Which definitions hold for a version. Those of 1.16 and 1.17 are not published in one place; 1.18
/// serves their `v2alpha1` still.
const VERSIONS: [(&str, &str); 5] = [
    ("1.16", "cilium-1.18-dev-20250704"),
    ("1.17", "cilium-1.18-dev-20250704"),
    ("1.18", "cilium-1.18-dev-20250704"),
    ("1.19", "cilium-1.19-dev-20260116"),
    ("1.20", "cilium-1.20-dev-20260529"),
];

fn definitions() -> Option<BTreeMap<&'static str, Definitions>> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/kubernetes/crds");
    if !path.is_dir() {
        println!("no definitions at {}: nothing compared", path.display());
        return None;
    }
    Some(VERSIONS.iter().map(|(_, folder)| (*folder, Definitions::load(&path.join(folder)))).collect())
}

/// The objects as a reader of the YAML text gets them, which must be those of the JSON text.
fn objects(output: &Output) -> Vec<Value> {
    let text = output.yaml().unwrap();
    let documents = text.split("---\n").filter(|document| !document.is_empty());
    let read: Vec<Value> = documents.map(|document| serde_saphyr::from_str(document).unwrap()).collect();
    assert_eq!(output.json()["items"], Value::Array(read.clone()), "{text}");
    read
}

#[test]
fn all_that_is_made_is_valid() {
    let Some(definitions) = definitions() else { return };
    let (mut checked, mut rules) = (0, 0);
    for cluster in matrix::clusters() {
        for (version, folder) in VERSIONS {
            let version: CiliumVersion = version.parse().unwrap();
            let output = match Output::of(&cluster, version) {
                Ok(output) => output,
                // The one thing that old versions cannot do.
                Err(problem) => {
                    assert!(cluster.record().families.v4().is_none() && version < "1.18".parse().unwrap());
                    assert_eq!(problem.field, "ciliumVersion");
                    continue;
                }
            };
            for mut object in objects(&output) {
                let report = definitions[folder].check(&mut object);
                assert!(report.problems.is_empty(), "{version}: {:#?}\n{object:#}", report.problems);
                rules += report.rules;
                checked += 1;
            }
        }
    }
    println!("{checked} objects valid, {rules} CEL rules evaluated");
    assert!(checked > 1000 && rules > 1000, "{checked} objects, {rules} rules: the matrix has shrunk");
}

#[test]
fn what_is_wrong_is_caught() {
    let Some(definitions) = definitions() else { return };
    let cluster = matrix::full();
    let mut tried = 0;
    for (version, folder) in VERSIONS {
        let output = Output::of(&cluster, version.parse().unwrap()).unwrap();
        for object in objects(&output) {
            for (what, mut broken) in wrong::variants(&object) {
                let problems = definitions[folder].check(&mut broken).problems;
                assert!(!problems.is_empty(), "{version}: {what} was not caught:\n{broken:#}");
                tried += 1;
            }
        }
    }
    println!("{tried} wrong objects caught");
    assert!(tried > 300, "{tried}");
}

#[test]
fn each_way_of_being_wrong_is_told() {
    let Some(definitions) = definitions() else { return };
    let output = Output::of(&matrix::full(), "1.20".parse().unwrap()).unwrap();
    let objects = objects(&output);
    for (kind, change, expected) in wrong::NAMED {
        let mut object = objects.iter().find(|object| object["kind"] == *kind).unwrap().clone();
        change(&mut object);
        let problems = definitions["cilium-1.20-dev-20260529"].check(&mut object).problems.join("\n");
        assert!(problems.contains(expected), "{kind}: expected {expected:?} in {problems:?}");
    }
}

/// Old versions drop fields they do not know without a word, so none of later versions may be there.
#[test]
fn nothing_newer_than_the_version_is_used() {
    const LATER: [(&str, &str); 5] = [
        ("autoDiscovery", "1.18"),
        ("routerIDAllocation", "1.18"),
        ("statusReport", "1.18"),
        ("sourceInterface", "1.19"),
        ("interface", "1.19"),
    ];
    for cluster in matrix::clusters() {
        for (version, _) in VERSIONS {
            let version: CiliumVersion = version.parse().unwrap();
            let Ok(output) = Output::of(&cluster, version) else { continue };
            let text = output.yaml().unwrap() + &output.helm.yaml().unwrap();
            for (field, since) in LATER {
                assert!(version >= since.parse().unwrap() || !text.contains(&format!("{field}:")), "{text}");
            }
            for never in ["bfd", "bmpServers", "ebgpMultihop", "localPort", "CiliumBGPPeeringPolicy"] {
                assert!(!text.contains(never), "{never} in {text}");
            }
        }
    }
}
