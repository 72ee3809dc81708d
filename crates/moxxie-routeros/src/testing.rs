//! Helpers of this crate's tests: small intents, a router as a model of rows, and what it would do with a
//! command.

use std::collections::BTreeMap;

use moxxie_core::{
    DomainId, NetworkId, TenantId,
    device::{DeviceIntent, DhcpIntent, NetworkIntent},
    encapsulation::{Encapsulation, Tpid},
    id::uuid_v7,
    plan::{Action, Command, Plan},
    profile::Profile,
    vlan::VlanId,
};

use crate::{
    Binding, DeviceState, RouterFacts, StateRow, Version,
    anchor::place,
    diff::value_of,
    find::Index,
    menu::{MENUS, path},
    value::same,
};

pub(crate) fn facts() -> RouterFacts {
    RouterFacts {
        version: Version::new(7, 22, 3),
        version_text: "7.22.3 (stable)".into(),
        board: "CHR".into(),
        serial: "serial-1".into(),
        identity: "r1".into(),
    }
}

pub(crate) fn binding() -> Binding {
    Binding {
        install: "ab12".into(),
        trunk: "ether2".into(),
        anchor: "moxxie-anchor".into(),
        address: None,
        management: Vec::new(),
    }
}

pub(crate) fn vlan(id: i64) -> VlanId {
    VlanId::new(id).unwrap()
}

pub(crate) fn network_id(n: u8) -> NetworkId {
    NetworkId::new(uuid_v7(1, [n; 10]))
}

pub(crate) fn tenant_id(n: u8) -> TenantId {
    TenantId::new(uuid_v7(1, [0xa0 + n; 10]))
}

/// Network `n` of tenant 1 on a plain trunk: VLAN 100+n, 10.1.n.0/24, with DHCP.
pub(crate) fn network(n: u8, profile: &str) -> NetworkIntent {
    NetworkIntent {
        network: network_id(n),
        tenant: tenant_id(1),
        domain: DomainId::new(uuid_v7(1, [0xd0; 10])),
        tags: Encapsulation::Dot1q.stack(vlan(100 + i64::from(n))),
        gateway: format!("10.1.{n}.1/24").parse().unwrap(),
        second: None,
        dns6: Vec::new(),
        profile: profile.parse().unwrap(),
        dhcp: Some(DhcpIntent {
            range: (format!("10.1.{n}.100").parse().unwrap(), format!("10.1.{n}.200").parse().unwrap()),
            dns: vec!["9.9.9.9".parse().unwrap()],
            lease_s: 600,
        }),
        label: format!("acme/n{n}"),
    }
}

/// The same network with 2001:db8:n::/64 beside, and the router as its DNS server there.
pub(crate) fn dual(n: u8, profile: &str) -> NetworkIntent {
    NetworkIntent {
        second: Some(format!("2001:db8:{n}::1/64").parse().unwrap()),
        dns6: vec![format!("2001:db8:{n}::1").parse().unwrap()],
        ..stacked(n, profile)
    }
}

/// IPv6 alone: 2001:db8:n::/80 on a plain trunk.
pub(crate) fn six(n: u8, profile: &str) -> NetworkIntent {
    NetworkIntent {
        gateway: format!("2001:db8:{n}::1/80").parse().unwrap(),
        dhcp: None,
        ..network(n, profile)
    }
}

/// The same network inside S-VLAN 1000.
pub(crate) fn stacked(n: u8, profile: &str) -> NetworkIntent {
    let encapsulation = Encapsulation::Qinq { service_vlan: vlan(1000), tpid: Tpid::Service };
    NetworkIntent { tags: encapsulation.stack(vlan(100 + i64::from(n))), ..network(n, profile) }
}

pub(crate) fn intent(networks: &[NetworkIntent]) -> DeviceIntent {
    DeviceIntent {
        management: ["192.168.88.0/24", "2001:db8:ff::/48"].map(|prefix| prefix.parse().unwrap()).to_vec(),
        networks: networks.to_vec(),
        profiles: vec![web()],
        revisions: std::collections::BTreeMap::new(),
    }
}

/// Names of profiles that [`intent`] knows.
pub(crate) const PROFILES: [&str; 4] = ["standard", "isolated", "open", "web"];

/// A profile as a user might write it: all that rules can say.
pub(crate) fn web() -> Profile {
    serde_json::from_str(include_str!("../tests/web-profile.json")).unwrap()
}

pub(crate) fn rendered(networks: &[NetworkIntent]) -> Vec<moxxie_core::row::Row> {
    crate::render(&intent(networks), &binding(), &facts()).unwrap()
}

pub(crate) fn row(id: &str, fields: &[(&str, &str)]) -> StateRow {
    let fields: BTreeMap<_, _> =
        fields.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
    StateRow { id: id.into(), fields }
}

