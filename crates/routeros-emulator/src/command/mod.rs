//! Commands: pure functions of a router's state, a caller and a request.

mod actions;
mod add;
mod arrange;
mod bgp;
mod certificate;
mod dispatch;
mod export;
mod files;
mod hooks;
mod inspect;
mod monitor;
mod ping;
mod print;
mod query;
mod remove;
mod replies;
mod request;
mod samples;
mod script;
mod set;
mod target;
mod view;

pub(crate) use actions::lone_commands;
pub(crate) use add::add_row;
pub(crate) use dispatch::execute;
pub(crate) use files::CONTENTS_LIMIT;
pub(crate) use hooks::host_of;
pub(crate) use monitor::Monitor;
pub(crate) use print::{Follow, for_each};
pub(crate) use replies::Replies;
pub(crate) use request::Request;
pub(crate) use script::run as run_script;
pub(crate) use view::{Key, RowView};

use crate::errors::Trap;

/// What a command that went well answers.
pub(crate) struct Answer {
    pub(crate) ret: Option<Vec<u8>>,
    pub(crate) then: Then,
}

/// What the session does after the replies.
pub(crate) enum Then {
    /// `!done` goes out.
    Done,
    /// Goes on until cancelled.
    Follow(Box<Follow>),
    /// Goes on with samples until it ends by itself or is cancelled.
    Sample(Box<Monitor>),
    /// The router goes down and comes up again.
    Reboot,
    /// The router goes down.
    Shutdown,
}

impl Answer {
    fn done() -> Self {
        Answer { ret: None, then: Then::Done }
    }

    fn ret(value: impl Into<Vec<u8>>) -> Self {
        Answer { ret: Some(value.into()), then: Then::Done }
    }
}

/// Several targets may fail each for itself (reference 1.3).
pub(crate) type Outcome = Result<Answer, Vec<Trap>>;
