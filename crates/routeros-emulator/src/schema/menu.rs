//! One menu as written down in [`crate::tables`].

use super::field::{Field, f};
use super::types::Type;
use crate::errors::ErrorId;

/// Shape of a menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Rows with ids.
    List,
    /// One row without id.
    Singleton,
}

/// Fields that no two rows of a menu may share.
#[derive(Clone, Debug)]
pub(crate) struct Unique {
    pub(crate) fields: &'static [&'static str],
    pub(crate) error: ErrorId,
    /// Whether a row without a value for every field takes part.
    pub(crate) sparse: bool,
}

/// A command beyond the ordinary ones.
#[derive(Clone, Debug)]
pub(crate) struct Extra {
    pub(crate) name: &'static str,
    /// Arguments it takes.
    pub(crate) arguments: Vec<&'static str>,
    /// It goes on with samples, and takes what all such commands take.
    pub(crate) monitor: bool,
    /// First minor that lost it.
    pub(crate) until: Option<u8>,
    /// First minor that has it, where it came later than the menu.
    pub(crate) since: Option<u8>,
}

/// One menu: a table entry.
#[derive(Clone, Debug)]
pub(crate) struct Menu {
    /// With leading slash.
    pub(crate) path: &'static str,
    pub(crate) kind: Kind,
    /// Rows have a sequence that matters; `move` and `place-before` exist.
    pub(crate) ordered: bool,
    /// Menus that share ids and names share a space: all interfaces do (reference 4).
    pub(crate) space: &'static str,
    /// What `/interface` prints as `type` for rows of this menu.
    pub(crate) interface_type: Option<&'static str>,
    pub(crate) fields: Vec<Field>,
    pub(crate) unique: Vec<Unique>,
    /// Stem of the name that a row gets when none is given: `vlan` makes `vlan1`.
    pub(crate) auto_name: Option<&'static str>,
    pub(crate) can_add: bool,
    pub(crate) can_remove: bool,
    /// First minor with `remove`, where it came later than the menu.
    pub(crate) remove_since: Option<u8>,
    /// Nothing but print.
    pub(crate) read_only: bool,
    /// Has an `unset` command (where a version range is given, from that minor).
    pub(crate) unset_command: bool,
    /// Commands beyond the ordinary ones, with the arguments they take.
    pub(crate) extra: Vec<Extra>,
    /// Ordinary commands that this menu's real tree lacks.
    pub(crate) lacking: &'static [&'static str],
    /// First minor that has the menu.
    pub(crate) since: Option<u8>,
    /// First minor that has it no more, or in another form.
    pub(crate) until: Option<u8>,
    /// Only on hardware (a RouterBOARD), not on CHR.
    pub(crate) hardware: bool,
    /// Prints rows of the whole space (`/interface`).
    pub(crate) view: bool,
    /// The policy that changing it needs beside `write`.
    pub(crate) policy: Option<&'static str>,
    /// Changes are no history entries and no part of safe mode (reference 7.1: logs, leases, caches).
    pub(crate) no_undo: bool,
}

impl Menu {
    pub(crate) fn list(path: &'static str) -> Self {
        Menu {
            path,
            kind: Kind::List,
            ordered: false,
            space: path,
            interface_type: None,
            fields: Vec::new(),
            unique: Vec::new(),
            auto_name: None,
            can_add: true,
            can_remove: true,
            remove_since: None,
            read_only: false,
            unset_command: false,
            extra: Vec::new(),
            lacking: &[],
            since: None,
            until: None,
            hardware: false,
            view: false,
            policy: None,
            no_undo: false,
        }
    }

    pub(crate) fn singleton(path: &'static str) -> Self {
        Menu { kind: Kind::Singleton, can_add: false, can_remove: false, ..Menu::list(path) }
    }

    /// A typed interface menu: rows live among all interfaces, names are unique among them.
    pub(crate) fn interface(path: &'static str, kind: &'static str, auto_name: &'static str) -> Self {
        Menu {
            space: "/interface",
            interface_type: Some(kind),
            auto_name: Some(auto_name),
            ..Menu::list(path)
        }
    }

    pub(crate) fn fields(mut self, fields: impl IntoIterator<Item = Field>) -> Self {
        self.fields.extend(fields);
        self
    }

    /// The two fields that nearly every list menu has (reference 4).
    pub(crate) fn comment_and_disabled(self) -> Self {
        self.fields([f("comment", Type::Text), f("disabled", Type::Bool).default("false")])
    }

