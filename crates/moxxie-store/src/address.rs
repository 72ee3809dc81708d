//! Address records.

use std::net::IpAddr;

use moxxie_core::{
    AddressId, NetworkId, TenantId, Timestamp, VrfId,
    identity::Scope,
    prefix::{address_bytes, address_from_number, address_number},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    Listing, Page, Place, Reads, Remembered, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, network_id, tenant_id, vrf_id, text, hostname, mac, kind, vm_id, tags, created_at
             FROM address ",
            $rest
        )
    };
}

static GET: Statement = Statement::new(
    "address.get",
    select!("WHERE network_id = $1 AND addr = $2 AND family = $3 AND (tenant_id = $4 OR $4 IS NULL)"),
);
static LIST: Statement = Statement::new(
    "address.list",
    select!("WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL) AND addr > $3 ORDER BY addr LIMIT $4"),
);
static LIST_FIRST: Statement = Statement::new(
    "address.list_first",
    select!("WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL) ORDER BY addr LIMIT $3"),
);
static COUNT: Statement = Statement::new(
    "address.count",
    "SELECT COUNT(*) AS count FROM address WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL)",
);
static TAKEN: Statement = Statement::new(
    "address.taken",
    "SELECT addr FROM address WHERE vrf_id = $1 AND family = $2 AND addr >= $3 AND addr <= $4
     ORDER BY addr LIMIT 1000",
);
static LOCK_NETWORK: Statement =
    Statement::new("address.lock_network", "SELECT vrf_id FROM network WHERE id = $1").locking("network");
static INSERT: Statement = Statement::new(
    "address.insert",
    "INSERT INTO address (id, network_id, tenant_id, vrf_id, family, addr, text, hostname, mac, kind, vm_id,
         tags, created_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
);
static DELETE: Statement = Statement::new("address.delete", "DELETE FROM address WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &LIST, &LIST_FIRST, &COUNT, &TAKEN, &LOCK_NETWORK, &INSERT, &DELETE];

/// An address record, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

impl Remembered for Address {
    const KIND: &'static str = "address";

    fn place(&self) -> Place {
        Place {
            space: self.vrf_id.to_string(),
            family: family(self.address),
            first: address_bytes(self.address),
            last: address_bytes(self.address),
            object: self.id.to_string(),
            tenant: Some(self.tenant_id),
            since: self.created_at,
        }
    }
}

fn read(row: &Row) -> Result<Address> {
    Ok(Address {
        id: row.parsed("id")?,
        network_id: row.parsed("network_id")?,
        tenant_id: row.parsed("tenant_id")?,
        vrf_id: row.parsed("vrf_id")?,
        address: row.address("text")?,
        hostname: row.text_or_null("hostname")?,
        mac: row.text_or_null("mac")?,
        kind: row.text("kind")?,
        vm_id: row.text_or_null("vm_id")?,
        tags: row.json("tags")?,
        created_at: row.time("created_at")?,
    })
}

/// The family as stored: 4 or 6.
fn family(address: IpAddr) -> i64 {
    if address.is_ipv4() { 4 } else { 6 }
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
        let params = params![network, address_bytes(address), family(address), scope];
        self.one(&GET, &params, read).await
    }

    /// Records of a network, lowest address first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn addresses(&self, scope: Scope, network: NetworkId, page: &Page) -> Result<Listing<Address>> {
        let items = match page.parsed::<IpAddr>()? {
            Some(after) => {
                let params = params![network, scope, address_bytes(after), page.fetch()];
                self.list(&LIST, &params, read).await?
            }
            None => self.list(&LIST_FIRST, &params![network, scope, page.fetch()], read).await?,
        };
        Ok(page.listing(items, |address| address.address.to_string()))
    }

    /// How many records a network has.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_addresses(&self, scope: Scope, network: NetworkId) -> Result<u64> {
        self.count(&COUNT, &params![network, scope]).await
    }
}

impl Tx {
    /// Records an address.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_address(&mut self, address: &Address) -> Result<()> {
        let params = params![
            address.id,
            address.network_id,
            address.tenant_id,
            address.vrf_id,
            family(address.address),
            address_bytes(address.address),
            address.address.to_string(),
            &address.hostname,
            &address.mac,
            &address.kind,
            &address.vm_id,
            Param::json(&address.tags)?,
            address.created_at,
        ];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Removes a record and answers it; history keeps it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_address(
        &mut self,
        scope: Scope,
        network: NetworkId,
        address: IpAddr,
        now: Timestamp,
    ) -> Result<Address> {
        let found = self.address(scope, network, address).await?.ok_or(StoreError::NotFound("address"))?;
        self.remember(&found, now).await?;
        self.touch("address", &DELETE, &params![found.id]).await?;
        Ok(found)
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
        let read_vrf = |row: &Row| row.parsed::<VrfId>("vrf_id");
        let vrf = self.one(&LOCK_NETWORK, &params![network], read_vrf).await?;
        let vrf = vrf.ok_or(StoreError::NotFound("network"))?;
        let end = address_number(last);
        let mut candidate = address_number(first);
        while candidate <= end {
            let params = params![vrf, family(first), candidate.to_be_bytes(), end.to_be_bytes()];
            let taken = self.list(&TAKEN, &params, |row| row.array("addr").map(u128::from_be_bytes)).await?;
            // A chunk without a gap that is not full ends the search as well: what follows is free.
            for number in &taken {
                if *number != candidate {
                    break;
                }
                let Some(next) = candidate.checked_add(1) else { return Ok(None) };
                candidate = next;
            }
            let gap_found = taken.len() < 1000 || taken.last().is_some_and(|number| *number >= candidate);
            if gap_found {
                break;
            }
        }
        Ok(if candidate <= end { address_from_number(candidate, first) } else { None })
    }
}
