//! Drift: the rows last applied against the rows a router shows. Pure.

use std::collections::{BTreeMap, HashMap, HashSet};

use moxxie_core::{
    drift::{Drift, DriftKind},
    row::{Mark, Row},
};

use crate::{
    DeviceState, StateRow,
    diff::value_of,
    find::{Found, Index, as_found, differences, has_key},
    menu::{MENUS, Menu, menu},
    order::Chains,
    plan::{is_network_row, shared_objects},
    value::same,
};

/// A row as it was last applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The row.
    pub row: Row,
    /// Values that somebody accepted in place of the applied ones, by field; `None`: absent. The field
    /// `disabled` may be among them. Under the empty name: the row as a whole may be absent.
    pub accepted: BTreeMap<String, Option<String>>,
}

/// What is not as it was applied, in the order of menus, marks and fields.
///
/// `busy` says which rows a change is at work on: nothing is said of those. Rows of others are never
/// looked at, except for one that stands exactly where a row of ours should.
#[must_use]
pub fn drift(
    applied: &[Applied],
    state: &DeviceState,
    install: &str,
    busy: &dyn Fn(&str, &Mark) -> bool,
) -> Vec<Drift> {
    let index = Index::new(state);
    let known: HashSet<(&str, &Mark)> =
        applied.iter().map(|one| (one.row.menu.as_str(), &one.row.mark)).collect();
    let strays = Strays::new(state, &known);
    let mut found = Vec::new();
    for one in applied.iter().filter(|one| !busy(&one.row.menu, &one.row.mark)) {
        check(one, &index, &strays, &mut found);
    }
    let rows: Vec<Row> = applied.iter().map(|one| one.row.clone()).collect();
    let still = |row: &Row| !busy(&row.menu, &row.mark) && index.copies(row) == 1;
    for (row, text) in Chains::new(&rows).misplaced(state, &index, still) {
        let place = row.before.as_ref().map_or_else(
            || "its place in the chain".to_owned(),
            |before| format!("its place in the chain, before {before}"),
        );
        found.push(item(row, DriftKind::Moved, "", Some(place), Some(text)));
    }
    left_over(state, install, &known, busy, &mut found);
    // A row may be behind several rules it should precede: that is one piece of drift.
    found.sort();
    found.dedup_by(|a, b| a.key() == b.key());
    found
}

fn item(row: &Row, kind: DriftKind, field: &str, expected: Option<String>, found: Option<String>) -> Drift {
    Drift {
        menu: row.menu.clone(),
        mark: row.mark.to_string(),
        object: row.mark.object.clone(),
        kind,
        field: field.to_owned(),
        expected,
        found,
    }
}

fn check(one: &Applied, index: &Index<'_>, strays: &Strays<'_>, drift: &mut Vec<Drift>) {
    let row = &one.row;
    let copies = index.copies(row);
    if copies > 1 {
        let found = Some(format!("{copies} rows"));
        drift.push(item(row, DriftKind::Copied, "", Some("one row".to_owned()), found));
    }
    match index.find(row) {
        // One of several, and nobody can say which.
        Found::Ambiguous => {}
        Found::Absent => match strays.instead_of(row) {
            Some(stray) => {
                let (expected, found) = (Some(row.comment()), Some(stray.comment().into_owned()));
                drift.push(item(row, DriftKind::Damaged, "comment", expected, found));
            }
            None if one.accepted.contains_key("") => {}
            None => drift.push(item(row, DriftKind::Missing, "", Some(describe(row)), None)),
        },
        Found::Here(found) | Found::Changed(found) => {
            let table = menu(&row.menu);
            for difference in differences(row, found) {
                let accepted = one.accepted.get(&difference.field);
                if accepted.is_some_and(|value| is(table, &difference.field, value, &difference.found)) {
                    continue;
                }
                let kind = match difference.field.as_str() {
                    "disabled" => DriftKind::Disabled,
                    _ => DriftKind::Changed,
                };
                let expected = accepted.cloned().unwrap_or(difference.wanted);
                drift.push(item(row, kind, &difference.field, expected, difference.found));
            }
            back_again(one, found, drift);
        }
    }
}

