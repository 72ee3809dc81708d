//! Prefixes that are taken. How they are allocated is in `take`, how requests for them
//! share a transaction in `queue`, how they change their shape in
//! `reshape`, how they are shown as a tree in `tree`.

mod past;
mod queue;
mod reshape;
mod take;
mod tree;

use std::collections::{HashMap, hash_map::Entry};

use ipnet::IpNet;
use moxxie_api::{
    Page,
    prefix::{Prefix, PrefixBulk, PrefixQuery, PrefixRequest, PrefixUpdate, PrefixesTaken},
};
use moxxie_core::{
    PoolId, TenantId, VrfId,
    claim::{Claim, Status},
    identity::{Role, Scope},
    prefix::parse,
};
use moxxie_store::{Listing, PrefixFilter, PrefixRecord, Reads, Tx};
use serde_json::json;

pub(crate) use self::{
    queue::PrefixQueue,
    reshape::whole_of,
    take::{Source, Taking, length},
};
use crate::{
    Context, Engine, Error, audit, claim::something_named, page, validate::Checks, write::transaction,
};

/// How many prefixes one request takes at most.
const MOST_ITEMS: usize = 1000;

impl Engine {
    /// Takes a prefix, or one of each family. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn take_prefixes(
        &self,
        context: &Context,
        request: PrefixRequest,
    ) -> Result<PrefixesTaken, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let order = self.prefix_order(context, &request).await?;
        if let Some(taken) = self.take_together(context, std::slice::from_ref(&order)).await? {
            return Ok(taken);
        }
        let result = transaction!(self, |tx| {
            tx.lock_pools(&order.pools()).await?;
            let prefixes = self.take_order(&mut tx, context, &order).await?;
            let answer = PrefixesTaken { prefixes };
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Takes prefixes, all or none. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; every item that cannot be had is named.
    pub async fn take_prefixes_bulk(
        &self,
        context: &Context,
        request: PrefixBulk,
    ) -> Result<PrefixesTaken, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        if request.items.is_empty() || request.items.len() > MOST_ITEMS {
            return Err(Error::invalid("items", format!("name 1 to {MOST_ITEMS} prefixes")));
        }
        let mut orders = Vec::with_capacity(request.items.len());
        let mut errors = Vec::new();
        for (index, item) in request.items.iter().enumerate() {
            match self.prefix_order(context, item).await {
                Ok(order) => orders.push(order),
                Err(error) => errors.push((index, error)),
            }
        }
        if !errors.is_empty() {
            return Err(refused_items(request.items.len(), errors));
        }
        if let Some(taken) = self.take_together(context, &orders).await? {
            return Ok(taken);
        }
        let result = transaction!(self, |tx| {
            let pools: Vec<PoolId> = orders.iter().flat_map(take::Order::pools).collect();
            tx.lock_pools(&pools).await?;
            let mut prefixes = Vec::with_capacity(orders.len());
            let mut errors = Vec::new();
            for (index, order) in orders.iter().enumerate() {
                match self.take_order(&mut tx, context, order).await {
                    Ok(taken) => prefixes.extend(taken),
                    Err(error @ (Error::Invalid(_) | Error::Conflict { .. })) => errors.push((index, error)),
                    Err(error) => return Err(error),
                }
            }
            if !errors.is_empty() {
                return Err(refused_items(orders.len(), errors));
            }
            let answer = PrefixesTaken { prefixes };
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Lists the prefixes of a VRF by address.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn prefixes(&self, context: &Context, query: PrefixQuery) -> Result<Page<Prefix>, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let within = query.within.as_deref().and_then(|within| checks.prefix("within", within));
        let status = checks.status(query.status.as_deref());
        let label = checks.label_filter(query.label.as_deref());
        checks.done()?;
        let page = page::wanted(query.cursor, query.limit)?;
        if let Some(then) = self.then(context, query.at.as_deref()).await? {
            let pool = query.pool.as_deref().map(|pool| then.pool_in_field(pool)).transpose()?;
            let vrf = match pool {
                Some(pool) if query.vrf.is_none() => pool.vrf_id,
                _ => then.vrf_in_field(query.vrf.as_deref())?,
            };
            let pool = pool.filter(|pool| pool.vrf_id == vrf);
            if pool.is_none() && query.pool.is_some() {
                return Err(Error::invalid("vrf", "the pool was in another VRF; leave one of the two out"));
            }
            let tenant = then.tenant_in_field(query.client_id.as_deref())?;
            let filter = PrefixFilter { vrf, within, pool: pool.map(|pool| pool.id), tenant, status, label };
            let listing = self.prefixes_at(&then, &filter, &page).await?;
            return self.prefix_page(listing, PrefixNames::of(&then)).await;
        }
        let vrf = self.vrf_in_field(query.vrf.as_deref()).await?;
        let pool = match &query.pool {
            Some(pool) => Some(self.pool_in_field("pool", pool).await?),
            None => None,
        };
        // A pool says by itself which VRF it is in.
        let vrf = pool.as_ref().filter(|_| query.vrf.is_none()).map_or(vrf.id, |pool| pool.vrf_id);
        let tenant = self.tenant_in_field(context, query.client_id.as_deref()).await?;
        let filter = PrefixFilter { vrf, within, pool: pool.map(|pool| pool.id), tenant, status, label };
        let listing = self.0.store.prefixes(context.principal.scope, &filter, &page).await?;
        self.prefix_page(listing, PrefixNames::default()).await
    }

    async fn prefix_page(
        &self,
        listing: Listing<PrefixRecord>,
        mut names: PrefixNames,
    ) -> Result<Page<Prefix>, Error> {
        let mut items = Vec::with_capacity(listing.items.len());
        for record in &listing.items {
            items.push(names.view(&self.0.store, record).await?);
        }
        Ok(Page { items, next_cursor: listing.next })
    }

    /// One prefix, by id or as a prefix, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn prefix(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
        at: Option<&str>,
    ) -> Result<Prefix, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, at).await? {
            let record = self.find_prefix_at(&then, id, vrf).await?;
            return PrefixNames::of(&then).view(&self.0.store, &record).await;
        }
        let record = self.find_prefix(&self.0.store, context, id, vrf).await?;
        self.prefix_view(&self.0.store, &record).await
    }

    /// Changes whose a prefix is and how it is taken. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_prefix(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
        request: PrefixUpdate,
    ) -> Result<Prefix, Error> {
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
        let known = self.find_prefix(&self.0.store, context, id, vrf).await?;
        let result = transaction!(self, |tx| {
            let before = self.locked_prefix(&mut tx, context, &known).await?;
            if before.network_id.is_some() && (wish.is_some() || owner.is_some()) {
                return Err(self.of_network(&tx, &before, "its status and tenant are the network's").await?);
            }
            if before.claim.status() == Status::Quarantined && wish.is_some() {
                let message = format!(
                    "{} is in quarantine; end that first (DELETE, `moxxie prefix release`), then take it",
                    before.prefix
                );
                return Err(Error::conflict("quarantined", message));
            }
            let mut after = PrefixRecord { since: self.now(), ..before.clone() };
            after.claim = wish.map_or(after.claim, |wish| wish.claim(self.now()));
            after.tenant_id = owner.unwrap_or(after.tenant_id);
            after.purpose = purpose.clone().unwrap_or(after.purpose);
            after.labels = labels.clone().unwrap_or(after.labels);
            tx.update_prefix(&after).await?;
            self.note_prefix(&mut tx, context, "prefix.update", &before, &after).await?
        });
        self.or_recall(context, result).await
    }

    /// Makes a held prefix one in use. Confirming what is in use already changes nothing. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn confirm_prefix(
        &self,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
    ) -> Result<Prefix, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let known = self.find_prefix(&self.0.store, context, id, vrf).await?;
        let result = transaction!(self, |tx| {
            let before = self.locked_prefix(&mut tx, context, &known).await?;
            match before.claim {
                Claim::Assigned => return self.prefix_view(&tx, &before).await,
                // A hold whose time is over is nobody's, even when nobody came by to end it.
                Claim::Held(until) if until > self.now() => {}
                _ => {
                    let message = format!("{} is {} and not held", before.prefix, said(&before, self.now()));
                    return Err(Error::conflict("not_held", message));
                }
            }
            let after = PrefixRecord { claim: Claim::Assigned, since: self.now(), ..before.clone() };
            tx.update_prefix(&after).await?;
            self.note_prefix(&mut tx, context, "prefix.confirm", &before, &after).await?
        });
        self.or_recall(context, result).await
    }

    /// Releases a prefix, or ends its quarantine. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; one that belongs to a network is a [`Error::Conflict`] that names it.
    pub async fn release_prefix(&self, context: &Context, id: &str, vrf: Option<&str>) -> Result<(), Error> {
        context.require(Role::Operator)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let known = self.find_prefix(&self.0.store, context, id, vrf).await?;
        let result = transaction!(self, |tx| {
            let before = self.locked_prefix(&mut tx, context, &known).await?;
            if before.network_id.is_some() {
                return Err(self.of_network(&tx, &before, "deprovision that instead").await?);
            }
            let left = tx.release_prefix(before.id, self.now()).await?;
            let mut detail = json!({"before": self.prefix_view(&tx, &before).await?});
            if let Some(left) = left {
                detail["after"] = json!(self.prefix_view(&tx, &left).await?);
            }
            let ended = before.claim.status() == Status::Quarantined;
            tx.audit(self.event(
                context,
                audit::Entry {
                    action: if ended { "prefix.end_quarantine" } else { "prefix.release" },
                    object: before.id.to_string(),
                    tenant: before.tenant_id,
                    outcome: "succeeded",
                    detail,
                },
            ));
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// The prefix a path names: by id, or as a prefix of a VRF.
    pub(crate) async fn find_prefix(
        &self,
        reads: &Reads,
        context: &Context,
        id: &str,
        vrf: Option<&str>,
    ) -> Result<PrefixRecord, Error> {
        let missing = || Error::not_found("prefix", id);
        let scope = context.principal.scope;
        if let Ok(id) = id.parse() {
            return reads.prefix(scope, id).await?.ok_or_else(missing);
        }
        let prefix: IpNet = parse(id).map_err(|_| missing())?;
        let vrf = self.vrf_in_field(vrf).await?;
        reads.prefix_exactly(scope, vrf.id, prefix).await?.ok_or_else(missing)
    }

    /// Locks the pool of a prefix and reads the prefix as it stays.
    async fn locked_prefix(
        &self,
        tx: &mut Tx,
        context: &Context,
        known: &PrefixRecord,
    ) -> Result<PrefixRecord, Error> {
        tx.lock_pools(&[known.pool_id]).await?;
        let found = tx.prefix(context.principal.scope, known.id).await?;
        found.ok_or_else(|| Error::not_found("prefix", known.prefix))
    }

    /// The refusal to touch a prefix that a network depends on.
    async fn of_network(&self, reads: &Reads, prefix: &PrefixRecord, what: &str) -> Result<Error, Error> {
        let name = match prefix.network_id {
            Some(id) => reads.network(Scope::All, id).await?.map(|network| (network.name, network.id)),
            None => None,
        };
        let name = name.map_or(String::new(), |(name, id)| format!(" {name} ({id})"));
        Ok(Error::conflict("in_use", format!("{} belongs to network{name}: {what}", prefix.prefix)))
    }

    /// Notes a changed prefix and gives the answer.
    async fn note_prefix(
        &self,
        tx: &mut Tx,
        context: &Context,
        action: &str,
        before: &PrefixRecord,
        after: &PrefixRecord,
    ) -> Result<Prefix, Error> {
        let answer = self.prefix_view(tx, after).await?;
        let detail = json!({"before": self.prefix_view(tx, before).await?, "after": answer});
        let object = after.id.to_string();
        let entry = audit::Entry { action, object, tenant: after.tenant_id, outcome: "succeeded", detail };
        tx.audit(self.event(context, entry));
        self.keep(tx, context, &answer).await?;
        Ok(answer)
    }

    pub(crate) async fn prefix_view(&self, reads: &Reads, record: &PrefixRecord) -> Result<Prefix, Error> {
        PrefixNames::default().view(reads, record).await
    }
}

/// How a prefix stands, in words.
fn said(prefix: &PrefixRecord, now: moxxie_core::Timestamp) -> String {
    match prefix.claim {
        Claim::Held(until) if until <= now => format!("no longer held since {until}"),
        claim => claim.status().as_str().to_owned(),
    }
}

/// What a bulk request that cannot be done answers: every item that is in the way.
pub(crate) fn refused_items(items: usize, errors: Vec<(usize, Error)>) -> Error {
    if errors.iter().all(|(_, error)| matches!(error, Error::Invalid(_))) {
        let fields = errors.into_iter().flat_map(|(index, error)| match error {
            Error::Invalid(fields) => fields
                .into_iter()
                .map(|mut field| {
                    field.field = format!("items[{index}].{}", field.field);
                    field
                })
                .collect(),
            _ => Vec::new(),
        });
        return Error::Invalid(fields.collect());
    }
    let some: Vec<_> =
        errors.iter().take(3).map(|(index, error)| format!("items[{index}]: {error}")).collect();
    let more = if errors.len() > 3 { "; ..." } else { "" };
    let list: Vec<_> = errors
        .iter()
        .map(|(index, error)| {
            let code = if let Error::Conflict { code, .. } = error { code } else { "validation" };
            json!({"item": index, "code": code, "message": error.to_string()})
        })
        .collect();
    Error::Conflict {
        code: "bulk_refused",
        message: format!(
            "{} of {items} items cannot be done, so none was: {}{more}",
            errors.len(),
            some.join("; ")
        ),
        context: Some(json!({"errors": list})),
    }
}

/// Names of what prefixes refer to, each looked up once.
#[derive(Default)]
pub(crate) struct PrefixNames {
    vrfs: HashMap<VrfId, String>,
    pools: HashMap<PoolId, String>,
    tenants: HashMap<TenantId, String>,
}

impl PrefixNames {
    /// The prefix as the API shows it.
    pub(crate) async fn view(&mut self, reads: &Reads, record: &PrefixRecord) -> Result<Prefix, Error> {
        if let Entry::Vacant(unknown) = self.vrfs.entry(record.vrf_id) {
            let vrf = reads.vrf(record.vrf_id).await?;
            unknown.insert(vrf.map_or(String::new(), |vrf| vrf.name.to_string()));
        }
        if let Entry::Vacant(unknown) = self.pools.entry(record.pool_id) {
            let pool = reads.pool(record.pool_id).await?;
            unknown.insert(pool.map_or(String::new(), |pool| pool.name.to_string()));
        }
        Ok(Prefix {
            id: record.id.to_string(),
            prefix: record.prefix.to_string(),
            vrf: self.vrfs.get(&record.vrf_id).cloned().unwrap_or_default(),
            pool: self.pools.get(&record.pool_id).cloned().unwrap_or_default(),
            status: record.claim.status().as_str().to_owned(),
            expires_at: record.claim.until(),
            client_id: self.tenant(reads, record.tenant_id).await?,
            purpose: record.purpose.clone(),
            labels: record.labels.clone(),
            network_id: record.network_id.map(|id| id.to_string()),
            since: record.since,
            created_at: record.created_at,
        })
    }

    /// The name of a tenant.
    pub(crate) async fn tenant(
        &mut self,
        reads: &Reads,
        id: Option<TenantId>,
    ) -> Result<Option<String>, Error> {
        let Some(id) = id else { return Ok(None) };
        if !self.tenants.contains_key(&id)
            && let Some(tenant) = reads.tenant(Scope::All, id).await?
        {
            self.tenants.insert(id, tenant.name.to_string());
        }
        Ok(self.tenants.get(&id).cloned())
    }
}
