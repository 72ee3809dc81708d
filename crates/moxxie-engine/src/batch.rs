//! Addresses are given out and taken back in batches: what waits is done together, in one transaction.
//!
//! Requests queue; whoever finds nobody at work starts a worker, which takes all that waits, plans it in memory
//! ([`plan`]), writes it, and answers. Nobody is answered before the commit. What memory knows of a space
//! ([`space`]) is only used while the space is at the version it was read at, and the database refuses what is taken
//! already whatever memory believes. In that order a batch is tried:
//!
//! 1. from memory, in one round trip;
//! 2. when a space had moved: again, with the spaces locked and read anew;
//! 3. when the database refused something: each request alone, and what is free is corrected by what is there.
//!
//! When the answer to a commit is lost, the batch is looked for before anybody is answered.
//!
//! What is rarely done is boxed: a worker is made for every burst of requests, and moved where it runs.

pub(crate) mod plan;
pub(crate) mod space;

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
    sync::{Mutex, PoisonError, atomic::Ordering},
    time::Duration,
};

use jiff::SignedDuration;
use moxxie_api::address::{Address, AddressBulk};
use moxxie_core::{
    AddressId, NetworkId, Timestamp,
    address::{AddressKind, AddressStatus},
    free_range::RangeSet,
    identity::Scope,
    prefix::address_number,
};
use moxxie_store::{Address as Record, Batch, Constraint, Labels, Reads, StoreError, Tx, Written};
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use self::{
    plan::Verdict,
    space::{Ground, Known, Looked},
};
use crate::{Context, Engine, Error, address, failpoint};

/// How many requests share a transaction at most; the rest waits for the next.
const MOST_ITEMS: usize = 256;
/// How many spaces are kept in memory.
const MOST_SPACES: usize = 4096;
/// How often one request is tried alone: the database may refuse again, because somebody writes behind our back.
const TRIES: u32 = 20;
/// How long a lost answer is looked for, and how often.
const LOOKS: u32 = 20;
const LOOK_PAUSE: Duration = Duration::from_millis(250);
/// How long "nothing is left", once checked against the records, is believed.
const FULL_FOR: SignedDuration = SignedDuration::from_secs(2);

/// IPv4 or IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Family {
    V4,
    V6,
}

impl Family {
    pub(crate) const fn of(address: IpAddr) -> Self {
        if address.is_ipv4() { Self::V4 } else { Self::V6 }
    }

    pub(crate) fn is_of(self, address: IpAddr) -> bool {
        Self::of(address) == self
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        }
    }
}

/// One address that is wanted.
#[derive(Debug, Clone)]
pub(crate) struct Take {
    pub(crate) address: Option<IpAddr>,
    pub(crate) kind: AddressKind,
    pub(crate) hostname: Option<String>,
    pub(crate) mac: Option<String>,
    pub(crate) vm_id: Option<String>,
    pub(crate) owner: Option<String>,
    pub(crate) tags: Labels,
    /// For how long it is held; `None`: it is assigned.
    pub(crate) hold_s: Option<i64>,
}

impl Take {
    fn record(&self, id: AddressId, ground: &Ground, address: IpAddr, now: Timestamp) -> Record {
        Record {
            id,
            prefix_id: ground.prefix.id,
            network_id: ground.network.id,
            tenant_id: ground.network.tenant_id,
            vrf_id: ground.prefix.vrf_id,
            address,
            status: if self.hold_s.is_some() { AddressStatus::Held } else { AddressStatus::Assigned },
            expires_at: self.hold_s.map(|seconds| space::after(now, seconds)),
            kind: self.kind,
            hostname: self.hostname.clone(),
            mac: self.mac.clone(),
            vm_id: self.vm_id.clone(),
            owner: self.owner.clone(),
            tags: self.tags.clone(),
            since: now,
            created_at: now,
        }
    }
}

/// What is asked for.
#[derive(Debug)]
pub(crate) enum Ask {
    /// Addresses: all of them or none.
    Take { takes: Vec<Take>, bulk: bool },
    /// An address goes back; `now` leaves quarantine out, or ends it.
    Release { address: IpAddr, now: bool, record: Option<Record> },
    /// A hold or a quarantine may be over.
    Lapse { record: Option<Record> },
}

