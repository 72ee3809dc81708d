//! Containers: prefixes that pools are arranged in.

use ipnet::IpNet;
use moxxie_core::{
    ContainerId, Name, Timestamp, VrfId,
    container::Container,
    prefix::{bounds, family},
};

use crate::{Arranged, Dated, Reads, Result, Tx, param::params, row::Row, statement::Statement};

macro_rules! select {
    ($rest:literal) => {
        concat!("SELECT id, name, vrf_id, site_id, prefix, description, updated_at FROM container ", $rest)
    };
}

static GET: Statement = Statement::new("container.get", select!("WHERE id = $1"));
static BY_NAME: Statement = Statement::new("container.by_name", select!("WHERE name = $1"));
static LIST: Statement = Statement::new("container.list", select!("ORDER BY name"));
static WITHIN: Statement = Statement::new(
    "container.within",
    select!("WHERE vrf_id = $1 AND family = $2 AND first >= $3 AND last <= $4 ORDER BY first, length"),
);
static INSERT: Statement = Statement::new(
    "container.insert",
    "INSERT INTO container (id, name, vrf_id, site_id, family, first, last, length, prefix, description,
         created_at, updated_at)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
);
static UPDATE: Statement = Statement::new(
    "container.update",
    "UPDATE container SET name = $2, site_id = $3, description = $4, updated_at = $5 WHERE id = $1",
);
static DELETE: Statement = Statement::new("container.delete", "DELETE FROM container WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&GET, &BY_NAME, &LIST, &WITHIN, &INSERT, &UPDATE, &DELETE];

impl Arranged for Container {
    const KIND: &'static str = "container";

    fn object(&self) -> String {
        self.id.to_string()
    }
}

fn dated(row: &Row) -> Result<Dated<Container>> {
    Ok(Dated { record: read(row)?, since: row.time("updated_at")? })
}

fn read(row: &Row) -> Result<Container> {
    Ok(Container {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        vrf_id: row.parsed("vrf_id")?,
        site_id: row.parsed_or_null("site_id")?,
        prefix: row.prefix("prefix")?,
        description: row.text("description")?,
    })
}

impl Reads {
    /// One container.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn container(&self, id: ContainerId) -> Result<Option<Container>> {
        self.one(&GET, &params![id], read).await
    }

    /// The container of that name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn container_by_name(&self, name: &Name) -> Result<Option<Container>> {
        self.one(&BY_NAME, &params![name], read).await
    }

    /// All containers by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn containers(&self) -> Result<Vec<Container>> {
        self.list(&LIST, &[], read).await
    }

    /// The containers that lie in a prefix, itself included, by address; outer ones first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn containers_within(&self, vrf: VrfId, prefix: IpNet) -> Result<Vec<Container>> {
        let (first, last) = bounds(&prefix);
        self.list(&WITHIN, &params![vrf, family(&prefix), first, last], read).await
    }

    /// The containers there were at a time, by id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn containers_at(&self, at: Timestamp) -> Result<Vec<Container>> {
        let live = self.list(&LIST, &[], dated).await?;
        self.arranged_at(live, at).await
    }
}

impl Tx {
    /// Adds a container.
    ///
    /// # Errors
    /// [`crate::Constraint::ContainerTaken`] when the VRF has one of that prefix, and when the database
    /// fails.
    pub async fn insert_container(&mut self, container: &Container, now: Timestamp) -> Result<()> {
        let prefix = container.prefix.trunc();
        let (first, last) = bounds(&prefix);
        let params = params![
            container.id,
            &container.name,
            container.vrf_id,
            container.site_id,
            family(&prefix),
            first,
            last,
            prefix.prefix_len(),
            prefix.to_string(),
            &container.description,
            now,
        ];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Changes name, site and description.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_container(&mut self, container: &Container, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![container.id], dated, now).await?;
        let params = params![container.id, &container.name, container.site_id, &container.description, now];
        self.touch("container", &UPDATE, &params).await
    }

    /// Removes a container. What lies in it stays.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn delete_container(&mut self, id: ContainerId, now: Timestamp) -> Result<()> {
        self.remember_arranged(&GET, &params![id], dated, now).await?;
        self.touch("container", &DELETE, &params![id]).await
    }
}
