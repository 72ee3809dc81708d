//! `Idempotency-Key`: the same request sent twice is done once.

use axum::http::{HeaderMap, HeaderName, Method};
use moxxie_core::audit::hex;
use moxxie_engine::Idempotency;
use sha2::{Digest, Sha256};

use crate::problem::Failure;

const NAME: HeaderName = HeaderName::from_static("idempotency-key");

/// The key of a request, with what tells it from another one under the same key. The query is no part
/// of it: waiting for a change, or not, is the same change.
pub(super) fn read(
    headers: &HeaderMap,
    method: &Method,
    path: &str,
    body: &[u8],
) -> Result<Option<Idempotency>, Failure> {
    let mut values = headers.get_all(NAME).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let key = value.as_bytes();
    let fits = (1..=255).contains(&key.len()) && key.iter().all(u8::is_ascii_graphic);
    if !fits || values.next().is_some() {
        return Err(Failure::invalid(
            "Idempotency-Key",
            "must be given once, with 1 to 255 visible ASCII characters and no spaces; a UUID serves well",
        ));
    }
    let body_hash = hex(&Sha256::digest(body));
    let key = String::from_utf8_lossy(key).into_owned();
    Ok(Some(Idempotency { key, route: format!("{method} {path}"), body_hash }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(keys: &[&str]) -> Result<Option<Idempotency>, Failure> {
        let headers = keys.iter().map(|key| (NAME, key.parse().unwrap())).collect();
        read(&headers, &Method::POST, "/api/v1/pools", b"{}")
    }

    #[test]
    fn no_key_is_fine() {
        assert!(with(&[]).unwrap().is_none());
    }

    #[test]
    fn a_key_comes_with_route_and_hash() {
        let found = with(&["order-7"]).unwrap().unwrap();
        assert_eq!(found.key, "order-7");
        assert_eq!(found.route, "POST /api/v1/pools");
        assert_eq!(found.body_hash, "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
    }

    #[test]
    fn a_key_that_cannot_be_kept_is_refused() {
        for keys in [&[""][..], &["a b"], &["a", "b"], &[&"x".repeat(256)]] {
            assert_eq!(with(keys).unwrap_err().problem().errors[0].field, "Idempotency-Key");
        }
        assert!(with(&[&"x".repeat(255)]).is_ok());
    }
}
