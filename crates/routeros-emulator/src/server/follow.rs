//! What somebody who follows a menu hears.

use super::connection::Output;
use crate::command::{Follow, Replies, RowView};
use crate::state::{Change, Router, Row};

/// What a follower hears of a change: the row as it is now, or that it is dead (reference 1.6).
pub(super) fn follow_change(
    router: &Router,
    follow: &Follow,
    change: &Change,
    tag: &Option<Vec<u8>>,
) -> Option<Output> {
    let menu = &follow.menu;
    let concerns = |row: &Row| menu.menu.view || row.menu == menu.path();
    if menu.menu.space != change.space
        || !change.after.as_ref().or(change.before.as_ref()).is_some_and(concerns)
    {
        return None;
    }
    let mut replies = Replies::new(tag.clone());
    match &change.after {
        Some(row) => {
            let view = RowView { router, menu, row, sensitive: follow.sensitive };
            if !follow.query.passes(&view) {
                return None;
            }
            follow.selection.write(&view, &mut replies);
        }
        None => {
            replies.begin("!re");
            replies.attribute(".id", crate::value::format_id(change.id).as_bytes());
            replies.attribute(".dead", b"true");
            replies.end();
        }
    }
    Some(Output { tag: tag.clone(), replies, sent: 0 })
}
