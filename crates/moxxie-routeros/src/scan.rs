//! What a router knows of the addresses and VLANs around it: read, never written.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use moxxie_core::{
    encapsulation::{Tag, Tpid},
    reality::{Carried, Configured, Picture, Sighting, Source, clean, mac},
    vlan::VlanId,
};
use routeros_client::{Command, Row, TrapKind};

use crate::{DriverError, Session, menu::path, session::print, value::net};

/// VLANs on VLANs, and VRRP on top, end here; so does a ring of references.
const DEPTH: usize = 8;

/// The tables that are read, all in one round trip. Every field is in the output of all versions known
/// (schema 7.22.3); what a version lacks is absent, and `.proplist` ignores names it does not know.
const TABLES: [(&str, &[&str]); 8] = [
    (
        ARP,
        &[
            "address",
            "mac-address",
            "interface",
            "dynamic",
            "complete",
            "status",
            "disabled",
            "invalid",
            "vrf",
        ],
    ),
    (NEIGHBOR, &["address", "mac-address", "interface", "dynamic", "status", "disabled", "vrf"]),
    (
        LEASE,
        &[
            "address",
            "active-address",
            "mac-address",
            "active-mac-address",
            "server",
            "active-server",
            "status",
            "dynamic",
            "disabled",
            "host-name",
        ],
    ),
    (path::DHCP_SERVER, &["name", "interface"]),
    (path::ADDRESS, &["address", "interface", "disabled", "invalid", "comment", "dynamic", "vrf"]),
    (ADDRESS6, &["address", "interface", "disabled", "invalid", "comment", "dynamic", "link-local", "vrf"]),
    (path::VLAN, &["name", "interface", "vlan-id", "use-service-tag", "comment", "dynamic"]),
    (VRRP, &["name", "interface"]),
];
const ARP: &str = "/ip/arp";
const NEIGHBOR: &str = "/ipv6/neighbor";
const LEASE: &str = "/ip/dhcp-server/lease";
const ADDRESS6: &str = "/ipv6/address";
const VRRP: &str = "/interface/vrrp";

/// How much is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScanLimits {
    /// Most rows of one table; the reading of a longer one is stopped on the router.
    pub rows: usize,
    /// How long one table may take.
    pub deadline: Duration,
}

/// One table as far as it was read.
struct Table {
    rows: Vec<Compact>,
    truncated: bool,
}

/// The fields of one row that are there, in the order of the table's list.
type Compact = BTreeMap<&'static str, Box<[u8]>>;

impl Session {
    /// Reads who is around the router: ARP, neighbours, leases, its own addresses, and what its trunk
    /// carries. Nothing is written and no lock is needed: whatever else is done with the router goes on.
    ///
    /// # Errors
    /// [`DriverError`]. A table that the router does not have is empty.
    pub async fn scan(&self, trunk: &str, limits: ScanLimits) -> Result<Picture, DriverError> {
        let [arp, neighbor, lease, server, address, address6, vlan, vrrp] =
            TABLES.map(|(menu, fields)| self.table(menu, fields, limits));
        // Each table is taken as it comes: what is kept of a row is a fraction of the row.
        let (arp, neighbor, lease, server, address, address6, vlan, vrrp) =
            tokio::try_join!(arp, neighbor, lease, server, address, address6, vlan, vrrp)?;

        let mut picture = Picture::default();
        let tables = [&arp, &neighbor, &lease, &server, &address, &address6, &vlan, &vrrp];
        let cut = tables.iter().zip(TABLES).filter(|(table, _)| table.truncated);
        picture.truncated = cut.map(|(_, (menu, _))| menu.to_owned()).collect();
        let servers: BTreeMap<String, String> = server
            .rows
            .iter()
            .filter_map(|row| Some((name(row, "name")?, name(row, "interface")?)))
            .collect();
        picture.configured = address.rows.iter().chain(&address6.rows).filter_map(configured).collect();
        picture.carried = carried(trunk, &vlan.rows, &vrrp.rows);
        let mut sightings: Vec<Sighting> = arp
            .rows
            .iter()
            .filter_map(|row| answered(row, Source::Arp))
            .chain(neighbor.rows.iter().filter_map(|row| answered(row, Source::Neighbor)))
            .chain(lease.rows.iter().filter_map(|row| leased(row, &servers)))
            .chain(picture.configured.iter().map(|own| Sighting {
                address: own.address.addr(),
                interface: own.interface.clone(),
                source: Source::Configured,
                mac: None,
                host_name: None,
            }))
            .collect();
        sightings.sort_unstable();
        sightings.dedup_by(|a, b| (a.address, &a.interface, a.source) == (b.address, &b.interface, b.source));
        picture.sightings = sightings;
        Ok(picture)
    }

