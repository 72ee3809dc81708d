//! VRFs: address spaces. `main` exists from the start.

use moxxie_core::{Name, VrfId};

use crate::{Reads, Result};

/// A VRF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vrf {
    /// Its id.
    pub id: VrfId,
    /// Its name, unique.
    pub name: Name,
}

impl Reads {
    /// The VRF named `main`, which every installation has.
    #[must_use]
    pub fn main_vrf(&self) -> VrfId {
        todo!()
    }

    /// All VRFs by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn vrfs(&self) -> Result<Vec<Vrf>> {
        todo!()
    }
}
