//! What the two ends of a session agree on.

use std::{collections::BTreeSet, fmt, str::FromStr};

use moxxie_core::Name;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Serialize, Serializer};

/// Why a value is none that a session can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// A hold time out of range.
    #[error("hold time {0} s: use 9 to 65535; below 9 a busy node loses its session")]
    Hold(u32),
    /// A retry time out of range.
    #[error("connect retry {0} s: use 1 to 5; Cilium waits up to twice as long before it dials again")]
    Retry(u32),
    /// A restart time out of range.
    #[error("restart time {0} s: use 1 to 4095")]
    Restart(u32),
    /// No community.
    #[error(
        "{0:?} is no community: write two numbers up to 65535 (65001:100) or three up to 4294967295 (65001:1:7)"
    )]
    Community(String),
    /// No key that both ends take.
    #[error("an MD5 key has 8 to 80 letters and digits")]
    Md5Key,
}

/// The timers of a session, the same for both ends.
///
/// The keepalive time is a third of the hold time (RFC 4271, section 10) and not said: an object with a
/// hold time alone is refused by the API server, because the default keepalive time is longer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timers {
    hold_s: u16,
    retry_s: u8,
}

impl Timers {
    /// A hold time of 9 to 65535 s and a pause before the next dial of 1 to 5 s.
    ///
    /// # Errors
    /// [`SessionError::Hold`], [`SessionError::Retry`].
    pub fn new(hold_s: u32, retry_s: u32) -> Result<Self, SessionError> {
        Ok(Self {
            hold_s: u16::try_from(hold_s).ok().filter(|s| *s >= 9).ok_or(SessionError::Hold(hold_s))?,
            retry_s: u8::try_from(retry_s)
                .ok()
                .filter(|s| (1..=5).contains(s))
                .ok_or(SessionError::Retry(retry_s))?,
        })
    }

    /// Hold time, seconds.
    #[must_use]
    pub const fn hold_s(self) -> u16 {
        self.hold_s
    }

    /// Keepalive time, seconds: a third of the hold time.
    #[must_use]
    pub const fn keepalive_s(self) -> u16 {
        self.hold_s / 3
    }

    /// Connect retry time, seconds.
    #[must_use]
    pub const fn retry_s(self) -> u8 {
        self.retry_s
    }
}

impl Default for Timers {
    /// 9 s, 3 s and 5 s: a dead node is noticed within ten seconds.
    fn default() -> Self {
        Self { hold_s: 9, retry_s: 5 }
    }
}

/// How long a router keeps the routes of an agent that is being restarted, seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GracefulRestart(u16);

impl GracefulRestart {
    /// 1 to 4095 s (RFC 4724 has twelve bits).
    ///
    /// # Errors
    /// [`SessionError::Restart`].
    pub fn new(restart_s: u32) -> Result<Self, SessionError> {
        let restart = u16::try_from(restart_s).ok().filter(|s| (1..=4095).contains(s));
        restart.map(Self).ok_or(SessionError::Restart(restart_s))
    }

    /// The time in seconds.
    #[must_use]
    pub const fn restart_s(self) -> u16 {
        self.0
    }
}

/// A community of RFC 1997: a 32-bit AS number does not fit in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StandardCommunity(pub u16, pub u16);

/// A large community (RFC 8092).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity(pub u32, pub u32, pub u32);

impl fmt::Display for StandardCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.0, self.1, self.2)
    }
}

impl Serialize for StandardCommunity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for LargeCommunity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What every announced route carries.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Communities {
    /// Of 16 and 16 bits.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub standard: BTreeSet<StandardCommunity>,
    /// Of three times 32 bits.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub large: BTreeSet<LargeCommunity>,
}

