//! Reality: what routers show, held against the records.

mod scan;
mod verify;
mod worker;

use std::{collections::HashMap, time::Duration};

use moxxie_api::{
    Page,
    address::{Address, AddressRequest},
    reality::{AcknowledgeRequest, Acknowledgement, AdoptRequest, Finding, FindingQuery},
};
use moxxie_core::{
    FindingId, Name, NetworkId, RouterId, SiteId, Timestamp, identity::Role, prefix::address_number,
    reality::FindingKind,
};
use moxxie_store::{self as store, FindingFilter, StoreError};
use serde_json::json;

use crate::{
    Context, Engine, Error,
    audit::Entry,
    batch::{Family, space::Ground},
    page,
    validate::Checks,
    write::transaction,
};

/// What an operator may choose about looking at routers.
#[derive(Debug, Clone)]
pub struct RealityConfig {
    /// How often each router is looked at; zero: only when somebody asks for it.
    pub interval: Duration,
    /// How long an address or VLAN id that was seen is not handed out.
    pub seen_age: Duration,
    /// How long nothing has to be seen of a recorded host until it is called silent.
    pub silent_after: Duration,
    /// How long is remembered when somebody was last seen.
    pub keep: Duration,
    /// Most rows that are read of one table of a router.
    pub rows: usize,
    /// How long reading one table may take.
    pub deadline: Duration,
    /// How long a router may take to tell whether addresses answer.
    pub verify_deadline: Duration,
}

impl Default for RealityConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(300),
            seen_age: Duration::from_secs(24 * 3600),
            silent_after: Duration::from_secs(24 * 3600),
            keep: Duration::from_secs(30 * 24 * 3600),
            rows: 65_536,
            deadline: Duration::from_secs(60),
            verify_deadline: Duration::from_secs(5),
        }
    }
}

impl Engine {
    /// Since when what was seen counts.
    pub(crate) fn seen_since(&self) -> Timestamp {
        before(self.now(), self.0.config.reality.seen_age)
    }

