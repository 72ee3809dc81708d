//! What handlers take: every one gets its request through one of these, which read all of path, query,
//! headers and body and refuse what they do not know.

mod condition;
mod idempotency;
mod json;
mod query;
mod words;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, OriginalUri, Request},
    http::{header, request::Parts},
};
use moxxie_core::identity::Principal;
use moxxie_engine::{Context, Error};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

pub(crate) use self::condition::IfMatch;
use crate::{limits, problem::Failure, problem_kinds};

/// The query of an operation that takes none.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoQuery {}

/// The body of a write that takes none; `{}` is as good as nothing.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NoBody {}

/// A request that only reads.
pub(crate) struct Read<Q = NoQuery> {
    /// Who asks.
    pub(crate) context: Context,
    /// What of.
    pub(crate) query: Q,
}

impl<S: Send + Sync, Q: DeserializeOwned> FromRequestParts<S> for Read<Q> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        Ok(Self { context: context(parts)?, query: query::parse(parts.uri.query())? })
    }
}

/// A request that changes something, with a body of at most `MOST` bytes.
pub(crate) struct Write<B = NoBody, Q = NoQuery, const MOST: usize = { limits::BODY }> {
    /// Who asks, and under which idempotency key.
    pub(crate) context: Context,
    /// How.
    pub(crate) query: Q,
    /// What.
    pub(crate) body: B,
}

impl<S, B, Q, const MOST: usize> FromRequest<S> for Write<B, Q, MOST>
where
    S: Send + Sync,
    B: Serialize + DeserializeOwned,
    Q: DeserializeOwned + Send,
{
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let mut context = context(&parts)?;
        let query = query::parse(parts.uri.query())?;
        let bytes = json::read(&parts.headers, body, MOST, limits::BODY_TIME).await?;
        context.idempotency = idempotency::read(&parts.headers, &parts.method, path(&parts), &bytes)?;
        Ok(Self { context, query, body: json::parse(&parts.headers, &bytes)? })
    }
}

/// The body of a request, within the usual bounds.
pub(crate) async fn body(headers: &axum::http::HeaderMap, body: axum::body::Body) -> Result<Bytes, Failure> {
    json::read(headers, body, limits::BODY, limits::BODY_TIME).await
}

/// A file that is sent in.
pub(crate) struct Upload<Q = NoQuery> {
    /// Who asks, and under which idempotency key.
    pub(crate) context: Context,
    /// How.
    pub(crate) query: Q,
    /// The file.
    pub(crate) file: Bytes,
}

impl<S: Send + Sync, Q: DeserializeOwned + Send> FromRequest<S> for Upload<Q> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &S) -> Result<Self, Failure> {
        let (parts, body) = request.into_parts();
        let mut context = context(&parts)?;
        let query = query::parse(parts.uri.query())?;
        let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("text/csv") {
            return Err(Failure::new(
                &problem_kinds::UNSUPPORTED_MEDIA_TYPE,
                "the body must be CSV: send `Content-Type: text/csv`",
            ));
        }
        let file = json::read(&parts.headers, body, limits::FILE, limits::FILE_TIME).await?;
        context.idempotency = idempotency::read(&parts.headers, &parts.method, path(&parts), &file)?;
        Ok(Self { context, query, file })
    }
}

/// The whole path of a request, also within a nested router.
fn path(parts: &Parts) -> &str {
    parts.extensions.get::<OriginalUri>().map_or(&parts.uri, |OriginalUri(uri)| uri).path()
}

/// The part of the path that names what the request is about.
pub(crate) struct Target<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Target<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        // A database takes no NUL in text, and no name has a control character.
        let path = parts.uri.path().as_bytes();
        let control = path.windows(3).any(|w| w[0] == b'%' && (w[1] == b'0' || w[1] == b'1'));
        if control {
            return Err(Failure::new(
                &problem_kinds::BAD_REQUEST,
                "the path has a control character in it; names and ids have none",
            ));
        }
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(target)) => Ok(Self(target)),
            Err(_) => Err(Failure::new(
                &problem_kinds::BAD_REQUEST,
                "the path is not valid UTF-8 once its percent-encoding is undone",
            )),
        }
    }
}

fn context(parts: &Parts) -> Result<Context, Failure> {
    match parts.extensions.get::<Principal>() {
        Some(principal) => Ok(Context { principal: principal.clone(), idempotency: None }),
        // Only a route outside the authenticating layer gets here: it stays closed.
        None => Err(Error::Unauthenticated.into()),
    }
}
