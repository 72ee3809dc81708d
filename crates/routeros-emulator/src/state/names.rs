//! Rows by name, for reading and printing references.

use super::router::Router;
use crate::value::Names;

impl Names for Router {
    fn find(&self, space: &'static str, name: &[u8]) -> Option<u32> {
        if name.is_empty() {
            return None;
        }
        self.spaces.get(space)?.by_name(name)
    }

    fn find_prefix(&self, space: &'static str, prefix: &[u8]) -> Vec<u32> {
        self.spaces.get(space).map(|rows| rows.by_name_prefix(prefix)).unwrap_or_default()
    }

    fn exists(&self, space: &'static str, id: u32) -> bool {
        self.spaces.get(space).is_some_and(|rows| rows.get(id).is_some())
    }

    fn name_of(&self, space: &'static str, id: u32) -> Option<&[u8]> {
        let rows = self.spaces.get(space)?;
        rows.name_of(self.schema.menu(rows.get(id)?.menu)?, id)
    }
}