/// What was applied is there again after something else was accepted.
fn back_again(one: &Applied, found: &StateRow, drift: &mut Vec<Drift>) {
    let row = &one.row;
    let table = menu(&row.menu);
    for (field, value) in &one.accepted {
        let (kind, now) = match field.as_str() {
            "" => {
                let found = Some(found.describe(&row.menu));
                drift.push(item(row, DriftKind::LeftOver, "", None, found));
                continue;
            }
            "disabled" => {
                let word = if found.flag("disabled") { "yes" } else { "no" };
                (DriftKind::Disabled, Some(word.to_owned()))
            }
            "comment" => (DriftKind::Changed, Some(found.comment().into_owned())),
            field => (DriftKind::Changed, found.text(field).map(std::borrow::Cow::into_owned)),
        };
        if is(table, field, &value_of(row, field), &now) && !is(table, field, value, &now) {
            drift.push(item(row, kind, field, value.clone(), now));
        }
    }
}

fn is(table: Option<&Menu>, field: &str, a: &Option<String>, b: &Option<String>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => {
            let kind = table.and_then(|menu| menu.field(field)).map(|field| field.kind);
            kind.map_or(a == b, |kind| same(kind, a, b))
        }
        (a, b) => a == b,
    }
}

fn describe(row: &Row) -> String {
    let words: Vec<_> =
        row.fields.iter().map(|(name, value)| format!("{name}={}", crate::script::quote(value))).collect();
    words.join(" ")
}

/// Rows without a mark of an applied row: one of them may be ours with its comment edited.
struct Strays<'a> {
    by_menu: HashMap<&'a str, Vec<&'a StateRow>>,
}

impl<'a> Strays<'a> {
    fn new(state: &'a DeviceState, known: &HashSet<(&str, &Mark)>) -> Self {
        let mut by_menu: HashMap<_, Vec<_>> = HashMap::new();
        for table in MENUS {
            let stray = |row: &&StateRow| {
                !row.is_dynamic() && row.mark().is_none_or(|mark| !known.contains(&(table.path, &mark)))
            };
            by_menu.insert(table.path, state.rows(table.path).iter().filter(stray).collect());
        }
        Self { by_menu }
    }

    /// The row that is as this one should be in all but the comment, or stands under its name.
    fn instead_of(&self, row: &Row) -> Option<&'a StateRow> {
        let table = menu(&row.menu)?;
        let same = |stray: &&&StateRow| {
            let key = !table.ordered && has_key(table, row, stray);
            key || differences(row, stray).iter().all(|difference| difference.field == "comment")
        };
        self.by_menu.get(table.path)?.iter().find(same).copied()
    }
}

/// Rows with a mark that nothing applied accounts for.
fn left_over(
    state: &DeviceState,
    install: &str,
    known: &HashSet<(&str, &Mark)>,
    busy: &dyn Fn(&str, &Mark) -> bool,
    drift: &mut Vec<Drift>,
) {
    for table in MENUS {
        for row in state.rows(table.path) {
            let Some(mark) = row.mark() else { continue };
            if known.contains(&(table.path, &mark)) || busy(table.path, &mark) {
                continue;
            }
            let kind = if mark.install == install { DriftKind::LeftOver } else { DriftKind::ForeignMark };
            drift.push(Drift {
                menu: table.path.to_owned(),
                mark: mark.to_string(),
                object: mark.object.clone(),
                kind,
                field: String::new(),
                expected: None,
                found: Some(row.describe(table.path)),
            });
        }
    }
}

/// `before` with the rows that `after` adds, and the shared rows those need, as they are found where somebody
/// renamed them: who asks for a network to be restored has said that they are ours, and a row whose mark no
/// other row carries can be told.
#[must_use]
pub fn with_renamed(mut before: Vec<Row>, after: &[Row], state: &DeviceState) -> Vec<Row> {
    let index = Index::new(state);
    let had: HashMap<(String, Mark), usize> =
        before.iter().enumerate().map(|(at, row)| ((row.menu.clone(), row.mark.clone()), at)).collect();
    let at = |row: &Row| had.get(&(row.menu.clone(), row.mark.clone())).copied();
    let new: Vec<&Row> = after.iter().filter(|row| at(row).is_none()).collect();
    let needed = shared_objects(&new, after);
    for row in after {
        let Found::Changed(found) = index.find(row) else { continue };
        let found = as_found(row, found);
        match at(row) {
            None => before.push(found),
            Some(at) if needed.contains(row.mark.object.as_str()) => before[at] = found,
            Some(_) => {}
        }
    }
    before
}

/// The objects with rows of their own, such as networks, whose rows need those of a shared object.
#[must_use]
pub fn who_needs(rows: &[Row], object: &str) -> Vec<String> {
    let mut by_object: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| is_network_row(row)) {
        by_object.entry(&row.mark.object).or_default().push(row);
    }
    let needs = |own: &Vec<&Row>| shared_objects(own, rows).contains(object);
    by_object.into_iter().filter(|(_, own)| needs(own)).map(|(network, _)| network.to_owned()).collect()
}