impl Ask {
    /// How many addresses are wanted that are not named.
    fn nameless(&self) -> u128 {
        match self {
            Self::Take { takes, .. } => takes.iter().filter(|take| take.address.is_none()).count() as u128,
            Self::Release { .. } | Self::Lapse { .. } => 0,
        }
    }

    /// The addresses that are named.
    fn addresses(&self) -> Vec<IpAddr> {
        match self {
            Self::Take { takes, .. } => takes.iter().filter_map(|take| take.address).collect(),
            Self::Release { address, .. } => vec![*address],
            Self::Lapse { record } => record.iter().map(|record| record.address).collect(),
        }
    }
}

/// What is answered.
#[derive(Debug)]
pub(crate) enum Answer {
    One(Box<Address>),
    Bulk(AddressBulk),
    Done,
}

/// A request in the queue.
pub(crate) struct Item {
    context: Context,
    network: NetworkId,
    family: Family,
    ask: Ask,
    reply: oneshot::Sender<Result<Answer, Error>>,
}

type Key = (NetworkId, Family);

impl Item {
    fn key(&self) -> Key {
        (self.network, self.family)
    }

    fn answer(self, answer: Result<Answer, Error>) {
        // Nobody waits any more when the client went away: what is done is done.
        let _ = self.reply.send(answer);
    }
}

/// Requests that wait, and what is known of spaces.
#[derive(Default)]
pub(crate) struct Batcher {
    waiting: Mutex<Waiting>,
    spaces: tokio::sync::Mutex<HashMap<Key, Known>>,
    /// Since when a space is known to be full, by the records themselves.
    full: Mutex<HashMap<Key, Timestamp>>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Waiting {
    items: Vec<Item>,
    at_work: bool,
    /// A worker broke down in the middle: what memory knows may be half of something.
    broken: bool,
}

/// Whoever works says so, and says when it ends, also by a defect.
struct AtWork<'a>(&'a Mutex<Waiting>);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.at_work {
            (waiting.at_work, waiting.broken) = (false, true);
        }
    }
}

/// How an attempt is made.
enum Stage {
    /// From memory.
    Cached,
    /// With the spaces locked and read anew.
    Locked,
}

/// Why items are left after an attempt.
enum Left {
    /// They were not planned with certainty, or a space had moved.
    Again(Vec<Item>),
    /// The database refused the batch.
    Refused(Vec<Item>, StoreError),
}

impl Engine {
    /// Puts a request into the queue and waits until it is done.
    pub(crate) async fn batched(
        &self,
        context: &Context,
        network: NetworkId,
        family: Family,
        ask: Ask,
    ) -> Result<Answer, Error> {
        let (reply, answer) = oneshot::channel();
        let item = Item { context: context.clone(), network, family, ask, reply };
        let start = {
            let mut waiting = self.0.batcher.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            waiting.items.push(item);
            !std::mem::replace(&mut waiting.at_work, true)
        };
        if start {
            let engine = self.clone();
            self.0.batcher.tasks.spawn(async move { engine.work_off().await });
        }
        answer.await.map_err(|_| Error::Internal("the worker that does batches is gone".into()))?
    }

    /// Waits until nothing is under way.
    pub(crate) async fn finish_batches(&self) {
        self.0.batcher.tasks.close();
        self.0.batcher.tasks.wait().await;
    }

    /// Does what waits until nothing does.
    async fn work_off(&self) {
        let _at_work = AtWork(&self.0.batcher.waiting);
        loop {
            let (items, broken): (Vec<Item>, bool) = {
                let mut waiting = self.0.batcher.waiting.lock().unwrap_or_else(PoisonError::into_inner);
                if waiting.items.is_empty() {
                    waiting.at_work = false;
                    return;
                }
                let many = waiting.items.len().min(MOST_ITEMS);
                let broken = std::mem::take(&mut waiting.broken);
                (waiting.items.drain(..many).collect(), broken)
            };
            if broken {
                self.0.batcher.spaces.lock().await.clear();
            }
            self.do_items(items).await;
        }
    }

