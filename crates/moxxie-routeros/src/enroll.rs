//! Enrolment: what a router needs before moxxie can work on it, and how it is brought there.
//!
//! [`crate::Session::survey`] reads, [`check`] says what was found, [`steps`] what is left to do: nothing on a
//! router that was prepared before, so a second run continues where the first ended. [`leftovers`] is the
//! way back: what a failed run has to take away again, by what the router shows then. All but the survey
//! and [`crate::Session::perform`] are pure.
//!
//! Nothing here narrows what others have: the administrator's user, the addresses a service answers to, and
//! other people's rules stay as they are.

mod check;
mod clock;
mod perform;
mod place;
mod step;
mod survey;
mod undo;

use ipnet::IpNet;
use moxxie_core::{Timestamp, device::DeviceIntent};

pub use check::{Finding, Level, check};
pub use perform::{Presented, presented};
pub use step::{Part, Step, steps};
pub use survey::Survey;
pub use undo::leftovers;

use crate::Binding;

/// Name of the certificate that the router makes for `api-ssl`.
pub(crate) const CERTIFICATE: &str = "moxxie-api";

/// The policies moxxie's own user gets: reading, writing, the API itself, and asking whether an address is in
/// use.
pub const POLICIES: [&str; 4] = ["api", "read", "test", "write"];

/// Those of them it cannot do without.
const NEEDED: [&str; 3] = ["api", "read", "write"];

/// What the login of an administrator needs beside those, because users and groups are made with it.
const ADMINISTRATOR: [&str; 4] = ["api", "policy", "read", "write"];

/// What an enrolment is to bring about.
#[derive(Debug, Clone)]
pub struct Wish {
    /// The router's name, for the certificate.
    pub name: String,
    /// Installation, trunk and anchor.
    pub binding: Binding,
    /// The user that the session is logged in as.
    pub login: String,
    /// moxxie's own user, and the name of its group.
    pub user: String,
    /// Sources that user may log in from; none: any.
    pub allow_from: Vec<IpNet>,
    /// Whether missing anchors are added; otherwise they are only named.
    pub create_anchors: bool,
    /// The login is the one moxxie is to use from then on: the router is prepared, nothing is done.
    pub prepared: bool,
    /// Whether the user's password has to be set anew: nobody knows the one it has.
    pub new_password: bool,
    /// Serial numbers of routers that are registered, with their names.
    pub registered: Vec<(String, String)>,
    /// A network such as the site will have, for what depends on networks: L2MTU, rules before the anchor.
    pub probe: DeviceIntent,
    /// The time, to hold the router's clock against.
    pub now: Timestamp,
}

impl Wish {
    /// The mark at the start of the comment of moxxie's user.
    fn user_mark(&self) -> String {
        format!("mx1:{}:router:user", self.binding.install)
    }
}
