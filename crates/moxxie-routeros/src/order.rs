//! Order: where rows of an ordered menu stand among each other.

use std::collections::HashMap;

use moxxie_core::row::{Mark, Row};

use crate::{DeviceState, StateRow, anchor::place, find::Index, menu::menu};

/// Rows of ordered menus, by chain, each chain in its order.
pub(crate) struct Chains<'a> {
    chains: HashMap<(&'a str, &'a str), Vec<&'a Row>>,
}

fn chain(row: &Row) -> Option<(&str, &str)> {
    menu(&row.menu).filter(|menu| menu.ordered)?;
    Some((row.menu.as_str(), row.fields.get("chain")?.as_str()))
}

impl<'a> Chains<'a> {
    pub(crate) fn new(rows: &'a [Row]) -> Self {
        let mut chains: HashMap<_, Vec<&Row>> = HashMap::new();
        for row in rows {
            if let Some(chain) = chain(row) {
                chains.entry(chain).or_default().push(row);
            }
        }
        for rows in chains.values_mut() {
            rows.sort_by_key(|row| row.rank);
        }
        Self { chains }
    }

    /// What a row has to be placed before: its anchor, or the next row of its chain that `stays` accepts.
    /// `None`: the end, which is right when nothing of the chain follows it.
    pub(crate) fn before(&self, row: &Row, stays: impl Fn(&Row) -> bool) -> Option<String> {
        if row.before.is_some() {
            return row.before.clone();
        }
        let rows = self.chains.get(&chain(row)?)?;
        let own = rows.iter().position(|other| other.mark == row.mark)?;
        rows[own + 1..].iter().find(|other| stays(other)).map(|other| other.mark.to_string())
    }

    /// What a row that is removed has to be placed before when it is made again: its anchor, or the next row
    /// of the whole table that is ours and stands there by then. An undo goes through a plan from its end,
    /// so that those are the rows that `stands` accepts by their rank.
    ///
    /// The next row of its own chain would do for the meaning; this keeps the table as it was where it can,
    /// which spares everybody who compares a router before and after.
    pub(crate) fn before_again(
        row: &Row,
        found: &StateRow,
        state: &DeviceState,
        stands: impl Fn(&Mark) -> bool,
    ) -> Option<String> {
        if row.before.is_some() || !menu(&row.menu)?.ordered {
            return row.before.clone();
        }
        let after = state.rows(&row.menu).iter().skip_while(|other| other.id != found.id).skip(1);
        after.filter_map(StateRow::mark).find(|mark| stands(mark)).map(|mark| mark.to_string())
    }

    /// Rows that stand on the router, but not in their order or not before their anchor; `only` chooses
    /// those that are looked at.
    pub(crate) fn misplaced(
        &self,
        state: &DeviceState,
        index: &Index<'_>,
        only: impl Fn(&Row) -> bool,
    ) -> Vec<(&'a Row, String)> {
        let mut misplaced = Vec::new();
        for ((menu, chain), rows) in &self.chains {
            let positions: HashMap<&str, usize> =
                state.rows(menu).iter().enumerate().map(|(at, row)| (row.id.as_str(), at)).collect();
            let at = |row: &StateRow| positions.get(row.id.as_str()).copied();
            let mut highest = None;
            for row in rows.iter().filter(|row| only(row)) {
                let Some(own) = index.target(row).and_then(at) else { continue };
                if highest > Some(own) {
                    misplaced.push((*row, "it stands before a rule that should come first".to_owned()));
                }
                highest = highest.max(Some(own));
                let anchor =
                    row.before.as_deref().and_then(|before| place(state, menu, chain, before)).and_then(at);
                if anchor.is_some_and(|anchor| anchor < own) {
                    misplaced.push((*row, "it stands behind the rule it should stand before".to_owned()));
                }
            }
        }
        misplaced.sort_by(|(a, _), (b, _)| (a.rank, &a.mark).cmp(&(b.rank, &b.mark)));
        misplaced
    }
}
