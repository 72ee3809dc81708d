//! Who is logged in, and on whose behalf a command runs.

use std::collections::BTreeSet;

/// A logged-in session, as in `/user/active`.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) user: String,
    pub(crate) address: String,
    pub(crate) via: &'static str,
    /// Milliseconds since the epoch.
    pub(crate) since: i64,
    /// Set by `/user/active remove`: the server cuts the connection.
    pub(crate) cut: bool,
}

/// On whose behalf a command runs.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// `None`: the router itself, a script, or a person at the console.
    pub(crate) session: Option<u32>,
    pub(crate) user: String,
    policies: BTreeSet<String>,
}

impl Caller {
    pub(crate) fn new(session: Option<u32>, user: &str, policies: impl IntoIterator<Item = String>) -> Self {
        Caller { session, user: user.to_owned(), policies: policies.into_iter().collect() }
    }

    /// Somebody who may do anything.
    pub(crate) fn local(user: &str) -> Self {
        Caller::new(None, user, crate::value::POLICIES.iter().map(|policy| (*policy).to_owned()))
    }

    pub(crate) fn may(&self, policy: &str) -> bool {
        self.policies.contains(policy)
    }
}
