//! Bypass: foreign rules before ours that let pass what a profile drops.
//!
//! Rules that accept replies (`established`, `related`, `untracked`) are normal there, and fasttrack of them
//! too: what they pass was judged when the connection began. What counts is whether a rule can accept a
//! *new* connection into a closed network, out of an isolated one, or from a network of ours to the
//! router. A matcher this page does not understand is taken to match: it fails closed, and the operator
//! can always move the anchor up.

use std::{collections::HashSet, net::IpAddr};

use ipnet::IpNet;
use moxxie_core::{prefix::overlap, row::Row};

use crate::{
    Binding, DeviceState, Refusal, StateRow,
    anchor::anchor,
    family::Family,
    find::Index,
    menu::path,
    plan::{is_network_row, vlan_name},
    render::firewall::{MANAGEMENT, profile_of_list},
    value::net,
};

/// How deep jumps are followed.
const DEPTH: usize = 8;

/// Checks both chains of the operator.
///
/// # Errors
/// [`Refusal::NoAnchor`] or [`Refusal::Bypassed`].
pub(crate) fn check(
    wanted: &[&Row],
    after: &[Row],
    state: &DeviceState,
    index: &Index<'_>,
    binding: &Binding,
) -> Result<(), Refusal> {
    offload(wanted, state, binding)?;
    for family in Family::ALL {
        // IPv6 has rules where a network of the router has an IPv6 prefix.
        if after.iter().any(|row| row.menu == family.filter()) {
            chains(family, wanted, after, state, index, binding)?;
        }
    }
    Ok(())
}

/// Checks both chains of one family.
fn chains(
    family: Family,
    wanted: &[&Row],
    after: &[Row],
    state: &DeviceState,
    index: &Index<'_>,
    binding: &Binding,
) -> Result<(), Refusal> {
    let judged = Judged::new(family, wanted, after, state);
    for chain in ["forward", "input"] {
        let end = anchor(state, family.filter(), chain, &binding.anchor)?;
        // Where our first jump stands, or will stand.
        let jumps = after
            .iter()
            .filter(|row| row.menu == family.filter())
            .filter(|row| row.before.is_some() && row.fields.get("chain").is_some_and(|c| c == chain));
        let own: HashSet<&str> =
            jumps.filter_map(|row| index.target(row)).map(|found| found.id.as_str()).collect();
        let first = |row: &&StateRow| row.id != end.id && !own.contains(row.id.as_str());
        let rules = state.rows(family.filter()).iter().take_while(first);
        for rule in rules.filter(|row| row.text("chain").as_deref() == Some(chain)) {
            if let Some((rule, dropped)) = judged.passes(rule, chain, true, DEPTH) {
                return Err(Refusal::Bypassed {
                    chain: chain.to_owned(),
                    rule: rule.describe(family.filter()),
                    dropped,
                });
            }
        }
    }
    Ok(())
}

/// Routing in the switch chip goes past the filter. It does that for VLANs directly on an offloaded port or
/// on the offloaded bridge; stacked VLANs are routed by the processor (manual, L3 hardware offloading).
fn offload(wanted: &[&Row], state: &DeviceState, binding: &Binding) -> Result<(), Refusal> {
    const FLAG: &str = "l3-hw-offloading";
    let on_trunk = |row: &&&Row| vlan_name(row).is_some() && row.fields["interface"] == binding.trunk;
    let switch = state.rows(path::SWITCH).iter().find(|row| row.flag(FLAG));
    let (Some(switch), Some(_)) = (switch, wanted.iter().find(on_trunk)) else { return Ok(()) };
    let is_trunk = |row: &&StateRow| row.text("name").as_deref() == Some(binding.trunk.as_str());
    let port = state.rows(path::SWITCH_PORT).iter().find(is_trunk);
    match port {
        Some(port) if !port.flag(FLAG) => Ok(()),
        // Not a port: a bridge or a bond, whose ports are taken to be offloaded.
        _ => Err(Refusal::Offloaded {
            interface: binding.trunk.clone(),
            switch: switch.text("name").unwrap_or_default().into_owned(),
        }),
    }
}

/// The networks whose protection is looked at.
struct Judged<'a> {
    family: Family,
    state: &'a DeviceState,
    /// Interfaces and prefixes of all of them.
    all: Side,
    /// Those of each profile that judges what leaves its networks.
    leaving: Vec<Guarded>,
    /// Those of each profile that judges what enters its networks.
    entering: Vec<Guarded>,
    management: Vec<IpNet>,
}

/// The networks of a profile that has a chain for one direction.
struct Guarded {
    profile: String,
    side: Side,
    /// Whether its chain begins with letting management pass, whatever it wants.
    trusts_management: bool,
}

