//! The kinds of things that are declared, and the use cases that make, change and remove them.

use std::collections::BTreeMap;

use moxxie_api::{
    PageQuery, PastPageQuery,
    container::ContainerUpdate,
    datacenter::DatacenterUpdate,
    declaration::{Declaration, Declared, FieldChange, Stated},
    pool::PoolUpdate,
    profile::ProfileCreate,
    router::RouterUpdate,
    tenant::TenantUpdate,
    vrf::VrfUpdate,
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use crate::{Context, Engine, Error};

/// A kind of thing, in the order in which they refer to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Tenant,
    Vrf,
    Site,
    Container,
    Pool,
    Profile,
    Router,
}

/// A thing that is declared.
#[derive(Debug)]
pub(super) struct Item {
    /// Its place in the declaration: `pools[3]`.
    pub(super) at: String,
    /// What it says.
    pub(super) fields: Map<String, Value>,
    /// The request that makes it.
    pub(super) request: Value,
    /// Whether it is to be on routers, which only networks are asked.
    pub(super) provisioned: bool,
}

impl Item {
    /// A field that names it, or something.
    pub(super) fn text(&self, field: &str) -> &str {
        self.fields.get(field).and_then(Value::as_str).unwrap_or_default()
    }
}

/// The items of a list, if the declaration has it.
pub(super) fn items<T: Declared>(list: &str, stated: Option<&Vec<Stated<T>>>) -> Option<Vec<Item>> {
    let stated = stated?.iter().enumerate();
    let items = stated.map(|(index, stated)| Item {
        at: format!("{list}[{index}]"),
        fields: stated.fields.clone(),
        request: serde_json::to_value(&stated.request).unwrap_or_default(),
        provisioned: stated.beside(),
    });
    Some(items.collect())
}

