//! AS numbers and the ranges they come from.

mod past;

use std::collections::HashMap;

use moxxie_api::{
    Page, PastPageQuery,
    asn::{Asn, AsnQuery, AsnRange, AsnRangeCreate, AsnRangeUpdate, AsnRequest, AsnUpdate},
};
use moxxie_core::{
    AsnId, AsnRangeId, Name, SiteId, TenantId,
    asn::{self as stored, AsNumber, AsnSpan},
    claim::Status,
    identity::{Role, Scope},
};
use moxxie_store::{AsnFilter, Listing, Reads, Tx};
use serde_json::json;

use crate::{
    Context, Engine, Error,
    audit::Entry,
    claim::something_named,
    history::{Then, named},
    page,
    validate::{Checks, short},
    write::transaction,
};

impl Engine {
    /// Registers a range of AS numbers. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a range with a reserved number is [`Error::Invalid`] and names the RFC.
    pub async fn create_asn_range(
        &self,
        context: &Context,
        request: AsnRangeCreate,
    ) -> Result<AsnRange, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let span = checks.take("range", request.range.parse::<AsnSpan>());
        let description = checks.text("description", &request.description, 1000);
        let quarantine_s = checks.quarantine("quarantineSeconds", request.quarantine_seconds);
        checks.done()?;
        let (Some(name), Some(span)) = (name, span) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        let site_id = self.site_id_in_field(request.datacenter.as_deref()).await?;
        let tenant_id = self.tenant_in_field(context, request.client_id.as_deref()).await?;
        let id = AsnRangeId::new(self.0.ambient.uuid());
        let range =
            stored::AsnRange { id, name, span, site_id, tenant_id, description, quarantine_s, version: 0 };
        let result = transaction!(self, |tx| {
            refuse_overlap(&tx, &range).await?;
            tx.insert_asn_range(&range, self.now()).await?;
            let answer = self.asn_range_view(&tx, &range).await?;
            self.note(&mut tx, context, "asn_range.create", &id, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Changes a range of AS numbers. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a taken number that would lie outside is a [`Error::Conflict`] that names it.
    pub async fn update_asn_range(
        &self,
        context: &Context,
        name: &str,
        request: AsnRangeUpdate,
    ) -> Result<AsnRange, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "name, range, datacenter, clientId, description, quarantineSeconds")?;
        let mut checks = Checks::default();
        let new_name = request.name.as_deref().and_then(|name| checks.name("name", name));
        let span = request.range.as_deref().and_then(|range| checks.take("range", range.parse::<AsnSpan>()));
        let description = request.description.as_deref().map(|text| checks.text("description", text, 1000));
        let quarantine = request.quarantine_seconds.map(|s| checks.quarantine("quarantineSeconds", Some(s)));
        checks.done()?;
        let site = match &request.datacenter {
            None => None,
            Some(site) => Some(self.site_id_in_field(site.as_deref()).await?),
        };
        let owner = self.owner_change(context, request.client_id.as_ref()).await?;
        let id = self.find_asn_range(name).await?.id;
        let result = transaction!(self, |tx| {
            let before = tx.lock_asn_range(id).await?.ok_or_else(|| Error::not_found("range", name))?;
            let mut after = before.clone();
            after.name = new_name.clone().unwrap_or(after.name);
            after.span = span.unwrap_or(after.span);
            after.site_id = site.unwrap_or(after.site_id);
            after.tenant_id = owner.unwrap_or(after.tenant_id);
            after.description = description.clone().unwrap_or(after.description);
            after.quarantine_s = quarantine.unwrap_or(after.quarantine_s);
            refuse_overlap(&tx, &after).await?;
            if let Some(outside) = tx.asn_outside(id, after.span).await? {
                let message =
                    format!("AS {outside} is taken and lies outside {}; release it first", after.span);
                return Err(Error::conflict("in_use", message));
            }
            let old = self.asn_range_view(&tx, &before).await?;
            tx.update_asn_range(&after, self.now()).await?;
            let answer = self.asn_range_view(&tx, &after).await?;
            self.note(&mut tx, context, "asn_range.update", &id, json!({"before": old, "after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Forgets a range that no number is taken of. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; one that is in use is a [`Error::Conflict`].
    pub async fn delete_asn_range(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let id = self.find_asn_range(name).await?.id;
        let result = transaction!(self, |tx| {
            let range = tx.lock_asn_range(id).await?.ok_or_else(|| Error::not_found("range", name))?;
            let taken = tx.count_asns(id).await?;
            if taken > 0 {
                let message = format!(
                    "range {} is still in use: {taken} of its numbers are taken (GET /asns?range={}); release them \
                     first, quarantined ones too",
                    range.name, range.name
                );
                return Err(Error::conflict("in_use", message));
            }
            tx.delete_asn_range(id, self.now()).await?;
            let detail = json!({"name": range.name, "range": range.span.to_string()});
            self.note(&mut tx, context, "asn_range.delete", &id, detail);
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists the ranges by name, as they were at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn asn_ranges(&self, context: &Context, query: PastPageQuery) -> Result<Page<AsnRange>, Error> {
        context.require(Role::Viewer)?;
        let then = self.then(context, query.at.as_deref()).await?;
        let mut all = match &then {
            Some(then) => then.asn_ranges.clone(),
            None => self.0.store.asn_ranges(context.principal.scope).await?,
        };
        if let Scope::Tenant(id) = context.principal.scope {
            all.retain(|range| range.tenant_id.is_none_or(|owner| owner == id));
        }
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let (some, next_cursor) = page::slice(all, query.cursor, query.limit, |one| one.name.to_string())?;
        let mut items = Vec::with_capacity(some.len());
        for range in &some {
            items.push(match &then {
                Some(then) => self.asn_range_then(then, range).await?,
                None => self.asn_range_view(&self.0.store, range).await?,
            });
        }
        Ok(Page { items, next_cursor })
    }

    /// One range, by name or id, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn asn_range(
        &self,
        context: &Context,
        name: &str,
        at: Option<&str>,
    ) -> Result<AsnRange, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, at).await? {
            let found = named(&then.asn_ranges, name, |range| range.id.to_string(), |range| &range.name);
            let range = found.ok_or_else(|| Error::not_found("range of AS numbers at that time", name))?;
            return self.asn_range_then(&then, range).await;
        }
        self.asn_range_view(&self.0.store, &self.find_asn_range(name).await?).await
    }

    /// Takes an AS number. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; a reserved number is [`Error::Invalid`] and names the RFC.
    pub async fn take_asn(&self, context: &Context, request: AsnRequest) -> Result<Asn, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let number = request.asn.and_then(|asn| checks.take("asn", AsNumber::new(asn)));
        let wish = checks.wish(request.status.as_deref(), request.hold_seconds);
        let purpose = checks.text("purpose", &request.purpose, 1000);
        let labels = checks.labels(&request.labels);
        checks.done()?;
        let tenant_id = self.tenant_in_field(context, request.client_id.as_deref()).await?;
        let site = self.site_id_in_field(request.datacenter.as_deref()).await?;
        let ranges = self.ranges_for(&request, number, site, tenant_id).await?;
        let result = transaction!(self, |tx| {
            let (range, number) = self.choose_asn(&mut tx, &ranges, number).await?;
            let now = self.now();
            let record = stored::Asn {
                id: AsnId::new(self.0.ambient.uuid()),
                number,
                range_id: range.id,
                tenant_id,
                claim: wish.claim(now),
                purpose: purpose.clone(),
                labels: labels.clone(),
                since: now,
                created_at: now,
            };
            tx.insert_asn(&record).await?;
            let answer = AsnNames::default().view(&tx, &record).await?;
            self.note_asn(&mut tx, context, "asn.take", &record, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// The ranges a number may come from, the first first.
    async fn ranges_for(
        &self,
        request: &AsnRequest,
        number: Option<AsNumber>,
        site: Option<SiteId>,
        tenant: Option<TenantId>,
    ) -> Result<Vec<stored::AsnRange>, Error> {
        let ranges = match (&request.range, number) {
            (Some(name), _) => {
                let range = self.find_asn_range(name).await;
                let range = range.map_err(|_| {
                    Error::invalid("range", format!("there is no range {:?} of AS numbers", short(name)))
                })?;
                if let Some(number) = number
                    && !range.span.contains(number)
                {
                    let message = format!("AS {number} is not in range {} ({})", range.name, range.span);
                    return Err(Error::invalid("asn", message));
                }
                vec![range]
            }
            (None, Some(number)) => {
                let Some(range) = self.0.store.asn_range_of(number).await? else {
                    let message = format!("AS {number} lies in no range; register one that holds it");
                    return Err(Error::invalid("asn", message));
                };
                vec![range]
            }
            (None, None) => {
                let mut ranges = self.0.store.asn_ranges(Scope::All).await?;
                ranges.retain(|range| {
                    range.tenant_id.is_none_or(|owner| Some(owner) == tenant)
                        && range.site_id.is_none_or(|at| Some(at) == site)
                });
                // What is kept for the tenant before what everybody has, the site's before any site's.
                ranges.sort_by_key(|range| {
                    (range.tenant_id.is_none(), range.site_id.is_none(), range.span.first())
                });
                ranges
            }
        };
        if let Some(kept) =
            ranges.iter().find(|range| range.tenant_id.is_some_and(|owner| Some(owner) != tenant))
        {
            let message = format!(
                "range {} ({}) is kept for another tenant; ask as that tenant (`clientId`), or of another range",
                kept.name, kept.span
            );
            return Err(Error::conflict("range_reserved", message));
        }
        let elsewhere =
            |range: &&stored::AsnRange| site.is_some() && range.site_id.is_some_and(|at| Some(at) != site);
        if let Some(other) = ranges.iter().find(elsewhere) {
            let message = format!("range {} ({}) is for another datacentre", other.name, other.span);
            return Err(Error::invalid("datacenter", message));
        }
        if ranges.is_empty() {
            return Err(Error::conflict(
                "no_range",
                "there is no range of AS numbers to take from; register one (POST /asn-ranges, `moxxie asn range add`)",
            ));
        }
        Ok(ranges)
    }

    async fn choose_asn(
        &self,
        tx: &mut Tx,
        ranges: &[stored::AsnRange],
        number: Option<AsNumber>,
    ) -> Result<(stored::AsnRange, AsNumber), Error> {
        let now = self.now();
        // Ranges are locked in order of id, so that two requests never wait for each other.
        let mut ids: Vec<_> = ranges.iter().map(|range| range.id).collect();
        ids.sort_unstable();
        for id in ids {
            tx.lock_asn_range(id).await?;
        }
        let mut left = Vec::new();
        for range in ranges {
            let lapsed = tx.lapsed_asns(Some(range.id), now, 1000).await?;
            self.lapse_asns(tx, &lapsed, now).await?;
            if let Some(number) = number {
                let Some(by) = tx.asn_by_number(Scope::All, number).await? else {
                    return Ok((range.clone(), number));
                };
                let how = match by.claim.until() {
                    Some(until) => format!("{} until {until}", by.claim.status().as_str()),
                    None => by.claim.status().as_str().to_owned(),
                };
                let next = tx.next_asn(range).await?;
                let hint =
                    next.map_or(String::new(), |next| format!("; the next free one of the range is {next}"));
                return Err(Error::conflict("asn_taken", format!("AS {number} is taken ({how}){hint}")));
            }
            if let Some(number) = tx.next_asn(range).await? {
                return Ok((range.clone(), number));
            }
            left.push(format!("{} ({}) has none of {} left", range.name, range.span, range.span.size()));
        }
        let message =
            format!("no AS number is left: {}; release one, or register another range", left.join(", "));
        Err(Error::conflict("exhausted", message))
    }

    /// Lists taken AS numbers, ascending.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn asns(&self, context: &Context, query: AsnQuery) -> Result<Page<Asn>, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let status = checks.status(query.status.as_deref());
        let label = checks.label_filter(query.label.as_deref());
        checks.done()?;
        let page = page::wanted(query.cursor, query.limit)?;
        if let Some(then) = self.then(context, query.at.as_deref()).await? {
            let range = query.range.as_deref().map(|range| then.asn_range_in_field(range)).transpose()?;
            let tenant = then.tenant_in_field(query.client_id.as_deref())?;
            let filter = AsnFilter { range: range.map(|range| range.id), tenant, status, label };
            let listing = self.asns_at(&then, &filter, &page).await?;
            return self.asn_page(listing, AsnNames::of(&then)).await;
        }
        let range = match &query.range {
            Some(name) => Some(self.find_asn_range(name).await?.id),
            None => None,
        };
        let tenant = self.tenant_in_field(context, query.client_id.as_deref()).await?;
        let filter = AsnFilter { range, tenant, status, label };
        let listing = self.0.store.asns(context.principal.scope, &filter, &page).await?;
        self.asn_page(listing, AsnNames::default()).await
    }

    async fn asn_page(&self, listing: Listing<stored::Asn>, mut names: AsnNames) -> Result<Page<Asn>, Error> {
        let mut items = Vec::with_capacity(listing.items.len());
        for record in &listing.items {
            items.push(names.view(&self.0.store, record).await?);
        }
        Ok(Page { items, next_cursor: listing.next })
    }

    /// One taken AS number, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn asn(&self, context: &Context, asn: &str, at: Option<&str>) -> Result<Asn, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, at).await? {
            let record = self.find_asn_at(&then, asn).await?;
            return AsnNames::of(&then).view(&self.0.store, &record).await;
        }
        let record = self.find_asn(&self.0.store, context, asn).await?;
        AsnNames::default().view(&self.0.store, &record).await
    }

    /// Changes whose an AS number is and how it is taken. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_asn(&self, context: &Context, asn: &str, request: AsnUpdate) -> Result<Asn, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "status, holdSeconds, clientId, purpose, labels")?;
        let mut checks = Checks::default();
        let wish = checks.changed_wish(request.status.as_deref(), request.hold_seconds);
        let purpose = request.purpose.as_deref().map(|text| checks.text("purpose", text, 1000));
        let labels = request.labels.as_ref().map(|labels| checks.labels(labels));
        checks.done()?;
        let owner = self.owner_change(context, request.client_id.as_ref()).await?;
        let range = self.find_asn(&self.0.store, context, asn).await?.range_id;
        let result = transaction!(self, |tx| {
            tx.lock_asn_range(range).await?;
            let before = self.find_asn(&tx, context, asn).await?;
            if before.claim.status() == Status::Quarantined && wish.is_some() {
                let message = format!("AS {} is in quarantine; end that first, then take it", before.number);
                return Err(Error::conflict("quarantined", message));
            }
            let mut after = stored::Asn { since: self.now(), ..before.clone() };
            after.claim = wish.map_or(after.claim, |wish| wish.claim(self.now()));
            after.tenant_id = owner.unwrap_or(after.tenant_id);
            after.purpose = purpose.clone().unwrap_or(after.purpose);
            after.labels = labels.clone().unwrap_or(after.labels);
            tx.update_asn(&after).await?;
            let answer = AsnNames::default().view(&tx, &after).await?;
            let old = AsnNames::default().view(&tx, &before).await?;
            self.note_asn(&mut tx, context, "asn.update", &after, json!({"before": old, "after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Releases an AS number, or ends its quarantine. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn release_asn(&self, context: &Context, asn: &str) -> Result<(), Error> {
        context.require(Role::Operator)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let known = self.find_asn(&self.0.store, context, asn).await?;
        let result = transaction!(self, |tx| {
            tx.lock_asn_range(known.range_id).await?;
            let before = self.find_asn(&tx, context, &known.id.to_string()).await?;
            let left = tx.release_asn(before.id, self.now()).await?;
            let mut detail = json!({"before": AsnNames::default().view(&tx, &before).await?});
            if let Some(left) = left {
                detail["after"] = json!(AsnNames::default().view(&tx, &left).await?);
            }
            let ended = before.claim.status() == Status::Quarantined;
            let action = if ended { "asn.end_quarantine" } else { "asn.release" };
            self.note_asn(&mut tx, context, action, &before, detail);
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    async fn site_id_in_field(&self, site: Option<&str>) -> Result<Option<SiteId>, Error> {
        match site {
            Some(site) => Ok(Some(self.site_in_field("datacenter", site).await?.id)),
            None => Ok(None),
        }
    }

    async fn find_asn_range(&self, name: &str) -> Result<stored::AsnRange, Error> {
        let missing = || Error::not_found("range of AS numbers", name);
        if let Ok(id) = name.parse() {
            return self.0.store.asn_range(id).await?.ok_or_else(missing);
        }
        let name: Name = name.parse().map_err(|_| missing())?;
        self.0.store.asn_range_by_name(&name).await?.ok_or_else(missing)
    }

    async fn find_asn(&self, reads: &Reads, context: &Context, asn: &str) -> Result<stored::Asn, Error> {
        let missing = || Error::not_found("taken AS number", asn);
        let scope = context.principal.scope;
        if let Ok(id) = asn.parse() {
            return reads.asn(scope, id).await?.ok_or_else(missing);
        }
        let number = asn.parse::<i64>().ok().and_then(|asn| AsNumber::new(asn).ok()).ok_or_else(missing)?;
        reads.asn_by_number(scope, number).await?.ok_or_else(missing)
    }

    fn note_asn(
        &self,
        tx: &mut Tx,
        context: &Context,
        action: &str,
        asn: &stored::Asn,
        detail: serde_json::Value,
    ) {
        let object = asn.id.to_string();
        let entry = Entry { action, object, tenant: asn.tenant_id, outcome: "succeeded", detail };
        tx.audit(self.event(context, entry));
    }

    async fn asn_range_view(&self, reads: &Reads, range: &stored::AsnRange) -> Result<AsnRange, Error> {
        let datacenter = match range.site_id {
            Some(id) => reads.site(id).await?.map(|site| site.name.to_string()),
            None => None,
        };
        let client_id = match range.tenant_id {
            Some(id) => reads.tenant(Scope::All, id).await?.map(|tenant| tenant.name.to_string()),
            None => None,
        };
        Ok(shown_range(range, datacenter, client_id, reads.count_asns(range.id).await?))
    }

    async fn asn_range_then(&self, then: &Then, range: &stored::AsnRange) -> Result<AsnRange, Error> {
        let datacenter = range.site_id.map(|id| then.site_name(id));
        let client_id = range.tenant_id.map(|id| then.tenant_name(id));
        let taken = self.0.store.count_asns_at(range, then.at).await?;
        Ok(shown_range(range, datacenter, client_id, taken))
    }
}

fn shown_range(
    range: &stored::AsnRange,
    datacenter: Option<String>,
    client_id: Option<String>,
    taken: u64,
) -> AsnRange {
    AsnRange {
        id: range.id.to_string(),
        name: range.name.to_string(),
        range: range.span.to_string(),
        datacenter,
        client_id,
        description: range.description.clone(),
        quarantine_seconds: range.quarantine_s,
        total: range.span.size(),
        taken,
        created_at: range.id.created_at(),
    }
}

/// Ranges do not share numbers.
pub(crate) async fn refuse_overlap(reads: &Reads, range: &stored::AsnRange) -> Result<(), Error> {
    let all = reads.asn_ranges(Scope::All).await?;
    let other = all.into_iter().find(|other| {
        other.id != range.id
            && other.span.first() <= range.span.last()
            && range.span.first() <= other.span.last()
    });
    match other {
        None => Ok(()),
        Some(other) => {
            let message = format!("{} overlaps range {} ({})", range.span, other.name, other.span);
            Err(Error::conflict("asn_range_overlap", message))
        }
    }
}

/// Names of what AS numbers refer to, each looked up once.
#[derive(Default)]
struct AsnNames {
    ranges: HashMap<AsnRangeId, String>,
    tenants: HashMap<TenantId, String>,
}

impl AsnNames {
    async fn view(&mut self, reads: &Reads, asn: &stored::Asn) -> Result<Asn, Error> {
        if !self.ranges.contains_key(&asn.range_id)
            && let Some(range) = reads.asn_range(asn.range_id).await?
        {
            self.ranges.insert(range.id, range.name.to_string());
        }
        if let Some(id) = asn.tenant_id
            && !self.tenants.contains_key(&id)
            && let Some(tenant) = reads.tenant(Scope::All, id).await?
        {
            self.tenants.insert(id, tenant.name.to_string());
        }
        Ok(Asn {
            id: asn.id.to_string(),
            asn: asn.number.get(),
            range: self.ranges.get(&asn.range_id).cloned().unwrap_or_default(),
            status: asn.claim.status().as_str().to_owned(),
            expires_at: asn.claim.until(),
            client_id: asn.tenant_id.and_then(|id| self.tenants.get(&id).cloned()),
            purpose: asn.purpose.clone(),
            labels: asn.labels.clone(),
            since: asn.since,
            created_at: asn.created_at,
        })
    }
}
