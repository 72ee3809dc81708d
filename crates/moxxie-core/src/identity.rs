//! Who is asking, and what they may do.
//!
//! Roles are all there is today. Tenants' scopes and single sign-on get their place here: every use
//! case takes a [`Principal`] and every store query a [`Scope`].

use serde::{Deserialize, Serialize};

use crate::{TenantId, TokenId};

/// What a token may do; each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Reads everything in scope except secrets.
    Viewer,
    /// Orders and removes networks, addresses, tenants; resolves changes.
    Operator,
    /// Registers sites, pools and routers, and makes tokens.
    Admin,
}

impl Role {
    /// All roles, the weakest first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Operator, Self::Admin];

    /// The word on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Operator => "operator",
            Self::Admin => "admin",
        }
    }

    /// The role of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// Which tenants' rows a query may see.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Every tenant's.
    All,
    /// One tenant's only.
    Tenant(TenantId),
}

/// Who is asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The token used; `None` for moxxie itself (configuration file, workers).
    pub token: Option<TokenId>,
    /// The name in audit events: the token's name, or `system`.
    pub name: String,
    /// What they may do.
    pub role: Role,
    /// Whose rows they may see.
    pub scope: Scope,
    /// Where the request came from: an address, or `local`.
    pub source: String,
}

impl Principal {
    /// moxxie itself, acting for nobody: configuration at start, and workers.
    #[must_use]
    pub fn system() -> Self {
        Self {
            token: None,
            name: "system".into(),
            role: Role::Admin,
            scope: Scope::All,
            source: "local".into(),
        }
    }
}
