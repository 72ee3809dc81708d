//! Changes, their plans and their steps.

use moxxie_core::{
    ChangeId, NetworkId, RouterId, SiteId, TenantId, Timestamp,
    change::{ChangeKind, ChangeState, Decision, StepName, StepState},
    identity::Scope,
    plan::Plan,
};
use serde_json::Value;

use crate::{Listing, Page, Reads, Result, Tx};

/// A change, as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: ChangeId,
    /// What it does.
    pub kind: ChangeKind,
    /// Where it stands.
    pub state: ChangeState,
    /// Whether it goes forward or back.
    pub decision: Decision,
    /// The network it is about; it may be gone by now.
    pub network_id: NetworkId,
    /// Whose network.
    pub tenant_id: TenantId,
    /// Where.
    pub site_id: SiteId,
    /// The routers it touches, by id. Set once, when it is inserted.
    pub routers: Vec<RouterId>,
    /// How often it was tried.
    pub attempt: i64,
    /// Not to be tried before.
    pub not_before: Timestamp,
    /// When waiting ends.
    pub deadline: Timestamp,
    /// Whether anything may have reached a router. Once true it stays true.
    pub reached: bool,
    /// What went wrong last.
    pub error: Option<ChangeError>,
    /// The request as it was made.
    pub request: Value,
    /// Who asked, by name.
    pub principal: String,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// When it became final.
    pub finished_at: Option<Timestamp>,
    /// Counts its updates, for `ETag` and optimistic locking.
    pub version: i64,
}

/// What went wrong in a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeError {
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub message: String,
    /// What a program may want to know beside it.
    pub detail: Value,
}

/// Which changes are wanted; every `None` lets all pass.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ChangeFilter {
    /// In this state.
    pub state: Option<ChangeState>,
    /// Of this kind.
    pub kind: Option<ChangeKind>,
    /// About this network.
    pub network: Option<NetworkId>,
    /// At this site.
    pub site: Option<SiteId>,
    /// Touching this router.
    pub router: Option<RouterId>,
    /// Only those that are not final.
    pub open_only: bool,
}

/// What a change does on one router.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouterPlan {
    /// The router.
    pub router_id: RouterId,
    /// The plan, once there is one.
    pub plan: Option<Plan>,
    /// Basis the plan was made from.
    pub before: Option<String>,
    /// Basis read back when it was verified.
    pub after: Option<String>,
}

/// One step as users see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its place, from 0.
    pub ordinal: i64,
    /// Which step.
    pub name: StepName,
    /// Where it stands.
    pub state: StepState,
    /// When it came to stand there.
    pub at: Timestamp,
    /// A sentence for people; may be empty.
    pub detail: String,
}

impl Reads {
    /// One change.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn change(&self, scope: Scope, id: ChangeId) -> Result<Option<Change>> {
        todo!()
    }

    /// Changes, newest first.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn changes(&self, scope: Scope, filter: &ChangeFilter, page: &Page) -> Result<Listing<Change>> {
        todo!()
    }

    /// Every change a worker should look at now, oldest first: neither final nor waiting for an operator,
    /// and not to be left alone until later.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn runnable_changes(&self, now: Timestamp) -> Result<Vec<Change>> {
        todo!()
    }

    /// When the next change that is left alone until later becomes runnable.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn next_runnable_at(&self, now: Timestamp) -> Result<Option<Timestamp>> {
        todo!()
    }

    /// The change of a network that is not final.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn open_change_of_network(&self, network: NetworkId) -> Result<Option<Change>> {
        todo!()
    }

    /// The plans of a change, by router id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn plans(&self, scope: Scope, change: ChangeId) -> Result<Vec<RouterPlan>> {
        todo!()
    }

    /// The steps of a change in order.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn steps(&self, scope: Scope, change: ChangeId) -> Result<Vec<Step>> {
        todo!()
    }
}

impl Tx {
    /// Opens a change. A network has at most one that is not final.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn insert_change(&mut self, change: &Change) -> Result<()> {
        todo!()
    }

    /// Writes state, decision, attempt, times, `reached` and error when the version is still the one in
    /// `change`, and brings `version`, `updated_at` and `finished_at` in it up to date.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn update_change(&mut self, change: &mut Change, now: Timestamp) -> Result<()> {
        todo!()
    }

    /// Reads a change and locks it until the transaction ends.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn lock_change(&mut self, scope: Scope, id: ChangeId) -> Result<Option<Change>> {
        todo!()
    }

    /// Stores the plan for a router of the change, in place of an earlier one.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn set_plan(&mut self, change: ChangeId, router: RouterId, plan: &Plan) -> Result<()> {
        todo!()
    }

    /// Stores the basis read back from a router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn set_after(&mut self, change: ChangeId, router: RouterId, basis: &str) -> Result<()> {
        todo!()
    }

    /// Writes a step, in place of what stood at its ordinal.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn set_step(&mut self, change: ChangeId, step: &Step) -> Result<()> {
        todo!()
    }
}