    async fn do_items(&self, items: Vec<Item>) {
        let (items, again) = match self.attempt(items, Stage::Cached).await {
            Left::Again(items) => (items, true),
            Left::Refused(items, _) => (items, false),
        };
        let items = if again && items.len() > 1 {
            match Box::pin(self.attempt(items, Stage::Locked)).await {
                Left::Again(items) | Left::Refused(items, _) => items,
            }
        } else {
            items
        };
        for item in items {
            Box::pin(self.do_alone(item)).await;
        }
    }

    /// One attempt at all of these. What can be answered is.
    async fn attempt(&self, items: Vec<Item>, stage: Stage) -> Left {
        let mut spaces = self.0.batcher.spaces.lock().await;
        match stage {
            Stage::Cached => {
                let mut ready = Vec::with_capacity(items.len());
                for mut item in items {
                    match self.prepare(&mut spaces, &mut item, &self.0.store).await {
                        Ok(()) => ready.push(item),
                        Err(error) => item.answer(Err(error)),
                    }
                }
                self.carry_out(&mut spaces, ready, None).await
            }
            Stage::Locked => {
                let mut tx = match self.0.store.begin().await {
                    Ok(tx) => tx,
                    Err(error) => {
                        fail_all(items, error);
                        return Left::Again(Vec::new());
                    }
                };
                let ready = match Box::pin(self.lock_all(&mut tx, &mut spaces, items)).await {
                    Ok(ready) => ready,
                    Err((items, error)) if error.is_retryable() => return Left::Refused(items, error),
                    Err((items, error)) => {
                        fail_all(items, error);
                        return Left::Again(Vec::new());
                    }
                };
                self.carry_out(&mut spaces, ready, Some(tx)).await
            }
        }
    }

    fn looked(&self) -> Looked {
        Looked { since: self.seen_since(), written: self.0.sightings.load(Ordering::Relaxed) }
    }

    /// Reads what an item needs to be planned.
    async fn prepare(
        &self,
        spaces: &mut HashMap<Key, Known>,
        item: &mut Item,
        reads: &Reads,
    ) -> Result<(), Error> {
        let key = item.key();
        if !spaces.contains_key(&key) {
            if spaces.len() >= MOST_SPACES {
                spaces.clear();
            }
            spaces.insert(key, Box::pin(self.get_to_know(item, reads)).await?);
        }
        let Some(known) = spaces.get_mut(&key) else { return Ok(()) };
        if known.looks_old(self.looked()) {
            Box::pin(known.look_around(reads, self.looked())).await?;
        }
        if let Ask::Take { takes, .. } = &item.ask
            && takes.iter().all(|take| take.address.is_none())
        {
            return Ok(());
        }
        Box::pin(self.look_closer(known, item, reads)).await
    }

    /// Reads the space of an item, and makes it before when nothing was given out from it yet.
    async fn get_to_know(&self, item: &Item, reads: &Reads) -> Result<Known, Error> {
        if let Some(known) = Known::read(reads, item.network, item.family, self.looked()).await? {
            return Ok(known);
        }
        Known::make(self.0.store.begin().await?, item.network, item.family).await?;
        let made = Known::read(reads, item.network, item.family, self.looked()).await?;
        made.ok_or_else(|| Error::not_found("network", item.network))
    }

    /// Reads what is free around named addresses, and the records of those that are to go.
    async fn look_closer(&self, known: &mut Known, item: &mut Item, reads: &Reads) -> Result<(), Error> {
        for address in item.ask.addresses() {
            if known.ground.prefix.prefix.contains(&address) {
                known.learn(reads, address_number(address)).await?;
            }
        }
        let (network, scope) = (item.network, item.context.principal.scope);
        match &mut item.ask {
            Ask::Release { address, record, .. } => *record = reads.address(scope, network, *address).await?,
            Ask::Lapse { record: record @ Some(_) } => {
                if let Some(address) = record.as_ref().map(|record| record.address) {
                    *record = reads.address(Scope::All, network, address).await?;
                }
            }
            Ask::Take { .. } | Ask::Lapse { record: None } => {}
        }
        Ok(())
    }

