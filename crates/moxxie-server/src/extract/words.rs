//! What serde says about a request, in words for people who do not write Rust.

use crate::problem::Failure;

/// The names quoted in backticks in `text`.
fn quoted(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

fn join(parent: &str, field: &str) -> String {
    match parent {
        "" | "." | "?" => field.to_owned(),
        parent => format!("{parent}.{field}"),
    }
}

/// A failure that names the field. `path` is where serde was: the thing the field is in, or the field.
pub(super) fn explain(path: &str, message: &str, noun: &str) -> Failure {
    let message = message.rsplit_once(" at line ").map_or(message, |(text, _)| text);
    let path = if matches!(path, "." | "?") { "" } else { path };
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let names = quoted(rest);
        let (field, known) = names.split_first().map_or(("", &[][..]), |(field, known)| (*field, known));
        return Failure::invalid(inside(path, field), unknown(field, known, noun));
    }
    if let Some(rest) = message.strip_prefix("missing field ") {
        let field = quoted(rest).first().copied().unwrap_or_default();
        return Failure::invalid(join(path, field), format!("this {noun} is required"));
    }
    if let Some(rest) = message.strip_prefix("duplicate field ") {
        let field = quoted(rest).first().copied().unwrap_or_default();
        return Failure::invalid(inside(path, field), format!("this {noun} is given more than once"));
    }
    let field = if path.is_empty() { "body" } else { path };
    Failure::invalid(field, wrong(message))
}

/// serde's path may or may not already end with the field that is too many.
fn inside(path: &str, field: &str) -> String {
    if path == field || path.strip_suffix(field).is_some_and(|parent| parent.ends_with('.')) {
        path.to_owned()
    } else {
        join(path, field)
    }
}

fn unknown(field: &str, known: &[&str], noun: &str) -> String {
    if field == "dryRun" {
        return "this operation does nothing on a router and has no dry run".to_owned();
    }
    match known {
        [] => format!("there is no such {noun}; this takes none"),
        known => format!("there is no such {noun}; there are: {}", known.join(", ")),
    }
}

/// "invalid type: integer `1`, expected a string" and its like. The value is left out: it may be a
/// secret in the wrong place.
fn wrong(message: &str) -> String {
    let Some((found, expected)) = message.split_once(", expected ") else {
        return message.to_owned();
    };
    let expected = expected_words(expected);
    match found.strip_prefix("invalid type: ") {
        Some(found) => format!("must be {expected}, not {}", found_words(found)),
        None if found.starts_with("invalid value: ") => format!("is out of range: must be {expected}"),
        None => format!("must be {expected}"),
    }
}

fn expected_words(expected: &str) -> &str {
    match expected {
        "i64" | "i32" => "a whole number",
        "u64" | "u32" | "u16" | "u8" => "a whole number, 0 or more",
        "a boolean" => "true or false",
        "a sequence" => "a list",
        "a map" => "an object",
        expected if expected.starts_with("struct ") => "an object",
        expected => expected,
    }
}

fn found_words(found: &str) -> &'static str {
    match found.split([' ', '`']).next().unwrap_or_default() {
        "string" => "a string",
        "integer" => "a number",
        "floating" => "a number with a fraction",
        "boolean" => "true or false",
        "sequence" => "a list",
        "map" => "an object",
        "null" | "unit" => "null",
        _ => "this",
    }
}
