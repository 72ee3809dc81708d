//! What there is, as a declaration of it: planned again it has nothing to do.

use moxxie_api::declaration::{Declaration, Declared, Stated};
use moxxie_core::identity::Role;
use serde_json::{Map, Value, json};

use super::kind::{Kind, value};
use crate::{Context, Engine, Error, declaration::round::Round};

impl Engine {
    /// Everything that can be declared, as it is. Secrets are left out.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn declared(&self, context: &Context) -> Result<Declaration, Error> {
        context.require(Role::Viewer)?;
        Ok(Declaration {
            tenants: Some(self.stated(context, Kind::Tenant).await?),
            vrfs: Some(self.stated(context, Kind::Vrf).await?),
            sites: Some(self.stated(context, Kind::Site).await?),
            containers: Some(self.stated(context, Kind::Container).await?),
            pools: Some(self.stated(context, Kind::Pool).await?),
            profiles: Some(self.stated(context, Kind::Profile).await?),
            routers: Some(self.stated(context, Kind::Router).await?),
            networks: Some(self.stated_networks(context).await?),
        })
    }

    async fn stated<T: Declared>(&self, context: &Context, kind: Kind) -> Result<Vec<Stated<T>>, Error> {
        let there = kind.there(self, context).await?;
        let there = there.into_iter().filter(|(name, _)| !(kind == Kind::Vrf && name == "main"));
        there.map(|(_, is)| read(is, &[])).collect()
    }

    async fn stated_networks<T: Declared>(&self, context: &Context) -> Result<Vec<Stated<T>>, Error> {
        let there = Round::new(self, context, false).networks_there().await?;
        let mut networks = Vec::new();
        for network in there.values().filter(|network| network.status != "deprovisioning") {
            let mut is = value(network);
            is["size"] = json!(network.subnet.rsplit_once('/').map(|(_, length)| format!("/{length}")));
            let beside = [("provisioned", json!(false))];
            let allocated = network.status == "allocated";
            networks.push(read(is, if allocated { &beside } else { &[] })?);
        }
        Ok(networks)
    }
}

/// The fields of what there is that the request which makes it knows, with what stands beside them.
fn read<T: Declared>(is: Value, beside: &[(&str, Value)]) -> Result<Stated<T>, Error> {
    let Value::Object(is) = is else { return Err(Error::Internal("an answer is an object".into())) };
    let mut fields = Map::new();
    for (field, value) in is {
        let empty = match &value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(items) => items.is_empty() && field != "rules",
            Value::Object(fields) => fields.is_empty(),
            Value::Bool(_) | Value::Number(_) => false,
        };
        if !empty {
            fields.insert(field, value);
        }
    }
    loop {
        match Stated::read(fields.clone()) {
            Ok(mut stated) => {
                stated
                    .fields
                    .extend(beside.iter().map(|(field, value)| ((*field).to_owned(), value.clone())));
                return Ok(stated);
            }
            Err((path, error)) => {
                // An answer says more than a request takes; what that is, the request knows.
                let message = error.to_string();
                let unknown = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next());
                if unknown.and_then(|field| fields.remove(field)).is_none() {
                    return Err(Error::Internal(format!("{path}: {message}").into()));
                }
            }
        }
    }
}
