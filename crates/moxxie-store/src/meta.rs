//! The installation itself: made once, when the database is.

use moxxie_core::{Timestamp, VrfId, id::uuid_v7};

use crate::{
    OpenError, Reads, Result, StoreError,
    key::{Keys, random},
    param::params,
    source::Source,
    statement::Statement,
};

static SELECT: Statement =
    Statement::new("meta.get", "SELECT tag, main_vrf, key_check, created_at FROM installation WHERE id = 1");
static INSERT: Statement = Statement::new(
    "meta.insert",
    "INSERT INTO installation (id, tag, main_vrf, key_check, created_at) VALUES (1, $1, $2, $3, $4)",
);
static INSERT_VRF: Statement = Statement::new(
    "meta.vrf",
    "INSERT INTO vrf (id, name, description, created_at, updated_at)
         VALUES ($1, 'main', '', $2, $2)",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&SELECT, &INSERT, &INSERT_VRF];

/// What is known of the installation.
#[derive(Debug, Clone)]
pub(crate) struct Installation {
    pub(crate) tag: String,
    pub(crate) main_vrf: VrfId,
    pub(crate) created_at: Timestamp,
}

impl Reads {
    /// The installation's tag, used in marks on routers: 8 of `a-z0-9`, made once.
    #[must_use]
    pub fn install(&self) -> &str {
        &self.shared.installation.tag
    }

    /// When the installation was made.
    #[must_use]
    pub fn created_at(&self) -> Timestamp {
        self.shared.installation.created_at
    }
}

/// Reads the installation, or makes it, in the transaction given.
pub(crate) async fn installation(
    db: &Source,
    keys: &Keys,
    now: Timestamp,
) -> Result<Installation, OpenError> {
    if let Some(row) = db.row(&SELECT, &[]).await? {
        let tag = row.text("tag")?;
        if !keys.check(&tag, &row.bytes("key_check")?) {
            return Err(OpenError::WrongMasterKey);
        }
        return Ok(Installation {
            tag,
            main_vrf: row.parsed("main_vrf")?,
            created_at: row.time("created_at")?,
        });
    }
    let tag = tag().ok_or(OpenError::Random)?;
    let main_vrf = VrfId::new(uuid(now).ok_or(OpenError::Random)?);
    db.execute(&INSERT_VRF, &params![main_vrf, now]).await?;
    db.execute(&INSERT, &params![&tag, main_vrf, keys.check_value(&tag), now]).await?;
    let created_at = Timestamp::from_microsecond(now.as_microsecond())
        .map_err(|error| StoreError::Corrupt { what: error.to_string() })?;
    Ok(Installation { tag, main_vrf, created_at })
}

/// A UUIDv7 of this moment.
pub(crate) fn uuid(now: Timestamp) -> Option<uuid::Uuid> {
    Some(uuid_v7(now.as_millisecond().max(0).unsigned_abs(), random()?))
}

/// Eight random lower-case letters and digits. 256 is not a multiple of 36, so bytes above 251 are
/// drawn again.
fn tag() -> Option<String> {
    const DIGITS: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
    let mut tag = String::new();
    while tag.len() < 8 {
        for byte in random::<16>()?.into_iter().filter(|byte| *byte < 252).take(8 - tag.len()) {
            tag.push(char::from(DIGITS[usize::from(byte % 36)]));
        }
    }
    Some(tag)
}
