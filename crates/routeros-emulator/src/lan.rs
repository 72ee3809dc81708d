//! The hosts behind a router, for a test or a scene.

use std::net::IpAddr;

use bytes::Bytes;

pub use crate::state::Host;

use crate::emulator::{Emulator, Refused};
use crate::state::Row;
use crate::value::{Names, Value};

/// What is behind a router's interfaces; see [`Emulator::lan`].
#[derive(Debug)]
pub struct Lan<'a>(&'a Emulator);

impl Emulator {
    /// Puts hosts on the wires behind the router's interfaces. The router learns of them as of real ones:
    /// `/ip/arp`, `/ipv6/neighbor` and ping follow, where an address of its own makes the network connected.
    pub fn lan(&self) -> Lan<'_> {
        Lan(self)
    }
}

impl Lan<'_> {
    /// Puts a host on the wire that talks and answers everything. The interface need not be there yet.
    ///
    /// # Panics
    ///
    /// When the address is none: this is for tests.
    #[allow(clippy::expect_used, reason = "a test with a wrong address should say so at once")]
    pub fn host(&self, interface: &str, address: &str, mac: &str) -> &Self {
        let address: IpAddr = address.parse().expect("an IP address");
        self.put(Host {
            interface: interface.to_owned(),
            address,
            mac: mac.to_owned(),
            pings: true,
            talks: true,
        })
    }

    /// Puts a host on the wire, in place of the one that had its address there.
    pub fn put(&self, host: Host) -> &Self {
        self.0.router().lan.put(host);
        self
    }

    /// Takes a host off the wire; false when there is none. What the router learnt by asking stays a while.
    pub fn remove(&self, interface: &str, address: IpAddr) -> bool {
        self.0.router().lan.take(interface, address)
    }

    /// A client got a lease from the server of this name: a dynamic row, lost at a reboot. The host name is
    /// what the client says of itself, any bytes.
    ///
    /// # Errors
    ///
    /// There is no such server.
    pub fn lease(&self, server: &str, address: IpAddr, mac: &str, host_name: &[u8]) -> Result<(), Refused> {
        let mut router = self.0.router();
        let found = Names::find(&*router, "/ip/dhcp-server", server.as_bytes());
        let (Some(id), Some(menu)) = (found, router.menu("/ip/dhcp-server/lease")) else {
            return Err(Refused(format!("no DHCP server {server}")));
        };
        let address = address.to_string();
        let mut row = Row::new(menu.path());
        row.dynamic = true;
        let mut put = |name: &str, value: Value| {
            if let Some(ix) = menu.field(name) {
                row.put(ix, value);
            }
        };
        for (name, text) in [
            ("address", address.as_str()),
            ("active-address", &address),
            ("mac-address", mac),
            ("active-mac-address", mac),
            ("active-server", server),
            ("status", "bound"),
            ("last-seen", "5s"),
            ("expires-after", "29m55s"),
            ("disabled", "false"),
        ] {
            put(name, Value::text(text.to_owned()));
        }
        put("server", Value::row("/ip/dhcp-server", id));
        put("host-name", Value::Plain(Bytes::copy_from_slice(host_name)));
        router.insert(&menu, row, None);
        router.discard_pending();
        Ok(())
    }
}
