//! One profile: its list, its address lists, and a chain for each direction that does not let everything
//! pass.

use std::collections::BTreeSet;

use ipnet::IpNet;
use moxxie_core::{
    Name, TenantId,
    profile::{Direction, Peer, Profile, Rule, Service, Verdict},
    row::Row,
};

use super::{Firewall, LAST, MANAGEMENT, NETS, SHARED, rules::Rules, tenant_list};

/// What names of a profile's rows begin with, after `mx-`. Those that users write have a space of their
/// own, so that none of them can be called like something else of ours.
pub(crate) fn key(profile: &Name) -> String {
    match Profile::position_built_in(profile) {
        Some(_) => profile.to_string(),
        None => format!("p-{profile}"),
    }
}

/// The interface list of the networks of a profile.
pub(crate) fn profile_list(profile: &Name) -> String {
    format!("mx-{}", key(profile))
}

/// The profile whose list has that name.
pub(crate) fn profile_of_list(list: &str) -> &str {
    let name = list.strip_prefix("mx-").unwrap_or(list);
    name.strip_prefix("p-").unwrap_or(name)
}

/// A profile as it goes onto a router.
pub(super) struct Compiled<'a> {
    pub(super) profile: &'a Profile,
    pub(super) revision: u32,
    /// The first of its two places in `mx-forward`; also its place in `mx-input`.
    pub(super) place: u16,
    /// Tenants with a network of this profile, where its rules speak of the tenant.
    pub(super) tenants: BTreeSet<TenantId>,
}

