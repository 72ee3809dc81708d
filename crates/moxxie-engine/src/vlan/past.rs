//! VLAN ids as they were.

use moxxie_core::{VlanRecordId, domain::Domain, vlan::VlanId};
use moxxie_store::{VlanRecord, Window};

use crate::{Engine, Error, history::Then};

impl Engine {
    /// The VLAN ids that were taken in a domain, ascending, whoever's they were.
    pub(super) async fn vlans_at(&self, then: &Then, domain: &Domain) -> Result<Vec<VlanRecord>, Error> {
        let (store, all) = (&self.0.store, moxxie_core::identity::Scope::All);
        let live = store.vlans(all, domain.id).await?;
        let window = Window::all(domain.id.to_string(), 0);
        let past = store.past_list::<VlanRecord>(all, &window, then.at, u32::MAX).await?;
        let mut taken: Vec<_> = live.into_iter().filter(|vlan| vlan.since <= then.at).collect();
        taken.extend(past.into_iter().map(|version| version.record));
        taken.sort_by_key(|vlan| vlan.vlan);
        // What ended between the two reads is in both.
        taken.dedup_by_key(|vlan| vlan.vlan);
        Ok(taken)
    }

    /// The VLAN id a path names, as it was: by number, or by the id of the record.
    pub(super) async fn find_vlan_at(
        &self,
        then: &Then,
        domain: &Domain,
        vlan: &str,
    ) -> Result<VlanRecord, Error> {
        let missing = || Error::not_found("taken VLAN at that time", vlan);
        let store = &self.0.store;
        let found = if let Ok(id) = vlan.parse::<VlanRecordId>() {
            self.version_at(then, store.vlan(then.scope, id).await?, vlan).await?
        } else {
            let vid = vlan.parse::<i64>().ok().and_then(|vid| VlanId::new(vid).ok()).ok_or_else(missing)?;
            let place = u128::from(vid.get()).to_be_bytes();
            let window = Window { space: domain.id.to_string(), family: 0, from: place, to: place };
            let live = store.vlan_by_vid(then.scope, domain.id, vid).await?;
            self.placed_at(then, live, &window).await?
        };
        found.filter(|found| found.domain_id == domain.id).ok_or_else(missing)
    }
}
