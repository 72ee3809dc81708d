//! Commands that go on: what their session hears (reference 1.6).

use std::collections::BTreeMap;

use super::connection::{Connection, Output};
use crate::command::{Follow, Monitor, Replies, RowView};
use crate::state::{Caller, Change, Router, Row, Running};
use crate::value::format_id;

/// What a follower hears of a change: the row as it is now, or that it is dead.
pub(super) fn follow_change(router: &Router, follow: &Follow, change: &Change) -> Option<Output> {
    let menu = &follow.menu;
    let concerns = |row: &Row| menu.menu.view || row.menu == menu.path();
    if menu.menu.space != change.space
        || !change.after.as_ref().or(change.before.as_ref()).is_some_and(concerns)
    {
        return None;
    }
    let mut replies = Replies::new(follow.tag.clone());
    match &change.after {
        Some(row) => {
            let view = RowView { router, menu, row, sensitive: follow.sensitive };
            if !follow.query.passes(&view) {
                return None;
            }
            follow.selection.write(&view, &mut replies);
        }
        None => dead(change.id, &mut replies),
    }
    Some(output(follow, replies))
}

/// Rows that nobody writes: compared with what they were at the last look.
pub(super) struct Computed {
    caller: Caller,
    seen: BTreeMap<u32, Replies>,
}

impl Computed {
    pub(super) fn new(router: &Router, follow: &Follow, caller: Caller) -> Self {
        let seen = follow.computed(router, &caller);
        Self { caller, seen }
    }

    /// What became of them since.
    pub(super) fn changes(&mut self, router: &Router, follow: &Follow) -> Option<Output> {
        let now = follow.computed(router, &self.caller);
        let mut news = Replies::new(follow.tag.clone());
        for (id, row) in &now {
            if self.seen.get(id).is_none_or(|before| before.bytes() != row.bytes()) {
                news.append(row);
            }
        }
        // The oldest lines of the log go without a word.
        if follow.menu.path() != "/log" {
            self.seen.keys().filter(|id| !now.contains_key(id)).for_each(|id| dead(*id, &mut news));
        }
        self.seen = now;
        (news.len() > 0).then(|| output(follow, news))
    }
}

fn dead(id: u32, replies: &mut Replies) {
    replies.begin("!re");
    replies.attribute(".id", format_id(id).as_bytes());
    replies.attribute(".dead", b"true");
    replies.end();
}

fn output(follow: &Follow, replies: Replies) -> Output {
    Output { tag: follow.tag.clone(), replies, sent: 0, last: false }
}

impl Connection {
    /// Further samples come by the router's clock.
    pub(super) fn go_on(&mut self, tag: Option<Vec<u8>>, mut monitor: Box<Monitor>) {
        let changes = self.changes.0.clone();
        let sink_tag = tag.clone();
        let advance = move |router: &Router| {
            let mut replies = Replies::new(sink_tag.clone());
            let goes_on = monitor.advance(router, &mut replies);
            let silent = replies.len() == 0;
            let output = Output { tag: sink_tag.clone(), replies, sent: 0, last: !goes_on };
            goes_on & (silent || changes.send(output).is_ok())
        };
        self.shared.router().running.push(Running {
            session: self.session(),
            tag: tag.clone().unwrap_or_default(),
            advance: Box::new(advance),
        });
        self.following.push(tag);
    }

    /// Takes what a command that goes on has to say.
    pub(super) fn hear(&mut self, output: Output) {
        if output.last
            && let Some(at) = self.following.iter().position(|tag| *tag == output.tag)
        {
            self.following.swap_remove(at);
        }
        self.outputs.push(output);
    }

    /// What was said before now, so that nothing of it comes after a cancel.
    pub(super) fn hear_all(&mut self) {
        while let Ok(output) = self.changes.1.try_recv() {
            self.hear(output);
        }
    }
}
