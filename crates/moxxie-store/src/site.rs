//! Sites.

use moxxie_core::{Name, SiteId, Timestamp, site::Site};

use crate::{
    Arranged, Dated, Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, description, location, management_prefixes, dns_servers, hand_off,
                 updated_at
             FROM site ",
            $rest
        )
    };
}

static LIST: Statement = Statement::new("site.list", select!("ORDER BY name"));
static GET: Statement = Statement::new("site.get", select!("WHERE id = $1"));
static BY_NAME: Statement = Statement::new("site.by_name", select!("WHERE name = $1"));
static INSERT: Statement = Statement::new(
    "site.insert",
    "INSERT INTO site (id, name, description, location, management_prefixes, dns_servers, hand_off,
         created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
);
static UPDATE: Statement = Statement::new(
    "site.update",
    "UPDATE site SET name = $2, description = $3, location = $4, management_prefixes = $5,
         dns_servers = $6, hand_off = $7, updated_at = $8
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("site.delete", "DELETE FROM site WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &GET, &BY_NAME, &INSERT, &UPDATE, &DELETE];

impl Arranged for Site {
    const KIND: &'static str = "site";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<Site>> {
    Ok(Dated { record: read(row)?, since: row.time("updated_at")? })
}

fn read(row: &Row) -> Result<Site> {
    Ok(Site {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        description: row.text("description")?,
        location: row.text("location")?,
        management_prefixes: row.json("management_prefixes")?,
        dns_servers: row.json("dns_servers")?,
        hand_off: row.json("hand_off")?,
    })
}

/// The parameters of insert and update.
fn params(site: &Site, now: Timestamp) -> Result<[Param; 8]> {
    Ok(params![
        site.id,
        &site.name,
        &site.description,
        &site.location,
        Param::json(&site.management_prefixes)?,
        Param::json(&site.dns_servers)?,
        Param::json(&site.hand_off)?,
        now,
    ])
}

impl Reads {
    /// All sites by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn sites(&self) -> Result<Vec<Site>> {
        self.list(&LIST, &[], read).await
    }

    /// One site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn site(&self, id: SiteId) -> Result<Option<Site>> {
        self.one(&GET, &params![id], read).await
    }

    /// The site of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn site_by_name(&self, name: &Name) -> Result<Option<Site>> {
        self.one(&BY_NAME, &params![name], read).await
    }

    /// The sites there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn sites_at(&self, at: Timestamp) -> Result<Vec<Site>> {
        let live = self.list(&LIST, &[], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Tx {
    /// Adds a site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_site(&mut self, site: &Site, now: Timestamp) -> Result<()> {
        self.execute(&INSERT, &params(site, now)?).await.map(drop)
    }

    /// Writes a site anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_site(&mut self, site: &Site, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![site.id], dated, now).await?;
        self.touch("site", &UPDATE, &params(site, now)?).await
    }

    /// Removes a site that nothing refers to.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_site(&mut self, id: SiteId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![id], dated, now).await?;
        self.touch("site", &DELETE, &params![id]).await
    }
}
