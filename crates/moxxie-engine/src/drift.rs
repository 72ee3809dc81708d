//! Drift: rows on routers that are not as they were last applied, and what is to become of it.

mod answer;
mod check;
mod worker;

use std::{collections::HashMap, time::Duration};

use moxxie_api::{
    Page,
    drift::{Drift, DriftQuery, DriftWord, RouterDrift},
};
use moxxie_core::{
    DriftId, Name, RouterId, SiteId,
    drift::{DriftKind, DriftState},
    identity::Role,
};
use moxxie_store::{self as store, DriftFilter};

use crate::{Context, Engine, Error, page};

/// What an operator may choose about looking for drift.
#[derive(Debug, Clone)]
pub struct DriftConfig {
    /// How often every router is read whole; zero: routers are not watched, and checked only when somebody
    /// asks.
    pub interval: Duration,
    /// How often a watched router's undo history is looked at, and the shortest time between two checks.
    pub poll: Duration,
    /// How long a process has the watch of a router without renewing it.
    pub watch_ttl: Duration,
    /// How long is remembered what drift there was.
    pub keep: Duration,
}

impl Default for DriftConfig {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(300),
            poll: Duration::from_secs(2),
            watch_ttl: Duration::from_secs(60),
            keep: Duration::from_secs(90 * 24 * 3600),
        }
    }
}

impl Engine {
    /// Lists drift, the oldest first.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn drifts(&self, context: &Context, query: DriftQuery) -> Result<Page<Drift>, Error> {
        context.require(Role::Viewer)?;
        let mut filter = DriftFilter::default();
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
            let kinds: Vec<_> = DriftKind::ALL.iter().map(|kind| kind.as_str()).collect();
            let kind = DriftKind::parse(word).ok_or_else(|| {
                Error::invalid("kind", format!("is not a kind of drift: {}", kinds.join(", ")))
            })?;
            filter.kind = Some(kind);
        }
        if let Some(word) = &query.state {
            let states: Vec<_> = DriftState::ALL.iter().map(|state| state.as_str()).collect();
            let state = DriftState::parse(word).ok_or_else(|| {
                Error::invalid("state", format!("is not a state of drift: {}", states.join(", ")))
            })?;
            filter.state = Some(state);
            filter.ended = state == DriftState::Resolved;
        }
        let wanted = page::wanted(query.cursor, query.limit)?;
        let listing = self.0.store.drifts(context.principal.scope, &filter, &wanted).await?;
        let names = self.drift_names().await?;
        Ok(page::answer(listing, |one| names.view(one)))
    }

    /// One piece of drift, also when it is over.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn drift(&self, context: &Context, id: &str) -> Result<Drift, Error> {
        context.require(Role::Viewer)?;
        let found = self.find_drift(context, id).await?;
        Ok(self.drift_names().await?.view(found))
    }

    /// The drift of a router that is not over, and how much is known of it. The router is not asked.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn router_drift(
        &self,
        context: &Context,
        name: &str,
        cursor: Option<String>,
        limit: Option<u32>,
    ) -> Result<RouterDrift, Error> {
        context.require(Role::Viewer)?;
        let router = self.find_router(name).await?;
        let filter = DriftFilter { router: Some(router.id), ..DriftFilter::default() };
        let wanted = page::wanted(cursor, limit)?;
        let watch = self.0.store.drift_watch(router.id).await?;
        let open = self.0.store.count_drift(context.principal.scope, router.id).await?;
        let listing = self.0.store.drifts(context.principal.scope, &filter, &wanted).await?;
        let names = self.drift_names().await?;
        let page = page::answer(listing, |one| names.view(one));
        Ok(RouterDrift {
            router: router.name.to_string(),
            checked_at: watch.checked_at,
            unknown_since: watch.unknown_since,
            reason: watch.error,
            open,
            items: page.items,
            next_cursor: page.next_cursor,
        })
    }

    async fn find_drift(&self, context: &Context, id: &str) -> Result<store::Drift, Error> {
        let missing = || Error::not_found("drift", id);
        let parsed: DriftId = id.parse().map_err(|_| missing())?;
        self.0.store.drift(context.principal.scope, parsed).await?.ok_or_else(missing)
    }

    async fn drift_names(&self) -> Result<Names, Error> {
        let routers = self.0.store.routers().await?;
        let sites = self.0.store.sites().await?;
        Ok(Names {
            routers: routers.into_iter().map(|router| (router.id, router.name)).collect(),
            sites: sites.into_iter().map(|site| (site.id, site.name)).collect(),
        })
    }
}

/// Names of what drift refers to.
struct Names {
    routers: HashMap<RouterId, Name>,
    sites: HashMap<SiteId, Name>,
}

impl Names {
    fn view(&self, one: store::Drift) -> Drift {
        let router = self.routers.get(&one.router_id).map(ToString::to_string);
        let site = self.sites.get(&one.site_id).map(ToString::to_string);
        let drift = one.drift;
        Drift {
            drift_id: one.id.to_string(),
            kind: drift.kind.as_str().to_owned(),
            router: router.unwrap_or_else(|| one.router_id.to_string()),
            datacenter: site.unwrap_or_else(|| one.site_id.to_string()),
            network_id: one.network_id.map(|id| id.to_string()),
            object: drift.object,
            menu: drift.menu,
            mark: drift.mark,
            field: Some(drift.field).filter(|field| !field.is_empty()),
            expected: drift.expected,
            found: drift.found,
            who: one.who,
            since: one.since,
            state: one.state.as_str().to_owned(),
            said: one.said.map(|said| DriftWord {
                at: said.at,
                by: said.by,
                reason: said.reason,
                until: said.until,
            }),
            ended_at: one.ended_at,
        }
    }
}
