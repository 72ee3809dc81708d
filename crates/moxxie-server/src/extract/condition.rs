//! `If-Match`: an update that is only made to the version its sender knows (RFC 9110, section 13.1.1).

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};

use crate::problem::Failure;

/// The version a request insists on; `None` when any will do.
pub(crate) struct IfMatch(pub(crate) Option<i64>);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        read(&parts.headers).map(Self)
    }
}

fn read(headers: &HeaderMap) -> Result<Option<i64>, Failure> {
    let mut values = headers.get_all(header::IF_MATCH).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let tag = value.to_str().ok().filter(|_| values.next().is_none());
    if tag == Some("*") {
        return Ok(None);
    }
    let number = tag.and_then(|tag| tag.strip_prefix('"')?.strip_suffix('"'));
    match number.and_then(|number| number.parse().ok()) {
        Some(version) => Ok(Some(version)),
        None => Err(Failure::invalid(
            "If-Match",
            "must be one ETag as an answer gave it, with its quotes, such as \"3\", or *",
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(tags: &[&str]) -> Result<Option<i64>, Failure> {
        read(&tags.iter().map(|tag| (header::IF_MATCH, tag.parse().unwrap())).collect())
    }

    #[test]
    fn one_version_or_any() {
        assert_eq!(with(&[]).unwrap(), None);
        assert_eq!(with(&["*"]).unwrap(), None);
        assert_eq!(with(&["\"7\""]).unwrap(), Some(7));
    }

    #[test]
    fn anything_else_is_refused() {
        for tags in [&["7"][..], &["\"\""], &["W/\"7\""], &["\"7\", \"8\""], &["\"7\"", "\"8\""]] {
            assert_eq!(with(tags).unwrap_err().problem().errors[0].field, "If-Match", "{tags:?}");
        }
    }
}
