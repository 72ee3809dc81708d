//! What memory knows of a space: its network, its version, and some of what is free.

use std::time::Duration;

use moxxie_api::network::HostTag;
use moxxie_core::{
    NetworkId, Timestamp,
    address::Layout,
    change::{ChangeKind, ChangeState},
    free_range::{FreeRanges, RangeSet},
    identity::Scope,
    network::Network,
    prefix::{address_from_number, last_address},
    range::Span,
};
use moxxie_store::{PrefixRecord, Reads, SpaceStep, StoreError, Territory, Tx};
use tokio::time::Instant;

use super::Family;
use crate::{Error, network::host_tags};

/// A prefix of a network with everything an address in it depends on. It holds as long as the version of its space.
#[derive(Debug)]
pub(crate) struct Ground {
    pub(crate) network: Network,
    pub(crate) prefix: PrefixRecord,
    pub(crate) layout: Layout,
    /// The network's ranges in this prefix, in numbers.
    pub(crate) ranges: Vec<Span>,
    /// What DHCP gives out.
    pub(crate) dhcp: Option<(u128, u128)>,
    /// What the next address is taken from.
    pub(crate) candidates: RangeSet,
    pub(crate) host_tags: Vec<HostTag>,
    /// The network is being removed or rolled back, and takes its addresses with it.
    pub(crate) going: bool,
    /// How long an address is kept back after its release, in seconds.
    pub(crate) quarantine_s: i64,
}

impl Ground {
    /// The prefix of a network that is of this family.
    pub(crate) async fn prefix(reads: &Reads, id: NetworkId, family: Family) -> Result<PrefixRecord, Error> {
        let prefixes = reads.prefixes_of_network(Scope::All, id).await?;
        if prefixes.is_empty() {
            return Err(Error::not_found("network", id));
        }
        let prefix = prefixes.into_iter().find(|prefix| family.is_of(prefix.prefix.addr()));
        prefix
            .ok_or_else(|| Error::invalid("family", format!("the network has no {} prefix", family.as_str())))
    }

    /// Reads a prefix of a network with all that belongs to it.
    pub(crate) async fn read(reads: &Reads, id: NetworkId, family: Family) -> Result<Self, Error> {
        let missing = || Error::not_found("network", id);
        let prefix = Self::prefix(reads, id, family).await?;
        let network = reads.network(Scope::All, id).await?.ok_or_else(missing)?;
        let domain = reads.domain(network.attachment.domain_id).await?.ok_or_else(missing)?;
        let site = reads.site(domain.site_id).await?.ok_or_else(missing)?;
        let ranges = reads.ranges(Scope::All, id).await?;
        let ranges: Vec<Span> =
            ranges.iter().filter(|range| range.prefix_id == prefix.id).map(|range| range.span()).collect();
        let layout = network.layout(prefix.prefix);
        // DHCP is IPv4.
        let open = reads.open_change_of_network(id).await?;
        // While DHCP is being turned off, the change may still be undone.
        let was = match &open {
            Some(change) if change.kind == ChangeKind::Modify => {
                let subjects = reads.subjects(change.id).await?;
                subjects.into_iter().find(|subject| subject.network == id).and_then(|subject| subject.carried)
            }
            _ => None,
        };
        let dhcp = (network.options.dhcp || was.is_some_and(|options| options.dhcp))
            && prefix.prefix.addr().is_ipv4();
        let going = open.is_some_and(|change| {
            change.kind == ChangeKind::Deprovision
                || (change.kind == ChangeKind::Provision
                    && matches!(change.state, ChangeState::RollingBack | ChangeState::NeedsOperator))
        });
        Ok(Self {
            dhcp: layout.dhcp_span(&ranges, dhcp),
            candidates: layout.candidates(&ranges, dhcp),
            host_tags: host_tags(domain.encapsulation.stack(network.attachment.vlan), site.hand_off),
            quarantine_s: reads.pool(prefix.pool_id).await?.map_or(0, |pool| i64::from(pool.quarantine_s)),
            layout,
            ranges,
            going,
            network,
            prefix,
        })
    }

    pub(crate) fn space_id(&self) -> String {
        self.prefix.id.to_string()
    }

    pub(crate) const fn territory(&self) -> Territory {
        Territory { vrf: self.prefix.vrf_id, prefix: self.prefix.prefix }
    }
}

/// A space as memory knows it.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) ground: Ground,
    pub(super) version: i64,
    pub(super) free: FreeRanges,
    /// The numbers of which `free` is known to say the truth.
    covered: RangeSet,
    /// Numbers that routers show, recorded or not: the next one is none of them.
    pub(super) seen: RangeSet,
    /// When `seen` was read, and how often this process had written sightings by then.
    seen_as_of: (Instant, u64),
    /// Numbers that the batch being planned gives back. They are given out by the next one: the statement that does
    /// both has no order.
    back: Vec<u128>,
    /// Whether it was read for the batch that is being planned, so that a refusal can be believed.
    pub(super) fresh: bool,
}

/// How many addresses that routers show are read at once.
const SEEN_AT_ONCE: u32 = 20_000;
/// How long what routers show is believed. What this process writes is known at once; what others write, and that a
/// sighting has become too old, after this.
const SEEN_FOR: Duration = Duration::from_secs(10);
/// More ranges than this are not kept in memory from batch to batch.
const MOST_RANGES: usize = 8192;

