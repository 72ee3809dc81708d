//! Addresses in networks.

use moxxie_api::{
    Page, PageQuery,
    address::{Address, AddressRequest},
};

use crate::{Context, Engine, Error};

impl Engine {
    /// Lists the addresses of a network, gateway and router addresses first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn addresses(
        &self,
        context: &Context,
        network: &str,
        page: PageQuery,
    ) -> Result<Page<Address>, Error> {
        todo!()
    }

    /// Records the address asked for, or the next free one when none is named. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_address(
        &self,
        context: &Context,
        network: &str,
        request: AddressRequest,
    ) -> Result<Address, Error> {
        todo!()
    }

    /// Releases an address; one that is not recorded is left alone. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn delete_address(&self, context: &Context, network: &str, address: &str) -> Result<(), Error> {
        todo!()
    }
}
