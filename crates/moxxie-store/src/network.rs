//! Networks with their attachments and VLAN ids.

use moxxie_core::{
    DomainId, Name, NetworkId, SiteId, TenantId, Timestamp,
    identity::Scope,
    network::{Network, NetworkStatus},
    vlan::VlanId,
};

use crate::{Listing, Page, Reads, Result, Tx};

/// Which networks are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkFilter {
    /// Ordered for this site.
    pub site: Option<SiteId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// In this status.
    pub status: Option<NetworkStatus>,
    /// With this VLAN id, in whatever domain.
    pub vlan: Option<VlanId>,
}

impl Reads {
    /// One network.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn network(&self, scope: Scope, id: NetworkId) -> Result<Option<Network>> {
        todo!()
    }

    /// The network of that name of a tenant.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn network_by_name(
        &self,
        scope: Scope,
        tenant: TenantId,
        name: &Name,
    ) -> Result<Option<Network>> {
        todo!()
    }

    /// Networks, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn networks(
        &self,
        scope: Scope,
        filter: &NetworkFilter,
        page: &Page,
    ) -> Result<Listing<Network>> {
        todo!()
    }

    /// Every network with an attachment in the domain, oldest first: for the device intent of its routers.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn networks_in_domain(&self, domain: DomainId) -> Result<Vec<Network>> {
        todo!()
    }

    /// How many networks a site has.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_networks(&self, scope: Scope, site: SiteId) -> Result<u64> {
        todo!()
    }
}

impl Tx {
    /// Adds a network with its attachment and VLAN id. Lock the domain first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_network(&mut self, network: &Network) -> Result<()> {
        todo!()
    }

    /// Reads a network and locks it until the transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_network(&mut self, scope: Scope, id: NetworkId) -> Result<Option<Network>> {
        todo!()
    }

    /// Changes the status when the version is still the expected one; answers the new version.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_network_status(
        &mut self,
        id: NetworkId,
        expected_version: i64,
        status: NetworkStatus,
        now: Timestamp,
    ) -> Result<i64> {
        todo!()
    }

    /// Removes a network with its attachment and VLAN id. Prefixes and addresses must be gone before.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_network(&mut self, id: NetworkId) -> Result<()> {
        todo!()
    }
}
