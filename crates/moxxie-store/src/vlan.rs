//! VLAN ids that are taken.

use moxxie_core::{
    AttachmentId, DomainId, NetworkId, TenantId, Timestamp, VlanRecordId, claim::Claim, identity::Scope,
    vlan::VlanId,
};

use serde::{Deserialize, Serialize};

use crate::{
    Place, Reads, Remembered, Result, StoreError, Tx,
    label::Labels,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, domain_id, vid, tenant_id, attachment_id, status, purpose, labels, expires_at,
                 since, created_at,
                 (SELECT network_id FROM attachment WHERE attachment.id = vlan.attachment_id) AS network_id
             FROM vlan ",
            $rest
        )
    };
}

static GET: Statement =
    Statement::new("vlan.get", select!("WHERE id = $1 AND (tenant_id = $2 OR $2 IS NULL)"));
static BY_VID: Statement = Statement::new(
    "vlan.by_vid",
    select!("WHERE domain_id = $1 AND vid = $2 AND (tenant_id = $3 OR $3 IS NULL)"),
);
// A domain has at most 4094, so they are read whole.
static OF_DOMAIN: Statement = Statement::new(
    "vlan.of_domain",
    select!("WHERE domain_id = $1 AND (tenant_id = $2 OR $2 IS NULL) ORDER BY vid"),
);
static OF_NETWORK: Statement = Statement::new(
    "vlan.of_network",
    select!("WHERE attachment_id IN (SELECT id FROM attachment WHERE network_id = $1)"),
);
static LAPSED: Statement = Statement::new(
    "vlan.lapsed",
    select!("WHERE (domain_id = $3 OR $3 IS NULL) AND expires_at <= $1 ORDER BY expires_at, id LIMIT $2"),
);
static QUARANTINE: Statement =
    Statement::new("vlan.quarantine", "SELECT quarantine FROM domain WHERE id = $1");
static INSERT: Statement = Statement::new(
    "vlan.insert",
    "INSERT INTO vlan (id, domain_id, vid, tenant_id, attachment_id, status, purpose, expires_at, since,
         created_at, labels)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
);
static UPDATE: Statement = Statement::new(
    "vlan.update",
    "UPDATE vlan SET tenant_id = $2, attachment_id = $3, status = $4, purpose = $5, expires_at = $6,
         since = $7, labels = $8
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("vlan.delete", "DELETE FROM vlan WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &BY_VID, &OF_DOMAIN, &OF_NETWORK, &LAPSED, &QUARANTINE, &INSERT, &UPDATE, &DELETE];

/// A VLAN id that is taken, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VlanRecord {
    /// The id of the record.
    pub id: VlanRecordId,
    /// The domain the VLAN id is taken in.
    pub domain_id: DomainId,
    /// The VLAN id.
    pub vlan: VlanId,
    /// Whose it is; `None`: the operator's own.
    pub tenant_id: Option<TenantId>,
    /// The attachment that has it; such a VLAN id is assigned.
    pub attachment_id: Option<AttachmentId>,
    /// The network of that attachment; read with it, never written.
    pub network_id: Option<NetworkId>,
    /// How it is taken.
    pub claim: Claim,
    /// Free text.
    pub purpose: String,
    /// Its labels.
    pub labels: Labels,
    /// Since when it is taken in this way.
    pub since: Timestamp,
    /// When it was taken first.
    pub created_at: Timestamp,
}

impl Remembered for VlanRecord {
    const KIND: &'static str = "vlan";

    fn place(&self) -> Place {
        let number = u128::from(self.vlan.get()).to_be_bytes();
        Place {
            space: self.domain_id.to_string(),
            family: 0,
            first: number,
            last: number,
            object: self.id.to_string(),
            tenant: self.tenant_id,
            since: self.since,
        }
    }
}

fn read(row: &Row) -> Result<VlanRecord> {
    Ok(VlanRecord {
        id: row.parsed("id")?,
        domain_id: row.parsed("domain_id")?,
        vlan: row.vlan("vid")?,
        tenant_id: row.parsed_or_null("tenant_id")?,
        attachment_id: row.parsed_or_null("attachment_id")?,
        network_id: row.parsed_or_null("network_id")?,
        claim: row.claim()?,
        purpose: row.text("purpose")?,
        labels: row.json("labels")?,
        since: row.time("since")?,
        created_at: row.time("created_at")?,
    })
}

impl Reads {
    /// The record of a taken VLAN id.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn vlan(&self, scope: Scope, id: VlanRecordId) -> Result<Option<VlanRecord>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// The record of this VLAN id in a domain.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn vlan_by_vid(
        &self,
        scope: Scope,
        domain: DomainId,
        vlan: VlanId,
    ) -> Result<Option<VlanRecord>> {
        self.one(&BY_VID, &params![domain, vlan, scope], read).await
    }

    /// The taken VLAN ids of a domain, ascending.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn vlans(&self, scope: Scope, domain: DomainId) -> Result<Vec<VlanRecord>> {
        self.list(&OF_DOMAIN, &params![domain, scope], read).await
    }

    /// The VLAN ids of a network.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn vlans_of_network(&self, network: NetworkId) -> Result<Vec<VlanRecord>> {
        self.list(&OF_NETWORK, &params![network], read).await
    }

    /// Held and quarantined VLAN ids whose time is over at `now`, of a domain or of all, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn lapsed_vlans(
        &self,
        domain: Option<DomainId>,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<VlanRecord>> {
        self.list(&LAPSED, &params![now, limit, domain], read).await
    }
}

