//! An order for a network: the checked form of a request.

use std::collections::BTreeMap;

use ipnet::IpNet;
use moxxie_api::network::NetworkRequest;
use moxxie_core::{
    Name,
    address::{GatewayChoice, Layout},
    network::NetworkOptions,
    pool::Policy,
    profile::STANDARD,
    vlan::VlanId,
};

use crate::{Error, prefix::Source, validate::Checks};

/// The kind of a network when none is named.
const USUAL_KIND: &str = "vm";

/// What is asked for, as far as it can be checked without looking anything up.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) tenant: String,
    pub(crate) site: String,
    pub(crate) kind: Name,
    pub(crate) first: Part,
    /// The IPv6 part of a dual-stack network.
    pub(crate) second: Option<Part>,
    pub(crate) vrf: Option<String>,
    pub(crate) policy: Option<Policy>,
    pub(crate) purpose: String,
    pub(crate) name: Option<Name>,
    pub(crate) vlan: Option<VlanId>,
    pub(crate) options: NetworkOptions,
    pub(crate) labels: BTreeMap<String, String>,
}

/// One prefix of a network that is ordered.
#[derive(Debug, Clone)]
pub(crate) struct Part {
    /// Which prefix.
    pub(crate) source: Source,
    /// The only pool it may come from, and the field that names it.
    pub(crate) pool: Option<String>,
    pub(crate) pool_field: &'static str,
    /// The field that says which prefix.
    pub(crate) field: &'static str,
    /// Which of its addresses is the gateway, and the field that says so.
    pub(crate) gateway: GatewayChoice,
    pub(crate) gateway_field: &'static str,
}

impl Part {
    /// The length it has.
    pub(crate) fn length(&self) -> u8 {
        match self.source {
            Source::Given(prefix) => prefix.prefix_len(),
            Source::Next(length) => length,
        }
    }

    pub(crate) fn is_ipv6(&self) -> bool {
        match self.source {
            Source::Given(prefix) => prefix.addr().is_ipv6(),
            Source::Next(length) => length > 32 || self.pool_field == "pool6",
        }
    }
}

impl Order {
    /// Its prefixes: whether they are IPv6, and their lengths.
    pub(crate) fn sizes(&self) -> impl Iterator<Item = (bool, u8)> {
        std::iter::once(&self.first).chain(&self.second).map(|part| (part.is_ipv6(), part.length()))
    }

    /// Checks every field, and names all that are wrong.
    pub(crate) fn check(request: &NetworkRequest) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let length = checks.take("size", length(&request.size));
        let kind = checks.name("type", request.kind.as_deref().unwrap_or(USUAL_KIND));
        let purpose = checks.text("purpose", &request.purpose, 1000);
        let name = request.name.as_deref().and_then(|name| checks.name("name", name));
        let vlan = request.vlan_id.and_then(|vlan| checks.take("vlanId", VlanId::new(vlan)));
        let subnet = request.subnet.as_deref().and_then(|subnet| checks.prefix("subnet", subnet));
        if let (Some(subnet), Some(length)) = (subnet, length)
            && subnet.prefix_len() != length
        {
            checks.wrong("subnet", format!("{subnet} is not of size /{length}: make the two agree"));
        }
        let gateway = gateway(&mut checks, "gateway", request.gateway.as_deref(), subnet);
        let second = second(&mut checks, request);
        let ipv6_alone =
            length.is_some_and(|length| length > 32) || subnet.is_some_and(|s| s.addr().is_ipv6());
        if ipv6_alone && second.is_some() {
            checks.wrong(
                "size6",
                "the network is IPv6 already: leave out size6 and subnet6, or order an IPv4 size",
            );
        }
        let policy = checks.policy(request.policy.as_deref());
        let labels = checks.labels(&request.labels);
        let options = &request.options;
        let profile = options.firewall_profile.as_deref().unwrap_or(STANDARD);
        let profile = checks.name("options.firewallProfile", profile);
        if options.bgp_enabled {
            checks.wrong("options.bgpEnabled", "is not supported yet: leave it out, or false");
        }
        let description = options.description.clone().unwrap_or_default();
        let description = self::description(&mut checks, &description);
        if options.enable_dhcp && ipv6_alone {
            checks.wrong("options.enableDHCP", "DHCP is IPv4: leave it out for an IPv6 network");
        } else if let Some(length) = length
            && options.enable_dhcp
            && no_dhcp(length)
        {
            checks.wrong(
                "options.enableDHCP",
                format!("a /{length} has no room for DHCP; order a /30 or larger"),
            );
        }
        checks.done()?;
        let (Some(length), Some(kind), Some(profile)) = (length, kind, profile) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        Ok(Self {
            tenant: request.client_id.clone(),
            site: request.datacenter.clone(),
            kind,
            first: Part {
                source: subnet.map_or(Source::Next(length), Source::Given),
                pool: request.pool.clone(),
                pool_field: "pool",
                field: if subnet.is_some() { "subnet" } else { "size" },
                gateway,
                gateway_field: "gateway",
            },
            second,
            vrf: request.vrf.clone(),
            policy,
            labels,
            purpose,
            name,
            vlan,
            options: NetworkOptions { dhcp: options.enable_dhcp, dhcp_range: None, profile, description },
        })
    }
}

/// A description also goes into comments on the router, which are one line.
pub(super) fn description(checks: &mut Checks, text: &str) -> String {
    let description = checks.text("options.description", text, 100);
    if description.contains('\n') || !description.is_ascii() {
        checks.wrong("options.description", "must be one line of ASCII: it goes into the router's comments");
    }
    description
}

