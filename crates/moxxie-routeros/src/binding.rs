//! Binding: what ties an installation of moxxie to one router.

use std::net::IpAddr;

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

/// Names that rows on one router are rendered with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Which installation of moxxie: 4 to 12 of `a-z`, `0-9`; part of every mark.
    pub install: String,
    /// The interface that carries the VLANs.
    pub trunk: String,
    /// How the comment of the operator's anchor rules begins, one in `forward` and one in `input`.
    pub anchor: String,
    /// The address at which moxxie reaches the router, where it is one and not a name.
    #[serde(default)]
    pub address: Option<IpAddr>,
    /// Where those who manage the router are.
    #[serde(default)]
    pub management: Vec<IpNet>,
}

/// Why a binding cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadBinding {
    /// The install id has another form.
    #[error("install {0:?}: use 4 to 12 of a-z and 0-9")]
    Install(String),
    /// No trunk is named.
    #[error("the router has no trunk interface configured")]
    Trunk,
    /// No anchor is named, or it would pass for one of our own marks.
    #[error("anchor {0:?}: use the beginning of the comment of your own rules, and not \"mx1:\"")]
    Anchor(String),
}

impl Binding {
    /// Checks the form of all three.
    ///
    /// # Errors
    /// [`BadBinding`] names the part that is wrong.
    pub fn check(&self) -> Result<(), BadBinding> {
        let word = self.install.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
        if !(4..=12).contains(&self.install.len()) || !word {
            return Err(BadBinding::Install(self.install.clone()));
        }
        if self.trunk.is_empty() {
            return Err(BadBinding::Trunk);
        }
        if self.anchor.trim().is_empty() || self.anchor.starts_with("mx1:") {
            return Err(BadBinding::Anchor(self.anchor.clone()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_is_checked() {
        let good = crate::testing::binding();
        assert_eq!(good.check(), Ok(()));
        for install in ["", "abc", "ABCD", "ab:cd", "abcdefghijklm"] {
            let bad = Binding { install: install.into(), ..good.clone() };
            assert_eq!(bad.check(), Err(BadBinding::Install(install.into())));
        }
        assert_eq!(Binding { trunk: String::new(), ..good.clone() }.check(), Err(BadBinding::Trunk));
        assert!(Binding { anchor: "mx1:x".into(), ..good }.check().is_err());
    }
}
