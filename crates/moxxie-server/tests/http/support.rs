//! A server in a directory of its own, and requests to it.

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use moxxie_api::{Problem, token::TokenCreate};
use moxxie_core::Timestamp;
use moxxie_engine::{Context, Engine, EngineConfig, clock::Ambient};
use moxxie_server::AppState;
use moxxie_store::{MasterKey, Store, StoreConfig};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// A server without a listener, and a token of each role.
pub(crate) struct Server {
    pub(crate) app: Router,
    pub(crate) engine: Engine,
    pub(crate) shutdown: CancellationToken,
    pub(crate) admin: String,
    pub(crate) operator: String,
    pub(crate) viewer: String,
    _dir: TempDir,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The problem document; everything about it that must always hold is asserted.
    pub(crate) fn problem(&self) -> Problem {
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let problem: Problem = serde_json::from_str(&self.body).unwrap();
        assert_eq!(problem.status, self.status.as_u16(), "{self:?}");
        assert_eq!(problem.kind, format!("/problems/{}", problem.code), "{self:?}");
        assert!(!problem.detail.is_empty() && !problem.title.is_empty(), "{self:?}");
        problem
    }
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::start_with(EngineConfig::default()).await
    }

    /// With another configuration of the engine. No worker runs unless the test runs it.
    pub(crate) async fn start_with(config: EngineConfig) -> Self {
        let dir = TempDir::new().unwrap();
        let ambient = Ambient::system();
        let url = format!("sqlite:{}", dir.path().join("moxxie.db").display());
        let now: Timestamp = ambient.now();
        let store = Store::open(StoreConfig::new(url, MasterKey::new([7; 32]), now)).await.unwrap();
        let engine = Engine::new(store, ambient, config);
        let admin = engine.bootstrap_admin().await.unwrap().unwrap().secret;
        let operator = token(&engine, "operator").await;
        let viewer = token(&engine, "viewer").await;
        let shutdown = CancellationToken::new();
        let app = moxxie_server::app(AppState {
            engine: engine.clone(),
            metrics: None,
            shutdown: shutdown.clone(),
        });
        Self { app, engine, shutdown, admin, operator, viewer, _dir: dir }
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Reply {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let body = String::from_utf8(bytes.to_vec()).unwrap();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// A request by the administrator.
    pub(crate) async fn admin(&self, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.send(request(method, path, Some(&self.admin), body)).await
    }

    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.admin(Method::GET, path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Reply {
        self.admin(Method::POST, path, Some(body)).await
    }

    /// A datacentre `dc2` (Q-in-Q), a pool for it and a tenant.
    pub(crate) async fn with_site(self) -> Self {
        for (path, body) in [
            (
                "/api/v1/datacenters",
                json!({"name": "dc2", "vlanRange": "100-2000", "managementPrefixes": ["10.255.0.0/24"],
                    "encapsulation": {"type": "qinq", "serviceVlan": 1000}}),
            ),
            ("/api/v1/pools", json!({"name": "dc2-main", "datacenter": "dc2", "prefix": "172.20.0.0/16"})),
            ("/api/v1/tenants", json!({"name": "acme"})),
        ] {
            let reply = self.post(path, body).await;
            assert_eq!(reply.status, StatusCode::CREATED, "{path}: {}", reply.body);
        }
        self
    }

    /// A router of `dc2` at this address.
    pub(crate) async fn with_router(self, address: &str) -> Self {
        let router = json!({"name": "r2", "datacenter": "dc2", "address": address, "username": "moxxie",
            "password": "planted-secret-4711", "trunk": "ether2"});
        let reply = self.post("/api/v1/routers", router).await;
        assert_eq!(reply.status, StatusCode::CREATED, "{}", reply.body);
        assert!(!reply.body.contains("planted-secret"));
        self
    }
}

/// An order for a network in `dc2`.
pub(crate) fn order() -> Value {
    json!({"clientId": "acme", "datacenter": "dc2", "size": "/24", "options": {"enableDHCP": true}})
}

async fn token(engine: &Engine, role: &str) -> String {
    let request = TokenCreate { name: role.into(), role: role.into(), days: None };
    engine.create_token(&Context::system(), request).await.unwrap().secret
}

pub(crate) fn request(method: Method, path: &str, token: Option<&str>, body: Option<Value>) -> Request<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    match body {
        Some(body) => {
            let body = Body::from(body.to_string());
            request.header(header::CONTENT_TYPE, "application/json").body(body).unwrap()
        }
        None => request.body(Body::empty()).unwrap(),
    }
}
