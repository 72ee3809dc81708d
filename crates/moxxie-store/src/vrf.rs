//! VRFs: address spaces. `main` exists from the start.

use moxxie_core::{Name, Timestamp, VrfId};

use crate::{Reads, Result, Tx, param::params, row::Row, statement::Statement};

static LIST: Statement = Statement::new("vrf.list", "SELECT id, name FROM vrf ORDER BY name");
static INSERT: Statement =
    Statement::new("vrf.insert", "INSERT INTO vrf (id, name, created_at) VALUES ($1, $2, $3)");

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &INSERT];

/// A VRF.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vrf {
    /// Its id.
    pub id: VrfId,
    /// Its name, unique.
    pub name: Name,
}

fn read(row: &Row) -> Result<Vrf> {
    Ok(Vrf { id: row.parsed("id")?, name: row.parsed("name")? })
}

impl Reads {
    /// The VRF named `main`, which every installation has.
    #[must_use]
    pub fn main_vrf(&self) -> VrfId {
        self.shared.installation.main_vrf
    }

    /// All VRFs by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn vrfs(&self) -> Result<Vec<Vrf>> {
        self.list(&LIST, &[], read).await
    }
}

impl Tx {
    /// Adds a VRF.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_vrf(&mut self, vrf: &Vrf, now: Timestamp) -> Result<()> {
        self.execute(&INSERT, &params![vrf.id, &vrf.name, now]).await.map(drop)
    }
}