impl Known {
    /// Reads a space; `None` when nothing was given out from it yet. The version is read first: what changes
    /// while the rest is read makes a batch stale, never wrong.
    pub(super) async fn read(
        reads: &Reads,
        id: NetworkId,
        family: Family,
        looked: Looked,
    ) -> Result<Option<Self>, Error> {
        let prefix = Ground::prefix(reads, id, family).await?;
        let Some(space) = reads.space(&prefix.id.to_string()).await? else { return Ok(None) };
        let ground = Ground::read(reads, id, family).await?;
        if ground.prefix.id != prefix.id {
            return Ok(None);
        }
        let window = reads.free_window(&space.id).await?;
        let end = if window.whole { u128::MAX } else { window.ranges.last().map_or(0, |(_, last)| *last) };
        let covered = [(0, end)].into_iter().collect();
        let free = FreeRanges::new(window.ranges.into_iter().collect());
        let seen_as_of = (Instant::now(), looked.written);
        let seen = seen(reads, &ground, looked.since).await?;
        let (version, back, fresh) = (space.version, Vec::new(), true);
        Ok(Some(Self { ground, version, free, covered, seen, seen_as_of, back, fresh }))
    }

    /// Whether what routers show may be another thing by now.
    pub(super) fn looks_old(&self, looked: Looked) -> bool {
        let (at, written) = self.seen_as_of;
        written != looked.written || at.elapsed() > SEEN_FOR
    }

    /// Reads again what routers show.
    pub(super) async fn look_around(&mut self, reads: &Reads, looked: Looked) -> Result<(), Error> {
        self.seen_as_of = (Instant::now(), looked.written);
        self.seen = seen(reads, &self.ground, looked.since).await?;
        Ok(())
    }

    /// Makes the space of a prefix, in a transaction of its own.
    pub(super) async fn make(mut tx: Tx, id: NetworkId, family: Family) -> Result<(), Error> {
        // Nobody removes the network meanwhile.
        tx.lock_network(Scope::All, id).await?.ok_or_else(|| Error::not_found("network", id))?;
        let ground = Ground::read(&tx, id, family).await?;
        Self::make_for(&mut tx, &ground).await?;
        Ok(tx.commit().await?)
    }

    /// Makes the space of a prefix, in a transaction that goes on.
    pub(super) async fn make_for(tx: &mut Tx, ground: &Ground) -> Result<(), StoreError> {
        let space = ground.space_id();
        tx.insert_space(ground.prefix.id, ground.network.id).await?;
        // Of two at once the second finds the other's, and computes the same.
        tx.lock_space(&space).await?;
        tx.rebuild_space(&space, ground.territory(), &ground.candidates).await
    }

    /// Sees to it that what is free around a number is known.
    pub(super) async fn learn(&mut self, reads: &Reads, number: u128) -> Result<(), StoreError> {
        let reach = (number.saturating_sub(1), number.saturating_add(1));
        if self.covered.around(reach.0).is_some_and(|(_, last)| reach.1 <= last) {
            return Ok(());
        }
        let (below, above) = reads.free_around(&self.ground.space_id(), number).await?;
        for (first, last) in [below, above].into_iter().flatten() {
            self.free.learn(first, last);
        }
        let from = below.map_or(0, |(first, _)| first);
        let to = above.map_or(u128::MAX, |(_, last)| last);
        self.covered.insert(from, to.max(below.map_or(0, |(_, last)| last)));
        Ok(())
    }

    /// Takes the lowest free number; `None` when none is known to be the lowest.
    pub(super) fn take_lowest(&mut self) -> Option<u128> {
        let number = self.free.take_lowest(&self.seen)?;
        if self.covered.around(0).is_some_and(|(_, last)| number <= last) {
            return Some(number);
        }
        self.free.give(number);
        None
    }

    /// Whether all that is free is known, so that "nothing is left" is the index's word.
    pub(super) fn is_whole(&self) -> bool {
        self.covered.around(0).is_some_and(|(_, last)| last == u128::MAX)
    }

    /// Gives a number back.
    pub(super) fn give_back(&mut self, number: u128) {
        if self.ground.candidates.contains(number) {
            self.back.push(number);
        }
    }

    /// What the batch does here.
    pub(super) fn step(&mut self) -> SpaceStep {
        for number in self.back.drain(..) {
            // One that is free already was written behind our back; the index says the same in the end.
            self.free.give(number);
        }
        let (changes, low) = (self.free.changes(), self.free.advanced());
        SpaceStep { id: self.ground.space_id(), version: self.version, changes, low }
    }

    /// The batch is written. Whether it is worth keeping.
    pub(super) fn settle(&mut self) -> bool {
        self.free.settle();
        self.version += 1;
        self.fresh = false;
        self.free.set().ranges() <= MOST_RANGES && (self.is_whole() || !self.free.set().is_empty())
    }
}

/// What of the routers' word counts: since when, and how often this process has written it down.
#[derive(Debug, Clone, Copy)]
pub(super) struct Looked {
    pub(super) since: Timestamp,
    pub(super) written: u64,
}

/// What routers show of a prefix.
async fn seen(reads: &Reads, ground: &Ground, since: Timestamp) -> Result<RangeSet, Error> {
    let prefix = ground.prefix.prefix;
    let (vrf, last) = (ground.prefix.vrf_id, last_address(&prefix));
    let mut seen = RangeSet::default();
    let mut from = Some(prefix.network());
    while let Some(first) = from {
        let numbers = reads.seen_between(vrf, first, last, since, SEEN_AT_ONCE).await?;
        let full = numbers.len() >= SEEN_AT_ONCE as usize;
        let behind = numbers.last().and_then(|last| last.checked_add(1)).filter(|_| full);
        from =
            behind.and_then(|number| address_from_number(number, first)).filter(|next| prefix.contains(next));
        numbers.into_iter().for_each(|number| seen.insert(number, number));
    }
    Ok(seen)
}

/// Seconds from now on.
pub(crate) fn after(now: Timestamp, seconds: i64) -> Timestamp {
    now.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(Timestamp::MAX)
}