    /// Lists findings, the oldest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn findings(&self, context: &Context, query: FindingQuery) -> Result<Page<Finding>, Error> {
        context.require(Role::Viewer)?;
        let mut filter =
            FindingFilter { acknowledged: query.acknowledged.unwrap_or(false), ..FindingFilter::default() };
        if let Some(name) = &query.datacenter {
            filter.site = Some(self.site_in_field("datacenter", name).await?.id);
        }
        if let Some(name) = &query.router {
            let router = self.find_router(name).await;
            filter.router = Some(router.map_err(|_| Error::invalid("router", "is not a router"))?.id);
        }
        if let Some(id) = &query.network {
            filter.network = Some(self.find_network(context, id).await?.id);
        }
        if let Some(word) = &query.kind {
            let kind = FindingKind::parse(word).ok_or_else(|| {
                let kinds: Vec<_> = FindingKind::ALL.iter().map(|kind| kind.as_str()).collect();
                Error::invalid("kind", format!("is not a kind of finding: {}", kinds.join(", ")))
            })?;
            filter.kind = Some(kind);
        }
        let wanted = page::wanted(query.cursor, query.limit)?;
        let listing = self.0.store.findings(context.principal.scope, &filter, &wanted).await?;
        let names = self.names().await?;
        Ok(page::answer(listing, |finding| names.view(finding)))
    }

    /// Says that a finding may stay, and why. It is left out of lists and counts until it is gone. Needs
    /// operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn acknowledge_finding(
        &self,
        context: &Context,
        id: &str,
        request: AcknowledgeRequest,
    ) -> Result<Finding, Error> {
        context.require(Role::Operator)?;
        let mut checks = Checks::default();
        let reason = checks.text("reason", request.reason.trim(), 500);
        if reason.is_empty() {
            checks.wrong("reason", "is empty: say why it may stay");
        }
        checks.done()?;
        self.say(context, id, "finding.acknowledge", Some(&reason)).await
    }

    /// Takes back that a finding may stay. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn reopen_finding(&self, context: &Context, id: &str) -> Result<Finding, Error> {
        context.require(Role::Operator)?;
        self.say(context, id, "finding.reopen", None).await
    }

    async fn say(
        &self,
        context: &Context,
        id: &str,
        action: &str,
        reason: Option<&str>,
    ) -> Result<Finding, Error> {
        let before = self.find_finding(context, id).await?;
        let names = self.names().await?;
        let said = reason.map(|reason| (self.now(), context.principal.name.clone(), reason.to_owned()));
        transaction!(self, |tx| {
            let said_now = said.as_ref().map(|(at, who, why)| (*at, who.as_str(), why.as_str()));
            match tx.acknowledge_finding(before.id, said_now).await {
                Err(StoreError::NotFound(_)) => return Err(Error::not_found("finding", before.id)),
                other => other?,
            }
            let after = store::Finding { acknowledged: said.clone(), ..before.clone() };
            let after = names.view(after);
            tx.audit(self.event(
                context,
                Entry {
                    action,
                    object: before.id.to_string(),
                    tenant: before.difference.tenant,
                    outcome: "succeeded",
                    detail: json!({"before": names.view(before.clone()), "after": after}),
                },
            ));
            after
        })
    }

    /// Records an address that is in use without record, as it was seen. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn adopt_finding(
        &self,
        context: &Context,
        id: &str,
        request: AdoptRequest,
    ) -> Result<Address, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let found = self.find_finding(context, id).await?.difference;
        let unknown = matches!(
            found.kind,
            FindingKind::UnknownInUse | FindingKind::LeaseUnrecorded | FindingKind::RouterAddress
        );
        let (Some(network), Some(address), true) = (found.network, found.address, unknown) else {
            return Err(Error::conflict(
                "not_adoptable",
                "only an address without record inside a network can be adopted; record other things where \
                 they belong, or acknowledge the finding with a reason",
            ));
        };
        // What the host calls itself is taken where it is a host name at all.
        let heard = found.host_name.filter(|name| crate::address::is_hostname(name));
        let ground = Ground::read(&self.0.store, network, Family::of(address)).await?;
        let number = address_number(address);
        let dhcp = ground.dhcp.is_some_and(|(first, last)| (first..=last).contains(&number));
        let usual = match found.kind {
            FindingKind::RouterAddress => Some("reserved"),
            _ if dhcp => Some("dhcp"),
            _ => None,
        };
        let request = AddressRequest {
            address: Some(address.to_string()),
            hostname: request.hostname.or(heard),
            mac: found.mac,
            kind: request.kind.or_else(|| usual.map(str::to_owned)),
            vm_id: request.vm_id,
            tags: request.tags,
            ..AddressRequest::default()
        };
        self.create_address(context, &network.to_string(), request).await
    }

    async fn find_finding(&self, context: &Context, id: &str) -> Result<store::Finding, Error> {
        let missing = || Error::not_found("finding", id);
        let parsed: FindingId = id.parse().map_err(|_| missing())?;
        self.0.store.finding(context.principal.scope, parsed).await?.ok_or_else(missing)
    }

    async fn names(&self) -> Result<Names, Error> {
        let routers = self.0.store.routers().await?;
        let sites = self.0.store.sites().await?;
        Ok(Names {
            routers: routers.into_iter().map(|router| (router.id, router.name)).collect(),
            sites: sites.into_iter().map(|site| (site.id, site.name)).collect(),
        })
    }
}

/// The moment that lies so far back.
fn before(now: Timestamp, span: Duration) -> Timestamp {
    let span = jiff::SignedDuration::try_from(span).unwrap_or(jiff::SignedDuration::MAX);
    now.checked_sub(span).unwrap_or(Timestamp::UNIX_EPOCH)
}

/// Names of what findings refer to.
struct Names {
    routers: HashMap<RouterId, Name>,
    sites: HashMap<SiteId, Name>,
}

impl Names {
    fn view(&self, finding: store::Finding) -> Finding {
        let one = finding.difference;
        let router = self.routers.get(&finding.router_id).map(ToString::to_string);
        let site = self.sites.get(&finding.site_id).map(ToString::to_string);
        Finding {
            finding_id: finding.id.to_string(),
            kind: one.kind.as_str().to_owned(),
            detail: one.detail,
            router: router.unwrap_or_else(|| finding.router_id.to_string()),
            datacenter: site.unwrap_or_else(|| finding.site_id.to_string()),
            network_id: one.network.map(|id: NetworkId| id.to_string()),
            address: one.address.map(|address| address.to_string()),
            mac: one.mac,
            interface: one.interface,
            vlan_id: one.vlan.map(moxxie_core::vlan::VlanId::get),
            host_name: one.host_name,
            since: one.since.unwrap_or(finding.first_found),
            last_found: finding.last_found,
            acknowledged: finding.acknowledged.map(|(at, by, reason)| Acknowledgement { at, by, reason }),
        }
    }
}
