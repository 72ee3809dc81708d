//! The OpenAPI document as a list of operations to try.

use axum::http::Method;
use serde_json::Value;

/// One operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) method: Method,
    /// The path, with something in place of every parameter.
    pub(crate) path: String,
    pub(crate) role: String,
    /// The body of its example.
    pub(crate) example: Option<Value>,
}

pub(crate) fn operations() -> Vec<Operation> {
    let document = serde_json::to_value(moxxie_server::openapi()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            operations.push(Operation {
                method: method.to_uppercase().parse().unwrap(),
                path: path.split('/').map(filled).collect::<Vec<_>>().join("/"),
                role: operation[moxxie_server::ROLE_EXTENSION].as_str().unwrap().to_owned(),
                example: operation.pointer("/requestBody/content/application~1json/example").cloned(),
            });
        }
    }
    assert!(operations.len() > 40);
    operations
}

fn filled(part: &str) -> &str {
    if part.starts_with('{') { "nothing" } else { part }
}
