//! Many records at once, for imports.

use std::collections::BTreeSet;

use moxxie_core::{
    Timestamp,
    audit::hex,
    prefix::{self, address_bytes, bounds},
};
use serde_json::json;

use crate::{
    Address, PrefixRecord, Result, Tx,
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

static PREFIXES: Statement = Statement::new(
    "exchange.prefixes",
    "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status, purpose,
         network_id, expires_at, since, created_at, labels)
     SELECT value ->> 'id', value ->> 'vrf', value ->> 'tenant', value ->> 'pool', value ->> 'family',
            unhex(value ->> 'first'), unhex(value ->> 'last'), value ->> 'length', value ->> 'prefix',
            value ->> 'status', value ->> 'purpose', value ->> 'network', value ->> 'expires', value ->> 'since',
            value ->> 'created', value ->> 'labels'
     FROM json_each($1)",
)
.postgres(
    "INSERT INTO prefix (id, vrf_id, tenant_id, pool_id, family, first, last, length, prefix, status, purpose,
         network_id, expires_at, since, created_at, labels)
     SELECT id, vrf, tenant, pool, family, decode(first, 'hex'), decode(last, 'hex'), length, prefix, status,
            purpose, network, expires, since, created, labels
     FROM json_to_recordset($1::json) AS r (id text, vrf text, tenant text, pool text, family bigint, first text,
            last text, length bigint, prefix text, status text, purpose text, network text, expires bigint,
            since bigint, created bigint, labels text)",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&ADDRESSES, &PREFIXES];

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
                "addr": hex(&address_bytes(address.address)),
                "text": address.address,
                "status": address.status.as_str(),
                "expires": address.expires_at.map(Timestamp::as_microsecond),
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

    /// Takes prefixes with their labels, all in one statement, whatever the free blocks say. Lock their
    /// pools before, and compute what is free anew ([`Self::rebuild_free_blocks`]) after the last.
    ///
    /// # Errors
    /// [`crate::Constraint::PrefixOverlap`] when one overlaps another, and when the database fails.
    pub async fn insert_prefixes(&mut self, prefixes: &[PrefixRecord]) -> Result<()> {
        if prefixes.is_empty() {
            return Ok(());
        }
        let mut rows = Vec::with_capacity(prefixes.len());
        for prefix in prefixes {
            let Param::Text(labels) = Param::json(&prefix.labels)? else { continue };
            let (first, last) = bounds(&prefix.prefix);
            rows.push(json!({
                "id": prefix.id,
                "vrf": prefix.vrf_id,
                "tenant": prefix.tenant_id,
                "pool": prefix.pool_id,
                "family": prefix::family(&prefix.prefix),
                "first": hex(&first),
                "last": hex(&last),
                "length": prefix.prefix.prefix_len(),
                "prefix": prefix.prefix,
                "status": prefix.claim.status(),
                "purpose": prefix.purpose,
                "network": prefix.network_id,
                "expires": prefix.claim.until().map(Timestamp::as_microsecond),
                "since": prefix.since.as_microsecond(),
                "created": prefix.created_at.as_microsecond(),
                "labels": labels,
            }));
        }
        self.execute(&PREFIXES, &params![Param::json(&rows)?]).await?;
        let labelled: Vec<(String, &PrefixRecord)> = prefixes
            .iter()
            .filter(|prefix| !prefix.labels.is_empty())
            .map(|prefix| (prefix.id.to_string(), prefix))
            .collect();
        self.insert_labels(
            labelled.iter().map(|(id, prefix)| (id.as_str(), prefix.tenant_id, &prefix.labels)),
        )
        .await
    }
}
