//! The rules of one family that every network needs.

use std::collections::BTreeSet;

use ipnet::IpNet;
use moxxie_core::row::Row;

use super::{DNS, Firewall, LAST, MANAGEMENT, NETS, SERVICE, SHARED};
use crate::{
    family::Family,
    render::{rank, row},
};

/// One of the two filters.
pub(super) struct Rules<'a> {
    pub(super) firewall: &'a Firewall<'a>,
    pub(super) family: Family,
}

impl Rules<'_> {
    pub(super) fn rule(&self, object: &str, part: &str, position: u16, fields: &[(&str, &str)]) -> Row {
        let (path, part) = (self.family.filter(), self.family.part(part));
        Row { rank: rank::CHAIN + position, ..row(self.firewall.binding, path, object, &part, fields) }
    }

    /// A rule of the operator's chain: directly before the anchor.
    fn jump(&self, part: &str, rank: u16, fields: &[(&str, &str)]) -> Row {
        let before = Some(self.firewall.binding.anchor.clone());
        let (path, part) = (self.family.filter(), self.family.part(part));
        Row { rank, before, ..row(self.firewall.binding, path, SHARED, &part, fields) }
    }

    /// An entry of an address list.
    pub(super) fn entry(&self, object: &str, part: &str, list: &str, prefix: &IpNet) -> Row {
        let address = prefix.to_string();
        let fields = [("list", list), ("address", address.as_str())];
        let part = self.family.part(&format!("{part}-{prefix}"));
        row(self.firewall.binding, self.family.address_list(), object, &part, &fields)
    }

    pub(super) fn has(&self, prefix: &IpNet) -> bool {
        Family::of(&prefix.addr()) == self.family
    }

    pub(super) fn service(&self) -> [Row; 2] {
        let object = format!("{SHARED}-service");
        let drop = |part: &str, chain: &str, position| {
            let fields = [("chain", chain), ("action", "drop"), ("in-interface-list", SERVICE)];
            self.rule(&object, part, position, &fields)
        };
        // Nothing of a service VLAN profits from what passes in IPv6 alone.
        let position = match self.family {
            Family::V4 => 2,
            Family::V6 => 1,
        };
        [drop("forward-drop", "mx-forward", position), drop("input-drop", "mx-input", 1)]
    }

    pub(super) fn skeleton(&self) -> Vec<Row> {
        let management = self.firewall.intent.management.iter().filter(|prefix| self.has(prefix));
        let management: BTreeSet<IpNet> = management.map(IpNet::trunc).collect();
        let mut rows: Vec<Row> =
            management.iter().map(|prefix| self.entry(SHARED, "mgmt", MANAGEMENT, prefix)).collect();
        let accept = ("action", "accept");
        let established = ("connection-state", "established,related");
        let invalid = [("action", "drop"), ("connection-state", "invalid")];
        let chain = ("chain", "mx-forward");
        let rule = |part: &str, position, fields: &[(&str, &str)]| self.rule(SHARED, part, position, fields);
        rows.push(rule("forward-established", 0, &[chain, accept, established]));
        let invalid_at = match self.family {
            Family::V4 => 1,
            Family::V6 => {
                // Type 2, any code (RFC 4443, section 3.2).
                let too_big = [chain, accept, ("protocol", "icmpv6"), ("icmp-options", "2:0-255")];
                rows.push(rule("forward-too-big", 2, &too_big));
                3
            }
        };
        rows.push(rule("forward-invalid", invalid_at, &[chain, invalid[0], invalid[1]]));
        rows.push(rule("forward-accept", LAST, &[chain, accept]));
        let chain = ("chain", "mx-input");
        rows.push(rule("input-established", 0, &[chain, accept, established]));
        rows.push(rule("input-icmp", 2, &[chain, accept, ("protocol", self.family.icmp())]));
        // Nobody serves DHCPv6.
        if self.family == Family::V4 {
            rows.push(rule("input-dhcp", 3, &[chain, accept, ("protocol", "udp"), ("dst-port", "67")]));
        }
        rows.push(rule("input-drop", LAST, &[chain, ("action", "drop")]));
        let jump = |part: &str, rank, chain: &str, target: &str, matcher: &str| {
            let fields = [("chain", chain), ("action", "jump"), ("jump-target", target), (matcher, NETS)];
            self.jump(part, rank, &fields)
        };
        rows.extend([
            jump("jump-forward-in", rank::JUMP, "forward", "mx-forward", "in-interface-list"),
            jump("jump-forward-out", rank::JUMP + 1, "forward", "mx-forward", "out-interface-list"),
            jump("jump-input", rank::JUMP, "input", "mx-input", "in-interface-list"),
        ]);
        rows
    }

    pub(super) fn dns(&self) -> [Row; 2] {
        let object = format!("{SHARED}-dns");
        let rule = |protocol: &str, position| {
            let fields = [
                ("chain", "mx-input"),
                ("action", "accept"),
                ("in-interface-list", DNS),
                ("protocol", protocol),
                ("dst-port", "53"),
            ];
            self.rule(&object, &format!("input-{protocol}"), position, &fields)
        };
        [rule("udp", 4), rule("tcp", 5)]
    }
}
