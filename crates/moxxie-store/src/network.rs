//! Networks with their attachments and VLAN ids.

use moxxie_core::{
    ChangeId, DomainId, Name, NetworkId, SiteId, TenantId, Timestamp, VlanRecordId,
    claim::Claim,
    identity::Scope,
    network::{Attachment, Network, NetworkOptions, NetworkStatus, Second},
    profile::Profile,
    vlan::VlanId,
};

use crate::{
    Listing, Page, Place, Reads, Remembered, Result, StoreError, Tx, VlanRecord,
    label::{LabelFilter, Labelled, Labels, labelled},
    param::{Param, params},
    past::order_of_id,
    row::Row,
    statement::Statement,
};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT n.id, n.name, n.tenant_id, n.kind, n.purpose, n.site_id, n.vrf_id, n.pool_id, n.prefix,
                 n.gateway, n.pool6_id, n.prefix6, n.gateway6, n.options, n.labels, n.status, n.created_at, n.updated_at, n.version,
                 a.id AS attachment_id, a.domain_id, v.vid
             FROM network n
             JOIN attachment a ON a.network_id = n.id AND a.role = 'active'
             JOIN vlan v ON v.attachment_id = a.id ",
            $rest
        )
    };
}

static GET: Statement =
    Statement::new("network.get", select!("WHERE n.id = $1 AND (n.tenant_id = $2 OR $2 IS NULL)"));
static LOCK: Statement =
    Statement::new("network.lock", select!("WHERE n.id = $1 AND (n.tenant_id = $2 OR $2 IS NULL)"))
        .locking("n");
static BY_NAME: Statement = Statement::new(
    "network.by_name",
    select!("WHERE n.tenant_id = $1 AND n.name = $2 AND (n.tenant_id = $3 OR $3 IS NULL)"),
);
macro_rules! list {
    ($($more:literal),*) => {
        concat!(
            select!("WHERE "),
            $($more,)*
            "(n.tenant_id = $1 OR $1 IS NULL) AND (n.site_id = $2 OR $2 IS NULL)
           AND (n.tenant_id = $3 OR $3 IS NULL) AND (n.status = $4 OR $4 IS NULL)
           AND (v.vid = $5 OR $5 IS NULL) AND (n.id > $6 OR $6 IS NULL)
         ORDER BY n.id LIMIT $7"
        )
    };
}
static LIST: Labelled = labelled!("network.list", list, "n.id", "$8", "$9");
static IN_DOMAIN: Statement =
    Statement::new("network.in_domain", select!("WHERE a.domain_id = $1 ORDER BY n.id"));
static OF_PROFILE: Statement =
    Statement::new("network.of_profile", select!("WHERE n.user_profile = $1 ORDER BY n.id"));
static OF_CHANGE: Statement = Statement::new(
    "network.of_change",
    select!("JOIN change_network c ON c.network_id = n.id WHERE c.change_id = $1 ORDER BY n.id"),
);
static COUNT: Statement = Statement::new(
    "network.count",
    "SELECT COUNT(*) AS count FROM network WHERE site_id = $1 AND (tenant_id = $2 OR $2 IS NULL)",
);
static INSERT: Statement = Statement::new(
    "network.insert",
    "INSERT INTO network (id, name, tenant_id, kind, purpose, site_id, vrf_id, pool_id, prefix, gateway,
         options, status, created_at, updated_at, version, pool6_id, prefix6, gateway6, labels, user_profile)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
);
static INSERT_ATTACHMENT: Statement = Statement::new(
    "network.insert_attachment",
    "INSERT INTO attachment (id, network_id, domain_id, role) VALUES ($1, $2, $3, 'active')",
);
static SET_STATUS: Statement = Statement::new(
    "network.set_status",
    "UPDATE network SET status = $3, updated_at = $4, version = version + 1 WHERE id = $1 AND version = $2",
);
static SET_SHAPE: Statement = Statement::new(
    "network.set_shape",
    "UPDATE network SET prefix = $3, gateway = $4, prefix6 = $5, gateway6 = $6, updated_at = $7,
         version = version + 1
     WHERE id = $1 AND version = $2",
);
static SET_OPTIONS: Statement = Statement::new(
    "network.set_options",
    "UPDATE network SET options = $2, updated_at = $3, user_profile = $4, version = version + 1 WHERE id = $1",
);
static DELETE_ATTACHMENT: Statement =
    Statement::new("network.delete_attachment", "DELETE FROM attachment WHERE network_id = $1");
