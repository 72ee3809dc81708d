//! The Linux kernel's network namespace, by `ip`, `iptables-legacy`, `ipset` and `dnsmasq`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::net::IpAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use serde::Deserialize;

use super::desired::Desired;
use super::dhcp::Dhcp;
use super::firewall::Firewall;
use super::{DataPlane, DataPlaneError, Observed};

/// What a router does and a host does not. A route over a link without carrier is not used.
const SYSCTLS: &[(&str, &str)] = &[
    ("ipv4/ip_forward", "1"),
    ("ipv4/conf/all/rp_filter", "0"),
    ("ipv4/conf/default/rp_filter", "0"),
    ("ipv4/conf/all/promote_secondaries", "1"),
    ("ipv4/conf/default/promote_secondaries", "1"),
    ("ipv4/conf/all/ignore_routes_with_linkdown", "1"),
    ("ipv6/conf/all/forwarding", "1"),
];

/// A network namespace that exists, with the router's Ethernet ports in it under the router's names. All else
/// in it is ours to make and to remove.
#[derive(Debug)]
pub struct Linux {
    netns: String,
    /// For the DHCP server's files.
    directory: PathBuf,
    /// What was applied; `None` when that is not known.
    applied: Option<Desired>,
    dhcp: Option<Child>,
}

impl Linux {
    /// The data plane in a namespace. `directory` keeps the DHCP server's files.
    pub fn new(netns: &str, directory: PathBuf) -> Self {
        Linux { netns: netns.to_owned(), directory, applied: None, dhcp: None }
    }

