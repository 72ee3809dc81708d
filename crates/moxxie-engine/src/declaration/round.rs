//! One round: everything declared that can be done now, inside of one transaction.

use std::collections::{BTreeMap, HashMap};

use moxxie_api::{
    FieldError,
    change::Change,
    declaration::{Declaration, DeclaredAction, DeclaredObject, FieldChange},
};
use serde_json::{Map, Value, json};

use super::{
    compare::differing,
    kind::{Item, Kind, of, value},
};
use crate::{Context, Engine, Error};

/// Fields of a request that name something else.
const NAMING: [&str; 4] = ["datacenter", "clientId", "vrf", "pool"];

/// What was found and done.
pub(super) struct Round<'e> {
    pub(super) engine: &'e Engine,
    pub(super) context: &'e Context,
    pub(super) prune: bool,
    /// Names of what was named by id.
    names: HashMap<String, String>,
    pub(super) actions: Vec<DeclaredAction>,
    pub(super) undeclared: Vec<DeclaredObject>,
    pub(super) changes: Vec<Change>,
    /// What was made, by id: another try gives it another one.
    pub(super) made: Vec<(String, String)>,
    pub(super) errors: Vec<FieldError>,
    /// What is not declared, in the order in which things refer to each other.
    left: Vec<(Kind, String)>,
}

impl<'e> Round<'e> {
    pub(super) fn new(engine: &'e Engine, context: &'e Context, prune: bool) -> Self {
        Self {
            engine,
            context,
            prune,
            names: HashMap::new(),
            actions: Vec::new(),
            undeclared: Vec::new(),
            changes: Vec::new(),
            made: Vec::new(),
            errors: Vec::new(),
            left: Vec::new(),
        }
    }

    /// Makes everything as declared, as far as it can be now. What is wrong is said at once.
    pub(super) async fn go(&mut self, declaration: &Declaration) -> Result<(), Error> {
        for kind in Kind::ALL {
            self.arrange(kind, kind.items(declaration)).await?;
        }
        let going = self.networks(super::kind::items("networks", declaration.networks.as_ref())).await?;
        self.remove_left(going).await?;
        if self.errors.is_empty() { Ok(()) } else { Err(Error::Invalid(std::mem::take(&mut self.errors))) }
    }

    async fn arrange(&mut self, kind: Kind, items: Option<Vec<Item>>) -> Result<(), Error> {
        let there = kind.there(self.engine, self.context).await?;
        for (name, is) in &there {
            if let Some(id) = is["id"].as_str() {
                self.names.insert(id.to_owned(), name.clone());
            }
        }
        let Some(items) = items else { return Ok(()) };
        let mut declared = HashMap::new();
        for mut item in items {
            self.name(&mut item);
            let name = item.text("name").to_owned();
            if let Some(first) = declared.insert(name.clone(), item.at.clone()) {
                self.wrong(&item, "name", &format!("{name} is declared already, as {first}"));
                continue;
            }
            let done = match there.get(&name) {
                None => self.create(kind, &item, &name).await,
                Some(is) => self.update(kind, &item, &name, is).await,
            };
            self.settle(done, kind.word(), &name, &item.at)?;
        }
        for name in there.into_keys().filter(|name| !declared.contains_key(name)) {
            if !(kind == Kind::Vrf && name == "main") {
                self.left.push((kind, name));
            }
        }
        Ok(())
    }

    async fn create(&mut self, kind: Kind, item: &Item, name: &str) -> Result<(), Error> {
        let made = kind.create(self.engine, self.context, item.request.clone()).await?;
        if let Some(id) = made["id"].as_str() {
            self.names.insert(id.to_owned(), name.to_owned());
            self.made.push((id.to_owned(), format!("{} {name}", kind.word())));
        }
        self.act("create", kind.word(), name, fresh(&item.fields));
        Ok(())
    }

    async fn update(&mut self, kind: Kind, item: &Item, name: &str, is: &Value) -> Result<(), Error> {
        let mut stated = item.fields.clone();
        // Kept sealed: there is nothing to compare with.
        stated.remove("password");
        if kind == Kind::Profile {
            // A profile is stated whole, but for its description.
            for field in ["sets", "services"] {
                stated.entry(field).or_insert_with(|| json!({}));
            }
        }
        let meant = kind.meant(self.engine, item).await?;
        let fields = differing(&stated, &meant, is);
        if fields.is_empty() {
            return Ok(());
        }
        let becomes = if kind == Kind::Profile {
            let mut request = item.request.clone();
            if !stated.contains_key("description") {
                request["description"] = is["description"].clone();
            }
            let written = self.engine.set_profile(self.context, name, of(request)?).await?;
            self.opened(written.change);
            value(written.profile)
        } else {
            kind.update(self.engine, self.context, name, &fields).await?
        };
        if let Some((field, change)) = differing(&stated, &meant, &becomes).into_iter().next() {
            let stays = change.before.unwrap_or_default();
            return Err(Error::invalid(&field, format!("cannot be made so: it stays {stays}")));
        }
        self.act("update", kind.word(), name, fields);
        Ok(())
    }

