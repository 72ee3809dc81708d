//! Sites.

use moxxie_core::{Name, SiteId, Timestamp, site::Site};

use crate::{Reads, Result, Tx};

impl Reads {
    /// All sites by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn sites(&self) -> Result<Vec<Site>> {
        todo!()
    }

    /// One site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn site(&self, id: SiteId) -> Result<Option<Site>> {
        todo!()
    }

    /// The site of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn site_by_name(&self, name: &Name) -> Result<Option<Site>> {
        todo!()
    }
}

impl Tx {
    /// Adds a site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_site(&mut self, site: &Site, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Writes a site anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_site(&mut self, site: &Site, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Removes a site that nothing refers to.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_site(&mut self, id: SiteId) -> Result<()> {
        todo!()
    }
}
