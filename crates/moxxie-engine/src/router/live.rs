//! Routers as they are now: asked, not remembered.

use std::time::Instant;

use moxxie_api::router::{Route, RouterRows, RouterStatus};
use moxxie_core::{
    identity::{Role, Scope},
    router as stored,
};
use moxxie_routeros::{RouteQuery, owned_rows};
use moxxie_store::ChangeFilter;

use crate::{
    Context, Engine, Error,
    runner::{contact::Stopped, failure::Failure},
};

/// Most routes in one answer: a full BGP table would take minutes to print.
const MOST_ROUTES: usize = 10_000;

impl Engine {
    /// What a router says of itself now; an unreachable one is an answer too, not an error.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn router_status(&self, context: &Context, name: &str) -> Result<RouterStatus, Error> {
        context.require(Role::Viewer)?;
        let mut router = self.find_router(name).await?;
        let filter = ChangeFilter { router: Some(router.id), open_only: true, ..ChangeFilter::default() };
        let open = self.0.store.changes(Scope::All, &filter, &moxxie_store::Page::first(1000)).await?;
        let mut answer = RouterStatus {
            router: router.name.to_string(),
            state: "up".into(),
            reason: None,
            version: None,
            board: None,
            serial: None,
            identity: None,
            uptime_s: None,
            cpu_load_percent: None,
            free_memory_bytes: None,
            round_trip_ms: None,
            owned_rows: std::collections::BTreeMap::new(),
            open_changes: u64::try_from(open.items.len()).unwrap_or(u64::MAX),
        };
        if let Err(failure) = self.ask_status(&mut router, &mut answer).await? {
            answer.state = match failure.code {
                "identity_changed" => "identity_changed",
                "router_login" => "login_failed",
                "unsupported_version" => "unsupported",
                _ => "unreachable",
            }
            .to_owned();
            answer.reason = Some(failure.message);
        }
        Ok(answer)
    }

    async fn ask_status(
        &self,
        router: &mut stored::Router,
        answer: &mut RouterStatus,
    ) -> Result<Result<(), Failure>, Error> {
        let session = match self.session(router).await {
            Ok(session) => session,
            Err(Stopped::Failed(failure)) => return Ok(Err(failure)),
            Err(Stopped::Engine(error)) => return Err(error),
        };
        let begun = Instant::now();
        let status = session.status().await;
        let took = begun.elapsed();
        let read = match status {
            Ok(status) => {
                let facts = session.facts();
                answer.version = Some(facts.version_text.clone());
                answer.board = Some(facts.board.clone());
                answer.serial = Some(facts.serial.clone());
                answer.identity = Some(facts.identity.clone());
                answer.uptime_s = Some(status.uptime_s);
                answer.cpu_load_percent = status.cpu_load.map(u32::from);
                answer.free_memory_bytes = status.free_memory;
                let facts = facts.clone();
                self.enrol(router, &facts).await?;
                answer.round_trip_ms = Some((took.as_secs_f64() * 1_000_000.0).round() / 1000.0);
                session.read().await
            }
            Err(error) => Err(error),
        };
        match read {
            Ok(state) => {
                let owned = owned_rows(&state, self.0.store.install());
                let count = |rows: usize| u64::try_from(rows).unwrap_or(u64::MAX);
                answer.owned_rows = owned.into_iter().map(|(menu, rows)| (menu, count(rows.len()))).collect();
                self.keep_session(router.id, session);
                Ok(Ok(()))
            }
            Err(error) => Ok(Err(Failure::of_driver(router.name.as_str(), &error))),
        }
    }

    /// The routes a router has now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer.
    pub async fn router_routes(&self, context: &Context, name: &str) -> Result<Vec<Route>, Error> {
        context.require(Role::Viewer)?;
        let router = self.find_router(name).await?;
        let session = self.session(&router).await.map_err(unavailable)?;
        let routes = session.routes(&RouteQuery::default(), MOST_ROUTES).await;
        let routes = routes.map_err(|error| no_answer(&error))?.routes;
        self.keep_session(router.id, session);
        let view = |route: moxxie_routeros::Route| Route {
            destination: route.destination,
            gateway: route.gateway,
            distance: route.distance.map(u32::from),
            table: route.table,
            active: route.active,
            origin: match route.origin.as_deref() {
                Some("connect") => "connected".to_owned(),
                Some(origin) => origin.to_owned(),
                None => "other".to_owned(),
            },
        };
        Ok(routes.into_iter().map(view).collect())
    }

    /// The rows of ours a router has now.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer.
    pub async fn router_rows(&self, context: &Context, name: &str) -> Result<RouterRows, Error> {
        context.require(Role::Viewer)?;
        let router = self.find_router(name).await?;
        let session = self.session(&router).await.map_err(unavailable)?;
        let state = session.read().await.map_err(|error| no_answer(&error))?;
        self.keep_session(router.id, session);
        let owned = owned_rows(&state, self.0.store.install()).into_iter();
        let menus = owned.map(|(menu, rows)| {
            let rows = rows.into_iter().map(|row| {
                let mut fields = row.fields;
                fields.insert("comment".into(), format!("{} {}", row.mark, row.label).trim_end().to_owned());
                fields
            });
            (menu, rows.collect())
        });
        Ok(RouterRows { router: router.name.to_string(), menus: menus.collect() })
    }
}

/// Why there is no session, as an error of the request.
pub(crate) fn unavailable(stopped: Stopped) -> Error {
    match stopped {
        Stopped::Failed(failure) => {
            Error::Unavailable { message: failure.message, retry_after_s: 10, source: None }
        }
        Stopped::Engine(error) => error,
    }
}

/// Why a router did not answer, as an error of the request.
pub(crate) fn no_answer(error: &moxxie_routeros::DriverError) -> Error {
    Error::Unavailable { message: error.chain(), retry_after_s: 10, source: None }
}
