//! Networks of a round: new ones by one change, those that carry something else by one, and those that go by
//! one.

use std::collections::{BTreeMap, HashMap, HashSet};

use moxxie_api::{
    FieldError,
    declaration::{DeclaredObject, FieldChange},
    network::{Network, NetworkBulk, NetworkQuery, NetworkSelection, NetworkUpdate, NetworksRemoval},
};
use moxxie_core::{
    Name, NetworkId,
    address::{GatewayChoice, Layout},
};
use serde_json::{Map, Value, json};

use super::{
    compare::differing,
    kind::{Item, changed, of, value},
    round::{Round, fresh},
};
use crate::{Error, network::MOST};

/// Fields that say how a network is chosen when it is made, and nothing of it afterwards.
const ONCE: [&str; 5] = ["pool", "pool6", "policy", "provisioned", "name"];

const KIND: &str = "network";

/// A network that is there and is to carry something else.
struct Carried {
    /// Its place in the declaration.
    at: String,
    full: String,
    id: NetworkId,
    update: NetworkUpdate,
    fields: BTreeMap<String, FieldChange>,
}

impl Round<'_> {
    /// Makes networks as declared; says whether some are on their way out.
    pub(super) async fn networks(&mut self, items: Option<Vec<Item>>) -> Result<bool, Error> {
        let Some(items) = items else { return Ok(false) };
        let mut there = self.networks_there().await?;
        let mut seen = HashMap::new();
        let (mut ordered, mut carried) = (Vec::new(), Vec::new());
        for mut item in items {
            self.name(&mut item);
            let (tenant, name) = (item.text("clientId").to_owned(), item.text("name").to_owned());
            if name.is_empty() {
                self.wrong(&item, "name", "is missing: networks are known by tenant and name");
                continue;
            }
            let full = format!("{tenant}/{name}");
            if let Some(first) = seen.insert(full.clone(), item.at.clone()) {
                self.wrong(&item, "name", &format!("{full} is declared already, as {first}"));
                continue;
            }
            match there.remove(&full) {
                None => self.new_network(item, full, &mut ordered).await?,
                Some(is) => {
                    let done = self.old_network(&item, &full, &is, &mut carried).await;
                    self.settle(done, KIND, &full, &item.at)?;
                }
            }
        }
        self.order(ordered).await?;
        self.carry(carried).await?;
        self.remove_networks(there).await
    }

    /// All networks in scope, by tenant and name.
    pub(super) async fn networks_there(&self) -> Result<BTreeMap<String, Network>, Error> {
        let mut found = BTreeMap::new();
        let mut query = NetworkQuery { limit: Some(1000), ..NetworkQuery::default() };
        loop {
            let page = self.engine.networks(self.context, query.clone()).await?;
            let full = |network: Network| (format!("{}/{}", network.client_id, network.name), network);
            found.extend(page.items.into_iter().map(full));
            query.cursor = page.next_cursor;
            if query.cursor.is_none() {
                return Ok(found);
            }
        }
    }

    async fn new_network(
        &mut self,
        item: Item,
        full: String,
        ordered: &mut Vec<(Item, String)>,
    ) -> Result<(), Error> {
        if self.waits_for_profile(item.request.pointer("/options/firewallProfile"), &full).await? {
            return Ok(());
        }
        if item.provisioned {
            ordered.push((item, full));
            return Ok(());
        }
        let done = self.engine.allocate(self.context, of(item.request.clone())?).await;
        let done = done.map(|network| self.made_network(&item, &full, &network));
        self.settle(done, KIND, &full, &item.at)
    }

    /// Notes that a network waits for its firewall profile, if that is being brought to routers.
    async fn waits_for_profile(&mut self, profile: Option<&Value>, full: &str) -> Result<bool, Error> {
        let Some(profile) = profile.and_then(Value::as_str).and_then(|name| name.parse::<Name>().ok()) else {
            return Ok(false);
        };
        let Some(change) = self.engine.0.store.open_change_of_profile(&profile).await? else {
            return Ok(false);
        };
        let object = DeclaredObject { kind: KIND.to_owned(), name: full.to_owned() };
        let reason = format!("its firewall profile {profile} is being brought to routers");
        self.wait(object, &reason, Some(change.to_string()));
        Ok(true)
    }

    fn made_network(&mut self, item: &Item, full: &str, network: &Network) {
        self.made.push((network.network_id.clone(), format!("network {full}")));
        let mut fields = fresh(&item.fields);
        // What it got is part of the plan.
        let network = value(network);
        for field in ["vlanId", "subnet", "gateway", "subnet6", "gateway6"] {
            if !network[field].is_null() {
                fields.insert(field.to_owned(), FieldChange { before: None, after: network[field].clone() });
            }
        }
        self.act("create", KIND, full, fields);
    }

    async fn old_network(
        &mut self,
        item: &Item,
        full: &str,
        is: &Network,
        carried: &mut Vec<Carried>,
    ) -> Result<(), Error> {
        let fields = network_differing(item, is);
        let update: NetworkUpdate =
            if fields.is_empty() { NetworkUpdate::default() } else { changed(&fields)? };
        let id: NetworkId = is.network_id.parse().map_err(|_| Error::not_found("network", full))?;
        let open = self.engine.0.store.open_change_of_network(id).await?;
        let waits = |round: &mut Self, reason: String| {
            let object = DeclaredObject { kind: KIND.to_owned(), name: full.to_owned() };
            round.wait(object, &reason, open.as_ref().map(|open| open.id.to_string()));
        };
        match is.status.as_str() {
            _ if open.is_some() && !(fields.is_empty() && is.status == "provisioned") => {
                waits(self, format!("it is {} and has a change that is not over yet", is.status));
            }
            "allocated" | "provisioned" if !fields.is_empty() => {
                let profile = fields.get("options").and_then(|options| options.after.get("firewallProfile"));
                if self.waits_for_profile(profile, full).await? {
                    return Ok(());
                }
                let (at, full) = (item.at.clone(), full.to_owned());
                carried.push(Carried { at, full, id, update, fields });
            }
            "allocated" if item.provisioned => {
                let accepted = self.engine.provision_allocated(self.context, &is.network_id).await?;
                let before = Some(json!(false));
                let change = FieldChange { before, after: json!(true) };
                self.act("update", KIND, full, BTreeMap::from([("provisioned".to_owned(), change)]));
                self.opened(Some(accepted.change));
            }
            "provisioned" if !item.provisioned => {
                let message = "cannot be changed by a declaration: the network is on its routers; remove it \
                               (moxxie network deprovision), or leave this out";
                return Err(Error::invalid("provisioned", message));
            }
            "allocated" | "provisioned" => {}
            status => {
                let message = format!(
                    "network {full} is {status}; restore or remove it first (moxxie network restore {id}, moxxie \
                     network deprovision {id})"
                );
                return Err(Error::conflict("not_provisioned", message));
            }
        }
        Ok(())
    }

    /// Puts new networks on their routers.
    async fn order(&mut self, ordered: Vec<(Item, String)>) -> Result<(), Error> {
        for part in ordered.chunks(MOST) {
            let requests: Result<Vec<_>, Error> =
                part.iter().map(|(item, _)| of(item.request.clone())).collect();
            let accepted = self.engine.provision_many(self.context, NetworkBulk { items: requests? }).await;
            let change = match accepted {
                Ok(change) => change,
                Err(error) => {
                    let places: Vec<_> = part.iter().map(|(item, _)| item.at.as_str()).collect();
                    self.errors.extend(at_places(error, &places)?);
                    continue;
                }
            };
            let networks = self.engine.networks_of_change(self.context, &change.change_id).await?;
            for (item, full) in part {
                let made = networks.iter().find(|made| format!("{}/{}", made.client_id, made.name) == *full);
                let made = made.ok_or_else(|| Error::not_found("network", full))?;
                self.made_network(item, full, made);
            }
            self.opened(Some(change));
        }
        Ok(())
    }

    /// Gives networks what they are to carry.
    async fn carry(&mut self, carried: Vec<Carried>) -> Result<(), Error> {
        if carried.is_empty() {
            return Ok(());
        }
        let requests: Vec<_> = carried.iter().map(|one| (one.id, one.update.clone())).collect();
        match self.engine.modify_each(self.context, &requests).await {
            Ok(done) => self.opened(done.change),
            Err(error) => {
                let places: Vec<_> = carried.iter().map(|one| one.at.as_str()).collect();
                self.errors.extend(at_places(error, &places)?);
            }
        }
        for one in carried {
            self.act("update", KIND, &one.full, one.fields);
        }
        Ok(())
    }

    /// Takes networks that are not declared off their routers, or says that they are there.
    async fn remove_networks(&mut self, left: BTreeMap<String, Network>) -> Result<bool, Error> {
        let object = |full: &str| DeclaredObject { kind: KIND.to_owned(), name: full.to_owned() };
        if !self.prune {
            self.undeclared.extend(left.keys().map(|full| object(full)));
            return Ok(false);
        }
        let going = !left.is_empty();
        let mut removed = Vec::new();
        for (full, network) in left {
            let id = network.network_id.parse().map_err(|_| Error::not_found("network", &full))?;
            match self.engine.0.store.open_change_of_network(id).await? {
                Some(open) => {
                    let reason = format!("it is {} and has a change that is not over yet", network.status);
                    self.wait(object(&full), &reason, Some(open.id.to_string()));
                }
                None => removed.push((full, network.network_id)),
            }
        }
        for part in removed.chunks(MOST) {
            let ids = part.iter().map(|(_, id)| id.clone()).collect();
            let select = NetworkSelection { network_ids: Some(ids), ..NetworkSelection::default() };
            match self.engine.deprovision_many(self.context, NetworksRemoval { select }).await {
                Ok(change) => self.opened(Some(change)),
                Err(Error::Invalid(fields)) => self.errors.extend(fields),
                Err(error @ Error::Conflict { .. }) => {
                    self.errors.push(FieldError { field: "networks".to_owned(), message: error.to_string() });
                }
                Err(other) => return Err(other),
            }
            for (full, _) in part {
                self.act("remove", KIND, full, BTreeMap::new());
            }
        }
        Ok(going)
    }
}

