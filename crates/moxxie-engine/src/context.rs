//! Who asks, and under which idempotency key.

use moxxie_core::identity::{Principal, Role};

use crate::Error;

/// What every use case is told about the request.
#[derive(Debug, Clone)]
pub struct Context {
    /// Who asks.
    pub principal: Principal,
    /// The key under which the request must not be done twice.
    pub idempotency: Option<Idempotency>,
}

/// A request that must not be done twice.
#[derive(Debug, Clone)]
pub struct Idempotency {
    /// The client's key: 1 to 255 visible ASCII characters.
    pub key: String,
    /// Method and path: the same key on another route is another request.
    pub route: String,
    /// SHA-256 of the body, hex: the same key with another body is refused.
    pub body_hash: String,
}

impl Context {
    /// moxxie itself.
    #[must_use]
    pub fn system() -> Self {
        Self { principal: Principal::system(), idempotency: None }
    }

    /// Refuses who may less than `role`.
    pub(crate) fn require(&self, role: Role) -> Result<(), Error> {
        if self.principal.role >= role {
            Ok(())
        } else {
            Err(Error::Forbidden { have: self.principal.role, need: role })
        }
    }
}