impl Communities {
    /// Reads texts such as `65001:100` and `4200000001:1:101`.
    ///
    /// # Errors
    /// [`SessionError::Community`] for the first that is none.
    pub fn parse<'a>(texts: impl IntoIterator<Item = &'a str>) -> Result<Self, SessionError> {
        let mut all = Self::default();
        for text in texts {
            let short = || SessionError::Community(text.chars().take(40).collect());
            let numbers: Result<Vec<u32>, _> = text.split(':').map(u32::from_str).collect();
            match numbers.map_err(|_| short())?[..] {
                [a, b] => {
                    let (a, b) =
                        (u16::try_from(a).map_err(|_| short())?, u16::try_from(b).map_err(|_| short())?);
                    all.standard.insert(StandardCommunity(a, b));
                }
                [a, b, c] => drop(all.large.insert(LargeCommunity(a, b, c))),
                _ => return Err(short()),
            }
        }
        Ok(all)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.standard.is_empty() && self.large.is_empty()
    }
}

/// Which services are announced. There is no "none said": in Cilium that selects no service at all.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ServiceSelection {
    /// Every service with an address of a load balancer pool.
    #[default]
    All,
    /// Those with this label.
    Labelled {
        /// The label's key.
        key: Name,
        /// Its value.
        value: Name,
    },
}

/// What nodes announce: the addresses of load balancer services always, their pod blocks by choice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advertised {
    /// Each node's own block of the pod range.
    pub pods: bool,
    /// Which load balancer services.
    pub services: ServiceSelection,
}

impl Default for Advertised {
    fn default() -> Self {
        Self { pods: true, services: ServiceSelection::All }
    }
}

/// The MD5 key of a cluster's sessions (RFC 2385). It is shown by nothing but the Secret's own manifest.
#[derive(Debug, Clone)]
pub struct Md5Key(SecretString);

impl Md5Key {
    /// 8 to 80 letters and digits: Linux takes at most 80 bytes (`TCP_MD5SIG_MAXKEYLEN`), and others
    /// would need quoting on one of the two ends.
    ///
    /// # Errors
    /// [`SessionError::Md5Key`].
    pub fn new(text: SecretString) -> Result<Self, SessionError> {
        let key = text.expose_secret();
        let good = (8..=80).contains(&key.len()) && key.bytes().all(|b| b.is_ascii_alphanumeric());
        if good { Ok(Self(text)) } else { Err(SessionError::Md5Key) }
    }

    /// The key itself: for the Secret and for the router.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keepalive_is_always_below_hold() {
        for hold in [9, 10, 90, 65_535] {
            let timers = Timers::new(hold, 5).unwrap();
            assert!(timers.keepalive_s() >= 3 && timers.keepalive_s() * 3 <= timers.hold_s());
        }
        assert_eq!(Timers::new(8, 5), Err(SessionError::Hold(8)));
        assert_eq!(Timers::new(65_536, 5), Err(SessionError::Hold(65_536)));
        assert_eq!(Timers::new(9, 120), Err(SessionError::Retry(120)));
        assert_eq!(Timers::new(9, 0), Err(SessionError::Retry(0)));
        assert_eq!(GracefulRestart::new(4096), Err(SessionError::Restart(4096)));
    }

    #[test]
    fn a_32_bit_number_is_no_part_of_a_standard_community() {
        let some = Communities::parse(["65001:100", "4200000001:1:101"]).unwrap();
        assert_eq!(some.standard.first().unwrap().to_string(), "65001:100");
        assert_eq!(some.large.first().unwrap().to_string(), "4200000001:1:101");
        for text in ["4200000001:1", "1", "1:2:3:4", "a:b", "no-export", ""] {
            assert!(Communities::parse([text]).is_err(), "{text}");
        }
    }

    #[test]
    fn a_key_is_not_printed() {
        let key = Md5Key::new("planted0secret".to_owned().into()).unwrap();
        assert!(!format!("{key:?}").contains("planted"));
        for text in ["", "short", "with space in it", &"x".repeat(81)] {
            assert!(Md5Key::new(text.to_owned().into()).is_err(), "{text}");
        }
    }
}
