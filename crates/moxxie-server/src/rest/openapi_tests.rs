use std::{collections::BTreeSet, env, fs, path::Path};

use super::*;

fn as_json() -> Value {
    serde_json::to_value(document()).unwrap()
}

/// The document is in git, so that a review sees every change of the API.
#[test]
fn the_committed_document_is_the_one_of_the_code() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut wanted = document().to_pretty_json().unwrap();
    wanted.push('\n');
    if env::var_os("UPDATE_OPENAPI").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &wanted).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    // As values, not as text: whether objects in examples keep their order depends on which features of
    // serde_json the other crates of a build ask for.
    let value = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    assert!(
        value(&committed) == value(&wanted),
        "docs/openapi.json is not what the code says: look at the difference after \
         `UPDATE_OPENAPI=1 cargo test -p moxxie-server openapi`"
    );
}

#[test]
fn it_is_openapi_3_1() {
    assert!(as_json()["openapi"].as_str().unwrap().starts_with("3.1."));
}

#[test]
fn every_operation_says_all_there_is_to_say() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (method, path, operation) in operations(&document) {
        let name = format!("{method} {path}");
        let role = operation.extensions.as_ref().and_then(|all| all.get(ROLE_EXTENSION)?.as_str());
        assert!(matches!(role, Some("none" | "viewer" | "operator" | "admin")), "{name}: {role:?}");
        assert!(operation.summary.as_ref().is_some_and(|text| !text.is_empty()), "{name} has no summary");
        assert_eq!(operation.tags.as_ref().map(Vec::len), Some(1), "{name} has no tag");
        assert!(ids.insert(operation.operation_id.clone()), "{name}: operation id twice");
        assert!(operation.responses.responses.keys().any(|status| status.starts_with('2')), "{name}");
        if method != Method::GET {
            assert_ne!(role, Some("none"), "{name} writes");
            assert_ne!(role, Some("viewer"), "{name} writes");
        }
        for part in path.split(['{', '}']).skip(1).step_by(2) {
            let known = operation.parameters.iter().flatten().any(|parameter| match parameter {
                RefOr::T(parameter) => parameter.name == part,
                RefOr::Ref(_) => false,
            });
            assert!(known, "{name}: {part} is not described");
        }
    }
    assert!(ids.len() > 40, "only {} operations", ids.len());
}

/// What needs no token is named here, one by one.
#[test]
fn little_is_public() {
    let document = document();
    let public: Vec<_> = operations(&document)
        .filter(|(_, _, operation)| operation.security.as_ref().is_none_or(Vec::is_empty))
        .map(|(method, path, _)| format!("{method} {path}"))
        .collect();
    assert_eq!(public, ["GET /healthz", "GET /readyz"]);
}

#[test]
fn every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(fields) => {
                if let Some(Value::String(target)) = fields.get("$ref") {
                    found.insert(target.clone());
                }
                fields.values().for_each(|value| references(value, found));
            }
            Value::Array(items) => items.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    let document = as_json();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    assert!(found.contains("#/components/schemas/Problem"));
    for target in found {
        assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target} leads nowhere");
    }
}

/// An example that the server would refuse helps nobody: each has only fields its schema knows and all it
/// requires.
#[test]
fn examples_fit_their_schemas() {
    let document = as_json();
    let mut seen = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let body = |method| item.pointer(&format!("/{method}/requestBody/content/application~1json"));
        let Some(content) = body("post").or_else(|| body("patch")) else { continue };
        let target = content["schema"]["$ref"].as_str().unwrap().trim_start_matches('#');
        let schema = document.pointer(target).unwrap();
        let example = content["example"].as_object().unwrap_or_else(|| panic!("{path} has no example"));
        for field in example.keys() {
            assert!(schema["properties"].get(field).is_some(), "{path}: {field}");
        }
        for field in schema["required"].as_array().into_iter().flatten() {
            assert!(example.contains_key(field.as_str().unwrap()), "{path} lacks {field}");
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen}");
}
