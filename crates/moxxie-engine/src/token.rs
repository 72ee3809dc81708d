//! Tokens: who may use the API.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use jiff::SignedDuration;
use moxxie_api::token::{Token, TokenCreate, TokenCreated};
use moxxie_core::{
    Timestamp, TokenId,
    audit::hex,
    identity::{Principal, Role, Scope},
};
use ring::digest;
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{Context, Engine, Error, audit::Entry, validate::Checks, write::transaction};

/// What every secret begins with, so that a leaked one is recognised by people and scanners.
const SECRET_PREFIX: &str = "mxt_";
/// How many sources of failed logins are told apart between two writes.
const MOST_SOURCES: usize = 1000;
/// How often failed logins are written down.
const FLUSH_INTERVAL: Duration = Duration::from_secs(1);
/// How long a token lives when nothing else is asked for.
const USUAL_DAYS: i64 = 90;

/// How long a token is believed without being looked up: that much later a revocation by another process takes
/// effect at most. One by this process takes effect at once.
const CACHED_FOR: SignedDuration = SignedDuration::from_secs(1);
/// How many tokens are kept.
const MOST_CACHED: usize = 1000;

/// Tokens that were looked up a moment ago, by the hash of their secret.
#[derive(Debug, Default)]
pub(crate) struct TokenCache(Mutex<HashMap<[u8; 32], (moxxie_store::Token, Timestamp)>>);

impl TokenCache {
    fn get(&self, hash: &[u8; 32], now: Timestamp) -> Option<moxxie_store::Token> {
        let cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (token, at) = cache.get(hash)?;
        let age = now.duration_since(*at);
        // A clock that was set back makes nothing younger.
        (SignedDuration::ZERO <= age && age < CACHED_FOR).then(|| token.clone())
    }

    fn put(&self, hash: [u8; 32], token: moxxie_store::Token, now: Timestamp) {
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MOST_CACHED {
            cache.clear();
        }
        cache.insert(hash, (token, now));
    }

    fn forget(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Engine {
    /// Who a bearer token is. A failure is counted per source and minute.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] for an unknown, expired or revoked token.
    pub async fn authenticate(&self, secret: &str, source: &str) -> Result<Principal, Error> {
        let now = self.now();
        // The hash is looked up, not compared: a lookup's time says nothing about 256 random bits.
        let hash = hash(secret);
        let token = match self.0.tokens.get(&hash, now) {
            Some(token) => Some(token),
            None => {
                let found = Box::pin(self.0.store.token_by_hash(&hash)).await?;
                if let Some(token) = &found {
                    self.0.tokens.put(hash, token.clone(), now);
                }
                found
            }
        };
        let valid = token.filter(|token| {
            token.revoked_at.is_none() && token.expires_at.is_none_or(|expires| now < expires)
        });
        let Some(token) = valid else {
            self.count_failure(source);
            return Err(Error::Unauthenticated);
        };
        if token.last_used_at.is_none_or(|last| now.duration_since(last) > SignedDuration::from_mins(5)) {
            Box::pin(self.0.store.touch_token(token.id, now)).await?;
            self.0.tokens.put(hash, moxxie_store::Token { last_used_at: Some(now), ..token.clone() }, now);
        }
        Ok(Principal {
            token: Some(token.id),
            name: token.name.to_string(),
            role: token.role,
            scope: token.tenant_id.map_or(Scope::All, Scope::Tenant),
            source: source.to_owned(),
        })
    }

    /// Counts a failed login in memory: a flood of them must not take the database's one writer away from
    /// those who are let in.
    fn count_failure(&self, source: &str) {
        let mut failures = self.0.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let source =
            if failures.len() < MOST_SOURCES || failures.contains_key(source) { source } else { "others" };
        *failures.entry(source.to_owned()).or_default() += 1;
    }

    /// Writes the counts down, once a second, until `shutdown`.
    pub(crate) async fn run_failure_counts(&self, shutdown: CancellationToken) -> Result<(), Error> {
        loop {
            let ending = tokio::time::timeout(FLUSH_INTERVAL, shutdown.cancelled()).await.is_ok();
            let failures = std::mem::take(
                &mut *self.0.failures.lock().unwrap_or_else(std::sync::PoisonError::into_inner),
            );
            for (source, count) in failures {
                if let Err(error) = self.0.store.record_auth_failures(&source, self.now(), count).await {
                    tracing::warn!(source, count, %error, "failed logins could not be counted");
                }
            }
            if ending {
                return Ok(());
            }
        }
    }

    /// Makes an admin token when there is no valid one; `None` when there is.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn bootstrap_admin(&self) -> Result<Option<TokenCreated>, Error> {
        let now = self.now();
        let tokens = self.0.store.tokens().await?;
        if tokens.iter().any(|token| is_admin(token, now)) {
            return Ok(None);
        }
        // The first one is `admin`; a later one is made when all before it have expired, so that nobody is
        // locked out of a system they own.
        let name = match tokens.len() {
            0 => "admin".to_owned(),
            n => format!("admin-{}", n + 1),
        };
        let request = TokenCreate { name, role: "admin".into(), days: Some(365) };
        match self.create_token(&Context::system(), request).await {
            Ok(token) => Ok(Some(token)),
            // Another process starting at the same time was faster.
            Err(Error::Conflict { code: "name_taken", .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes a token; its secret is in this answer and nowhere else. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_token(&self, context: &Context, request: TokenCreate) -> Result<TokenCreated, Error> {
        context.require(Role::Admin)?;
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let role = Role::parse(&request.role);
        if role.is_none() {
            checks.wrong("role", "is not a role: viewer, operator or admin");
        }
        let days = request.days.unwrap_or(USUAL_DAYS);
        if !(1..=3650).contains(&days) {
            checks.wrong("days", format!("{days} is not possible: 1 to 3650"));
        }
        checks.done()?;
        let (Some(name), Some(role)) = (name, role) else { return Err(Error::Unauthenticated) };
        let secret = format!("{SECRET_PREFIX}{}", hex(&self.0.ambient.random::<32>()));
        let now = self.now();
        let expires = now
            .checked_add(SignedDuration::from_hours(24 * days))
            .map_err(|error| Error::Internal(Box::new(error)))?;
        let token = moxxie_store::Token {
            id: TokenId::new(self.0.ambient.uuid()),
            name,
            role,
            tenant_id: None,
            created_at: now,
            expires_at: Some(expires),
            revoked_at: None,
            last_used_at: None,
        };
        transaction!(self, |tx| {
            tx.insert_token(&token, &hash(&secret)).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "token.create",
                    object: token.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"name": token.name, "role": token.role, "expiresAt": expires}),
                },
            ));
        })?;
        Ok(TokenCreated { token: view(token), secret })
    }

