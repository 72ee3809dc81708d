//! Sightings: addresses and VLANs that routers show, whatever the records say.

use std::net::IpAddr;

use moxxie_core::{
    AddressId, DomainId, NetworkId, PoolId, RouterId, TenantId, Timestamp, VrfId,
    prefix::{address_bytes, address_from_number, address_number},
    reality::Sighting,
    vlan::VlanId,
};
use serde_json::json;

use crate::{
    Reads, Result, ScanClaim, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

/// Most rows of one statement: the write lock is held for some ten milliseconds.
pub const BATCH: usize = 1000;

/// The limit of the statement that looks for what is taken.
const CHUNK: usize = 1000;

static UPSERT: Statement = Statement::new(
    "sighting.upsert",
    "INSERT INTO sighting (router_id, source, family, addr, interface, mac, host_name, scan, first_seen,
         last_seen)
     SELECT $1, value ->> 's', value ->> 'f', unhex(value ->> 'a'), value ->> 'i', value ->> 'm', value ->> 'h',
         $2, $3, $3
     FROM json_each($4) WHERE TRUE
     ON CONFLICT (router_id, source, family, addr, interface) DO UPDATE SET
         mac = excluded.mac, host_name = excluded.host_name, scan = excluded.scan,
         first_seen = MIN(sighting.first_seen, excluded.first_seen), last_seen = excluded.last_seen",
)
.postgres(
    "INSERT INTO sighting (router_id, source, family, addr, interface, mac, host_name, scan, first_seen,
         last_seen)
     SELECT $1, s, f, decode(a, 'hex'), i, m, h, $2, $3, $3
     FROM json_to_recordset($4::json) AS r (s text, f bigint, a text, i text, m text, h text)
     ON CONFLICT (router_id, source, family, addr, interface) DO UPDATE SET
         mac = excluded.mac, host_name = excluded.host_name, scan = excluded.scan,
         first_seen = LEAST(sighting.first_seen, excluded.first_seen), last_seen = excluded.last_seen",
);
static PRUNE: Statement = Statement::new(
    "sighting.prune",
    "DELETE FROM sighting WHERE router_id = $1 AND last_seen < $2 AND scan < $3",
);
static PRUNE_SURPLUS: Statement = Statement::new(
    "sighting.prune_surplus",
    "DELETE FROM sighting WHERE router_id = $1 AND scan < $2 AND last_seen <=
         (SELECT last_seen FROM sighting WHERE router_id = $1 ORDER BY last_seen DESC LIMIT 1 OFFSET $3)",
);
static SEEN: Statement = Statement::new(
    "sighting.seen",
    "SELECT DISTINCT addr FROM sighting
     WHERE family = $1 AND addr >= $2 AND addr <= $3 AND last_seen >= $4 ORDER BY addr LIMIT $5",
);
static COUNT_SEEN: Statement = Statement::new(
    "sighting.count_seen",
    "SELECT COUNT(DISTINCT addr) AS count FROM sighting
     WHERE family = $1 AND addr >= $2 AND addr <= $3 AND last_seen >= $4",
);
// Each side ends after a chunk of its own, so that the cost does not grow with what lies behind.
static TAKEN: Statement = Statement::new(
    "sighting.taken",
    "SELECT addr FROM (SELECT addr FROM address
         WHERE vrf_id = $1 AND family = $2 AND addr >= $3 AND addr <= $4 ORDER BY addr LIMIT 1000) AS recorded
     UNION
     SELECT addr FROM (SELECT DISTINCT addr FROM sighting
         WHERE family = $2 AND addr >= $3 AND addr <= $4 AND last_seen >= $5
         ORDER BY addr LIMIT 1000) AS seen
     ORDER BY addr LIMIT 1000",
);
// Prefixes and pools of a VRF do not overlap among themselves, so of all that begin at or before an address
// only the last can hold it.
static KNOWN: Statement = Statement::new(
    "sighting.known",
    "SELECT k.addr, p.network_id, o.id AS pool_id, o.name AS pool, a.id AS address_id, a.kind, a.mac,
         a.tenant_id
     FROM (SELECT unhex(value) AS addr FROM json_each($1)) AS k
     LEFT JOIN prefix p ON p.id = (SELECT q.id FROM prefix q WHERE q.vrf_id = $2 AND q.family = $3
         AND q.first <= k.addr ORDER BY q.first DESC LIMIT 1) AND p.last >= k.addr
     LEFT JOIN pool o ON o.id = (SELECT q.id FROM pool q WHERE q.vrf_id = $2 AND q.family = $3
         AND q.first <= k.addr ORDER BY q.first DESC LIMIT 1) AND o.last >= k.addr
     LEFT JOIN address a ON a.vrf_id = $2 AND a.family = $3 AND a.addr = k.addr",
)
.postgres(
    "SELECT k.addr, p.network_id, o.id AS pool_id, o.name AS pool, a.id AS address_id, a.kind, a.mac,
         a.tenant_id
     FROM (SELECT decode(hex, 'hex') AS addr FROM json_array_elements_text($1::json) AS j (hex)) AS k
     LEFT JOIN prefix p ON p.id = (SELECT q.id FROM prefix q WHERE q.vrf_id = $2 AND q.family = $3
         AND q.first <= k.addr ORDER BY q.first DESC LIMIT 1) AND p.last >= k.addr
     LEFT JOIN pool o ON o.id = (SELECT q.id FROM pool q WHERE q.vrf_id = $2 AND q.family = $3
         AND q.first <= k.addr ORDER BY q.first DESC LIMIT 1) AND o.last >= k.addr
     LEFT JOIN address a ON a.vrf_id = $2 AND a.family = $3 AND a.addr = k.addr",
);
static SILENT: Statement = Statement::new(
    "sighting.silent",
    "SELECT a.id, a.text, a.addr, a.mac, a.hostname, a.created_at,
         (SELECT MAX(s.last_seen) FROM sighting s WHERE s.family = a.family AND s.addr = a.addr
             AND s.source NOT IN ('written', 'configured')) AS last_seen
     FROM address a
     WHERE a.network_id = $1 AND a.kind IN ('vm', 'vip', 'dhcp') AND a.created_at < $2 AND a.addr > $3
       AND NOT EXISTS (SELECT 1 FROM sighting s WHERE s.family = a.family AND s.addr = a.addr
             AND s.last_seen >= $2 AND s.source NOT IN ('written', 'configured'))
     ORDER BY a.addr LIMIT $4",
);
static UPSERT_VLAN: Statement = Statement::new(
    "sighting.upsert_vlan",
    "INSERT INTO vlan_sighting (router_id, domain_id, vid, name, scan, first_seen, last_seen)
     VALUES ($1, $2, $3, $4, $5, $6, $6)
     ON CONFLICT (router_id, vid, name) DO UPDATE SET
         domain_id = excluded.domain_id, scan = excluded.scan, last_seen = excluded.last_seen",
);
static PRUNE_VLANS: Statement =
    Statement::new("sighting.prune_vlans", "DELETE FROM vlan_sighting WHERE router_id = $1 AND scan < $2");
