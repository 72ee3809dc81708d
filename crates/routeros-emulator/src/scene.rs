//! Scene files: rows to begin with, faults and timing, in TOML.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use serde::Deserialize;

use crate::clock::Clock;
use crate::command::{Replies, Request, add_row, execute};
use crate::conditions::Load;
use crate::faults::{Fault, Faults};
use crate::state::{Caller, Planned, Router};

/// Why a scene cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum SceneError {
    /// No TOML, or not in the form of a scene.
    #[error("reading the scene")]
    Read(#[source] Box<toml::de::Error>),
    /// The router refused a row, in its own words.
    #[error("row {row} of {menu}: {said}")]
    Refused {
        /// Path of the menu.
        menu: String,
        /// 1 for the first.
        row: usize,
        /// The router's answer.
        said: String,
    },
}

/// A scene:
///
/// ```toml
/// latency-ms = 5
/// jitter-ms = 2
///
/// [[rows]]
/// menu = "/interface/vlan"
/// name = "svlan1000"
/// interface = "ether1"
/// vlan-id = 1000
/// use-service-tag = true
///
/// [[set]]                     # for singletons, or rows that are there (`numbers = "ether1"`)
/// menu = "/system/identity"
/// name = "r2"
///
/// [[faults]]
/// on = { path = "/ip/dhcp-server/add", nth = 1, times = 1 }
/// what = { refuse = "failure: out of memory" }
///
/// [[later]]                   # another administrator, by the router's clock
/// after-ms = 5000
/// every-ms = 1000             # again and again; `times` bounds it
/// times = 3
/// user = "night-shift"
/// command = "/ip/firewall/address-list/add"
/// arguments = { list = "seen", address = "10.9.9.9" }
///
/// [[lan]]                     # a host on the wire behind an interface
/// interface = "svlan1000"
/// address = "172.16.5.9"
/// mac = "02:00:00:00:00:09"
/// pings = false               # `talks = false`: the router learns of it when it asks
/// ```
///
/// Conditions, each at the top: `bandwidth` (bytes a second), `load = { burst = 170, per-second = 130 }`,
/// `clock-skew-ms`, `full-flash = true`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Scene {
    latency_ms: Option<u64>,
    jitter_ms: Option<u64>,
    bandwidth: Option<u64>,
    load: Option<Load>,
    #[serde(default)]
    clock_skew_ms: i64,
    #[serde(default)]
    full_flash: bool,
    #[serde(default)]
    rows: Vec<SceneRow>,
    #[serde(default)]
    set: Vec<SceneRow>,
    #[serde(default)]
    faults: Vec<Fault>,
    #[serde(default)]
    later: Vec<Later>,
    #[serde(default)]
    lan: Vec<crate::lan::Host>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Later {
    after_ms: u64,
    every_ms: Option<u64>,
    times: Option<u32>,
    user: Option<String>,
    command: String,
    #[serde(default)]
    arguments: BTreeMap<String, toml::Value>,
}

#[derive(Clone, Debug, Deserialize)]
struct SceneRow {
    menu: String,
    #[serde(flatten)]
    fields: BTreeMap<String, toml::Value>,
}

impl Scene {
    /// Reads a scene.
    ///
    /// # Errors
    ///
    /// TOML that is no scene.
    pub fn parse(toml: &str) -> Result<Self, SceneError> {
        toml::from_str(toml).map_err(|error| SceneError::Read(Box::new(error)))
    }

    /// Faults and conditions.
    pub(crate) fn arrange(&self, faults: &Faults, clock: &Clock) {
        for fault in &self.faults {
            faults.inject(fault.clone());
        }
        faults.set_bandwidth(self.bandwidth);
        faults.set_load(self.load);
        faults.fill_flash(self.full_flash);
        if self.clock_skew_ms != 0 {
            clock.skew(self.clock_skew_ms);
        }
    }

    pub(crate) fn latency(&self) -> Option<(Duration, Duration)> {
        let jitter = Duration::from_millis(self.jitter_ms.unwrap_or(0));
        self.latency_ms.map(|latency| (Duration::from_millis(latency), jitter))
    }

    /// Rows are added in the sequence of the file, then the settings are made.
    pub(crate) fn apply(&self, router: &mut Router) -> Result<(), SceneError> {
        let caller = Caller::local("scene");
        for (at, row) in self.rows.iter().enumerate() {
            let refused = |said: String| SceneError::Refused { menu: row.menu.clone(), row: at + 1, said };
            let menu = router.menu(&row.menu).ok_or_else(|| refused("no such command prefix".into()))?;
            add_row(router, &caller, &menu, &row.words()).map_err(|trap| refused(trap.message))?;
            router.discard_pending();
        }
        for (at, row) in self.set.iter().enumerate() {
            let mut request = Request::new(&format!("{}/set", row.menu), &[]);
            request.arguments = row.words();
            let mut replies = Replies::new(None);
            execute(router, &caller, &request, &mut replies);
            if let Some(said) = crate::emulator::first_trap(&replies) {
                return Err(SceneError::Refused { menu: row.menu.clone(), row: at + 1, said });
            }
        }
        for host in &self.lan {
            router.lan.put(host.clone());
        }
        for later in &self.later {
            let mut request = Request::new(&later.command, &[]);
            request.arguments = words(&later.arguments);
            router.plan(Planned {
                at: router.now + later.after_ms as i64,
                every: later.every_ms.map(|every| every as i64),
                left: later.times.or_else(|| later.every_ms.is_none().then_some(1)),
                user: later.user.clone().unwrap_or_else(|| "colleague".to_owned()),
                request,
            });
        }
        Ok(())
    }
}

impl SceneRow {
    fn words(&self) -> Vec<(String, Bytes)> {
        words(&self.fields)
    }
}

fn words(fields: &BTreeMap<String, toml::Value>) -> Vec<(String, Bytes)> {
    fields
        .iter()
        .map(|(name, value)| {
            let word = match value {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            (name.clone(), Bytes::from(word))
        })
        .collect()
}