    async fn table(
        &self,
        menu: &'static str,
        fields: &'static [&'static str],
        limits: ScanLimits,
    ) -> Result<Table, DriverError> {
        let command = print(menu, fields.iter().copied()).deadline(limits.deadline);
        let mut stream = self.connection.stream(command);
        let mut table = Table { rows: Vec::new(), truncated: false };
        loop {
            match stream.next().await {
                Ok(Some(_)) if table.rows.len() == limits.rows => {
                    table.truncated = true;
                    // Whether the router hears it or has ended by itself makes no difference.
                    let _ = stream.cancel().await;
                    return Ok(table);
                }
                Ok(Some(row)) => table.rows.push(compact(&row, fields)),
                Ok(None) => return Ok(table),
                Err(error) if error.trap_kind() == Some(TrapKind::NoSuchCommand) => return Ok(table),
                Err(error) => return Err(self.error(error)),
            }
        }
    }

    /// Asks the wire for addresses, all in one round trip: who answers, and with which MAC address where the
    /// router tells. IPv4 is asked by ARP, which no host's filter hides; IPv6 by an echo request, and the
    /// neighbour table is read after it, because address resolution answers also where the echo is dropped.
    ///
    /// Needs the policy `test` in the router user's group.
    ///
    /// # Errors
    /// [`DriverError`]; then nothing is known of any of them.
    pub async fn probe(
        &self,
        interface: &str,
        addresses: &[IpAddr],
        deadline: Duration,
    ) -> Result<Vec<Sighting>, DriverError> {
        let asks = addresses.iter().map(|address| ping(interface, *address, deadline));
        let answers = self.connection.run_all(asks).await;
        let seen = |address: IpAddr, mac: Option<String>| Sighting {
            address,
            interface: clean(interface).unwrap_or_default(),
            source: Source::Probe,
            mac,
            host_name: None,
        };
        let mut found = Vec::new();
        for (address, answer) in addresses.iter().zip(answers) {
            let reply = answer.map_err(|error| self.error(error))?;
            let answered = |row: &&Row| {
                row.get("received").and_then(|text| text.parse::<u64>().ok()).is_some_and(|count| count > 0)
            };
            if let Some(row) = reply.rows.iter().find(answered) {
                found.push(seen(*address, row.get("host").and_then(mac)));
            }
        }
        let silent: Vec<IpAddr> = addresses
            .iter()
            .copied()
            .filter(|address| address.is_ipv6() && !found.iter().any(|seen| seen.address == *address))
            .collect();
        let asks = silent.iter().map(|address| {
            print(NEIGHBOR, ["address", "mac-address", "interface", "status"])
                .equal("address", address.to_string())
                .deadline(deadline)
        });
        for (address, answer) in silent.iter().zip(self.connection.run_all(asks).await) {
            let reply = answer.map_err(|error| self.error(error))?;
            let mut rows = reply.rows.iter().filter(|row| row.get("interface") == Some(interface));
            if let Some(row) = rows.find(|row| resolved(row.get("status"), None, row.get("mac-address"))) {
                found.push(seen(*address, row.get("mac-address").and_then(mac)));
            }
        }
        Ok(found)
    }
}

/// `/tool/ping` is in every tree from 7.16 to 7.24; the root `/ping` left it in 7.23.
fn ping(interface: &str, address: IpAddr, deadline: Duration) -> Command {
    let command = Command::new("/tool/ping")
        .attr("address", address.to_string())
        .attr("interface", interface)
        .attr("count", "2")
        .attr("interval", "300ms")
        .deadline(deadline);
    if address.is_ipv4() { command.attr("arp-ping", "yes") } else { command }
}

fn compact(row: &Row, fields: &'static [&'static str]) -> Compact {
    fields.iter().filter_map(|field| Some((*field, row.bytes(field)?.into()))).collect()
}

fn text<'a>(row: &'a Compact, field: &str) -> Option<&'a str> {
    std::str::from_utf8(row.get(field)?).ok().filter(|text| !text.is_empty())
}

fn flag(row: &Compact, field: &str) -> bool {
    matches!(text(row, field), Some("true" | "yes"))
}

/// A name that people or hosts chose.
fn name(row: &Compact, field: &str) -> Option<String> {
    clean(&String::from_utf8_lossy(row.get(field)?))
}

/// Only the main table's addresses are compared: other VRFs are not bound to routers yet.
fn in_main(row: &Compact) -> bool {
    matches!(text(row, "vrf"), None | Some("main"))
}

