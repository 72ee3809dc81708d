//! What a chain does with a route that is about to be announced (assumption `filter-judge`).

use ipnet::IpNet;

use super::tree::{Action, Condition, Rule};

/// A route on its way to a neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Route {
    pub(crate) dst: IpNet,
    /// `connected`, `static`; as the property has it.
    pub(crate) protocol: &'static str,
    pub(crate) distance: u32,
    /// It is there because `output.network` names it.
    pub(crate) network: bool,
    pub(crate) blackhole: bool,
    pub(crate) origin: &'static str,
    pub(crate) med: Option<u32>,
    pub(crate) local_pref: Option<u32>,
    pub(crate) prepend: u32,
    pub(crate) communities: Vec<String>,
    pub(crate) large_communities: Vec<String>,
    pub(crate) ext_communities: Vec<String>,
}

/// Where rules and lists come from.
pub(crate) trait Source {
    /// The enabled rules of a chain in sequence; none when no rule has it.
    fn chain(&self, name: &str) -> Vec<Rule>;
    /// Whether the address list names exactly this network, or holds it when it is one address.
    fn listed(&self, list: &str, network: IpNet) -> bool;
}

/// Jumps in jumps; more is a ring.
const DEPTH: u32 = 16;

enum Verdict {
    Accept,
    Reject,
    /// Goes on behind the jump.
    Return,
}

/// Whether the chain lets the route pass, which it may have changed. One that falls off its end rejects
/// (reference 4).
pub(crate) fn passes(source: &impl Source, chain: &str, route: &mut Route) -> bool {
    matches!(walk(source, chain, route, 0), Verdict::Accept)
}

fn walk(source: &impl Source, chain: &str, route: &mut Route, depth: u32) -> Verdict {
    if depth > DEPTH {
        return Verdict::Reject;
    }
    for rule in source.chain(chain) {
        if let Some(verdict) = run(source, &rule.0, route, depth) {
            return verdict;
        }
    }
    Verdict::Return
}

fn run(source: &impl Source, actions: &[Action], route: &mut Route, depth: u32) -> Option<Verdict> {
    for action in actions {
        match action {
            Action::End("accept") => return Some(Verdict::Accept),
            Action::End("reject") => return Some(Verdict::Reject),
            Action::End(_) => return Some(Verdict::Return),
            Action::Jump(chain) => match walk(source, chain, route, depth + 1) {
                Verdict::Return => {}
                verdict => return Some(verdict),
            },
            Action::If { condition, then, otherwise } => {
                let taken = if holds(source, condition, route) == Some(true) { then } else { otherwise };
                if let Some(verdict) = run(source, taken, route, depth) {
                    return Some(verdict);
                }
            }
            Action::Unset(property) => match property.as_str() {
                "bgp-med" | "bgp-out-med" => route.med = None,
                "bgp-local-pref" => route.local_pref = None,
                _ => {}
            },
            Action::Change { verb, property, value } => change(route, verb, property, &value.text),
            Action::RpkiVerify(_) => {}
        }
    }
    None
}

/// Changes what neighbours get to see; the rest stays on the router.
fn change(route: &mut Route, verb: &str, property: &str, value: &str) {
    let number = |old: Option<u32>| match (value.strip_prefix('+'), value.strip_prefix('-')) {
        (Some(more), _) => more.parse().ok().map(|more| old.unwrap_or(0).saturating_add(more)),
        (_, Some(less)) => less.parse().ok().map(|less| old.unwrap_or(0).saturating_sub(less)),
        _ => value.parse().ok(),
    };
    match property {
        "bgp-med" | "bgp-out-med" => route.med = number(route.med).or(route.med),
        "bgp-local-pref" => route.local_pref = number(route.local_pref).or(route.local_pref),
        "bgp-path-prepend" => route.prepend = number(Some(route.prepend)).unwrap_or(route.prepend),
        "distance" => route.distance = number(Some(route.distance)).unwrap_or(route.distance),
        "bgp-origin" => {
            route.origin = ["igp", "egp", "incomplete"]
                .into_iter()
                .find(|origin| *origin == value)
                .unwrap_or(route.origin);
        }
        _ => {
            if let Some(communities) = communities(route, property) {
                let named = value.split(',').map(str::to_owned).collect::<Vec<_>>();
                match verb {
                    "set" => *communities = named,
                    "append" => communities.extend(named),
                    "filter" => communities.retain(|one| named.contains(one)),
                    _ => communities.retain(|one| !named.contains(one)),
                }
            }
        }
    }
}

fn communities<'a>(route: &'a mut Route, property: &str) -> Option<&'a mut Vec<String>> {
    match property {
        "bgp-communities" => Some(&mut route.communities),
        "bgp-large-communities" => Some(&mut route.large_communities),
        "bgp-ext-communities" => Some(&mut route.ext_communities),
        _ => None,
    }
}

/// Whether a condition holds. None when it asks for what is not known here; then neither it nor its opposite does.
fn holds(source: &impl Source, condition: &Condition, route: &mut Route) -> Option<bool> {
    match condition {
        Condition::Not(inner) => holds(source, inner, route).map(|holds| !holds),
        Condition::All(parts) => {
            parts.iter().try_fold(true, |all, part| Some(all & holds(source, part, route)?))
        }
        Condition::Any(parts) => {
            let answers: Vec<_> = parts.iter().map(|part| holds(source, part, route)).collect();
            if answers.contains(&Some(true)) {
                Some(true)
            } else {
                answers.into_iter().fold(Some(false), Option::and)
            }
        }
        Condition::Is { property, operator, value } => {
            let operator = operator.as_deref().unwrap_or_default();
            let value = value.as_ref().map_or("", |value| value.text.as_str());
            is(source, route, property, operator, value)
        }
    }
}

