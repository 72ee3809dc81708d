//! VLAN domains and the ids used in them.

use moxxie_core::{
    DomainId, Name, SiteId, Timestamp,
    domain::Domain,
    vlan::{VlanId, VlanRange},
};

use crate::{
    Arranged, Dated, Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, site_id, name, encapsulation, first_vlan, last_vlan, quarantine, updated_at FROM domain ",
            $rest
        )
    };
}

static GET: Statement = Statement::new("domain.get", select!("WHERE id = $1"));
static LOCK: Statement = Statement::new("domain.lock", select!("WHERE id = $1")).locking("domain");
static LIST: Statement = Statement::new("domain.list", select!("ORDER BY id"));
static OF_SITE: Statement = Statement::new("domain.of_site", select!("WHERE site_id = $1 ORDER BY name"));
static BY_NAME: Statement = Statement::new("domain.by_name", select!("WHERE site_id = $1 AND name = $2"));
static INSERT: Statement = Statement::new(
    "domain.insert",
    "INSERT INTO domain (id, site_id, name, encapsulation, first_vlan, last_vlan, quarantine,
         created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
);
static UPDATE: Statement = Statement::new(
    "domain.update",
    "UPDATE domain SET site_id = $2, name = $3, encapsulation = $4, first_vlan = $5, last_vlan = $6,
         quarantine = $7, updated_at = $8
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("domain.delete", "DELETE FROM domain WHERE id = $1");
static USED_VLANS: Statement =
    Statement::new("domain.used_vlans", "SELECT vid FROM vlan WHERE domain_id = $1 ORDER BY vid");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &LOCK, &LIST, &OF_SITE, &BY_NAME, &INSERT, &UPDATE, &DELETE, &USED_VLANS];

impl Arranged for Domain {
    const KIND: &'static str = "domain";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<Domain>> {
    Ok(Dated { record: read(row)?, since: row.time("updated_at")? })
}

fn read(row: &Row) -> Result<Domain> {
    let (first, last) = (row.vlan("first_vlan")?, row.vlan("last_vlan")?);
    let range = VlanRange::new(first, last)
        .ok_or_else(|| StoreError::Corrupt { what: "a VLAN range of a domain".into() })?;
    Ok(Domain {
        id: row.parsed("id")?,
        site_id: row.parsed("site_id")?,
        name: row.parsed("name")?,
        encapsulation: row.json("encapsulation")?,
        range,
        quarantine_s: row.number("quarantine")?,
    })
}

/// The parameters of insert and update.
fn params(domain: &Domain, now: Timestamp) -> Result<[Param; 8]> {
    Ok(params![
        domain.id,
        domain.site_id,
        &domain.name,
        Param::json(&domain.encapsulation)?,
        domain.range.first(),
        domain.range.last(),
        domain.quarantine_s,
        now,
    ])
}

impl Reads {
    /// One domain.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn domain(&self, id: DomainId) -> Result<Option<Domain>> {
        self.one(&GET, &params![id], read).await
    }

    /// The domains of a site by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn domains_of_site(&self, site: SiteId) -> Result<Vec<Domain>> {
        self.list(&OF_SITE, &params![site], read).await
    }

    /// The domain of that name in a site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn domain_by_name(&self, site: SiteId, name: &Name) -> Result<Option<Domain>> {
        self.one(&BY_NAME, &params![site, name], read).await
    }

    /// The ids in use, ascending.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn used_vlans(&self, domain: DomainId) -> Result<Vec<VlanId>> {
        self.list(&USED_VLANS, &params![domain], |row| row.vlan("vid")).await
    }

    /// The domains there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn domains_at(&self, at: Timestamp) -> Result<Vec<Domain>> {
        let live = self.list(&LIST, &[], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Tx {
    /// Adds a domain.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_domain(&mut self, domain: &Domain, now: Timestamp) -> Result<()> {
        self.execute(&INSERT, &params(domain, now)?).await.map(drop)
    }

    /// Writes a domain anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_domain(&mut self, domain: &Domain, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![domain.id], dated, now).await?;
        self.touch("domain", &UPDATE, &params(domain, now)?).await
    }

    /// Removes a domain that nothing refers to.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_domain(&mut self, id: DomainId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![id], dated, now).await?;
        self.touch("domain", &DELETE, &params![id]).await
    }

    /// Reads a domain and locks it until the transaction ends: before choosing a VLAN id in it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_domain(&mut self, id: DomainId) -> Result<Option<Domain>> {
        self.one(&LOCK, &params![id], read).await
    }
}
