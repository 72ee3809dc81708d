//! The options that describe a network to be made.

use clap::Args;
use moxxie_api::network::{NetworkOptions, NetworkRequest};

use crate::exit::Usage;

/// A network to be made, as the command line describes it.
#[derive(Debug, Args)]
#[command(next_help_heading = "The network")]
pub(crate) struct Order {
    /// The tenant, by name or id.
    #[arg(long, env = "MOXXIE_TENANT")]
    tenant: Option<String>,
    /// The site, by name or id.
    #[arg(long, env = "MOXXIE_SITE")]
    site: Option<String>,
    /// Its size as a prefix length, such as /24.
    #[arg(long, value_parser = size)]
    size: Option<String>,
    /// Who may open connections: isolated (only from management prefixes), standard (also within
    /// the tenant, and out), open, or one of your own [default: standard].
    #[arg(long, value_name = "PROFILE")]
    profile: Option<String>,
    /// Let the router serve DHCP.
    #[arg(long)]
    dhcp: bool,
    /// Its name, unique within the tenant [default: made from site and VLAN].
    #[arg(long)]
    name: Option<String>,
    /// A certain VLAN id [default: the lowest free one].
    #[arg(long, value_parser = clap::value_parser!(i64).range(1..=4094))]
    vlan: Option<i64>,
    /// A certain prefix [default: the best fitting free one].
    #[arg(long, value_name = "PREFIX")]
    subnet: Option<String>,
    /// A certain pool [default: any of the site].
    #[arg(long)]
    pool: Option<String>,
    /// Also an IPv6 prefix of this length, such as /64.
    #[arg(long, value_parser = size)]
    size6: Option<String>,
    /// Also this IPv6 prefix.
    #[arg(long, value_name = "PREFIX")]
    subnet6: Option<String>,
    /// A certain pool for the IPv6 prefix.
    #[arg(long)]
    pool6: Option<String>,
    /// The gateway: first, last, or an address of --subnet [default: first].
    #[arg(long)]
    gateway: Option<String>,
    /// The gateway of the IPv6 prefix.
    #[arg(long)]
    gateway6: Option<String>,
    /// The VRF [default: main].
    #[arg(long)]
    vrf: Option<String>,
    /// Where in the pool: best_fit, first_fit, sparse, or by_vlan [default: as the pool says].
    #[arg(long)]
    policy: Option<String>,
    /// A label; may be given several times.
    #[arg(long = "label", value_name = "KEY=VALUE", value_parser = super::claim::label)]
    labels: Vec<(String, String)>,
    /// What kind of thing it is for, your own word [default: vm].
    #[arg(long = "type", value_name = "WORD")]
    kind: Option<String>,
    /// What it is for, free text.
    #[arg(long, default_value = "", hide_default_value = true, value_name = "TEXT")]
    purpose: String,
    /// Free text that also goes into the router's comments.
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

impl Order {
    /// The request that says the same.
    pub(crate) fn request(self) -> Result<NetworkRequest, Usage> {
        // The size of a certain prefix is written in it.
        let from_subnet = || self.subnet.as_deref()?.split_once('/').map(|(_, length)| format!("/{length}"));
        let size = self.size.clone().or_else(from_subnet);
        let needed = [("--tenant", &self.tenant), ("--site", &self.site), ("--size", &size)];
        let missing: Vec<_> =
            needed.iter().filter(|(_, value)| value.is_none()).map(|(flag, _)| *flag).collect();
        let (Some(client_id), Some(datacenter), Some(size)) = (self.tenant, self.site, size) else {
            let example = "moxxie network provision --tenant acme --site dc2 --size /24";
            return Err(Usage(format!("{} is missing; for example: {example}", missing.join(", "))));
        };
        Ok(NetworkRequest {
            client_id,
            kind: self.kind,
            datacenter,
            size,
            purpose: self.purpose,
            name: self.name,
            vlan_id: self.vlan,
            subnet: self.subnet,
            pool: self.pool,
            size6: self.size6,
            subnet6: self.subnet6,
            pool6: self.pool6,
            gateway: self.gateway,
            gateway6: self.gateway6,
            vrf: self.vrf,
            policy: self.policy,
            labels: self.labels.into_iter().collect(),
            options: NetworkOptions {
                enable_dhcp: self.dhcp,
                firewall_profile: self.profile,
                bgp_enabled: false,
                description: self.description,
            },
        })
    }

    /// The first option given that says what to make, if any.
    pub(crate) fn first_given(&self) -> Option<&'static str> {
        [
            ("--size", self.size.is_some()),
            ("--profile", self.profile.is_some()),
            ("--dhcp", self.dhcp),
            ("--name", self.name.is_some()),
            ("--vlan", self.vlan.is_some()),
            ("--subnet", self.subnet.is_some()),
            ("--pool", self.pool.is_some()),
            ("--size6", self.size6.is_some()),
            ("--subnet6", self.subnet6.is_some()),
            ("--pool6", self.pool6.is_some()),
            ("--gateway", self.gateway.is_some()),
            ("--gateway6", self.gateway6.is_some()),
            ("--vrf", self.vrf.is_some()),
            ("--policy", self.policy.is_some()),
            ("--label", !self.labels.is_empty()),
            ("--type", self.kind.is_some()),
            ("--purpose", !self.purpose.is_empty()),
            ("--description", self.description.is_some()),
        ]
        .into_iter()
        .find_map(|(flag, given)| given.then_some(flag))
    }
}

/// Reads a size: `/24` or `24`. Which of them a pool has is for the server to say.
fn size(text: &str) -> Result<String, String> {
    let digits = text.strip_prefix('/').unwrap_or(text);
    match digits.parse::<u8>() {
        Ok(length @ 1..=128) if digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(format!("/{length}")),
        _ => Err("a size is a prefix length, such as /24 (256 addresses) or /28 (16)".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        order: Order,
    }

    fn parse(line: &str) -> Result<NetworkRequest, Usage> {
        Line::try_parse_from(std::iter::once("x").chain(line.split(' '))).unwrap().order.request()
    }

    #[test]
    fn sizes_are_prefix_lengths() {
        for (text, size_) in [("/24", "/24"), ("24", "/24"), ("/8", "/8"), ("/64", "/64"), ("/07", "/7")] {
            assert_eq!(size(text).as_deref(), Ok(size_), "{text}");
        }
        for text in ["", "/", "/0", "/129", "256", "-1", "+24", "/2 4", "large", "//24"] {
            assert!(size(text).is_err_and(|error| error.contains("/24")), "{text}");
        }
    }

    #[test]
    fn a_line_becomes_the_request() {
        let request =
            parse("--tenant acme --site dc2 --size 24 --profile isolated --dhcp --vlan 120").unwrap();
        assert_eq!((request.client_id.as_str(), request.datacenter.as_str()), ("acme", "dc2"));
        assert_eq!((request.size.as_str(), request.vlan_id), ("/24", Some(120)));
        assert!(request.options.enable_dhcp);
        assert_eq!(request.options.firewall_profile.as_deref(), Some("isolated"));
    }

    #[test]
    fn the_size_of_a_certain_prefix_need_not_be_said_twice() {
        assert_eq!(parse("--tenant a --site b --subnet 10.0.0.0/26").unwrap().size, "/26");
    }

    #[test]
    fn all_that_is_missing_is_named_at_once() {
        let text = parse("--site dc1").unwrap_err().to_string();
        assert!(text.starts_with("--tenant, --size is missing"), "{text}");
    }
}
