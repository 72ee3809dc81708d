//! VLAN ids that are taken without a network, and what is free in a domain.

mod past;

use moxxie_api::vlan::{Vlan, VlanList, VlanQuery, VlanRequest, VlanUpdate};
use moxxie_core::{
    VlanRecordId,
    claim::Status,
    domain::Domain,
    identity::{Role, Scope},
    site::Site,
    vlan::VlanId,
};
use moxxie_store::{Reads, Tx, VlanRecord};
use serde_json::json;

use crate::{
    Context, Engine, Error, audit::Entry, claim::something_named, history::Then, validate::Checks,
    write::transaction,
};

impl Engine {
    /// What is taken and what is free among the VLAN ids of a site, or was at a time.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn vlans(&self, context: &Context, site: &str, query: VlanQuery) -> Result<VlanList, Error> {
        context.require(Role::Viewer)?;
        let mut checks = Checks::default();
        let label = checks.label_filter(query.label.as_deref());
        checks.done()?;
        let then = self.then(context, query.at.as_deref()).await?;
        let (site, domain, all) = match &then {
            Some(then) => {
                let (site, domain) = then.site_and_domain(site)?;
                (site.clone(), domain.clone(), self.vlans_at(then, domain).await?)
            }
            None => {
                let (site, domain) = self.site_and_domain(site).await?;
                let all = self.0.store.vlans(Scope::All, domain.id).await?;
                (site, domain, all)
            }
        };
        let taken: Vec<_> = all.iter().map(|vlan| vlan.vlan).collect();
        let mine = |vlan: &&VlanRecord| match context.principal.scope {
            Scope::All => true,
            Scope::Tenant(id) => vlan.tenant_id == Some(id),
        };
        let labelled = |vlan: &&VlanRecord| label.as_ref().is_none_or(|label| label.matches(&vlan.labels));
        let mut items = Vec::new();
        for vlan in all.iter().filter(mine).filter(labelled) {
            items.push(match &then {
                Some(then) => then.vlan_view(&site, &domain, vlan),
                None => self.vlan_view(&self.0.store, &site, &domain, vlan).await?,
            });
        }
        Ok(VlanList {
            datacenter: site.name.to_string(),
            domain: domain.name.to_string(),
            range: domain.range.to_string(),
            quarantine_seconds: domain.quarantine_s,
            free: domain.range.free(taken).iter().map(ToString::to_string).collect(),
            items,
        })
    }

    /// Takes a VLAN id without a network. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn take_vlan(
        &self,
        context: &Context,
        site: &str,
        request: VlanRequest,
    ) -> Result<Vlan, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let wanted = request.vlan_id.and_then(|vlan| checks.take("vlanId", VlanId::new(vlan)));
        let wish = checks.wish(request.status.as_deref(), request.hold_seconds);
        let purpose = checks.text("purpose", &request.purpose, 1000);
        let labels = checks.labels(&request.labels);
        checks.done()?;
        let (site, domain) = self.site_and_domain(site).await?;
        let tenant_id = self.tenant_in_field(context, request.client_id.as_deref()).await?;
        let result = transaction!(self, |tx| {
            let vlan = self.choose_vlan(&mut tx, &site, domain.id, wanted).await?;
            let now = self.now();
            let record = VlanRecord {
                id: VlanRecordId::new(self.0.ambient.uuid()),
                domain_id: domain.id,
                vlan,
                tenant_id,
                attachment_id: None,
                network_id: None,
                claim: wish.claim(now),
                purpose: purpose.clone(),
                labels: labels.clone(),
                since: now,
                created_at: now,
            };
            tx.insert_vlan(&record).await?;
            let answer = self.vlan_view(&tx, &site, &domain, &record).await?;
            self.note_vlan(&mut tx, context, "vlan.take", &record, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// One taken VLAN id, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn vlan(
        &self,
        context: &Context,
        site: &str,
        vlan: &str,
        at: Option<&str>,
    ) -> Result<Vlan, Error> {
        context.require(Role::Viewer)?;
        if let Some(then) = self.then(context, at).await? {
            let (site, domain) = then.site_and_domain(site)?;
            let record = self.find_vlan_at(&then, domain, vlan).await?;
            return Ok(then.vlan_view(site, domain, &record));
        }
        let (site, domain) = self.site_and_domain(site).await?;
        let record = self.find_vlan(&self.0.store, context, &domain, vlan).await?;
        self.vlan_view(&self.0.store, &site, &domain, &record).await
    }

    /// Changes whose a VLAN id is and how it is taken. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_vlan(
        &self,
        context: &Context,
        site: &str,
        vlan: &str,
        request: VlanUpdate,
    ) -> Result<Vlan, Error> {
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
        let (site, domain) = self.site_and_domain(site).await?;
        let result = transaction!(self, |tx| {
            tx.lock_domain(domain.id).await?;
            let before = self.find_vlan(&tx, context, &domain, vlan).await?;
            if wish.is_some() || owner.is_some() {
                self.refuse_vlan_of_network(&tx, &before, "its status and tenant are the network's").await?;
            }
            if before.claim.status() == Status::Quarantined && wish.is_some() {
                let message = format!("VLAN {} is in quarantine; end that first, then take it", before.vlan);
                return Err(Error::conflict("quarantined", message));
            }
            let mut after = VlanRecord { since: self.now(), ..before.clone() };
            after.claim = wish.map_or(after.claim, |wish| wish.claim(self.now()));
            after.tenant_id = owner.unwrap_or(after.tenant_id);
            after.purpose = purpose.clone().unwrap_or(after.purpose);
            after.labels = labels.clone().unwrap_or(after.labels);
            tx.update_vlan(&after).await?;
            let answer = self.vlan_view(&tx, &site, &domain, &after).await?;
            let old = self.vlan_view(&tx, &site, &domain, &before).await?;
            self.note_vlan(&mut tx, context, "vlan.update", &after, json!({"before": old, "after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Releases a VLAN id, or ends its quarantine. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; one that a network has is a [`Error::Conflict`] that names it.
    pub async fn release_vlan(&self, context: &Context, site: &str, vlan: &str) -> Result<(), Error> {
        context.require(Role::Operator)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let (site, domain) = self.site_and_domain(site).await?;
        let result = transaction!(self, |tx| {
            tx.lock_domain(domain.id).await?;
            let before = self.find_vlan(&tx, context, &domain, vlan).await?;
            self.refuse_vlan_of_network(&tx, &before, "deprovision that instead").await?;
            let left = tx.release_vlan(before.id, self.now()).await?;
            let mut detail = json!({"before": self.vlan_view(&tx, &site, &domain, &before).await?});
            if let Some(left) = left {
                detail["after"] = json!(self.vlan_view(&tx, &site, &domain, &left).await?);
            }
            let ended = before.claim.status() == Status::Quarantined;
            let action = if ended { "vlan.end_quarantine" } else { "vlan.release" };
            self.note_vlan(&mut tx, context, action, &before, detail);
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// A VLAN id for somebody: the wanted one when it is free, else the lowest free one of the site's range.
    /// Locks the domain; holds and quarantines that are over make room first.
    pub(crate) async fn choose_vlan(
        &self,
        tx: &mut Tx,
        site: &Site,
        domain: moxxie_core::DomainId,
        wanted: Option<VlanId>,
    ) -> Result<VlanId, Error> {
        let missing = || Error::not_found("VLAN domain of datacenter", &site.name);
        let domain = tx.lock_domain(domain).await?.ok_or_else(missing)?;
        let lapsed = tx.lapsed_vlans(Some(domain.id), self.now(), 5000).await?;
        self.lapse_vlans(tx, &lapsed, self.now()).await?;
        let used = tx.vlans(Scope::All, domain.id).await?;
        let ids: Vec<_> = used.iter().map(|vlan| vlan.vlan).collect();
        // What somebody else has on the trunk would be refused by the router's plan.
        let seen = tx.seen_vlans(domain.id, self.seen_since()).await?;
        let free = domain.next_vlan(ids.iter().chain(&seen).copied());
        let inside = |status: Status| {
            used.iter()
                .filter(|vlan| vlan.claim.status() == status && domain.range.contains(vlan.vlan))
                .count()
        };
        let taken: usize = Status::ALL.into_iter().map(inside).sum();
        let left = domain.range.size().saturating_sub(u32::try_from(taken).unwrap_or(u32::MAX));
        let waiting: Vec<_> = [Status::Held, Status::Reserved, Status::Quarantined]
            .into_iter()
            .filter(|status| inside(*status) > 0)
            .map(|status| format!("{} {}", inside(status), status.as_str()))
            .collect();
        let waiting = if waiting.is_empty() { String::new() } else { format!(" ({})", waiting.join(", ")) };
        let state = format!("site {} has {left} VLANs left in {}{waiting}", site.name, domain.range);
        let hint = free.map_or(String::new(), |free| format!("; the next free one is {free}"));
        match wanted {
            Some(vlan) if !domain.range.contains(vlan) => Err(Error::invalid(
                "vlanId",
                format!("VLAN {vlan} is outside the site's range: {state}{hint}"),
            )),
            Some(vlan) => match used.iter().find(|used| used.vlan == vlan) {
                None => Ok(vlan),
                Some(by) => {
                    let how = match by.claim.until() {
                        Some(until) => format!("{} until {until}", by.claim.status().as_str()),
                        None if by.claim.status() == Status::Assigned => "in use".to_owned(),
                        None => by.claim.status().as_str().to_owned(),
                    };
                    let message = format!("VLAN {vlan} is {how} at site {}: {state}{hint}", site.name);
                    Err(Error::conflict("vlan_taken", message))
                }
            },
            None => free.ok_or_else(|| {
                let on_trunk = match seen.len() {
                    0 => String::new(),
                    seen => format!(
                        ", and {seen} ids are on the trunk already by what routers show (GET /reality?kind=foreign_vlan)"
                    ),
                };
                Error::conflict(
                    "exhausted",
                    format!("{state}{on_trunk}; release a network, or give the site a wider range"),
                )
            }),
        }
    }

    async fn site_and_domain(&self, site: &str) -> Result<(Site, Domain), Error> {
        let site = self.find_site(site).await?.ok_or_else(|| Error::not_found("datacenter", site))?;
        let domain = self.domain_of(&site).await?;
        Ok((site, domain))
    }

    async fn find_vlan(
        &self,
        reads: &Reads,
        context: &Context,
        domain: &Domain,
        vlan: &str,
    ) -> Result<VlanRecord, Error> {
        let missing = || Error::not_found("taken VLAN", vlan);
        let scope = context.principal.scope;
        if let Ok(id) = vlan.parse::<VlanRecordId>() {
            let found = reads.vlan(scope, id).await?;
            return found.filter(|found| found.domain_id == domain.id).ok_or_else(missing);
        }
        let id = vlan.parse::<i64>().ok().and_then(|id| VlanId::new(id).ok()).ok_or_else(missing)?;
        reads.vlan_by_vid(scope, domain.id, id).await?.ok_or_else(missing)
    }

    async fn refuse_vlan_of_network(
        &self,
        reads: &Reads,
        vlan: &VlanRecord,
        what: &str,
    ) -> Result<(), Error> {
        let Some(id) = vlan.network_id else { return Ok(()) };
        let network = reads.network(Scope::All, id).await?;
        let name = network.map_or(String::new(), |network| format!(" {} ({})", network.name, network.id));
        Err(Error::conflict("in_use", format!("VLAN {} belongs to network{name}: {what}", vlan.vlan)))
    }

    fn note_vlan(
        &self,
        tx: &mut Tx,
        context: &Context,
        action: &str,
        vlan: &VlanRecord,
        detail: serde_json::Value,
    ) {
        let object = vlan.id.to_string();
        let entry = Entry { action, object, tenant: vlan.tenant_id, outcome: "succeeded", detail };
        tx.audit(self.event(context, entry));
    }

    async fn vlan_view(
        &self,
        reads: &Reads,
        site: &Site,
        domain: &Domain,
        vlan: &VlanRecord,
    ) -> Result<Vlan, Error> {
        let client_id = match vlan.tenant_id {
            Some(id) => reads.tenant(Scope::All, id).await?.map(|tenant| tenant.name.to_string()),
            None => None,
        };
        Ok(shown(site, domain, vlan, client_id))
    }
}

impl Then {
    fn vlan_view(&self, site: &Site, domain: &Domain, vlan: &VlanRecord) -> Vlan {
        shown(site, domain, vlan, vlan.tenant_id.map(|id| self.tenant_name(id)))
    }
}

fn shown(site: &Site, domain: &Domain, vlan: &VlanRecord, client_id: Option<String>) -> Vlan {
    Vlan {
        id: vlan.id.to_string(),
        datacenter: site.name.to_string(),
        domain: domain.name.to_string(),
        vlan_id: vlan.vlan.get(),
        status: vlan.claim.status().as_str().to_owned(),
        expires_at: vlan.claim.until(),
        client_id,
        purpose: vlan.purpose.clone(),
        labels: vlan.labels.clone(),
        network_id: vlan.network_id.map(|id| id.to_string()),
        since: vlan.since,
        created_at: vlan.created_at,
    }
}
