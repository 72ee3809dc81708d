//! How a prefix, a VLAN id or an AS number is taken.

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// The word for a [`Claim`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// In use by somebody.
    Assigned,
    /// Kept for somebody until a certain time; then it is free by itself.
    Held,
    /// Never given out.
    Reserved,
    /// Released, and not given out again before a certain time.
    Quarantined,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Assigned, Self::Held, Self::Reserved, Self::Quarantined];

    /// The word on the wire and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Assigned => "assigned",
            Self::Held => "held",
            Self::Reserved => "reserved",
            Self::Quarantined => "quarantined",
        }
    }

    /// The status of that word.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// How something is taken. What ends by itself carries when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Claim {
    /// In use.
    Assigned,
    /// Kept until then.
    Held(Timestamp),
    /// Never given out.
    Reserved,
    /// Released, and not given out again before then.
    Quarantined(Timestamp),
}

impl Claim {
    /// The claim of a status and a time; `None` when one wants the other and lacks it.
    #[must_use]
    pub fn new(status: Status, until: Option<Timestamp>) -> Option<Self> {
        match (status, until) {
            (Status::Assigned, None) => Some(Self::Assigned),
            (Status::Reserved, None) => Some(Self::Reserved),
            (Status::Held, Some(until)) => Some(Self::Held(until)),
            (Status::Quarantined, Some(until)) => Some(Self::Quarantined(until)),
            _ => None,
        }
    }

    /// Its word.
    #[must_use]
    pub const fn status(self) -> Status {
        match self {
            Self::Assigned => Status::Assigned,
            Self::Held(_) => Status::Held,
            Self::Reserved => Status::Reserved,
            Self::Quarantined(_) => Status::Quarantined,
        }
    }

    /// When it ends by itself.
    #[must_use]
    pub const fn until(self) -> Option<Timestamp> {
        match self {
            Self::Assigned | Self::Reserved => None,
            Self::Held(until) | Self::Quarantined(until) => Some(until),
        }
    }

    /// What becomes of it when it is released at `now`: a quarantine of that many seconds, or nothing.
    /// What is in quarantine already, or was only held or reserved, is free at once: nobody ever used it,
    /// or the quarantine is being ended.
    #[must_use]
    pub fn released(self, quarantine_s: u32, now: Timestamp) -> Option<Self> {
        if self != Self::Assigned || quarantine_s == 0 {
            return None;
        }
        let until = now.checked_add(jiff::SignedDuration::from_secs(quarantine_s.into())).ok()?;
        Some(Self::Quarantined(until))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_and_time_belong_together() {
        let then = Timestamp::UNIX_EPOCH;
        for status in Status::ALL {
            assert_eq!(Status::parse(status.as_str()), Some(status));
            let claims: Vec<_> =
                [None, Some(then)].into_iter().filter_map(|until| Claim::new(status, until)).collect();
            assert_eq!(claims.len(), 1, "{status:?}");
            assert_eq!(claims[0].status(), status);
            assert_eq!(Claim::new(status, claims[0].until()), Some(claims[0]));
        }
    }

    #[test]
    fn only_what_was_used_goes_into_quarantine() {
        let now = Timestamp::UNIX_EPOCH;
        let then = Timestamp::from_second(60).unwrap();
        assert_eq!(Claim::Assigned.released(60, now), Some(Claim::Quarantined(then)));
        assert_eq!(Claim::Assigned.released(0, now), None);
        for claim in [Claim::Held(then), Claim::Reserved, Claim::Quarantined(then)] {
            assert_eq!(claim.released(60, now), None, "{claim:?}");
        }
    }
}
