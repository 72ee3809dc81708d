//! A pool: a supernet that allocations of a site, or of all sites, come from.

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::{Name, PoolId, SiteId, VrfId};

/// A prefix pool, as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    /// Its id.
    pub id: PoolId,
    /// Its name, unique.
    pub name: Name,
    /// The only site that may use it; `None`: every site.
    pub site_id: Option<SiteId>,
    /// The VRF its prefixes live in.
    pub vrf_id: VrfId,
    /// The supernet.
    pub prefix: IpNet,
    /// Free text.
    pub description: String,
}
