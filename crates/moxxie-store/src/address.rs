//! Address records. They are written in batches (see [`crate::batch`]), changed here.

use std::net::IpAddr;

use moxxie_core::{
    AddressId, NetworkId, PrefixId, TenantId, Timestamp, VrfId,
    address::{AddressKind, AddressStatus},
    identity::Scope,
    prefix::address_bytes,
};
use serde::{Deserialize, Serialize};

use crate::{
    Listing, Page, Place, Reads, Remembered, Result, StoreError, Tx,
    label::{LabelFilter, Labelled, Labels, labelled},
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, prefix_id, network_id, tenant_id, vrf_id, text, status, expires_at, kind, hostname, mac,
                 vm_id, owner, tags, since, created_at
             FROM address ",
            $rest
        )
    };
}

static GET: Statement = Statement::new(
    "address.get",
    select!("WHERE addr = $2 AND family = $3 AND network_id = $1 AND (tenant_id = $4 OR $4 IS NULL)"),
);
static LOCK: Statement = Statement::new(
    "address.lock",
    select!("WHERE addr = $2 AND family = $3 AND network_id = $1 AND (tenant_id = $4 OR $4 IS NULL)"),
)
.locking("address");
static AMONG: Statement = Statement::new(
    "address.among",
    select!(
        "WHERE addr IN (SELECT unhex(value) FROM json_each($1)) AND family = $2 AND vrf_id = $3 ORDER BY addr"
    ),
)
.postgres(select!(
    "WHERE addr IN (SELECT decode(value, 'hex') FROM json_array_elements_text($1::json)) AND family = $2
       AND vrf_id = $3 ORDER BY addr"
));
macro_rules! list {
    ($($more:literal),*) => {
        concat!(
            select!("WHERE "),
            $($more,)*
            "network_id = $1 AND addr >= $2 AND (tenant_id = $3 OR $3 IS NULL) ORDER BY addr LIMIT $4"
        )
    };
}
static LIST: Labelled = labelled!("address.list", list, "id", "$5", "$6");
static COUNT: Statement = Statement::new(
    "address.count",
    "SELECT COUNT(*) AS count FROM address
     WHERE network_id = $1 AND (tenant_id = $2 OR $2 IS NULL) AND status <> 'quarantined'",
);
static DUE: Statement =
    Statement::new("address.due", select!("WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2"));
static UPDATE: Statement = Statement::new(
    "address.update",
    "UPDATE address SET status = $2, expires_at = $3, kind = $4, hostname = $5, mac = $6, vm_id = $7, owner = $8,
         tags = $9, since = $10
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("address.delete", "DELETE FROM address WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &LOCK, &AMONG, &LIST.all, &LIST.of_value, &LIST.of_key, &COUNT, &DUE, &UPDATE, &DELETE];

/// An address record, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// Its id.
    pub id: AddressId,
    /// The prefix it lies in.
    pub prefix_id: PrefixId,
    /// The network it is in.
    pub network_id: NetworkId,
    /// Whose it is.
    pub tenant_id: TenantId,
    /// The VRF it lives in.
    pub vrf_id: VrfId,
    /// The address itself.
    pub address: IpAddr,
    /// Where it stands.
    pub status: AddressStatus,
    /// When a hold lapses or a quarantine ends.
    pub expires_at: Option<Timestamp>,
    /// What it is for.
    pub kind: AddressKind,
    /// Name of the host.
    pub hostname: Option<String>,
    /// Its MAC address.
    pub mac: Option<String>,
    /// The virtual machine that has it.
    pub vm_id: Option<String>,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The operator's labels.
    pub tags: Labels,
    /// Since when it is as it is.
    pub since: Timestamp,
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
            since: self.since,
        }
    }
}

