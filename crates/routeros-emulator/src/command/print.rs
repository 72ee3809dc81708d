//! `print`, `getall`, `listen`, `find` and `get`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::query::Query;
use super::replies::Replies;
use super::request::Request;
use super::view::{Key, RowView};
use super::{Answer, Then};
use crate::derive;
use crate::errors::{ErrorId, Trap};
use crate::schema::{CompiledMenu, print_arguments};
use crate::state::{Caller, Router, Row};
use crate::value::format_id;

/// Which properties go out.
#[derive(Clone)]
pub(crate) struct Selection {
    keys: Vec<(String, Key)>,
}

impl Selection {
    fn new(menu: &CompiledMenu, proplist: Option<String>) -> Self {
        let keys = match proplist {
            // An unknown name is ignored on 7.x (reference 1.7).
            Some(list) => list
                .split(',')
                .map(|name| (name.to_owned(), Key::find(menu, name.as_bytes())))
                .filter(|(_, key)| !matches!(key, Key::Unknown))
                .collect(),
            None => {
                let id = menu.is_list().then(|| (".id".to_owned(), Key::Id));
                // Seen in a full print of routing menus only (sample row of /routing/rule).
                let next = (menu.menu.ordered && menu.path().starts_with("/routing/"))
                    .then(|| (".nextid".to_owned(), Key::NextId));
                let fields = menu
                    .fields()
                    .iter()
                    .enumerate()
                    .map(|(ix, field)| (field.name.to_owned(), Key::Field(ix as u16)));
                id.into_iter().chain(next).chain([(".about".to_owned(), Key::About)]).chain(fields).collect()
            }
        };
        Selection { keys }
    }

    pub(crate) fn write(&self, view: &RowView<'_>, out: &mut Replies) {
        out.begin("!re");
        for (name, key) in &self.keys {
            if let Some(value) = view.get(key) {
                out.attribute(name, &value);
            }
        }
        out.end();
    }
}

/// What a follower needs to go on.
pub(crate) struct Follow {
    pub(crate) menu: Arc<CompiledMenu>,
    pub(crate) selection: Selection,
    pub(crate) query: Query,
    pub(crate) sensitive: bool,
    pub(crate) tag: Option<Vec<u8>>,
}

pub(super) fn print(
    router: &Router,
    caller: &Caller,
    menu: &Arc<CompiledMenu>,
    request: &Request,
    out: &mut Replies,
) -> Result<Answer, Trap> {
    let known = print_arguments(&menu.menu, router.minor());
    for (name, _) in &request.arguments {
        // An item may be named, which prints that one.
        let names_item = menu.is_list() && matches!(name.as_str(), ".id" | "numbers");
        // Singletons take a choice of properties over the API too.
        let chooses = matches!(name.as_str(), ".proplist" | "proplist");
        if !names_item && !chooses && !known.contains(&name.as_str()) {
            return Err(Trap::with(ErrorId::UnknownParameter, name));
        }
    }
    let sensitive = caller.may("sensitive");
    let query = Query::parse(&request.queries, menu);
    let proplist = request.text(".proplist").or_else(|| request.text("proplist"));
    let selection = Selection::new(menu, proplist);
    let follow_only = flag(request, "follow-only");
    if !follow_only {
        let wanted = request.targets();
        let mut count = 0u64;
        let counting = flag(request, "count-only");
        for_each(router, menu, caller, |row| {
            let view = RowView { router, menu, row, sensitive };
            let named = wanted
                .as_ref()
                .is_none_or(|ids| ids.iter().any(|id| id.as_ref() == format_id(row.id).as_bytes()));
            if named && query.passes(&view) {
                count += 1;
                if !counting {
                    selection.write(&view, out);
                }
            }
        });
        if counting {
            return Ok(Answer::ret(count.to_string()));
        }
        // Since 7.18 a query that matched nothing says so (reference 1.3).
        if count == 0 && !query.is_empty() && router.minor() >= 18 {
            out.bare("!empty");
        }
    }
    if follow_only || flag(request, "follow") {
        let tag = request.tag.clone();
        let follow = Follow { menu: menu.clone(), selection, query, sensitive, tag };
        return Ok(Answer { ret: None, then: Then::Follow(Box::new(follow)) });
    }
    Ok(Answer::done())
}