impl Kind {
    pub(super) const ALL: [Self; 7] =
        [Self::Tenant, Self::Vrf, Self::Site, Self::Container, Self::Pool, Self::Profile, Self::Router];

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Vrf => "vrf",
            Self::Site => "site",
            Self::Container => "container",
            Self::Pool => "pool",
            Self::Profile => "profile",
            Self::Router => "router",
        }
    }

    /// What the declaration says of it.
    pub(super) fn items(self, declaration: &Declaration) -> Option<Vec<Item>> {
        match self {
            Self::Tenant => items("tenants", declaration.tenants.as_ref()),
            Self::Vrf => items("vrfs", declaration.vrfs.as_ref()),
            Self::Site => items("sites", declaration.sites.as_ref()),
            Self::Container => items("containers", declaration.containers.as_ref()),
            Self::Pool => items("pools", declaration.pools.as_ref()),
            Self::Profile => items("profiles", declaration.profiles.as_ref()),
            Self::Router => items("routers", declaration.routers.as_ref()),
        }
    }

    /// What there is, by name, as the API shows it.
    pub(super) async fn there(
        self,
        engine: &Engine,
        context: &Context,
    ) -> Result<BTreeMap<String, Value>, Error> {
        let mut found = BTreeMap::new();
        let mut cursor = None;
        loop {
            let limit = Some(1000);
            let page = PageQuery { cursor: cursor.take(), limit };
            let past = || PastPageQuery { cursor: page.cursor.clone(), limit, at: None };
            let (items, next) = match self {
                Self::Tenant => values(engine.tenants(context, page).await?),
                Self::Vrf => values(engine.vrfs(context, past()).await?),
                Self::Site => values(engine.sites(context, page).await?),
                Self::Container => values(engine.containers(context, past()).await?),
                Self::Pool => values(engine.pools(context, past()).await?),
                Self::Profile => values(engine.profiles(context, page).await?),
                Self::Router => values(engine.routers(context, page).await?),
            };
            let named = items.into_iter().filter_map(|item| Some((item["name"].as_str()?.to_owned(), item)));
            // What is built in is neither stated nor missed.
            found.extend(named.filter(|(_, item)| item["builtIn"] != Value::Bool(true)));
            cursor = next;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }

    /// What an item says, in its usual form.
    pub(super) async fn meant(self, engine: &Engine, item: &Item) -> Result<Value, Error> {
        let request = item.request.clone();
        Ok(match self {
            Self::Site => value(engine.site_as_stated(&of(request)?)?),
            Self::Router => value(engine.router_as_stated(&of(request)?).await?),
            Self::Profile => {
                let profile: ProfileCreate = of(request)?;
                value(crate::profile::normalised(&profile)?)
            }
            Self::Tenant | Self::Vrf | Self::Container | Self::Pool => request,
        })
    }

    /// Makes it; answers what is there then.
    pub(super) async fn create(
        self,
        engine: &Engine,
        context: &Context,
        request: Value,
    ) -> Result<Value, Error> {
        Ok(match self {
            Self::Tenant => value(engine.create_tenant(context, of(request)?).await?),
            Self::Vrf => value(engine.create_vrf(context, of(request)?).await?),
            Self::Site => value(engine.create_site(context, of(request)?).await?),
            Self::Container => value(engine.create_container(context, of(request)?).await?),
            Self::Pool => value(engine.create_pool(context, of(request)?).await?),
            Self::Profile => value(engine.create_profile(context, of(request)?).await?),
            Self::Router => value(engine.create_router(context, of(request)?).await?),
        })
    }

    /// Changes these fields of it; answers what is there then.
    pub(super) async fn update(
        self,
        engine: &Engine,
        context: &Context,
        name: &str,
        fields: &BTreeMap<String, FieldChange>,
    ) -> Result<Value, Error> {
        Ok(match self {
            Self::Tenant => {
                value(engine.update_tenant(context, name, changed::<TenantUpdate>(fields)?).await?)
            }
            Self::Vrf => value(engine.update_vrf(context, name, changed::<VrfUpdate>(fields)?).await?),
            Self::Site => {
                value(engine.update_site(context, name, changed::<DatacenterUpdate>(fields)?).await?)
            }
            Self::Container => {
                value(engine.update_container(context, name, changed::<ContainerUpdate>(fields)?).await?)
            }
            Self::Pool => value(engine.update_pool(context, name, changed::<PoolUpdate>(fields)?).await?),
            Self::Router => {
                value(engine.update_router(context, name, changed::<RouterUpdate>(fields)?).await?)
            }
            Self::Profile => return Err(Error::Internal("a profile is written, not updated".into())),
        })
    }

    /// Removes it.
    pub(super) async fn remove(self, engine: &Engine, context: &Context, name: &str) -> Result<(), Error> {
        match self {
            Self::Tenant => engine.delete_tenant(context, name).await,
            Self::Vrf => engine.delete_vrf(context, name).await,
            Self::Site => engine.delete_site(context, name).await,
            Self::Container => engine.delete_container(context, name).await,
            Self::Pool => engine.delete_pool(context, name).await,
            Self::Profile => engine.delete_profile(context, name).await,
            Self::Router => engine.delete_router(context, name).await,
        }
    }
}

pub(super) fn value(answer: impl Serialize) -> Value {
    serde_json::to_value(answer).unwrap_or_default()
}

fn values<T: Serialize>(page: moxxie_api::Page<T>) -> (Vec<Value>, Option<String>) {
    (page.items.into_iter().map(value).collect(), page.next_cursor)
}

/// A request that was read before, once more.
pub(super) fn of<T: DeserializeOwned>(request: Value) -> Result<T, Error> {
    serde_json::from_value(request).map_err(|error| Error::Internal(Box::new(error)))
}

/// The update that gives these fields, or which of them cannot be changed.
pub(super) fn changed<U: DeserializeOwned>(fields: &BTreeMap<String, FieldChange>) -> Result<U, Error> {
    let mut patch = Map::new();
    let mut wrong = Vec::new();
    for (field, change) in fields {
        let alone = Map::from_iter([(field.clone(), change.after.clone())]);
        if serde_json::from_value::<U>(Value::Object(alone.clone())).is_err() {
            let is = change.before.as_ref().filter(|is| !is.is_null()).map(Value::to_string);
            let is = is.map_or_else(|| "it has none".to_owned(), |is| format!("it is {is}"));
            wrong.push(moxxie_api::FieldError {
                field: field.clone(),
                message: format!("cannot be changed by a declaration; {is}, so say that or leave it out"),
            });
        }
        patch.extend(alone);
    }
    if wrong.is_empty() { of(Value::Object(patch)) } else { Err(Error::Invalid(wrong)) }
}
