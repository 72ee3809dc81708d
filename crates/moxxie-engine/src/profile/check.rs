//! A profile as it was written, checked.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;
use moxxie_api::profile::{ProfileCreate, ProfileRule, ProfileService};
use moxxie_core::{
    Name,
    profile::{
        Direction, MAX_ENTRIES, MAX_NAME, MAX_PORTS, Peer, Ports, Profile, Rule, Service, Traffic, Verdict,
    },
};

use crate::{
    Error,
    validate::{Checks, short},
};

/// Words for the other side that are no sets.
const PEERS: [&str; 4] = ["any", "management", "tenant", "outside"];
/// Last parts of marks that the end of a chain has.
const ENDS: [&str; 2] = ["accept", "drop"];

/// The profile, or all that is wrong with it.
pub(super) fn check(request: &ProfileCreate) -> Result<Profile, Error> {
    let mut checks = Checks::default();
    let name = short_name(&mut checks, "name", &request.name);
    if name.as_ref().is_some_and(|name| Profile::position_built_in(name).is_some()) {
        checks.wrong("name", format!("{} is built in: choose another name", request.name));
    }
    let description = checks.text("description", &request.description, 1000);
    let sets = sets(&mut checks, request);
    let services = services(&mut checks, request);
    let named = Named { sets: &sets, services: &services };
    let mut rules: Vec<Rule> = Vec::new();
    let mut readable = true;
    for (index, wire) in request.rules.iter().enumerate() {
        let field = format!("rules[{index}]");
        let Some(rule) = named.rule(&mut checks, &field, index, wire) else {
            readable = false;
            continue;
        };
        if rules.iter().any(|other| other.direction == rule.direction && other.name == rule.name) {
            let message =
                format!("there is a rule {} of direction {} already", rule.name, rule.direction.as_str());
            checks.wrong(&format!("{field}.name"), message);
        }
        rules.push(rule);
    }
    if request.rules.is_empty() {
        checks.wrong("rules", "is empty; what no rule accepts is dropped, so a profile needs at least one");
    }
    let entries = request.rules.len() + request.sets.values().map(Vec::len).sum::<usize>();
    if entries > MAX_ENTRIES {
        checks.wrong(
            "rules",
            format!(
                "the profile has {entries} rules and addresses in sets, and {MAX_ENTRIES} fit into the one change \
                 that brings it onto a router: write wider prefixes, or several profiles"
            ),
        );
    }
    let Some(name) = name else { return Err(checks.done().err().unwrap_or_else(incomplete)) };
    let profile = Profile { name, description, rules, sets, services };
    // Indexes are those of the request only when every rule could be read.
    if readable {
        for (rule, earlier) in profile.shadowed() {
            let message = format!(
                "can never match: rules[{earlier}] ({}) matches all of it before; remove it, or put it first",
                profile.rules[earlier].name
            );
            checks.wrong(&format!("rules[{rule}]"), message);
        }
    }
    checks.done()?;
    Ok(profile)
}

fn incomplete() -> Error {
    Error::invalid("", "the request is incomplete")
}

fn short_name(checks: &mut Checks, field: &str, text: &str) -> Option<Name> {
    let name = checks.name(field, text)?;
    if text.len() > MAX_NAME {
        checks.wrong(field, format!("is longer than {MAX_NAME} characters: it goes into names on routers"));
        return None;
    }
    Some(name)
}

