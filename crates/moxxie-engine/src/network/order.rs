//! An order for a network: the checked form of a request.

use ipnet::IpNet;
use moxxie_api::network::NetworkRequest;
use moxxie_core::{Name, address::Layout, network::NetworkOptions, profile::Profile, vlan::VlanId};

use crate::{Error, validate::Checks};

/// The kind of a network when none is named.
const USUAL_KIND: &str = "vm";

/// What is asked for, as far as it can be checked without looking anything up.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    pub(crate) tenant: String,
    pub(crate) site: String,
    pub(crate) kind: Name,
    pub(crate) length: u8,
    pub(crate) purpose: String,
    pub(crate) name: Option<Name>,
    pub(crate) vlan: Option<VlanId>,
    pub(crate) subnet: Option<IpNet>,
    pub(crate) pool: Option<String>,
    pub(crate) options: NetworkOptions,
}

impl Order {
    /// Checks every field, and names all that are wrong.
    pub(crate) fn check(request: &NetworkRequest) -> Result<Self, Error> {
        let mut checks = Checks::default();
        let length = checks.take("size", length(&request.size));
        let kind = checks.name("type", request.kind.as_deref().unwrap_or(USUAL_KIND));
        let purpose = checks.text("purpose", &request.purpose, 1000);
        let name = request.name.as_deref().and_then(|name| checks.name("name", name));
        let vlan = request.vlan_id.and_then(|vlan| checks.take("vlanId", VlanId::new(vlan)));
        let subnet = request.subnet.as_deref().and_then(|subnet| checks.prefix("subnet", subnet));
        if let (Some(subnet), Some(length)) = (subnet, length) {
            if subnet.addr().is_ipv6() {
                checks.wrong("subnet", "is IPv6; networks are IPv4 in this version");
            } else if subnet.prefix_len() != length {
                checks.wrong("subnet", format!("{subnet} is not of size /{length}: make the two agree"));
            }
        }
        let options = &request.options;
        let profile = match options.firewall_profile.as_deref() {
            None => Profile::default(),
            Some(text) => Profile::parse(text).unwrap_or_else(|| {
                let known = Profile::ALL.map(Profile::as_str).join(", ");
                checks.wrong("options.firewallProfile", format!("is not a profile: {known}"));
                Profile::default()
            }),
        };
        if options.bgp_enabled {
            checks.wrong("options.bgpEnabled", "is not supported yet: leave it out, or false");
        }
        let description = options.description.clone().unwrap_or_default();
        // The description also goes into comments on the router, which are one line.
        let description = checks.text("options.description", &description, 100);
        if description.contains('\n') || !description.is_ascii() {
            checks.wrong(
                "options.description",
                "must be one line of ASCII: it goes into the router's comments",
            );
        }
        if let Some(length) = length
            && options.enable_dhcp
            && no_dhcp(length)
        {
            checks.wrong(
                "options.enableDHCP",
                format!("a /{length} has no room for DHCP; order a /30 or larger"),
            );
        }
        checks.done()?;
        let (Some(length), Some(kind)) = (length, kind) else {
            return Err(Error::invalid("", "the request is incomplete"));
        };
        Ok(Self {
            tenant: request.client_id.clone(),
            site: request.datacenter.clone(),
            kind,
            length,
            purpose,
            name,
            vlan,
            subnet,
            pool: request.pool.clone(),
            options: NetworkOptions { dhcp: options.enable_dhcp, dhcp_range: None, profile, description },
        })
    }
}

/// A size such as `/24` or `24`.
fn length(text: &str) -> Result<u8, String> {
    let number = text.strip_prefix('/').unwrap_or(text);
    match number.parse::<u8>() {
        // Without at least one host address beside the gateway it is no network.
        Ok(length @ 8..=30) if number.chars().all(|c| c.is_ascii_digit()) => Ok(length),
        Ok(length @ 0..=128) if number.chars().all(|c| c.is_ascii_digit()) => {
            Err(format!("/{length} cannot be had: sizes are /8 to /30, such as /24 for 256 addresses"))
        }
        _ => Err(format!(
            "{:?} is not a size: write a prefix length from /8 to /30, such as /24 for 256 addresses",
            crate::validate::short(text)
        )),
    }
}

fn no_dhcp(length: u8) -> bool {
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
        assert_eq!(length("30"), Ok(30));
        for bad in ["", "/", "/7", "/31", "/33", "/129", "/-1", "+24", "24.0", "big"] {
            assert!(length(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn every_wrong_field_is_named_at_once() {
        let mut bad = request();
        bad.size = "/99".into();
        bad.vlan_id = Some(4095);
        bad.subnet = Some("10.0.0.1/24".into());
        bad.options.firewall_profile = Some("strict".into());
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
        assert_eq!((order.length, order.kind.as_str(), order.options.profile), (24, "vm", Profile::Standard));
    }
}
