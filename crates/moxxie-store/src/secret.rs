//! Secrets, sealed at rest with a key derived from the master key.

use secrecy::SecretString;

use crate::{Reads, Result, Tx};

impl Reads {
    /// Opens a secret; `None` when there is none of that kind.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn open_secret(&self, owner: &str, kind: &str) -> Result<Option<SecretString>> {
        todo!()
    }
}

impl Tx {
    /// Seals and stores a secret, in place of the one of that kind. `owner` is a printed id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn put_secret(&mut self, owner: &str, kind: &str, secret: &SecretString) -> Result<()> {
        todo!()
    }

    /// Removes an owner's secrets.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn delete_secrets(&mut self, owner: &str) -> Result<()> {
        todo!()
    }
}
