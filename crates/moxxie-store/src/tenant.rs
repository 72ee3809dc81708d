//! Tenants. A scope sees its own tenant only.

use moxxie_core::{Name, TenantId, Timestamp, identity::Scope, tenant::Tenant};

use crate::{
    Arranged, Dated, Listing, Page, Reads, Result, Tx, param::params, row::Row, statement::Statement,
};

static GET: Statement = Statement::new(
    "tenant.get",
    "SELECT id, name, description, updated_at FROM tenant WHERE id = $1 AND (id = $2 OR $2 IS NULL)",
);
static BY_NAME: Statement = Statement::new(
    "tenant.by_name",
    "SELECT id, name, description, updated_at FROM tenant WHERE name = $1 AND (id = $2 OR $2 IS NULL)",
);
static LIST: Statement = Statement::new(
    "tenant.list",
    "SELECT id, name, description, updated_at FROM tenant
     WHERE (id = $1 OR $1 IS NULL) AND (name > $2 OR $2 IS NULL) ORDER BY name LIMIT $3",
);
static ALL: Statement =
    Statement::new("tenant.all", "SELECT id, name, description, updated_at FROM tenant ORDER BY id");
static INSERT: Statement = Statement::new(
    "tenant.insert",
    "INSERT INTO tenant (id, name, description, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)",
);
static UPDATE: Statement = Statement::new(
    "tenant.update",
    "UPDATE tenant SET name = $2, description = $3, updated_at = $4 WHERE id = $1",
);
static DELETE: Statement = Statement::new("tenant.delete", "DELETE FROM tenant WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&GET, &BY_NAME, &LIST, &ALL, &INSERT, &UPDATE, &DELETE];

impl Arranged for Tenant {
    const KIND: &'static str = "tenant";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<Tenant>> {
    Ok(Dated { record: read(row)?, since: row.time("updated_at")? })
}

fn read(row: &Row) -> Result<Tenant> {
    Ok(Tenant { id: row.parsed("id")?, name: row.parsed("name")?, description: row.text("description")? })
}

impl Reads {
    /// One tenant.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tenant(&self, scope: Scope, id: TenantId) -> Result<Option<Tenant>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// The tenant of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tenant_by_name(&self, scope: Scope, name: &Name) -> Result<Option<Tenant>> {
        self.one(&BY_NAME, &params![name, scope], read).await
    }

    /// Tenants by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn tenants(&self, scope: Scope, page: &Page) -> Result<Listing<Tenant>> {
        let items = self.list(&LIST, &params![scope, page.cursor(), page.fetch()], read).await?;
        Ok(page.listing(items, |tenant| tenant.name.to_string()))
    }

    /// The tenants there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn tenants_at(&self, at: Timestamp) -> Result<Vec<Tenant>> {
        let live = self.list(&ALL, &[], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Tx {
    /// Adds a tenant.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_tenant(&mut self, tenant: &Tenant, now: Timestamp) -> Result<()> {
        let params = params![tenant.id, &tenant.name, &tenant.description, now];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Writes a tenant anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_tenant(&mut self, tenant: &Tenant, now: Timestamp) -> Result<()> {
        let params = params![tenant.id, &tenant.name, &tenant.description, now];
        self.remember_arranged(&GET, &params![tenant.id, Scope::All], dated, now).await?;
        self.touch("tenant", &UPDATE, &params).await
    }

    /// Removes a tenant that nothing refers to.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_tenant(&mut self, id: TenantId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![id, Scope::All], dated, now).await?;
        self.touch("tenant", &DELETE, &params![id]).await
    }
}
