//! What the API server does with an object: defaults, unknown fields, structural schema, list maps, CEL.
//!
//! Kubernetes manual, "Extend the Kubernetes API with CustomResourceDefinitions" (structural schemas,
//! field pruning, defaulting) and "Validation rules". A word of a schema that is not handled here fails
//! the test: nothing is passed over.

use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap},
    path::Path,
    rc::Rc,
    sync::LazyLock,
};

use regex::Regex;
use serde_json::{Map, Value};

/// The definitions of one release, by API version and kind.
pub(crate) struct Definitions(BTreeMap<(String, String), Value>);

/// What became of an object.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) problems: Vec<String>,
    /// CEL rules that were evaluated.
    pub(crate) rules: usize,
}

/// Words that say nothing about which values are valid, or are handled where they stand.
const WORDS: [&str; 24] = [
    "type",
    "properties",
    "required",
    "items",
    "enum",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "pattern",
    "format",
    "default",
    "description",
    "additionalProperties",
    "nullable",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-validations",
    "title",
    "example",
    "x-kubernetes-preserve-unknown-fields",
];

impl Definitions {
    pub(crate) fn load(folder: &Path) -> Self {
        let mut all = BTreeMap::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let text = std::fs::read_to_string(entry.unwrap().path()).unwrap();
            let definition: Value = serde_saphyr::from_str(&text).unwrap();
            let spec = &definition["spec"];
            for version in spec["versions"].as_array().unwrap().iter().filter(|v| v["served"] == true) {
                let group =
                    format!("{}/{}", spec["group"].as_str().unwrap(), version["name"].as_str().unwrap());
                let kind = spec["names"]["kind"].as_str().unwrap().to_owned();
                all.insert((group, kind), version["schema"]["openAPIV3Schema"].clone());
            }
        }
        Self(all)
    }

    pub(crate) fn check(&self, object: &mut Value) -> Report {
        let mut report = Report::default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let identity = (text(&object["apiVersion"]), text(&object["kind"]));
        let Some(schema) = self.0.get(&identity) else {
            report.problems.push(format!("no such kind: {identity:?}"));
            return report;
        };
        metadata(&object["metadata"], &mut report);
        // Defaults first: rules see them.
        defaults(schema, object);
        validate(schema, object, "", &mut report);
        report
    }
}

/// What the API server asks of every object's metadata, which a definition does not repeat.
fn metadata(metadata: &Value, report: &mut Report) {
    static NAME: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$").unwrap()
    });
    static VALUE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$").unwrap());
    let name = metadata["name"].as_str().unwrap_or_default();
    if !NAME.is_match(name) || name.len() > 253 {
        report.problems.push(format!("metadata.name: {name:?}"));
    }
    for (key, value) in metadata["labels"].as_object().into_iter().flatten() {
        let (prefix, own) = key.rsplit_once('/').unwrap_or(("x", key));
        let good = NAME.is_match(prefix) && !own.is_empty() && own.len() <= 63 && VALUE.is_match(own);
        if !good || !value.as_str().is_some_and(|v| v.len() <= 63 && VALUE.is_match(v)) {
            report.problems.push(format!("metadata.labels: {key}: {value}"));
        }
    }
    for key in metadata.as_object().into_iter().flat_map(Map::keys) {
        if !["name", "namespace", "labels", "annotations"].contains(&key.as_str()) {
            report.problems.push(format!("metadata.{key}: unknown field"));
        }
    }
}

fn defaults(schema: &Value, value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, property) in schema["properties"].as_object().into_iter().flatten() {
                if let Some(default) = property.get("default") {
                    fields.entry(name.clone()).or_insert_with(|| default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    defaults(property, field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| defaults(&schema["items"], item)),
        _ => {}
    }
}

fn validate(schema: &Value, value: &Value, at: &str, report: &mut Report) {
    for word in schema.as_object().unwrap().keys() {
        assert!(WORDS.contains(&word.as_str()), "{at}: the schema says {word}, which is not handled");
    }
    let mut problem = |message: String| report.problems.push(format!("{at}: {message}"));
    let kind = schema["type"].as_str().unwrap_or("object");
    let right = match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{at}: the schema has type {other}, which is not handled"),
    };
    if !right {
        problem(format!("{value} is no {kind}"));
        return;
    }
    if let Some(some) = schema["enum"].as_array()
        && !some.contains(value)
    {
        problem(format!("{value} is none of {some:?}"));
    }
    match value {
        Value::Number(number) => {
            let number = number.as_i64().unwrap();
            if schema["minimum"].as_i64().is_some_and(|least| number < least)
                || schema["maximum"].as_i64().is_some_and(|most| number > most)
            {
                problem(format!("{number} is out of range"));
            }
            if schema["format"] == "int32" && i32::try_from(number).is_err() {
                problem(format!("{number} is no int32"));
            }
        }
        Value::String(text) => string(schema, text, &mut problem),
        Value::Array(items) => array(schema, items, at, report),
        Value::Object(fields) => object(schema, fields, at, report),
        Value::Bool(_) | Value::Null => {}
    }
    for rule in schema["x-kubernetes-validations"].as_array().into_iter().flatten() {
        report.rules += 1;
        if let Err(why) = evaluate(rule["rule"].as_str().unwrap(), value) {
            let message = rule["message"].as_str().unwrap_or("a rule does not hold");
            report.problems.push(format!("{at}: {message} ({why})"));
        }
    }
}

