//! Planning: what a batch will write, decided in memory.

use std::net::IpAddr;

use moxxie_api::{
    FieldError,
    address::{Address, AddressBulk},
};
use moxxie_core::{
    AddressId, EventId, Timestamp,
    address::{AddressKind, AddressStatus},
    identity::Scope,
    prefix::{address_from_number, address_number},
    range::RangeKind,
};
use moxxie_store::{Address as Record, AddressTurn, AuditDraft, Batch, Idempotent};
use serde_json::{Value, json};

use super::{
    Answer, Ask, Item, Take,
    space::{Ground, Known, after},
};
use crate::{Context, Engine, Error, address};

/// What becomes of one item.
pub(super) enum Verdict {
    /// It is in the batch, and this is the answer once that is written.
    Planned(Answer),
    /// Nothing has to be written.
    Idle(Answer),
    /// It cannot be done.
    Refused(Error),
    /// Nothing is left, as far as is known.
    Exhausted,
    /// What is free has to be read anew.
    Blind,
}

/// Why one of the addresses of an item cannot be had.
enum Obstacle {
    Field(String, String),
    Conflict(&'static str, String),
    Exhausted,
    Seen,
    Blind,
}

impl Engine {
    pub(super) fn plan(&self, item: &Item, known: &mut Known, batch: &mut Batch) -> Verdict {
        let ground = &known.ground;
        let scope = item.context.principal.scope;
        if !matches!(scope, Scope::All) && scope != Scope::Tenant(ground.network.tenant_id) {
            return Verdict::Refused(Error::not_found("network", item.network));
        }
        match &item.ask {
            Ask::Take { takes, bulk } => self.plan_takes(item, takes, *bulk, known, batch),
            Ask::Release { now, record, .. } => match record {
                None => Verdict::Idle(Answer::Done),
                // Twice in one batch is once.
                Some(record) if ends(batch, record) => Verdict::Idle(Answer::Done),
                Some(record) => self.plan_release(&item.context, record, *now, known, batch),
            },
            Ask::Lapse { record } => match record {
                Some(record)
                    if record.expires_at.is_some_and(|at| at <= batch.now) && !ends(batch, record) =>
                {
                    self.lapse(&item.context, record, known, batch);
                    Verdict::Planned(Answer::Done)
                }
                _ => Verdict::Idle(Answer::Done),
            },
        }
    }

    fn plan_takes(
        &self,
        item: &Item,
        takes: &[Take],
        bulk: bool,
        known: &mut Known,
        batch: &mut Batch,
    ) -> Verdict {
        if known.ground.going {
            return Verdict::Refused(address::going(&known.ground.network));
        }
        let mut obstacles = Vec::new();
        // Given ones first: the next ones go around them.
        let mut numbers: Vec<Option<u128>> = vec![None; takes.len()];
        let mut cut: Vec<u128> = Vec::new();
        let (given, next): (Vec<_>, Vec<_>) =
            (0..takes.len()).partition(|index| takes[*index].address.is_some());
        for index in given.into_iter().chain(next) {
            match place(&takes[index], known, &mut cut, &numbers) {
                Ok(number) => numbers[index] = Some(number),
                Err(obstacle) => obstacles.push((index, obstacle)),
            }
        }
        let like = known.ground.prefix.prefix.network();
        let addresses: Vec<_> =
            numbers.iter().filter_map(|number| address_from_number((*number)?, like)).collect();
        if addresses.len() < takes.len() {
            for number in cut {
                known.free.give(number);
            }
            return refusal(obstacles, bulk, known);
        }
        let id = || AddressId::new(self.0.ambient.uuid());
        let records: Vec<Record> = takes
            .iter()
            .zip(addresses)
            .map(|(take, address)| take.record(id(), &known.ground, address, batch.now))
            .collect();
        let views: Vec<Address> = records.iter().map(|record| address::view(&known.ground, record)).collect();
        for (record, view) in records.iter().zip(&views) {
            let detail = json!({"after": view});
            batch.events.push(self.draft(&item.context, "address.create", record, detail, batch.now));
        }
        batch.taken.extend(records);
        let answer = match (bulk, views.first()) {
            (false, Some(view)) => Answer::One(Box::new(view.clone())),
            _ => Answer::Bulk(AddressBulk { items: views }),
        };
        match self.answer_to_keep(&item.context, &answer, batch.now) {
            Ok(kept) => batch.answers.extend(kept),
            // Only a key that is not used is lost: an answer is always JSON.
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an answer cannot be kept")
            }
        }
        Verdict::Planned(answer)
    }

    fn plan_release(
        &self,
        context: &Context,
        record: &Record,
        now: bool,
        known: &mut Known,
        batch: &mut Batch,
    ) -> Verdict {
        let ground = &known.ground;
        let detail = json!({"before": address::view(ground, record)});
        let quarantined = record.status == AddressStatus::Quarantined;
        if quarantined && !now {
            return Verdict::Idle(Answer::Done);
        }
        if record.status == AddressStatus::Assigned && !now && ground.quarantine_s > 0 {
            let expires_at = Some(after(batch.now, ground.quarantine_s));
            let status = AddressStatus::Quarantined;
            batch.turned.push(AddressTurn { before: record.clone(), status, expires_at });
            let detail = json!({"before": detail["before"], "quarantinedUntil": expires_at});
            batch.events.push(self.draft(context, "address.release", record, detail, batch.now));
            return Verdict::Planned(Answer::Done);
        }
        let action = if quarantined { "address.end_quarantine" } else { "address.release" };
        batch.events.push(self.draft(context, action, record, detail, batch.now));
        known.give_back(address_number(record.address));
        batch.released.push(record.clone());
        Verdict::Planned(Answer::Done)
    }