    /// Removes what is not declared, or says that it is there. `going`: networks are on their way out, and
    /// what they refer to goes when they have.
    async fn remove_left(&mut self, going: bool) -> Result<(), Error> {
        for (kind, name) in std::mem::take(&mut self.left).into_iter().rev() {
            let object = DeclaredObject { kind: kind.word().to_owned(), name: name.clone() };
            if !self.prune {
                self.undeclared.push(object);
            } else if going {
                self.wait(object, "it goes when the networks that are not declared have gone", None);
            } else {
                let removed = kind.remove(self.engine, self.context, &name).await;
                let removed = removed.map(|()| self.act("remove", kind.word(), &name, BTreeMap::new()));
                self.settle(removed, kind.word(), &name, &format!("{} {name}", kind.word()))?;
            }
        }
        self.undeclared.sort();
        Ok(())
    }

    pub(super) fn act(
        &mut self,
        action: &str,
        kind: &str,
        name: &str,
        fields: BTreeMap<String, FieldChange>,
    ) {
        let object = DeclaredObject { kind: kind.to_owned(), name: name.to_owned() };
        let action = action.to_owned();
        self.actions.push(DeclaredAction { action, object, fields, reason: None, change_id: None });
    }

    pub(super) fn opened(&mut self, change: Option<Change>) {
        self.made.extend(change.iter().map(|change| (change.change_id.clone(), "change".to_owned())));
        self.changes.extend(change);
    }

    pub(super) fn wait(&mut self, object: DeclaredObject, reason: &str, change_id: Option<String>) {
        // One of this round is not there before the round is kept.
        let own = |id: &String| self.changes.iter().any(|change| change.change_id == *id);
        let change_id = change_id.filter(|id| !own(id));
        let (action, reason) = ("wait".to_owned(), Some(reason.to_owned()));
        self.actions.push(DeclaredAction { action, object, fields: BTreeMap::new(), reason, change_id });
    }

    pub(super) fn wrong(&mut self, item: &Item, field: &str, message: &str) {
        self.errors.push(FieldError { field: format!("{}.{field}", item.at), message: message.to_owned() });
    }

    /// What was not done is wrong with the thing at this place, or waits for a change; what has nothing to do
    /// with it ends the round.
    pub(super) fn settle(
        &mut self,
        done: Result<(), Error>,
        kind: &str,
        name: &str,
        at: &str,
    ) -> Result<(), Error> {
        match done {
            Ok(()) => Ok(()),
            Err(Error::Invalid(fields)) => {
                self.errors.extend(fields.into_iter().map(|error| FieldError {
                    field: if error.field.is_empty() {
                        at.to_owned()
                    } else {
                        format!("{at}.{}", error.field)
                    },
                    message: error.message,
                }));
                Ok(())
            }
            Err(Error::Conflict { code: "change_open", message, .. }) => {
                self.wait(DeclaredObject { kind: kind.to_owned(), name: name.to_owned() }, &message, None);
                Ok(())
            }
            Err(error @ (Error::Conflict { .. } | Error::NotFound { .. })) => {
                self.errors.push(FieldError { field: at.to_owned(), message: error.to_string() });
                Ok(())
            }
            Err(other) => Err(other),
        }
    }

    /// Writes names for ids, so that both are compared alike.
    pub(super) fn name(&self, item: &mut Item) {
        for field in NAMING {
            let stated = item.fields.get(field).and_then(Value::as_str);
            if let Some(name) = stated.and_then(|text| self.names.get(text)) {
                item.fields.insert(field.to_owned(), json!(name));
                item.request[field] = json!(name);
            }
        }
    }
}

/// What something new is given; secrets are left out.
pub(super) fn fresh(fields: &Map<String, Value>) -> BTreeMap<String, FieldChange> {
    let shown = fields.iter().filter(|(field, _)| !matches!(field.as_str(), "name" | "password"));
    shown.map(|(field, after)| (field.clone(), FieldChange { before: None, after: after.clone() })).collect()
}
