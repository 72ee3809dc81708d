//! Secrets, sealed at rest with a key derived from the master key.

use ring::aead::{Aad, NONCE_LEN, Nonce};
use secrecy::{ExposeSecret, SecretString, zeroize::Zeroizing};

use crate::{Reads, Result, StoreError, Tx, key::random, param::params, statement::Statement};

static GET: Statement =
    Statement::new("secret.get", "SELECT sealed FROM secret WHERE owner_id = $1 AND kind = $2");
static PUT: Statement = Statement::new(
    "secret.put",
    "INSERT INTO secret (owner_id, kind, sealed) VALUES ($1, $2, $3)
     ON CONFLICT (owner_id, kind) DO UPDATE SET sealed = excluded.sealed",
);
static DELETE: Statement = Statement::new("secret.delete", "DELETE FROM secret WHERE owner_id = $1");

pub(crate) static STATEMENTS: &[&Statement] = &[&GET, &PUT, &DELETE];

/// Ties a sealed secret to its place: moved to another owner or kind, it does not open.
fn bound_to(owner: &str, kind: &str) -> Aad<Vec<u8>> {
    Aad::from([owner.as_bytes(), b"\0", kind.as_bytes()].concat())
}

impl Reads {
    /// Opens a secret; `None` when there is none of that kind.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn open_secret(&self, owner: &str, kind: &str) -> Result<Option<SecretString>> {
        let Some(sealed) = self.one(&GET, &params![owner, kind], |row| row.bytes("sealed")).await? else {
            return Ok(None);
        };
        let refused = || StoreError::Sealed { owner: owner.to_owned(), kind: kind.to_owned() };
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>().ok_or_else(refused)?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let opened = self
            .shared
            .keys
            .seal
            .open_in_place(Nonce::assume_unique_for_key(*nonce), bound_to(owner, kind), &mut buffer)
            .map_err(|_| refused())?;
        let text = std::str::from_utf8(opened).map_err(|_| refused())?;
        Ok(Some(SecretString::from(text)))
    }
}

impl Tx {
    /// Seals and stores a secret, in place of the one of that kind. `owner` is a printed id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn put_secret(&mut self, owner: &str, kind: &str, secret: &SecretString) -> Result<()> {
        let refused = || StoreError::Sealed { owner: owner.to_owned(), kind: kind.to_owned() };
        let nonce: [u8; NONCE_LEN] = random().ok_or_else(refused)?;
        let mut buffer = secret.expose_secret().as_bytes().to_vec();
        self.shared
            .keys
            .seal
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), bound_to(owner, kind), &mut buffer)
            .map_err(|_| refused())?;
        let sealed = [nonce.as_slice(), &buffer].concat();
        self.execute(&PUT, &params![owner, kind, sealed]).await.map(drop)
    }

    /// Removes an owner's secrets.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_secrets(&mut self, owner: &str) -> Result<()> {
        self.execute(&DELETE, &params![owner]).await.map(drop)
    }
}
