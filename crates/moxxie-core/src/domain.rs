//! A VLAN domain: where a VLAN id must be unique.

use serde::{Deserialize, Serialize};

use crate::{
    DomainId, Name, SiteId,
    encapsulation::Encapsulation,
    vlan::{VlanId, VlanRange},
};

/// A VLAN domain, as stored: one per trunk and S-VLAN.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Domain {
    /// Its id.
    pub id: DomainId,
    /// The site it belongs to.
    pub site_id: SiteId,
    /// Its name, unique within the site.
    pub name: Name,
    /// How its frames are tagged.
    pub encapsulation: Encapsulation,
    /// The ids that networks may get.
    pub range: VlanRange,
    /// How long a VLAN id stays unused after its release, in seconds; 0: not at all.
    pub quarantine_s: u32,
}

impl Domain {
    /// The VLAN for a new network: the wanted one when it lies in the range, else the first free one.
    #[must_use]
    pub fn next_vlan(&self, used: impl IntoIterator<Item = VlanId>) -> Option<VlanId> {
        self.range.first_free(used)
    }
}
