//! What is proved, by packets.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::Options;
use crate::product::{Product, evidence, rows};
use crate::program::{Kept, inside, wait};
use crate::topology::{SERVICE_VLAN, VLAN};

/// A site as its host sees it.
struct Site {
    name: &'static str,
    number: usize,
    host: String,
    router: String,
    /// The first network of its pool.
    network: &'static str,
    gateway: &'static str,
}

fn sites() -> [Site; 2] {
    [("dc1", "172.20.0.", "172.20.0.1"), ("dc2", "172.21.0.", "172.21.0.1")].map(
        |(name, network, gateway)| {
            let number = if name == "dc1" { 1 } else { 2 };
            let (host, router) = (format!("lab-h{number}"), format!("lab-r{number}"));
            Site { name, number, host, router, network, gateway }
        },
    )
}

/// Everything, in order. Each step stands on the ones before.
pub(crate) fn run(options: &Options, product: &Product) -> Result<()> {
    let script = options.out.join("udhcpc.sh");
    std::fs::write(&script, UDHCPC).context("writing the DHCP client's script")?;
    crate::program::run(Command::new("chmod").arg("+x").arg(&script), "")?;
    let sites = sites();
    for site in &sites {
        provisioned(options, product, site).with_context(|| site.name)?;
    }
    for site in &sites {
        deprovisioned(product, site).with_context(|| site.name)?;
    }
    Ok(())
}

fn pass(site: &Site, what: &str) {
    println!("PASS {}: {what}", site.name);
}

/// The same request in each site: a lease, the gateway, full packets, the right tags.
fn provisioned(options: &Options, product: &Product, site: &Site) -> Result<()> {
    let capture = options.out.join(format!("{}.pcap", site.name));
    let tcpdump = ["tcpdump", "-i", "ether2", "--immediate-mode", "-U", "-w"];
    let mut tcpdump = inside(&site.router, &tcpdump);
    let log = options.out.join(format!("{}.tcpdump", site.name));
    let recording = Kept::start(tcpdump.arg(&capture), &log)?;
    wait("tcpdump", 50, || Ok(evidence(&log).contains("listening on").then_some(())))?;

    let name = site.name;
    product.moxxie(&format!(
        "network provision --tenant acme --site {name} --size /24 --profile standard --dhcp --vlan {VLAN} --name first-{name} --wait"
    ))?;
    let told = lease(options, site)?;
    pass(site, &format!("the host has a lease: {}", told.replace('\n', " ")));

    let size = "1472";
    let ping = ["ping", "-c", "3", "-W", "2", "-M", "do", "-s", size, site.gateway];
    let said =
        crate::program::run(&mut inside(&site.host, &ping), "").context("the gateway does not answer")?;
    std::fs::write(options.out.join(format!("{name}.ping")), &said)?;
    pass(site, "the gateway answers packets of 1500 bytes that may not be cut");

    shown(site, &told)?;
    drop(recording);
    tags(&capture, site)
}

/// What the DHCP client was told, as lines `name=value`.
fn lease(options: &Options, site: &Site) -> Result<String> {
    let told = options.out.join(format!("{}.lease", site.name));
    let script = options.out.join("udhcpc.sh");
    let client = ["busybox", "udhcpc", "-i", "eth0", "-f", "-q", "-n", "-t", "10", "-T", "1", "-s"];
    let mut client = inside(&site.host, &client);
    crate::program::run(client.arg(&script).env("TOLD", &told), "").context("the host got no lease")?;
    let text = evidence(&told);
    let has = |line: &str| text.lines().any(|other| other == line);
    ensure!(text.starts_with(&format!("ip={}", site.network)), "an address of {}x: {text}", site.network);
    ensure!(has("subnet=255.255.255.0"), "the network's mask: {text}");
    ensure!(has(&format!("router={}", site.gateway)), "the gateway {}: {text}", site.gateway);
    ensure!(has(&format!("dns={}", site.gateway)), "the DNS server {}: {text}", site.gateway);
    Ok(text)
}

