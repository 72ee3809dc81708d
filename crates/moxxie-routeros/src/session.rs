//! A session: one connection to one router, whose identity was checked.

use std::time::Duration;

use moxxie_core::router::Security;
use routeros_client::{Command, Config, Connection, Error, Facts, HardwareId, Reply, TrapKind};
use secrecy::SecretString;

use crate::{
    DeviceState, DriverError, HistoryEntry, RouterFacts, SafeMode, StateRow, Version,
    menu::{MENUS, path},
};

/// Which router, and how to log in. `Debug` shows no password: the type of the field does not.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name, for texts.
    pub name: String,
    /// `host:port`; without a port RouterOS's own.
    pub address: String,
    /// The user.
    pub username: String,
    /// The user's password.
    pub password: SecretString,
    /// How the connection is protected.
    pub security: Security,
    /// The serial number it was enrolled with; `None`: it is being enrolled.
    pub expected_serial: Option<String>,
}

/// How long is waited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// For TCP, TLS and login together.
    pub connect: Duration,
    /// For the answer to one command, counted from its wave.
    pub command: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { connect: Duration::from_secs(10), command: Duration::from_secs(30) }
    }
}

/// A session with a router that is the one enrolled.
///
/// The connection ends with the session; nothing is tried again here.
#[derive(Debug)]
pub struct Session {
    pub(crate) connection: Connection,
    pub(crate) name: String,
    pub(crate) username: String,
    facts: RouterFacts,
}

/// Opens a session: connects, logs in, reads the facts and checks the identity.
///
/// # Errors
/// [`DriverError`]; [`DriverError::IdentityChanged`] when serial number or pin are not those enrolled.
pub async fn connect(target: &Target, deadlines: Deadlines) -> Result<Session, DriverError> {
    let router = target.name.as_str();
    let security = match &target.security {
        Security::Plain => routeros_client::Security::Plain,
        Security::Pinned { spki } => {
            routeros_client::Security::TlsPinned(spki.parse().map_err(|_| DriverError::Tls {
                router: router.to_owned(),
                reason: "the configured pin is not 64 hex digits".to_owned(),
            })?)
        }
    };
    let config = Config::new(&target.address, target.username.clone(), target.password.clone(), security)
        .connect_timeout(deadlines.connect)
        .command_deadline(deadlines.command);
    let connection = Connection::open(&config).await.map_err(|error| DriverError::of(router, error))?;
    let facts = Facts::read(&connection).await.map_err(|error| DriverError::of(router, error))?;
    let (HardwareId::Serial(serial) | HardwareId::SystemId(serial)) = facts.hardware_id;
    if let Some(expected) = target.expected_serial.as_ref().filter(|expected| **expected != serial) {
        connection.close().await;
        return Err(DriverError::IdentityChanged {
            router: router.to_owned(),
            expected: expected.clone(),
            found: serial,
        });
    }
    let version = facts.version;
    Ok(Session {
        connection,
        name: target.name.clone(),
        username: target.username.clone(),
        facts: RouterFacts {
            version: Version::new(version.major, version.minor, version.patch),
            version_text: version.to_string(),
            board: facts.board,
            serial,
            identity: facts.identity,
        },
    })
}

impl Session {
    /// What the router said about itself when the session began.
    #[must_use]
    pub fn facts(&self) -> &RouterFacts {
        &self.facts
    }