fn string(schema: &Value, text: &str, problem: &mut impl FnMut(String)) {
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|least| length < least)
        || schema["maxLength"].as_u64().is_some_and(|most| length > most)
    {
        problem(format!("{text:?} has {length} characters"));
    }
    if let Some(pattern) = schema["pattern"].as_str()
        && !PATTERNS.with(|known| compiled(known, pattern, |text| Regex::new(text).unwrap())).is_match(text)
    {
        problem(format!("{text:?} does not match the pattern"));
    }
    let good = match schema["format"].as_str() {
        None | Some("date-time") => true,
        Some("ipv4") => text.parse::<std::net::Ipv4Addr>().is_ok(),
        Some("cidr") => text.parse::<ipnet::IpNet>().is_ok(),
        Some(other) => panic!("the schema has format {other}, which is not handled"),
    };
    if !good {
        problem(format!("{text:?} is not of the format"));
    }
}

fn array(schema: &Value, items: &[Value], at: &str, report: &mut Report) {
    let length = items.len() as u64;
    if schema["minItems"].as_u64().is_some_and(|least| length < least)
        || schema["maxItems"].as_u64().is_some_and(|most| length > most)
    {
        report.problems.push(format!("{at}: {length} items"));
    }
    let keys = schema["x-kubernetes-list-map-keys"].as_array();
    let mut seen = Vec::new();
    for (index, item) in items.iter().enumerate() {
        validate(&schema["items"], item, &format!("{at}[{index}]"), report);
        let key: Vec<&Value> = match schema["x-kubernetes-list-type"].as_str() {
            Some("map") => keys.unwrap().iter().map(|key| &item[key.as_str().unwrap()]).collect(),
            Some("set") => vec![item],
            _ => continue,
        };
        if seen.contains(&key) {
            report.problems.push(format!("{at}[{index}]: duplicate {key:?}"));
        }
        seen.push(key);
    }
}

fn object(schema: &Value, fields: &Map<String, Value>, at: &str, report: &mut Report) {
    // Checked by `metadata`; `type: object` without properties stands for the general schema there.
    if at == ".metadata" {
        return;
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        if !fields.contains_key(name.as_str().unwrap()) {
            report.problems.push(format!("{at}: {name} is missing"));
        }
    }
    for (name, value) in fields {
        let path = format!("{at}.{name}");
        match (schema["properties"].get(name), schema.get("additionalProperties")) {
            (Some(property), _) => validate(property, value, &path, report),
            (None, Some(every @ Value::Object(_))) => validate(every, value, &path, report),
            (None, Some(Value::Bool(true))) => {}
            (None, _) if schema["x-kubernetes-preserve-unknown-fields"] == true => {}
            (None, _) => report.problems.push(format!("{path}: unknown field")),
        }
    }
}

type Known<T> = RefCell<HashMap<String, Rc<T>>>;

thread_local! {
    // The patterns of addresses take longer to compile than everything else here.
    static PATTERNS: Known<Regex> = RefCell::default();
    static RULES: Known<cel::Program> = RefCell::default();
}

fn compiled<T>(known: &Known<T>, text: &str, compile: impl FnOnce(&str) -> T) -> Rc<T> {
    let mut known = known.borrow_mut();
    Rc::clone(known.entry(text.to_owned()).or_insert_with(|| Rc::new(compile(text))))
}

fn evaluate(rule: &str, value: &Value) -> Result<(), String> {
    let compile = |rule: &str| cel::Program::compile(rule).unwrap_or_else(|error| panic!("{rule}: {error}"));
    let program = RULES.with(|known| compiled(known, rule, compile));
    let mut context = cel::Context::default();
    context.add_variable("self", value.clone()).map_err(|error| error.to_string())?;
    match program.execute(&context) {
        Ok(cel::Value::Bool(true)) => Ok(()),
        Ok(other) => Err(format!("{rule} is {other:?}")),
        Err(error) => Err(format!("{rule}: {error}")),
    }
}
