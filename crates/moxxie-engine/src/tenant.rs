//! Tenants.

use moxxie_api::{
    Page, PageQuery,
    tenant::{Tenant, TenantCreate, TenantUpdate},
};
use moxxie_core::{TenantId, identity::Role, tenant};
use moxxie_store::Reads;
use serde_json::json;

use crate::{
    Context, Engine, Error, audit::Entry, claim::something_named, page, validate::Checks, write::transaction,
};

impl Engine {
    /// Registers a tenant. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_tenant(&self, context: &Context, request: TenantCreate) -> Result<Tenant, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let description = checks.text("description", &request.description, 1000);
        checks.done()?;
        let Some(name) = name else { return Err(Error::not_found("tenant", &request.name)) };
        let tenant = tenant::Tenant { id: TenantId::new(self.0.ambient.uuid()), name, description };
        let answer = view(tenant.clone());
        let result = transaction!(self, |tx| {
            tx.insert_tenant(&tenant, self.now()).await?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "tenant.create",
                    object: tenant.id.to_string(),
                    tenant: Some(tenant.id),
                    outcome: "succeeded",
                    detail: json!({"name": tenant.name}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// Changes what is said of a tenant. Needs operator.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_tenant(
        &self,
        context: &Context,
        name: &str,
        request: TenantUpdate,
    ) -> Result<Tenant, Error> {
        context.require(Role::Operator)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "description")?;
        let mut checks = Checks::default();
        let description = request.description.as_deref().map(|text| checks.text("description", text, 1000));
        checks.done()?;
        let missing = || Error::not_found("tenant", name);
        let id = self.find_tenant(context, name).await?.ok_or_else(missing)?.id;
        let result = transaction!(self, |tx| {
            let before = tx.tenant(context.principal.scope, id).await?.ok_or_else(missing)?;
            let mut after = before.clone();
            after.description = description.clone().unwrap_or(after.description);
            tx.update_tenant(&after, self.now()).await?;
            let answer = view(after);
            tx.audit(self.event(
                context,
                Entry {
                    action: "tenant.update",
                    object: id.to_string(),
                    tenant: Some(id),
                    outcome: "succeeded",
                    detail: json!({"before": view(before), "after": answer}),
                },
            ));
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Forgets a tenant that nothing refers to any more. Needs operator.
    ///
    /// # Errors
    /// See [`Error`]; one that is in use is a [`Error::Conflict`].
    pub async fn delete_tenant(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Operator)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let tenant =
            self.find_tenant(context, name).await?.ok_or_else(|| Error::not_found("tenant", name))?;
        let result = transaction!(self, |tx| {
            crate::write::refuse_held("tenant", &tenant.name, &tx.holders_of_tenant(tenant.id).await?)?;
            let deleted = tx.delete_tenant(tenant.id, self.now()).await;
            deleted.map_err(|error| crate::write::still_used(error, "tenant", &tenant.name))?;
            tx.audit(self.event(
                context,
                Entry {
                    action: "tenant.delete",
                    object: tenant.id.to_string(),
                    tenant: None,
                    outcome: "succeeded",
                    detail: json!({"name": tenant.name}),
                },
            ));
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists tenants by name.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tenants(&self, context: &Context, query: PageQuery) -> Result<Page<Tenant>, Error> {
        context.require(Role::Viewer)?;
        let page = page::wanted(query.cursor, query.limit)?;
        Ok(page::answer(self.0.store.tenants(context.principal.scope, &page).await?, view))
    }

    /// One tenant, by name or id.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn tenant(&self, context: &Context, name: &str) -> Result<Tenant, Error> {
        context.require(Role::Viewer)?;
        self.find_tenant(context, name).await?.map(view).ok_or_else(|| Error::not_found("tenant", name))
    }

    pub(crate) async fn find_tenant(
        &self,
        context: &Context,
        name: &str,
    ) -> Result<Option<tenant::Tenant>, Error> {
        self.find_tenant_in(&self.0.store, context, name).await
    }

    pub(crate) async fn find_tenant_in(
        &self,
        reads: &Reads,
        context: &Context,
        name: &str,
    ) -> Result<Option<tenant::Tenant>, Error> {
        let scope = context.principal.scope;
        if let Ok(id) = name.parse() {
            return Ok(reads.tenant(scope, id).await?);
        }
        let Ok(name) = name.parse() else { return Ok(None) };
        Ok(reads.tenant_by_name(scope, &name).await?)
    }
}

fn view(tenant: tenant::Tenant) -> Tenant {
    Tenant {
        id: tenant.id.to_string(),
        name: tenant.name.to_string(),
        description: tenant.description,
        created_at: tenant.id.created_at(),
    }
}