static SEEN_VLANS: Statement = Statement::new(
    "sighting.seen_vlans",
    "SELECT DISTINCT vid FROM vlan_sighting WHERE domain_id = $1 AND last_seen >= $2 ORDER BY vid",
);

// What memory knows of the networks on the router's trunk is void: the next address is none of those seen.
static MOVE_SPACES: Statement = Statement::new(
    "sighting.move_spaces",
    "UPDATE space SET version = version + 1 WHERE network_id IN
         (SELECT network_id FROM attachment
          WHERE domain_id = (SELECT domain_id FROM router WHERE id = $1))",
);

pub(crate) static STATEMENTS: &[&Statement] = &[
    &MOVE_SPACES,
    &UPSERT,
    &PRUNE,
    &PRUNE_SURPLUS,
    &SEEN,
    &COUNT_SEEN,
    &TAKEN,
    &KNOWN,
    &SILENT,
    &UPSERT_VLAN,
    &PRUNE_VLANS,
    &SEEN_VLANS,
];

/// What the records say of an address that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenAddress {
    /// The address, as a number.
    pub number: u128,
    /// The network it lies in.
    pub network: Option<NetworkId>,
    /// Id and name of the pool it lies in.
    pub pool: Option<(PoolId, String)>,
    /// Its record's type and MAC address.
    pub record: Option<(String, Option<String>)>,
    /// Whose record it is.
    pub tenant: Option<TenantId>,
}

