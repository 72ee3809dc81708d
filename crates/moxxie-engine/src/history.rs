//! Lists as of a past time: what is still as it was then, from the live tables, and what has ended since,
//! from history; merged in the order of the list.

mod then;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use moxxie_api::{self as wire};
use moxxie_core::{
    Timestamp,
    free_range::RangeSet,
    identity::Scope,
    network::Network,
    prefix::{address_from_number, bounds, family},
};
use moxxie_store::{Address, LabelFilter, Listing, Page, PrefixRecord, Reads, Remembered, Window};

pub(crate) use self::then::{Then, named};
use crate::{
    Engine, Error,
    address::{fixed, view},
    batch::space::Ground,
    network::host_tags,
};

/// A part of the live list, in order, and whether it goes to the end.
pub(crate) struct Live<T> {
    pub(crate) items: Vec<T>,
    pub(crate) whole: bool,
}

impl<T> From<Listing<T>> for Live<T> {
    fn from(listing: Listing<T>) -> Self {
        Self { whole: listing.next.is_none(), items: listing.items }
    }
}

/// A list of live records in the order of their places.
pub(crate) trait LiveList<T>: Sync {
    /// The part of it behind a place; from the beginning without one.
    fn behind(
        &self,
        place: Option<[u8; 16]>,
        part: Page,
    ) -> impl Future<Output = Result<Live<T>, Error>> + Send;
}

/// The addresses of a network in one of its prefixes.
struct LiveAddresses<'a> {
    reads: &'a Reads,
    scope: Scope,
    network: &'a Network,
    prefix: IpNet,
}

impl LiveList<Address> for LiveAddresses<'_> {
    async fn behind(&self, place: Option<[u8; 16]>, part: Page) -> Result<Live<Address>, Error> {
        let address = self.prefix.addr();
        let after = match place {
            Some(place) => address_from_number(u128::from_be_bytes(place), address),
            // Behind the last IPv4 address of all come the IPv6 ones.
            None => Some(IpAddr::V4(Ipv4Addr::BROADCAST)).filter(|_| address.is_ipv6()),
        };
        let part = Page { after: after.map(|address| address.to_string()), ..part };
        let mut found = self.reads.addresses(self.scope, self.network.id, &part).await?;
        let before = found.items.len();
        found.items.retain(|record| record.address.is_ipv4() == address.is_ipv4());
        let whole = found.next.is_none() || found.items.len() < before;
        Ok(Live { items: found.items, whole })
    }
}

/// How many are read at a time from each of the two.
const PART: u32 = 500;

impl Engine {
    /// The time of `?at=`, if one is given.
    pub(crate) fn past_time(&self, at: Option<&str>) -> Result<Option<Timestamp>, Error> {
        let Some(text) = at else { return Ok(None) };
        let parsed = text.parse::<Timestamp>();
        let at = parsed.map_err(|_| {
            Error::invalid("at", "is not a time: write it as 2026-11-23T14:00:00Z (RFC 3339)")
        })?;
        if at > self.now() {
            return Err(Error::invalid("at", "is in the future; leave it out to see how things are now"));
        }
        Ok(Some(at))
    }
}

impl Engine {
    /// A record as it was then: the live one if that is as old, else what history has of the id.
    pub(crate) async fn version_at<T: Remembered>(
        &self,
        then: &Then,
        live: Option<T>,
        id: &str,
    ) -> Result<Option<T>, Error> {
        if let Some(live) = live
            && live.place().since <= then.at
        {
            return Ok(Some(live));
        }
        let version = self.0.store.past::<T>(then.scope, id, then.at).await?;
        Ok(version.map(|version| version.record))
    }

    /// The record that had a place then: the live one if that is as old, else what history has there.
    pub(crate) async fn placed_at<T: Remembered>(
        &self,
        then: &Then,
        live: Option<T>,
        window: &Window,
    ) -> Result<Option<T>, Error> {
        if let Some(live) = live
            && live.place().since <= then.at
        {
            return Ok(Some(live));
        }
        let found = self.0.store.past_list::<T>(then.scope, window, then.at, 1).await?;
        Ok(found.into_iter().next().map(|version| version.record))
    }

    /// The addresses of a network as they were: one family after the other.
    pub(crate) async fn addresses_at(
        &self,
        then: &Then,
        id: &str,
        label: Option<&LabelFilter>,
        page: &Page,
    ) -> Result<wire::Page<wire::address::Address>, Error> {
        let network = self.find_network_at(then, id).await?;
        let mut prefixes = vec![network.prefix];
        prefixes.extend(network.second.as_ref().map(|second| second.prefix));
        let (mut index, mut after) = position(page.after.as_deref(), prefixes.len())?;
        let mut answer = wire::Page { items: Vec::new(), next_cursor: None };
        while let Some(prefix) = prefixes.get(index) {
            let room = (page.limit as usize).saturating_sub(answer.items.len());
            if room == 0 {
                answer.next_cursor = Some(format!("{index}.{}", after.unwrap_or_default()));
                return Ok(answer);
            }
            let ground = self.ground_at(then, &network, *prefix).await?;
            if page.after.is_none() && after.is_none() && label.is_none() {
                answer.items.extend(fixed(&ground));
            }
            let part = Page { after, limit: u32::try_from(room).unwrap_or(page.limit) };
            let found = self.part_at(then, &network, *prefix, label, &part).await?;
            answer.items.extend(found.items.iter().map(|record| view(&ground, record)));
            match found.next {
                Some(place) => {
                    answer.next_cursor = Some(format!("{index}.{place}"));
                    return Ok(answer);
                }
                None => (index, after) = (index + 1, None),
            }
        }
        Ok(answer)
    }

