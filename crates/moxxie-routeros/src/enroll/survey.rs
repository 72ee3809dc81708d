//! What is read of a router before anything is decided about it.

use routeros_client::{Command, Error, TrapKind};

use crate::{DeviceState, DriverError, RouterFacts, Session, StateRow, session::print};

/// A router as an enrolment sees it.
#[derive(Debug, Clone)]
pub struct Survey {
    /// What it says of itself.
    pub facts: RouterFacts,
    /// The menus we own rows in, interfaces and the filter. Empty for a version that is not supported.
    pub state: DeviceState,
    pub(super) users: Vec<StateRow>,
    pub(super) groups: Vec<StateRow>,
    pub(super) services: Vec<StateRow>,
    pub(super) certificates: Vec<StateRow>,
    pub(super) resource: Option<StateRow>,
    pub(super) clock: Option<StateRow>,
    /// Absent where the router has no such menu or the user may not see it.
    pub(super) device_mode: Option<StateRow>,
}

const MENUS: [(&str, &[&str]); 7] = [
    ("/user", &[".id", "name", "group", "address", "disabled", "comment"]),
    ("/user/group", &[".id", "name", "policy"]),
    ("/ip/service", &[".id", "name", "port", "address", "certificate", "tls-version", "disabled", "dynamic"]),
    ("/certificate", &[".id", "name", "fingerprint", "private-key", "revoked", "expired"]),
    ("/system/resource", &["free-hdd-space"]),
    ("/system/clock", &["date", "time", "gmt-offset"]),
    ("/system/device-mode", &["mode", "scheduler", "flagged"]),
];

impl Session {
    /// Reads all that an enrolment looks at, in two waves. Nothing is written.
    ///
    /// # Errors
    /// [`DriverError`].
    pub async fn survey(&self) -> Result<Survey, DriverError> {
        let commands: Vec<Command> =
            MENUS.iter().map(|(menu, properties)| print(menu, properties.iter().copied())).collect();
        let mut menus = Vec::with_capacity(MENUS.len());
        for answer in self.connection.run_all(commands).await {
            menus.push(match answer {
                Ok(reply) => reply.rows.iter().map(StateRow::from).collect(),
                Err(error) if is_out_of_sight(&error) => Vec::new(),
                Err(error) => return Err(self.error(error)),
            });
        }
        let mut menus = menus.into_iter();
        let mut next = || menus.next().unwrap_or_default();
        let facts = self.facts().clone();
        let state =
            if facts.version.is_supported() { self.read().await? } else { DeviceState::empty(facts.clone()) };
        Ok(Survey {
            facts,
            state,
            users: next(),
            groups: next(),
            // From 7.19 listeners and connections are rows too, under the same names.
            services: next().into_iter().filter(|row| !row.is_dynamic()).collect(),
            certificates: next(),
            resource: next().pop(),
            clock: next().pop(),
            device_mode: next().pop(),
        })
    }
}

/// Not there in this version, or not for this user.
fn is_out_of_sight(error: &Error) -> bool {
    matches!(error.trap_kind(), Some(TrapKind::NoSuchCommand | TrapKind::Permission))
}

impl Survey {
    pub(super) fn service(&self, name: &str) -> Option<&StateRow> {
        named(&self.services, name)
    }

    pub(super) fn user(&self, name: &str) -> Option<&StateRow> {
        named(&self.users, name)
    }

    pub(super) fn group(&self, name: &str) -> Option<&StateRow> {
        named(&self.groups, name)
    }

    pub(super) fn certificate(&self, name: &str) -> Option<&StateRow> {
        named(&self.certificates, name)
    }

    /// The certificate that `api-ssl` shows, if it has one with which it can work.
    pub(super) fn assigned(&self) -> Option<&StateRow> {
        let name = self.service("api-ssl")?.text("certificate")?;
        self.certificate(&name).filter(|row| row.flag("private-key") && !row.flag("revoked"))
    }

    /// SHA-256 of that certificate, hexadecimal, as the router tells it.
    #[must_use]
    pub fn fingerprint(&self) -> Option<String> {
        Some(self.assigned()?.text("fingerprint")?.to_ascii_lowercase().replace(':', ""))
    }

    /// The port of the TLS API service.
    #[must_use]
    pub fn tls_port(&self) -> Option<u16> {
        self.service("api-ssl")?.text("port")?.parse().ok()
    }

    /// The policies a user has by its group; `None` when user or group are not in the tables (RADIUS).
    pub(super) fn policies(&self, user: &str) -> Option<Vec<String>> {
        self.group_policies(&self.user(user)?.text("group")?)
    }

    pub(super) fn group_policies(&self, group: &str) -> Option<Vec<String>> {
        let policy = self.group(group)?.text("policy")?.into_owned();
        // The router prints every policy, those that are missing with an exclamation mark.
        let mut held: Vec<_> = policy
            .split(',')
            .filter(|word| !word.is_empty() && !word.starts_with('!'))
            .map(str::to_owned)
            .collect();
        held.sort();
        Some(held)
    }

    /// The rules of a built-in chain, in order.
    pub(super) fn rules<'a>(&'a self, filter: &str, chain: &'a str) -> impl Iterator<Item = &'a StateRow> {
        let of_chain = move |row: &&StateRow| row.text("chain").as_deref() == Some(chain);
        self.state.rows(filter).iter().filter(of_chain)
    }
}

fn named<'a>(rows: &'a [StateRow], name: &str) -> Option<&'a StateRow> {
    rows.iter().find(|row| row.text("name").as_deref() == Some(name))
}