    /// All tokens, without secrets. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tokens(&self, context: &Context) -> Result<Vec<Token>, Error> {
        context.require(Role::Admin)?;
        Ok(self.0.store.tokens().await?.into_iter().map(view).collect())
    }

    /// Revokes a token at once; revoking twice is the same. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn revoke_token(&self, context: &Context, id: &str) -> Result<Token, Error> {
        context.require(Role::Admin)?;
        let missing = || Error::not_found("token", id);
        let token_id: TokenId = id.parse().map_err(|_| missing())?;
        let token = self.0.store.token(token_id).await?.ok_or_else(missing)?;
        if token.revoked_at.is_some() {
            return Ok(view(token));
        }
        let now = self.now();
        let others = self.0.store.tokens().await?;
        if is_admin(&token, now) && !others.iter().any(|other| other.id != token.id && is_admin(other, now)) {
            return Err(Error::conflict(
                "last_admin",
                format!(
                    "{} is the last valid admin token; make another one first (moxxie token create)",
                    token.name
                ),
            ));
        }
        transaction!(self, |tx| {
            tx.revoke_token(token_id, now).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "token.revoke",
                    object: token_id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"name": token.name}),
                },
            ));
        })?;
        self.0.tokens.forget();
        let token = self.0.store.token(token_id).await?.ok_or_else(missing)?;
        Ok(view(token))
    }
}

fn is_admin(token: &moxxie_store::Token, now: moxxie_core::Timestamp) -> bool {
    token.role == Role::Admin
        && token.revoked_at.is_none()
        && token.expires_at.is_none_or(|expires| now < expires)
}

fn hash(secret: &str) -> [u8; 32] {
    let digest = digest::digest(&digest::SHA256, secret.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}

fn view(token: moxxie_store::Token) -> Token {
    Token {
        id: token.id.to_string(),
        name: token.name.to_string(),
        role: token.role.as_str().to_owned(),
        created_at: token.created_at,
        expires_at: token.expires_at.unwrap_or(moxxie_core::Timestamp::MAX),
        revoked_at: token.revoked_at,
        last_used_at: token.last_used_at,
    }
}
