//! The rows of one network: VLAN, addresses, router advertisements, DHCP.

use std::net::IpAddr;

use moxxie_core::{
    DomainId,
    change::StepName,
    device::NetworkIntent,
    encapsulation::{Tag, Tpid},
    row::Row,
};

use super::{RenderError, network_name, rank, row};
use crate::{Binding, family::Family, menu::path};

pub(super) fn rows(network: &NetworkIntent, binding: &Binding) -> Result<Vec<Row>, RenderError> {
    check_family(network)?;
    let name = network_name(network.network);
    let object = network.network.to_string();
    let own = |path: &str, part: &str, step: StepName, rank: u16, fields: &[(&str, &str)]| Row {
        label: network.label.clone(),
        step,
        rank,
        ..row(binding, path, &object, part, fields)
    };
    let mut rows = Vec::new();

    let mut parent = binding.trunk.clone();
    if let Some(tag) = network.tags.outer {
        let service = service_vlan(network, tag, binding);
        parent.clone_from(&service.fields["name"]);
        rows.push(service);
    }
    let vid = network.tags.inner.to_string();
    rows.push(own(
        path::VLAN,
        "vlan",
        StepName::RouterVlanCreation,
        rank::VLAN,
        &[("name", &name), ("interface", &parent), ("vlan-id", &vid), ("use-service-tag", "no")],
    ));
    let step = StepName::RouterConfiguration;
    for gateway in network.gateways() {
        let address = gateway.to_string();
        let fields = [("address", address.as_str()), ("interface", name.as_str())];
        match Family::of(&gateway.addr()) {
            Family::V4 => rows.push(own(path::ADDRESS, "address", step, rank::ADDRESS, &fields)),
            Family::V6 => {
                // The prefix has a row of its own, which says more than `advertise` can.
                let [address, interface] = fields;
                let fields = [address, interface, ("advertise", "no")];
                rows.push(own(path::ADDRESS6, "address6", step, rank::ADDRESS, &fields));
            }
        }
    }
    if let Some(gateway) = network.gateway6() {
        let dns: Vec<_> = network.dns6.iter().map(IpAddr::to_string).collect();
        let dns = dns.join(",");
        // Left alone, a router gives out the servers it asks itself.
        let mut fields = vec![("interface", name.as_str())];
        fields.extend(if dns.is_empty() {
            [("advertise-dns", "no"), ("dns", "")]
        } else {
            [("advertise-dns", "yes"), ("dns", dns.as_str())]
        });
        fields.retain(|(_, value)| !value.is_empty());
        rows.push(own(path::ND, "nd", step, rank::ADDRESS, &fields));
        let prefix = gateway.trunc();
        // Hosts make addresses of 64-bit identifiers (RFC 4862, section 5.5.3); in other prefixes they are
        // given by hand, and the advertisement still says what is on the link.
        let autonomous = if prefix.prefix_len() == 64 { "yes" } else { "no" };
        let prefix = prefix.to_string();
        let fields = [("prefix", prefix.as_str()), ("interface", &name), ("autonomous", autonomous)];
        rows.push(own(path::ND_PREFIX, "nd-prefix", step, rank::ADDRESS, &fields));
    }

    if let Some(dhcp) = &network.dhcp {
        let step = StepName::DhcpConfiguration;
        let ranges = format!("{}-{}", dhcp.range.0, dhcp.range.1);
        let lease = duration(dhcp.lease_s);
        let prefix = network.gateway.trunc().to_string();
        let gateway = network.gateway.addr().to_string();
        let dns: Vec<_> = dhcp.dns.iter().map(IpAddr::to_string).collect();
        let dns = dns.join(",");
        rows.push(own(path::POOL, "pool", step, rank::VLAN, &[("name", &name), ("ranges", &ranges)]));
        let mut fields = vec![("address", prefix.as_str()), ("gateway", gateway.as_str())];
        if !dns.is_empty() {
            fields.push(("dns-server", &dns));
        }
        rows.push(own(path::DHCP_NETWORK, "dhcp-network", step, rank::VLAN, &fields));
        rows.push(own(
            path::DHCP_SERVER,
            "dhcp-server",
            step,
            rank::ADDRESS,
            &[("name", &name), ("interface", &name), ("address-pool", &name), ("lease-time", &lease)],
        ));
    }
    Ok(rows)
}

/// The VLAN interface of the domain's outer tag, shared by all its networks. Its name says the domain and
/// not the number: a provider may hand over another S-VLAN one day.
fn service_vlan(network: &NetworkIntent, tag: Tag, binding: &Binding) -> Row {
    let name = service_name(network.domain);
    let vid = tag.vid.to_string();
    // RouterOS: yes writes EtherType 0x88a8, no writes 0x8100 (manual, VLAN).
    let service_tag = match tag.tpid {
        Tpid::Service => "yes",
        Tpid::Customer => "no",
    };
    let fields = [
        ("name", name.as_str()),
        ("interface", &binding.trunk),
        ("vlan-id", &vid),
        ("use-service-tag", service_tag),
    ];
    Row {
        label: "service VLAN".to_owned(),
        step: StepName::RouterVlanCreation,
        rank: rank::SERVICE_VLAN,
        ..row(binding, path::VLAN, &network.domain.to_string(), "svlan", &fields)
    }
}

/// The name of a domain's service VLAN interface.
pub(super) fn service_name(domain: DomainId) -> String {
    format!("mx-s-{}", domain.short())
}

/// DHCP is of IPv4, and the second address is the IPv6 one.
fn check_family(network: &NetworkIntent) -> Result<(), RenderError> {
    let family = |what: String| RenderError::Family { network: network.network, what };
    if let Some(second) = &network.second
        && (second.addr().is_ipv4() || network.gateway.addr().is_ipv6())
    {
        return Err(family(format!("gateway {second} beside {}", network.gateway)));
    }
    if let Some(dns) = network.dns6.iter().find(|dns| dns.is_ipv4()) {
        return Err(family(format!("advertised DNS server {dns}")));
    }
    let Some(dhcp) = &network.dhcp else { return Ok(()) };
    let (first, last) = dhcp.range;
    if network.gateway.addr().is_ipv6()
        || first.is_ipv6()
        || last.is_ipv6()
        || dhcp.dns.iter().any(IpAddr::is_ipv6)
    {
        return Err(family(format!("DHCP {first}-{last}")));
    }
    if first > last || !network.gateway.contains(&first) || !network.gateway.contains(&last) {
        return Err(RenderError::Range {
            network: network.network,
            first,
            last,
            gateway: network.gateway.to_string(),
        });
    }
    Ok(())
}

/// Seconds in RouterOS's own notation: `1d`, `10m`, `1h30m`.
fn duration(seconds: u32) -> String {
    let parts = [
        (seconds / 604_800, "w"),
        (seconds / 86_400 % 7, "d"),
        (seconds / 3_600 % 24, "h"),
        (seconds / 60 % 60, "m"),
        (seconds % 60, "s"),
    ];
    let text: String =
        parts.iter().filter(|(count, _)| *count > 0).map(|(count, unit)| format!("{count}{unit}")).collect();
    if text.is_empty() { "0s".to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::milliseconds;

    #[test]
    fn durations_are_written_as_the_router_prints_them() {
        for (seconds, text) in
            [(0, "0s"), (600, "10m"), (86_400, "1d"), (5_400, "1h30m"), (694_861, "1w1d1h1m1s")]
        {
            assert_eq!(duration(seconds), text);
            assert_eq!(milliseconds(text), Some(u64::from(seconds) * 1_000));
        }
    }
}
