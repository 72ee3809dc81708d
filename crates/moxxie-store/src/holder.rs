//! What still needs a tenant, a site or a VRF, in words: a removal that is refused says so.

use moxxie_core::{SiteId, TenantId, VrfId};

use crate::{Result, Tx, param::params, row::Row, statement::Statement};

/// Something that refers to what is to be removed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// What kind of thing it is, as people call it.
    pub what: String,
    /// Its name, or the prefix or number it is.
    pub name: String,
}

/// How many of each kind are named.
macro_rules! some {
    ($alias:literal, $what:literal, $name:literal, $rest:literal) => {
        concat!(
            "SELECT * FROM (SELECT '",
            $what,
            "' AS what, ",
            $name,
            " AS name FROM ",
            $rest,
            " ORDER BY 2 LIMIT 3) AS ",
            $alias
        )
    };
}

static OF_TENANT: Statement = Statement::new(
    "holder.of_tenant",
    concat!(
        some!("a", "network", "name", "network WHERE tenant_id = $1"),
        " UNION ALL ",
        some!("b", "prefix", "prefix", "prefix WHERE tenant_id = $1 AND network_id IS NULL"),
        " UNION ALL ",
        some!("c", "VLAN id", "CAST(vid AS TEXT)", "vlan WHERE tenant_id = $1 AND attachment_id IS NULL"),
        " UNION ALL ",
        some!("d", "AS number", "CAST(number AS TEXT)", "asn WHERE tenant_id = $1"),
        " UNION ALL ",
        some!("e", "AS number range", "name", "asn_range WHERE tenant_id = $1"),
        " UNION ALL ",
        some!("f", "token", "name", "token WHERE tenant_id = $1"),
    ),
);
static OF_SITE: Statement = Statement::new(
    "holder.of_site",
    concat!(
        some!("a", "router", "name", "router WHERE site_id = $1"),
        " UNION ALL ",
        some!("b", "network", "name", "network WHERE site_id = $1"),
        " UNION ALL ",
        some!("c", "pool", "name", "pool WHERE site_id = $1"),
        " UNION ALL ",
        some!("d", "container", "name", "container WHERE site_id = $1"),
        " UNION ALL ",
        some!(
            "e",
            "VLAN id",
            "CAST(vid AS TEXT)",
            "vlan WHERE attachment_id IS NULL AND domain_id IN (SELECT id FROM domain WHERE site_id = $1)"
        ),
        " UNION ALL ",
        some!("f", "AS number range", "name", "asn_range WHERE site_id = $1"),
    ),
);
static OF_VRF: Statement = Statement::new(
    "holder.of_vrf",
    concat!(
        some!("a", "pool", "name", "pool WHERE vrf_id = $1"),
        " UNION ALL ",
        some!("b", "container", "name", "container WHERE vrf_id = $1"),
    ),
);

pub(crate) static STATEMENTS: &[&Statement] = &[&OF_TENANT, &OF_SITE, &OF_VRF];

fn read(row: &Row) -> Result<Holder> {
    Ok(Holder { what: row.text("what")?, name: row.text("name")? })
}

impl Tx {
    /// Up to three things of each kind that are a tenant's.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn holders_of_tenant(&mut self, id: TenantId) -> Result<Vec<Holder>> {
        self.list(&OF_TENANT, &params![id], read).await
    }

    /// Up to three things of each kind that are at a site.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn holders_of_site(&mut self, id: SiteId) -> Result<Vec<Holder>> {
        self.list(&OF_SITE, &params![id], read).await
    }

    /// Up to three things of each kind that live in a VRF.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn holders_of_vrf(&mut self, id: VrfId) -> Result<Vec<Holder>> {
        self.list(&OF_VRF, &params![id], read).await
    }
}