    pub(crate) fn comment(self) -> Self {
        self.fields([f("comment", Type::Text)])
    }

    pub(crate) fn ordered(mut self) -> Self {
        self.ordered = true;
        self
    }

    pub(crate) fn unique(mut self, fields: &'static [&'static str], error: ErrorId) -> Self {
        self.unique.push(Unique { fields, error, sparse: false });
        self
    }

    /// Like [`Menu::unique`], for rows that have a value for each of the fields.
    pub(crate) fn unique_when_set(mut self, fields: &'static [&'static str], error: ErrorId) -> Self {
        self.unique.push(Unique { fields, error, sparse: true });
        self
    }

    pub(crate) fn auto_name(mut self, stem: &'static str) -> Self {
        self.auto_name = Some(stem);
        self
    }

    /// Rows are there from the start: no `add`, no `remove`.
    pub(crate) fn fixed_rows(mut self) -> Self {
        self.can_add = false;
        self.can_remove = false;
        self
    }

    pub(crate) fn read_only(mut self) -> Self {
        self.read_only = true;
        self.fixed_rows()
    }

    /// `remove` works although rows cannot be added by hand.
    pub(crate) fn removable(mut self) -> Self {
        self.can_remove = true;
        self
    }

    pub(crate) fn removable_since(mut self, minor: u8) -> Self {
        self.remove_since = Some(minor);
        self.removable()
    }

    pub(crate) fn unset_command(mut self) -> Self {
        self.unset_command = true;
        self
    }

    pub(crate) fn command(self, name: &'static str, arguments: &'static [&'static str]) -> Self {
        self.extra(name, arguments, |_| {})
    }

    /// A command that goes on with samples.
    pub(crate) fn monitor(self, name: &'static str, arguments: &'static [&'static str]) -> Self {
        self.extra(name, arguments, |extra| extra.monitor = true)
    }

    /// The same, as a later version has it.
    pub(crate) fn monitor_since(
        self,
        minor: u8,
        name: &'static str,
        arguments: &'static [&'static str],
    ) -> Self {
        self.extra(name, arguments, |extra| {
            extra.monitor = true;
            extra.since = Some(minor);
        })
    }

    /// A command that a later version lost.
    pub(crate) fn command_until(
        self,
        minor: u8,
        name: &'static str,
        arguments: &'static [&'static str],
    ) -> Self {
        self.extra(name, arguments, |extra| extra.until = Some(minor))
    }

    /// A command as a later version has it.
    pub(crate) fn command_since(
        self,
        minor: u8,
        name: &'static str,
        arguments: &'static [&'static str],
    ) -> Self {
        self.extra(name, arguments, |extra| extra.since = Some(minor))
    }

    fn extra(mut self, name: &'static str, arguments: &[&'static str], set: impl FnOnce(&mut Extra)) -> Self {
        let mut extra =
            Extra { name, arguments: arguments.to_vec(), monitor: false, until: None, since: None };
        set(&mut extra);
        self.extra.push(extra);
        self
    }

    pub(crate) fn lacking(mut self, commands: &'static [&'static str]) -> Self {
        self.lacking = commands;
        self
    }

    pub(crate) fn since(mut self, minor: u8) -> Self {
        self.since = Some(minor);
        self
    }

    pub(crate) fn until(mut self, minor: u8) -> Self {
        self.until = Some(minor);
        self
    }

    pub(crate) fn hardware(mut self) -> Self {
        self.hardware = true;
        self
    }

    pub(crate) fn view_of_space(mut self, space: &'static str) -> Self {
        self.space = space;
        self.view = true;
        self.fixed_rows()
    }

    pub(crate) fn policy(mut self, policy: &'static str) -> Self {
        self.policy = Some(policy);
        self
    }

    pub(crate) fn no_undo(mut self) -> Self {
        self.no_undo = true;
        self
    }

    pub(crate) fn in_version(&self, minor: u8) -> bool {
        self.since.is_none_or(|since| since <= minor) && self.until.is_none_or(|until| minor < until)
    }
}

/// Arguments of every command that goes on, as the versions have them.
pub(crate) fn monitor_arguments(minor: u8) -> Vec<&'static str> {
    let mut names = vec![".proplist", "append", "as-value", "do", "duration", "file", "interval", "once"];
    names.push("without-paging");
    if minor >= 19 {
        names.push("proplist");
    }
    if minor >= 21 {
        names.push("freeze-frame-interval");
    }
    names
}
