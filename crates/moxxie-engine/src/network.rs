//! Networks.

use moxxie_api::{
    Page,
    change::Change,
    network::{Network, NetworkQuery, NetworkRequest},
    plan::DryRun,
};

use crate::{Context, Engine, Error};

/// What became of an order.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Accepted {
    /// The change that does it; already finished when there was nothing to do.
    pub change: Change,
    /// The network it is about; absent once it is gone.
    pub network: Option<Network>,
}

impl Engine {
    /// Reserves VLAN and prefix; no router is touched. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn allocate(&self, context: &Context, request: NetworkRequest) -> Result<Network, Error> {
        todo!()
    }

    /// What [`Engine::allocate`] would reserve.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn allocate_dry_run(
        &self,
        context: &Context,
        request: NetworkRequest,
    ) -> Result<DryRun, Error> {
        todo!()
    }

    /// Reserves VLAN and prefix and opens a change that puts the network on its routers. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision(&self, context: &Context, request: NetworkRequest) -> Result<Accepted, Error> {
        todo!()
    }

    /// What [`Engine::provision`] would reserve and do. Reads the routers.
    ///
    /// # Errors
    /// See [`Error`]; rows of somebody else in the way are a [`Error::Conflict`].
    pub async fn provision_dry_run(
        &self,
        context: &Context,
        request: NetworkRequest,
    ) -> Result<DryRun, Error> {
        todo!()
    }

    /// Opens a change that puts an allocated network on its routers; one that is there is left alone.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision_allocated(&self, context: &Context, id: &str) -> Result<Accepted, Error> {
        todo!()
    }

    /// What [`Engine::provision_allocated`] would do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn provision_allocated_dry_run(&self, context: &Context, id: &str) -> Result<DryRun, Error> {
        todo!()
    }

    /// Opens a change that takes a network off its routers and releases its allocation. A network that
    /// is gone already gives the change that removed it. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; recorded addresses are a [`Error::Conflict`] that lists them.
    pub async fn deprovision(&self, context: &Context, id: &str) -> Result<Accepted, Error> {
        todo!()
    }

    /// What [`Engine::deprovision`] would do.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn deprovision_dry_run(&self, context: &Context, id: &str) -> Result<DryRun, Error> {
        todo!()
    }

    /// Lists networks, the oldest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn networks(&self, context: &Context, query: NetworkQuery) -> Result<Page<Network>, Error> {
        todo!()
    }

    /// One network, by id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn network(&self, context: &Context, id: &str) -> Result<Network, Error> {
        todo!()
    }
}
