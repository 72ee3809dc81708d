//! Firewall profiles: who may open connections to and from a network.
//!
//! A profile is data: rules in their order, for three directions, over named objects. What no rule of a
//! direction accepts is dropped. Replies to connections that were allowed always pass.

use std::{collections::BTreeMap, fmt, str::FromStr, sync::LazyLock};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use crate::Name;

/// The profile of a network that names none.
pub const STANDARD: &str = "standard";

/// Rules and addresses that one profile may have together. All of it goes onto a router with the first
/// network that uses it, in one change, and a change has at most 80 commands.
pub const MAX_ENTRIES: usize = 40;

/// Longest name of a profile, of a set and of a service: they become parts of names on routers.
pub const MAX_NAME: usize = 24;

/// Ports and port ranges in one rule: RouterOS takes at most 15.
pub const MAX_PORTS: usize = 15;

/// A profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// Its name; networks refer to it by that.
    pub name: Name,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Its rules; the first that matches decides.
    pub rules: Vec<Rule>,
    /// Named addresses, of either family.
    #[serde(default)]
    pub sets: BTreeMap<Name, Vec<IpNet>>,
    /// Named services.
    #[serde(default)]
    pub services: BTreeMap<Name, Service>,
}

/// Which connections a rule is for, seen from the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Direction {
    /// Opened by hosts of the network, to elsewhere.
    Out,
    /// Opened from elsewhere, to hosts of the network.
    In,
    /// Opened by hosts of the network, to the router itself. ICMP and DHCP always pass there, and DNS
    /// where the network was given the router as its server.
    Router,
}

/// What becomes of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It may be opened.
    Accept,
    /// It is dropped without an answer.
    Drop,
}

/// The other side of a connection.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Peer {
    /// Whoever.
    Any,
    /// The site's management prefixes, from outside our networks: a host in one could forge them.
    Management,
    /// The tenant's own networks, told apart by their VLAN and not by their addresses.
    Tenant,
    /// What is in no network of ours.
    Outside,
    /// A set of addresses of the profile. As a source it only counts from outside our networks.
    Set(Name),
}

/// What a connection carries.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Traffic {
    /// Anything.
    Any,
    /// A service of the profile.
    Named(Name),
    /// This.
    Is(Service),
}

/// A protocol and its ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Service {
    /// ICMP, and ICMPv6 for IPv6.
    Icmp,
    /// TCP to these ports; none means all.
    Tcp(Vec<Ports>),
    /// UDP to these ports; none means all.
    Udp(Vec<Ports>),
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// What tells it apart among the rules of its direction; part of its mark on routers.
    pub name: Name,
    /// Which connections it is for.
    pub direction: Direction,
    /// What becomes of them.
    pub verdict: Verdict,
    /// The other side.
    pub peer: Peer,
    /// What they carry.
    pub traffic: Traffic,
}

/// A port or a range of ports, 1 to 65535.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Ports {
    first: u16,
    last: u16,
}

/// Why a text is no [`Ports`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a port: write a number from 1 to 65535, or a range such as 8000-8100")]
pub struct ParsePortsError(String);

impl FromStr for Ports {
    type Err = ParsePortsError;

    fn from_str(text: &str) -> Result<Self, ParsePortsError> {
        let number = |text: &str| {
            let digits = text.len() <= 5 && text.chars().all(|c| c.is_ascii_digit());
            text.parse::<u16>().ok().filter(|port| digits && *port > 0)
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let ports = number(first).zip(number(last)).filter(|(first, last)| first <= last);
        ports
            .map(|(first, last)| Self { first, last })
            .ok_or_else(|| ParsePortsError(text.chars().take(80).collect()))
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}

impl TryFrom<String> for Ports {
    type Error = ParsePortsError;

    fn try_from(text: String) -> Result<Self, ParsePortsError> {
        text.parse()
    }
}

impl From<Ports> for String {
    fn from(ports: Ports) -> Self {
        ports.to_string()
    }
}

impl Ports {
    fn covers(&self, other: &Self) -> bool {
        self.first <= other.first && other.last <= self.last
    }
}

impl Direction {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Out, Self::In, Self::Router];

    /// The word on the wire and in names of rows.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Out => "out",
            Self::In => "in",
            Self::Router => "router",
        }
    }
}