struct Side {
    family: Family,
    interfaces: HashSet<String>,
    prefixes: Vec<IpNet>,
}

impl<'a> Judged<'a> {
    fn new(family: Family, wanted: &[&Row], after: &[Row], state: &'a DeviceState) -> Self {
        let objects: HashSet<&str> =
            wanted.iter().filter(|row| is_network_row(row)).map(|row| row.mark.object.as_str()).collect();
        let rows: Vec<&Row> = after.iter().filter(|row| objects.contains(row.mark.object.as_str())).collect();
        let in_list = |list: &str| {
            let members = rows.iter().filter(|row| row.menu == path::MEMBER && row.fields["list"] == list);
            members.map(|row| row.mark.object.as_str()).collect::<HashSet<_>>()
        };
        let side = |wanted: &dyn Fn(&str) -> bool| {
            let mut side = Side { family, interfaces: HashSet::new(), prefixes: Vec::new() };
            side.prefixes.extend(family.on_every_interface());
            for row in rows.iter().filter(|row| wanted(&row.mark.object)) {
                side.interfaces.extend(vlan_name(row).map(str::to_owned));
                if row.menu == family.address() {
                    side.prefixes.extend(net(&row.fields["address"]).map(|net| net.trunc()));
                }
            }
            side
        };
        let rules = || after.iter().filter(|row| row.menu == family.filter());
        let is = |row: &Row, name: &str, value: &str| row.fields.get(name).is_some_and(|text| text == value);
        let guarded = |matcher: &str| {
            let jumps = rules().filter(|row| is(row, "chain", "mx-forward") && is(row, "action", "jump"));
            let guarded = jumps.filter_map(|jump| {
                let (list, target) = (jump.fields.get(matcher)?, jump.fields.get("jump-target")?);
                let members = in_list(list);
                let first = rules().filter(|row| is(row, "chain", target)).min_by_key(|row| row.rank)?;
                Some(Guarded {
                    profile: profile_of_list(list).to_owned(),
                    side: side(&|object| members.contains(object)),
                    trusts_management: is(first, "src-address-list", MANAGEMENT)
                        && is(first, "action", "return")
                        && !first.fields.contains_key("protocol"),
                })
            });
            // Told of first: what a user wrote, then `isolated` before `standard`.
            let mut guarded: Vec<_> = guarded.collect();
            guarded.reverse();
            guarded
        };
        let management =
            after.iter().filter(|row| row.menu == family.address_list() && is(row, "list", MANAGEMENT));
        Self {
            family,
            state,
            all: side(&|_| true),
            leaving: guarded("in-interface-list"),
            entering: guarded("out-interface-list"),
            management: management.filter_map(|row| net(&row.fields["address"])).collect(),
        }
    }

    /// The rule, this one or one it jumps to, that lets pass something, and what that is.
    fn passes<'r>(
        &self,
        rule: &'r StateRow,
        chain: &str,
        top: bool,
        depth: usize,
    ) -> Option<(&'r StateRow, String)>
    where
        'a: 'r,
    {
        if rule.flag("disabled") || rule.flag("invalid") {
            return None;
        }
        let dropped = if chain == "input" { self.to_the_router(rule) } else { self.through(rule) }?;
        let action = rule.text("action");
        match action.as_deref().unwrap_or("accept") {
            "accept" | "fasttrack-connection" => Some((rule, dropped)),
            // Out of a built-in chain there is nowhere to return to: the packet is accepted.
            "return" if top => Some((rule, dropped)),
            "jump" => {
                let target = rule.text("jump-target")?;
                if depth == 0 {
                    return Some((rule, dropped));
                }
                let rules = self.state.rows(self.family.filter()).iter();
                rules
                    .filter(|inner| inner.text("chain").as_deref() == Some(&target))
                    .find_map(|inner| self.passes(inner, chain, false, depth - 1))
            }
            _ => None,
        }
    }

    fn through(&self, rule: &StateRow) -> Option<String> {
        if !may_be_new(rule) {
            return None;
        }
        let management = self.is_management(rule);
        let leaves = |one: &&Guarded| one.side.touches(rule, "in-interface", "src-address", self.state);
        let enters = |one: &&Guarded| {
            one.side.touches(rule, "out-interface", "dst-address", self.state)
                && !(management && one.trusts_management)
        };
        let passed = self.leaving.iter().find(leaves).or_else(|| self.entering.iter().find(enters));
        passed.map(|guarded| format!("profile {}", guarded.profile))
    }

    fn to_the_router(&self, rule: &StateRow) -> Option<String> {
        let harmless = match (rule.text("protocol").as_deref(), rule.text("dst-port").as_deref()) {
            // mx-input accepts the same.
            (Some(protocol), _) if protocol == self.family.icmp() => true,
            (Some("udp" | "17"), Some("67")) => self.family == Family::V4,
            _ => rule.text("dst-address").as_deref().and_then(net).is_some_and(|dst| match dst.addr() {
                IpAddr::V4(v4) => v4.is_loopback(),
                IpAddr::V6(v6) => v6.is_loopback(),
            }),
        };
        let passes = !harmless
            && may_be_new(rule)
            && self.all.touches(rule, "in-interface", "src-address", self.state);
        passes.then(|| "the protection of the router itself".to_owned())
    }

    /// Whether the rule is only for management sources, which every profile lets in.
    fn is_management(&self, rule: &StateRow) -> bool {
        let inside = |one: &IpNet| self.management.iter().any(|prefix| prefix.contains(one));
        let single = rule.text("src-address").as_deref().and_then(net).is_some_and(|one| inside(&one));
        let listed = rule.text("src-address-list").is_some_and(|list| {
            let entries: Option<Vec<_>> = entries(self.family, self.state, &list).collect();
            entries.is_some_and(|entries| !entries.is_empty() && entries.iter().all(inside))
        });
        single || listed
    }
}