    /// Locks the spaces of the items, in order, and reads them anew.
    async fn lock_all(
        &self,
        tx: &mut Tx,
        spaces: &mut HashMap<Key, Known>,
        items: Vec<Item>,
    ) -> Result<Vec<Item>, (Vec<Item>, StoreError)> {
        let mut order: BTreeMap<String, Key> = BTreeMap::new();
        let mut ready = Vec::with_capacity(items.len());
        for item in items {
            match Ground::prefix(tx, item.network, item.family).await {
                Ok(prefix) => {
                    spaces.remove(&item.key());
                    order.insert(prefix.id.to_string(), item.key());
                    ready.push(item);
                }
                Err(error) => item.answer(Err(error)),
            }
        }
        let mut unreadable: HashMap<Key, Option<Error>> = HashMap::new();
        for (space, (network, family)) in &order {
            let locked = match tx.lock_space(space).await {
                // A network that was given another shape begins anew: its space went with the old one.
                Ok(None) => self.begin_anew(tx, *network, *family).await,
                locked => locked.map(drop),
            };
            if let Err(error) = locked {
                return Err((ready, error));
            }
            match Known::read(tx, *network, *family, self.looked()).await {
                Ok(Some(known)) => drop(spaces.insert((*network, *family), known)),
                Err(error @ (Error::Unavailable { .. } | Error::Internal(_))) => {
                    unreadable.insert((*network, *family), Some(error));
                }
                Ok(None) | Err(_) => {}
            }
        }
        let mut all = Vec::with_capacity(ready.len());
        for mut item in ready {
            let key = item.key();
            let looked = match (spaces.get_mut(&key), unreadable.get_mut(&key)) {
                (Some(known), _) => self.look_closer(known, &mut item, tx).await,
                // A database that does not answer says nothing about what is there.
                (None, Some(error)) => Err(error.take().unwrap_or_else(|| Error::Unavailable {
                    message: "the network could not be read".into(),
                    retry_after_s: 2,
                    source: None,
                })),
                // Its space went while it was locked, and with it the network.
                (None, None) => Err(Error::not_found("network", item.network)),
            };
            match looked {
                Ok(()) => all.push(item),
                Err(error) => item.answer(Err(error)),
            }
        }
        Ok(all)
    }

    /// Makes the space of a network that is there and has none.
    async fn begin_anew(&self, tx: &mut Tx, network: NetworkId, family: Family) -> Result<(), StoreError> {
        if tx.lock_network(Scope::All, network).await?.is_none() {
            return Ok(());
        }
        match Ground::read(tx, network, family).await {
            Ok(ground) => Known::make_for(tx, &ground).await,
            // Without its ground the items are refused, each with its reason.
            Err(_) => Ok(()),
        }
    }

    /// Plans, writes and answers.
    async fn carry_out(&self, spaces: &mut HashMap<Key, Known>, items: Vec<Item>, tx: Option<Tx>) -> Left {
        let locked = tx.is_some();
        let mut batch = Batch {
            now: self.now(),
            spaces: Vec::new(),
            taken: Vec::with_capacity(items.len()),
            released: Vec::new(),
            turned: Vec::new(),
            events: Vec::with_capacity(items.len()),
            answers: Vec::new(),
        };
        let mut planned: Vec<(Item, Answer)> = Vec::with_capacity(items.len());
        let mut again = Vec::new();
        let mut touched: Vec<Key> = Vec::new();
        let mut refused: Vec<Key> = Vec::new();
        for item in items {
            let key = item.key();
            let Some(known) = spaces.get_mut(&key) else {
                again.push(item);
                continue;
            };
            // A number that goes back in this batch is not given out in it: the statement has no order.
            match self.plan(&item, known, &mut batch) {
                Verdict::Planned(answer) => {
                    touched.push(key);
                    planned.push((item, answer));
                }
                Verdict::Idle(answer) => item.answer(Ok(answer)),
                Verdict::Refused(error) if known.fresh => {
                    refused.push(key);
                    item.answer(Err(error));
                }
                Verdict::Exhausted if locked && self.is_full(&key, batch.now) => {
                    item.answer(Err(address::full(&known.ground, 0, known.seen.count())));
                }
                Verdict::Refused(_) | Verdict::Exhausted | Verdict::Blind => again.push(item),
            }
        }
        // What was read for these items may be another thing when the next ones come.
        for key in refused {
            if let Some(known) = spaces.get_mut(&key) {
                known.fresh = false;
            }
        }
        if planned.is_empty() {
            for item in &again {
                spaces.remove(&item.key());
            }
            return Left::Again(again);
        }
        touched.sort_unstable();
        touched.dedup();
        for key in &touched {
            batch.spaces.extend(spaces.get_mut(key).map(Known::step));
        }
        batch.spaces.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        failpoint::hit(failpoint::BATCH_PLANNED);
        let written = match tx {
            None => self.0.store.write_batch(&batch).await,
            Some(tx) => Box::pin(tx.commit_batch(&batch)).await,
        };
        let written = match written {
            Err(error) if !error.is_certain() => Box::pin(self.settle(&batch, error)).await,
            other => other,
        };
        match written {
            Ok(Written::Done) => {
                failpoint::hit(failpoint::BATCH_COMMITTED);
                for key in touched {
                    if spaces.get_mut(&key).is_some_and(|known| !known.settle()) {
                        spaces.remove(&key);
                    }
                }
                for (item, answer) in planned {
                    item.answer(Ok(answer));
                }
                for item in &again {
                    spaces.remove(&item.key());
                }
                Left::Again(again)
            }
            other => {
                for key in touched.into_iter().chain(again.iter().map(Item::key)) {
                    spaces.remove(&key);
                }
                let items = again.into_iter().chain(planned.into_iter().map(|(item, _)| item)).collect();
                match other {
                    Err(error @ (StoreError::Conflict(_) | StoreError::Retry(_))) => {
                        Left::Refused(items, error)
                    }
                    Err(error) => {
                        fail_all(items, error);
                        Left::Again(Vec::new())
                    }
                    Ok(_) => Left::Again(items),
                }
            }
        }
    }

