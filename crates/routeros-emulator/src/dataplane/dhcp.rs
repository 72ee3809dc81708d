//! `/ip/dhcp-server` for dnsmasq: its configuration, and the leases it wrote down.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::Ipv4Addr;

use ipnet::Ipv4Net;

use super::desired::{KernelNames, Row, Rows, text, works};
use crate::value::parse_duration;

/// What the server has to offer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Dhcp {
    /// dnsmasq's configuration but for the place of its lease file; empty when no server is wanted.
    pub(super) config: String,
    /// Which server of the router serves which network.
    servers: Vec<(Ipv4Net, String)>,
}

/// A lease that was given out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// Name of the server in `/ip/dhcp-server`.
    pub server: String,
    /// The address given out.
    pub address: Ipv4Addr,
    /// Whom to, in RouterOS's notation.
    pub mac: String,
    /// What the client calls itself; may be empty.
    pub host_name: String,
}

impl Dhcp {
    pub(super) fn of(rows: Rows<'_>, names: &KernelNames) -> Self {
        let networks = rows("/ip/dhcp-server/network");
        let pools = rows("/ip/pool");
        let addresses = rows("/ip/address");
        let mut dhcp = Dhcp::default();
        for (ix, row) in rows("/ip/dhcp-server").iter().filter(|row| works(row)).enumerate() {
            let (Some(name), Some(interface)) = (text(row, "name"), text(row, "interface")) else { continue };
            let own = addresses.iter().filter(|row| works(row) && text(row, "interface") == Some(interface));
            let own: Vec<Ipv4Net> =
                own.filter_map(|row| text(row, "address")?.parse::<Ipv4Net>().ok()).collect();
            // A server on an interface without an address has nothing to say.
            let (Some(kernel), false) = (names.kernel(interface), own.is_empty()) else { continue };
            let tag = format!("s{ix}");
            let pool = pools.iter().find(|pool| text(pool, "name") == text(row, "address-pool"));
            let seconds = text(row, "lease-time").and_then(parse_duration).map_or(1800, |ms| ms / 1000);
            let _ = writeln!(dhcp.config, "interface={kernel}");
            for range in pool.and_then(|pool| text(pool, "ranges")).into_iter().flat_map(|all| all.split(','))
            {
                let Some((first, last)) = ends(range) else { continue };
                let Some(net) = own.iter().find(|net| net.contains(&first) && net.contains(&last)) else {
                    continue;
                };
                let mask = net.netmask();
                let _ = writeln!(dhcp.config, "dhcp-range=set:{tag},{first},{last},{mask},{seconds}");
            }
            for net in own {
                if pool.is_none() {
                    let (network, mask) = (net.network(), net.netmask());
                    let _ = writeln!(dhcp.config, "dhcp-range=set:{tag},{network},static,{mask},{seconds}");
                }
                let options = networks.iter().find(|row| covers(row, net));
                push_options(&mut dhcp.config, &tag, options);
                dhcp.servers.push((net.trunc(), name.to_owned()));
            }
        }
        if dhcp.config.is_empty() {
            return dhcp;
        }
        for row in rows("/ip/dhcp-server/lease").iter().filter(|row| works(row)) {
            let is_static = row.get("dynamic").is_none_or(|dynamic| dynamic != "true");
            if let (true, Some(mac), Some(address)) =
                (is_static, text(row, "mac-address"), text(row, "address"))
            {
                let _ = writeln!(dhcp.config, "dhcp-host={mac},{address}");
            }
        }
        // conflict-detection is left out: its ping makes the first offer wait three seconds.
        dhcp.config.insert_str(
            0,
            "port=0\nuser=root\nbind-dynamic\ndhcp-authoritative\nno-ping\nno-hosts\nno-resolv\n",
        );
        dhcp
    }

    /// The leases of dnsmasq's file: `expiry mac address name client-id` on each line. Lines of other kinds,
    /// and addresses of networks that are no longer served, are left out.
    pub(super) fn leases(&self, file: &str) -> BTreeSet<Lease> {
        let lease = |line: &str| {
            let mut words = line.split(' ');
            let (_, mac, address, name) = (words.next()?, words.next()?, words.next()?, words.next()?);
            let address: Ipv4Addr = address.parse().ok()?;
            let (_, server) = self.servers.iter().find(|(network, _)| network.contains(&address))?;
            let host_name = if name == "*" { String::new() } else { name.to_owned() };
            Some(Lease { server: server.clone(), address, mac: mac.to_uppercase(), host_name })
        };
        file.lines().filter_map(lease).collect()
    }
}

/// First and last address of a range, a prefix or a single address.
fn ends(range: &str) -> Option<(Ipv4Addr, Ipv4Addr)> {
    if let Some((first, last)) = range.split_once('-') {
        return Some((first.parse().ok()?, last.parse().ok()?));
    }
    if let Ok(net) = range.parse::<Ipv4Net>() {
        return Some((net.network(), net.broadcast()));
    }
    let one = range.parse().ok()?;
    Some((one, one))
}

fn covers(row: &Row, net: Ipv4Net) -> bool {
    let address = text(row, "address").and_then(|address| address.parse::<Ipv4Net>().ok());
    address.is_some_and(|address| address.contains(&net.addr()))
}

/// What is not configured is not sent: dnsmasq would name itself as the gateway.
fn push_options(config: &mut String, tag: &str, network: Option<&Row>) {
    for (field, option) in [
        ("gateway", "router"),
        ("dns-server", "dns-server"),
        ("ntp-server", "ntp-server"),
        ("domain", "domain-name"),
    ] {
        let value = network.and_then(|row| text(row, field));
        let value = value.map(|value| format!(",{value}")).unwrap_or_default();
        if !value.is_empty() || field == "gateway" {
            let _ = writeln!(config, "dhcp-option=tag:{tag},option:{option}{value}");
        }
    }
}
