//! Many records at once, for imports.

use std::collections::BTreeSet;

use moxxie_core::prefix::address_bytes;
use serde_json::json;

use crate::{
    Address, Result, Tx,
    address::family,
    param::{Param, params},
    statement::Statement,
};

static ADDRESSES: Statement = Statement::new(
    "exchange.addresses",
    "INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status, expires_at,
         kind, hostname, mac, vm_id, owner, tags, since, created_at)
     SELECT value ->> 'id', value ->> 'prefix', value ->> 'network', value ->> 'tenant', value ->> 'vrf',
            value ->> 'family', unhex(value ->> 'addr'), value ->> 'text', value ->> 'status',
            value ->> 'expires', value ->> 'kind', value ->> 'hostname', value ->> 'mac', value ->> 'vm',
            value ->> 'owner', value ->> 'tags', value ->> 'since', value ->> 'created'
     FROM json_each($1)",
)
.postgres(
    "INSERT INTO address (id, prefix_id, network_id, tenant_id, vrf_id, family, addr, text, status, expires_at,
         kind, hostname, mac, vm_id, owner, tags, since, created_at)
     SELECT id, prefix, network, tenant, vrf, family, decode(addr, 'hex'), text, status, expires, kind, hostname,
            mac, vm, owner, tags, since, created
     FROM json_to_recordset($1::json) AS r (id text, prefix text, network text, tenant text, vrf text,
            family bigint, addr text, text text, status text, expires bigint, kind text, hostname text, mac text,
            vm text, owner text, tags text, since bigint, created bigint)",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&ADDRESSES];

impl Tx {
    /// Records addresses with their labels, all in one statement. What was known to be free in their
    /// networks is forgotten and made anew when it is next needed.
    ///
    /// # Errors
    /// [`crate::Constraint::AddressTaken`] when one of them is recorded, and when the database fails.
    pub async fn insert_addresses(&mut self, addresses: &[Address]) -> Result<()> {
        if addresses.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(addresses.len());
        for address in addresses {
            let Param::Text(tags) = Param::json(&address.tags)? else { continue };
            rows.push(json!({
                "id": address.id,
                "prefix": address.prefix_id,
                "network": address.network_id,
                "tenant": address.tenant_id,
                "vrf": address.vrf_id,
                "family": family(address.address),
                "addr": moxxie_core::audit::hex(&address_bytes(address.address)),
                "text": address.address,
                "status": address.status.as_str(),
                "expires": address.expires_at.map(moxxie_core::Timestamp::as_microsecond),
                "kind": address.kind.as_str(),
                "hostname": address.hostname,
                "mac": address.mac,
                "vm": address.vm_id,
                "owner": address.owner,
                "tags": tags,
                "since": address.since.as_microsecond(),
                "created": address.created_at.as_microsecond(),
            }));
        }
        self.execute(&ADDRESSES, &params![Param::json(&rows)?]).await?;
        let labelled: Vec<(String, &Address)> = addresses
            .iter()
            .filter(|address| !address.tags.is_empty())
            .map(|address| (address.id.to_string(), address))
            .collect();
        self.insert_labels(
            labelled.iter().map(|(id, address)| (id.as_str(), Some(address.tenant_id), &address.tags)),
        )
        .await?;
        let spaces: BTreeSet<String> =
            addresses.iter().map(|address| address.prefix_id.to_string()).collect();
        for space in spaces {
            self.delete_space(&space).await?;
        }
        Ok(())
    }
}
