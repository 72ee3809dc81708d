//! Menus of one RouterOS version, with fast look-ups.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use super::field::Field;
use super::menu::{Kind, Menu, monitor_arguments};
use crate::tables;
use crate::version::Version;

/// Position of a field in its menu.
pub(crate) type FieldIx = u16;

/// All menus of one version.
#[derive(Debug)]
pub(crate) struct Compiled {
    pub(crate) menus: BTreeMap<&'static str, Arc<CompiledMenu>>,
    /// Every path that leads to a menu, menus included: `/ip`, `/ip/address`.
    directories: BTreeSet<String>,
}

/// One menu of one version.
#[derive(Debug)]
pub(crate) struct CompiledMenu {
    pub(crate) menu: Menu,
    by_name: HashMap<&'static str, FieldIx>,
    /// Position of `name`, by which rows may be addressed.
    pub(crate) name_field: Option<FieldIx>,
    /// Commands of this menu.
    pub(crate) commands: BTreeSet<&'static str>,
}

impl CompiledMenu {
    fn new(mut menu: Menu, minor: u8) -> Self {
        menu.fields.retain(|field| field.in_version(minor));
        menu.extra.retain(|extra| {
            extra.until.is_none_or(|until| minor < until) && extra.since.is_none_or(|since| since <= minor)
        });
        for extra in menu.extra.iter_mut().filter(|extra| extra.monitor) {
            extra.arguments.extend(monitor_arguments(minor));
        }
        let by_name: HashMap<_, _> =
            menu.fields.iter().enumerate().map(|(ix, field)| (field.name, ix as FieldIx)).collect();
        let name_field = by_name.get("name").copied().filter(|_| menu.kind == Kind::List);
        let commands = commands_of(&menu, &by_name, minor);
        CompiledMenu { menu, by_name, name_field, commands }
    }

    pub(crate) fn path(&self) -> &'static str {
        self.menu.path
    }

    pub(crate) fn fields(&self) -> &[Field] {
        &self.menu.fields
    }

    pub(crate) fn field(&self, name: &str) -> Option<FieldIx> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn at(&self, ix: FieldIx) -> &Field {
        &self.menu.fields[usize::from(ix)]
    }

    pub(crate) fn is_list(&self) -> bool {
        self.menu.kind == Kind::List
    }

    pub(crate) fn extra(&self, command: &str) -> Option<&[&'static str]> {
        self.menu.extra.iter().find(|extra| extra.name == command).map(|extra| extra.arguments.as_slice())
    }

    /// Whether the command goes on with samples.
    pub(crate) fn is_monitor(&self, command: &str) -> bool {
        self.menu.extra.iter().any(|extra| extra.name == command && extra.monitor)
    }
}

fn commands_of(menu: &Menu, by_name: &HashMap<&'static str, FieldIx>, minor: u8) -> BTreeSet<&'static str> {
    let mut commands: Vec<&'static str> = vec!["print", "getall", "get", "listen"];
    let list = menu.kind == Kind::List;
    if list {
        commands.push("find");
    }
    if !menu.read_only {
        commands.extend(["set", "export"]);
        // Singletons got `reset` in 7.21, as the trees show.
        if list || minor >= 21 {
            commands.push("reset");
        }
        if menu.can_add {
            commands.push("add");
        }
        if list && by_name.contains_key("comment") {
            commands.push("comment");
        }
        if list && by_name.contains_key("disabled") {
            commands.extend(["enable", "disable"]);
        }
        if menu.ordered {
            commands.push("move");
        }
        if menu.unset_command || menu.fields.iter().any(|field| field.unset) {
            commands.push("unset");
        }
    }
    if menu.can_remove && menu.remove_since.is_none_or(|since| since <= minor) {
        commands.push("remove");
    }
    commands.retain(|command| !menu.lacking.contains(command));
    commands.extend(menu.extra.iter().map(|extra| extra.name));
    commands.into_iter().collect()
}

impl Compiled {
    fn new(version: Version, hardware: bool) -> Self {
        let minor = version.minor();
        let menus: BTreeMap<_, _> = tables::all()
            .into_iter()
            .filter(|menu| menu.in_version(minor) && (hardware || !menu.hardware))
            .map(|menu| (menu.path, Arc::new(CompiledMenu::new(menu, minor))))
            .collect();
        let mut directories = BTreeSet::new();
        for path in menus.keys() {
            let ends = path.char_indices().skip(1).filter(|(_, c)| *c == '/').map(|(at, _)| at);
            directories.extend(ends.chain([path.len()]).map(|end| path[..end].to_owned()));
        }
        Compiled { menus, directories }
    }

    pub(crate) fn menu(&self, path: &str) -> Option<&Arc<CompiledMenu>> {
        self.menus.get(path)
    }

    pub(crate) fn is_directory(&self, path: &str) -> bool {
        self.directories.contains(path)
    }
}

/// The menus of `version`; `hardware` adds those that CHR lacks. Built once per process.
pub(crate) fn schema_for(version: Version, hardware: bool) -> Arc<Compiled> {
    static BUILT: Mutex<BTreeMap<(u8, bool), Arc<Compiled>>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let entry = built.entry((version.minor(), hardware));
    entry.or_insert_with(|| Arc::new(Compiled::new(version, hardware))).clone()
}
