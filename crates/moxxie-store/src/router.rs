//! Routers.

use moxxie_core::{DomainId, Name, RouterId, SiteId, Timestamp, router::Router};

use crate::{
    Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, site_id, domain_id, address, username, security, trunk, anchor, identity
             FROM router ",
            $rest
        )
    };
}

static GET: Statement = Statement::new("router.get", select!("WHERE id = $1"));
static BY_NAME: Statement = Statement::new("router.by_name", select!("WHERE name = $1"));
static LIST: Statement = Statement::new("router.list", select!("ORDER BY name"));
static OF_SITE: Statement = Statement::new("router.of_site", select!("WHERE site_id = $1 ORDER BY id"));
static OF_DOMAIN: Statement = Statement::new("router.of_domain", select!("WHERE domain_id = $1 ORDER BY id"));
static INSERT: Statement = Statement::new(
    "router.insert",
    "INSERT INTO router (id, name, site_id, domain_id, address, username, security, trunk, anchor, identity,
         created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
);
static UPDATE: Statement = Statement::new(
    "router.update",
    "UPDATE router SET name = $2, site_id = $3, domain_id = $4, address = $5, username = $6, security = $7,
         trunk = $8, anchor = $9, identity = $10, updated_at = $11
     WHERE id = $1",
);
static DELETE: Statement = Statement::new("router.delete", "DELETE FROM router WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&GET, &BY_NAME, &LIST, &OF_SITE, &OF_DOMAIN, &INSERT, &UPDATE, &DELETE];

fn read(row: &Row) -> Result<Router> {
    Ok(Router {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        site_id: row.parsed("site_id")?,
        domain_id: row.parsed("domain_id")?,
        address: row.text("address")?,
        username: row.text("username")?,
        security: row.json("security")?,
        trunk: row.text("trunk")?,
        anchor: row.text("anchor")?,
        identity: row.json_or_null("identity")?,
    })
}

/// The parameters of insert and update.
fn params(router: &Router, now: Timestamp) -> Result<[Param; 11]> {
    Ok(params![
        router.id,
        &router.name,
        router.site_id,
        router.domain_id,
        &router.address,
        &router.username,
        Param::json(&router.security)?,
        &router.trunk,
        &router.anchor,
        Param::json_or_null(router.identity.as_ref())?,
        now,
    ])
}

impl Reads {
    /// One router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn router(&self, id: RouterId) -> Result<Option<Router>> {
        self.one(&GET, &params![id], read).await
    }

    /// The router of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn router_by_name(&self, name: &Name) -> Result<Option<Router>> {
        self.one(&BY_NAME, &params![name], read).await
    }

    /// All routers by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn routers(&self) -> Result<Vec<Router>> {
        self.list(&LIST, &[], read).await
    }

    /// The routers of a site by id, the order in which they are leased.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn routers_of_site(&self, site: SiteId) -> Result<Vec<Router>> {
        self.list(&OF_SITE, &params![site], read).await
    }

    /// The routers on a domain's trunk by id, the order in which they are leased.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn routers_of_domain(&self, domain: DomainId) -> Result<Vec<Router>> {
        self.list(&OF_DOMAIN, &params![domain], read).await
    }
}

impl Tx {
    /// Adds a router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_router(&mut self, router: &Router, now: Timestamp) -> Result<()> {
        self.execute(&INSERT, &params(router, now)?).await.map(drop)
    }

    /// Writes a router anew, its identity included.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_router(&mut self, router: &Router, now: Timestamp) -> Result<()> {
        self.touch("router", &UPDATE, &params(router, now)?).await
    }

    /// Removes a router and its secrets.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_router(&mut self, id: RouterId) -> Result<()> {
        self.delete_secrets(&id.to_string()).await?;
        self.touch("router", &DELETE, &params![id]).await
    }
}
