//! A change: one run of a plan, by journal.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)+ }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word on the wire and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// The one of that word.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

words! {
    /// What a change does.
    ChangeKind {
        /// Puts a network on its routers.
        Provision = "provision",
        /// Takes a network off its routers and releases its allocation.
        Deprovision = "deprovision",
        /// Puts a network that has its allocation onto its routers again: what is there stays, what is
        /// missing or different is made right. It never releases anything.
        Restore = "restore",
        /// Changes what networks carry (their options) where they are: profile, DHCP, description.
        Modify = "modify",
    }
}

words! {
    /// Where a change stands (design, section 4).
    ChangeState {
        /// Written down; nothing has been tried.
        Planned = "planned",
        /// Waits for a router to answer or for a holder to let go; tried again with back-off.
        Waiting = "waiting",
        /// Commands are being sent.
        Running = "running",
        /// All commands are done; the routers are read over a fresh session.
        Verifying = "verifying",
        /// Waits for somebody outside, such as the provider.
        AwaitingPeer = "awaiting_peer",
        /// Done and verified.
        Applied = "applied",
        /// Being undone.
        RollingBack = "rolling_back",
        /// Undone: routers and records are as before.
        RolledBack = "rolled_back",
        /// Neither completed nor undone: a person has to decide.
        NeedsOperator = "needs_operator",
        /// Called off before anything was sent.
        Cancelled = "cancelled",
    }
}

impl ChangeState {
    /// Whether the change is over and has freed its routers.
    #[must_use]
    pub const fn is_final(self) -> bool {
        matches!(self, Self::Applied | Self::RolledBack | Self::Cancelled)
    }
}

words! {
    /// The decision of a change, journaled once: before it everything goes back, after it forward only.
    Decision {
        /// Not taken.
        None = "none",
        /// Keep what was applied.
        Commit = "commit",
        /// Undo what was applied.
        Rollback = "rollback",
    }
}

words! {
    /// The steps of a change as users see them (design, section 6).
    StepName {
        /// VLAN and prefix were reserved.
        IpamAllocation = "ipam_allocation",
        /// The VLAN interface exists, inside the service VLAN where the site has one.
        RouterVlanCreation = "router_vlan_creation",
        /// The gateway address is on it.
        RouterConfiguration = "router_configuration",
        /// The profile's rules are in force.
        FirewallRules = "firewall_rules",
        /// Pool, server and network exist.
        DhcpConfiguration = "dhcp_configuration",
        /// Names are registered.
        DnsUpdate = "dns_update",
        /// The prefix is announced.
        BgpConfiguration = "bgp_configuration",
        /// The routers were read over a fresh session and are as planned.
        Verification = "verification",
    }
}

words! {
    /// Where a step stands.
    StepState {
        /// Not begun.
        Pending = "pending",
        /// Commands of it have been sent.
        Running = "running",
        /// Done.
        Completed = "completed",
        /// Refused by the router or not as planned when read back.
        Failed = "failed",
        /// Was done, and has been undone.
        Undone = "undone",
        /// Never needed, or never reached.
        Skipped = "skipped",
    }
}

words! {
    /// What became of one command (design invariant 6).
    Outcome {
        /// Journaled, not sent.
        Pending = "pending",
        /// Sent; no answer yet. After a crash this reads as unknown.
        Sent = "sent",
        /// The router said it is done.
        Done = "done",
        /// Nothing to do: the row was so already.
        AlreadySo = "already_so",
        /// The router refused; its words are kept beside it.
        Refused = "refused",
        /// The answer was lost: done or not, only reading tells.
        Unknown = "unknown",
        /// Was done, or may have been, and is undone.
        Undone = "undone",
    }
}