/// A record that nothing was seen of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silent {
    /// The record.
    pub id: AddressId,
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address.
    pub mac: Option<String>,
    /// Its host name.
    pub hostname: Option<String>,
    /// When it was last seen, or recorded if it never was.
    pub since: Timestamp,
    /// Whether it was ever seen.
    pub was_seen: bool,
}

/// The family as stored: 4 or 6.
fn family(address: IpAddr) -> i64 {
    if address.is_ipv4() { 4 } else { 6 }
}

fn hex(bytes: [u8; 16]) -> String {
    moxxie_core::audit::hex(&bytes)
}

fn read_known(row: &Row) -> Result<SeenAddress> {
    let pool = match row.parsed_or_null::<PoolId>("pool_id")? {
        Some(id) => Some((id, row.text("pool")?)),
        None => None,
    };
    let record = match row.text_or_null("kind")? {
        Some(kind) => Some((kind, row.text_or_null("mac")?)),
        None => None,
    };
    Ok(SeenAddress {
        number: row.array("addr").map(u128::from_be_bytes)?,
        network: row.parsed_or_null("network_id")?,
        pool,
        record,
        tenant: row.parsed_or_null("tenant_id")?,
    })
}

fn read_silent(row: &Row) -> Result<Silent> {
    let last_seen = row.time_or_null("last_seen")?;
    let recorded = row.time("created_at")?;
    Ok(Silent {
        id: row.parsed("id")?,
        address: row.address("text")?,
        mac: row.text_or_null("mac")?,
        hostname: row.text_or_null("hostname")?,
        since: last_seen.unwrap_or(recorded),
        was_seen: last_seen.is_some(),
    })
}

