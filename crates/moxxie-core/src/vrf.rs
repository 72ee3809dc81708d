//! A VRF: an address space of its own. Overlap is legal only across VRFs.

use serde::{Deserialize, Serialize};

use crate::{Name, VrfId};

/// A VRF, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vrf {
    /// Its id.
    pub id: VrfId,
    /// Its name, unique. `main` is there from the start and stays.
    pub name: Name,
    /// Free text.
    pub description: String,
}