/// The stated fields of a network that are not so; of its options those alone that differ.
fn network_differing(item: &Item, is: &Network) -> BTreeMap<String, FieldChange> {
    let length = |subnet: &str| subnet.rsplit_once('/').map(|(_, length)| format!("/{length}"));
    let mut shown = value(is);
    shown["size"] = json!(length(&is.subnet));
    shown["size6"] = json!(is.subnet6.as_deref().and_then(length));
    let mut stated = item.fields.clone();
    stated.retain(|field, _| !ONCE.contains(&field.as_str()));
    let mut meant = stated.clone();
    for field in ["size", "size6"] {
        if let Some(size) = meant.get(field).and_then(Value::as_str) {
            meant[field] = json!(format!("/{}", size.trim_start_matches('/')));
        }
    }
    for (field, subnet) in [("gateway", Some(&is.subnet)), ("gateway6", is.subnet6.as_ref())] {
        if let Some(says) = meant.get(field).and_then(Value::as_str)
            && let Ok(choice @ (GatewayChoice::First | GatewayChoice::Last)) = says.parse()
            && let Some(Ok(subnet)) = subnet.map(|subnet| subnet.parse())
            && let Ok(layout) = Layout::choose(subnet, choice)
        {
            meant[field] = json!(layout.gateway());
        }
    }
    let mut fields = differing(&stated, &Value::Object(meant), &shown);
    if let Some(options) = fields.get_mut("options")
        && let (Some(Value::Object(says)), Some(Value::Object(has))) =
            (stated.get("options"), &options.before)
    {
        let apart = differing(says, &Value::Null, &Value::Object(has.clone()));
        let only = |of: fn(&FieldChange) -> Value| {
            Value::Object(
                apart.iter().map(|(field, change)| (field.clone(), of(change))).collect::<Map<_, _>>(),
            )
        };
        let before = Some(only(|change| change.before.clone().unwrap_or_default()));
        *options = FieldChange { before, after: only(|change| change.after.clone()) };
    }
    fields
}

