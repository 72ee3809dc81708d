//! A check of a router: the rows last applied against those it shows now.

use std::collections::{BTreeSet, HashMap, HashSet};

use moxxie_api::drift::RouterDrift;
use moxxie_core::{
    DriftId, Name, NetworkId, RouterId, TenantId, Timestamp,
    drift::{self, DriftState},
    identity::{Role, Scope},
    router::Router,
    row::Mark,
};
use moxxie_routeros::{Applied, DeviceState, DriverError, HistoryEntry, Session, drift as compare};
use moxxie_store::{AppliedRow, Drift, DriftStep, Motion, NewDrift};
use serde_json::{Value, json};

use crate::{
    Context, Engine, Error,
    audit::Entry,
    router::live::{no_answer, unavailable},
    write::transaction,
};

/// How often a router is read again because something moved on it meanwhile.
const TRIES: usize = 3;
/// How many pieces of drift one audit event lists; the others are counted.
const LISTED: usize = 50;

/// How a check went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checked {
    /// It was written down.
    Done,
    /// Changes were at work on the router all the time: nothing is said of it.
    Moving,
}

impl Engine {
    /// Checks a router now: what of the rows last applied is not as it was. Nothing is written to the router,
    /// and rows that a change is at work on are left out. Needs operator.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when it does not answer, or changes are at work on it all the time.
    pub async fn check_drift(&self, context: &Context, name: &str) -> Result<RouterDrift, Error> {
        context.require(Role::Operator)?;
        let router = self.find_router(name).await?;
        let mut session = None;
        let checked = match self.check_router(&router, &mut session).await {
            Ok(checked) => checked,
            Err(error) => {
                self.note_unknown(&router, &error).await?;
                return Err(error);
            }
        };
        if let Some(session) = session {
            self.keep_session(router.id, session);
        }
        if checked == Checked::Moving {
            return Err(Error::Unavailable {
                message: format!("changes are at work on router {name}; try again when they are over"),
                retry_after_s: 5,
                source: None,
            });
        }
        self.router_drift(context, name, None, None).await
    }

    /// Notes that nothing is known of a router. What was found before stays as it was.
    pub(super) async fn note_unknown(&self, router: &Router, error: &Error) -> Result<(), Error> {
        let text: String = error.to_string().chars().take(1000).collect();
        let now = self.now();
        transaction!(self, |tx| { tx.drift_unknown(router.id, now, &text).await? })
    }

    /// Reads the router and writes down what is not as applied. The session is kept for the next time.
    pub(super) async fn check_router(
        &self,
        router: &Router,
        session: &mut Option<Session>,
    ) -> Result<Checked, Error> {
        let store = &self.0.store;
        for _ in 0..TRIES {
            let watch = store.drift_watch(router.id).await?;
            let motion = store.motion(router.id).await?;
            let applied = store.applied_rows(router.id).await?;
            let state = self.read_for_drift(router, session).await?;
            let busy = self.busy_rows(router, &motion).await?;
            if store.motion(router.id).await? != motion {
                continue;
            }
            let is_busy = |menu: &str, mark: &Mark| busy.contains(&(menu.to_owned(), mark.to_string()));
            let rows: Vec<_> = applied
                .iter()
                .map(|one| Applied { row: one.row.clone(), accepted: one.accepted.clone() })
                .collect();
            let found = compare(&rows, &state, store.install(), &is_busy);
            let news = News {
                doers: doers(&state.history, watch.history.as_deref(), &router.username),
                newest: state.history.first().map(|entry| entry.id.clone()),
                found,
            };
            if self.write_drift(router, watch.checks, &news, &applied, &busy).await? {
                self.show_open(router.id, &router.name).await?;
                return Ok(Checked::Done);
            }
        }
        Ok(Checked::Moving)
    }

    /// Counts what waits for somebody, for `/metrics`.
    pub(super) async fn show_open(&self, router: RouterId, name: &Name) -> Result<(), Error> {
        let open = self.0.store.count_drift(Scope::All, router).await?;
        #[expect(clippy::cast_precision_loss, reason = "a gauge is a float; 2^53 rows are none")]
        metrics::gauge!("drift_open", "router" => name.to_string()).set(open as f64);
        Ok(())
    }

    async fn read_for_drift(
        &self,
        router: &Router,
        session: &mut Option<Session>,
    ) -> Result<DeviceState, Error> {
        let used = match session.take() {
            Some(session) => session,
            None => self.session(router).await.map_err(unavailable)?,
        };
        let (used, state) = match used.read().await {
            // A kept session may have died since: a fresh one tells.
            Err(DriverError::Lost { .. }) => {
                let fresh = self.connect(router).await.map_err(unavailable)?;
                let state = fresh.read().await;
                (fresh, state)
            }
            state => (used, state),
        };
        let state = state.map_err(|error| no_answer(&error))?;
        *session = Some(used);
        Ok(state)
    }

