//! The other side of BGP: neighbours that a test lets come and go.

use serde::Deserialize;

use crate::emulator::Emulator;

/// A neighbour that answers.
///
/// ```
/// use routeros_emulator::BgpPeer;
/// let peer = BgpPeer::new("10.0.0.2", 65002).prefixes(3);
/// assert_eq!((peer.address.as_str(), peer.asn, peer.prefixes), ("10.0.0.2", 65002, 3));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct BgpPeer {
    /// Where it connects from.
    pub address: String,
    /// Its AS number.
    #[serde(rename = "as")]
    pub asn: u32,
    /// Its router id; the address unless told otherwise.
    #[serde(default)]
    pub id: Option<String>,
    /// How many prefixes it sends.
    #[serde(default)]
    pub prefixes: u32,
}

impl BgpPeer {
    /// A neighbour that sends nothing yet.
    pub fn new(address: &str, asn: u32) -> Self {
        BgpPeer { address: address.to_owned(), asn, id: None, prefixes: 0 }
    }

    /// Lets it send that many prefixes.
    pub fn prefixes(mut self, count: u32) -> Self {
        self.prefixes = count;
        self
    }

    /// Gives it a router id.
    pub fn id(mut self, id: &str) -> Self {
        self.id = Some(id.to_owned());
        self
    }
}

/// The neighbours of one router; see [`Emulator::bgp`].
#[derive(Debug)]
pub struct Bgp<'a>(&'a Emulator);

impl Emulator {
    /// Lets BGP neighbours come and go. Without any, no connection gets a session.
    pub fn bgp(&self) -> Bgp<'_> {
        Bgp(self)
    }
}

impl Bgp<'_> {
    /// A neighbour answers on the connection of this name, from now on: TCP comes up as soon as the
    /// connection is there, enabled and able to work, and again after it was changed or stopped. Coming
    /// again from the same address replaces what was said before.
    ///
    /// Answers the name of the session that this made, if it did so at once.
    pub fn peer_up(&self, connection: &str, peer: BgpPeer) -> Option<String> {
        self.0.router().bgp_peer_up(connection, peer)
    }

    /// Nobody answers any more. Sessions go down; their rows stay for a while.
    pub fn peer_down(&self, connection: &str) {
        self.0.router().bgp_peer_down(connection);
    }
}