/// Errors about items of an order, at the places they were declared at.
fn at_places(error: Error, places: &[&str]) -> Result<Vec<FieldError>, Error> {
    let place = |index: usize| places.get(index).copied().unwrap_or("networks").to_owned();
    let item = |field: &str| -> Option<(usize, String)> {
        let (index, rest) = field.strip_prefix("items[")?.split_once(']')?;
        Some((index.parse().ok()?, rest.to_owned()))
    };
    match error {
        Error::Invalid(fields) => Ok(fields
            .into_iter()
            .map(|error| match item(&error.field) {
                Some((index, rest)) => FieldError { field: format!("{}{rest}", place(index)), ..error },
                None => error,
            })
            .collect()),
        Error::Conflict { context: Some(context), .. } if context["errors"].is_array() => {
            let listed = context["errors"].as_array().into_iter().flatten();
            let read = |listed: &Value| FieldError {
                field: place(
                    listed["item"].as_u64().and_then(|i| usize::try_from(i).ok()).unwrap_or_default(),
                ),
                message: listed["message"].as_str().unwrap_or_default().to_owned(),
            };
            let mut seen = HashSet::new();
            let listed = listed.map(read);
            Ok(listed.filter(|error| seen.insert((error.field.clone(), error.message.clone()))).collect())
        }
        error @ (Error::Conflict { .. } | Error::NotFound { .. }) => {
            Ok(vec![FieldError { field: "networks".to_owned(), message: error.to_string() }])
        }
        other => Err(other),
    }
}
