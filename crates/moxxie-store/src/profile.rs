//! Firewall profiles that users wrote. The built-in ones are not stored.

use moxxie_core::{Name, Timestamp, network::NetworkOptions, profile::Profile};

use crate::{
    Holder, Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement =
    Statement::new("profile.list", "SELECT content, updated_at, version FROM profile ORDER BY name");
static GET: Statement =
    Statement::new("profile.get", "SELECT content, updated_at, version FROM profile WHERE name = $1");
static LOCK: Statement =
    Statement::new("profile.lock", "SELECT content, updated_at, version FROM profile WHERE name = $1")
        .locking("profile");
static INSERT: Statement = Statement::new(
    "profile.insert",
    "INSERT INTO profile (name, content, created_at, updated_at, version) VALUES ($1, $2, $3, $3, 1)",
);
static UPDATE: Statement = Statement::new(
    "profile.update",
    "UPDATE profile SET content = $2, updated_at = $3, version = version + 1 WHERE name = $1",
);
static DELETE: Statement = Statement::new("profile.delete", "DELETE FROM profile WHERE name = $1");
static HOLDERS: Statement = Statement::new(
    "profile.holders",
    "SELECT 'network' AS what, t.name || '/' || n.name AS name
     FROM network n JOIN tenant t ON t.id = n.tenant_id WHERE n.user_profile = $1 ORDER BY 2",
);
static GIVEN_BACK: Statement = Statement::new(
    "profile.given_back",
    "SELECT t.name || '/' || n.name AS name, c.carried
     FROM change_network c JOIN network n ON n.id = c.network_id JOIN tenant t ON t.id = n.tenant_id
     WHERE c.open AND c.carried IS NOT NULL ORDER BY 1",
);

pub(crate) static STATEMENTS: &[&Statement] =
    &[&LIST, &GET, &LOCK, &INSERT, &UPDATE, &DELETE, &HOLDERS, &GIVEN_BACK];

/// A profile as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// What it says.
    pub profile: Profile,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was last written.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<StoredProfile> {
    Ok(StoredProfile {
        profile: row.json("content")?,
        version: row.int("version")?,
        updated_at: row.time("updated_at")?,
    })
}

impl Reads {
    /// All profiles that users wrote, by name.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn profiles(&self) -> Result<Vec<StoredProfile>> {
        self.list(&LIST, &[], read).await
    }

    /// The profile of that name, if a user wrote one.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn profile(&self, name: &Name) -> Result<Option<StoredProfile>> {
        self.one(&GET, &params![name], read).await
    }
}

impl Tx {
    /// Reads a profile and locks it until the transaction ends: no network comes to use it meanwhile.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn lock_profile(&mut self, name: &Name) -> Result<Option<StoredProfile>> {
        self.one(&LOCK, &params![name], read).await
    }

    /// The networks of a profile that a user wrote, as `tenant/name`, and those that have it again when a
    /// change that is under way is undone.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn holders_of_profile(&mut self, name: &Name) -> Result<Vec<Holder>> {
        let holder = |row: &Row| Ok(Holder { what: row.text("what")?, name: row.text("name")? });
        let mut holders = self.list(&HOLDERS, &params![name], holder).await?;
        let carried = |row: &Row| Ok((row.text("name")?, row.json::<NetworkOptions>("carried")?));
        for (network, options) in self.list(&GIVEN_BACK, &[], carried).await? {
            if options.profile == *name && holders.iter().all(|holder| holder.name != network) {
                holders.push(Holder { what: "network".to_owned(), name: network });
            }
        }
        Ok(holders)
    }

    /// Adds a profile.
    ///
    /// # Errors
    /// [`crate::Constraint::NameTaken`], and when the database fails.
    pub async fn insert_profile(&mut self, profile: &Profile, now: Timestamp) -> Result<()> {
        let params = params![&profile.name, Param::json(profile)?, now];
        self.execute(&INSERT, &params).await.map(drop)
    }

    /// Writes a profile anew.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or there is no such profile.
    pub async fn update_profile(&mut self, profile: &Profile, now: Timestamp) -> Result<()> {
        self.touch("profile", &UPDATE, &params![&profile.name, Param::json(profile)?, now]).await
    }

    /// Removes a profile that no network uses.
    ///
    /// # Errors
    /// [`crate::Constraint::Referenced`] when one does, and when the database fails.
    pub async fn delete_profile(&mut self, name: &Name) -> Result<()> {
        self.touch("profile", &DELETE, &params![name]).await
    }
}