fn sets(checks: &mut Checks, request: &ProfileCreate) -> BTreeMap<Name, Vec<IpNet>> {
    let mut sets = BTreeMap::new();
    for (name, texts) in &request.sets {
        let field = format!("sets.{}", short(name));
        if PEERS.contains(&name.as_str()) {
            checks.wrong(&field, format!("{name} has a meaning of its own in rules: choose another name"));
        }
        let Some(name) = short_name(checks, &field, name) else { continue };
        if texts.is_empty() {
            checks.wrong(&field, "is empty: name at least one address or prefix");
        }
        let mut set: Vec<IpNet> = Vec::new();
        for (index, text) in texts.iter().enumerate() {
            let field = format!("{field}[{index}]");
            let prefix = match text.parse::<IpAddr>() {
                Ok(address) => Some(IpNet::from(address)),
                Err(_) => checks.prefix(&field, text),
            };
            match prefix {
                Some(prefix) if prefix.prefix_len() == 0 => {
                    checks.wrong(&field, "is every address there is: write `any` in the rule instead");
                }
                Some(prefix) if set.contains(&prefix) => {
                    checks.wrong(&field, format!("{prefix} is in the set already"));
                }
                Some(prefix) => set.push(prefix),
                None => {}
            }
        }
        sets.insert(name, set);
    }
    sets
}

fn services(checks: &mut Checks, request: &ProfileCreate) -> BTreeMap<Name, Service> {
    let mut services = BTreeMap::new();
    for (name, wire) in &request.services {
        let field = format!("services.{}", short(name));
        let name = short_name(checks, &field, name);
        let service = service(checks, &field, wire);
        services.extend(name.zip(service));
    }
    services
}

fn service(checks: &mut Checks, field: &str, wire: &ProfileService) -> Option<Service> {
    let field_of_ports = format!("{field}.ports");
    let mut ports: Vec<Ports> = Vec::new();
    for (index, text) in wire.ports.iter().enumerate() {
        ports.extend(checks.take(&format!("{field_of_ports}[{index}]"), text.parse::<Ports>()));
    }
    if wire.ports.len() > MAX_PORTS {
        checks.wrong(
            &field_of_ports,
            format!("are {} ports and ranges; RouterOS takes {MAX_PORTS} in a rule", wire.ports.len()),
        );
    }
    match wire.protocol.as_str() {
        "tcp" => Some(Service::Tcp(ports)),
        "udp" => Some(Service::Udp(ports)),
        "icmp" => {
            if !wire.ports.is_empty() {
                checks.wrong(&field_of_ports, "ICMP has no ports: leave them out");
            }
            Some(Service::Icmp)
        }
        other => {
            let message = format!("{:?} is not a protocol moxxie knows: tcp, udp, icmp", short(other));
            checks.wrong(&format!("{field}.protocol"), message);
            None
        }
    }
}

/// What rules can refer to.
struct Named<'a> {
    sets: &'a BTreeMap<Name, Vec<IpNet>>,
    services: &'a BTreeMap<Name, Service>,
}

