//! Address records.

use std::net::IpAddr;

use moxxie_core::{AddressId, NetworkId, TenantId, Timestamp, VrfId, identity::Scope};
use serde_json::Value;

use crate::{Listing, Page, Reads, Result, Tx};

/// An address record, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// The network it is in.
    pub network_id: NetworkId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The VRF it lives in.
    pub vrf_id: VrfId,
    /// The address itself.
    pub address: IpAddr,
    /// Name of the host.
    pub hostname: Option<String>,
    /// Its MAC address.
    pub mac: Option<String>,
    /// What it is for: `vm`, `gateway`, `reserved`, `dhcp`, `vip`, `router`.
    pub kind: String,
    /// The virtual machine that has it.
    pub vm_id: Option<String>,
    /// The operator's tags, any JSON.
    pub tags: Value,
    /// When it was recorded.
    pub created_at: Timestamp,
}

impl Reads {
    /// The record of an address of a network.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn address(
        &self,
        scope: Scope,
        network: NetworkId,
        address: IpAddr,
    ) -> Result<Option<Address>> {
        todo!()
    }

    /// Records of a network, lowest address first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn addresses(&self, scope: Scope, network: NetworkId, page: &Page) -> Result<Listing<Address>> {
        todo!()
    }

    /// How many records a network has.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_addresses(&self, scope: Scope, network: NetworkId) -> Result<u64> {
        todo!()
    }
}

impl Tx {
    /// Records an address.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_address(&mut self, address: &Address) -> Result<()> {
        todo!()
    }

    /// Removes a record and answers it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_address(
        &mut self,
        scope: Scope,
        network: NetworkId,
        address: IpAddr,
    ) -> Result<Address> {
        todo!()
    }

    /// The lowest address from `first` to `last` without a record; `None` when there is none. Locks the
    /// network, so that it is still free when it is inserted in this transaction.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn next_address(
        &mut self,
        network: NetworkId,
        first: IpAddr,
        last: IpAddr,
    ) -> Result<Option<IpAddr>> {
        todo!()
    }
}
