//! Carrying a step out, and what a router shows in a TLS handshake.

use std::time::Duration;

use routeros_client::{Command, TlsError, fetch_key};
use secrecy::SecretString;

use super::{Part, Step};
use crate::{Deadlines, DriverError, Session};

/// Making and signing a key takes a small board many seconds.
const SIGNING: Duration = Duration::from_secs(40);

/// What the TLS API service of a router shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presented {
    /// A key, and it has proved to have it.
    Key {
        /// SHA-256 of its public key info, 64 hex digits.
        spki: String,
        /// SHA-256 of the certificate, 64 hex digits.
        certificate: String,
    },
    /// No certificate: only anonymous Diffie-Hellman, which proves nothing and which TLS libraries of today
    /// do not have.
    NoCertificate,
}

/// Does a TLS handshake with `host:port` and says what was shown. No name and no password is sent.
///
/// # Errors
/// [`DriverError`] when there is no connection, or no TLS at all.
pub async fn presented(router: &str, address: &str, deadlines: Deadlines) -> Result<Presented, DriverError> {
    match fetch_key(address, deadlines.connect).await {
        Ok(key) => {
            let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            Ok(Presented::Key { spki: hex(key.pin.as_bytes()), certificate: hex(&key.certificate) })
        }
        Err(routeros_client::Error::Tls { source: TlsError::NoCertificate, .. }) => {
            Ok(Presented::NoCertificate)
        }
        Err(error) => Err(DriverError::of(router, error)),
    }
}

impl Session {
    /// Carries out one step. `password` is used where the step sets one.
    ///
    /// # Errors
    /// [`DriverError`]; unless it is [`DriverError::Refused`], the step may have been done all the same.
    pub async fn perform(&self, step: &Step, password: &SecretString) -> Result<(), DriverError> {
        let mut command = step.command(password);
        if step.part == Part::Signature {
            command = command.deadline(SIGNING);
        }
        self.connection.run(command).await.map(drop).map_err(|error| self.error(error))
    }

    /// Switches the plain API service off. Sessions that use it end when they please; new ones do not begin.
    ///
    /// # Errors
    /// [`DriverError`].
    pub async fn disable_plain_api(&self) -> Result<(), DriverError> {
        let survey = self.survey().await?;
        let Some(service) = survey.service("api").filter(|row| !row.flag("disabled")) else { return Ok(()) };
        let command = Command::new("/ip/service/set").id(&service.id).attr("disabled", "yes");
        self.connection.run(command).await.map(drop).map_err(|error| self.error(error))
    }
}