    /// The rows that changes are at work on, or left unfinished: menu and mark.
    async fn busy_rows(&self, router: &Router, motion: &Motion) -> Result<HashSet<(String, String)>, Error> {
        let mut busy = HashSet::new();
        for (change, _) in &motion.changes {
            let plans = self.0.store.plans(Scope::All, *change).await?;
            let plans = plans.into_iter().filter(|plan| plan.router_id == router.id);
            for plan in plans.filter_map(|plan| plan.plan) {
                busy.extend(plan.commands.into_iter().map(|c| (c.row.menu, c.row.mark.to_string())));
            }
        }
        Ok(busy)
    }

    /// Writes a check down, unless another one ended since it began.
    async fn write_drift(
        &self,
        router: &Router,
        checks: i64,
        news: &News,
        applied: &[AppliedRow],
        busy: &HashSet<(String, String)>,
    ) -> Result<bool, Error> {
        let now = self.now();
        let keep =
            jiff::SignedDuration::try_from(self.0.config.drift.keep).unwrap_or(jiff::SignedDuration::MAX);
        let forgotten = now.checked_sub(keep).unwrap_or(Timestamp::UNIX_EPOCH);
        let networks: HashMap<String, (NetworkId, TenantId)> = if news.found.is_empty() {
            HashMap::new()
        } else {
            let networks = self.0.store.networks_in_domain(router.domain_id).await?;
            networks.into_iter().map(|one| (one.id.to_string(), (one.id, one.tenant_id))).collect()
        };
        let result: Result<bool, Error> = transaction!(self, |tx| {
            if tx.end_drift_check(router.id, checks, news.newest.as_deref(), now).await? {
                let alive = tx.drift_alive(router.id).await?;
                let steps = steps(&alive, news, applied, busy, now);
                let new = news.unknown(&alive);
                let new: Vec<NewDrift> = new
                    .map(|one| {
                        let id = DriftId::new(self.0.ambient.uuid());
                        (id, networks.get(&one.object).copied(), one.clone(), news.who(&one.menu))
                    })
                    .collect();
                if !new.is_empty() {
                    tx.insert_drift(router.id, router.site_id, &new, now).await?;
                    let listed = new.iter().map(|(id, _, one, who)| told(*id, one, who.as_deref())).collect();
                    tx.audit(self.drift_event(router, "drift.found", listed));
                }
                if !steps.is_empty() {
                    tx.step_drift(&steps, now).await?;
                    for (action, state) in
                        [("drift.found", DriftState::Open), ("drift.ended", DriftState::Resolved)]
                    {
                        let of = |step: &&DriftStep| {
                            let was = alive.iter().find(|one| one.id == step.id);
                            step.state == state && was.is_some_and(|was| was.state != state)
                        };
                        let listed: Vec<_> = steps
                            .iter()
                            .filter(of)
                            .filter_map(|step| {
                                let was = alive.iter().find(|one| one.id == step.id)?;
                                Some(told(step.id, &was.drift, step.who.as_deref().or(was.who.as_deref())))
                            })
                            .collect();
                        if !listed.is_empty() {
                            tx.audit(self.drift_event(router, action, listed));
                        }
                    }
                }
                tx.prune_drift(router.id, forgotten).await?;
                true
            } else {
                false
            }
        });
        result
    }

    fn drift_event(&self, router: &Router, action: &str, mut listed: Vec<Value>) -> moxxie_store::AuditDraft {
        let count = listed.len();
        listed.truncate(LISTED);
        let entry = Entry {
            action,
            object: router.id.to_string(),
            tenant: None,
            outcome: "succeeded",
            detail: json!({"router": router.name, "count": count, "drift": listed}),
        };
        self.event(&Context::system(), entry)
    }
}

fn told(id: DriftId, one: &drift::Drift, who: Option<&str>) -> Value {
    json!({
        "drift": id, "kind": one.kind, "menu": one.menu, "mark": one.mark, "field": one.field,
        "expected": one.expected, "found": one.found, "who": who,
    })
}

/// What a check found.
struct News {
    found: Vec<drift::Drift>,
    /// Users who did something since the last check, by what the history says they did.
    doers: Vec<(String, String)>,
    newest: Option<String>,
}