/// The router's own tables know the host.
fn shown(site: &Site, told: &str) -> Result<()> {
    let address = told.lines().find_map(|line| line.strip_prefix("ip=")).context("no address")?.to_owned();
    for menu in ["/ip/dhcp-server/lease", "/ip/arp"] {
        wait(&format!("{address} in {menu}"), 25, || {
            let rows = rows(site.number, menu)?;
            Ok(rows.iter().any(|row| row["address"] == address.as_str()).then_some(()))
        })?;
        pass(site, &format!("{menu} shows {address}"));
    }
    Ok(())
}

/// Every frame of the host's network on the router's wire carries exactly the tags it should.
fn tags(capture: &Path, site: &Site) -> Result<()> {
    let text = run_tcpdump(capture)?;
    let name = site.name;
    let once = format!("ethertype 802.1Q (0x8100), length N: vlan {VLAN}, p 0, ethertype IPv4");
    let twice = format!(
        "ethertype 802.1Q-QinQ (0x88a8), length N: vlan {SERVICE_VLAN}, p 0, ethertype 802.1Q (0x8100), vlan {VLAN}, p 0, ethertype IPv4"
    );
    let expected = if name == "dc1" { once } else { twice };
    let echoes: Vec<&str> = text.lines().filter(|line| line.contains("ICMP echo")).collect();
    ensure!(echoes.len() >= 6, "three echoes and their answers: {echoes:#?}");
    for echo in &echoes {
        ensure!(without_length(echo).contains(&expected), "{expected:?} is expected, not {echo}");
    }
    pass(site, &format!("{} frames of echoes: {expected}", echoes.len()));
    Ok(())
}

fn run_tcpdump(capture: &Path) -> Result<String> {
    let text = crate::program::run(Command::new("tcpdump").args(["-e", "-nn", "-r"]).arg(capture), "")?;
    let beside: PathBuf = capture.with_extension("txt");
    std::fs::write(&beside, &text).context("keeping the capture as text")?;
    Ok(text)
}

/// A line of tcpdump with `length 1518:` made `length N:`, the first time.
fn without_length(line: &str) -> String {
    match line.split_once("length ").and_then(|(head, tail)| Some((head, tail.split_once(':')?.1))) {
        Some((head, tail)) => format!("{head}length N:{tail}"),
        None => line.to_owned(),
    }
}

/// Nothing is left on the router, in its tables and in the kernel.
fn deprovisioned(product: &Product, site: &Site) -> Result<()> {
    product.moxxie(&format!("network deprovision first-{} --wait", site.name))?;
    let netns = site.router.as_str();
    let mut left = String::new();
    let gone = wait("the network to go", 50, || {
        let links =
            crate::program::run(&mut inside(netns, &["ip", "-o", "link", "show", "type", "vlan"]), "")?;
        let addresses = crate::program::run(
            &mut inside(netns, &["ip", "-o", "-4", "address", "show", "scope", "global"]),
            "",
        )?;
        let rules = crate::program::run(&mut inside(netns, &["iptables-legacy-save", "-t", "filter"]), "")?;
        let rules = rules.lines().filter(|line| line.contains("r.mx-")).collect::<Vec<_>>().join("\n");
        let sets = crate::program::run(&mut inside(netns, &["ipset", "list", "-n"]), "")?;
        let leases = rows(site.number, "/ip/dhcp-server/lease")?.len();
        left = format!("{links}{addresses}{rules}{sets}");
        Ok((left.trim().is_empty() && leases == 0).then_some(()))
    });
    gone.with_context(|| format!("still there:\n{left}"))?;
    let ping = ["ping", "-c", "2", "-W", "1", site.gateway];
    if crate::program::run(&mut inside(&site.host, &ping), "").is_ok() {
        bail!("{} still answers", site.gateway);
    }
    pass(site, "no interface, address, rule, set or lease is left, and the gateway is silent");
    Ok(())
}

/// What busybox's DHCP client runs: takes what it was told, and writes it down.
const UDHCPC: &str = "#!/bin/sh
[ \"$1\" = bound ] || exit 0
printf 'ip=%s\\nsubnet=%s\\nrouter=%s\\ndns=%s\\nlease=%s\\n' \"$ip\" \"$subnet\" \"$router\" \"$dns\" \"$lease\" >\"$TOLD\"
ip address add \"$ip/$mask\" dev \"$interface\"
ip route add default via \"$router\"
";
