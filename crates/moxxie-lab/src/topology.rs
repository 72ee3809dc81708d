//! The world around the routers. Routers get their Ethernet ports here and nothing else: all that is in them
//! comes from what is configured over the RouterOS API.
//!
//! ```text
//!  dc1                                   dc2
//!  lab-h1 -- eth0 -- [lab-sw1] -- ether2 lab-r1
//!  lab-h2 -- eth0 -- [lab-sw2] -- [lab-prov: only S-VLAN 1000] -- ether2 lab-r2
//! ```

use anyhow::Result;

use crate::Break;
use crate::program::{inside, ip, run};

/// The network's VLAN id in both sites.
pub(crate) const VLAN: u16 = 100;
/// The provider's service VLAN at dc2.
pub(crate) const SERVICE_VLAN: u16 = 1000;

/// The service VLAN that dc2 is registered with.
pub(crate) fn ordered_service_vlan(broken: Option<Break>) -> u16 {
    if broken == Some(Break::Tags) { SERVICE_VLAN + 200 } else { SERVICE_VLAN }
}

const NAMESPACES: [&str; 7] = ["lab-r1", "lab-r2", "lab-sw1", "lab-sw2", "lab-prov", "lab-h1", "lab-h2"];

/// The namespaces of the lab; gone when it is dropped.
#[derive(Debug)]
pub(crate) struct Lab(());

impl Lab {
    pub(crate) fn up(broken: Option<Break>) -> Result<Self> {
        ip(None, &NAMESPACES.map(|name| format!("netns add {name}\n")).concat())?;
        let lab = Lab(());
        let wire = |one: (&str, &str), other: (&str, &str)| {
            format!("link add {} netns {} type veth peer name {} netns {}\n", one.0, one.1, other.0, other.1)
        };
        let wires = [
            wire(("ether2", "lab-r1"), ("trunk", "lab-sw1")),
            wire(("eth0", "lab-h1"), ("host", "lab-sw1")),
            wire(("ether2", "lab-r2"), ("router", "lab-prov")),
            wire(("customer", "lab-prov"), ("trunk", "lab-sw2")),
            wire(("eth0", "lab-h2"), ("host", "lab-sw2")),
        ];
        ip(None, &wires.concat())?;
        // Two tags and a full packet: Linux grants one tag beyond the MTU.
        ip(Some("lab-r1"), "link set lo up\nlink set ether2 up\n")?;
        ip(Some("lab-r2"), "link set lo up\nlink set ether2 mtu 1508 up\n")?;
        bridge("lab-prov", "802.1ad", &["router mtu 1508", "customer mtu 1504"])?;
        bridge("lab-sw1", "802.1Q", &["trunk", "host"])?;
        bridge("lab-sw2", "802.1Q", &["trunk mtu 1504", "host"])?;
        // Without this the outer tag travels beside the frame, and no length check counts it.
        for (netns, port) in [("lab-r1", "ether2"), ("lab-r2", "ether2"), ("lab-prov", "router")] {
            let off = ["ethtool", "-K", port, "tx-vlan-hw-insert", "off", "tx-vlan-stag-hw-insert", "off"];
            run(&mut inside(netns, &off), "")?;
        }
        let service = match broken {
            Some(Break::Provider) => SERVICE_VLAN + 1,
            _ => ordered_service_vlan(broken),
        };
        let provider =
            format!("vlan add dev router vid {service}\nvlan add dev customer vid {service} pvid untagged\n");
        vlans("lab-prov", &provider)?;
        let access =
            |vlan| format!("vlan add dev trunk vid 2-4094\nvlan add dev host vid {vlan} pvid untagged\n");
        vlans("lab-sw1", &access(if broken == Some(Break::Switch) { VLAN + 1 } else { VLAN }))?;
        vlans("lab-sw2", &access(VLAN))?;
        for host in ["lab-h1", "lab-h2"] {
            ip(Some(host), "link set lo up\nlink set eth0 up\n")?;
        }
        Ok(lab)
    }
}

fn bridge(netns: &str, protocol: &str, ports: &[&str]) -> Result<()> {
    let mut lines = format!(
        "link add br0 type bridge vlan_filtering 1 vlan_protocol {protocol} vlan_default_pvid 0\nlink set br0 up\n"
    );
    for port in ports {
        lines += &format!("link set dev {port} master br0 up\n");
    }
    ip(Some(netns), &lines)
}

fn vlans(netns: &str, lines: &str) -> Result<()> {
    run(std::process::Command::new("bridge").args(["-n", netns, "-batch", "-"]), lines).map(drop)
}

impl Drop for Lab {
    fn drop(&mut self) {
        // With the namespaces go the links in them.
        let lines = NAMESPACES.map(|name| format!("netns del {name}\n")).concat();
        if let Err(error) = ip(None, &lines) {
            println!("the namespaces of the lab are still there: {error:#}");
        }
    }
}