/// The gateway asked for. A certain address can only be in a certain prefix.
fn gateway(
    checks: &mut Checks,
    field: &'static str,
    text: Option<&str>,
    prefix: Option<IpNet>,
) -> GatewayChoice {
    let Some(text) = text else { return GatewayChoice::First };
    let choice = checks.take(field, text.parse::<GatewayChoice>()).unwrap_or(GatewayChoice::First);
    match (choice, prefix) {
        (GatewayChoice::At(_), None) => {
            checks.wrong(field, "needs the prefix it lies in: name that too, or write first or last");
        }
        (choice, Some(prefix)) => {
            checks.take(field, Layout::choose(prefix, choice));
        }
        _ => {}
    }
    choice
}

/// The IPv6 part of a dual-stack network.
fn second(checks: &mut Checks, request: &NetworkRequest) -> Option<Part> {
    let size = request.size6.as_deref().and_then(|size| checks.take("size6", length6(size)));
    let subnet = request.subnet6.as_deref().and_then(|subnet| checks.prefix("subnet6", subnet));
    if let Some(subnet) = subnet {
        if subnet.addr().is_ipv4() {
            checks.wrong("subnet6", format!("{subnet} is not IPv6: name it as `subnet`"));
        } else if size.is_some_and(|size| size != subnet.prefix_len()) {
            checks.wrong("subnet6", format!("{subnet} is not of the size in size6: make the two agree"));
        } else if let Err(error) = length6(&subnet.prefix_len().to_string()) {
            checks.wrong("subnet6", error);
        }
    }
    let gateway = gateway(checks, "gateway6", request.gateway6.as_deref(), subnet);
    let length = subnet.map(|subnet| subnet.prefix_len()).or(size);
    if length.is_none() && request.size6.is_none() && request.subnet6.is_none() {
        for (field, given) in [("pool6", &request.pool6), ("gateway6", &request.gateway6)] {
            if given.is_some() {
                checks.wrong(field, "is for an IPv6 prefix: name size6 or subnet6 too");
            }
        }
    }
    Some(Part {
        source: subnet.map_or(Source::Next(length?), Source::Given),
        pool: request.pool6.clone(),
        pool_field: "pool6",
        field: if subnet.is_some() { "subnet6" } else { "size6" },
        gateway,
        gateway_field: "gateway6",
    })
}

/// A size such as `/24` or `24`; above 32 it is one of IPv6.
pub(super) fn length(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix('/').unwrap_or(text);
    match number.parse::<u8>() {
        // Without at least one host address beside the gateway it is no network. A /31 and a /127 have one (RFC 3021,
        // RFC 6164).
        Ok(length @ (8..=31 | 33..=127)) if number.chars().all(|c| c.is_ascii_digit()) => Ok(length),
        Ok(length @ 0..=128) if number.chars().all(|c| c.is_ascii_digit()) => Err(format!(
            "/{length} cannot be had: sizes are /8 to /31, such as /24 for 256 addresses, and /33 to /127 for IPv6, \
             such as /64; a single address is taken as a prefix (POST /prefixes, `moxxie prefix take`)"
        )),
        _ => Err(format!(
            "{:?} is not a size: write a prefix length from /8 to /31, such as /24 for 256 addresses, or one \
             of IPv6, such as /64",
            crate::validate::short(text)
        )),
    }
}

/// A size of the IPv6 part.
pub(super) fn length6(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix('/').unwrap_or(text);
    match number.parse::<u8>() {
        Ok(length @ 8..=127) if number.chars().all(|c| c.is_ascii_digit()) => Ok(length),
        _ => Err(format!(
            "{:?} is not a size of IPv6: write a prefix length from /8 to /127, such as /64",
            crate::validate::short(text)
        )),
    }
}

/// Whether a network of that length has no room for DHCP.
pub(super) fn no_dhcp(length: u8) -> bool {
    let sample = IpNet::new(std::net::Ipv4Addr::UNSPECIFIED.into(), length);
    sample.is_ok_and(|sample| Layout::new(sample).dhcp_range().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request() -> NetworkRequest {
        serde_json::from_str(r#"{"clientId":"acme","datacenter":"dc1","size":"/24"}"#).unwrap()
    }

    fn fields(request: &NetworkRequest) -> Vec<String> {
        match Order::check(request) {
            Err(Error::Invalid(errors)) => errors.into_iter().map(|e| e.field).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(length("/24"), Ok(24));
        assert_eq!(["30", "/31", "/127"].map(length), [Ok(30), Ok(31), Ok(127)]);
        for bad in ["", "/", "/7", "/32", "/128", "/129", "/-1", "+24", "24.0", "big"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut bad = request();
        bad.size = "/32".into();
        bad.vlan_id = Some(4095);
        bad.subnet = Some("10.0.0.1/24".into());
        bad.options.firewall_profile = Some("Strict!".into());
        bad.options.bgp_enabled = true;
        assert_eq!(
            fields(&bad),
            ["size", "vlanId", "subnet", "options.firewallProfile", "options.bgpEnabled"]
        );
    }

    #[test]
    fn subnet_and_size_must_agree() {
        let mut bad = request();
        bad.subnet = Some("10.0.0.0/25".into());
        assert_eq!(fields(&bad), ["subnet"]);
    }

    #[test]
    fn the_usual_order() {
        let order = Order::check(&request()).unwrap();
        assert_eq!(
            (order.first.source, order.kind.as_str(), order.options.profile.as_str()),
            (Source::Next(24), "vm", STANDARD)
        );
    }
}
