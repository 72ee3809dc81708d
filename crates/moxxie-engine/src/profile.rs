//! Firewall profiles.

use moxxie_api::{
    Page, PageQuery,
    profile::{Profile, ProfileCreate},
};
use moxxie_core::{Name, identity::Role, profile};
use moxxie_store::{Holder, Reads, StoredProfile};
use serde_json::json;

use crate::{
    Context, Engine, Error, page,
    validate::short,
    write::{still_used, transaction},
};

mod check;
mod view;

use self::view::view;

/// How many networks a refusal names.
const NAMED: usize = 20;

/// The profile as it is kept: every rule with its name, addresses in their usual form.
///
/// # Errors
/// [`Error::Invalid`] names every wrong field.
pub fn normalised(request: &ProfileCreate) -> Result<Profile, Error> {
    check::check(request).map(|profile| view(&profile, None))
}

impl Engine {
    /// Adds a profile. Needs admin.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn create_profile(&self, context: &Context, request: ProfileCreate) -> Result<Profile, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let profile = check::check(&request)?;
        let now = self.now();
        let stored = StoredProfile { profile, version: 1, updated_at: now };
        let answer = view(&stored.profile, Some(&stored));
        let result = transaction!(self, |tx| {
            tx.insert_profile(&stored.profile, now).await?;
            self.note(&mut tx, context, "profile.create", &answer.name, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// Writes a profile, whether it is there or not. One that networks use is left as it is. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a profile in use that would become another is a [`Error::Conflict`] that names the
    /// networks.
    pub async fn set_profile(
        &self,
        context: &Context,
        name: &str,
        request: ProfileCreate,
    ) -> Result<Profile, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        if request.name != name {
            let message = format!("must be {:?}, the name in the address", short(name));
            return Err(Error::invalid("name", message));
        }
        let profile = check::check(&request)?;
        let now = self.now();
        let result = transaction!(self, |tx| {
            let (action, before, version) = match tx.lock_profile(&profile.name).await? {
                None => {
                    tx.insert_profile(&profile, now).await?;
                    ("profile.create", None, 1)
                }
                // Said again, it is no change.
                Some(there) if there.profile == profile => {
                    return Ok(view(&there.profile, Some(&there)));
                }
                Some(there) => {
                    let holders = tx.holders_of_profile(&profile.name).await?;
                    let how =
                        "write the new rules as a profile of another name, or take those networks off first";
                    refuse_used(&profile.name, &holders, "cannot be changed", how)?;
                    tx.update_profile(&profile, now).await?;
                    ("profile.update", Some(view(&there.profile, Some(&there))), there.version + 1)
                }
            };
            let stored = StoredProfile { profile: profile.clone(), version, updated_at: now };
            let answer = view(&profile, Some(&stored));
            let detail = match before {
                None => json!({"after": answer}),
                Some(before) => json!({"before": before, "after": answer}),
            };
            self.note(&mut tx, context, action, &answer.name, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.or_recall(context, result).await
    }

    /// Removes a profile that no network uses. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; one that is in use is a [`Error::Conflict`] that names the networks.
    pub async fn delete_profile(&self, context: &Context, name: &str) -> Result<(), Error> {
        context.require(Role::Admin)?;
        if self.recall::<()>(context).await?.is_some() {
            return Ok(());
        }
        let absent = || Error::not_found("firewall profile", name);
        let name = name.parse::<Name>().map_err(|_| absent())?;
        if profile::Profile::position_built_in(&name).is_some() {
            return Err(Error::conflict("in_use", format!("the profile {name} is built in and stays")));
        }
        let result = transaction!(self, |tx| {
            let there = tx.lock_profile(&name).await?.ok_or_else(absent)?;
            let holders = tx.holders_of_profile(&name).await?;
            refuse_used(&name, &holders, "cannot be removed", "take those networks off first")?;
            let deleted = tx.delete_profile(&name).await;
            deleted.map_err(|error| still_used(error, "firewall profile", &name))?;
            let before = view(&there.profile, Some(&there));
            self.note(&mut tx, context, "profile.delete", &name, json!({"before": before}));
            self.keep(&mut tx, context, &()).await?;
        });
        self.or_recall(context, result).await
    }

    /// Lists profiles by name, the built-in ones among them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn profiles(&self, context: &Context, query: PageQuery) -> Result<Page<Profile>, Error> {
        context.require(Role::Viewer)?;
        let stored = self.0.store.profiles().await?;
        let mut all: Vec<_> =
            profile::Profile::built_in().iter().map(|profile| view(profile, None)).collect();
        all.extend(stored.iter().map(|stored| view(&stored.profile, Some(stored))));
        all.sort_by(|a, b| a.name.cmp(&b.name));
        let (items, next_cursor) =
            page::slice(all, query.cursor, query.limit, |profile| profile.name.clone())?;
        Ok(Page { items, next_cursor })
    }

    /// One profile.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn profile(&self, context: &Context, name: &str) -> Result<Profile, Error> {
        context.require(Role::Viewer)?;
        let absent = || Error::not_found("firewall profile", name);
        let name = name.parse::<Name>().map_err(|_| absent())?;
        if let Some(position) = profile::Profile::position_built_in(&name) {
            return Ok(view(&profile::Profile::built_in()[position], None));
        }
        let stored = self.0.store.profile(&name).await?.ok_or_else(absent)?;
        Ok(view(&stored.profile, Some(&stored)))
    }

    /// Refuses a profile in `options.firewallProfile` that is not there, and says which are.
    pub(crate) async fn known_profile(&self, reads: &Reads, name: &Name) -> Result<(), Error> {
        if profile::Profile::position_built_in(name).is_some() || reads.profile(name).await?.is_some() {
            return Ok(());
        }
        let stored = reads.profiles().await?;
        let users = stored.iter().map(|stored| stored.profile.name.as_str());
        let known: Vec<_> =
            profile::Profile::built_in().iter().map(|profile| profile.name.as_str()).chain(users).collect();
        let message = format!(
            "there is no firewall profile {name}; there are {} (POST /profiles, `moxxie profile set` writes one)",
            known.join(", ")
        );
        Err(Error::invalid("options.firewallProfile", message))
    }
}

fn refuse_used(name: &Name, holders: &[Holder], what: &str, how: &str) -> Result<(), Error> {
    if holders.is_empty() {
        return Ok(());
    }
    let named: Vec<_> = holders.iter().map(|holder| holder.name.as_str()).collect();
    let more = match named.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let message = format!(
        "the firewall profile {name} {what} while networks use it: {}{more}; {how}",
        named[..named.len().min(NAMED)].join(", ")
    );
    Err(Error::Conflict { code: "in_use", message, context: Some(json!({"usedBy": named})) })
}
