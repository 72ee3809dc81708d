//! What is asked.

use std::time::Duration;

use routeros_client::{Config, Security};
use secrecy::SecretString;

/// Something a check does that a router's owner must have agreed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Capability {
    /// Taking safe mode: an unroll takes back what *anybody* did meanwhile.
    SafeMode,
    /// Making users and groups.
    Users,
}

impl Capability {
    /// Both.
    pub const ALL: [Self; 2] = [Self::SafeMode, Self::Users];

    /// As on the command line.
    pub fn word(self) -> &'static str {
        match self {
            Self::SafeMode => "safe-mode",
            Self::Users => "users",
        }
    }
}

/// A router, or something that claims to be one.
#[derive(Clone, Debug)]
pub struct Target {
    /// Host name or IP address, with or without a port.
    pub address: String,
    /// A user with the policies api, read, write, policy, test and whatever the allowed checks need.
    pub user: String,
    /// Its password.
    pub password: SecretString,
    /// Plain, or TLS.
    pub security: Security,
    /// What checks may do beyond their own rows.
    pub allowed: Vec<Capability>,
}

impl Target {
    /// A plain session, with nothing allowed.
    pub fn plain(address: &str, user: &str, password: &str) -> Self {
        Self {
            address: address.to_owned(),
            user: user.to_owned(),
            password: password.to_owned().into(),
            security: Security::Plain,
            allowed: Vec::new(),
        }
    }

    /// The client's settings for this target.
    pub fn config(&self) -> Config {
        self.config_as(&self.user, self.password.clone())
    }

    /// The same for another user.
    pub fn config_as(&self, user: &str, password: SecretString) -> Config {
        Config::new(&self.address, user, password, self.security.clone())
            .connect_timeout(Duration::from_secs(10))
            .command_deadline(Duration::from_secs(20))
    }
}
