//! Firewall profiles.

use moxxie_api::{
    Page, PageQuery,
    change::Change,
    plan::DryRun,
    profile::{Profile, ProfileCreate},
};
use moxxie_core::{
    Name,
    change::ChangeKind,
    identity::{Role, Scope},
    network::{Network, NetworkStatus},
    profile,
};
use moxxie_store::{FormerProfile, Holder, Reads, StoredProfile, Tx};
use serde_json::json;

use crate::{
    Context, Engine, Error,
    change::Opening,
    intent::{Turn, Turns},
    network::turned,
    page,
    validate::short,
    write::{still_used, transaction},
};

mod check;
mod view;

use self::view::view;

/// What became of a profile that was written.
#[derive(Debug, Clone, serde::Serialize, serde::Deserialize)]
pub struct Written {
    /// The profile as it is now.
    pub profile: Profile,
    /// The change that brings it to routers, where some have it.
    pub change: Option<Change>,
}

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
        let stored = StoredProfile { profile, revision: 1, version: 1, updated_at: now };
        let answer = view(&stored.profile, Some(&stored));
        let result = transaction!(self, |tx| {
            tx.insert_profile(&stored.profile, now).await?;
            self.note(&mut tx, context, "profile.create", &answer.name, json!({"after": answer}));
            self.keep(&mut tx, context, &answer).await?;
            answer.clone()
        });
        self.or_recall(context, result).await
    }

    /// Writes a profile, whether it is there or not. Where networks on routers use it, a change brings the
    /// routers after it, or is undone whole and gives the profile back what it said. Needs admin.
    ///
    /// # Errors
    /// See [`Error`]; a [`Error::Conflict`] while one of its networks has a change of its own, or is not known
    /// to be on its routers as it should.
    pub async fn set_profile(
        &self,
        context: &Context,
        name: &str,
        request: ProfileCreate,
    ) -> Result<Written, Error> {
        context.require(Role::Admin)?;
        if let Some(done) = self.recall(context).await? {
            return Ok(done);
        }
        let profile = named(name, &request)?;
        let now = self.now();
        let result = transaction!(self, |tx| {
            let there = tx.lock_profile(&profile.name).await?;
            let (stored, change) = match &there {
                None => {
                    tx.insert_profile(&profile, now).await?;
                    let first =
                        StoredProfile { profile: profile.clone(), revision: 1, version: 1, updated_at: now };
                    (first, None)
                }
                // Said again, it is no change.
                Some(there) if there.profile == profile => {
                    return Ok(Written { profile: view(&there.profile, Some(there)), change: None });
                }
                Some(there) => {
                    self.refuse_profile_in_change(&tx, &profile.name).await?;
                    let revision = there.revision + u32::from(!same_rules(&there.profile, &profile));
                    tx.update_profile(&profile, revision, now).await?;
                    let change = if revision == there.revision {
                        None
                    } else {
                        self.bring(&mut tx, context, there, &request).await?
                    };
                    let version = there.version + 1;
                    (StoredProfile { profile: profile.clone(), revision, version, updated_at: now }, change)
                }
            };
            let answer = Written { profile: view(&profile, Some(&stored)), change };
            let before = there.as_ref().map(|there| view(&there.profile, Some(there)));
            let action = if before.is_some() { "profile.update" } else { "profile.create" };
            let change = answer.change.as_ref().map(|change| &change.change_id);
            let detail = json!({"before": before, "after": answer.profile, "change": change});
            self.note(&mut tx, context, action, &answer.profile.name, detail);
            self.keep(&mut tx, context, &answer).await?;
            answer
        });
        self.wake();
        self.or_recall(context, result).await
    }

    /// What [`Engine::set_profile`] would do on routers. Reads them.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn set_profile_dry_run(
        &self,
        context: &Context,
        name: &str,
        request: ProfileCreate,
    ) -> Result<DryRun, Error> {
        context.require(Role::Admin)?;
        let profile = named(name, &request)?;
        let store = &self.0.store;
        let Some(there) = store.profile(&profile.name).await? else {
            return Ok(DryRun { network: None, routers: Vec::new() });
        };
        self.refuse_profile_in_change(store, &profile.name).await?;
        if same_rules(&there.profile, &profile) {
            return Ok(DryRun { network: None, routers: Vec::new() });
        }
        let mut turns = Vec::new();
        for network in store.networks_of_profile(&profile.name).await? {
            self.refuse_open_change(store, &network).await?;
            if on_routers(&network)? {
                turns.push(Turn::whole(network));
            }
        }
        let routers =
            self.routers_of_all(store, turns.iter().map(|turn| &turn.after), ChangeKind::Modify).await?;
        let wished = StoredProfile { profile, revision: there.revision + 1, ..there.clone() };
        let former = FormerProfile { profile: there.profile, revision: there.revision };
        let turns = Turns { networks: turns, profiles: vec![former], wished: vec![wished] };
        let routers = self.rehearse_change(ChangeKind::Modify, &turns, &routers).await?;
        Ok(DryRun { network: None, routers })
    }

    /// Opens the change that brings a profile, which has been written, to the routers of its networks; none
    /// where no router has it.
    async fn bring(
        &self,
        tx: &mut Tx,
        context: &Context,
        before: &StoredProfile,
        request: &ProfileCreate,
    ) -> Result<Option<Change>, Error> {
        let name = &before.profile.name;
        let mut networks = Vec::new();
        for network in tx.networks_of_profile(name).await? {
            // Those on no router as well: none of them is put on one meanwhile.
            let Some(network) = tx.lock_network(Scope::All, network.id).await? else { continue };
            self.refuse_open_change(tx, &network).await?;
            if network.options.profile == *name && on_routers(&network)? {
                networks.push(network);
            }
        }
        if networks.is_empty() {
            return Ok(None);
        }
        let routers = self.routers_of_all(tx, networks.iter(), ChangeKind::Modify).await?;
        let opening = Opening {
            kind: ChangeKind::Modify,
            networks: networks.iter().map(|network| (network, turned(network, network.status))).collect(),
            routers: &routers,
            request: json!({"profile": request}),
            after: 0,
        };
        let change = self.open_change(tx, context, opening).await?;
        let id = change.change_id.parse().map_err(|_| Error::Internal("an id of our own".into()))?;
        tx.keep_profile(id, before).await?;
        Ok(Some(change))
    }

    /// While a profile is being brought to routers, no other network comes to use it: which rules it would get
    /// is not decided.
    pub(crate) async fn refuse_profile_in_change(&self, reads: &Reads, name: &Name) -> Result<(), Error> {
        if profile::Profile::position_built_in(name).is_some() {
            return Ok(());
        }
        let Some(change) = reads.open_change_of_profile(name).await? else { return Ok(()) };
        let message = format!(
            "the firewall profile {name} is being brought to routers by change {change}; wait for its end or cancel it"
        );
        Err(Error::conflict("change_open", message))
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

/// The profile of a request that names it in its address too.
fn named(name: &str, request: &ProfileCreate) -> Result<profile::Profile, Error> {
    if request.name != name {
        let message = format!("must be {:?}, the name in the address", short(name));
        return Err(Error::invalid("name", message));
    }
    check::check(request)
}

/// Whether two say the same to a router.
fn same_rules(one: &profile::Profile, other: &profile::Profile) -> bool {
    one.rules == other.rules && one.sets == other.sets && one.services == other.services
}

/// Whether routers have the network; where that is not known, its profile cannot be brought to them.
fn on_routers(network: &Network) -> Result<bool, Error> {
    match network.status {
        NetworkStatus::Allocated => Ok(false),
        NetworkStatus::Provisioned => Ok(true),
        status => {
            let message = format!(
                "network {}, which uses the profile, is {}, so it is not known what its routers have; restore it \
                 first (moxxie network restore {})",
                network.name,
                status.as_str(),
                network.id
            );
            Err(Error::conflict("not_provisioned", message))
        }
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
