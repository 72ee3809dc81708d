//! A site: a datacentre.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{Name, SiteId, encapsulation::HandOff};

/// A datacentre, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Site {
    /// Its id.
    pub id: SiteId,
    /// Its name, unique.
    pub name: Name,
    /// Free text.
    pub description: String,
    /// Where it is, free text.
    pub location: String,
    /// Sources that may always reach the site's networks.
    pub management_prefixes: Vec<IpNet>,
    /// DNS servers handed out by DHCP.
    pub dns_servers: Vec<std::net::IpAddr>,
    /// Who puts the S-tag on towards hosts.
    pub hand_off: HandOff,
}
