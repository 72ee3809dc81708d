//! The schema as data: what `routeros-emulator schema` prints.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::command::lone_commands;
use crate::schema::{Access, CompiledMenu, schema_for};
use crate::version::Version;

/// A menu as one version has it.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct MenuDescription {
    /// `list` or `singleton`; `directory` for a place that has commands and no rows.
    pub kind: &'static str,
    /// Rows have a sequence.
    pub ordered: bool,
    /// Only on hardware.
    pub hardware: bool,
    /// Commands and the arguments each takes beyond the fields.
    pub commands: BTreeMap<&'static str, ArgumentNames>,
    /// Fields by name.
    pub fields: BTreeMap<&'static str, FieldDescription>,
    /// Sets of fields that no two rows share.
    pub unique: Vec<&'static [&'static str]>,
}

/// Names of a command's arguments.
pub type ArgumentNames = Vec<&'static str>;

/// A field of a menu.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FieldDescription {
    /// Readable name of the type.
    pub r#type: String,
    /// What a new row gets.
    pub default: Option<&'static str>,
    /// `write`, `add-only`, `set-only` or `read`.
    pub access: &'static str,
    /// Must be given on add.
    pub mandatory: bool,
    /// Can be unset.
    pub unset: bool,
    /// Words of the enumeration, or taken in place of a reference.
    pub values: &'static [&'static str],
    /// Menus whose rows it may name.
    pub references: &'static [&'static str],
}

/// All menus of a version by path, and the places of commands that belong to none (those of the root are left out).
///
/// ```
/// let menus = routeros_emulator::describe("7.22".parse()?);
/// let vlan = &menus["/interface/vlan"];
/// assert!(vlan.fields["vlan-id"].mandatory);
/// assert_eq!(menus["/system/identity"].kind, "singleton");
/// # Ok::<(), routeros_emulator::UnknownVersion>(())
/// ```
pub fn describe(version: Version) -> BTreeMap<&'static str, MenuDescription> {
    let schema = schema_for(version, true);
    let menus = schema.menus.iter().filter(|(path, _)| !path.contains("/."));
    let mut described: BTreeMap<_, _> = menus.map(|(path, menu)| (*path, describe_menu(menu))).collect();
    for (path, command, arguments) in lone_commands(version.minor()) {
        let place = described.entry(path).or_insert_with(|| MenuDescription {
            kind: "directory",
            ordered: false,
            hardware: false,
            commands: BTreeMap::new(),
            fields: BTreeMap::new(),
            unique: Vec::new(),
        });
        place.commands.insert(command, arguments);
    }
    described
}

fn describe_menu(menu: &CompiledMenu) -> MenuDescription {
    let fields = menu.fields().iter().map(|field| {
        let access = match field.access {
            Access::Write => "write",
            Access::AddOnly => "add-only",
            Access::SetOnly => "set-only",
            Access::Read => "read",
        };
        let described = FieldDescription {
            r#type: field.ty.label(),
            default: field.default,
            access,
            mandatory: field.mandatory,
            unset: field.unset,
            values: field.ty.enumeration(),
            references: field.ty.references(),
        };
        (field.name, described)
    });
    MenuDescription {
        kind: if menu.is_list() { "list" } else { "singleton" },
        ordered: menu.menu.ordered,
        hardware: menu.menu.hardware,
        commands: menu
            .commands
            .iter()
            .map(|command| (*command, menu.extra(command).map(<[_]>::to_vec).unwrap_or_default()))
            .collect(),
        fields: fields.collect(),
        unique: menu.menu.unique.iter().map(|unique| unique.fields).collect(),
    }
}