fn is(source: &impl Source, route: &mut Route, property: &str, operator: &str, value: &str) -> Option<bool> {
    match property {
        "dst-len" => compare(u32::from(route.dst.prefix_len()), operator, value),
        "distance" => compare(route.distance, operator, value),
        "bgp-med" | "bgp-out-med" => compare(route.med?, operator, value),
        "bgp-local-pref" => compare(route.local_pref?, operator, value),
        // What begins here has passed no AS.
        "bgp-path-len" => compare(0, operator, value),
        "dst" => {
            let network = value.parse::<IpNet>().ok();
            let network = network.or_else(|| Some(IpNet::from(value.parse::<std::net::IpAddr>().ok()?)));
            match (operator, network) {
                ("in", Some(network)) => Some(network.contains(&route.dst)),
                ("in", None) => Some(source.listed(value, route.dst)),
                ("==", Some(network)) => Some(network == route.dst),
                ("!=", Some(network)) => Some(network != route.dst),
                _ => None,
            }
        }
        "protocol" => Some(value == route.protocol),
        "afi" => Some((value == "ipv4") == matches!(route.dst, IpNet::V4(_)) && value.starts_with("ipv")),
        "active" => Some(true),
        "blackhole" => Some(route.blackhole),
        "bgp-network" => Some(route.network),
        _ => {
            let (base, empty) = match property.strip_suffix("-empty") {
                Some(base) => (base, true),
                None => (property, false),
            };
            let communities = communities(route, base)?;
            let named: Vec<_> = value.split(',').map(str::to_owned).collect();
            match operator {
                _ if empty => Some(communities.is_empty()),
                "includes" => Some(named.iter().all(|one| communities.contains(one))),
                "any" => Some(named.iter().any(|one| communities.contains(one))),
                "subset" => Some(communities.iter().all(|one| named.contains(one))),
                "equal" => {
                    let inside = communities.iter().all(|one| named.contains(one));
                    Some(inside && named.iter().all(|one| communities.contains(one)))
                }
                _ => None,
            }
        }
    }
}

fn compare(left: u32, operator: &str, right: &str) -> Option<bool> {
    if operator == "in" {
        let (low, high) = right.split_once("..").or_else(|| right.split_once('-')).unwrap_or((right, right));
        return Some((low.parse().ok()?..=high.parse().ok()?).contains(&left));
    }
    let right: u32 = right.parse().ok()?;
    Some(match operator {
        "==" => left == right,
        "!=" => left != right,
        "<" => left < right,
        ">" => left > right,
        "<=" => left <= right,
        _ => left >= right,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::filter::parse;

    struct Rules(Vec<(&'static str, &'static str)>);

    impl Source for Rules {
        fn chain(&self, name: &str) -> Vec<Rule> {
            self.0
                .iter()
                .filter(|(chain, _)| *chain == name)
                .filter_map(|(_, text)| parse(text).ok())
                .collect()
        }

        fn listed(&self, list: &str, network: IpNet) -> bool {
            (list, network.to_string().as_str()) == ("mine", "10.1.0.0/24")
        }
    }

    fn route(dst: &str) -> Route {
        Route {
            dst: dst.parse().unwrap(),
            protocol: "connected",
            distance: 0,
            network: false,
            blackhole: false,
            origin: "incomplete",
            med: None,
            local_pref: Some(100),
            prepend: 0,
            communities: Vec::new(),
            large_communities: Vec::new(),
            ext_communities: Vec::new(),
        }
    }

    fn judged(rules: &[(&'static str, &'static str)], dst: &str) -> Option<Route> {
        let mut route = route(dst);
        passes(&Rules(rules.to_vec()), "out", &mut route).then_some(route)
    }

    #[test]
    fn chains_decide_and_change() {
        assert!(judged(&[("other", "accept")], "10.0.0.0/24").is_none(), "a chain without rules rejects");
        assert!(
            judged(&[("out", "if (dst in 10.0.0.0/8 && dst-len in 24-32) { accept }")], "10.1.0.0/24")
                .is_some()
        );
        assert!(judged(&[("out", "if (dst in 10.0.0.0/8) { accept }")], "11.0.0.0/24").is_none());
        assert!(judged(&[("out", "if (dst in mine) { accept }")], "10.1.0.0/24").is_some());
        assert!(
            judged(&[("out", "if (not dst == 10.1.0.0/24) { reject } else { accept }")], "10.1.0.0/24")
                .is_some()
        );
        let rules = [
            ("out", "set bgp-med 5; append bgp-communities 65001:1"),
            ("out", "jump more"),
            (
                "more",
                "if (bgp-communities includes 65001:1) { if (protocol connected) { set bgp-med +2 }; return }",
            ),
            ("out", "accept"),
        ];
        let route = judged(&rules, "10.0.0.0/24").unwrap();
        assert_eq!((route.med, route.communities), (Some(7), vec!["65001:1".to_owned()]));
    }

    #[test]
    fn what_is_not_known_matches_neither_way_and_rings_end() {
        let either = [("out", "if (rpki valid || not rpki valid) { accept }")];
        assert!(judged(&either, "10.0.0.0/24").is_none());
        assert!(judged(&[("out", "if (rpki valid || active) { accept }")], "10.0.0.0/24").is_some());
        assert!(judged(&[("out", "jump out")], "10.0.0.0/24").is_none());
    }
}