/// A router before moxxie: two ports, a management address, a usual firewall with anchors.
pub(crate) fn fresh_router() -> DeviceState {
    let mut state = DeviceState::empty(facts());
    let mut put = |menu: &str, rows: Vec<StateRow>| state.menus.insert(menu.into(), rows);
    put(
        path::INTERFACE,
        vec![
            row("*1", &[("name", "ether1"), ("type", "ether"), ("l2mtu", "1592")]),
            row("*2", &[("name", "ether2"), ("type", "ether"), ("l2mtu", "1592")]),
        ],
    );
    put(path::ADDRESS, vec![row("*1", &[("address", "192.168.88.1/24"), ("interface", "ether1")])]);
    put(path::LIST, vec![row("*2000010", &[("name", "all"), ("builtin", "true")])]);
    let states = "established,related,untracked";
    put(
        path::FILTER,
        vec![
            row("*1", &[("chain", "input"), ("action", "accept"), ("connection-state", states)]),
            row("*2", &[("chain", "input"), ("action", "accept"), ("protocol", "icmp")]),
            row("*3", &[("chain", "input"), ("action", "passthrough"), ("comment", "moxxie-anchor input")]),
            row("*4", &[("chain", "input"), ("action", "drop"), ("in-interface-list", "!LAN")]),
            row(
                "*5",
                &[
                    ("chain", "forward"),
                    ("action", "fasttrack-connection"),
                    ("connection-state", "established,related"),
                ],
            ),
            row("*6", &[("chain", "forward"), ("action", "accept"), ("connection-state", states)]),
            row("*7", &[("chain", "forward"), ("action", "passthrough"), ("comment", "moxxie-anchor")]),
            row("*8", &[("chain", "forward"), ("action", "accept"), ("comment", "everything else")]),
        ],
    );
    put(
        path::FILTER6,
        vec![
            row("*1", &[("chain", "input"), ("action", "accept"), ("connection-state", states)]),
            row("*2", &[("chain", "input"), ("action", "passthrough"), ("comment", "moxxie-anchor input")]),
            row("*3", &[("chain", "input"), ("action", "drop"), ("in-interface-list", "!LAN")]),
            row("*4", &[("chain", "forward"), ("action", "accept"), ("connection-state", states)]),
            row("*5", &[("chain", "forward"), ("action", "passthrough"), ("comment", "moxxie-anchor")]),
            row("*6", &[("chain", "forward"), ("action", "accept"), ("protocol", "icmpv6")]),
        ],
    );
    state
}

/// What a router would do with a command.
pub(crate) fn execute(state: &mut DeviceState, command: &Command) {
    let row = &command.row;
    let target = Index::new(state).target(row).map(|found| found.id.clone());
    match &command.action {
        Action::Add => {
            assert!(target.is_none(), "added twice: {row:?}");
            let id = 1 + state.menus.values().flatten().map(|row| number(&row.id)).max().unwrap_or(0);
            let mut new = StateRow { id: format!("*{id:X}"), ..StateRow::default() };
            for (name, value) in &row.fields {
                new.fields.insert(name.clone(), value.clone().into_bytes());
            }
            new.fields.insert("comment".into(), row.comment().into_bytes());
            let at = row.before.as_deref().map(|before| {
                let anchor = place(state, &row.menu, &row.fields["chain"], before)
                    .expect("what to place before")
                    .id
                    .clone();
                state.rows(&row.menu).iter().position(|row| row.id == anchor).unwrap()
            });
            if row.menu == path::VLAN {
                let interface =
                    crate::testing::row(&new.id, &[("name", &row.fields["name"]), ("type", "vlan")]);
                state.menus.entry(path::INTERFACE.into()).or_default().push(interface);
            }
            let rows = state.menus.entry(row.menu.clone()).or_default();
            rows.insert(at.unwrap_or(rows.len()), new);
        }
        Action::Set { before } => {
            let id = target.expect("a row to set");
            let rows = state.menus.get_mut(&row.menu).unwrap();
            let found = rows.iter_mut().find(|row| row.id == id).unwrap();
            for name in before.keys() {
                match value_of(row, name) {
                    Some(value) => found.fields.insert(name.clone(), value.into_bytes()),
                    None => found.fields.remove(name),
                };
            }
        }
        Action::Remove => {
            let id = target.expect("a row to remove");
            let mirrors =
                if row.menu == path::VLAN { &[path::VLAN, path::INTERFACE][..] } else { &[&*row.menu] };
            for menu in mirrors {
                state.menus.get_mut(*menu).unwrap().retain(|row| row.id != id);
            }
        }
    }
}

fn number(id: &str) -> u64 {
    u64::from_str_radix(id.trim_start_matches('*'), 16).unwrap()
}

/// Executes a whole plan, the commands of each wave from the last to the first: their order has no meaning.
pub(crate) fn execute_all(state: &mut DeviceState, plan: &Plan) {
    for wave in plan.waves() {
        for &command in wave.iter().rev() {
            execute(state, &plan.commands[command]);
        }
    }
}

/// The state as text without ids: rules in their order, other rows sorted, defaults left out.
pub(crate) fn shown(state: &DeviceState) -> String {
    text(state, false)
}

/// The same with rules in the order of their chain only: how chains lie among each other has no meaning.
pub(crate) fn shown_by_chain(state: &DeviceState) -> String {
    text(state, true)
}

fn text(state: &DeviceState, by_chain: bool) -> String {
    let mut text = String::new();
    for menu in MENUS {
        let mut rows: Vec<_> = state
            .rows(menu.path)
            .iter()
            .map(|row| {
                let is_default = |name: &str, value: &str| {
                    let field = menu.field(name);
                    field.is_some_and(|f| f.default.is_some_and(|default| same(f.kind, default, value)))
                        || (name == "disabled" && value == "no")
                };
                let fields = row.fields.keys().map(|name| (name, row.text(name).unwrap().into_owned()));
                fields
                    .filter(|(name, value)| !is_default(name, value))
                    .map(|(n, v)| format!(" {n}={v}"))
                    .collect::<String>()
            })
            .collect();
        if menu.ordered && by_chain {
            rows.sort_by_key(|row| row.split(' ').find(|word| word.starts_with("chain=")).map(str::to_owned));
        } else if !menu.ordered {
            rows.sort();
        }
        rows.iter().for_each(|row| text.push_str(&format!("{}{row}\n", menu.path)));
    }
    text
}
