//! Bringing routers under management, and swapping devices.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::router::{Router, Tls};

/// A login to a router.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Login {
    /// The user.
    pub username: String,
    /// Its password; never given back.
    #[schema(write_only)]
    pub password: String,
}

impl std::fmt::Debug for Login {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Login").field("username", &self.username).finish_non_exhaustive()
    }
}

/// What an enrolment does beside what it must.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EnrollOptions {
    /// Name of the user and group made for moxxie; `moxxie` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Addresses or prefixes that user may log in from: where this server's connections come from. Any when
    /// empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub allow_from: Vec<String>,
    /// Add the anchor rules where they are missing, behind the leading rules that open nothing.
    #[serde(default)]
    pub create_anchors: bool,
    /// Switch the plain API service off, after everything else.
    #[serde(default)]
    pub disable_plain_api: bool,
    /// The login is the one moxxie is to use from then on, and it is kept, sealed: the router was prepared
    /// by hand, is checked, and nothing is written to it.
    #[serde(default)]
    pub keep_login: bool,
}

/// A router to bring under management.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouterEnroll {
    /// Its name: 1 to 63 of `a-z`, `0-9`, `-`.
    pub name: String,
    /// The datacentre it stands in.
    pub datacenter: String,
    /// `host:port` of its TLS API service, at which it is managed from then on; port 8729 when absent.
    #[schema(example = "192.0.2.1")]
    pub address: String,
    /// An administrator's login, used this once and not kept. Without one only a dry run is possible: it
    /// gives the script that prepares a router by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<Login>,
    /// The key the router must have. When absent, the answer names the key that it shows (`unknown_key`)
    /// and no login is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Log in without protection at this `host:port` (port 8728 when absent), for a router that has no
    /// certificate yet: the login crosses the network readable, this once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_address: Option<String>,
    /// The interface that carries the VLANs.
    #[schema(example = "ether2")]
    pub trunk: String,
    /// Comment of the two rules before which moxxie puts its own; `moxxie-anchor` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firewall_anchor: Option<String>,
    /// What else is done.
    #[serde(default)]
    pub options: EnrollOptions,
}

/// A device that takes the place of another. What is left out stays as it was registered.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouterReplace {
    /// Serial number or system id of the device that goes: as confirmation.
    pub old_serial: String,
    /// Serial number or system id of the one that comes. A dry run without it tells what answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_serial: Option<String>,
    /// `host:port` of the new device's TLS API service.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// An administrator's login on the new device, used this once and not kept.
    pub login: Login,
    /// The key the new device must have; see the enrolment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<Tls>,
    /// Log in without protection at this `host:port`; see the enrolment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plain_address: Option<String>,
    /// The interface that carries the VLANs on the new device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trunk: Option<String>,
    /// What else is done.
    #[serde(default)]
    pub options: EnrollOptions,
}

/// What was found, what is to be done or was done, and what came of it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Enrolment {
    /// The router as it is registered; `null` in a dry run.
    pub router: Option<Router>,
    /// What answered; `null` when no login was given.
    pub device: Option<Device>,
    /// The key of the connection from then on; `null` while the router has none.
    pub tls: Option<Tls>,
    /// What was found.
    pub findings: Vec<EnrollFinding>,
    /// The commands, in order, as lines of a RouterOS script; the word `PASSWORD` stands for the generated
    /// password. Empty when everything is there.
    pub commands: Vec<String>,
    /// The changes that bring the networks onto the new device, in order.
    pub changes: Vec<String>,
    /// How many networks a replacement brings, or would bring, onto the new device.
    pub networks: u64,
}

/// A device as it tells of itself.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Device {
    /// Serial number, or system id of a virtual router.
    pub serial: String,
    /// Board.
    pub board: String,
    /// RouterOS version.
    pub version: String,
    /// Name it has for itself.
    pub identity: String,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnrollFinding {
    /// What: `version`, `device`, `device-mode`, `policies`, `user`, `clock`, `flash`, `api-ssl`, `api`,
    /// `trunk`, `firewall`, `anchor`, `marks`.
    pub check: String,
    /// `ok`, `warning`, or `refusal`, which is in the way.
    pub level: String,
    /// What was found, and what would help.
    pub message: String,
}