impl Service {
    /// The protocol, in IANA's word for IPv4.
    #[must_use]
    pub const fn protocol(&self) -> &'static str {
        match self {
            Self::Icmp => "icmp",
            Self::Tcp(_) => "tcp",
            Self::Udp(_) => "udp",
        }
    }

    /// Its ports; none means all, or that there is no such thing.
    #[must_use]
    pub fn ports(&self) -> &[Ports] {
        match self {
            Self::Icmp => &[],
            Self::Tcp(ports) | Self::Udp(ports) => ports,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        let within = |port: &Ports| self.ports().iter().any(|own| own.covers(port));
        self.protocol() == other.protocol()
            && (self.ports().is_empty() || !other.ports().is_empty() && other.ports().iter().all(within))
    }
}

impl Rule {
    /// Whether it matches every connection of its direction.
    #[must_use]
    pub fn is_for_all(&self) -> bool {
        self.peer == Peer::Any && self.traffic == Traffic::Any
    }
}

/// The name of the built-in profile that lets pass the least.
#[must_use]
pub fn most_closed() -> Name {
    Name::fixed("isolated")
}

/// The profiles that are always there.
static BUILT_IN: LazyLock<[Profile; 3]> = LazyLock::new(|| {
    let rule = |name, direction, peer| Rule {
        name: Name::fixed(name),
        direction,
        verdict: Verdict::Accept,
        peer,
        traffic: Traffic::Any,
    };
    let profile = |name, description: &str, rules| Profile {
        name: Name::fixed(name),
        description: description.to_owned(),
        rules,
        sets: BTreeMap::new(),
        services: BTreeMap::new(),
    };
    let management = || rule("management", Direction::In, Peer::Management);
    [
        profile(
            STANDARD,
            "out: everything; in: only from the site's management prefixes and the tenant's own networks",
            vec![
                rule("all", Direction::Out, Peer::Any),
                management(),
                rule("own", Direction::In, Peer::Tenant),
            ],
        ),
        profile("isolated", "out: nothing; in: only from the site's management prefixes", vec![management()]),
        profile(
            "open",
            "out and in: everything",
            vec![rule("all", Direction::Out, Peer::Any), rule("all", Direction::In, Peer::Any)],
        ),
    ]
});