fn read(row: &Row) -> Result<Address> {
    Ok(Address {
        id: row.parsed("id")?,
        prefix_id: row.parsed("prefix_id")?,
        network_id: row.parsed("network_id")?,
        tenant_id: row.parsed("tenant_id")?,
        vrf_id: row.parsed("vrf_id")?,
        address: row.address("text")?,
        status: row.word("status", AddressStatus::parse)?,
        expires_at: row.time_or_null("expires_at")?,
        kind: row.word("kind", AddressKind::parse)?,
        hostname: row.text_or_null("hostname")?,
        mac: row.text_or_null("mac")?,
        vm_id: row.text_or_null("vm_id")?,
        owner: row.text_or_null("owner")?,
        tags: row.json("tags")?,
        since: row.time("since")?,
        created_at: row.time("created_at")?,
    })
}

/// The family as stored: 4 or 6.
pub(crate) fn family(address: IpAddr) -> i64 {
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

    /// Those of these addresses (of one family) that are recorded in a VRF.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn addresses_among(&self, vrf: VrfId, addresses: &[IpAddr]) -> Result<Vec<Address>> {
        let Some(first) = addresses.first() else { return Ok(Vec::new()) };
        let numbers: Vec<String> = addresses
            .iter()
            .filter(|address| address.is_ipv4() == first.is_ipv4())
            .map(|address| moxxie_core::audit::hex(&address_bytes(*address)))
            .collect();
        self.list(&AMONG, &params![Param::json(&numbers)?, family(*first), vrf], read).await
    }

    /// Records of a network, IPv4 before IPv6, lowest address first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn addresses(&self, scope: Scope, network: NetworkId, page: &Page) -> Result<Listing<Address>> {
        self.addresses_labelled(scope, network, None, page).await
    }

    /// [`Self::addresses`], only those with a label when one is named.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn addresses_labelled(
        &self,
        scope: Scope,
        network: NetworkId,
        label: Option<&LabelFilter>,
        page: &Page,
    ) -> Result<Listing<Address>> {
        // IPv4 numbers are below those of IPv6, whose first 96 bits are never all zero in a network.
        let from = match page.parsed::<IpAddr>()? {
            Some(after) => u128::from_be_bytes(address_bytes(after)).checked_add(1),
            None => Some(0),
        };
        let items = match from {
            Some(from) => {
                let mut params = params![network, from.to_be_bytes(), scope, page.fetch()].to_vec();
                let statement = LIST.choose(label, &mut params);
                self.list(statement, &params, read).await?
            }
            None => Vec::new(),
        };
        Ok(page.listing(items, |address| address.address.to_string()))
    }

    /// How many records a network has that somebody has or holds.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_addresses(&self, scope: Scope, network: NetworkId) -> Result<u64> {
        self.count(&COUNT, &params![network, scope]).await
    }

    /// Held and quarantined addresses whose time has come, the longest overdue first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn due_addresses(&self, now: Timestamp, limit: u32) -> Result<Vec<Address>> {
        self.list(&DUE, &params![now, i64::from(limit)], read).await
    }
}

impl Tx {
    /// Reads a record and locks it until the transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_address(
        &mut self,
        scope: Scope,
        network: NetworkId,
        address: IpAddr,
    ) -> Result<Option<Address>> {
        let params = params![network, address_bytes(address), family(address), scope];
        self.one(&LOCK, &params, read).await
    }

    /// Changes everything of a record but the address and where it is; history keeps what it was. The space it
    /// is in has to be moved ([`Self::move_space`]) when its status changes.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_address(&mut self, before: &Address, after: &Address) -> Result<()> {
        let params = params![
            after.id,
            after.status.as_str(),
            after.expires_at,
            after.kind.as_str(),
            &after.hostname,
            &after.mac,
            &after.vm_id,
            &after.owner,
            Param::json(&after.tags)?,
            after.since,
        ];
        self.touch("address", &UPDATE, &params).await?;
        self.remember(before, after.since).await?;
        self.set_labels(&after.id.to_string(), Some(after.tenant_id), &after.tags).await
    }

    /// Removes a record and answers it; history keeps it. Only where its space goes too, with the network: else
    /// addresses are released in a batch, which keeps what is free.
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
        self.drop_labels(&[&found.id.to_string()]).await?;
        self.touch("address", &DELETE, &params![found.id]).await?;
        Ok(found)
    }
}
