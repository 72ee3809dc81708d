//! A container: a prefix that pools and other containers are arranged in. Nothing comes from it.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{ContainerId, Name, SiteId, VrfId};

/// A container, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Container {
    /// Its id.
    pub id: ContainerId,
    /// Its name, unique.
    pub name: Name,
    /// The VRF it is in.
    pub vrf_id: VrfId,
    /// The site it is for, as far as it is for one.
    pub site_id: Option<SiteId>,
    /// The prefix.
    pub prefix: IpNet,
    /// Free text.
    pub description: String,
}
