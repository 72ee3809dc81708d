//! Findings: where a router and the records differ.

use std::net::IpAddr;

use moxxie_core::{
    FindingId, NetworkId, RouterId, SiteId, Timestamp,
    identity::Scope,
    prefix::address_bytes,
    reality::{Difference, FindingKind},
    vlan::VlanId,
};
use serde_json::json;

use crate::{
    Listing, Page, Reads, Result, ScanClaim, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT f.id, f.router_id, f.site_id, f.kind, f.subject, f.network_id, f.tenant_id, f.address, f.mac,
                 f.interface, f.vlan, f.host_name, f.detail, f.since, f.first_found, f.last_found,
                 f.acknowledged_at, f.acknowledged_by, f.reason
             FROM finding f ",
            $rest
        )
    };
}

// What was recorded after the scan is no longer unknown.
macro_rules! still {
    () => {
        "(f.kind NOT IN ('unknown_in_use', 'lease_unrecorded', 'router_address') OR NOT EXISTS
             (SELECT 1 FROM address a WHERE a.family = f.family AND a.addr = f.addr
                 AND a.vrf_id = (SELECT main_vrf FROM installation)))"
    };
}

static GET: Statement =
    Statement::new("finding.get", select!("WHERE f.id = $1 AND (f.tenant_id = $2 OR $2 IS NULL)"));
static LIST: Statement = Statement::new(
    "finding.list",
    concat!(
        select!(
            "WHERE (f.tenant_id = $1 OR $1 IS NULL) AND (f.site_id = $2 OR $2 IS NULL)
           AND (f.router_id = $3 OR $3 IS NULL) AND (f.network_id = $4 OR $4 IS NULL)
           AND (f.kind = $5 OR $5 IS NULL) AND ($6 OR f.acknowledged_at IS NULL)
           AND (f.id > $7 OR $7 IS NULL) AND "
        ),
        still!(),
        " ORDER BY f.id LIMIT $8"
    ),
);
static COUNTS: Statement = Statement::new(
    "finding.counts",
    concat!(
        "SELECT f.kind, COUNT(*) AS count FROM finding f
         WHERE f.acknowledged_at IS NULL AND (f.router_id = $1 OR $1 IS NULL) AND ",
        still!(),
        " GROUP BY f.kind ORDER BY f.kind"
    ),
);
static UPSERT: Statement = Statement::new(
    "finding.upsert",
    "INSERT INTO finding (id, router_id, site_id, kind, subject, network_id, tenant_id, family, addr, address,
         mac, interface, vlan, host_name, detail, since, first_found, last_found, scan)
     SELECT value ->> 'id', $1, $2, value ->> 'kind', value ->> 'subject', value ->> 'network',
         value ->> 'tenant', value ->> 'family', unhex(value ->> 'addr'), value ->> 'address', value ->> 'mac',
         value ->> 'interface', value ->> 'vlan', value ->> 'host', value ->> 'detail',
         COALESCE(value ->> 'since', $4), $4, $4, $3
     FROM json_each($5) WHERE TRUE
     ON CONFLICT (router_id, kind, subject) DO UPDATE SET
         network_id = excluded.network_id, tenant_id = excluded.tenant_id, family = excluded.family,
         addr = excluded.addr, address = excluded.address, mac = excluded.mac, interface = excluded.interface,
         vlan = excluded.vlan, host_name = excluded.host_name, detail = excluded.detail,
         since = MIN(finding.since, excluded.since), last_found = excluded.last_found, scan = excluded.scan",
)
.postgres(
    "INSERT INTO finding (id, router_id, site_id, kind, subject, network_id, tenant_id, family, addr, address,
         mac, interface, vlan, host_name, detail, since, first_found, last_found, scan)
     SELECT id, $1, $2, kind, subject, network, tenant, family, decode(addr, 'hex'), address, mac, interface,
         vlan, host, detail, COALESCE(since, $4), $4, $4, $3
     FROM json_to_recordset($5::json) AS r (id text, kind text, subject text, network text, tenant text,
         family bigint, addr text, address text, mac text, interface text, vlan bigint, host text, detail text,
         since bigint)
     ON CONFLICT (router_id, kind, subject) DO UPDATE SET
         network_id = excluded.network_id, tenant_id = excluded.tenant_id, family = excluded.family,
         addr = excluded.addr, address = excluded.address, mac = excluded.mac, interface = excluded.interface,
         vlan = excluded.vlan, host_name = excluded.host_name, detail = excluded.detail,
         since = LEAST(finding.since, excluded.since), last_found = excluded.last_found, scan = excluded.scan",
);
static PRUNE: Statement =
    Statement::new("finding.prune", "DELETE FROM finding WHERE router_id = $1 AND scan < $2");
static ACKNOWLEDGE: Statement = Statement::new(
    "finding.acknowledge",
    "UPDATE finding SET acknowledged_at = $2, acknowledged_by = $3, reason = $4 WHERE id = $1",
);
static DELETE: Statement = Statement::new("finding.delete", "DELETE FROM finding WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&GET, &LIST, &COUNTS, &UPSERT, &PRUNE, &ACKNOWLEDGE, &DELETE];

/// A difference between a router and the records, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Its id.
    pub id: FindingId,
    /// The router that showed it.
    pub router_id: RouterId,
    /// Where that is.
    pub site_id: SiteId,
    /// What is not as recorded. `since` is always set.
    pub difference: Difference,
    /// When it was first found.
    pub first_found: Timestamp,
    /// When it was last found.
    pub last_found: Timestamp,
    /// When somebody said that it may stay, who, and why.
    pub acknowledged: Option<(Timestamp, String, String)>,
}

