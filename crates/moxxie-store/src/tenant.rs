//! Tenants. A scope sees its own tenant only.

use moxxie_core::{Name, TenantId, Timestamp, identity::Scope, tenant::Tenant};

use crate::{Listing, Page, Reads, Result, Tx};

impl Reads {
    /// One tenant.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tenant(&self, scope: Scope, id: TenantId) -> Result<Option<Tenant>> {
        todo!()
    }

    /// The tenant of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tenant_by_name(&self, scope: Scope, name: &Name) -> Result<Option<Tenant>> {
        todo!()
    }

    /// Tenants by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tenants(&self, scope: Scope, page: &Page) -> Result<Listing<Tenant>> {
        todo!()
    }
}

impl Tx {
    /// Adds a tenant.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_tenant(&mut self, tenant: &Tenant, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Writes a tenant anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_tenant(&mut self, tenant: &Tenant, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Removes a tenant that nothing refers to.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_tenant(&mut self, id: TenantId) -> Result<()> {
        todo!()
    }
}
