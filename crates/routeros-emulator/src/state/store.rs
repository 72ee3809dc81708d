//! Reading and changing rows. Every change passes here, so that history sees all of them.

use std::sync::Arc;

use super::change::Change;
use super::router::Router;
use super::row::Row;
use super::space::Space;
use crate::errors::{ErrorId, Trap};
use crate::schema::CompiledMenu;

impl Router {
    pub(crate) fn menu(&self, path: &str) -> Option<Arc<CompiledMenu>> {
        self.schema.menu(path).cloned()
    }

    pub(crate) fn space(&self, space: &str) -> Option<&Space> {
        self.spaces.get(space)
    }

    pub(crate) fn row(&self, space: &str, id: u32) -> Option<&Row> {
        self.spaces.get(space)?.get(id)
    }

    /// Rows of a menu in their sequence, without computed ones.
    pub(crate) fn stored<'a>(&'a self, menu: &'a CompiledMenu) -> Box<dyn Iterator<Item = &'a Row> + 'a> {
        match self.spaces.get(menu.menu.space) {
            Some(space) => space.in_order(menu),
            None => Box::new(std::iter::empty()),
        }
    }

    /// The only row of a singleton.
    pub(crate) fn single(&self, path: &str) -> Option<&Row> {
        self.spaces.get(path)?.get(0)
    }

    /// A field of the only row of a singleton, as text.
    pub(crate) fn setting(&self, path: &str, field: &str) -> Option<String> {
        let ix = self.schema.menu(path)?.field(field)?;
        self.single(path)?.get(ix)?.as_str().map(str::to_owned)
    }

    /// A stored field's value of any row.
    pub(crate) fn value_of<'a>(&self, row: &'a Row, field: &str) -> Option<&'a crate::value::Value> {
        row.get(self.schema.menu(row.menu)?.field(field)?)
    }

    /// Whether the row is switched on.
    pub(crate) fn enabled(&self, row: &Row) -> bool {
        !self.value_of(row, "disabled").is_some_and(|value| value.is_true())
    }

    /// Refuses a row that collides with another.
    pub(crate) fn check_unique(&self, menu: &CompiledMenu, row: &Row) -> Result<(), Trap> {
        let Some(space) = self.spaces.get(menu.menu.space) else { return Ok(()) };
        match space.collision(menu, row) {
            None => Ok(()),
            Some((rule, _)) => {
                let noun = menu.path().rsplit('/').next().unwrap_or_default();
                let rule = &menu.menu.unique[rule];
                Err(match rule.error {
                    ErrorId::NameExists => Trap::with(ErrorId::NameExists, noun),
                    id => Trap::new(id),
                })
            }
        }
    }

    pub(crate) fn insert(&mut self, menu: &CompiledMenu, mut row: Row, at: Option<usize>) -> u32 {
        let space = self.spaces.entry(menu.menu.space).or_default();
        if menu.is_list() && row.id == 0 {
            row.id = space.next_id();
        }
        let id = row.id;
        space.insert(menu, row.clone(), at);
        let place = menu.menu.ordered.then(|| space.position(id)).flatten();
        self.note(Change {
            space: menu.menu.space,
            menu: menu.path(),
            id,
            before: None,
            after: Some(row),
            place: (None, place),
        });
        id
    }

    pub(crate) fn replace(&mut self, menu: &CompiledMenu, row: Row) {
        let Some(space) = self.spaces.get_mut(menu.menu.space) else { return };
        let before = space.get(row.id).cloned();
        if before.as_ref() == Some(&row) {
            return;
        }
        space.replace(menu, row.clone());
        self.note(Change {
            space: menu.menu.space,
            menu: menu.path(),
            id: row.id,
            before,
            after: Some(row),
            place: (None, None),
        });
    }

    pub(crate) fn delete(&mut self, menu: &CompiledMenu, id: u32) -> bool {
        let Some(space) = self.spaces.get_mut(menu.menu.space) else { return false };
        let place = menu.menu.ordered.then(|| space.position(id)).flatten();
        let Some(before) = space.remove(menu, id) else { return false };
        self.note(Change {
            space: menu.menu.space,
            menu: menu.path(),
            id,
            before: Some(before),
            after: None,
            place: (place, None),
        });
        true
    }

    /// Puts a row of an ordered menu before another, or at the end.
    pub(crate) fn move_row(&mut self, menu: &CompiledMenu, id: u32, before: Option<u32>) {
        let Some(space) = self.spaces.get_mut(menu.menu.space) else { return };
        let Some(from) = space.position(id) else { return };
        if before == Some(id) {
            return;
        }
        let to = match before.and_then(|other| space.position(other)) {
            // The row itself leaves its place first.
            Some(at) if at > from => at - 1,
            Some(at) => at,
            None => space.len(),
        };
        space.place(id, to);
        let (row, to) = (space.get(id).cloned(), space.position(id));
        self.note(Change {
            space: menu.menu.space,
            menu: menu.path(),
            id,
            before: row.clone(),
            after: row,
            place: (Some(from), to),
        });
    }

    fn note(&mut self, change: Change) {
        let followers = std::mem::take(&mut self.followers);
        let kept: Vec<_> =
            followers.into_iter().filter(|follower| (follower.notify)(self, &change)).collect();
        self.followers = kept;
        self.pending.push(change);
    }

    /// Does a recorded change (again, or its inverse). Nothing is entered in the history.
    pub(super) fn replay(&mut self, change: &Change) {
        let Some(menu) = self.menu(change.menu) else { return };
        let space = self.spaces.entry(change.space).or_default();
        match &change.after {
            None => {
                space.remove(&menu, change.id);
            }
            Some(row) if space.get(change.id).is_some() => {
                space.replace(&menu, row.clone());
                if let Some(at) = change.place.1 {
                    space.place(change.id, at);
                }
            }
            Some(row) => space.insert(&menu, row.clone(), change.place.1),
        }
        let followers = std::mem::take(&mut self.followers);
        self.followers = followers.into_iter().filter(|follower| (follower.notify)(self, change)).collect();
    }

    /// Ends a command: what it did becomes one history entry.
    pub(crate) fn commit(&mut self, by: &str) {
        let changes = std::mem::take(&mut self.pending);
        let tracked: Vec<Change> = changes
            .into_iter()
            .filter(|change| self.schema.menu(change.menu).is_some_and(|menu| !menu.menu.no_undo))
            .collect();
        let Some(first) = tracked.first() else { return };
        let action = action_text(first);
        let floating = self.hold.is_some();
        self.history.push(action, by, self.now, tracked, floating);
        if floating {
            self.check_safe_mode_limit();
        }
    }

    /// Forgets what was noted: for rows that are there from the start.
    pub(crate) fn discard_pending(&mut self) {
        self.pending.clear();
    }
}

/// What `/system/history` shows as action (assumption `history-texts`).
fn action_text(change: &Change) -> String {
    let noun = change.menu.trim_start_matches('/').replace('/', " ");
    let verb = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ if change.place != (None, None) => "moved",
        _ => "changed",
    };
    format!("{noun} {verb}")
}
