//! Prefixes as they were.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use moxxie_core::prefix::{address_from_number, bounds, family, overlap, parse};
use moxxie_store::{Listing, Page, PrefixFilter, PrefixRecord, Reads, Window};

use super::PrefixNames;
use crate::{
    Engine, Error,
    history::{Live, LiveList, Then, page_at, position},
};

/// The prefixes of a VRF that lie in one.
struct LivePrefixes<'a> {
    reads: &'a Reads,
    filter: PrefixFilter,
    then: &'a Then,
}

impl LiveList<PrefixRecord> for LivePrefixes<'_> {
    async fn behind(&self, place: Option<[u8; 16]>, part: Page) -> Result<Live<PrefixRecord>, Error> {
        let like = self.filter.within.map(|within| within.addr());
        let after = place.zip(like).and_then(|(place, like)| {
            let address = address_from_number(u128::from_be_bytes(place), like)?;
            Some(IpNet::from(address).to_string())
        });
        Ok(self.reads.prefixes(self.then.scope, &self.filter, &Page { after, ..part }).await?.into())
    }
}

impl Engine {
    /// The prefixes of a VRF as they were, IPv4 first. Those of a pool are those that lay in it.
    pub(super) async fn prefixes_at(
        &self,
        then: &Then,
        filter: &PrefixFilter,
        page: &Page,
    ) -> Result<Listing<PrefixRecord>, Error> {
        let pool = then.pools.iter().find(|pool| Some(pool.id) == filter.pool).map(|pool| pool.prefix);
        let areas: Vec<IpNet> = match (filter.within, pool) {
            (Some(within), Some(pool)) if !overlap(&within, &pool) => Vec::new(),
            (Some(within), Some(pool)) => vec![smaller(within, pool)],
            (Some(area), None) | (None, Some(area)) => vec![area],
            (None, None) => vec![Ipv4Net::default().into(), Ipv6Net::default().into()],
        };
        let mut listing = Listing { items: Vec::new(), next: None };
        if areas.is_empty() {
            return Ok(listing);
        }
        let (mut index, mut after) = position(page.after.as_deref(), areas.len())?;
        while let Some(area) = areas.get(index).copied() {
            let room = page.limit.saturating_sub(u32::try_from(listing.items.len()).unwrap_or(u32::MAX));
            if room == 0 {
                listing.next = Some(format!("{index}.{}", after.unwrap_or_default()));
                break;
            }
            let (from, to) = bounds(&area);
            let window = Window { space: filter.vrf.to_string(), family: family(&area), from, to };
            let all = PrefixFilter {
                vrf: filter.vrf,
                within: Some(area),
                pool: None,
                tenant: None,
                status: None,
                label: None,
            };
            let live = LivePrefixes { reads: &self.0.store, filter: all, then };
            let wanted = |record: &PrefixRecord| {
                area.contains(&record.prefix)
                    && filter.tenant.is_none_or(|tenant| Some(tenant) == record.tenant_id)
                    && filter.status.is_none_or(|status| status == record.claim.status())
                    && filter.label.as_ref().is_none_or(|label| label.matches(&record.labels))
            };
            let part = Page { after, limit: room };
            let found = page_at(&self.0.store, then, &window, &part, &live, wanted).await?;
            listing.items.extend(found.items);
            if let Some(place) = found.next {
                listing.next = Some(format!("{index}.{place}"));
                break;
            }
            (index, after) = (index + 1, None);
        }
        listing.items.iter_mut().for_each(|record| then.settle_prefix(record));
        Ok(listing)
    }

    /// The prefix a path names, as it was: by id, or as a prefix of a VRF.
    pub(super) async fn find_prefix_at(
        &self,
        then: &Then,
        id: &str,
        vrf: Option<&str>,
    ) -> Result<PrefixRecord, Error> {
        let missing = || Error::not_found("prefix at that time", id);
        let store = &self.0.store;
        let found = if let Ok(known) = id.parse() {
            self.version_at(then, store.prefix(then.scope, known).await?, id).await?
        } else {
            let prefix = parse(id).map_err(|_| missing())?;
            let vrf = then.vrf_in_field(vrf)?;
            let live = store.prefix_exactly(then.scope, vrf, prefix).await?;
            let first = bounds(&prefix).0;
            let window = Window { space: vrf.to_string(), family: family(&prefix), from: first, to: first };
            let found = self.placed_at(then, live, &window).await?;
            found.filter(|record| record.prefix == prefix)
        };
        let mut record = found.ok_or_else(missing)?;
        then.settle_prefix(&mut record);
        Ok(record)
    }
}

impl PrefixNames {
    /// Names as they were.
    pub(super) fn of(then: &Then) -> Self {
        Self {
            vrfs: then.vrfs.iter().map(|vrf| (vrf.id, vrf.name.to_string())).collect(),
            pools: then.pools.iter().map(|pool| (pool.id, pool.name.to_string())).collect(),
            tenants: then.tenants.iter().map(|tenant| (tenant.id, tenant.name.to_string())).collect(),
        }
    }
}

/// The smaller of two prefixes that share addresses.
fn smaller(a: IpNet, b: IpNet) -> IpNet {
    if a.prefix_len() >= b.prefix_len() { a } else { b }
}