impl Profile {
    /// The profiles that are always there: `standard`, `isolated`, `open`.
    #[must_use]
    pub fn built_in() -> &'static [Self] {
        &*BUILT_IN
    }

    /// Which of [`Self::built_in`] has that name.
    #[must_use]
    pub fn position_built_in(name: &Name) -> Option<usize> {
        BUILT_IN.iter().position(|profile| profile.name == *name)
    }

    /// The rules of one direction, in their order.
    pub fn rules_of(&self, direction: Direction) -> impl Iterator<Item = &Rule> {
        self.rules.iter().filter(move |rule| rule.direction == direction)
    }

    /// What a direction comes to: the rules that decide, up to the first that is for all, and what becomes
    /// of what none of them matches.
    #[must_use]
    pub fn decides(&self, direction: Direction) -> (Vec<&Rule>, Verdict) {
        let rules: Vec<_> = self.rules_of(direction).collect();
        match rules.iter().position(|rule| rule.is_for_all()) {
            Some(at) => (rules[..at].to_vec(), rules[at].verdict),
            None => (rules, Verdict::Drop),
        }
    }

    /// Whether hosts of the network can open a connection to elsewhere at all.
    #[must_use]
    pub fn opens(&self) -> bool {
        let (rules, rest) = self.decides(Direction::Out);
        rest == Verdict::Accept || rules.iter().any(|rule| rule.verdict == Verdict::Accept)
    }

    /// Whether a rule speaks of the tenant's own networks.
    #[must_use]
    pub fn knows_tenant(&self) -> bool {
        self.rules.iter().any(|rule| rule.peer == Peer::Tenant)
    }

    /// The service that traffic is of; `None`: anything.
    #[must_use]
    pub fn service<'a>(&'a self, traffic: &'a Traffic) -> Option<&'a Service> {
        match traffic {
            Traffic::Any => None,
            Traffic::Named(name) => self.services.get(name),
            Traffic::Is(service) => Some(service),
        }
    }

    /// Rules that can never match, because an earlier one matches everything they do: the index of each
    /// and of the earlier one.
    #[must_use]
    pub fn shadowed(&self) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for (index, rule) in self.rules.iter().enumerate() {
            let earlier = self.rules[..index].iter().position(|earlier| self.covers(earlier, rule));
            found.extend(earlier.map(|earlier| (index, earlier)));
        }
        found
    }

    fn covers(&self, earlier: &Rule, rule: &Rule) -> bool {
        let peer = match (&earlier.peer, &rule.peer) {
            (Peer::Any, _) | (Peer::Outside, Peer::Outside | Peer::Management) => true,
            // A set is only ever a source from outside; as a destination it may be anywhere.
            (Peer::Outside, Peer::Set(_)) => rule.direction == Direction::In,
            (one, other) => one == other,
        };
        let traffic = match (self.service(&earlier.traffic), self.service(&rule.traffic)) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(one), Some(other)) => one.covers(other),
        };
        earlier.direction == rule.direction && peer && traffic
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(rules: &[(Direction, Verdict, Peer, Traffic)]) -> Profile {
        let numbered = rules.iter().enumerate();
        Profile {
            name: Name::fixed("web"),
            description: String::new(),
            rules: numbered
                .map(|(n, (direction, verdict, peer, traffic))| Rule {
                    name: format!("r{n}").parse().unwrap(),
                    direction: *direction,
                    verdict: *verdict,
                    peer: peer.clone(),
                    traffic: traffic.clone(),
                })
                .collect(),
            sets: BTreeMap::new(),
            services: BTreeMap::new(),
        }
    }

    fn tcp(ports: &[&str]) -> Traffic {
        Traffic::Is(Service::Tcp(ports.iter().map(|port| port.parse().unwrap()).collect()))
    }

    #[test]
    fn ports_are_numbers_and_ranges() {
        for good in ["1", "80", "8000-8100", "65535", "443-443"] {
            assert!(good.parse::<Ports>().is_ok(), "{good}");
        }
        assert_eq!("443-443".parse::<Ports>().unwrap().to_string(), "443");
        for bad in ["", "0", "65536", "90-80", "a", "80-", "-80", "+80", "80,443", "000080"] {
            assert!(bad.parse::<Ports>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_built_in_profiles_say_what_their_names_promise() {
        let [standard, isolated, open] = Profile::built_in() else { panic!("three") };
        let rest = |profile: &Profile, direction| {
            let (rules, rest) = profile.decides(direction);
            (rules.len(), rest)
        };
        assert_eq!(rest(standard, Direction::Out), (0, Verdict::Accept));
        assert_eq!(rest(standard, Direction::In), (2, Verdict::Drop));
        assert_eq!(rest(isolated, Direction::Out), (0, Verdict::Drop));
        assert_eq!(rest(isolated, Direction::In), (1, Verdict::Drop));
        assert_eq!(rest(open, Direction::Out), (0, Verdict::Accept));
        assert_eq!(rest(open, Direction::In), (0, Verdict::Accept));
        assert!(standard.opens() && open.opens() && !isolated.opens());
        assert!(Profile::built_in().iter().all(|profile| profile.shadowed().is_empty()));
    }

    #[test]
    fn rules_behind_one_that_says_everything_they_say_are_found() {
        use Direction::{In, Out};
        use Verdict::{Accept, Drop};
        let after_all = profile(&[
            (In, Drop, Peer::Any, Traffic::Any),
            (Out, Accept, Peer::Any, tcp(&["443"])),
            (In, Accept, Peer::Management, Traffic::Any),
        ]);
        assert_eq!(after_all.shadowed(), [(2, 0)]);
        let ports = profile(&[
            (In, Accept, Peer::Any, tcp(&["80-90", "443"])),
            (In, Drop, Peer::Outside, tcp(&["85", "443"])),
            (In, Drop, Peer::Outside, tcp(&["85", "444"])),
            (In, Drop, Peer::Any, tcp(&[])),
        ]);
        assert_eq!(ports.shadowed(), [(1, 0)]);
    }
}