/// Object and part of the mark of a rule, and what it matches.
type Matching = (String, String, Vec<(&'static str, String)>);

impl Compiled<'_> {
    pub(super) fn list(&self, firewall: &Firewall<'_>) -> Row {
        firewall.list(&self.object(), &profile_list(&self.profile.name), "")
    }

    pub(super) fn rows(&self, rules: &Rules<'_>) -> Vec<Row> {
        let mut rows = Vec::new();
        for (set, prefixes) in &self.profile.sets {
            let list = self.set_list(set);
            let prefixes: BTreeSet<_> = prefixes.iter().filter(|prefix| rules.has(prefix)).collect();
            let entry = |prefix: &&IpNet| {
                rules.entry(&self.object(), &self.part(&format!("set-{set}")), &list, prefix)
            };
            rows.extend(prefixes.iter().map(entry));
        }
        for direction in Direction::ALL {
            rows.extend(self.direction(direction, rules));
        }
        rows
    }

    /// A chain and the jump to it. What a profile allows without condition needs no chain, and to the router
    /// nothing passes that no rule allows, with or without one.
    fn direction(&self, direction: Direction, of: &Rules<'_>) -> Vec<Row> {
        let (rules, rest) = self.profile.decides(direction);
        let to_router = direction == Direction::Router;
        if rules.is_empty() && (rest == Verdict::Accept) != to_router {
            return Vec::new();
        }
        let word = direction.as_str();
        let list = profile_list(&self.profile.name);
        let chain = format!("mx-{}-{word}", self.key());
        let (from, place, matcher) = match direction {
            Direction::Out => ("mx-forward", self.place, "in-interface-list"),
            Direction::In => ("mx-forward", self.place + 1, "out-interface-list"),
            Direction::Router => ("mx-input", self.place, "in-interface-list"),
        };
        let jump =
            [("chain", from), ("action", "jump"), ("jump-target", chain.as_str()), (matcher, list.as_str())];
        let mut rows = Vec::new();
        let mut position = 0;
        for rule in rules {
            for (object, part, matchers) in self.matchers(rule, of) {
                let verdict = match (rule.verdict, to_router) {
                    (Verdict::Drop, _) => "drop",
                    (Verdict::Accept, true) => "accept",
                    // The profile of the other side may have something to say.
                    (Verdict::Accept, false) => "return",
                };
                let mut fields = vec![("chain", chain.as_str()), ("action", verdict)];
                fields.extend(matchers.iter().map(|(name, value)| (*name, value.as_str())));
                rows.push(of.rule(&object, &part, position, &fields));
                // Rules of tenants commute, so that beyond the last place they may share one.
                position = (position + 1).min(LAST - 1);
            }
        }
        let last = match (rest, to_router) {
            (Verdict::Drop, false) => Some("drop"),
            (Verdict::Accept, true) => Some("accept"),
            _ => None,
        };
        rows.extend(last.map(|action| {
            let fields = [("chain", chain.as_str()), ("action", action)];
            of.rule(&self.object(), &self.part(&format!("{word}-{action}")), LAST, &fields)
        }));
        if !rows.is_empty() {
            rows.push(of.rule(&self.object(), &format!("jump-{word}"), place, &jump));
        }
        rows
    }

    /// What rules a rule becomes. One for each tenant where
    /// it speaks of the tenant, none where it speaks of a set without an address of this family.
    fn matchers(&self, rule: &Rule, of: &Rules<'_>) -> Vec<Matching> {
        let word = rule.direction.as_str();
        let part = self.part(&format!("{word}-{}", rule.name));
        let (other_side, addresses) = match rule.direction {
            Direction::In => ("in-interface-list", "src-address-list"),
            Direction::Out | Direction::Router => ("out-interface-list", "dst-address-list"),
        };
        let outside = || (other_side, format!("!{NETS}"));
        let mut peers: Vec<Matching> = match &rule.peer {
            Peer::Any => vec![(self.object(), part, vec![])],
            Peer::Outside => vec![(self.object(), part, vec![outside()])],
            Peer::Management => {
                vec![(self.object(), part, vec![outside(), (addresses, MANAGEMENT.to_owned())])]
            }
            Peer::Set(set) => {
                let any = |prefixes: &Vec<IpNet>| prefixes.iter().any(|prefix| of.has(prefix));
                if !self.profile.sets.get(set).is_some_and(any) {
                    return Vec::new();
                }
                // A host in a network of ours could write any source address.
                let mut matchers: Vec<_> =
                    (rule.direction == Direction::In).then(outside).into_iter().collect();
                matchers.push((addresses, self.set_list(set)));
                vec![(self.object(), part, matchers)]
            }
            Peer::Tenant => {
                // The rules of the built-in profiles were there first and have the plain names.
                let part = match Profile::position_built_in(&self.profile.name) {
                    Some(_) => part,
                    None => format!("{}.{part}", key(&self.profile.name)),
                };
                let of_tenant = |tenant: &TenantId| {
                    let list = tenant_list(*tenant);
                    let lists = vec![("in-interface-list", list.clone()), ("out-interface-list", list)];
                    (tenant.to_string(), part.clone(), lists)
                };
                self.tenants.iter().map(of_tenant).collect()
            }
        };
        if let Some(service) = self.profile.service(&rule.traffic) {
            for (.., matchers) in &mut peers {
                let protocol = match service.protocol() {
                    "icmp" => of.family.icmp(),
                    other => other,
                };
                matchers.push(("protocol", protocol.to_owned()));
                matchers.extend(ports(service).map(|ports| ("dst-port", ports)));
            }
        }
        peers
    }

    fn object(&self) -> String {
        format!("{SHARED}-{}", key(&self.profile.name))
    }

    fn set_list(&self, set: &Name) -> String {
        // No name has a dot, so that no two lists are called the same.
        format!("mx-{}.{set}", self.key())
    }

    /// What names of this revision's chains and address lists begin with, after `mx-`.
    fn key(&self) -> String {
        let key = key(&self.profile.name);
        match self.revision {
            1 => key,
            revision => format!("{key}.r{revision}"),
        }
    }

    /// The mark's part of a row that each revision has for itself.
    fn part(&self, part: &str) -> String {
        match self.revision {
            1 => part.to_owned(),
            revision => format!("r{revision}.{part}"),
        }
    }
}

/// The place of a profile's first jump: two in `mx-forward` for each, the built-in ones first.
pub(super) fn place(profile: &Name, position_of_users: usize) -> u16 {
    let position = match Profile::position_built_in(profile) {
        Some(position) => position,
        None => Profile::built_in().len() + position_of_users,
    };
    u16::try_from(10 + 2 * position).unwrap_or(u16::MAX).min(LAST - 2)
}

fn ports(service: &Service) -> Option<String> {
    let ports: Vec<_> = service.ports().iter().map(ToString::to_string).collect();
    (!ports.is_empty()).then(|| ports.join(","))
}
