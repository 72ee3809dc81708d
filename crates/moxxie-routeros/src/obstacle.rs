//! Obstacles: rows of somebody else where ours should go.

use std::collections::HashSet;

use moxxie_core::{plan::Obstacle, prefix::overlap, row::Row};

use crate::{
    Binding, DeviceState, Refusal, StateRow,
    find::{Index, field_is, has_key},
    menu::{Collision, Menu, menu, path},
    value::net,
};

/// Bytes of a full IP packet on Ethernet, and of one VLAN tag (IEEE 802.1Q, clause 9.3).
const PACKET: u32 = 1500;
const TAG: u32 = 4;

/// Checks that the trunk exists and that frames fit.
pub(crate) fn check_trunk(wanted: &[&Row], state: &DeviceState, binding: &Binding) -> Result<(), Refusal> {
    let vlans: Vec<&Row> = wanted.iter().copied().filter(|row| row.menu == path::VLAN).collect();
    let parent = |row: &Row| row.fields.get("interface").cloned();
    if !vlans.iter().any(|row| parent(row).as_ref() == Some(&binding.trunk)) {
        return Ok(());
    }
    let rows = state.rows(path::INTERFACE);
    let trunk = rows.iter().find(|row| row.text("name").as_deref() == Some(binding.trunk.as_str()));
    let Some(trunk) = trunk else { return Err(Refusal::NoInterface { name: binding.trunk.clone() }) };
    // A VLAN interface's l2mtu is its parent's minus 4 (manual, MTU): two levels need 1508 on the trunk.
    let tags = if vlans.iter().any(|row| parent(row).as_ref() != Some(&binding.trunk)) { 2 } else { 1 };
    let needed = PACKET + TAG * tags;
    match trunk.text("l2mtu").and_then(|text| text.parse::<u32>().ok()) {
        Some(l2mtu) if l2mtu < needed => {
            Err(Refusal::Mtu { interface: binding.trunk.clone(), l2mtu, tags, needed })
        }
        // Virtual ports may not tell; nothing to go by.
        _ => Ok(()),
    }
}

/// What stands in the way of the rows that would be made, and what is where only our rows should be.
///
/// `leaving` are ids of rows that the same plan removes first.
pub(crate) fn obstacles(
    making: &[&Row],
    scope: &[&Row],
    state: &DeviceState,
    index: &Index<'_>,
    leaving: &HashSet<String>,
    binding: &Binding,
) -> Vec<Obstacle> {
    let mut obstacles: Vec<Obstacle> = Vec::new();
    let mut add = |path: &str, collides: &str, found: &StateRow, wanted: &Row| {
        let obstacle = Obstacle {
            menu: path.to_owned(),
            collides: collides.to_owned(),
            found: found.describe(path),
            wanted: crate::diff::words(wanted),
            mark: found.mark(),
        };
        if !obstacles.contains(&obstacle) {
            obstacles.push(obstacle);
        }
    };
    for row in making {
        let Some(menu) = menu(&row.menu) else { continue };
        let own = index.target(row).map(|found| found.id.as_str());
        let others = |path: &str| {
            let rows = state.rows(path).iter();
            rows.filter(|found| Some(found.id.as_str()) != own && !leaving.contains(&found.id))
        };
        if !menu.ordered {
            for found in others(menu.path).filter(|found| has_key(menu, row, found)) {
                add(menu.path, &menu.key.join(" and "), found, row);
            }
        }
        for collision in menu.collisions {
            match collision {
                Collision::InterfaceName => {
                    let same = |found: &&StateRow| field_is(menu, "name", field(row, "name"), found);
                    // /interface and the typed menus share ids, so what was told above is not told twice.
                    let told: HashSet<_> = others(menu.path).filter(same).map(|found| &found.id).collect();
                    for found in
                        others(path::INTERFACE).filter(same).filter(|found| !told.contains(&found.id))
                    {
                        add(path::INTERFACE, "name", found, row);
                    }
                }
                Collision::Fields(words, names) => {
                    let same = |found: &&StateRow| collides(menu, row, names, found);
                    for found in others(menu.path).filter(same).filter(|found| !has_key(menu, row, found)) {
                        add(menu.path, words, found, row);
                    }
                }
                Collision::Prefix => {
                    let wanted = field(row, "address").and_then(net);
                    for found in others(menu.path).filter(|found| !has_key(menu, row, found)) {
                        let other = found.text("address").as_deref().and_then(net);
                        if let (Some(wanted), Some(other)) = (wanted, other)
                            && overlap(&wanted.trunc(), &other.trunc())
                        {
                            let same = wanted.addr() == other.addr();
                            add(menu.path, if same { "address" } else { "prefix that overlaps" }, found, row);
                        }
                    }
                }
            }
        }
    }
    for (path, found, wanted) in strangers(scope, state, binding) {
        add(path, "a list or chain that only moxxie fills", found, wanted);
    }
    obstacles
}

fn field<'a>(row: &'a Row, name: &str) -> Option<&'a str> {
    row.fields.get(name).map(String::as_str)
}

fn collides(menu: &Menu, row: &Row, names: &[&str], found: &StateRow) -> bool {
    names.iter().all(|name| field_is(menu, name, field(row, name), found))
}

/// Rows without our mark in our lists and chains: a stranger in `mx-mgmt` may reach every network.
fn strangers<'a>(
    scope: &[&'a Row],
    state: &'a DeviceState,
    binding: &Binding,
) -> Vec<(&'static str, &'a StateRow, &'a Row)> {
    // What a row of ours refers to or belongs to, by menu. Address lists need no row of their own to exist.
    const GROUPS: [(&str, &str, &str, &str); 9] = [
        (path::MEMBER, "list", path::MEMBER, "list"),
        (path::ADDRESS_LIST, "list", path::ADDRESS_LIST, "list"),
        (path::FILTER, "src-address-list", path::ADDRESS_LIST, "list"),
        (path::FILTER, "dst-address-list", path::ADDRESS_LIST, "list"),
        (path::FILTER, "chain", path::FILTER, "chain"),
        (path::ADDRESS_LIST6, "list", path::ADDRESS_LIST6, "list"),
        (path::FILTER6, "src-address-list", path::ADDRESS_LIST6, "list"),
        (path::FILTER6, "dst-address-list", path::ADDRESS_LIST6, "list"),
        (path::FILTER6, "chain", path::FILTER6, "chain"),
    ];
    let is_ours = |found: &StateRow| found.mark().is_some_and(|mark| mark.install == binding.install);
    let mut strangers = Vec::new();
    let mut seen = HashSet::new();
    for (from, field_of_ours, path, group) in GROUPS {
        for row in scope.iter().filter(|row| row.menu == from) {
            let name = field(row, field_of_ours).filter(|name| name.starts_with("mx-"));
            let Some(name) = name.filter(|name| seen.insert((path, *name))) else { continue };
            let in_group = |found: &&StateRow| found.text(group).as_deref() == Some(name);
            let rows = state.rows(path).iter().filter(in_group).filter(|found| !is_ours(found));
            strangers.extend(rows.map(|found| (path, found, *row)));
        }
    }
    strangers
}
