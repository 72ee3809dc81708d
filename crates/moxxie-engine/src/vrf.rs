//! VRFs.

use moxxie_api::{
    Page, PastPageQuery,
    vrf::{Vrf, VrfCreate, VrfUpdate},
};
use moxxie_core::{Name, VrfId, identity::Role, vrf};
use moxxie_store::Reads;
use serde_json::json;

use crate::{
    Context, Engine, Error,
    audit::Entry,
    claim::something_named,
    history::named,
    page,
    validate::{Checks, short},
    write::{refuse_held, still_used, transaction},
};

impl Engine {
    /// Registers a VRF. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_vrf(&self, context: &Context, request: VrfCreate) -> Result<Vrf, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let mut checks = Checks::default();
        let name = checks.name("name", &request.name);
        let description = checks.text("description", &request.description, 1000);
        checks.done()?;
        let Some(name) = name else { return Err(Error::invalid("name", "is missing")) };
        let vrf = vrf::Vrf { id: VrfId::new(self.0.ambient.uuid()), name, description };
        let answer = self.vrf_view(&vrf);
        let result = transaction!(self, |tx| {
            tx.insert_vrf(&vrf, self.now()).await?;
            self.note(&mut tx, context, "vrf.create", &vrf.id, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// Changes name and description of a VRF; `main` keeps its name. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn update_vrf(&self, context: &Context, name: &str, request: VrfUpdate) -> Result<Vrf, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        something_named(&request, "name, description")?;
        let before = self.find_vrf(name).await?.ok_or_else(|| Error::not_found("VRF", name))?;
        let mut checks = Checks::default();
        let mut after = before.clone();
        if let Some(name) = request.name.as_deref().and_then(|name| checks.name("name", name)) {
            if before.id == self.0.store.main_vrf() && name != before.name {
                checks.wrong("name", "the VRF main keeps its name: it is the routers' own");
            }
            after.name = name;
        }
        if let Some(description) = &request.description {
            after.description = checks.text("description", description, 1000);
        }
        checks.done()?;
        let answer = self.vrf_view(&after);
        let result = transaction!(self, |tx| {
            tx.update_vrf(&after, self.now()).await?;
            let detail = json!({"before": self.vrf_view(&before), "after": answer});
            self.note(&mut tx, context, "vrf.update", &after.id, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// Forgets a VRF that nothing lives in. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; one that is in use is a [`Error::Conflict`].
    pub async fn delete_vrf(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let vrf = self.find_vrf(name).await?.ok_or_else(|| Error::not_found("VRF", name))?;
        if vrf.id == self.0.store.main_vrf() {
            return Err(Error::conflict("in_use", "the VRF main is the routers' own and stays"));
        }
        let result = transaction!(self, |tx| {
            refuse_held("VRF", &vrf.name, &tx.holders_of_vrf(vrf.id).await?)?;
            let deleted = tx.delete_vrf(vrf.id, self.now()).await;
            deleted.map_err(|error| still_used(error, "VRF", &vrf.name))?;
            self.note(&mut tx, context, "vrf.delete", &vrf.id, json!({"before": self.vrf_view(&vrf)}));
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists VRFs by name, as they were at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn vrfs(&self, context: &Context, query: PastPageQuery) -> Result<Page<Vrf>, Error> {
        context.require(Role::Viewer)?;
        let mut all = match self.past_time(query.at.as_deref())? {
            Some(at) => self.0.store.vrfs_at(at).await?,
            None => self.0.store.vrfs().await?,
        };
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let (vrfs, next_cursor) = page::slice(all, query.cursor, query.limit, |vrf| vrf.name.to_string())?;
        Ok(Page { items: vrfs.iter().map(|vrf| self.vrf_view(vrf)).collect(), next_cursor })
    }

    /// One VRF, by name or id, as it was at a time when one is given.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn vrf(&self, context: &Context, name: &str, at: Option<&str>) -> Result<Vrf, Error> {
        context.require(Role::Viewer)?;
        if let Some(at) = self.past_time(at)? {
            let all = self.0.store.vrfs_at(at).await?;
            let found = named(&all, name, |vrf| vrf.id.to_string(), |vrf| &vrf.name);
            return Ok(self.vrf_view(found.ok_or_else(|| Error::not_found("VRF at that time", name))?));
        }
        let vrf = self.find_vrf(name).await?.ok_or_else(|| Error::not_found("VRF", name))?;
        Ok(self.vrf_view(&vrf))
    }

    async fn find_vrf(&self, name: &str) -> Result<Option<vrf::Vrf>, Error> {
        find_vrf(&self.0.store, name).await
    }

    /// The VRF a request names in its field `vrf`; `main` when it names none.
    pub(crate) async fn vrf_in_field(&self, name: Option<&str>) -> Result<vrf::Vrf, Error> {
        self.vrf_in(&self.0.store, name).await
    }

    /// [`Self::vrf_in_field`], within a transaction.
    pub(crate) async fn vrf_in(&self, reads: &Reads, name: Option<&str>) -> Result<vrf::Vrf, Error> {
        if let Some(vrf) = find_vrf(reads, name.unwrap_or("main")).await? {
            return Ok(vrf);
        }
        let known: Vec<_> = reads.vrfs().await?.into_iter().map(|vrf| vrf.name.to_string()).collect();
        let name = short(name.unwrap_or_default());
        Err(Error::invalid("vrf", format!("there is no VRF {name:?}; there are {}", known.join(", "))))
    }

    fn vrf_view(&self, vrf: &vrf::Vrf) -> Vrf {
        Vrf {
            id: vrf.id.to_string(),
            name: vrf.name.to_string(),
            description: vrf.description.clone(),
            provisionable: vrf.id == self.0.store.main_vrf(),
            created_at: vrf.id.created_at(),
        }
    }

    /// Notes in the trail, within the transaction, that something that belongs to no tenant was done.
    pub(crate) fn note(
        &self,
        tx: &mut moxxie_store::Tx,
        context: &Context,
        action: &str,
        object: &impl ToString,
        detail: serde_json::Value,
    ) {
        let object = object.to_string();
        let entry = Entry { action, object, tenant: None, outcome: "succeeded", detail };
        tx.audit(self.event(context, entry));
    }
}

async fn find_vrf(reads: &Reads, name: &str) -> Result<Option<vrf::Vrf>, Error> {
    if let Ok(id) = name.parse() {
        return Ok(reads.vrf(id).await?);
    }
    let Ok(name) = name.parse::<Name>() else { return Ok(None) };
    Ok(reads.vrf_by_name(&name).await?)
}