/// Whether a neighbour entry stands for somebody who answered. `status` where the router tells it; `complete`
/// is set for permanent, reachable, stale, probe and delay (manual, ARP).
fn resolved(status: Option<&str>, complete: Option<bool>, mac_address: Option<&str>) -> bool {
    let known = match (status, complete) {
        (Some(status), _) => matches!(status, "reachable" | "stale" | "delay" | "probe" | "permanent"),
        (None, Some(complete)) => complete,
        (None, None) => true,
    };
    known && mac_address.and_then(mac).is_some()
}

fn answered(row: &Compact, source: Source) -> Option<Sighting> {
    let complete = row.contains_key("complete").then(|| flag(row, "complete"));
    let address: IpAddr = text(row, "address")?.parse().ok()?;
    let local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    if local || address.is_multicast() || flag(row, "disabled") || flag(row, "invalid") || !in_main(row) {
        return None;
    }
    if !resolved(text(row, "status"), complete, text(row, "mac-address")) {
        return None;
    }
    // An entry that somebody wrote stays, whoever is there.
    let source = if flag(row, "dynamic") { source } else { Source::Written };
    let mac = text(row, "mac-address").and_then(mac);
    Some(Sighting { address, interface: name(row, "interface")?, source, mac, host_name: None })
}

fn leased(row: &Compact, servers: &BTreeMap<String, String>) -> Option<Sighting> {
    if flag(row, "disabled") {
        return None;
    }
    let held = matches!(text(row, "status"), Some("bound"));
    let written = !flag(row, "dynamic");
    // `declined` and `conflict` say that somebody else answered on the address.
    let taken = matches!(text(row, "status"), Some("declined" | "conflict"));
    if !held && !written && !taken {
        return None;
    }
    let either =
        |active: &str, given: &str| text(row, active).or_else(|| text(row, given)).map(str::to_owned);
    let address: IpAddr = either("active-address", "address")?.parse().ok()?;
    let server = name(row, "active-server").or_else(|| name(row, "server"));
    let interface = server.and_then(|server| servers.get(&server)).cloned();
    Some(Sighting {
        address,
        // A lease for all servers belongs to no interface until it is held.
        interface: interface.unwrap_or_default(),
        source: if held || taken { Source::Lease } else { Source::Written },
        mac: either("active-mac-address", "mac-address").as_deref().and_then(mac),
        host_name: name(row, "host-name"),
    })
}

fn configured(row: &Compact) -> Option<Configured> {
    if flag(row, "disabled") || flag(row, "invalid") || flag(row, "link-local") || !in_main(row) {
        return None;
    }
    let address = net(text(row, "address")?)?;
    let local = matches!(address.addr(), IpAddr::V6(address) if address.is_unicast_link_local());
    let mark =
        text(row, "comment").filter(|_| !flag(row, "dynamic")).and_then(|comment| comment.parse().ok());
    (!local).then_some(Configured { address, interface: name(row, "interface")?, mark })
}

/// The trunk and every interface on it, with the tags down to it.
fn carried(trunk: &str, vlans: &[Compact], vrrp: &[Compact]) -> Vec<Carried> {
    let trunk = clean(trunk).unwrap_or_default();
    let mut carried = vec![Carried { name: trunk, tags: Vec::new(), mark: None, is_vlan: false }];
    let mut rest: Vec<(&Compact, bool)> =
        vlans.iter().map(|row| (row, true)).chain(vrrp.iter().map(|row| (row, false))).collect();
    // A child is placed once its parent is: as many rounds as there are levels.
    for _ in 0..DEPTH {
        let before = carried.len();
        rest.retain(|(row, is_vlan)| {
            let parent = name(row, "interface");
            let Some(parent) = carried.iter().find(|one| Some(&one.name) == parent.as_ref()) else {
                return true;
            };
            let mut tags = parent.tags.clone();
            if *is_vlan {
                let vid =
                    text(row, "vlan-id").and_then(|id| id.parse().ok()).and_then(|id| VlanId::new(id).ok());
                let Some(vid) = vid else { return false };
                let tpid = if flag(row, "use-service-tag") { Tpid::Service } else { Tpid::Customer };
                tags.push(Tag { tpid, vid });
            }
            let Some(name) = name(row, "name") else { return false };
            let comment = text(row, "comment").filter(|_| !flag(row, "dynamic"));
            let mark = comment.and_then(|comment| comment.parse().ok());
            carried.push(Carried { name, tags, mark, is_vlan: *is_vlan });
            false
        });
        if carried.len() == before {
            break;
        }
    }
    carried
}
