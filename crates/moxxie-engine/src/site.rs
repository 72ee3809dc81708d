//! Sites (`datacenter` on the wire).

use moxxie_api::{
    Page, PageQuery,
    datacenter::{AvailableResources, Datacenter, DatacenterCreate},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Registers a site and its VLAN domain. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_site(
        &self,
        context: &Context,
        request: DatacenterCreate,
    ) -> Result<Datacenter, Error> {
        todo!()
    }

    /// Lists sites by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn sites(&self, context: &Context, page: PageQuery) -> Result<Page<Datacenter>, Error> {
        todo!()
    }

    /// One site, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn site(&self, context: &Context, name: &str) -> Result<Datacenter, Error> {
        todo!()
    }

    /// What is left in a site.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn available_resources(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<AvailableResources, Error> {
        todo!()
    }
}