    /// What became of a batch whose answer was lost.
    async fn settle(&self, batch: &Batch, error: StoreError) -> Result<Written, StoreError> {
        let Some(first) = batch.events.first() else { return Err(error) };
        let spaces: Vec<&str> = batch.spaces.iter().map(|space| space.id.as_str()).collect();
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the answer to a batch was lost; looking for it"
        );
        for look in 0..LOOKS {
            if look > 0 {
                tokio::time::sleep(LOOK_PAUSE).await;
            }
            match self.0.store.settle_batch(first.id, &spaces).await {
                Ok(true) => return Ok(Written::Done),
                Ok(false) => return Ok(Written::Stale),
                Err(error) => tracing::warn!(error = &error as &dyn std::error::Error, "still not known"),
            }
        }
        Err(error)
    }

    /// One request, with its space locked; what the index says wrongly is corrected.
    async fn do_alone(&self, item: Item) {
        let mut item = item;
        for _ in 0..TRIES {
            let (left, refused) = match self.attempt(vec![item], Stage::Locked).await {
                Left::Again(items) => (items, None),
                Left::Refused(items, error) => (items, Some(error)),
            };
            let Some(same) = left.into_iter().next() else { return };
            item = same;
            let corrected = match refused {
                Some(StoreError::Conflict(Constraint::AddressTaken)) => self.correct(&item).await,
                Some(error @ StoreError::Conflict(_)) => Err(error.into()),
                Some(_) => Ok(()),
                None => self.check_full(&item).await,
            };
            if let Err(error) = corrected {
                return item.answer(Err(error));
            }
        }
        item.answer(Err(Error::Unavailable {
            message: "others write the addresses of this network faster than it can be read; try again"
                .into(),
            retry_after_s: 1,
            source: None,
        }));
    }

    /// An address is recorded that the index has as free, or a named one is.
    async fn correct(&self, item: &Item) -> Result<(), Error> {
        let ground = Ground::read(&self.0.store, item.network, item.family).await?;
        let named = item.ask.addresses();
        let recorded = self.0.store.addresses_among(ground.prefix.vrf_id, &named).await?;
        if !recorded.is_empty() {
            if self.lapse_due(&recorded).await? {
                return Ok(());
            }
            let Ask::Take { takes, bulk } = &item.ask else { return Ok(()) };
            let wanted = |record: &Record| {
                takes.iter().position(|take| take.address == Some(record.address)).unwrap_or(0)
            };
            let conflicts = recorded
                .iter()
                .map(|record| {
                    let text = address::taken_text(record.address, Some(record));
                    (wanted(record), "address_taken", text)
                })
                .collect();
            return Err(address::conflicts(&ground.network, conflicts, *bulk));
        }
        let mut tx = self.0.store.begin().await?;
        let space = ground.space_id();
        tx.lock_space(&space).await?;
        let lowest = tx.free_window(&space).await?.ranges.first().map(|(first, _)| *first);
        if let Some(lowest) = lowest {
            tracing::warn!(network = %item.network, "addresses were recorded by somebody else; the free ranges are corrected");
            tx.cut_recorded(&space, ground.territory(), lowest).await?;
        }
        Ok(tx.commit().await?)
    }

    /// By the index there is not enough left. When the records say so too, that is the answer; else the index is
    /// computed anew.
    async fn check_full(&self, item: &Item) -> Result<(), Error> {
        let now = self.now();
        let key = item.key();
        let ground = Ground::read(&self.0.store, key.0, key.1).await?;
        let mut tx = self.0.store.begin().await?;
        let space = ground.space_id();
        tx.lock_space(&space).await?;
        let free = tx.free_window(&space).await?;
        let left: RangeSet = free.ranges.into_iter().collect();
        let left = left.count();
        if !free.whole || left >= item.ask.nameless() {
            return Ok(());
        }
        let due = tx.due_addresses(now, 500).await?;
        let due: Vec<Record> = due.into_iter().filter(|record| record.network_id == key.0).collect();
        if !due.is_empty() {
            drop(tx);
            self.lapse_due(&due).await?;
            return Ok(());
        }
        let taken = tx.count_taken(ground.territory(), &ground.candidates).await?;
        if taken + left < ground.candidates.count() {
            tracing::warn!(network = %key.0, "addresses were removed by somebody else; the free ranges are computed anew");
            tx.rebuild_space(&space, ground.territory(), &ground.candidates).await?;
            return Ok(tx.commit().await?);
        }
        if left == 0 {
            let mut full = self.0.batcher.full.lock().unwrap_or_else(PoisonError::into_inner);
            full.retain(|_, since| now.duration_since(*since) < FULL_FOR);
            full.insert(key, now);
        }
        Err(address::full(&ground, left, 0))
    }

    fn is_full(&self, key: &Key, now: Timestamp) -> bool {
        let full = self.0.batcher.full.lock().unwrap_or_else(PoisonError::into_inner);
        full.get(key).is_some_and(|since| now.duration_since(*since) < FULL_FOR)
    }

    /// Ends holds and quarantines whose time has come, without the queue: the worker calls it. Whether there were any.
    async fn lapse_due(&self, records: &[Record]) -> Result<bool, Error> {
        let now = self.now();
        let mut any = false;
        for record in records.iter().filter(|record| record.expires_at.is_some_and(|at| at <= now)) {
            any = true;
            let (reply, _) = oneshot::channel();
            let item = Item {
                context: Context::system(),
                network: record.network_id,
                family: Family::of(record.address),
                ask: Ask::Lapse { record: Some(record.clone()) },
                reply,
            };
            if let Left::Refused(_, error) = self.attempt(vec![item], Stage::Locked).await {
                return Err(error.into());
            }
        }
        Ok(any)
    }

    /// Ends holds and quarantines whose time has come; says how many.
    pub(crate) async fn lapse_addresses(&self) -> Result<usize, Error> {
        let due = self.0.store.due_addresses(self.now(), crate::engine::LAPSES as u32).await?;
        let lapses = due.iter().map(|record| {
            let ask = Ask::Lapse { record: Some(record.clone()) };
            let family = Family::of(record.address);
            async move { self.batched(&Context::system(), record.network_id, family, ask).await }
        });
        for lapsed in futures::future::join_all(lapses).await {
            lapsed?;
        }
        Ok(due.len())
    }
}

fn fail_all(items: Vec<Item>, error: StoreError) {
    let error: Error = error.into();
    let message = error.to_string();
    let mut first = Some(error);
    for item in items {
        // What the database said is logged once, with the first.
        let error = first.take().unwrap_or_else(|| Error::Unavailable {
            message: message.clone(),
            retry_after_s: 2,
            source: None,
        });
        item.answer(Err(error));
    }
}
