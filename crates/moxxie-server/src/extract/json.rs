//! Reading a JSON body, and saying what is wrong with it in a way that helps.

use std::{fmt::Write as _, time::Duration};

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, header},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;

use super::words;
use crate::{problem::Failure, problem_kinds};

/// The bytes of the body, at most `most` of them and within `time`.
pub(super) async fn read(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    time: Duration,
) -> Result<Bytes, Failure> {
    let announced = headers.get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if announced.is_some_and(|length: u64| length > most as u64) {
        return Err(too_large(most));
    }
    match tokio::time::timeout(time, axum::body::to_bytes(body, most)).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if is_length(&error) => Err(too_large(most)),
        Ok(Err(_)) => Err(Failure::new(&problem_kinds::BAD_REQUEST, "the body ended before it was complete")),
        Err(_) => {
            Err(Failure::new(&problem_kinds::TIMEOUT, "the body did not arrive in time; send it again"))
        }
    }
}

/// `to_bytes` tells "too large" from a broken connection only by the cause of its error.
fn is_length(error: &axum::Error) -> bool {
    let mut cause = Some(error as &dyn std::error::Error);
    while let Some(error) = cause {
        if error.is::<http_body_util::LengthLimitError>() {
            return true;
        }
        cause = error.source();
    }
    false
}

fn too_large(most: usize) -> Failure {
    Failure::new(&problem_kinds::BODY_TOO_LARGE, format!("a body may have at most {} KiB", most / 1024))
}

/// The request in the body.
pub(super) fn parse<B: Serialize + DeserializeOwned>(
    headers: &HeaderMap,
    bytes: &[u8],
) -> Result<B, Failure> {
    let blank = bytes.iter().all(u8::is_ascii_whitespace);
    if !blank && !is_json(headers) {
        return Err(Failure::new(
            &problem_kinds::UNSUPPORTED_MEDIA_TYPE,
            "the body must be JSON: send `Content-Type: application/json`",
        ));
    }
    if blank {
        // An operation that takes no body takes an empty object.
        return serde_json::from_str("{}").map_err(|_| {
            Failure::new(&problem_kinds::MALFORMED_JSON, "the body is empty; send a JSON object")
        });
    }
    // Depth is bounded by serde_json itself.
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let typed: B = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        failure(&path, error.inner())
    })?;
    reader.end().map_err(|error| failure("", &error))?;
    let value: Value = serde_json::from_slice(bytes).map_err(|error| failure("", &error))?;
    let mut path = String::new();
    if let Some(field) = nul(&value, &mut path) {
        return Err(Failure::invalid(field, "must not contain the character NUL (\\u0000)"));
    }
    // serde also reads a struct from a list of its fields in order. Nobody means that.
    let again = serde_json::to_value(&typed).unwrap_or_default();
    if let Some(field) = list_for_object(&value, &again, &mut path) {
        let field = if field.is_empty() { "body".to_owned() } else { field };
        return Err(Failure::invalid(field, "must be an object, not a list"));
    }
    Ok(typed)
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || (essence.starts_with("application/") && essence.ends_with("+json"))
}

fn failure(path: &str, error: &serde_json::Error) -> Failure {
    let text = error.to_string();
    if error.is_data() {
        return words::explain(path, &text, "field");
    }
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let (line, column) = (error.line(), error.column());
    Failure::new(&problem_kinds::MALFORMED_JSON, format!("line {line}, column {column}: {text}"))
}

/// Runs `inner` with `part` added to `path`, and takes it off again.
fn within<T>(path: &mut String, part: &str, inner: impl FnOnce(&mut String) -> T) -> T {
    let length = path.len();
    if length > 0 && !part.starts_with('[') {
        path.push('.');
    }
    path.push_str(part);
    let result = inner(path);
    path.truncate(length);
    result
}

/// The path of the first text, or name of a field, with a NUL in it: PostgreSQL cannot store one.
fn nul(value: &Value, path: &mut String) -> Option<String> {
    match value {
        Value::String(text) => text.contains('\0').then(|| path.clone()),
        Value::Array(items) => items.iter().enumerate().find_map(|(index, item)| {
            let mut part = String::new();
            let _ = write!(part, "[{index}]");
            within(path, &part, |path| nul(item, path))
        }),
        Value::Object(fields) => fields.iter().find_map(|(name, item)| {
            if name.contains('\0') {
                return Some(path.clone());
            }
            within(path, name, |path| nul(item, path))
        }),
        _ => None,
    }
}

/// The path of the first list that was read as an object.
fn list_for_object(given: &Value, read: &Value, path: &mut String) -> Option<String> {
    match (given, read) {
        (Value::Array(_), Value::Object(_)) => Some(path.clone()),
        (Value::Object(given), Value::Object(read)) => given.iter().find_map(|(name, item)| {
            let read = read.get(name)?;
            within(path, name, |path| list_for_object(item, read, path))
        }),
        _ => None,
    }
}

#[cfg(test)]
#[path = "json_tests.rs"]
mod tests;
