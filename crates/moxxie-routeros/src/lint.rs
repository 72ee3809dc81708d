//! What a plan must not do to what is not its own: cut the way by which the router is managed, or take away
//! what rules and routes of others refer to.

use std::net::IpAddr;

use ipnet::IpNet;
use moxxie_core::{plan::Action, prefix::overlap, row::Row};

use crate::{
    Binding, DeviceState, Refusal, StateRow,
    menu::{MENUS, path},
    value::net,
};

/// Fields by which rows of any menu refer to an interface, a list or a pool by its name. `!` in front of it
/// negates some.
const REFERRING: [&str; 6] =
    ["interface", "in-interface", "out-interface", "in-interface-list", "out-interface-list", "address-pool"];

/// Menus whose rows are referred to by name.
const NAMED: [&str; 3] = [path::VLAN, path::LIST, path::POOL];

const ADDRESSES: [&str; 2] = [path::ADDRESS, path::ADDRESS6];

/// Refuses to take the router's management address away, and to draw the way back to who manages it into a
/// network.
pub(crate) fn management<'a>(
    commands: impl Iterator<Item = (&'a Action, &'a Row)>,
    binding: &Binding,
) -> Result<(), Refusal> {
    for (action, row) in commands.filter(|(_, row)| ADDRESSES.contains(&row.menu.as_str())) {
        let Some(address) = row.fields.get("address").and_then(|text| net(text)) else { continue };
        let cut = |why: String| {
            let row = format!("{} {}", row.menu, crate::diff::words(row));
            Err(Refusal::CutsManagement { row, why })
        };
        match action {
            Action::Remove if Some(address.addr()) == binding.address => {
                return cut(format!("moxxie reaches the router at {}", address.addr()));
            }
            Action::Remove => {}
            // A connected route is preferred to every other of its length, and a longer one to all shorter.
            Action::Add | Action::Set { .. } => {
                let drawn = |prefix: &&IpNet| overlap(prefix, &address.trunc());
                if let Some(prefix) = binding.management.iter().find(drawn) {
                    return cut(format!(
                        "answers to the management prefix {prefix} would go into the network"
                    ));
                }
            }
        }
    }
    Ok(())
}

/// Refuses to take away what rows of others refer to: RouterOS lets go of it and leaves them without.
pub(crate) fn references<'a>(
    gone: impl Iterator<Item = &'a Row>,
    state: &DeviceState,
    binding: &Binding,
) -> Result<(), Refusal> {
    let (mut names, mut nets) = (Vec::new(), Vec::new());
    for row in gone {
        if NAMED.contains(&row.menu.as_str()) {
            names.extend(row.fields.get("name").map(String::as_str));
        } else if ADDRESSES.contains(&row.menu.as_str()) {
            nets.extend(row.fields.get("address").and_then(|text| net(text)).map(|net| net.trunc()));
        }
    }
    if names.is_empty() && nets.is_empty() {
        return Ok(());
    }
    let is_ours = |row: &StateRow| row.mark().is_some_and(|mark| mark.install == binding.install);
    let foreign = |menu: &str| {
        state.rows(menu).iter().filter(|row| !row.is_dynamic() && !is_ours(row)).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for menu in MENUS.iter().map(|menu| menu.path) {
        for row in foreign(menu) {
            let mut refers = REFERRING.iter().filter_map(|field| row.text(field));
            if let Some(name) = refers.find_map(|value| {
                let value = value.strip_prefix('!').unwrap_or(&value);
                names.iter().find(|name| **name == value)
            }) {
                found.push(format!("{menu} [{}] refers to {name}", row.describe(menu)));
            }
        }
    }
    for menu in [path::ROUTE, path::ROUTE6] {
        for row in foreign(menu) {
            let gateways = row.text("gateway").unwrap_or_default().into_owned();
            if let Some(gateway) = gateways.split(',').find(|gateway| leads_into(gateway, &names, &nets)) {
                let to = row.text("dst-address").unwrap_or_default().into_owned();
                found.push(format!(
                    "{menu} [{} dst-address={to} gateway={gateway}] leads into the network",
                    row.id
                ));
            }
        }
    }
    if found.is_empty() { Ok(()) } else { Err(Refusal::Referred(found)) }
}

/// Whether a gateway (`10.0.0.2`, `ether1`, `10.0.0.2%ether1`, each with `@vrf`) is one of these interfaces or
/// lies in one of these networks.
fn leads_into(gateway: &str, names: &[&str], nets: &[IpNet]) -> bool {
    let gateway = gateway.split('@').next().unwrap_or_default();
    gateway.split('%').any(|part| {
        names.contains(&part)
            || part.parse::<IpAddr>().is_ok_and(|address| nets.iter().any(|net| net.contains(&address)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gateways_in_all_their_forms() {
        let nets = ["10.0.0.0/24".parse().unwrap()];
        let leads = |gateway| leads_into(gateway, &["mx-1"], &nets);
        for gateway in ["mx-1", "10.0.0.7", "10.0.0.7%mx-1", "10.9.9.9%mx-1", "mx-1@blue", "10.0.0.7@main"] {
            assert!(leads(gateway), "{gateway}");
        }
        for gateway in ["", "ether1", "10.0.1.7", "mx-12", "10.0.1.7%ether1", "fe80::1%ether1"] {
            assert!(!leads(gateway), "{gateway}");
        }
    }
}
