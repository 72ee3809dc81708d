//! What can be said of an item before a server is asked: its keys, and the kinds of their values.

use moxxie_api::{
    container::ContainerCreate,
    datacenter::DatacenterCreate,
    declaration::{Declared, Stated},
    network::NetworkRequest,
    pool::PoolCreate,
    profile::ProfileCreate,
    router::RouterCreate,
    tenant::TenantCreate,
    vrf::VrfCreate,
};
use serde_json::{Map, Value};

/// What is wrong with an item of a list, each with the path of its field.
pub(super) fn item(list: &str, fields: &Map<String, Value>) -> Vec<(String, String)> {
    match list {
        "tenants" => read::<TenantCreate>(fields),
        "vrfs" => read::<VrfCreate>(fields),
        "sites" => read::<DatacenterCreate>(fields),
        "containers" => read::<ContainerCreate>(fields),
        "pools" => read::<PoolCreate>(fields),
        "profiles" => read::<ProfileCreate>(fields),
        "routers" => read::<RouterCreate>(fields),
        _ => read::<NetworkRequest>(fields),
    }
}

/// Reads it as the request it states; serde stops at the first error, so each is set right to find the next.
fn read<T: Declared>(fields: &Map<String, Value>) -> Vec<(String, String)> {
    let mut fields = fields.clone();
    let mut wrong = Vec::new();
    while let Err((path, error)) = Stated::<T>::read(fields.clone()) {
        let message = error.to_string();
        let (field, said) = words(&path, &message, T::BESIDE);
        let unknown = message.starts_with("unknown field").then(|| remove(&mut fields, &field)).flatten();
        wrong.push((field, said));
        if unknown.is_none() || wrong.len() > 20 {
            break;
        }
    }
    wrong
}

/// Takes a field out by its path, as far as that goes through tables.
fn remove(fields: &mut Map<String, Value>, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => fields.remove(path),
        Some((outer, rest)) => remove(fields.get_mut(outer)?.as_object_mut()?, rest),
    }
}

/// What serde says, in the words of files. Values are left out: one may be a secret in the wrong place.
fn words(path: &str, message: &str, beside: Option<&str>) -> (String, String) {
    let quoted = |text: &str| text.split('`').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let mut names = quoted(rest).into_iter();
        let field = names.next().unwrap_or_default();
        let known: Vec<_> = names.chain(beside.filter(|_| !path.contains('.')).map(str::to_owned)).collect();
        let path = match path {
            "" => field.clone(),
            path if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
            path => format!("{path}.{field}"),
        };
        return (path, no_such_key(&field, &known.iter().map(String::as_str).collect::<Vec<_>>()));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        return (
            path.to_owned(),
            format!("{} is missing", quoted(rest).first().cloned().unwrap_or_default()),
        );
    }
    let expected = match message.split_once(", expected ") {
        None => return (path.to_owned(), message.to_owned()),
        Some((_, expected)) => expected,
    };
    let expected = match expected {
        "i64" => "a whole number",
        "a string" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "a table",
        other if other.starts_with("struct ") => "a table",
        other => other,
    };
    (path.to_owned(), format!("must be {expected}"))
}

/// That there is no such key, and which is meant.
pub(super) fn no_such_key(key: &str, known: &[&str]) -> String {
    let like = |other: &&&str| {
        let plain = |word: &str| word.replace(['_', '-'], "").to_lowercase();
        strsim::jaro_winkler(&plain(key), &plain(other))
    };
    let nearest = known.iter().max_by(|one, other| like(one).total_cmp(&like(other)));
    match nearest.filter(|nearest| like(nearest) > 0.75) {
        Some(nearest) => format!("there is no key {key}; the nearest is {nearest}"),
        None => format!("there is no key {key}; there are {}", known.join(", ")),
    }
}