    /// A hold or quarantine whose time has come.
    fn lapse(&self, context: &Context, record: &Record, known: &mut Known, batch: &mut Batch) {
        let detail = json!({"before": address::view(&known.ground, record)});
        let action = match record.status {
            AddressStatus::Quarantined => "address.end_quarantine",
            AddressStatus::Held | AddressStatus::Assigned => "address.lapse",
        };
        batch.events.push(self.draft(context, action, record, detail, batch.now));
        known.give_back(address_number(record.address));
        batch.released.push(record.clone());
    }

    fn draft(
        &self,
        context: &Context,
        action: &str,
        record: &Record,
        detail: Value,
        now: Timestamp,
    ) -> AuditDraft {
        AuditDraft {
            id: EventId::new(self.0.ambient.uuid()),
            at: now,
            actor: context.principal.name.clone(),
            source: context.principal.source.clone(),
            action: action.to_owned(),
            object: record.id.to_string(),
            tenant_id: Some(record.tenant_id),
            outcome: "succeeded".into(),
            detail,
        }
    }

    /// What is answered when the request is repeated under its key.
    fn answer_to_keep(
        &self,
        context: &Context,
        answer: &Answer,
        now: Timestamp,
    ) -> Result<Option<Idempotent>, Error> {
        match answer {
            Answer::One(view) => self.to_keep(context, view, now),
            Answer::Bulk(bulk) => self.to_keep(context, bulk, now),
            Answer::Done => Ok(None),
        }
    }
}

/// Whether the batch ends what this record says already.
fn ends(batch: &Batch, record: &Record) -> bool {
    batch.released.iter().any(|other| other.id == record.id)
        || batch.turned.iter().any(|turn| turn.before.id == record.id)
}

/// The number for one address of an item.
fn place(
    take: &Take,
    known: &mut Known,
    cut: &mut Vec<u128>,
    chosen: &[Option<u128>],
) -> Result<u128, Obstacle> {
    let ground = &known.ground;
    let Some(address) = take.address else {
        let Some(number) = known.take_lowest() else {
            return Err(match known.is_whole() {
                false => Obstacle::Blind,
                true if known.free.set().is_empty() => Obstacle::Exhausted,
                // What the records leave free answers on the routers.
                true => Obstacle::Seen,
            });
        };
        cut.push(number);
        return Ok(number);
    };
    unfit(ground, address, take.kind).map_err(|message| Obstacle::Field("address".into(), message))?;
    let number = address_number(address);
    if chosen.contains(&Some(number)) {
        return Err(Obstacle::Field("address".into(), format!("{address} is asked for twice")));
    }
    if known.ground.candidates.contains(number) {
        if !known.free.take(number) {
            return Err(Obstacle::Conflict("address_taken", address::taken_text(address, None)));
        }
        cut.push(number);
    }
    Ok(number)
}

/// Says why an address of a network cannot be recorded as this, whatever is recorded already.
pub(crate) fn unfit(ground: &Ground, address: IpAddr, kind: AddressKind) -> Result<(), String> {
    if !ground.layout.is_host(address) {
        return Err(address::not_a_host(ground, address));
    }
    let number = address_number(address);
    if ground.ranges.iter().any(|span| span.kind == RangeKind::Excluded && span.contains(number)) {
        return Err(format!("{address} lies in an excluded range of the network and is never given out"));
    }
    let in_dhcp = ground.dhcp.is_some_and(|(first, last)| first <= number && number <= last);
    match (in_dhcp, kind == AddressKind::Dhcp) {
        (true, false) => Err(format!(
            "{address} is given out by DHCP; record it with type dhcp, or choose one outside the range"
        )),
        (false, true) => {
            Err(format!("{address} is not given out by DHCP; type dhcp needs an address of the DHCP range"))
        }
        _ => Ok(()),
    }
}

/// The one answer to everything that stands in an item's way.
fn refusal(obstacles: Vec<(usize, Obstacle)>, bulk: bool, known: &Known) -> Verdict {
    let ground = &known.ground;
    if obstacles.iter().any(|(_, obstacle)| matches!(obstacle, Obstacle::Blind)) {
        return Verdict::Blind;
    }
    if obstacles.iter().any(|(_, obstacle)| matches!(obstacle, Obstacle::Exhausted)) {
        return Verdict::Exhausted;
    }
    if obstacles.iter().any(|(_, obstacle)| matches!(obstacle, Obstacle::Seen)) {
        return Verdict::Refused(address::full(ground, 0, known.seen.count()));
    }
    let mut fields = Vec::new();
    let mut conflicts = Vec::new();
    for (index, obstacle) in obstacles {
        match obstacle {
            Obstacle::Field(field, message) => {
                let field = if bulk { format!("items[{index}].{field}") } else { field };
                fields.push(FieldError { field, message });
            }
            Obstacle::Conflict(code, message) => conflicts.push((index, code, message)),
            Obstacle::Exhausted | Obstacle::Seen | Obstacle::Blind => {}
        }
    }
    if !fields.is_empty() {
        return Verdict::Refused(Error::Invalid(fields));
    }
    Verdict::Refused(address::conflicts(&ground.network, conflicts, bulk))
}