static DELETE: Statement = Statement::new("network.delete", "DELETE FROM network WHERE id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[
    &GET,
    &LOCK,
    &BY_NAME,
    &LIST.all,
    &LIST.of_value,
    &LIST.of_key,
    &IN_DOMAIN,
    &OF_PROFILE,
    &OF_CHANGE,
    &COUNT,
    &INSERT,
    &INSERT_ATTACHMENT,
    &SET_STATUS,
    &SET_SHAPE,
    &SET_OPTIONS,
    &DELETE_ATTACHMENT,
    &DELETE,
];

/// Which networks are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NetworkFilter {
    /// Ordered for this site.
    pub site: Option<SiteId>,
    /// Of this tenant.
    pub tenant: Option<TenantId>,
    /// In this status.
    pub status: Option<NetworkStatus>,
    /// With this VLAN id, in whatever domain.
    pub vlan: Option<VlanId>,
    /// With this label.
    pub label: Option<LabelFilter>,
}

impl Remembered for Network {
    const KIND: &'static str = "network";

    fn place(&self) -> Place {
        let object = self.id.to_string();
        let order = order_of_id(&object);
        Place {
            space: String::new(),
            family: 0,
            first: order,
            last: order,
            object,
            tenant: Some(self.tenant_id),
            since: self.updated_at,
        }
    }
}

fn read(row: &Row) -> Result<Network> {
    Ok(Network {
        id: row.parsed("id")?,
        name: row.parsed("name")?,
        tenant_id: row.parsed("tenant_id")?,
        kind: row.parsed("kind")?,
        purpose: row.text("purpose")?,
        site_id: row.parsed("site_id")?,
        vrf_id: row.parsed("vrf_id")?,
        pool_id: row.parsed("pool_id")?,
        prefix: row.prefix("prefix")?,
        gateway: row.address("gateway")?,
        second: match row.parsed_or_null("prefix6")? {
            None => None,
            Some(prefix) => {
                Some(Second { prefix, pool_id: row.parsed("pool6_id")?, gateway: row.address("gateway6")? })
            }
        },
        options: row.json("options")?,
        labels: row.json("labels")?,
        status: row.word("status", NetworkStatus::parse)?,
        attachment: Attachment {
            id: row.parsed("attachment_id")?,
            domain_id: row.parsed("domain_id")?,
            vlan: row.vlan("vid")?,
        },
        created_at: row.time("created_at")?,
        updated_at: row.time("updated_at")?,
        version: row.int("version")?,
    })
}

/// The profile in the options, where a user wrote it.
fn user_profile(options: &NetworkOptions) -> Option<&str> {
    let name = &options.profile;
    Profile::position_built_in(name).is_none().then_some(name.as_str())
}

impl Reads {
    /// One network.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn network(&self, scope: Scope, id: NetworkId) -> Result<Option<Network>> {
        self.one(&GET, &params![id, scope], read).await
    }

    /// The network of that name of a tenant.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn network_by_name(
        &self,
        scope: Scope,
        tenant: TenantId,
        name: &Name,
    ) -> Result<Option<Network>> {
        self.one(&BY_NAME, &params![tenant, name, scope], read).await
    }

    /// Networks, oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn networks(
        &self,
        scope: Scope,
        filter: &NetworkFilter,
        page: &Page,
    ) -> Result<Listing<Network>> {
        let mut params = params![
            scope,
            filter.site,
            filter.tenant,
            filter.status.map(NetworkStatus::as_str),
            filter.vlan.map(|vlan| i64::from(vlan.get())),
            page.cursor(),
            page.fetch(),
        ]
        .to_vec();
        let statement = LIST.choose(filter.label.as_ref(), &mut params);
        let items = self.list(statement, &params, read).await?;
        Ok(page.listing(items, |network| network.id.to_string()))
    }

    /// The networks of a change that are there, the oldest first. Who may see the change may see them.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn networks_of_change(&self, change: ChangeId) -> Result<Vec<Network>> {
        self.list(&OF_CHANGE, &params![change], read).await
    }

    /// All networks of a firewall profile that a user wrote, the oldest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn networks_of_profile(&self, profile: &Name) -> Result<Vec<Network>> {
        self.list(&OF_PROFILE, &params![profile], read).await
    }

    /// Every network with an attachment in the domain, oldest first: for the device intent of its routers.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn networks_in_domain(&self, domain: DomainId) -> Result<Vec<Network>> {
        self.list(&IN_DOMAIN, &params![domain], read).await
    }

    /// How many networks a site has.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn count_networks(&self, scope: Scope, site: SiteId) -> Result<u64> {
        self.count(&COUNT, &params![site, scope]).await
    }
}