/// A flag argument is there, and not switched off.
fn flag(request: &Request, name: &str) -> bool {
    request.argument(name).is_some_and(|value| !matches!(value.as_ref(), b"no" | b"false"))
}

impl Follow {
    /// Computed rows as they print now, by id.
    pub(crate) fn computed(&self, router: &Router, caller: &Caller) -> BTreeMap<u32, Replies> {
        let mut shown = BTreeMap::new();
        if !derive::computes_rows(&self.menu) {
            return shown;
        }
        for row in derive::rows(router, &self.menu, caller) {
            let view = RowView { router, menu: &self.menu, row: &row, sensitive: self.sensitive };
            if self.query.passes(&view) {
                let mut replies = Replies::new(self.tag.clone());
                self.selection.write(&view, &mut replies);
                shown.insert(row.id, replies);
            }
        }
        shown
    }
}

/// Every row that a menu prints, computed ones after stored ones.
pub(crate) fn for_each(router: &Router, menu: &CompiledMenu, caller: &Caller, mut each: impl FnMut(&Row)) {
    for row in router.stored(menu) {
        each(row);
    }
    for row in derive::rows(router, menu, caller) {
        each(&row);
    }
}

/// `listen` is `print follow-only` (reference 1.6).
pub(super) fn listen(
    router: &Router,
    caller: &Caller,
    menu: &Arc<CompiledMenu>,
    request: &Request,
    out: &mut Replies,
) -> Result<Answer, Trap> {
    if !menu.is_list() {
        return Err(Trap::new(ErrorId::FollowOnly));
    }
    let mut request = request.clone();
    request.arguments.push(("follow-only".to_owned(), bytes::Bytes::new()));
    print(router, caller, menu, &request, out)
}

/// `find` answers the ids; over the API it takes queries like print.
pub(super) fn find(router: &Router, caller: &Caller, menu: &CompiledMenu, request: &Request) -> Answer {
    let query = Query::parse(&request.queries, menu);
    let mut ids = Vec::new();
    for_each(router, menu, caller, |row| {
        if query.passes(&RowView { router, menu, row, sensitive: caller.may("sensitive") }) {
            ids.push(format_id(row.id));
        }
    });
    Answer::ret(ids.join(";"))
}

/// `get` answers one property, or all of them as one text.
pub(super) fn get(
    router: &Router,
    caller: &Caller,
    menu: &CompiledMenu,
    request: &Request,
) -> Result<Answer, Trap> {
    let name = request.text("value-name");
    let wanted = request.targets().or_else(|| request.argument("number").map(|number| vec![number.clone()]));
    let mut found = None;
    for_each(router, menu, caller, |row| {
        let view = RowView { router, menu, row, sensitive: caller.may("sensitive") };
        let is_wanted = !menu.is_list()
            || wanted.as_ref().and_then(|wanted| wanted.first()).is_some_and(|item| {
                **item == *format_id(row.id).as_bytes()
                    || menu
                        .name_field
                        .and_then(|ix| view.get(&Key::Field(ix)))
                        .is_some_and(|shown| *shown == **item)
            });
        if is_wanted && found.is_none() {
            found = Some(match &name {
                Some(name) => view.get(&Key::find(menu, name.as_bytes())).map(|value| value.into_owned()),
                None => {
                    let pairs = menu.fields().iter().enumerate().filter_map(|(ix, field)| {
                        let value = view.get(&Key::Field(ix as u16))?;
                        Some(format!("{}={}", field.name, String::from_utf8_lossy(&value)))
                    });
                    Some(pairs.collect::<Vec<_>>().join(";").into_bytes())
                }
            });
        }
    });
    match (found, name) {
        (None, _) => Err(Trap::new(ErrorId::NoSuchItem)),
        (Some(_), Some(name)) if matches!(Key::find(menu, name.as_bytes()), Key::Unknown) => {
            Err(Trap::new(ErrorId::UnknownValueName))
        }
        (Some(value), _) => Ok(Answer::ret(value.unwrap_or_default())),
    }
}
