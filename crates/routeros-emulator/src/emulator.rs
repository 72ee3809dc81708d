//! A running router, and what a test or another administrator does with it.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::builder::Builder;
use crate::clock::Clock;
use crate::command::{Key, Replies, Request, RowView, Then, add_row, execute, for_each};
use crate::faults::Faults;
use crate::server::{Control, LoggedCommand, Shared};
use crate::snapshot::Snapshot;
use crate::state::{Caller, NextBoot, Planned, Router};
use crate::value::parse_id;
use crate::version::{UnknownVersion, Version};

/// A command that the router refused, with its own words.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct Refused(pub String);

/// One emulated router that listens on a TCP port.
///
/// Dropping it ends it. Several may run in one process.
///
/// ```
/// use routeros_emulator::Emulator;
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = Emulator::builder().version("7.20")?.identity("r1").user("admin", "secret").start().await?;
/// println!("speak the API to {}", router.addr());
/// router.add_row("/interface/vlan", &[("name", "v7"), ("vlan-id", "7"), ("interface", "ether1")])?;
/// assert_eq!(router.rows("/interface/vlan")[0]["l2mtu"], "65531");
/// let refused = router.add_row("/interface/vlan", &[("name", "v8"), ("vlan-id", "8")]).unwrap_err();
/// assert_eq!(refused.0, "missing =interface=");
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Emulator {
    pub(crate) shared: SharedHandle,
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: Option<SocketAddr>,
    pub(crate) control: mpsc::UnboundedSender<Control>,
    pub(crate) task: JoinHandle<()>,
}

/// `Shared` without a `Debug` of its own.
#[derive(Clone)]
pub(crate) struct SharedHandle(pub(crate) Arc<Shared>);

impl std::fmt::Debug for SharedHandle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("..")
    }
}

impl Emulator {
    /// A router to be described before it starts.
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Where the plain API listens; the same after a reboot.
    pub fn addr(&self) -> SocketAddr {
        self.address
    }

    /// Where `api-ssl` listens, if it was asked for.
    pub fn tls_addr(&self) -> Option<SocketAddr> {
        self.tls_address
    }

    /// The certificate that `api-ssl` shows, as DER.
    pub fn tls_certificate(&self) -> Option<Vec<u8>> {
        let router = self.router();
        let menu = router.menu("/ip/service")?;
        let service = router.stored(&menu).find(|row| {
            router.value_of(row, "name").and_then(crate::value::Value::as_str) == Some("api-ssl")
        })?;
        let (_, id) = router.value_of(service, "certificate")?.target()?;
        router.keys.get(&id).map(|keys| keys.certificate.clone())
    }

    /// The emulated release.
    pub fn version(&self) -> Version {
        self.router().settings.version
    }

    /// The router's clock, which may be set, stopped and moved.
    pub fn clock(&self) -> &Clock {
        &self.shared.0.clock
    }

    /// Armed faults, and what they hit.
    pub fn faults(&self) -> &Faults {
        &self.shared.0.faults
    }

    /// The rows of a menu as `print` shows them to somebody who may see everything. Empty when there is no
    /// such menu.
    pub fn rows(&self, menu: &str) -> Vec<BTreeMap<String, String>> {
        let router = self.router();
        let caller = administrator();
        let Some(menu) = router.menu(menu) else { return Vec::new() };
        let mut rows = Vec::new();
        for_each(&router, &menu, &caller, |row| {
            let view = RowView { router: &router, menu: &menu, row, sensitive: true };
            let fields =
                menu.fields().iter().enumerate().map(|(ix, field)| (field.name, Key::Field(ix as u16)));
            let shown = [(".id", Key::Id), (".about", Key::About)].into_iter().chain(fields).filter_map(
                |(name, key)| Some((name.to_owned(), String::from_utf8_lossy(&view.get(&key)?).into_owned())),
            );
            rows.push(shown.collect());
        });
        rows
    }

    /// Adds a row the way another administrator, or the world outside, would; answers its id.
    ///
    /// # Errors
    ///
    /// What the router says when it refuses.
    pub fn add_row(&self, menu: &str, fields: &[(&str, &str)]) -> Result<String, Refused> {
        let mut router = self.router();
        let menu = router.menu(menu).ok_or_else(|| Refused("no such command prefix".into()))?;
        let fields: Vec<(String, Bytes)> = fields
            .iter()
            .map(|(name, value)| ((*name).to_owned(), Bytes::from((*value).to_owned())))
            .collect();
        let added = add_row(&mut router, &administrator(), &menu, &fields);
        router.commit(ADMINISTRATOR);
        added.map(crate::value::format_id).map_err(|trap| Refused(trap.message))
    }

