//! Rows that share ids and names: one menu's, or all interfaces.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;

use super::row::Row;
use crate::schema::CompiledMenu;
use crate::value::push_key;

/// Rows by id, with the indexes that keep look-ups independent of their number.
#[derive(Clone, Debug, Default)]
pub(crate) struct Space {
    /// The last id given out; ids are never used again (reference 1.2).
    last_id: u32,
    rows: BTreeMap<u32, Row>,
    /// Names need not be unique in every menu (BGP connections), hence several ids.
    names: BTreeMap<Bytes, Vec<u32>>,
    /// Sequence of the rows of ordered menus.
    order: Vec<u32>,
    unique: HashMap<Vec<u8>, u32>,
}

impl Space {
    pub(crate) fn get(&self, id: u32) -> Option<&Row> {
        self.rows.get(&id)
    }

    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Without rows; ids go on behind those of another.
    pub(crate) fn beginning_after(last_id: u32) -> Self {
        Space { last_id, ..Space::default() }
    }

    pub(crate) fn last_id(&self) -> u32 {
        self.last_id
    }

    /// All rows, those of an ordered menu in their sequence.
    pub(crate) fn into_rows(mut self) -> Vec<Row> {
        let mut rows: Vec<Row> = self.order.iter().filter_map(|id| self.rows.remove(id)).collect();
        rows.extend(self.rows.into_values());
        rows
    }

    pub(crate) fn next_id(&mut self) -> u32 {
        self.last_id += 1;
        self.last_id
    }

    /// Rows in the sequence that counts.
    pub(crate) fn in_order(&self, menu: &CompiledMenu) -> Box<dyn Iterator<Item = &Row> + '_> {
        if menu.menu.ordered {
            return Box::new(self.order.iter().filter_map(|id| self.rows.get(id)));
        }
        if menu.menu.view || menu.menu.space == menu.path() {
            return Box::new(self.rows.values());
        }
        let path = menu.path();
        Box::new(self.rows.values().filter(move |row| row.menu == path))
    }

    pub(crate) fn position(&self, id: u32) -> Option<usize> {
        self.order.iter().position(|other| *other == id)
    }

    pub(crate) fn after(&self, id: u32) -> Option<u32> {
        self.position(id).and_then(|at| self.order.get(at + 1).copied())
    }

    pub(crate) fn by_name(&self, name: &[u8]) -> Option<u32> {
        self.names.get(name).and_then(|ids| ids.first().copied())
    }

    pub(crate) fn by_name_prefix(&self, prefix: &[u8]) -> Vec<u32> {
        let range =
            self.names.range::<[u8], _>((std::ops::Bound::Included(prefix), std::ops::Bound::Unbounded));
        range
            .take_while(|(name, _)| name.starts_with(prefix))
            .flat_map(|(_, ids)| ids)
            .copied()
            .take(2)
            .collect()
    }

    pub(crate) fn name_of(&self, menu: &CompiledMenu, id: u32) -> Option<&[u8]> {
        self.rows.get(&id)?.get(menu.name_field?)?.plain()
    }

    /// The row that `row` would collide with, and the index of the rule in its menu.
    pub(crate) fn collision(&self, menu: &CompiledMenu, row: &Row) -> Option<(usize, u32)> {
        (0..menu.menu.unique.len()).find_map(|rule| {
            let holder = *self.unique.get(&unique_key(menu, rule, row)?)?;
            (holder != row.id).then_some((rule, holder))
        })
    }

    pub(crate) fn insert(&mut self, menu: &CompiledMenu, row: Row, at: Option<usize>) {
        self.last_id = self.last_id.max(row.id);
        self.index(menu, &row);
        if menu.menu.ordered {
            let end = self.order.len();
            self.order.insert(at.unwrap_or(end).min(end), row.id);
        }
        self.rows.insert(row.id, row);
    }

    pub(crate) fn replace(&mut self, menu: &CompiledMenu, row: Row) {
        if let Some(old) = self.rows.remove(&row.id) {
            self.unindex(menu, &old);
        }
        self.index(menu, &row);
        self.rows.insert(row.id, row);
    }

    pub(crate) fn remove(&mut self, menu: &CompiledMenu, id: u32) -> Option<Row> {
        let row = self.rows.remove(&id)?;
        self.unindex(menu, &row);
        if menu.menu.ordered {
            self.order.retain(|other| *other != id);
        }
        Some(row)
    }

    pub(crate) fn place(&mut self, id: u32, at: usize) {
        self.order.retain(|other| *other != id);
        let end = self.order.len();
        self.order.insert(at.min(end), id);
    }

    fn index(&mut self, menu: &CompiledMenu, row: &Row) {
        if let Some(name) = name_key(menu, row) {
            self.names.entry(name).or_default().push(row.id);
        }
        for rule in 0..menu.menu.unique.len() {
            if let Some(key) = unique_key(menu, rule, row) {
                self.unique.entry(key).or_insert(row.id);
            }
        }
    }

    fn unindex(&mut self, menu: &CompiledMenu, row: &Row) {
        if let Some(name) = name_key(menu, row)
            && let Some(ids) = self.names.get_mut(&name)
        {
            ids.retain(|id| *id != row.id);
            if ids.is_empty() {
                self.names.remove(&name);
            }
        }
        for rule in 0..menu.menu.unique.len() {
            if let Some(key) = unique_key(menu, rule, row)
                && self.unique.get(&key) == Some(&row.id)
            {
                self.unique.remove(&key);
            }
        }
    }
}

fn name_key(menu: &CompiledMenu, row: &Row) -> Option<Bytes> {
    let name = row.get(menu.name_field?)?.plain()?;
    Some(Bytes::copy_from_slice(name))
}

fn unique_key(menu: &CompiledMenu, rule: usize, row: &Row) -> Option<Vec<u8>> {
    let unique = &menu.menu.unique[rule];
    // The name of an interface is unique over all menus of the space; other rules hold within a menu.
    let mut key = Vec::new();
    if unique.fields != ["name"] {
        key.extend_from_slice(menu.path().as_bytes());
    }
    key.push(b'|');
    key.push(if unique.fields == ["name"] { 0 } else { rule as u8 });
    for field in unique.fields {
        let value = menu.field(field).and_then(|ix| row.get(ix));
        if unique.sparse && value.is_none() {
            return None;
        }
        push_key(value, &mut key);
    }
    Some(key)
}
