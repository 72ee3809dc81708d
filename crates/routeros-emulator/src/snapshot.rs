//! The configuration of a router, in a form that can be compared.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::command::{Key, RowView};
use crate::schema::Access;
use crate::state::Router;

/// A router's configuration: equal when two routers are configured alike.
///
/// Files are no part of it. Rows of unordered menus are compared by content, rows of ordered ones in sequence. Ids, counters, times
/// and computed rows are left out, references stand by name. `Debug` prints one row a line.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let router = routeros_emulator::Emulator::builder().start().await?;
/// let before = router.snapshot();
/// router.add_row("/ip/pool", &[("name", "p"), ("ranges", "10.0.0.2-10.0.0.9")])?;
/// assert!(before.diff(&router.snapshot()).contains("name=p ranges=10.0.0.2-10.0.0.9"));
/// router.run("/undo", &[])?;
/// assert_eq!(router.snapshot(), before);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    menus: BTreeMap<String, Vec<String>>,
}

impl Snapshot {
    pub(crate) fn of(router: &Router) -> Self {
        let mut menus = BTreeMap::new();
        for menu in router.schema.menus.values() {
            if menu.menu.view || menu.menu.read_only || menu.menu.no_undo || menu.path() == "/file" {
                continue;
            }
            let mut rows: Vec<String> = router
                .stored(menu)
                .filter(|row| !row.dynamic)
                .map(|row| {
                    let view = RowView { router, menu, row, sensitive: true };
                    let fields = menu
                        .fields()
                        .iter()
                        .enumerate()
                        .filter(|(_, field)| field.access != Access::Read && !field.volatile);
                    let shown = fields.filter_map(|(ix, field)| {
                        let value = view.get(&Key::Field(ix as u16))?;
                        Some(format!("{}={}", field.name, String::from_utf8_lossy(&value)))
                    });
                    shown.collect::<Vec<_>>().join(" ")
                })
                .collect();
            if !menu.menu.ordered {
                rows.sort();
            }
            if !rows.is_empty() {
                menus.insert(menu.path().to_owned(), rows);
            }
        }
        Snapshot { menus }
    }

    /// Rows of one menu, each as `field=value` pairs.
    pub fn menu(&self, path: &str) -> &[String] {
        self.menus.get(path).map_or(&[], Vec::as_slice)
    }

    /// What is different in `other`: one line a row, `-` for rows only here, `+` for rows only there. Empty
    /// when both are equal.
    pub fn diff(&self, other: &Snapshot) -> String {
        let mut out = String::new();
        let paths: std::collections::BTreeSet<&String> =
            self.menus.keys().chain(other.menus.keys()).collect();
        for path in paths {
            let (here, there) = (self.menu(path), other.menu(path));
            if here == there {
                continue;
            }
            out.push_str(&format!("{path}\n"));
            let mut left: Vec<&String> = there.iter().collect();
            let mut same = true;
            for row in here {
                match left.iter().position(|other| *other == row) {
                    Some(at) => {
                        left.remove(at);
                    }
                    None => {
                        same = false;
                        out.push_str(&format!("  - {row}\n"));
                    }
                }
            }
            for row in &left {
                out.push_str(&format!("  + {row}\n"));
            }
            if same && left.is_empty() {
                out.push_str("  the same rows in another sequence\n");
            }
        }
        out
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (path, rows) in &self.menus {
            writeln!(f, "{path}")?;
            rows.iter().try_for_each(|row| writeln!(f, "  {row}"))?;
        }
        Ok(())
    }
}
