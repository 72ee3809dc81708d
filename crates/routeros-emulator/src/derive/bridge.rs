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

/// A port's pvid makes an untagged row, unless one is written down (reference 4).
pub(super) fn pvid_rows(router: &Router, menu: &CompiledMenu) -> Vec<Row> {
    let Some(ports) = router.menu("/interface/bridge/port") else { return Vec::new() };
    let mut untagged: BTreeMap<(u32, String), Vec<String>> = BTreeMap::new();
    for port in router.stored(&ports).filter(|port| router.enabled(port)) {
        let bridge = router.value_of(port, "bridge").and_then(Value::target);
        let Some((_, bridge)) = bridge.filter(|(space, id)| router.exists(space, *id)) else { continue };
        let filtering = router
            .row("/interface", bridge)
            .and_then(|bridge| router.value_of(bridge, "vlan-filtering"))
            .is_some_and(Value::is_true);
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
        let written = router.stored(menu).any(|row| {
            router.value_of(row, "bridge").and_then(Value::target) == Some(("/interface", bridge))
                && router.value_of(row, "vlan-ids").and_then(Value::as_str) == Some(&pvid)
        });
        if written {
            continue;
        }
        let mut row = computed(
            menu,
            DYNAMIC_ID + rows.len() as u32,
            &[
                ("vlan-ids", pvid),
                ("current-untagged", ports.join(",")),
                ("current-tagged", String::new()),
                ("tagged", String::new()),
                ("untagged", String::new()),
                ("mvrp-forbidden", String::new()),
                ("disabled", "false".into()),
                ("comment", "added by pvid".into()),
            ],
        );
        row.dynamic = true;
        if let Some(ix) = menu.field("bridge") {
            row.put(ix, Value::row("/interface", bridge));
        }
        rows.push(row);
    }
    rows
}
