//! Bridge ports and VLANs.

use std::collections::BTreeMap;

use super::{DYNAMIC_ID, computed, has_dead_reference};
use crate::schema::CompiledMenu;
use crate::state::{Router, Row};
use crate::value::{Names, Value};

pub(super) fn field(router: &Router, menu: &CompiledMenu, row: &Row, name: &str) -> Option<Value> {
    match (menu.path(), name) {
        (_, "inactive") => Some(Value::bool(has_dead_reference(router, row) || !router.enabled(row))),
        (_, "hw-offload") => Some(Value::bool(false)),
        (_, "current-tagged") => Some(members(router, row, "tagged")),
        (_, "current-untagged") => Some(members(router, row, "untagged")),
        _ => None,
    }
}

fn members(router: &Router, row: &Row, field: &str) -> Value {
    match router.value_of(row, field) {
        Some(value) if router.enabled(row) => value.clone(),
        _ => Value::fixed(""),
    }
}

/// Rows that ports and VLAN interfaces bring about.
pub(super) fn dynamic_rows(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let mut rows = pvid_rows(router, menu);
    vlan_rows(router, menu, &mut rows);
    rows
}

fn filters(router: &Router, bridge: u32) -> bool {
    router
        .row("/interface", bridge)
        .and_then(|bridge| router.value_of(bridge, "vlan-filtering"))
        .is_some_and(Value::is_true)
}

/// Whether a written row of this bridge lists the VLAN.
fn is_written(router: &Router, menu: &CompiledMenu, bridge: u32, vlan: &str) -> bool {
    let Ok(vlan) = vlan.parse::<u16>() else { return false };
    router.stored(menu).any(|row| {
        router.value_of(row, "bridge").and_then(Value::target) == Some(("/interface", bridge))
            && router.value_of(row, "vlan-ids").and_then(Value::as_str).is_some_and(|ids| {
                ids.split(',').any(|range| {
                    let (low, high) = range.split_once('-').unwrap_or((range, range));
                    matches!((low.parse::<u16>(), high.parse::<u16>()), (Ok(low), Ok(high)) if (low..=high).contains(&vlan))
                })
            })
    })
}

/// A VLAN interface on a filtering bridge makes the bridge a tagged member (reference 4).
fn vlan_rows(router: &Router, menu: &CompiledMenu, rows: &mut Vec<Row>) {
    let Some(vlans) = router.menu("/interface/vlan") else { return };
    let mut seen = std::collections::BTreeSet::new();
    for vlan in router.stored(&vlans).filter(|vlan| router.enabled(vlan)) {
        let on = router.value_of(vlan, "interface").and_then(Value::target).map(|(_, id)| id);
        let Some(bridge) = on.filter(|id| filters(router, *id)) else { continue };
        let id = router.value_of(vlan, "vlan-id").and_then(Value::as_str).unwrap_or_default().to_owned();
        if is_written(router, menu, bridge, &id) || !seen.insert((bridge, id.clone())) {
            continue;
        }
        let name = router.name_of("/interface", bridge).unwrap_or_default();
        let name = String::from_utf8_lossy(name).into_owned();
        rows.push(dynamic(menu, rows.len(), bridge, id, name, String::new(), "added by vlan on bridge"));
    }
}

/// A port's pvid makes an untagged row, unless one is written down (reference 4).
fn pvid_rows(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let Some(ports) = router.menu("/interface/bridge/port") else { return Vec::new() };
    let mut untagged: BTreeMap<(u32, String), Vec<String>> = BTreeMap::new();
    for port in router.stored(&ports).filter(|port| router.enabled(port)) {
        let bridge = router.value_of(port, "bridge").and_then(Value::target);
        let Some((_, bridge)) = bridge.filter(|(space, id)| router.exists(space, *id)) else { continue };
        let filtering = filters(router, bridge);
        let (true, Some(pvid)) = (filtering, router.value_of(port, "pvid").and_then(Value::as_str)) else {
            continue;
        };
        let name = router
            .value_of(port, "interface")
            .and_then(Value::target)
            .and_then(|(space, id)| router.name_of(space, id));
        let name = String::from_utf8_lossy(name.unwrap_or_default()).into_owned();
        untagged.entry((bridge, pvid.to_owned())).or_default().push(name);
    }
    let mut rows = Vec::new();
    for ((bridge, pvid), ports) in untagged {
        if !is_written(router, menu, bridge, &pvid) {
            rows.push(dynamic(
                menu,
                rows.len(),
                bridge,
                pvid,
                String::new(),
                ports.join(","),
                "added by pvid",
            ));
        }
    }
    rows
}

fn dynamic(
    menu: &CompiledMenu,
    at: usize,
    bridge: u32,
    vlan: String,
    tagged: String,
    untagged: String,
    why: &str,
) -> Row {
    let mut row = computed(
        menu,
        DYNAMIC_ID + at as u32,
        &[
            ("vlan-ids", vlan),
            ("current-untagged", untagged),
            ("current-tagged", tagged),
            ("tagged", String::new()),
            ("untagged", String::new()),
            ("mvrp-forbidden", String::new()),
            ("disabled", "false".into()),
            ("comment", why.into()),
        ],
    );
    row.dynamic = true;
    if let Some(ix) = menu.field("bridge") {
        row.put(ix, Value::row("/interface", bridge));
    }
    row
}
