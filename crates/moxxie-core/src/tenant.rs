//! A tenant: who a network belongs to.

use serde::{Deserialize, Serialize};

use crate::{Name, TenantId};

/// A tenant, as stored (`clientId` on the wire is its name).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tenant {
    /// Its id.
    pub id: TenantId,
    /// Its name, unique.
    pub name: Name,
    /// Free text.
    pub description: String,
}