    async fn part_at(
        &self,
        then: &Then,
        network: &Network,
        prefix: IpNet,
        label: Option<&LabelFilter>,
        page: &Page,
    ) -> Result<Listing<Address>, Error> {
        let store = &self.0.store;
        let (from, to) = bounds(&prefix);
        let window = Window { space: network.vrf_id.to_string(), family: family(&prefix), from, to };
        let live = LiveAddresses { reads: store, scope: then.scope, network, prefix };
        let of_it = |record: &Address| {
            record.network_id == network.id && label.is_none_or(|label| label.matches(&record.tags))
        };
        page_at(store, then, &window, page, &live, of_it).await
    }

    /// What an answer says around an address of a network as it was. Ranges have no history.
    async fn ground_at(&self, then: &Then, network: &Network, prefix: IpNet) -> Result<Ground, Error> {
        let store = &self.0.store;
        let at = then.at;
        let missing = || Error::not_found("datacenter of network", network.id);
        let live = store.prefix_exactly(Scope::All, network.vrf_id, prefix).await?;
        let record = match live.filter(|record| record.since <= at) {
            Some(record) => Some(record),
            None => {
                let past =
                    store.past_around::<PrefixRecord>(Scope::All, network.vrf_id, prefix.addr(), at).await?;
                past.map(|version| version.record)
            }
        };
        let domain = then.domain(network.attachment.domain_id).ok_or_else(missing)?;
        let site = then.site(domain.site_id).ok_or_else(missing)?;
        Ok(Ground {
            layout: network.layout(prefix),
            ranges: Vec::new(),
            dhcp: None,
            candidates: RangeSet::default(),
            host_tags: host_tags(domain.encapsulation.stack(network.attachment.vlan), site.hand_off),
            going: false,
            quarantine_s: 0,
            prefix: record.ok_or_else(|| Error::not_found("prefix at that time", prefix))?,
            network: network.clone(),
        })
    }
}

fn unknown_cursor() -> Error {
    Error::invalid("cursor", "is not a cursor of this list: give back `nextCursor` as it was")
}

/// Where a list goes on that consists of several, one after the other: in which, and behind which place.
pub(crate) fn position(cursor: Option<&str>, lists: usize) -> Result<(usize, Option<String>), Error> {
    let Some(cursor) = cursor else { return Ok((0, None)) };
    let (index, place) = cursor.split_once('.').unwrap_or_default();
    let index = index.parse::<usize>().ok().filter(|index| *index < lists).ok_or_else(unknown_cursor)?;
    Ok((index, Some(place.to_owned()).filter(|place| !place.is_empty())))
}

/// A page of a list as it was then; `page.after` and the answer's cursor are places, in hex.
pub(crate) async fn page_at<T: Remembered>(
    reads: &Reads,
    then: &Then,
    window: &Window,
    page: &Page,
    live: &impl LiveList<T>,
    wanted: impl Fn(&T) -> bool,
) -> Result<Listing<T>, Error> {
    let (scope, at) = (then.scope, then.at);
    let mut after = page.after.as_deref().map(place_of).transpose()?;
    let limit = page.limit as usize;
    let mut found: Vec<([u8; 16], T)> = Vec::new();
    loop {
        let now = live.behind(after, Page { after: None, limit: PART }).await?;
        let from = match after {
            Some(place) => u128::from_be_bytes(place).checked_add(1).map(u128::to_be_bytes),
            None => Some(window.from),
        };
        let past = match from {
            Some(from) => {
                let rest = Window { from: from.max(window.from), ..window.clone() };
                reads.past_list::<T>(scope, &rest, at, PART).await?
            }
            None => Vec::new(),
        };
        // Beyond the end of the shorter part nothing is known yet.
        let end_of_live = if now.whole { None } else { now.items.last().map(|one| one.place().first) };
        let full = past.len() == PART as usize;
        let end_of_past = past.last().filter(|_| full).map(|one| one.record.place().first);
        let end = match (end_of_live, end_of_past) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let was = now.items.into_iter().filter(|one| one.place().since <= at);
        let mut both: Vec<([u8; 16], T)> = was
            .chain(past.into_iter().map(|one| one.record))
            .map(|one| (one.place().first, one))
            .filter(|(place, _)| end.is_none_or(|end| *place <= end))
            .collect();
        both.sort_by_key(|(place, _)| *place);
        // What ended between the two reads is in both; nothing else has a place twice at one time.
        both.dedup_by_key(|(place, _)| *place);
        found.extend(both.into_iter().filter(|(_, one)| wanted(one)));
        if found.len() > limit || end.is_none() {
            break;
        }
        after = end;
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next = found.last().filter(|_| more).map(|(place, _)| moxxie_core::audit::hex(place));
    Ok(Listing { items: found.into_iter().map(|(_, one)| one).collect(), next })
}

fn place_of(cursor: &str) -> Result<[u8; 16], Error> {
    let number =
        Some(cursor).filter(|text| text.len() == 32).and_then(|text| u128::from_str_radix(text, 16).ok());
    let unknown =
        || Error::invalid("cursor", "is not a cursor of this list: give back `nextCursor` as it was");
    number.map(u128::to_be_bytes).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_are_places() {
        assert_eq!(place_of(&moxxie_core::audit::hex(&[7; 16])).unwrap(), [7; 16]);
        for bad in ["", "x", "net-1", &"g".repeat(32), &"0".repeat(31)] {
            assert!(place_of(bad).is_err(), "{bad}");
        }
    }
}
