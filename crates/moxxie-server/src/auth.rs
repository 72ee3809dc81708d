//! Authentication and roles: one layer around everything that is not public.

use std::{collections::HashMap, net::SocketAddr, sync::Arc};

use axum::{
    extract::{ConnectInfo, MatchedPath, Request, State},
    http::{HeaderMap, HeaderValue, Method, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use moxxie_core::identity::Role;
use moxxie_engine::{Context, Engine, Error};
use utoipa::openapi::{OpenApi, path::Operation};

use crate::{audited, problem::Failure, rest::openapi::operations};

/// Extension of an operation in the OpenAPI document that says which role it needs: `viewer`,
/// `operator`, `admin`, or `none` where no token is needed.
pub const ROLE_EXTENSION: &str = "x-required-role";

/// What the layer needs: the engine knows tokens, the OpenAPI document knows which role an operation
/// needs. What is documented is what is enforced.
#[derive(Clone)]
pub(crate) struct Guard {
    engine: Engine,
    rules: Arc<HashMap<String, HashMap<Method, Rule>>>,
}

/// What holds for one operation.
struct Rule {
    role: Role,
    /// What the audit trail calls it; none for operations that only read.
    action: Option<&'static str>,
}

impl Guard {
    pub(crate) fn new(engine: Engine, document: &OpenApi) -> Self {
        let mut rules: HashMap<String, HashMap<Method, Rule>> = HashMap::new();
        for (method, path, operation) in operations(document) {
            let action = operation.operation_id.as_deref().and_then(audited::action);
            if let Some(role) = role_of(operation) {
                rules.entry(path.to_owned()).or_default().insert(method, Rule { role, action });
            }
        }
        Self { engine, rules: Arc::new(rules) }
    }

    fn rule(&self, request: &Request) -> Option<&Rule> {
        let route = request.extensions().get::<MatchedPath>()?;
        let method = if request.method() == Method::HEAD { &Method::GET } else { request.method() };
        self.rules.get(route.as_str())?.get(method)
    }
}

fn role_of(operation: &Operation) -> Option<Role> {
    operation.extensions.as_ref()?.get(ROLE_EXTENSION)?.as_str().and_then(Role::parse)
}

/// Lets a request pass that has a valid token with a sufficient role, and notes who it is. The engine
/// asks for the role again: this layer answers before the body is read, the engine for every other caller.
pub(crate) async fn authenticate(
    State(guard): State<Guard>,
    mut request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let source = peer.map_or_else(|| "unknown".to_owned(), |ConnectInfo(address)| address.ip().to_string());
    let secret = bearer(request.headers()).unwrap_or_default();
    let principal = guard.engine.authenticate(secret, &source).await?;
    let rule = guard.rule(&request);
    let noted = rule.and_then(|rule| rule.action).map(|action| audited::Attempt::of(action, &request));
    // A route that does not say needs the strongest role; a path that is no route has nothing to give.
    let need = rule.map_or(Role::Admin, |rule| rule.role);
    let known = request.extensions().get::<MatchedPath>().is_some();
    let context = Context { principal: principal.clone(), idempotency: None };
    let mut response = if known && principal.role < need {
        Failure::from(Error::Forbidden { have: principal.role, need }).into_response()
    } else {
        request.extensions_mut().insert(principal);
        next.run(request).await
    };
    if let Some(refused) = noted.and_then(|attempt| attempt.refused(&response)) {
        refused.note(&guard.engine, &context).await;
    }
    // What one token may see is nothing for a cache that others share.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The secret of `Authorization: Bearer <secret>` (RFC 6750, section 2.1; the scheme's case does not
/// matter, RFC 9110, section 11.1).
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, secret) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| secret.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(values: &[&str]) -> HeaderMap {
        values.iter().map(|value| (header::AUTHORIZATION, value.parse().unwrap())).collect()
    }

    #[test]
    fn a_bearer_token_is_read() {
        assert_eq!(bearer(&headers(&["Bearer abc"])), Some("abc"));
        assert_eq!(bearer(&headers(&["bearer   abc "])), Some("abc"));
    }

    #[test]
    fn anything_else_is_no_token() {
        for values in [&[][..], &["Basic abc"], &["Bearer"], &["abc"], &["Bearer a", "Bearer b"]] {
            assert_eq!(bearer(&headers(values)), None, "{values:?}");
        }
    }
}