/// Which findings are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FindingFilter {
    /// At this site.
    pub site: Option<SiteId>,
    /// Of this router.
    pub router: Option<RouterId>,
    /// Of this network.
    pub network: Option<NetworkId>,
    /// Of this kind.
    pub kind: Option<FindingKind>,
    /// Also those that somebody said may stay.
    pub acknowledged: bool,
}

fn read(row: &Row) -> Result<Finding> {
    let acknowledged = match row.time_or_null("acknowledged_at")? {
        Some(at) => Some((at, row.text("acknowledged_by")?, row.text("reason")?)),
        None => None,
    };
    let vlan = match row.int_or_null("vlan")? {
        Some(_) => Some(row.vlan("vlan")?),
        None => None,
    };
    Ok(Finding {
        id: row.parsed("id")?,
        router_id: row.parsed("router_id")?,
        site_id: row.parsed("site_id")?,
        difference: Difference {
            kind: row.word("kind", FindingKind::parse)?,
            subject: row.text("subject")?,
            network: row.parsed_or_null("network_id")?,
            tenant: row.parsed_or_null("tenant_id")?,
            address: row.parsed_or_null("address")?,
            mac: row.text_or_null("mac")?,
            interface: row.text_or_null("interface")?,
            vlan,
            host_name: row.text_or_null("host_name")?,
            detail: row.text("detail")?,
            since: Some(row.time("since")?),
        },
        first_found: row.time("first_found")?,
        last_found: row.time("last_found")?,
        acknowledged,
    })
}

impl Reads {
    /// One finding.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn finding(&self, scope: Scope, id: FindingId) -> Result<Option<Finding>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// Findings, the oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn findings(
        &self,
        scope: Scope,
        filter: &FindingFilter,
        page: &Page,
    ) -> Result<Listing<Finding>> {
        let params = params![
            scope,
            filter.site,
            filter.router,
            filter.network,
            filter.kind.map(FindingKind::as_str),
            filter.acknowledged,
            page.parsed::<FindingId>()?,
            page.fetch(),
        ];
        let items = self.list(&LIST, &params, read).await?;
        Ok(page.listing(items, |finding| finding.id.to_string()))
    }

    /// How many findings of each kind wait for somebody, of one router or of all. Kinds without any are left
    /// out.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn count_findings(&self, router: Option<RouterId>) -> Result<Vec<(FindingKind, u64)>> {
        let read = |row: &Row| Ok((row.word("kind", FindingKind::parse)?, row.number("count")?));
        self.list(&COUNTS, &params![router], read).await
    }
}

/// A new finding's id and what it is.
pub type NewFinding = (FindingId, Difference);

impl Tx {
    /// Writes findings of a scan, at most [`crate::sighting::BATCH`], each kind and subject once. One that was
    /// there keeps its id, its beginning and what was said about it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or the router is gone.
    pub async fn put_findings(
        &mut self,
        claim: ScanClaim,
        site: SiteId,
        findings: &[NewFinding],
        now: Timestamp,
    ) -> Result<()> {
        let rows: Vec<_> = findings.iter().map(|(id, one)| row(*id, one)).collect();
        let params = params![claim.router_id, site, claim.number, now, Param::json(&rows)?];
        self.execute(&UPSERT, &params).await.map(drop)
    }

    /// Forgets the findings of a router that this scan did not make again.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn prune_findings(&mut self, claim: ScanClaim) -> Result<u64> {
        self.execute(&PRUNE, &params![claim.router_id, claim.number]).await
    }

    /// Says that a finding may stay, or with `None` that it may not.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails; [`crate::StoreError::NotFound`].
    pub async fn acknowledge_finding(
        &mut self,
        id: FindingId,
        said: Option<(Timestamp, &str, &str)>,
    ) -> Result<()> {
        let params =
            params![id, said.map(|(at, ..)| at), said.map(|(_, who, _)| who), said.map(|(_, _, why)| why)];
        self.touch("finding", &ACKNOWLEDGE, &params).await
    }

    /// Removes a finding that was dealt with.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn delete_finding(&mut self, id: FindingId) -> Result<()> {
        self.execute(&DELETE, &params![id]).await.map(drop)
    }
}

fn row(id: FindingId, one: &Difference) -> serde_json::Value {
    let family = one.address.map(|address| if address.is_ipv4() { 4 } else { 6 });
    json!({
        "id": id, "kind": one.kind.as_str(), "subject": one.subject, "network": one.network,
        "tenant": one.tenant, "family": family,
        "addr": one.address.map(|address: IpAddr| moxxie_core::audit::hex(&address_bytes(address))),
        "address": one.address, "mac": one.mac, "interface": one.interface,
        "vlan": one.vlan.map(VlanId::get), "host": one.host_name, "detail": one.detail,
        "since": one.since.map(Timestamp::as_microsecond),
    })
}
