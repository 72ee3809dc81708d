//! Prefixes that change their shape: resize, split, merge.

use ipnet::IpNet;
use moxxie_api::prefix::{Prefix, PrefixMerge, PrefixSplit, PrefixesTaken, Resize};
use moxxie_core::{
    PrefixId,
    claim::Status,
    free::{buddy, parent},
    identity::Role,
};
use moxxie_store::{PrefixRecord, ReshapeError, Tx};
use serde_json::json;

use super::length;
use crate::{
    Context, Engine, Error,
    audit::Entry,
    pool::arrange::{not_whole, resized},
    validate::Checks,
    write::transaction,
};

/// How many parts one split makes, and one merge takes, at most.
const MOST_PARTS: usize = 1024;

impl Engine {
    /// Makes a prefix larger, when its neighbours leave the room, or smaller. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; a neighbour in the way is a [`Error::Conflict`] that names it.
    pub async fn resize_prefix(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
        request: Resize,
    ) -> Result<Prefix, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let known = self.find_prefix(&self.0.store, context, id, vrf).await?;
        resized(known.prefix, &request)?;
        let result = transaction!(self, |tx| {
            let before = self.locked_prefix(&mut tx, context, &known).await?;
            if before.network_id.is_some() {
                let what = "resize the network (POST /networks/{id}/resize, `moxxie network resize`)";
                return Err(self.of_network(&tx, &before, what).await?);
            }
            refuse_quarantined(&before)?;
            let after = self.reshape(&mut tx, &before, resized(before.prefix, &request)?).await?;
            self.note_prefix(&mut tx, context, "prefix.resize", &before, &after).await?
        });
        self.or_recall(context, result).await
    }

    /// Gives a prefix another shape; holds and quarantines that are over make room first.
    pub(crate) async fn reshape(
        &self,
        tx: &mut Tx,
        before: &PrefixRecord,
        wanted: IpNet,
    ) -> Result<PrefixRecord, Error> {
        let now = self.now();
        let ids = || PrefixId::new(self.0.ambient.uuid());
        for last_try in [false, true] {
            match tx.resize_prefix(before.id, wanted, now, ids).await {
                Ok(after) => return Ok(after),
                Err(ReshapeError::Taken { by }) => {
                    let over = by.claim.until().is_some_and(|until| until <= now);
                    if over && !last_try && self.reap_pool(tx, before.pool_id).await? {
                        continue;
                    }
                    let state = match by.claim.until() {
                        Some(until) => format!("{} until {until}", by.claim.status().as_str()),
                        None => by.claim.status().as_str().to_owned(),
                    };
                    let message = format!(
                        "{} cannot become {wanted}: {} is in the way ({state})",
                        before.prefix, by.prefix
                    );
                    return Err(Error::conflict("prefix_taken", message));
                }
                Err(error @ ReshapeError::OutsidePool { .. }) => {
                    return Err(Error::invalid("size", format!("{error}; resize the pool first")));
                }
                Err(error @ ReshapeError::Elsewhere { .. }) => return Err(Error::invalid("size", error)),
                Err(ReshapeError::Store(error)) => return Err(error.into()),
            }
        }
        Err(Error::conflict("prefix_taken", format!("{wanted} is in use")))
    }

    /// Cuts a prefix into parts of a length. The first keeps its id. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn split_prefix(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
        request: PrefixSplit,
    ) -> Result<PrefixesTaken, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let size = checks.take("size", length(&request.size));
        checks.done()?;
        let Some(size) = size else { return Err(Error::invalid("size", "is missing")) };
        let known = self.find_prefix(&self.0.store, context, id, vrf).await?;
        let result = transaction!(self, |tx| {
            let before = self.locked_prefix(&mut tx, context, &known).await?;
            if before.network_id.is_some() {
                return Err(self.of_network(&tx, &before, "a network keeps its prefix whole").await?);
            }
            refuse_quarantined(&before)?;
            let whole = before.prefix;
            if size <= whole.prefix_len() || size > whole.max_prefix_len() {
                let message = format!("parts of {whole} have a length of more than {}", whole.prefix_len());
                return Err(Error::invalid("size", message));
            }
            if u32::from(size - whole.prefix_len()) > MOST_PARTS.ilog2() {
                return Err(Error::invalid(
                    "size",
                    format!("would make more than {MOST_PARTS} parts at once"),
                ));
            }
            let ids = || PrefixId::new(self.0.ambient.uuid());
            let parts = tx.split_prefix(before.id, size, self.now(), ids).await?;
            let mut prefixes = Vec::with_capacity(parts.len());
            for part in &parts {
                prefixes.push(self.prefix_view(&tx, part).await?);
            }
            let answer = PrefixesTaken { prefixes };
            let detail = json!({"before": self.prefix_view(&tx, &before).await?, "after": answer});
            tx.audit(self.event(
                context,
                Entry {
                    action: "prefix.split",
                    object: before.id.to_string(),
                    tenant: before.tenant_id,
                    outcome: "succeeded",
                    detail,
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Makes one prefix of several that together are one; the one named keeps its id, purpose and labels.
    /// They must be of one pool and owner and taken in the same way. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn merge_prefixes(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
        request: PrefixMerge,
    ) -> Result<Prefix, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        if request.with.is_empty() || request.with.len() >= MOST_PARTS {
            return Err(Error::invalid("with", format!("name 1 to {} other prefixes", MOST_PARTS - 1)));
        }
        let known = self.find_prefix(&self.0.store, context, id, vrf).await?;
        let result = transaction!(self, |tx| {
            let before = self.locked_prefix(&mut tx, context, &known).await?;
            let mut all = vec![before.clone()];
            for (index, other) in request.with.iter().enumerate() {
                let found = self.find_prefix(&tx, context, other, vrf).await;
                let found = found.map_err(|error| Error::invalid(&format!("with[{index}]"), error))?;
                all.push(found);
            }
            for one in &all {
                if one.network_id.is_some() {
                    return Err(self.of_network(&tx, one, "resize the network instead").await?);
                }
                refuse_quarantined(one)?;
                if one.pool_id != before.pool_id {
                    let message = format!("{} is of another pool; merge the pools first", one.prefix);
                    return Err(Error::conflict("prefixes_differ", message));
                }
                if one.tenant_id != before.tenant_id || one.claim != before.claim {
                    let message = format!(
                        "{} and {} differ in tenant, status or time; make that the same first",
                        before.prefix, one.prefix
                    );
                    return Err(Error::conflict("prefixes_differ", message));
                }
            }
            let shapes: Vec<_> = all.iter().map(|one| one.prefix).collect();
            let whole = whole_of(&shapes).ok_or_else(|| not_whole("with", &shapes))?;
            let others: Vec<_> = all[1..].iter().map(|one| one.id).collect();
            let after = tx.merge_prefixes(before.id, &others, whole, self.now()).await?;
            let mut old = Vec::new();
            for one in &all {
                old.push(self.prefix_view(&tx, one).await?);
            }
            let answer = self.prefix_view(&tx, &after).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "prefix.merge",
                    object: after.id.to_string(),
                    tenant: after.tenant_id,
                    outcome: "succeeded",
                    detail: json!({"before": old, "after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }
}

fn refuse_quarantined(prefix: &PrefixRecord) -> Result<(), Error> {
    if prefix.claim.status() == Status::Quarantined {
        let message = format!("{} is in quarantine; end that first", prefix.prefix);
        return Err(Error::conflict("quarantined", message));
    }
    Ok(())
}

/// The one prefix that these fill without gaps and overlaps; `None` when there is none.
pub(crate) fn whole_of(shapes: &[IpNet]) -> Option<IpNet> {
    let mut left: std::collections::BTreeSet<IpNet> = shapes.iter().copied().collect();
    if left.len() != shapes.len() {
        return None;
    }
    // The longest can only be completed by its own other half.
    while left.len() > 1 {
        let longest = *left.iter().max_by_key(|shape| shape.prefix_len())?;
        let other = buddy(longest).filter(|other| left.contains(other))?;
        left.remove(&longest);
        left.remove(&other);
        if !left.insert(parent(longest)) {
            return None;
        }
    }
    left.pop_first()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(shapes: &[&str]) -> Option<String> {
        let shapes: Vec<IpNet> = shapes.iter().map(|text| text.parse().unwrap()).collect();
        whole_of(&shapes).map(|whole| whole.to_string())
    }

    #[test]
    fn only_what_fills_a_prefix_is_one() {
        assert_eq!(whole(&["10.0.0.0/25", "10.0.0.128/25"]).as_deref(), Some("10.0.0.0/24"));
        assert_eq!(
            whole(&["10.0.0.0/24", "10.0.1.0/25", "10.0.1.192/26", "10.0.1.128/26"]).as_deref(),
            Some("10.0.0.0/23")
        );
        assert_eq!(whole(&["2001:db8::/65", "2001:db8:0:0:8000::/65"]).as_deref(), Some("2001:db8::/64"));
        // Adjacent, but not halves of one; a gap; twice the same; one inside the other.
        for bad in [
            &["10.0.1.0/24", "10.0.2.0/24"][..],
            &["10.0.0.0/25", "10.0.0.192/26"],
            &["10.0.0.0/25", "10.0.0.0/25"],
            &["10.0.0.0/24", "10.0.0.0/25", "10.0.0.128/25"],
            &["10.0.0.0/25", "::/1"],
        ] {
            assert_eq!(whole(bad), None, "{bad:?}");
        }
    }
}
