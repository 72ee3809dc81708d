//! Firewall profiles that users wrote. The built-in ones are not stored.

use moxxie_core::{ChangeId, Name, Timestamp, network::NetworkOptions, profile::Profile};

use crate::{
    Holder, Reads, Result, StoreError, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement = Statement::new(
    "profile.list",
    "SELECT content, revision, updated_at, version FROM profile ORDER BY name",
);
static GET: Statement = Statement::new(
    "profile.get",
    "SELECT content, revision, updated_at, version FROM profile WHERE name = $1",
);
static LOCK: Statement = Statement::new(
    "profile.lock",
    "SELECT content, revision, updated_at, version FROM profile WHERE name = $1",
)
.locking("profile");
static INSERT: Statement = Statement::new(
    "profile.insert",
    "INSERT INTO profile (name, content, revision, created_at, updated_at, version)
     VALUES ($1, $2, 1, $3, $3, 1)",
);
static UPDATE: Statement = Statement::new(
    "profile.update",
    "UPDATE profile SET content = $2, revision = $3, updated_at = $4, version = version + 1 WHERE name = $1",
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

static OPEN: Statement =
    Statement::new("profile.open_change", "SELECT change_id FROM change_profile WHERE name = $1 AND open");
static OF_CHANGE: Statement = Statement::new(
    "profile.of_change",
    "SELECT content, revision FROM change_profile WHERE change_id = $1 ORDER BY name",
);
static KEEP: Statement = Statement::new(
    "profile.keep",
    "INSERT INTO change_profile (change_id, name, content, revision, open) VALUES ($1, $2, $3, $4, true)",
);
static CLOSE: Statement =
    Statement::new("profile.close", "UPDATE change_profile SET open = false WHERE change_id = $1 AND open");

pub(crate) static STATEMENTS: &[&Statement] =
    &[&LIST, &GET, &LOCK, &INSERT, &UPDATE, &DELETE, &HOLDERS, &GIVEN_BACK, &OPEN, &OF_CHANGE, &KEEP, &CLOSE];

/// A profile as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// What it says.
    pub profile: Profile,
    /// Counts how often its rules were written, from 1.
    pub revision: u32,
    /// Counts its changes, from 1.
    pub version: i64,
    /// When it was last written.
    pub updated_at: Timestamp,
}

fn read(row: &Row) -> Result<StoredProfile> {
    Ok(StoredProfile {
        profile: row.json("content")?,
        revision: revision(row)?,
        version: row.int("version")?,
        updated_at: row.time("updated_at")?,
    })
}

fn revision(row: &Row) -> Result<u32> {
    let number = row.int("revision")?;
    u32::try_from(number)
        .map_err(|_| StoreError::Corrupt { what: format!("revision {number} of a firewall profile") })
}

/// A profile as it was before a change that brings it to routers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerProfile {
    /// What it said.
    pub profile: Profile,
    /// Which revision of its rules that was.
    pub revision: u32,
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

impl Reads {
    /// The change, not over yet, that brings a profile to routers.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn open_change_of_profile(&self, name: &Name) -> Result<Option<ChangeId>> {
        self.one(&OPEN, &params![name], |row| row.parsed("change_id")).await
    }

    /// The profiles that a change brings to routers, as they were before it.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails.
    pub async fn profiles_of_change(&self, change: ChangeId) -> Result<Vec<FormerProfile>> {
        let former =
            |row: &Row| Ok(FormerProfile { profile: row.json("content")?, revision: revision(row)? });
        self.list(&OF_CHANGE, &params![change], former).await
    }
}

impl Tx {
    /// Keeps what a profile was before a change that brings it to routers.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails, or when another change does so.
    pub async fn keep_profile(&mut self, change: ChangeId, before: &StoredProfile) -> Result<()> {
        let name = &before.profile.name;
        let params = params![change, name, Param::json(&before.profile)?, i64::from(before.revision)];
        self.execute(&KEEP, &params).await.map(drop)
    }

    /// The profiles of a change that is over are free for others.
    pub(crate) async fn close_profiles(&mut self, change: ChangeId) -> Result<()> {
        self.execute(&CLOSE, &params![change]).await.map(drop)
    }

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

    /// Writes a profile anew, as this revision of its rules.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or there is no such profile.
    pub async fn update_profile(&mut self, profile: &Profile, revision: u32, now: Timestamp) -> Result<()> {
        let params = params![&profile.name, Param::json(profile)?, i64::from(revision), now];
        self.touch("profile", &UPDATE, &params).await
    }

    /// Removes a profile that no network uses.
    ///
    /// # Errors
    /// [`crate::Constraint::Referenced`] when one does, and when the database fails.
    pub async fn delete_profile(&mut self, name: &Name) -> Result<()> {
        self.touch("profile", &DELETE, &params![name]).await
    }
}
