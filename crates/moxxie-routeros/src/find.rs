//! Finding our rows on a router: by mark *and* natural key (design, invariant 4).

use std::collections::{BTreeMap, HashMap};

use moxxie_core::row::{Mark, Row};

use crate::{
    DeviceState, StateRow,
    menu::{Field, Menu, menu},
    value::same,
};

/// The rows of a read, by mark.
pub(crate) struct Index<'a> {
    by_mark: HashMap<(&'a str, Mark), Vec<&'a StateRow>>,
}

/// What a read shows of one of our rows.
pub(crate) enum Found<'a> {
    /// Nothing carries its mark.
    Absent,
    /// Mark and key are there.
    Here(&'a StateRow),
    /// One row carries the mark under another key: somebody renamed it, or what it refers to is gone.
    Changed(&'a StateRow),
    /// Several rows carry the mark and none has the key.
    Ambiguous,
}

impl<'a> Index<'a> {
    pub(crate) fn new(state: &'a DeviceState) -> Self {
        Self::of_menus(state, |_| true)
    }

    /// The rows of some menus: a wave has commands for few of them, and a router has very many rows.
    pub(crate) fn of_menus(state: &'a DeviceState, wanted: impl Fn(&str) -> bool) -> Self {
        let mut by_mark: HashMap<_, Vec<_>> = HashMap::new();
        for (path, rows) in state.menus.iter().filter(|(path, _)| wanted(path)) {
            for row in rows {
                if let Some(mark) = row.mark() {
                    by_mark.entry((path.as_str(), mark)).or_default().push(row);
                }
            }
        }
        Self { by_mark }
    }

    pub(crate) fn find(&self, row: &Row) -> Found<'a> {
        let Some(candidates) = self.by_mark.get(&(row.menu.as_str(), row.mark.clone())) else {
            return Found::Absent;
        };
        let here = menu(&row.menu)
            .and_then(|menu| candidates.iter().find(|candidate| has_key(menu, row, candidate)).copied());
        match (here, candidates.as_slice()) {
            (Some(found), _) => Found::Here(found),
            (None, [one]) => Found::Changed(one),
            (None, _) => Found::Ambiguous,
        }
    }

    /// How many rows carry the mark: somebody may have copied one with its comment.
    pub(crate) fn copies(&self, row: &Row) -> usize {
        self.by_mark.get(&(row.menu.as_str(), row.mark.clone())).map_or(0, Vec::len)
    }

    /// The row to change or remove: by mark and key, or else the only one that carries the mark.
    pub(crate) fn target(&self, row: &Row) -> Option<&'a StateRow> {
        match self.find(row) {
            Found::Here(found) | Found::Changed(found) => Some(found),
            Found::Absent | Found::Ambiguous => None,
        }
    }
}

/// Whether the natural key is the same.
pub(crate) fn has_key(menu: &Menu, row: &Row, found: &StateRow) -> bool {
    menu.key.iter().all(|name| field_is(menu, name, row.fields.get(*name).map(String::as_str), found))
}

/// Whether a row on the router has this value in a field, in any notation.
pub(crate) fn field_is(menu: &Menu, name: &str, wanted: Option<&str>, found: &StateRow) -> bool {
    let field = menu.field(name);
    let default = field.and_then(|field| field.default);
    let text = found.text(name);
    match (wanted.or(default), text.as_deref().or(default)) {
        (Some(wanted), Some(found)) => field.map_or(wanted == found, |field| same(field.kind, wanted, found)),
        (wanted, found) => wanted == found,
    }
}

/// A field that is not as wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    pub(crate) field: String,
    /// `None`: it should be absent.
    pub(crate) wanted: Option<String>,
    /// `None`: it is absent.
    pub(crate) found: Option<String>,
}

/// The fields of a row on the router that are not as wanted, the comment and `disabled` included.
pub(crate) fn differences(row: &Row, found: &StateRow) -> Vec<Difference> {
    let Some(menu) = menu(&row.menu) else { return Vec::new() };
    let mut differences = Vec::new();
    let mut check = |field: &Field, managed: bool| {
        let wanted = row.fields.get(field.name);
        // Without a wanted value only a field with a known default, or one of an exact menu, is ours.
        let ours = wanted.is_some() || menu.exact || (managed && field.default.is_some());
        if ours && !field_is(menu, field.name, wanted.map(String::as_str), found) {
            differences.push(Difference {
                field: field.name.to_owned(),
                wanted: wanted.cloned().or_else(|| field.default.map(str::to_owned)),
                found: found.text(field.name).map(|text| text.into_owned()),
            });
        }
    };
    menu.fields.iter().for_each(|field| check(field, true));
    menu.kept.iter().for_each(|field| check(field, false));
    let wanted_off = row.fields.get("disabled").is_some_and(|value| value == "yes" || value == "true");
    if menu.disabled && found.flag("disabled") != wanted_off {
        let word = |on: bool| if on { "yes" } else { "no" }.to_owned();
        differences.push(Difference {
            field: "disabled".to_owned(),
            wanted: Some(word(wanted_off)),
            found: Some(word(!wanted_off)),
        });
    }
    if found.comment() != row.comment() {
        differences.push(Difference {
            field: "comment".to_owned(),
            wanted: Some(row.comment()),
            found: Some(found.comment().into_owned()),
        });
    }
    differences
}

/// A row of ours as it stands on the router, with all that is needed to make it again.
pub(crate) fn as_found(row: &Row, found: &StateRow) -> Row {
    let mut copy = row.clone();
    copy.label = label(&found.comment());
    let Some(menu) = menu(&row.menu) else { return copy };
    let mut fields = BTreeMap::new();
    for field in menu.fields.iter().chain(menu.kept) {
        let Some(value) = found.text(field.name) else { continue };
        let is_default = field.default.is_some_and(|default| same(field.kind, default, &value));
        // A default is only written where it was asked for: not every version takes every default back.
        if let Some(wanted) = row.fields.get(field.name).filter(|wanted| same(field.kind, wanted, &value)) {
            fields.insert(field.name.to_owned(), wanted.clone());
        } else if !is_default {
            fields.insert(field.name.to_owned(), value.into_owned());
        }
    }
    if menu.disabled && found.flag("disabled") {
        fields.insert("disabled".to_owned(), "yes".to_owned());
    }
    copy.fields = fields;
    copy
}

/// The free text after the mark.
pub(crate) fn label(comment: &str) -> String {
    comment.split_once(' ').map_or_else(String::new, |(_, label)| label.to_owned())
}
