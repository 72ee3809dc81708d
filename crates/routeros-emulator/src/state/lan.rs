//! What is behind the router's interfaces, and what the router has learnt of it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

/// A host on the wire behind an interface: part of the world, not of the router. It outlives reboots.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Host {
    /// Name of the interface it is behind; there need not be one of that name yet.
    pub interface: String,
    /// Its address.
    pub address: IpAddr,
    /// Its MAC address, as RouterOS prints it: `02:00:00:00:00:01`.
    pub mac: String,
    /// Whether it answers echo requests. ARP and neighbour discovery it always answers.
    #[serde(default = "yes")]
    pub pings: bool,
    /// Whether it talks by itself, so that the router has learnt of it. One that does not is learnt of when
    /// the router asks for it.
    #[serde(default = "yes")]
    pub talks: bool,
}

fn yes() -> bool {
    true
}

/// How long an answer, or the lack of one, stays in the table: `arp-timeout`'s default (reference 4).
const LEARNT_MS: i64 = 30_000;

/// The hosts behind one router.
#[derive(Debug, Default)]
pub(crate) struct Lan {
    /// By interface and address; the number makes the id of its row.
    hosts: BTreeMap<(String, IpAddr), (u32, Host)>,
    /// What the router asked for, and until when it remembers; the number as above.
    asked: BTreeMap<(String, IpAddr), (u32, i64)>,
    last: u32,
}

impl Lan {
    /// Puts a host on the wire, in place of the one that had its address there.
    pub(crate) fn put(&mut self, host: Host) {
        let number = self.next();
        self.hosts.insert((host.interface.clone(), host.address), (number, host));
    }

    /// Takes a host off the wire; false when there is none.
    pub(crate) fn take(&mut self, interface: &str, address: IpAddr) -> bool {
        self.hosts.remove(&(interface.to_owned(), address)).is_some()
    }

    pub(crate) fn host(&self, interface: &str, address: IpAddr) -> Option<&Host> {
        self.hosts.get(&(interface.to_owned(), address)).map(|(_, host)| host)
    }

    /// The router asked for the address on this interface.
    pub(crate) fn ask(&mut self, interface: &str, address: IpAddr, now: i64) {
        self.asked.retain(|_, (_, until)| *until > now);
        let number = self.next();
        self.asked.insert((interface.to_owned(), address), (number, now + LEARNT_MS));
    }

    /// What the router forgets when it boots.
    pub(crate) fn forget(&mut self) {
        self.asked.clear();
    }

    /// What the router knows of its neighbours: number, interface, address, and the MAC address when there
    /// was an answer.
    pub(crate) fn learnt(&self, now: i64) -> impl Iterator<Item = (u32, &str, IpAddr, Option<&str>)> {
        let talking =
            self.hosts.values().filter(|(_, host)| host.talks).map(|(number, host)| {
                (*number, host.interface.as_str(), host.address, Some(host.mac.as_str()))
            });
        let asked = self.asked.iter().filter(move |(key, (_, until))| {
            *until > now && !self.hosts.get(*key).is_some_and(|(_, host)| host.talks)
        });
        talking.chain(asked.map(|((interface, address), (number, _))| {
            (
                *number,
                interface.as_str(),
                *address,
                self.host(interface, *address).map(|host| host.mac.as_str()),
            )
        }))
    }

    fn next(&mut self) -> u32 {
        self.last += 1;
        self.last
    }
}
