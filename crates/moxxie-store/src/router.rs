//! Routers.

use moxxie_core::{DomainId, Name, RouterId, SiteId, Timestamp, router::Router};

use crate::{Reads, Result, Tx};

impl Reads {
    /// One router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn router(&self, id: RouterId) -> Result<Option<Router>> {
        todo!()
    }

    /// The router of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn router_by_name(&self, name: &Name) -> Result<Option<Router>> {
        todo!()
    }

    /// All routers by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn routers(&self) -> Result<Vec<Router>> {
        todo!()
    }

    /// The routers of a site by id, the order in which they are leased.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn routers_of_site(&self, site: SiteId) -> Result<Vec<Router>> {
        todo!()
    }

    /// The routers on a domain's trunk by id, the order in which they are leased.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn routers_of_domain(&self, domain: DomainId) -> Result<Vec<Router>> {
        todo!()
    }
}

impl Tx {
    /// Adds a router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_router(&mut self, router: &Router, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Writes a router anew, its identity included.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_router(&mut self, router: &Router, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Removes a router and its secrets.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_router(&mut self, id: RouterId) -> Result<()> {
        todo!()
    }
}