impl News {
    /// What is not known yet.
    fn unknown<'a>(&'a self, alive: &'a [Drift]) -> impl Iterator<Item = &'a drift::Drift> {
        let known: HashSet<_> = alive.iter().map(|one| one.drift.key()).collect();
        self.found.iter().filter(move |one| !known.contains(&one.key()))
    }

    /// Who did something in a menu since the last check. The history names menus in words
    /// (`ip address changed`); where no entry fits, everybody who did anything is named.
    fn who(&self, menu: &str) -> Option<String> {
        let words = menu.trim_start_matches('/').replace('/', " ");
        let fits = |action: &str| {
            action.strip_prefix(&words).is_some_and(|rest| rest.trim().split(' ').count() <= 1)
        };
        let fitting: BTreeSet<&str> = self.of(|action| fits(action));
        let all = if fitting.is_empty() { self.of(|_| true) } else { fitting };
        (!all.is_empty()).then(|| all.into_iter().collect::<Vec<_>>().join(", "))
    }

    fn of(&self, only: impl Fn(&str) -> bool) -> BTreeSet<&str> {
        self.doers.iter().filter(|(action, _)| only(action)).map(|(_, by)| by.as_str()).collect()
    }
}

/// What was done since the newest entry known, and by whom but us. When that entry is not there any more, all
/// that is there counts.
fn doers(history: &[HistoryEntry], known: Option<&str>, us: &str) -> Vec<(String, String)> {
    let new = history.iter().take_while(|entry| Some(entry.id.as_str()) != known);
    let others = new.filter(|entry| entry.by != us && !entry.by.is_empty());
    others.map(|entry| (entry.action.clone(), entry.by.clone())).collect()
}

/// What becomes of drift that is known already.
fn steps(
    alive: &[Drift],
    news: &News,
    applied: &[AppliedRow],
    busy: &HashSet<(String, String)>,
    now: Timestamp,
) -> Vec<DriftStep> {
    let found: HashMap<_, _> = news.found.iter().map(|one| (one.key(), one)).collect();
    let accepted: HashSet<(String, String, &str)> = applied
        .iter()
        .flat_map(|one| {
            let at = (one.row.menu.clone(), one.row.mark.to_string());
            one.accepted.keys().map(move |field| (at.0.clone(), at.1.clone(), field.as_str()))
        })
        .collect();
    let mut steps = Vec::new();
    for was in alive {
        let one = &was.drift;
        let step = |state, is: &drift::Drift, who| DriftStep {
            id: was.id,
            expected: is.expected.clone(),
            found: is.found.clone(),
            who,
            state,
        };
        match found.get(&one.key()) {
            Some(is) => {
                let until = was.said.as_ref().and_then(|said| said.until);
                let state = match was.state {
                    DriftState::Ignored if until.is_none_or(|until| until > now) => DriftState::Ignored,
                    _ => DriftState::Open,
                };
                if state != was.state || **is != *one {
                    let who = if **is == *one { None } else { news.who(&one.menu) };
                    steps.push(step(state, is, who));
                }
            }
            None if busy.contains(&(one.menu.clone(), one.mark.clone())) => {}
            None => {
                let at = (one.menu.clone(), one.mark.clone(), one.field.as_str());
                if was.state != DriftState::Accepted || !accepted.contains(&at) {
                    steps.push(step(DriftState::Resolved, one, None));
                }
            }
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, action: &str, by: &str) -> HistoryEntry {
        HistoryEntry { id: id.into(), action: action.into(), by: by.into(), floating: false }
    }

    #[test]
    fn who_did_it_is_told_by_menu_since_the_last_check() {
        let history = [
            entry("*9", "ip pool changed", "eve"),
            entry("*8", "interface list member removed", "bob"),
            entry("*7", "ip address removed", "moxxie"),
            entry("*6", "ip address removed", "ann"),
        ];
        let news = |known| News { found: Vec::new(), doers: doers(&history, known, "moxxie"), newest: None };
        let since = news(Some("*6"));
        assert_eq!(since.who("/ip/pool").as_deref(), Some("eve"));
        assert_eq!(since.who("/interface/list/member").as_deref(), Some("bob"));
        // No entry fits: whoever did anything.
        assert_eq!(since.who("/interface/list").as_deref(), Some("bob, eve"));
        assert_eq!(news(None).who("/ip/address").as_deref(), Some("ann"), "we are not told of");
        assert_eq!(news(Some("*9")).who("/ip/pool"), None);
        // Forgotten at a reboot: all that is there counts.
        assert_eq!(news(Some("*77")).who("/ip/address").as_deref(), Some("ann"));
    }
}
