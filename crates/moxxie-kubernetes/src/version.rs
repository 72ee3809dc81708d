//! Which Cilium it is for, and which API that one speaks.

use std::{fmt, str::FromStr};

/// A release of Cilium from 1.16 on, without the patch number, which changes no schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CiliumVersion {
    minor: u16,
}

/// The API group's version of the BGP kinds and of load balancer pools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// `cilium.io/v2alpha1`: Cilium 1.16 and 1.17.
    V2Alpha1,
    /// `cilium.io/v2`: from 1.18 on.
    V2,
}

/// Why there is nothing to make for a version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// Not of the form `1.18` or `1.18.3`.
    #[error("{0:?} is not a Cilium version: write it like 1.18 or 1.18.3")]
    Malformed(String),
    /// Before 1.16, when the kinds did not exist.
    #[error(
        "Cilium {0} has only CiliumBGPPeeringPolicy, which Cilium 1.19 removed; upgrade to Cilium 1.16 or newer \
         (1.18 for the stable API)"
    )]
    TooOld(String),
    /// Of another major version, about which nothing is known.
    #[error("Cilium {0} is not known; versions from 1.16 on are")]
    Unknown(String),
}

impl CiliumVersion {
    /// The newest version whose schemas were compared with what is made here.
    pub const NEWEST_CHECKED: Self = Self { minor: 20 };

    /// The API version of the objects.
    #[must_use]
    pub const fn api(self) -> Api {
        if self.minor >= 18 { Api::V2 } else { Api::V2Alpha1 }
    }

    /// Whether router ids can come from a pool and session states are reported by the operator (from
    /// 1.18).
    pub(crate) const fn has_router_id_pool(self) -> bool {
        self.minor >= 18
    }
}

impl Api {
    /// As `apiVersion` says it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2Alpha1 => "cilium.io/v2alpha1",
            Self::V2 => "cilium.io/v2",
        }
    }
}

impl FromStr for CiliumVersion {
    type Err = VersionError;

    fn from_str(text: &str) -> Result<Self, VersionError> {
        let short: String = text.chars().take(40).collect();
        let malformed = || VersionError::Malformed(short.clone());
        // `v1.18.3-rc.1+build` counts as 1.18.
        let numbers = text.strip_prefix('v').unwrap_or(text).split(['-', '+']).next().unwrap_or_default();
        let numbers: Vec<u16> = numbers
            .split('.')
            .map(|number| number.parse().map_err(|_| malformed()))
            .collect::<Result<_, _>>()?;
        match numbers[..] {
            [1, minor] | [1, minor, _] if minor >= 16 => Ok(Self { minor }),
            [0 | 1, _] | [0 | 1, _, _] => Err(VersionError::TooOld(short)),
            [_, _] | [_, _, _] => Err(VersionError::Unknown(short)),
            _ => Err(malformed()),
        }
    }
}

impl fmt::Display for CiliumVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "1.{}", self.minor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_from_1_16_have_an_api_and_older_ones_a_reason() {
        for (text, api) in [
            ("1.16", Api::V2Alpha1),
            ("1.17.4", Api::V2Alpha1),
            ("v1.18.0-rc.1", Api::V2),
            ("1.20.1", Api::V2),
            ("1.31", Api::V2),
        ] {
            assert_eq!(text.parse::<CiliumVersion>().unwrap().api(), api, "{text}");
        }
        for text in ["1.15", "1.15.9", "0.9"] {
            let refusal = text.parse::<CiliumVersion>().unwrap_err().to_string();
            assert!(refusal.contains("upgrade to Cilium 1.16"), "{refusal}");
        }
        assert_eq!("2.0".parse::<CiliumVersion>(), Err(VersionError::Unknown("2.0".into())));
        for text in ["", "1", "1.x", "1.18.3.4", "latest", "1.+18"] {
            assert!(matches!(text.parse::<CiliumVersion>(), Err(VersionError::Malformed(_))), "{text}");
        }
    }
}
