//! VRFs: address spaces. `main` exists from the start.

use moxxie_core::{Name, Timestamp, VrfId, vrf::Vrf};

use crate::{Arranged, Dated, Reads, Result, Tx, param::params, row::Row, statement::Statement};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, description, updated_at FROM vrf ", $rest)
    };
}

static LIST: Statement = Statement::new("vrf.list", select!("ORDER BY name"));
static GET: Statement = Statement::new("vrf.get", select!("WHERE id = $1"));
static LOCK: Statement = Statement::new("vrf.lock", select!("WHERE id = $1")).locking("vrf");
static BY_NAME: Statement = Statement::new("vrf.by_name", select!("WHERE name = $1"));
static INSERT: Statement = Statement::new(
    "vrf.insert",
    "INSERT INTO vrf (id, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
);
static UPDATE: Statement =
    Statement::new("vrf.update", "UPDATE vrf SET name = $2, description = $3, updated_at = $4 WHERE id = $1");
static DELETE: Statement = Statement::new("vrf.delete", "DELETE FROM vrf WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &GET, &LOCK, &BY_NAME, &INSERT, &UPDATE, &DELETE];

impl Arranged for Vrf {
    const KIND: &'static str = "vrf";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<Vrf>> {
    Ok(Dated { record: read(row)?, since: row.time("updated_at")? })
}

fn read(row: &Row) -> Result<Vrf> {
    Ok(Vrf { id: row.parsed("id")?, name: row.parsed("name")?, description: row.text("description")? })
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

    /// One VRF.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn vrf(&self, id: VrfId) -> Result<Option<Vrf>> {
        self.one(&GET, &params![id], read).await
    }

    /// The VRF of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn vrf_by_name(&self, name: &Name) -> Result<Option<Vrf>> {
        self.one(&BY_NAME, &params![name], read).await
    }

    /// The VRFs there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn vrfs_at(&self, at: Timestamp) -> Result<Vec<Vrf>> {
        let live = self.list(&LIST, &[], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Tx {
    /// Adds a VRF.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_vrf(&mut self, vrf: &Vrf, now: Timestamp) -> Result<()> {
        self.execute(&INSERT, &params![vrf.id, &vrf.name, &vrf.description, now]).await.map(drop)
    }

    /// Writes name and description anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_vrf(&mut self, vrf: &Vrf, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![vrf.id], dated, now).await?;
        self.touch("VRF", &UPDATE, &params![vrf.id, &vrf.name, &vrf.description, now]).await
    }

    /// Removes a VRF that nothing lives in.
    ///
    /// # Errors
    /// [`crate::Constraint::Referenced`] when something does, and when the database fails.
    pub async fn delete_vrf(&mut self, id: VrfId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![id], dated, now).await?;
        self.touch("VRF", &DELETE, &params![id]).await
    }

    /// Locks a VRF until the transaction ends: before pools and containers are arranged in it, so that
    /// what was looked at stays as it is.
    ///
    /// # Errors
    /// [`crate::StoreError::NotFound`], and when the database fails.
    pub async fn lock_vrf(&mut self, id: VrfId) -> Result<Vrf> {
        self.one(&LOCK, &params![id], read).await?.ok_or(crate::StoreError::NotFound("VRF"))
    }
}
