//! Refusals: why no plan was made, and what would help.

use moxxie_core::{plan::Obstacle, vlan::VlanId};

use crate::{
    Mismatch, Version,
    menu::{VLAN_ON_PARENT, path},
};

/// Why no plan was made. Nothing has been written; every text names the row and the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A version whose commands nobody has looked at.
    #[error(
        "RouterOS {found} is not supported (supported: {} to {}.{}): its commands may mean something else",
        Version::OLDEST, Version::NEWEST.major, Version::NEWEST.minor
    )]
    UnsupportedVersion {
        /// The version found.
        found: Version,
    },
    /// The interface that should carry the VLANs is not there.
    #[error(
        "the router has no interface {name:?}: correct the trunk of the router in moxxie, or the interface's name on it"
    )]
    NoInterface {
        /// Its name.
        name: String,
    },
    /// The operator's anchor rule is not there, or not the only one.
    #[error("chain {chain} of {menu}: {hint}")]
    NoAnchor {
        /// The filter: `/ip/firewall/filter`, or that of IPv6.
        menu: String,
        /// `forward` or `input`.
        chain: String,
        /// The configured text.
        comment: String,
        /// What was found, and the command that helps.
        hint: String,
    },
    /// A foreign rule before the anchor lets pass what the profile drops.
    #[error(
        "in chain {chain} the rule [{rule}] comes before moxxie's rules and lets pass what {dropped} drops: \
         move the anchor rule above it, or narrow the rule"
    )]
    Bypassed {
        /// `forward` or `input`.
        chain: String,
        /// The rule, as the router shows it.
        rule: String,
        /// Whose rule would be bypassed: a profile, or the router's own protection.
        dropped: String,
    },
    /// The switch chip would route past the filter.
    #[error(
        "{switch} routes in hardware (l3-hw-offloading), past the firewall that enforces profiles: set \
         l3-hw-offloading=no on switch port {interface}, or on the switch"
    )]
    Offloaded {
        /// The trunk.
        interface: String,
        /// The switch.
        switch: String,
    },
    /// Rows of somebody else stand in the way.
    #[error("{}", obstacles(.0))]
    Obstacles(Vec<Obstacle>),
    /// The router could not be managed afterwards.
    #[error(
        "{row} would cut the way to the router: {why}; choose other values, or another way to the router first"
    )]
    CutsManagement {
        /// The row.
        row: String,
        /// What would be cut.
        why: String,
    },
    /// Rows of others refer to what would be taken away.
    #[error("{}; remove or change that first, moxxie leaves rules and routes of others alone", .0.join("; "))]
    Referred(Vec<String>),
    /// Rows of ours that the change needs are not usable as they are.
    #[error("{}", damaged(.0))]
    Damaged(Vec<Mismatch>),
    /// Frames with the tags do not fit through the trunk.
    #[error(
        "interface {interface} carries frames of {l2mtu} bytes (l2mtu), and 1500 bytes in {tags} VLAN tags need \
         {needed}: raise l2mtu of {interface} and of the switches behind it (that bounces the link)"
    )]
    Mtu {
        /// The trunk.
        interface: String,
        /// What it has.
        l2mtu: u32,
        /// How many tags.
        tags: u32,
        /// What it needs.
        needed: u32,
    },
    /// A network needs more commands than one guard can undo.
    #[error(
        "a network needs {commands} commands on this router, and at most {limit} can be guarded together: give it fewer DHCP options or static leases"
    )]
    TooLarge {
        /// How many it would be.
        commands: usize,
        /// How many are possible.
        limit: usize,
    },
}

impl Refusal {
    /// The row, as the router shows it, that has the VLAN id a network should have on the trunk; `None` when the
    /// refusal is about something else.
    #[must_use]
    pub fn in_the_way_of_vlan(&self, vlan: VlanId) -> Option<&str> {
        let Self::Obstacles(obstacles) = self else { return None };
        let word = format!("vlan-id={vlan}");
        let same = |obstacle: &&Obstacle| {
            obstacle.menu == path::VLAN
                && obstacle.collides == VLAN_ON_PARENT
                && obstacle.wanted.split(' ').any(|one| one == word)
        };
        obstacles.iter().find(same).map(|obstacle| obstacle.found.as_str())
    }
}

fn obstacles(obstacles: &[Obstacle]) -> String {
    let one = |obstacle: &Obstacle| {
        let whose = obstacle.mark.as_ref().map_or_else(String::new, |mark| format!(", marked {mark}"));
        format!("{} [{}]{whose} is in the way ({})", obstacle.menu, obstacle.found, obstacle.collides)
    };
    let lines: Vec<_> = obstacles.iter().map(one).collect();
    format!("{}; rename or remove what is in the way, or choose other values", lines.join("; "))
}

fn damaged(rows: &[Mismatch]) -> String {
    let lines: Vec<_> = rows.iter().map(ToString::to_string).collect();
    format!("{}; put this right on the router first, moxxie does not guess", lines.join("; "))
}