    /// Reads all menus we own rows in, what may collide with them, safe mode and history, in one wave.
    ///
    /// # Errors
    /// [`DriverError`]; nothing has been changed.
    pub async fn read(&self) -> Result<DeviceState, DriverError> {
        let mut commands: Vec<Command> = MENUS.iter().map(|menu| print(menu.path, menu.proplist())).collect();
        commands.extend([
            print(path::INTERFACE, [".id", "name", "type", "l2mtu", "dynamic", "disabled", "comment"]),
            print(path::SWITCH, [".id", "name", "l3-hw-offloading"]),
            print(path::SWITCH_PORT, [".id", "name", "l3-hw-offloading"]),
            // A router may carry a full BGP table: only what somebody wrote.
            print(path::ROUTE, [".id", "dst-address", "gateway", "comment"]).equal("static", "true"),
            print(path::ROUTE6, [".id", "dst-address", "gateway", "comment"]).equal("static", "true"),
            print(HISTORY, [".id", "action", "by", "floating-undo"]),
        ]);
        if self.facts.has_safe_mode() {
            commands.push(Command::new(SAFE_MODE));
        }
        let paths: Vec<String> = commands.iter().map(|command| command.path().to_owned()).collect();
        let answers = self.connection.run_all(commands).await;

        let mut state = DeviceState::empty(self.facts.clone());
        state.safe_mode = SafeMode::Unsupported;
        for (path, answer) in paths.iter().zip(answers) {
            let reply = match answer {
                // Only boards with a switch chip have these.
                Err(error) if is_absent(&error) && path.starts_with(path::SWITCH) => continue,
                other => other.map_err(|error| self.error(error))?,
            };
            match path.as_str() {
                SAFE_MODE => state.safe_mode = safe_mode(&reply),
                HISTORY_PRINT => state.history = reply.rows.iter().map(history_entry).collect(),
                _ => {
                    let menu = path.trim_end_matches("/print").to_owned();
                    state.menus.insert(menu, reply.rows.iter().map(StateRow::from).collect());
                }
            }
        }
        Ok(state)
    }

    /// Reads one menu again.
    pub(crate) async fn read_menu(&self, path: &str) -> Result<Vec<StateRow>, DriverError> {
        let proplist = crate::menu::menu(path).into_iter().flat_map(crate::menu::Menu::proplist);
        let reply = self.connection.run(print(path, proplist)).await.map_err(|error| self.error(error))?;
        Ok(reply.rows.iter().map(StateRow::from).collect())
    }

    /// Reads safe mode.
    pub(crate) async fn read_safe_mode(&self) -> Result<SafeMode, DriverError> {
        let reply = self.connection.run(SAFE_MODE).await.map_err(|error| self.error(error))?;
        Ok(safe_mode(&reply))
    }

    /// Reads the undo history.
    pub(crate) async fn read_history(&self) -> Result<Vec<HistoryEntry>, DriverError> {
        let command = print(HISTORY, [".id", "action", "by", "floating-undo"]);
        let reply = self.connection.run(command).await.map_err(|error| self.error(error))?;
        Ok(reply.rows.iter().map(history_entry).collect())
    }

    /// Whether the connection is known to be over. `false` proves nothing.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.connection.is_closed()
    }

    /// Ends the session. A guard that is held rolls back what it guards.
    pub async fn close(self) {
        self.connection.close().await;
    }

    pub(crate) fn error(&self, error: Error) -> DriverError {
        DriverError::of(&self.name, error)
    }
}

const SAFE_MODE: &str = "/safe-mode/print";
const HISTORY: &str = "/system/history";
const HISTORY_PRINT: &str = "/system/history/print";

pub(crate) fn print<'a>(menu: &str, properties: impl IntoIterator<Item = &'a str>) -> Command {
    Command::new(format!("{menu}/print")).proplist(properties)
}

fn is_absent(error: &Error) -> bool {
    error.trap_kind() == Some(TrapKind::NoSuchCommand)
}

fn history_entry(row: &routeros_client::Row) -> HistoryEntry {
    let text = |name| row.text(name).unwrap_or_default().into_owned();
    HistoryEntry {
        id: text(".id"),
        action: text("action"),
        by: text("by"),
        floating: row.flag("floating-undo"),
    }
}

/// `user` and `owner` are absent while nobody holds it.
fn safe_mode(reply: &Reply) -> SafeMode {
    let Some(row) = reply.first() else { return SafeMode::Off };
    let text = |name| row.text(name).unwrap_or_default().into_owned();
    match (row.flag("enabled"), row.flag("current")) {
        (false, _) => SafeMode::Off,
        (true, true) => SafeMode::Ours,
        (true, false) => SafeMode::Other { user: text("user"), owner: text("owner") },
    }
}