    fn inside(&self, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.netns, program]);
        command
    }

    fn ip(&self) -> Command {
        let mut command = Command::new("ip");
        command.args(["-n", &self.netns]);
        command
    }

    /// Takes away whatever an earlier life left.
    fn reset(&mut self) -> Result<(), DataPlaneError> {
        self.stop_dhcp();
        let empty = "*filter\n:INPUT ACCEPT [0:0]\n:FORWARD ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\nCOMMIT\n";
        run(self.inside("iptables-legacy-restore"), empty)?;
        run(self.inside("ipset").arg("destroy"), "")?;
        let text = run(self.ip().args(["-j", "link", "show", "type", "vlan"]), "")?;
        // The last made stand on the first ones.
        let links = parse::<Vec<Link>>("ip -j link", &text)?.into_iter().rev().filter_map(|link| link.ifname);
        let batch: String = links.map(|link| format!("link del {link}\n")).collect();
        run(self.ip().args(["-batch", "-"]), &batch)?;
        run(self.ip().args(["address", "flush", "scope", "global"]), "")?;
        for family in ["-4", "-6"] {
            run(self.ip().args([family, "route", "flush", "proto", "static"]), "")?;
        }
        let set = SYSCTLS.iter().map(|(key, value)| format!("echo {value} >/proc/sys/net/{key}\n"));
        run(self.inside("sh").args(["-e", "-s"]), &set.collect::<String>())?;
        self.applied = Some(Desired::default());
        Ok(())
    }

    fn filter(&self, before: &Firewall, firewall: &Firewall) -> Result<(), DataPlaneError> {
        if before == firewall {
            return Ok(());
        }
        // Each set is filled beside the one in use and takes its place at once.
        let mut lines = String::new();
        for (name, set) in &firewall.sets {
            if before.sets.get(name) == Some(set) {
                continue;
            }
            let kind = set.kind;
            lines += &format!("create {name} {kind} -exist\ncreate next {kind}\n");
            for member in &set.members {
                lines += &format!("add next {member} -exist\n");
            }
            lines += &format!("swap next {name}\ndestroy next\n");
        }
        run(self.inside("ipset").arg("restore"), &lines)?;
        run(self.inside("iptables-legacy-restore"), &firewall.table)?;
        let gone = before.sets.keys().filter(|name| !firewall.sets.contains_key(*name));
        let gone: String = gone.map(|name| format!("destroy {name}\n")).collect();
        run(self.inside("ipset").arg("restore"), &gone)?;
        Ok(())
    }

    fn lease_file(&self) -> PathBuf {
        self.directory.join(format!("{}.leases", self.netns))
    }

    fn serve_dhcp(&mut self, before: &Dhcp, dhcp: &Dhcp) -> Result<(), DataPlaneError> {
        if before.config == dhcp.config {
            return Ok(());
        }
        self.stop_dhcp();
        if dhcp.config.is_empty() {
            return match std::fs::remove_file(self.lease_file()) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("leases", error)),
                _ => Ok(()),
            };
        }
        let file = self.directory.join(format!("{}.dnsmasq", self.netns));
        let config = format!("{}dhcp-leasefile={}\n", dhcp.config, self.lease_file().display());
        std::fs::write(&file, config).map_err(|error| failed("dnsmasq's configuration", error))?;
        let mut command = self.inside("dnsmasq");
        command.args(["-k", "--log-facility=-"]).arg(format!("--conf-file={}", file.display()));
        command.stdin(Stdio::null()).stdout(Stdio::null());
        self.dhcp = Some(command.spawn().map_err(|error| failed("dnsmasq", error))?);
        Ok(())
    }

    fn stop_dhcp(&mut self) {
        if let Some(mut child) = self.dhcp.take() {
            // It writes each lease down when it gives it: nothing is lost.
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    fn neighbours(&self, desired: &Desired) -> Result<BTreeSet<(String, IpAddr, String)>, DataPlaneError> {
        let text = run(self.ip().args(["-j", "neigh", "show"]), "")?;
        let known = parse::<Vec<Neighbour>>("ip -j neigh", &text)?.into_iter().filter_map(|neighbour| {
            let name = desired.names.router(&neighbour.dev)?.to_owned();
            let address: IpAddr = neighbour.dst.parse().ok()?;
            let lost = neighbour.state.iter().any(|state| state == "FAILED" || state == "INCOMPLETE");
            Some((name, address, neighbour.lladdr.filter(|_| !lost)?.to_uppercase()))
        });
        Ok(known.collect())
    }
}

impl DataPlane for Linux {
    fn apply(&mut self, desired: &Desired) -> Result<(), DataPlaneError> {
        if self.applied.is_none() {
            self.reset()?;
        }
        // Unknown until all of it is done.
        let before = self.applied.take().unwrap_or_default();
        let batch = before.links.batch_to(&desired.links);
        if !batch.is_empty() {
            run(self.ip().args(["-batch", "-"]), &(batch.join("\n") + "\n"))?;
        }
        self.filter(&before.firewall, &desired.firewall)?;
        self.serve_dhcp(&before.dhcp, &desired.dhcp)?;
        self.applied = Some(desired.clone());
        Ok(())
    }

    fn observe(&mut self) -> Result<Observed, DataPlaneError> {
        let Some(desired) = self.applied.clone() else { return Ok(Observed::default()) };
        if let Some(child) = &mut self.dhcp
            && let Some(status) = child.try_wait().map_err(|error| failed("dnsmasq", error))?
        {
            (self.dhcp, self.applied) = (None, None);
            return Err(DataPlaneError {
                command: "dnsmasq".into(),
                message: format!("ended with {status}"),
            });
        }
        let leases = match std::fs::read_to_string(self.lease_file()) {
            Ok(text) => desired.dhcp.leases(&text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(failed("leases", error)),
        };
        Ok(Observed { neighbours: self.neighbours(&desired)?, leases })
    }
}

impl Drop for Linux {
    fn drop(&mut self) {
        self.stop_dhcp();
    }
}

#[derive(Deserialize)]
struct Link {
    /// Absent in the empty objects that `ip -j` prints for what its filter left out.
    ifname: Option<String>,
}

#[derive(Deserialize)]
struct Neighbour {
    dst: String,
    dev: String,
    lladdr: Option<String>,
    #[serde(default)]
    state: Vec<String>,
}

fn failed(command: &str, error: impl std::fmt::Display) -> DataPlaneError {
    DataPlaneError { command: command.to_owned(), message: error.to_string() }
}

fn parse<T: serde::de::DeserializeOwned + Default>(command: &str, text: &str) -> Result<T, DataPlaneError> {
    // `ip -j` prints nothing at all when there is nothing.
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_str(text).map_err(|error| failed(command, error))
}

/// Runs a program with this on its standard input; answers what it printed.
fn run(mut command: impl std::borrow::BorrowMut<Command>, input: &str) -> Result<String, DataPlaneError> {
    let command = command.borrow_mut();
    let line: Vec<_> = std::iter::once(command.get_program())
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    let line = line.join(" ");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| failed(&line, error))?;
    // These programs read all their input before they print more than a pipe holds.
    let sent = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(input.as_bytes()));
    let output = child.wait_with_output().map_err(|error| failed(&line, error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(failed(&line, format!("{}; {}; input:\n{input}", output.status, said.trim())));
    }
    sent.map_err(|error| failed(&line, error))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
