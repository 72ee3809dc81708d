//! A row as its menu prints it.

use std::borrow::Cow;

use crate::derive;
use crate::schema::{Access, CompiledMenu, FieldIx, Secret, Type};
use crate::state::{Router, Row};
use crate::value::{Value, format_id, show};

/// What a query or a property list asks for.
#[derive(Clone, Debug)]
pub(crate) enum Key {
    Id,
    NextId,
    About,
    Field(FieldIx),
    /// No such property: never there.
    Unknown,
}

impl Key {
    pub(crate) fn find(menu: &CompiledMenu, name: &[u8]) -> Self {
        match name {
            b".id" => Key::Id,
            b".nextid" => Key::NextId,
            b".about" => Key::About,
            _ => std::str::from_utf8(name)
                .ok()
                .and_then(|name| menu.field(name))
                .map_or(Key::Unknown, Key::Field),
        }
    }
}

/// A row under the eyes of somebody.
pub(crate) struct RowView<'a> {
    pub(crate) router: &'a Router,
    pub(crate) menu: &'a CompiledMenu,
    pub(crate) row: &'a Row,
    /// Holds policy `sensitive`.
    pub(crate) sensitive: bool,
}

impl<'a> RowView<'a> {
    pub(crate) fn get(&self, key: &Key) -> Option<Cow<'a, [u8]>> {
        match key {
            Key::Id => self.menu.is_list().then(|| Cow::Owned(format_id(self.row.id).into_bytes())),
            Key::NextId => self.menu.menu.ordered.then(|| {
                let next = self.router.space(self.menu.menu.space).and_then(|space| space.after(self.row.id));
                Cow::Owned(next.map_or_else(|| "*FFFFFFFF".to_owned(), format_id).into_bytes())
            }),
            Key::About => derive::about(self.router, self.row).map(|about| Cow::Owned(about.into_bytes())),
            Key::Field(ix) => self.field(*ix),
            Key::Unknown => None,
        }
    }

    /// `?name`: has a value; for a flag, is true (reference 1.8).
    pub(crate) fn present(&self, key: &Key) -> bool {
        match (self.get(key), key) {
            (Some(value), Key::Field(ix)) if matches!(self.menu.at(*ix).ty, Type::Bool | Type::Switch) => {
                *value == *b"true"
            }
            (value, _) => value.is_some(),
        }
    }

    /// The printed value of a field of this menu; rows of a view are read through the menu that owns them.
    fn field(&self, ix: FieldIx) -> Option<Cow<'a, [u8]>> {
        let field = self.menu.at(ix);
        if self.menu.path() == "/file" && field.name == "contents" {
            // Files beyond the limit of one write do not show their contents; `/file/read` does.
            let size = self.row.get(ix).and_then(Value::plain).map_or(0, <[u8]>::len);
            if size > super::CONTENTS_LIMIT {
                return None;
            }
        }
        match field.secret {
            Secret::WriteOnly => return None,
            Secret::Sensitive if !self.sensitive => return None,
            _ => {}
        }
        if !self.menu.menu.view {
            return self.value(self.menu, ix, field.name, field.access == Access::Read);
        }
        let owner = self.router.schema.menu(self.row.menu)?;
        match owner.field(field.name) {
            Some(owner_ix) => {
                self.value(owner, owner_ix, field.name, owner.at(owner_ix).access == Access::Read)
            }
            None => None,
        }
        .or_else(|| self.computed(self.menu, field.name))
        .or_else(|| field.default.map(|default| Cow::Borrowed(default.as_bytes())))
    }

    fn value(
        &self,
        menu: &CompiledMenu,
        ix: FieldIx,
        name: &'static str,
        read: bool,
    ) -> Option<Cow<'a, [u8]>> {
        if let Some(value) = self.row.get(ix) {
            // A switch that is off is not printed.
            if menu.at(ix).ty == Type::Switch && !value.is_true() {
                return None;
            }
            return Some(show(value, self.router));
        }
        // The clock's hands are settable, and computed all the same.
        if !read && menu.path() != "/system/clock" {
            return None;
        }
        self.computed(menu, name).or_else(|| menu.at(ix).default.map(|text| Cow::Borrowed(text.as_bytes())))
    }

    fn computed(&self, menu: &CompiledMenu, name: &'static str) -> Option<Cow<'a, [u8]>> {
        derive::field(self.router, menu, self.row, name).map(|value| match value {
            Value::Plain(bytes) => Cow::Owned(bytes.to_vec()),
            refs => Cow::Owned(show(&refs, self.router).into_owned()),
        })
    }
}
