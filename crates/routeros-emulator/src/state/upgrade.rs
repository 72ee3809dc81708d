//! Another version in place: configuration stays, under the names of the new one (reference 5).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::backup::Saved;
use super::defaults::fresh;
use super::router::Router;
use super::row::Row;
use super::space::Space;
use crate::schema::{Access, Compiled, CompiledMenu, schema_for};
use crate::value::{Value, parse_default, show};
use crate::version::Version;

/// First minor with the new name, menu, old name, new name.
const RENAMES: &[(u8, &str, &str, &str)] = &[
    (19, "/routing/bgp/connection", "address-families", "afi"),
    (19, "/routing/bgp/template", "address-families", "afi"),
    (20, "/interface/vxlan", "vrf", "vtep-vrf"),
    (22, "/routing/bgp/connection", "add-path-out", "output.add-path"),
    (22, "/routing/bgp/template", "add-path-out", "output.add-path"),
];

/// What 7.20 moved from connections and templates to instances.
const MOVED: &[(&str, &str)] = &[
    ("as", "as"),
    ("router-id", "router-id"),
    ("cluster-id", "cluster-id"),
    ("input.ignore-as-path-len", "ignore-as-path-len"),
];

impl Router {
    /// Everything stored becomes what `version` makes of it. Sessions and history must be gone.
    pub(crate) fn upgrade(&mut self, version: Version) {
        let old = self.schema.clone();
        let instances = self.instances_for_connections(version);
        self.settings.version = version;
        self.schema = schema_for(version, !self.is_chr());
        self.migrate(&old);
        for (connection, values) in instances {
            self.give_instance(connection, &values);
        }
        if let Some(menu) = self.menu("/system/package") {
            let rows: Vec<Row> = self.stored(&menu).cloned().collect();
            for mut row in rows {
                if let Some(ix) = menu.field("version") {
                    row.put(ix, Value::fixed(version.number()));
                }
                self.replace(&menu, row);
            }
        }
        self.discard_pending();
    }

    /// Rows written under the schema `old`, as the present one has them.
    fn migrate(&mut self, old: &Compiled) {
        let schema = self.schema.clone();
        for (name, space) in std::mem::take(&mut self.spaces) {
            let mut moved = Space::beginning_after(space.last_id());
            for row in space.into_rows() {
                let (Some(from), Some(to)) = (old.menu(row.menu), schema.menu(row.menu)) else { continue };
                moved.insert(to, self.moved(from, to, &row), None);
            }
            self.spaces.insert(name, moved);
        }
        for menu in schema.menus.values() {
            let lacks = menu.menu.kind == crate::schema::Kind::Singleton
                && !menu.menu.read_only
                && self.single(menu.path()).is_none();
            if lacks {
                self.insert(menu, fresh(menu), None);
            }
        }
        self.discard_pending();
    }

    fn moved(&self, from: &CompiledMenu, to: &CompiledMenu, row: &Row) -> Row {
        let mut moved = Row::new(to.path());
        (moved.id, moved.dynamic, moved.builtin) = (row.id, row.dynamic, row.builtin);
        for (ix, field) in to.fields().iter().enumerate() {
            // New fields begin with their defaults.
            let known =
                from.field(field.name).is_some() || from.field(other_name(to.path(), field.name)).is_some();
            if let (false, Some(default), true) = (known, field.default, field.access != Access::Read) {
                moved.put(ix as u16, parse_default(&field.ty, default));
            }
        }
        for (ix, value) in row.values() {
            let name = from.at(ix).name;
            let target = to.field(name).map(|ix| (ix, value.clone()));
            let renamed = || {
                let ix = to.field(other_name(to.path(), name))?;
                Some((ix, converted(name, value)?))
            };
            if let Some((ix, value)) = target.or_else(renamed) {
                moved.put(ix, value);
            }
        }
        moved
    }

    /// What every connection of a version without instances says that 7.20 keeps in one.
    fn instances_for_connections(&self, version: Version) -> Vec<(u32, BTreeMap<&'static str, String>)> {
        let Some(menu) =
            self.menu("/routing/bgp/connection").filter(|_| self.minor() < 20 && version.minor() >= 20)
        else {
            return Vec::new();
        };
        let said = |row: &Row| {
            let config = self.bgp_config(row);
            let values = MOVED.iter().filter_map(|(from, to)| {
                let value = config.iter().find_map(|row| self.value_of(row, from))?;
                Some((*to, String::from_utf8_lossy(&show(value, self)).into_owned()))
            });
            (row.id, values.collect())
        };
        self.stored(&menu).map(said).collect()
    }

    /// Connections that say the same share an instance (assumption `upgrade-instances`).
    fn give_instance(&mut self, connection: u32, values: &BTreeMap<&'static str, String>) {
        let (Some(instances), Some(connections)) =
            (self.menu("/routing/bgp/instance"), self.menu("/routing/bgp/connection"))
        else {
            return;
        };
        let says = |row: &Row| {
            MOVED.iter().all(|(_, field)| {
                let value = instances.field(field).and_then(|ix| row.get(ix)).and_then(Value::as_str);
                value == values.get(field).map(String::as_str)
            })
        };
        let id = self.stored(&instances).find(|row| says(row)).map(|row| row.id);
        let id = id.unwrap_or_else(|| {
            let mut row = fresh(&instances);
            let name = format!("bgp-instance-{}", self.stored(&instances).count() + 1);
            for (field, value) in values.iter().map(|(field, value)| (*field, value)).chain([("name", &name)])
            {
                if let Some(ix) = instances.field(field) {
                    row.put(ix, Value::text(value.clone()));
                }
            }
            self.insert(&instances, row, None)
        });
        if let (Some(mut row), Some(ix)) =
            (self.row(connections.path(), connection).cloned(), connections.field("instance"))
        {
            row.put(ix, Value::row(instances.path(), id));
            self.replace(&connections, row);
        }
    }
}

/// The name before or after a rename; the same word when there is none.
fn other_name<'a>(menu: &str, name: &'a str) -> &'a str {
    RENAMES
        .iter()
        .filter(|(_, path, ..)| *path == menu)
        .find_map(|(_, _, old, new)| match name {
            _ if name == *old => Some(*new),
            _ if name == *new => Some(*old),
            _ => None,
        })
        .unwrap_or(name)
}

/// A value under its other name. `add-path-out` knew all or none where its successor lists families.
fn converted(old: &str, value: &Value) -> Option<Value> {
    match (old, value.as_str()) {
        ("add-path-out", Some("all")) => Some(Value::fixed("ip,ipv6")),
        ("add-path-out", _) => None,
        ("output.add-path", _) => Some(Value::fixed("all")),
        _ => Some(value.clone()),
    }
}

/// What a reboot brings besides itself.
#[derive(Clone, Debug)]
pub(crate) enum NextBoot {
    Upgrade(Version),
    Restore(Arc<Saved>),
}