impl Tx {
    /// Takes a VLAN id. Lock the domain first.
    ///
    /// # Errors
    /// [`crate::Constraint::VlanTaken`], and when the database fails.
    pub async fn insert_vlan(&mut self, vlan: &VlanRecord) -> Result<()> {
        let params = params![
            vlan.id,
            vlan.domain_id,
            vlan.vlan,
            vlan.tenant_id,
            vlan.attachment_id,
            vlan.claim.status(),
            &vlan.purpose,
            vlan.claim.until(),
            vlan.since,
            vlan.created_at,
            Param::json(&vlan.labels)?,
        ];
        self.execute(&INSERT, &params).await?;
        self.label(&vlan.id.to_string(), vlan.tenant_id, None, &vlan.labels).await
    }

    /// Writes whose a VLAN id is and how it is taken; remembers how it was.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn update_vlan(&mut self, vlan: &VlanRecord) -> Result<()> {
        let old = self.vlan(Scope::All, vlan.id).await?.ok_or(StoreError::NotFound("VLAN"))?;
        let params = params![
            vlan.id,
            vlan.tenant_id,
            vlan.attachment_id,
            vlan.claim.status(),
            &vlan.purpose,
            vlan.claim.until(),
            vlan.since,
            Param::json(&vlan.labels)?,
        ];
        self.touch("VLAN", &UPDATE, &params).await?;
        self.remember(&old, vlan.since).await?;
        self.label(&vlan.id.to_string(), vlan.tenant_id, Some(&old.labels), &vlan.labels).await
    }

    /// Releases a VLAN id: it is free for others when the transaction commits, or goes into quarantine
    /// when its domain has one and it was in use. Answers what is left of it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`], and when the database fails.
    pub async fn release_vlan(&mut self, id: VlanRecordId, now: Timestamp) -> Result<Option<VlanRecord>> {
        let known = self.vlan(Scope::All, id).await?.ok_or(StoreError::NotFound("VLAN"))?;
        let params = params![known.domain_id];
        let quarantine = self.one(&QUARANTINE, &params, |row| row.number("quarantine")).await?;
        if let Some(claim) = known.claim.released(quarantine.unwrap_or(0), now) {
            let left = VlanRecord {
                claim,
                tenant_id: None,
                attachment_id: None,
                network_id: None,
                labels: Labels::new(),
                since: now,
                ..known
            };
            self.update_vlan(&left).await?;
            return Ok(Some(left));
        }
        self.remember(&known, now).await?;
        self.label(&id.to_string(), None, Some(&known.labels), &Labels::new()).await?;
        self.touch("VLAN", &DELETE, &params![id]).await?;
        Ok(None)
    }
}
