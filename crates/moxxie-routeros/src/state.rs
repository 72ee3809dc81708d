//! Device state: what a router showed in one read.

use std::{borrow::Cow, collections::BTreeMap};

use moxxie_core::row::Mark;
use serde::{Deserialize, Serialize};

use crate::{
    RouterFacts,
    menu::{MENUS, menu},
};

/// One row as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct StateRow {
    /// The device's id, `*1A`: stable for the row's life and meaningless elsewhere.
    pub id: String,
    /// The fields, as bytes: comments may be in any code page.
    pub fields: BTreeMap<String, Vec<u8>>,
}

impl From<&routeros_client::Row> for StateRow {
    fn from(row: &routeros_client::Row) -> Self {
        let mut read = Self::default();
        for (name, value) in row.iter() {
            match name {
                b".id" => read.id = String::from_utf8_lossy(value).into_owned(),
                name => drop(read.fields.insert(String::from_utf8_lossy(name).into_owned(), value.to_vec())),
            }
        }
        read
    }
}

impl StateRow {
    /// A field as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.fields.get(name).map(|bytes| String::from_utf8_lossy(bytes))
    }

    /// Whether a flag is there and true.
    #[must_use]
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.fields.get(name).map(Vec::as_slice), Some(b"true" | b"yes"))
    }

    /// Made by the router itself; cannot be changed.
    #[must_use]
    pub fn is_dynamic(&self) -> bool {
        self.flag("dynamic")
    }

    /// The comment, empty when there is none.
    #[must_use]
    pub fn comment(&self) -> Cow<'_, str> {
        self.text("comment").unwrap_or_default()
    }

    /// The ownership mark, if the comment carries one.
    #[must_use]
    pub fn mark(&self) -> Option<Mark> {
        if self.is_dynamic() { None } else { self.comment().parse().ok() }
    }

    /// The row for people: `name=x interface=y ...`, the fields moxxie manages in the order of the menu's
    /// table. Others would only hide what matters.
    #[must_use]
    pub fn describe(&self, path: &str) -> String {
        let names: Vec<&str> = match menu(path) {
            Some(menu) => menu.fields.iter().map(|field| field.name).collect(),
            None => vec!["name", "type"],
        };
        let mut words = vec![self.id.clone()];
        for name in names.into_iter().chain(["comment"]) {
            if let Some(value) = self.text(name).filter(|value| !value.is_empty()) {
                words.push(format!("{name}={}", crate::script::quote(&value)));
            }
        }
        words.extend(
            ["disabled", "dynamic"]
                .into_iter()
                .filter(|flag| self.flag(flag))
                .map(|flag| format!("({flag})")),
        );
        words.join(" ")
    }
}

/// `/safe-mode` as read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SafeMode {
    /// The version has none.
    #[default]
    Unsupported,
    /// Nobody holds it.
    Off,
    /// Held by the session that read this.
    Ours,
    /// Held by another session.
    Other {
        /// The user who holds it.
        user: String,
        /// The kind of their session: `console`, `ssh`, `api`.
        owner: String,
    },
}

/// One entry of `/system/history`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// The device's id of the entry.
    pub id: String,
    /// What was done, in the router's words.
    pub action: String,
    /// Who did it.
    pub by: String,
    /// Whether safe mode would undo it.
    pub floating: bool,
}

/// What a router showed in one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceState {
    /// What it said about itself.
    pub facts: RouterFacts,
    /// Rows by menu, in the menu's order. All menus we own rows in, and `/interface`.
    pub menus: BTreeMap<String, Vec<StateRow>>,
    /// Safe mode at that moment.
    pub safe_mode: SafeMode,
    /// The undo history, the newest first as the router lists it.
    pub history: Vec<HistoryEntry>,
}

impl DeviceState {
    /// A state without rows.
    #[must_use]
    pub fn empty(facts: RouterFacts) -> Self {
        Self { facts, menus: BTreeMap::new(), safe_mode: SafeMode::Off, history: Vec::new() }
    }

    /// The rows of a menu.
    #[must_use]
    pub fn rows(&self, menu: &str) -> &[StateRow] {
        self.menus.get(menu).map_or(&[], Vec::as_slice)
    }

    /// Entries of the history that safe mode would undo and that `user` did not make. Somebody else who
    /// logs in under the same name cannot be told apart: give moxxie a user of its own.
    #[must_use]
    pub fn foreign_history(&self, user: &str) -> usize {
        self.history.iter().filter(|entry| entry.floating && entry.by != user).count()
    }
}

/// Whether a read can be believed by recovery: no guard of ours can still fire and change it (design,
/// invariant 6). A hold of anybody counts, because a hold of ours that survived a crash cannot be told
/// from somebody else's with certainty.
#[must_use]
pub fn guard_free(state: &DeviceState) -> bool {
    matches!(state.safe_mode, SafeMode::Unsupported | SafeMode::Off)
}

/// A row that carries a mark of ours, for display.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnedRow {
    /// The device's id.
    pub id: String,
    /// Whose it is.
    pub mark: Mark,
    /// The fields of the menu's table that are set, as text.
    pub fields: BTreeMap<String, String>,
    /// The text after the mark.
    pub label: String,
    /// Whether it is disabled.
    pub disabled: bool,
    /// Whether the router says that it cannot work.
    pub invalid: bool,
}

/// The rows with a mark of this installation, by menu, in the order of the menu.
#[must_use]
pub fn owned_rows(state: &DeviceState, install: &str) -> BTreeMap<String, Vec<OwnedRow>> {
    let mut owned = BTreeMap::new();
    for menu in MENUS {
        let rows: Vec<_> = state
            .rows(menu.path)
            .iter()
            .filter_map(|row| row.mark().filter(|mark| mark.install == install).map(|mark| (row, mark)))
            .map(|(row, mark)| OwnedRow {
                id: row.id.clone(),
                fields: menu
                    .fields
                    .iter()
                    .chain(menu.kept)
                    .filter_map(|field| Some((field.name.to_owned(), row.text(field.name)?.into_owned())))
                    .collect(),
                label: crate::find::label(&row.comment()),
                disabled: row.flag("disabled"),
                invalid: row.flag("invalid") || row.flag("inactive"),
                mark,
            })
            .collect();
        if !rows.is_empty() {
            owned.insert(menu.path.to_owned(), rows);
        }
    }
    owned
}
