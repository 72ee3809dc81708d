//! VLAN domains and the ids used in them.

use moxxie_core::{DomainId, Name, SiteId, Timestamp, domain::Domain, vlan::VlanId};

use crate::{Reads, Result, Tx};

impl Reads {
    /// One domain.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn domain(&self, id: DomainId) -> Result<Option<Domain>> {
        todo!()
    }

    /// The domains of a site by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn domains_of_site(&self, site: SiteId) -> Result<Vec<Domain>> {
        todo!()
    }

    /// The domain of that name in a site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn domain_by_name(&self, site: SiteId, name: &Name) -> Result<Option<Domain>> {
        todo!()
    }

    /// The ids in use, ascending.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn used_vlans(&self, domain: DomainId) -> Result<Vec<VlanId>> {
        todo!()
    }
}

impl Tx {
    /// Adds a domain.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_domain(&mut self, domain: &Domain, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Writes a domain anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_domain(&mut self, domain: &Domain, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Removes a domain that nothing refers to.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_domain(&mut self, id: DomainId) -> Result<()> {
        todo!()
    }

    /// Reads a domain and locks it until the transaction ends: before choosing a VLAN id in it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_domain(&mut self, id: DomainId) -> Result<Option<Domain>> {
        todo!()
    }
}
