//! What is stated against what is there. Pure.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use moxxie_api::declaration::FieldChange;
use serde_json::{Map, Value};

/// Fields whose keys somebody chose: stated as a whole, where other objects are stated field by field.
const CHOSEN: [&str; 3] = ["labels", "sets", "services"];

/// The stated fields that are not so, with what they are and become. `meant` is what is stated in its usual
/// form, where there is one.
pub(super) fn differing(
    stated: &Map<String, Value>,
    meant: &Value,
    is: &Value,
) -> BTreeMap<String, FieldChange> {
    let mut found = BTreeMap::new();
    for (field, says) in stated {
        let (means, is) = (meant.get(field).unwrap_or(says), is.get(field).unwrap_or(&Value::Null));
        if !is_so(field, says, means, is) {
            let change = FieldChange { before: Some(is.clone()), after: means.clone() };
            found.insert(field.clone(), change);
        }
    }
    found
}

fn is_so(field: &str, says: &Value, means: &Value, is: &Value) -> bool {
    match (says, means, is) {
        (Value::Object(says), means, Value::Object(is)) if !CHOSEN.contains(&field) => {
            says.iter().all(|(field, says)| {
                let means = means.get(field).unwrap_or(says);
                is_so(field, says, means, is.get(field).unwrap_or(&Value::Null))
            })
        }
        _ => same(means, is),
    }
}

/// Whether two values say the same; addresses and prefixes in any notation.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => one == other || same_text(one, other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        // What is not there says nothing.
        (Value::String(text), Value::Null) | (Value::Null, Value::String(text)) => text.is_empty(),
        _ => one == other,
    }
}

fn same_text(one: &str, other: &str) -> bool {
    fn both<T: std::str::FromStr + PartialEq>(one: &str, other: &str) -> bool {
        matches!((one.parse::<T>(), other.parse::<T>()), (Ok(one), Ok(other)) if one == other)
    }
    both::<IpNet>(one, other) || both::<IpAddr>(one, other)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(stated: Value, is: Value) -> Vec<String> {
        let Value::Object(stated) = stated else { panic!("an object") };
        differing(&stated, &Value::Null, &is).into_keys().collect()
    }

    #[test]
    fn only_what_is_stated_is_compared() {
        let is =
            json!({"name": "a", "x": 1, "tls": {"spki": "q", "more": 1}, "labels": {"k": "v", "l": "w"}});
        assert!(fields(json!({"name": "a"}), is.clone()).is_empty());
        assert!(fields(json!({"tls": {"spki": "q"}}), is.clone()).is_empty());
        assert_eq!(fields(json!({"tls": {"spki": "p"}, "x": 2}), is.clone()), ["tls", "x"]);
        assert_eq!(fields(json!({"labels": {"k": "v"}}), is), ["labels"], "labels are stated whole");
    }

    #[test]
    fn notations_do_not_matter() {
        let is =
            json!({"prefix": "2001:db8::/48", "dns": ["10.0.0.1"], "datacenter": null, "description": ""});
        assert!(fields(json!({"prefix": "2001:0DB8::/48", "dns": ["10.0.0.1"]}), is.clone()).is_empty());
        assert!(fields(json!({"datacenter": null, "description": ""}), is.clone()).is_empty());
        assert_eq!(fields(json!({"datacenter": "dc1"}), is.clone()), ["datacenter"]);
        assert_eq!(fields(json!({"dns": ["10.0.0.1", "10.0.0.2"]}), is), ["dns"]);
    }
}
