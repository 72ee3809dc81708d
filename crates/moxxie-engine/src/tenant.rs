//! Tenants.

use moxxie_api::{
    Page, PageQuery,
    tenant::{Tenant, TenantCreate},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Registers a tenant. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_tenant(&self, context: &Context, request: TenantCreate) -> Result<Tenant, Error> {
        todo!()
    }

    /// Lists tenants by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tenants(&self, context: &Context, page: PageQuery) -> Result<Page<Tenant>, Error> {
        todo!()
    }

    /// One tenant, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tenant(&self, context: &Context, name: &str) -> Result<Tenant, Error> {
        todo!()
    }
}
