//! One row of a menu.

use crate::schema::FieldIx;
use crate::value::Value;

/// A row: identity, fields in the order of the menu's table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) id: u32,
    /// Path of the menu that owns it.
    pub(crate) menu: &'static str,
    values: Vec<(FieldIx, Value)>,
    /// Made by something else; cannot be changed (reference 4).
    pub(crate) dynamic: bool,
    /// There from the start; cannot be removed.
    pub(crate) builtin: bool,
}

impl Row {
    pub(crate) fn new(menu: &'static str) -> Self {
        Row { id: 0, menu, values: Vec::new(), dynamic: false, builtin: false }
    }

    pub(crate) fn get(&self, field: FieldIx) -> Option<&Value> {
        self.values.binary_search_by_key(&field, |pair| pair.0).ok().map(|at| &self.values[at].1)
    }

    pub(crate) fn put(&mut self, field: FieldIx, value: Value) {
        match self.values.binary_search_by_key(&field, |pair| pair.0) {
            Ok(at) => self.values[at].1 = value,
            Err(at) => self.values.insert(at, (field, value)),
        }
    }

    pub(crate) fn clear(&mut self, field: FieldIx) {
        if let Ok(at) = self.values.binary_search_by_key(&field, |pair| pair.0) {
            self.values.remove(at);
        }
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = (FieldIx, &Value)> {
        self.values.iter().map(|(field, value)| (*field, value))
    }
}
