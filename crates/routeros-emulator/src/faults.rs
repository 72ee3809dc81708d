//! Things that go wrong on purpose. The same data in a scene file, over the control API and in a test.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::conditions::Conditions;

/// What goes wrong, and when.
///
/// ```
/// use routeros_emulator::{Fault, FaultKind, Matcher};
/// let fault: Fault = serde_json::from_str(
///     r#"{"on": {"path": "/ip/dhcp-server/add"}, "what": {"refuse": "failure: no memory"}}"#,
/// )?;
/// assert_eq!(fault.on, Matcher::path("/ip/dhcp-server/add"));
/// assert_eq!(fault.what, FaultKind::Refuse("failure: no memory".into()));
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// Which commands.
    pub on: Matcher,
    /// What happens to them.
    pub what: FaultKind,
}

/// Picks commands.
///
/// ```
/// use routeros_emulator::Matcher;
/// // The third address that is added to ether1, and every one behind it.
/// let matcher = Matcher::path("/ip/address/add").argument("interface", "ether1").nth(3).times(0);
/// assert_eq!((matcher.nth, matcher.times), (3, 0));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// A command path, a menu path (all commands of it and below), or a pattern with `*`.
    pub path: String,
    /// Arguments that the command must have, with these values.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub arguments: BTreeMap<String, String>,
    /// The first matching command that is hit; 1 is the next one.
    #[serde(default = "one")]
    pub nth: u32,
    /// How many are hit from there on; 0 for all.
    #[serde(default = "one")]
    pub times: u32,
}

fn one() -> u32 {
    1
}

/// What happens to a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Refused with this text, without effect.
    Refuse(String),
    /// The connection is reset, without effect.
    ResetBefore,
    /// Takes effect; then the connection is reset instead of an answer.
    LoseReply,
    /// Takes effect; the answer never comes, the connection stays.
    HangReply,
    /// Neither effect nor answer; the connection stays.
    HangBefore,
    /// Everything happens this much later, milliseconds in JSON and TOML. Other tags go on.
    Delay(#[serde(with = "millis")] Duration),
    /// Takes effect; the connection is reset in the middle of the answer.
    ResetMidSentence,
    /// The router reboots instead of running the command.
    Reboot,
}

mod millis {
    use std::time::Duration;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(duration.as_millis() as u64)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}

impl Fault {
    /// The next command at `path` meets `what`.
    pub fn once(path: &str, what: FaultKind) -> Self {
        Fault { on: Matcher::path(path), what }
    }
}

impl Matcher {
    /// The next command at `path`.
    pub fn path(path: &str) -> Self {
        Matcher { path: path.to_owned(), arguments: BTreeMap::new(), nth: 1, times: 1 }
    }

    /// Hits the `nth` matching command instead of the first.
    pub fn nth(mut self, nth: u32) -> Self {
        self.nth = nth;
        self
    }

    /// Hits that many in a row; 0 for all.
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Asks for an argument.
    pub fn argument(mut self, name: &str, value: &str) -> Self {
        self.arguments.insert(name.to_owned(), value.to_owned());
        self
    }

    fn matches(&self, path: &str, argument: impl Fn(&str) -> Option<String>) -> bool {
        let path_fits = if self.path.contains('*') {
            glob(self.path.as_bytes(), path.as_bytes())
        } else {
            path.strip_prefix(self.path.trim_end_matches('/'))
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        path_fits && self.arguments.iter().all(|(name, value)| argument(name).as_ref() == Some(value))
    }
}

fn glob(pattern: &[u8], text: &[u8]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some((b'*', rest)) => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        Some((byte, rest)) => {
            text.split_first().is_some_and(|(first, text)| first == byte && glob(rest, text))
        }
    }
}

/// A fault that met a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// Path of the command.
    pub path: String,
    /// What happened to it.
    pub what: FaultKind,
}

/// The faults of one router.
#[derive(Debug, Default)]
pub struct Faults {
    armed: Mutex<Armed>,
    pub(crate) conditions: Conditions,
}

#[derive(Debug, Default)]
struct Armed {
    faults: Vec<(Fault, u32)>,
    /// Oldest first; as many as [`Faults::HITS_KEPT`].
    hits: VecDeque<Hit>,
    latency: Duration,
    jitter: Duration,
}

impl Faults {
    /// Arms a fault. Counting of matching commands begins now.
    pub fn inject(&self, fault: Fault) {
        self.armed().faults.push((fault, 0));
    }

    /// How many hits are remembered; older ones are forgotten.
    pub const HITS_KEPT: usize = 10_000;

    /// Takes all faults away; latency and other conditions stay.
    pub fn clear(&self) {
        self.armed().faults.clear();
    }

    /// What was hit last, oldest first: at most [`Faults::HITS_KEPT`].
    pub fn hits(&self) -> Vec<Hit> {
        self.armed().hits.iter().cloned().collect()
    }

    /// Every command waits this long, plus up to `jitter`, before it runs; pipelined ones wait together.
    pub fn set_latency(&self, latency: Duration, jitter: Duration) {
        let mut armed = self.armed();
        (armed.latency, armed.jitter) = (latency, jitter);
    }

    pub(crate) fn latency(&self) -> (Duration, Duration) {
        let armed = self.armed();
        (armed.latency, armed.jitter)
    }

    /// The fault that this command meets.
    pub(crate) fn meet(&self, path: &str, argument: impl Fn(&str) -> Option<String>) -> Option<FaultKind> {
        let mut armed = self.armed();
        let mut met = None;
        for (fault, seen) in &mut armed.faults {
            if !fault.on.matches(path, &argument) {
                continue;
            }
            *seen += 1;
            let from = fault.on.nth.max(1);
            let in_range = *seen >= from && (fault.on.times == 0 || *seen < from + fault.on.times);
            if in_range && met.is_none() {
                met = Some(fault.what.clone());
            }
        }
        if let Some(what) = &met {
            if armed.hits.len() == Faults::HITS_KEPT {
                armed.hits.pop_front();
            }
            armed.hits.push_back(Hit { path: path.to_owned(), what: what.clone() });
        }
        met
    }

    fn armed(&self) -> std::sync::MutexGuard<'_, Armed> {
        self.armed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn none(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn nth_and_times_count_matching_commands() {
        let faults = Faults::default();
        let on = Matcher::path("/ip/*/add").nth(2).times(2);
        faults.inject(Fault { on, what: FaultKind::ResetBefore });
        let met: Vec<bool> = (0..4).map(|_| faults.meet("/ip/pool/add", none).is_some()).collect();
        assert_eq!(met, [false, true, true, false]);
        assert!(faults.meet("/ip/pool/set", none).is_none());
        assert_eq!(faults.hits().len(), 2);
    }

    #[test]
    fn a_menu_path_covers_its_commands() {
        let matcher = Matcher::path("/ip/address");
        assert!(matcher.matches("/ip/address/add", none));
        assert!(!matcher.matches("/ip/address-other/add", none));
        assert!(!Matcher::path("/ip").argument("name", "x").matches("/ip/pool/add", none));
    }

    #[test]
    fn old_hits_are_forgotten() {
        let faults = Faults::default();
        faults.inject(Fault { on: Matcher::path("/ip").times(0), what: FaultKind::HangBefore });
        for n in 0..Faults::HITS_KEPT + 5 {
            faults.meet(&format!("/ip/{n}"), none);
        }
        let hits = faults.hits();
        assert_eq!((hits.len(), hits[0].path.as_str()), (Faults::HITS_KEPT, "/ip/5"));
    }
}
