//! A router: one device under management.

use serde::{Deserialize, Serialize};

use crate::{DomainId, Name, RouterId, SiteId, Timestamp};

/// A router, as stored. Its password is sealed in a place of its own and is never part of this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Router {
    /// Its id.
    pub id: RouterId,
    /// Its name, unique.
    pub name: Name,
    /// The site it stands in.
    pub site_id: SiteId,
    /// The VLAN domain on its trunk.
    pub domain_id: DomainId,
    /// `host:port` of its management API.
    pub address: String,
    /// The user moxxie logs in as.
    pub username: String,
    /// How the connection is protected.
    pub security: Security,
    /// The interface that carries the VLANs towards switches and hosts.
    pub trunk: String,
    /// Comment of the operator's rules that mark where moxxie's firewall rules go.
    pub anchor: String,
    /// What it said it was when it was enrolled; `None` until it has first been reached.
    pub identity: Option<Identity>,
}

/// How the management connection is protected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "lowercase")]
pub enum Security {
    /// No encryption: only for a management network one trusts, and for emulated routers.
    Plain,
    /// TLS with the router's public key pinned.
    Pinned {
        /// SHA-256 of the subject public key info, 64 hex digits.
        spki: String,
    },
}

/// Who a router is, whatever address it answers on (design invariant 5).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Serial number of the board, or the system id of a virtual router.
    pub serial: String,
    /// Board name as the device tells it.
    pub board: String,
    /// Software version as the device tells it.
    pub version: String,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
}
