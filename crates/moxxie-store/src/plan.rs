//! What a change does on each of its routers.

use moxxie_core::{ChangeId, RouterId, identity::Scope, plan::Plan};

use crate::{
    Reads, Result, Tx,
    param::{Param, params},
    row::Row,
    statement::Statement,
};

static LIST: Statement = Statement::new(
    "plan.list",
    "SELECT router_id, plan, basis_before, basis_after FROM change_router
     WHERE change_id = $1 AND ($2 = (SELECT c.tenant_id FROM change c WHERE c.id = change_id) OR $2 IS NULL)
     ORDER BY router_id",
);
static SET: Statement = Statement::new(
    "plan.set",
    "UPDATE change_router SET plan = $3, basis_before = $4, basis_after = NULL
     WHERE change_id = $1 AND router_id = $2",
);
static SET_AFTER: Statement = Statement::new(
    "plan.set_after",
    "UPDATE change_router SET basis_after = $3 WHERE change_id = $1 AND router_id = $2",
);

pub(crate) static STATEMENTS: &[&Statement] = &[&LIST, &SET, &SET_AFTER];

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

fn read(row: &Row) -> Result<RouterPlan> {
    Ok(RouterPlan {
        router_id: row.parsed("router_id")?,
        plan: row.json_or_null("plan")?,
        before: row.text_or_null("basis_before")?,
        after: row.text_or_null("basis_after")?,
    })
}

impl Reads {
    /// The plans of a change, by router id.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn plans(&self, scope: Scope, change: ChangeId) -> Result<Vec<RouterPlan>> {
        self.list(&LIST, &params![change, scope], read).await
    }
}

impl Tx {
    /// Stores the plan for a router of the change, in place of an earlier one.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn set_plan(&mut self, change: ChangeId, router: RouterId, plan: &Plan) -> Result<()> {
        let params = params![change, router, Param::json(plan)?, &plan.basis];
        self.touch("router of the change", &SET, &params).await
    }

    /// Stores the basis read back from a router.
    ///
    /// # Errors
    /// [`crate::StoreError`] when the database fails or refuses.
    pub async fn set_after(&mut self, change: ChangeId, router: RouterId, basis: &str) -> Result<()> {
        self.touch("router of the change", &SET_AFTER, &params![change, router, basis]).await
    }
}