impl Named<'_> {
    fn rule(&self, checks: &mut Checks, field: &str, index: usize, wire: &ProfileRule) -> Option<Rule> {
        let name = wire.name.clone().unwrap_or_else(|| format!("r{}", index + 1));
        let field_of_name = format!("{field}.name");
        if ENDS.contains(&name.as_str()) {
            checks.wrong(
                &field_of_name,
                format!("{name} is what the end of a chain is called: choose another"),
            );
        }
        let name = short_name(checks, &field_of_name, &name);
        let direction = match Direction::ALL.into_iter().find(|one| one.as_str() == wire.direction) {
            Some(direction) => Some(direction),
            None => {
                let message = format!("{:?} is not a direction: out, in, router", short(&wire.direction));
                checks.wrong(&format!("{field}.direction"), message);
                None
            }
        };
        let verdict = match wire.action.as_str() {
            "accept" => Some(Verdict::Accept),
            "drop" => Some(Verdict::Drop),
            other => {
                let message = format!("{:?} is not an action: accept, drop", short(other));
                checks.wrong(&format!("{field}.action"), message);
                None
            }
        };
        let traffic = self.traffic(checks, field, wire);
        let (name, direction, verdict) = (name?, direction?, verdict?);
        let peer = self.peer(checks, field, direction, wire)?;
        let rule = Rule { name, direction, verdict, peer, traffic: traffic? };
        let icmp = match &rule.traffic {
            Traffic::Is(service) => *service == Service::Icmp,
            Traffic::Named(name) => self.services.get(name) == Some(&Service::Icmp),
            Traffic::Any => false,
        };
        if direction == Direction::Router && icmp {
            checks.wrong(field, "ICMP to the router always passes: leave the rule out");
        }
        Some(rule)
    }

    fn peer(
        &self,
        checks: &mut Checks,
        field: &str,
        direction: Direction,
        wire: &ProfileRule,
    ) -> Option<Peer> {
        let (own, own_text, other, other_text) = match direction {
            Direction::In => ("from", &wire.from, "to", &wire.to),
            Direction::Out => ("to", &wire.to, "from", &wire.from),
            Direction::Router => {
                for (name, text) in [("from", &wire.from), ("to", &wire.to)] {
                    if text.is_some() {
                        let message = "the two sides of a rule of direction router are the network and the router: \
                                       leave it out";
                        checks.wrong(&format!("{field}.{name}"), message);
                    }
                }
                return Some(Peer::Any);
            }
        };
        if other_text.is_some() {
            let message = format!(
                "that side of a rule of direction {} is the network itself: write `{own}`",
                direction.as_str()
            );
            checks.wrong(&format!("{field}.{other}"), message);
        }
        match own_text.as_deref().unwrap_or("any") {
            "any" => Some(Peer::Any),
            "management" => Some(Peer::Management),
            "tenant" => Some(Peer::Tenant),
            "outside" => Some(Peer::Outside),
            text => {
                let set = self.sets.keys().find(|name| name.as_str() == text).cloned();
                if set.is_none() {
                    let known: Vec<_> =
                        PEERS.iter().copied().chain(self.sets.keys().map(Name::as_str)).collect();
                    let message =
                        format!("there is no set {:?}; there are {}", short(text), known.join(", "));
                    checks.wrong(&format!("{field}.{own}"), message);
                }
                set.map(Peer::Set)
            }
        }
    }

    fn traffic(&self, checks: &mut Checks, field: &str, wire: &ProfileRule) -> Option<Traffic> {
        match (&wire.service, &wire.protocol) {
            (Some(_), Some(_)) => {
                checks.wrong(
                    &format!("{field}.protocol"),
                    "the service says that already: write one of the two",
                );
                None
            }
            (Some(name), None) => {
                if !wire.ports.is_empty() {
                    checks.wrong(
                        &format!("{field}.ports"),
                        "the service says that already: write one of the two",
                    );
                }
                let known = self.services.keys().find(|service| service.as_str() == name).cloned();
                if known.is_none() {
                    let all: Vec<_> = self.services.keys().map(Name::as_str).collect();
                    let message = match all.as_slice() {
                        [] => format!("there is no service {:?}; write it under `services`", short(name)),
                        all => format!("there is no service {:?}; there are {}", short(name), all.join(", ")),
                    };
                    checks.wrong(&format!("{field}.service"), message);
                }
                known.map(Traffic::Named)
            }
            (None, Some(protocol)) => {
                let wire = ProfileService { protocol: protocol.clone(), ports: wire.ports.clone() };
                service(checks, field, &wire).map(Traffic::Is)
            }
            (None, None) => {
                if !wire.ports.is_empty() {
                    checks.wrong(&format!("{field}.protocol"), "is missing: ports are those of tcp or udp");
                    return None;
                }
                Some(Traffic::Any)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn errors(text: &str) -> Vec<String> {
        match check(&serde_json::from_str(text).unwrap()) {
            Err(Error::Invalid(errors)) => {
                errors.into_iter().map(|e| format!("{}: {}", e.field, e.message)).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_wrong_is_said_of_every_field() {
        for (text, expected) in [
            (r#"{"name":"open","rules":[{"direction":"in","action":"drop"}]}"#, "name: open is built in"),
            (r#"{"name":"web","rules":[]}"#, "rules: is empty"),
            (
                r#"{"name":"a-name-that-is-much-too-long","rules":[{"direction":"in","action":"drop"}]}"#,
                "name: is longer",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"up","action":"drop"}]}"#,
                "rules[0].direction: \"up\" is not",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"deny"}]}"#,
                "rules[0].action: \"deny\" is not",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop","to":"any"}]}"#,
                "rules[0].to: that side",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"router","action":"accept","from":"any"}]}"#,
                "rules[0].from: the two",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"accept","from":"x"}]}"#,
                "rules[0].from: there is no set \"x\"; there are any, management, tenant, outside",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"accept","service":"x"}]}"#,
                "rules[0].service: there is no service \"x\"; write",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"accept","ports":["1"]}]}"#,
                "rules[0].protocol: is missing",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"accept","protocol":"tcp","ports":["90-80"]}]}"#,
                "rules[0].ports[0]: \"90-80\" is not a port",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"accept","protocol":"icmp","ports":["80"]}]}"#,
                "rules[0].ports: ICMP has no ports",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"router","action":"drop","protocol":"icmp"}]}"#,
                "rules[0]: ICMP to the router",
            ),
            (
                r#"{"name":"w","rules":[{"name":"drop","direction":"in","action":"drop"}]}"#,
                "rules[0].name: drop is what",
            ),
            (
                r#"{"name":"w","rules":[{"name":"a","direction":"in","action":"accept","from":"tenant"},{"name":"a","direction":"in","action":"drop"}]}"#,
                "rules[1].name: there is a rule a",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop"},{"direction":"in","action":"accept","from":"tenant"}]}"#,
                "rules[1]: can never match: rules[0] (r1)",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop"}],"sets":{"any":["10.0.0.1"]}}"#,
                "sets.any: any has a meaning",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop"}],"sets":{"x":[]}}"#,
                "sets.x: is empty",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop"}],"sets":{"x":["10.0.0.1/24"]}}"#,
                "sets.x[0]: ",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop"}],"sets":{"x":["::/0"]}}"#,
                "sets.x[0]: is every address",
            ),
            (
                r#"{"name":"w","rules":[{"direction":"in","action":"drop"}],"sets":{"x":["10.0.0.1","10.0.0.1/32"]}}"#,
                "sets.x[1]: 10.0.0.1/32 is in the set",
            ),
        ] {
            let errors = errors(text);
            assert_eq!(errors.len(), 1, "{text}: {errors:?}");
            assert!(errors[0].starts_with(expected), "{text}: {errors:?}");
        }
        let many: Vec<_> = (0..41).map(|n| format!("10.0.{n}.0/24")).collect();
        let many = format!(
            r#"{{"name":"w","rules":[{{"direction":"in","action":"drop"}}],"sets":{{"x":{}}}}}"#,
            serde_json::to_string(&many).unwrap()
        );
        assert!(errors(&many)[0].starts_with("rules: the profile has 42 rules and addresses"));
    }

    #[test]
    fn what_is_kept_reads_as_what_was_written() {
        let text = r#"{"name":"web","description":"d","rules":[
            {"direction":"out","action":"accept"},
            {"name":"own","direction":"in","action":"accept","from":"tenant","service":"web"},
            {"direction":"in","action":"accept","from":"offices","protocol":"tcp","ports":["22"]}],
            "sets":{"offices":["203.0.113.7","2001:db8::/48"]},
            "services":{"web":{"protocol":"tcp","ports":["80","8000-8100"]}}}"#;
        let profile = super::super::normalised(&serde_json::from_str(text).unwrap()).unwrap();
        assert_eq!(profile.rules[0].name.as_deref(), Some("r1"));
        assert_eq!(profile.sets["offices"], ["203.0.113.7/32", "2001:db8::/48"]);
        let mut again = serde_json::to_value(&profile).unwrap();
        for derived in ["builtIn", "version"] {
            again.as_object_mut().unwrap().remove(derived);
        }
        let again = super::super::normalised(&serde_json::from_value(again).unwrap()).unwrap();
        assert_eq!(serde_json::to_value(again).unwrap(), serde_json::to_value(profile).unwrap());
    }
}