impl Side {
    /// Whether a rule can match packets on this side: by its interface matchers and its address matchers.
    fn touches(&self, rule: &StateRow, interface: &str, address: &str, state: &DeviceState) -> bool {
        !self.interfaces.is_empty()
            && self.by_interface(rule, interface, state)
            && self.by_list(rule, &format!("{interface}-list"), state)
            && self.by_address(rule, address)
            && self.by_address_list(rule, &format!("{address}-list"), state)
    }

    fn by_interface(&self, rule: &StateRow, field: &str, _state: &DeviceState) -> bool {
        match rule.text(field) {
            Some(name) => {
                name.starts_with('!') || name.starts_with("all-") || self.interfaces.contains(&*name)
            }
            None => true,
        }
    }

    fn by_list(&self, rule: &StateRow, field: &str, state: &DeviceState) -> bool {
        let Some(list) = rule.text(field) else { return true };
        if list.starts_with('!') || list.starts_with("mx-") || matches!(&*list, "all" | "dynamic" | "static")
        {
            return true;
        }
        // A list that includes others is not resolved.
        let is_it = |row: &&StateRow| row.text("name").as_deref() == Some(&list);
        let composed = |row: &StateRow| {
            ["include", "exclude"].iter().any(|name| row.text(name).is_some_and(|text| !text.is_empty()))
        };
        state.rows(path::LIST).iter().find(is_it).is_some_and(composed)
            || state.rows(path::MEMBER).iter().any(|row| {
                row.text("list").as_deref() == Some(&list)
                    && !row.flag("disabled")
                    && row.text("interface").is_some_and(|name| self.interfaces.contains(&*name))
            })
    }

    fn by_address(&self, rule: &StateRow, field: &str) -> bool {
        match rule.text(field).as_deref().map(net) {
            Some(Some(given)) => self.overlaps(&given),
            // Negated, or a range: taken to match.
            Some(None) | None => true,
        }
    }

    fn by_address_list(&self, rule: &StateRow, field: &str, state: &DeviceState) -> bool {
        match rule.text(field) {
            Some(list) if !list.starts_with('!') => entries(self.family, state, &list)
                .any(|entry| entry.is_none_or(|entry| self.overlaps(&entry))),
            _ => true,
        }
    }

    fn overlaps(&self, other: &IpNet) -> bool {
        self.prefixes.iter().any(|prefix| overlap(prefix, &other.trunc()))
    }
}

/// The enabled entries of an address list; `None` for one that is no prefix (a range, a DNS name).
fn entries<'a>(
    family: Family,
    state: &'a DeviceState,
    list: &'a str,
) -> impl Iterator<Item = Option<IpNet>> + 'a {
    let of_list = move |row: &&StateRow| row.text("list").as_deref() == Some(list) && !row.flag("disabled");
    state
        .rows(family.address_list())
        .iter()
        .filter(of_list)
        .map(|row| row.text("address").as_deref().and_then(net))
}

/// Whether the rule can match the first packet of a connection.
pub(crate) fn may_be_new(rule: &StateRow) -> bool {
    match rule.text("connection-state").as_deref() {
        None | Some("") => true,
        Some(states) => states.starts_with('!') || states.split(',').any(|state| state.trim() == "new"),
    }
}