impl Tx {
    /// Adds a network with its attachment and VLAN id, whose record gets `vlan_id`. Lock the domain first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_network(&mut self, network: &Network, vlan_id: VlanRecordId) -> Result<()> {
        let params = params![
            network.id,
            &network.name,
            network.tenant_id,
            &network.kind,
            &network.purpose,
            network.site_id,
            network.vrf_id,
            network.pool_id,
            network.prefix.to_string(),
            network.gateway.to_string(),
            Param::json(&network.options)?,
            network.status.as_str(),
            network.created_at,
            network.updated_at,
            network.version,
            network.second.as_ref().map(|second| second.pool_id),
            network.second.as_ref().map(|second| second.prefix.to_string()).as_deref(),
            network.second.as_ref().map(|second| second.gateway.to_string()).as_deref(),
            Param::json(&network.labels)?,
            user_profile(&network.options),
        ];
        self.execute(&INSERT, &params).await?;
        if !network.labels.is_empty() {
            let id = network.id.to_string();
            self.insert_labels([(id.as_str(), Some(network.tenant_id), &network.labels)]).await?;
        }
        let attachment = &network.attachment;
        let params = params![attachment.id, network.id, attachment.domain_id];
        self.execute(&INSERT_ATTACHMENT, &params).await?;
        self.insert_vlan(&VlanRecord {
            id: vlan_id,
            domain_id: attachment.domain_id,
            vlan: attachment.vlan,
            tenant_id: Some(network.tenant_id),
            attachment_id: Some(attachment.id),
            network_id: Some(network.id),
            claim: Claim::Assigned,
            purpose: network.purpose.clone(),
            labels: Labels::new(),
            since: network.created_at,
            created_at: network.created_at,
        })
        .await
    }

    /// Reads a network and locks it until the transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_network(&mut self, scope: Scope, id: NetworkId) -> Result<Option<Network>> {
        self.one(&LOCK, &params![id, scope], read).await
    }

    /// Changes the status when the version is still the expected one; answers the new version.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_network_status(
        &mut self,
        id: NetworkId,
        expected_version: i64,
        status: NetworkStatus,
        now: Timestamp,
    ) -> Result<i64> {
        let known = self.network(Scope::All, id).await?.ok_or(StoreError::NotFound("network"))?;
        let params = params![id, expected_version, status.as_str(), now];
        if self.execute(&SET_STATUS, &params).await? == 0 {
            return Err(StoreError::Stale("network"));
        }
        self.remember(&known, now).await?;
        Ok(expected_version + 1)
    }

    /// Writes prefixes and gateways of a network when the version is still the expected one.
    ///
    /// # Errors
    /// [`StoreError::Stale`], and when the database fails.
    pub async fn update_network_shape(&mut self, network: &Network, now: Timestamp) -> Result<()> {
        let params = params![
            network.id,
            network.version,
            network.prefix.to_string(),
            network.gateway.to_string(),
            network.second.as_ref().map(|second| second.prefix.to_string()).as_deref(),
            network.second.as_ref().map(|second| second.gateway.to_string()).as_deref(),
            now,
        ];
        let known = self.network(Scope::All, network.id).await?.ok_or(StoreError::NotFound("network"))?;
        if self.execute(&SET_SHAPE, &params).await? == 0 {
            return Err(StoreError::Stale("network"));
        }
        self.remember(&known, now).await
    }

    /// Changes what a network carries; history keeps what it was.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or there is no such network.
    pub async fn update_network_options(
        &mut self,
        before: &Network,
        options: &NetworkOptions,
        now: Timestamp,
    ) -> Result<()> {
        self.remember(before, now).await?;
        let params = params![before.id, Param::json(options)?, now, user_profile(options)];
        self.touch("network", &SET_OPTIONS, &params).await
    }

    /// Removes a network with its attachment and releases its VLAN id, as [`Tx::release_vlan`] does.
    /// Prefixes and addresses must be gone before.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_network(&mut self, id: NetworkId, now: Timestamp) -> Result<()> {
        let known = self.network(Scope::All, id).await?.ok_or(StoreError::NotFound("network"))?;
        self.remember(&known, now).await?;
        self.drop_labels(&[&id.to_string()]).await?;
        for vlan in self.vlans_of_network(id).await? {
            self.release_vlan(vlan.id, now).await?;
        }
        self.execute(&DELETE_ATTACHMENT, &params![id]).await?;
        self.touch("network", &DELETE, &params![id]).await
    }
}