    /// Changes a row, named by id or name; a singleton is changed with an empty `item`.
    ///
    /// # Errors
    ///
    /// What the router says when it refuses.
    pub fn set_row(&self, menu: &str, item: &str, fields: &[(&str, &str)]) -> Result<(), Refused> {
        let mut request = Request::new(&format!("{menu}/set"), fields);
        if !item.is_empty() {
            request.arguments.push(("numbers".to_owned(), Bytes::from(item.to_owned())));
        }
        self.local(&request)
    }

    /// Removes a row, named by id or name.
    ///
    /// # Errors
    ///
    /// What the router says when it refuses.
    pub fn remove_row(&self, menu: &str, item: &str) -> Result<(), Refused> {
        self.local(&Request::new(&format!("{menu}/remove"), &[("numbers", item)]))
    }

    /// Runs a command as somebody at the console with every right: `emu.run("/undo", &[])`.
    ///
    /// # Errors
    ///
    /// What the router says when it refuses.
    pub fn run(&self, command: &str, arguments: &[(&str, &str)]) -> Result<(), Refused> {
        self.local(&Request::new(command, arguments))
    }

    /// Settings of `/system/device-mode` as if somebody had confirmed them at the device, which no command
    /// can do. Switches take `yes` and `no`.
    pub fn set_device_mode(&self, settings: &[(&str, &str)]) {
        self.router().set_device_mode(settings);
    }

    /// The configuration in a form that can be compared; see [`Snapshot`].
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::of(&self.router())
    }

    /// Sentences received, with the order in which they were executed: the last hundred thousand.
    pub fn command_log(&self) -> Vec<LoggedCommand> {
        self.shared.0.command_log()
    }

    /// Whether a row with this id is in the menu.
    pub fn has(&self, menu: &str, id: &str) -> bool {
        let router = self.router();
        let Some(menu) = router.menu(menu) else { return false };
        parse_id(id.as_bytes()).is_some_and(|id| router.row(menu.menu.space, id).is_some())
    }

    /// Cuts every session and refuses connections; state stays.
    pub async fn go_offline(&self) {
        self.tell(Control::Offline).await;
    }

    /// Listens again, on the same port.
    pub async fn go_online(&self) {
        self.tell(Control::Online).await;
    }

    /// Cuts every session, forgets what does not outlive a reboot, and comes up again. Returns when it is up.
    pub async fn reboot(&self) {
        self.tell(|done| Control::Reboot(Some(done))).await;
    }

    /// Reboots into another version: the configuration stays, under the names that the other version has for
    /// it. 7.20 makes BGP instances out of connections.
    ///
    /// # Errors
    ///
    /// A release that is not emulated.
    pub async fn upgrade(&self, version: &str) -> Result<(), UnknownVersion> {
        let version = version.parse()?;
        self.router().next_boot = Some(NextBoot::Upgrade(version));
        self.reboot().await;
        Ok(())
    }

    /// Somebody else runs a command after that time, by the router's clock.
    pub fn later(&self, after: Duration, command: &str, arguments: &[(&str, &str)]) {
        let mut router = self.router();
        let at = router.now + after.as_millis() as i64;
        let request = Request::new(command, arguments);
        router.plan(Planned { at, every: None, left: Some(1), user: ADMINISTRATOR.to_owned(), request });
    }

    /// Ends the router.
    pub async fn shutdown(mut self) {
        self.tell(Control::Shutdown).await;
        let _ = (&mut self.task).await;
    }

    pub(crate) fn router(&self) -> std::sync::MutexGuard<'_, Router> {
        self.shared.0.router()
    }

    fn local(&self, request: &Request) -> Result<(), Refused> {
        let mut replies = Replies::new(None);
        let then = execute(&mut self.router(), &administrator(), request, &mut replies);
        match then {
            Then::Reboot => _ = self.control.send(Control::Reboot(None)),
            Then::Shutdown => _ = self.control.send(Control::PowerOff),
            _ => {}
        }
        first_trap(&replies).map_or(Ok(()), |message| Err(Refused(message)))
    }

    async fn tell(&self, control: impl FnOnce(oneshot::Sender<()>) -> Control) {
        let (done, told) = oneshot::channel();
        if self.control.send(control(done)).is_ok() {
            let _ = told.await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.task.abort();
        self.shared.0.cut_all();
    }
}

/// In whose name local changes appear in the history.
const ADMINISTRATOR: &str = "console";

fn administrator() -> Caller {
    Caller::local(ADMINISTRATOR)
}

pub(crate) fn first_trap(replies: &Replies) -> Option<String> {
    let mut decoder = routeros_wire::Decoder::new();
    decoder.feed(replies.bytes());
    while let Ok(Some(sentence)) = decoder.next_sentence() {
        if sentence.command() == b"!trap" {
            return Some(
                String::from_utf8_lossy(sentence.attribute("message").unwrap_or_default()).into_owned(),
            );
        }
    }
    None
}
