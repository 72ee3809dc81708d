//! Orders of prefixes share transactions: whoever finds nobody at work takes all that waits and does it together.
//!
//! An order that cannot be had in this way, and every order of a set that the database refused, goes back to the
//! request that brought it, which looks closer by itself and says why.

use std::sync::{Mutex, PoisonError};

use moxxie_api::prefix::PrefixesTaken;
use moxxie_core::PrefixId;
use moxxie_store::{NewPrefix, PrefixRecord, Tx, Want, Wanted};
use serde_json::json;
use tokio::sync::oneshot;
use tokio_util::task::TaskTracker;

use super::{
    PrefixNames,
    take::{Order, Source},
};
use crate::{Context, Engine, Error, audit::Entry, write::transaction};

/// How many prefixes share a transaction at most; the rest waits for the next. A request may ask for more by itself.
const MOST: usize = 256;

/// What is answered: the prefixes, or that the request has to do it alone.
type Answer = Result<Option<PrefixesTaken>, Error>;

/// A request in the queue.
struct Item {
    context: Context,
    orders: Vec<Order>,
    reply: oneshot::Sender<Answer>,
}

impl Item {
    fn answer(self, answer: Answer) {
        // Nobody waits any more when the client went away: what is done is done.
        let _ = self.reply.send(answer);
    }
}

/// Requests that wait.
#[derive(Default)]
pub(crate) struct PrefixQueue {
    waiting: Mutex<Waiting>,
    tasks: TaskTracker,
}

#[derive(Default)]
struct Waiting {
    items: Vec<Item>,
    at_work: bool,
}

/// Whoever works says when nothing is left to do; this does it when a defect ends the work.
struct AtWork<'a>(&'a Mutex<Waiting>);

impl Drop for AtWork<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).at_work = false;
        }
    }
}

impl PrefixQueue {
    fn push(&self, item: Item) -> bool {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.items.push(item);
        !std::mem::replace(&mut waiting.at_work, true)
    }

    /// What is done next; when there is nothing, nobody is at work any more.
    fn next(&self) -> Vec<Item> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut many, mut prefixes) = (0, 0);
        for item in &waiting.items {
            prefixes += item.orders.len();
            if many > 0 && prefixes > MOST {
                break;
            }
            many += 1;
        }
        waiting.at_work = many > 0;
        waiting.items.drain(..many).collect()
    }
}

impl Engine {
    /// Takes the orders of a request, all or none, together with what others ask for; `None` when they cannot be had
    /// in this way.
    pub(super) async fn take_together(&self, context: &Context, orders: &[Order]) -> Answer {
        let (reply, answer) = oneshot::channel();
        let item = Item { context: context.clone(), orders: orders.to_vec(), reply };
        if self.0.prefixes.push(item) {
            let engine = self.clone();
            self.0.prefixes.tasks.spawn(async move { engine.take_all_that_waits().await });
        }
        answer.await.map_err(|_| Error::Internal("the worker that takes prefixes is gone".into()))?
    }

    /// Waits until no prefixes are being taken.
    pub(crate) async fn finish_prefixes(&self) {
        self.0.prefixes.tasks.close();
        self.0.prefixes.tasks.wait().await;
    }

    async fn take_all_that_waits(&self) {
        let _at_work = AtWork(&self.0.prefixes.waiting);
        loop {
            let items = self.0.prefixes.next();
            if items.is_empty() {
                return;
            }
            // When somebody wrote behind our back, what is free is computed anew, once.
            let done = match self.take_items(&items, false).await {
                Ok(None) => self.take_items(&items, true).await,
                done => done,
            };
            let mut taken = match done {
                Ok(taken) => taken.unwrap_or_default().into_iter(),
                // Whether it was done nobody knows: to try again could do it twice.
                Err(Error::Unavailable { message, retry_after_s, .. }) => {
                    for item in items {
                        let message = message.clone();
                        item.answer(Err(Error::Unavailable { message, retry_after_s, source: None }));
                    }
                    continue;
                }
                // One of them is in the way of the others, such as a key that is used twice.
                Err(_) => Vec::new().into_iter(),
            };
            for item in items {
                item.answer(Ok(taken.next().flatten()));
            }
        }
    }

    /// One transaction for all of these; `None` when the database refused it.
    async fn take_items(
        &self,
        items: &[Item],
        rebuild: bool,
    ) -> Result<Option<Vec<Option<PrefixesTaken>>>, Error> {
        transaction!(self, |tx| {
            let sets: Vec<Vec<Wanted>> = items.iter().map(|item| self.wanted_of(&item.orders)).collect();
            let found = tx.take_sets(&sets, rebuild).await?;
            if found.refused {
                return Ok(None);
            }
            let mut names = PrefixNames::default();
            let (mut answers, mut kept) = (Vec::with_capacity(items.len()), Vec::new());
            for (item, records) in items.iter().zip(found.taken) {
                let Some(records) = records else {
                    answers.push(None);
                    continue;
                };
                let answer = self.answer(&mut tx, &item.context, &mut names, &records).await?;
                kept.extend(self.to_keep(&item.context, &answer, self.now())?);
                answers.push(Some(answer));
            }
            tx.insert_idempotents(&kept).await?;
            Some(answers)
        })
    }

    /// What the orders of a request want of the store.
    fn wanted_of(&self, orders: &[Order]) -> Vec<Wanted> {
        let now = self.now();
        let mut wanted = Vec::with_capacity(orders.len());
        for order in orders {
            for taking in &order.takings {
                let pools: Vec<_> = taking.pools.iter().map(|pool| pool.id).collect();
                let Some(first) = pools.first() else { continue };
                let new = NewPrefix {
                    id: PrefixId::new(self.0.ambient.uuid()),
                    pool_id: *first,
                    policy: taking.policy,
                    tenant_id: order.tenant,
                    network_id: None,
                    claim: order.wish.claim(now),
                    purpose: order.purpose.clone(),
                    labels: order.labels.clone(),
                    now,
                };
                let want = match taking.source {
                    Source::Next(length) => Want::Next(length),
                    Source::Given(prefix) => Want::Given(prefix),
                };
                wanted.push(Wanted { want, pools, new });
            }
        }
        wanted
    }

    /// Notes what was taken and says so.
    async fn answer(
        &self,
        tx: &mut Tx,
        context: &Context,
        names: &mut PrefixNames,
        records: &[PrefixRecord],
    ) -> Result<PrefixesTaken, Error> {
        let mut prefixes = Vec::with_capacity(records.len());
        for record in records {
            let view = names.view(tx, record).await?;
            let detail = json!({"after": view});
            tx.audit(self.event(
                context,
                Entry {
                    action: "prefix.take",
                    object: record.id.to_string(),
                    tenant: record.tenant_id,
                    outcome: "succeeded",
                    detail,
                },
            ));
            prefixes.push(view);
        }
        Ok(PrefixesTaken { prefixes })
    }
}