impl Reads {
    /// The addresses from `first` to `last` that a router has shown since `since`, lowest first, as numbers; at
    /// most `limit` of them. They are those that must not be handed out, whatever the records say.
    ///
    /// Routers show addresses of the main VRF only; in another VRF nothing is ever seen.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn seen_between(
        &self,
        vrf: VrfId,
        first: IpAddr,
        last: IpAddr,
        since: Timestamp,
        limit: u32,
    ) -> Result<Vec<u128>> {
        if vrf != self.main_vrf() {
            return Ok(Vec::new());
        }
        let params =
            params![family(first), address_bytes(first), address_bytes(last), since, i64::from(limit)];
        self.list(&SEEN, &params, |row| row.array("addr").map(u128::from_be_bytes)).await
    }

    /// How many addresses [`Self::seen_between`] would tell without a limit.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn count_seen_between(
        &self,
        vrf: VrfId,
        first: IpAddr,
        last: IpAddr,
        since: Timestamp,
    ) -> Result<u64> {
        if vrf != self.main_vrf() {
            return Ok(0);
        }
        self.count(&COUNT_SEEN, &params![family(first), address_bytes(first), address_bytes(last), since])
            .await
    }

    /// The lowest `count` addresses from `first` to `last` that have no record and that no router has shown since
    /// `since`. The caller holds the network, where the answer must still hold when it is used.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn unused_between(
        &self,
        vrf: VrfId,
        first: IpAddr,
        last: IpAddr,
        since: Timestamp,
        count: usize,
    ) -> Result<Vec<IpAddr>> {
        // Routers show addresses of the main VRF only: elsewhere no time is young enough.
        let since = if vrf == self.main_vrf() { since } else { Timestamp::MAX };
        let end = address_number(last);
        let (mut next, mut unused) = (Some(address_number(first)), Vec::new());
        while let Some(start) = next.filter(|start| *start <= end && unused.len() < count) {
            let params = params![vrf, family(first), start.to_be_bytes(), end.to_be_bytes(), since];
            let taken = self.list(&TAKEN, &params, |row| row.array("addr").map(u128::from_be_bytes)).await?;
            // Behind a full chunk there may be more; behind another nothing is taken.
            let told_to = if taken.len() < CHUNK { end } else { taken.last().copied().unwrap_or(end) };
            let mut candidate = start;
            for taken in taken.iter().copied().chain(told_to.checked_add(1)) {
                while candidate < taken && unused.len() < count {
                    unused.extend(address_from_number(candidate, first));
                    candidate += 1;
                }
                candidate = taken.saturating_add(1);
            }
            next = told_to.checked_add(1);
        }
        Ok(unused)
    }

    /// What the records of the main VRF say of these addresses, all of one family, at most [`BATCH`].
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn known_addresses(&self, addresses: &[IpAddr]) -> Result<Vec<SeenAddress>> {
        let Some(first) = addresses.first() else { return Ok(Vec::new()) };
        let bytes: Vec<String> = addresses.iter().map(|address| hex(address_bytes(*address))).collect();
        let params = params![Param::json(&bytes)?, self.main_vrf(), family(*first)];
        self.list(&KNOWN, &params, read_known).await
    }

    /// Records of a network's hosts that are older than `before` and were not seen since then, behind `after`;
    /// at most [`BATCH`].
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn silent_addresses(
        &self,
        network: NetworkId,
        before: Timestamp,
        after: Option<IpAddr>,
    ) -> Result<Vec<Silent>> {
        let after = after.map_or([0; 16], address_bytes);
        let limit = i64::try_from(BATCH).unwrap_or(i64::MAX);
        self.list(&SILENT, &params![network, before, after, limit], read_silent).await
    }

    /// VLAN ids that were seen on a domain's trunk since `since` and are no network's.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn seen_vlans(&self, domain: DomainId, since: Timestamp) -> Result<Vec<VlanId>> {
        self.list(&SEEN_VLANS, &params![domain, since], |row| row.vlan("vid")).await
    }
}

impl Tx {
    /// Writes what was seen, at most [`BATCH`] of it, each source, address and interface once.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn put_sightings(&mut self, claim: ScanClaim, seen: &[Sighting], now: Timestamp) -> Result<()> {
        let rows: Vec<_> = seen
            .iter()
            .map(|one| {
                json!({
                    "s": one.source.as_str(), "f": family(one.address),
                    "a": hex(address_number(one.address).to_be_bytes()),
                    "i": one.interface, "m": one.mac, "h": one.host_name,
                })
            })
            .collect();
        let params = params![claim.router_id, claim.number, now, Param::json(&rows)?];
        self.execute(&UPSERT, &params).await?;
        self.execute(&MOVE_SPACES, &params![claim.router_id]).await.map(drop)
    }

    /// Forgets what was last seen before `before`, and the oldest beyond `most`; never what this scan saw.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prune_sightings(&mut self, claim: ScanClaim, before: Timestamp, most: u32) -> Result<u64> {
        let old = self.execute(&PRUNE, &params![claim.router_id, before, claim.number]).await?;
        let params = params![claim.router_id, claim.number, i64::from(most)];
        Ok(old + self.execute(&PRUNE_SURPLUS, &params).await?)
    }

    /// Writes down that a VLAN id is in use on a router's trunk by something that is no network. A number of 0
    /// stands for what a change met between scans; the next scan decides about it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn put_vlan_sighting(
        &mut self,
        router: RouterId,
        scan: i64,
        domain: DomainId,
        vlan: VlanId,
        name: &str,
        now: Timestamp,
    ) -> Result<()> {
        self.execute(&UPSERT_VLAN, &params![router, domain, vlan, name, scan, now]).await.map(drop)
    }

    /// Forgets the VLANs that this scan no longer saw.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prune_vlan_sightings(&mut self, claim: ScanClaim) -> Result<u64> {
        self.execute(&PRUNE_VLANS, &params![claim.router_id, claim.number]).await
    }
}
