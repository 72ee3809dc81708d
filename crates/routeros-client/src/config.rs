//! Where a router is and how to log in.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use routeros_wire::Limits;
use secrecy::SecretString;

use crate::SpkiSha256;

/// How the connection is protected. There is no default: speaking plainly is a decision.
#[derive(Clone, PartialEq, Eq)]
pub enum Security {
    /// No protection: password and everything else in clear (service `api`, port 8728).
    Plain,
    /// TLS, and the router must prove to have the key with this pin (service `api-ssl`, port 8729). Name
    /// and validity of its certificate do not matter: routers sign their own.
    TlsPinned(SpkiSha256),
    /// TLS, and the router's certificate must be valid under one of these authorities.
    TlsCa {
        /// The authorities' certificates, PEM, one or more.
        roots_pem: String,
        /// The name or IP address the certificate must be for, when not that of the address connected to.
        server_name: Option<String>,
    },
}

impl Security {
    /// The port RouterOS gives the matching service.
    pub fn default_port(&self) -> u16 {
        if *self == Self::Plain { 8728 } else { 8729 }
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Plain => f.write_str("Plain"),
            Self::TlsPinned(pin) => f.debug_tuple("TlsPinned").field(pin).finish(),
            Self::TlsCa { server_name, .. } => {
                f.debug_struct("TlsCa").field("server_name", server_name).finish_non_exhaustive()
            }
        }
    }
}

/// Everything needed to open a [`Connection`](crate::Connection).
///
/// ```
/// use std::time::Duration;
/// use routeros_client::{Config, Security};
/// let config = Config::new("192.0.2.1", "moxxie", "secret".into(), Security::Plain)
///     .command_deadline(Duration::from_secs(10));
/// assert_eq!(config.address(), "192.0.2.1:8728");
/// assert!(!format!("{config:?}").contains("secret"));
/// ```
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) address: Arc<str>,
    pub(crate) user: String,
    pub(crate) password: SecretString,
    pub(crate) security: Security,
    pub(crate) connect_timeout: Duration,
    pub(crate) command_deadline: Duration,
    pub(crate) stream_backlog: usize,
    pub(crate) limits: Limits,
}

impl Config {
    /// `address` is a host name or IP address (IPv6 also without brackets), with or without a port; without
    /// one it is RouterOS's own: 8728 plain, 8729 TLS.
    pub fn new(address: &str, user: impl Into<String>, password: SecretString, security: Security) -> Self {
        Self {
            address: with_port(address, security.default_port()).into(),
            user: user.into(),
            password,
            security,
            connect_timeout: Duration::from_secs(10),
            command_deadline: Duration::from_secs(30),
            stream_backlog: 100_000,
            limits: Limits::default(),
        }
    }

    /// Time allowed for TCP, TLS and login together. Default: 10 s.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Deadline of commands that set none themselves, counted from handing the command over to its last
    /// reply. Streams have none by default. Default: 30 s.
    #[must_use]
    pub fn command_deadline(mut self, deadline: Duration) -> Self {
        self.command_deadline = deadline;
        self
    }

    /// Rows that may wait in a stream for its reader before the stream is given up, so that a reader who
    /// sleeps stops neither other commands nor fills the memory. Default: 100,000; at least 1.
    #[must_use]
    pub fn stream_backlog(mut self, rows: usize) -> Self {
        self.stream_backlog = rows.max(1);
        self
    }

    /// What the router may make this side hold. Default: [`Limits::default`].
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// `host:port`, IPv6 in brackets.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The host without port and brackets.
    pub fn host(&self) -> &str {
        host_of(&self.address)
    }

    /// The user logged in as.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// How the connection is protected.
    pub fn security(&self) -> &Security {
        &self.security
    }
}

/// `address` with a port, its own or the given one.
pub(crate) fn with_port(address: &str, port: u16) -> String {
    let colons = address.bytes().filter(|&byte| byte == b':').count();
    let has_port = match address.rfind(']') {
        Some(bracket) => address[bracket..].starts_with("]:"),
        None => colons == 1,
    };
    match (has_port, colons, address.starts_with('[')) {
        (true, ..) => address.to_owned(),
        (false, 2.., false) => format!("[{address}]:{port}"),
        _ => format!("{address}:{port}"),
    }
}

/// The host part of `host:port`.
pub(crate) fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        for (given, full, host) in [
            ("192.0.2.1", "192.0.2.1:1", "192.0.2.1"),
            ("192.0.2.1:9", "192.0.2.1:9", "192.0.2.1"),
            ("router.example", "router.example:1", "router.example"),
            ("2001:db8::1", "[2001:db8::1]:1", "2001:db8::1"),
            ("[2001:db8::1]", "[2001:db8::1]:1", "2001:db8::1"),
            ("[2001:db8::1]:9", "[2001:db8::1]:9", "2001:db8::1"),
        ] {
            assert_eq!(with_port(given, 1), full);
            assert_eq!(host_of(full), host);
        }
    }
}
