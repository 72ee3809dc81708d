//! Commands under way: who waits for which tag.

use std::collections::HashMap;
use std::sync::Arc;

use routeros_wire::{ReplyKind, Sentence};
use tokio::sync::{mpsc, oneshot};
use tracing::debug;

use crate::login::fatal_reason;
use crate::{Error, LostCause, Reply, Row, Trap, Traps};

/// Who gets a command's replies.
pub(crate) enum Sink {
    /// One answer when the command has ended.
    Collect { rows: Vec<Row>, answer: oneshot::Sender<Result<Reply, Error>> },
    /// Rows as they come, then how it ended.
    Stream { rows: mpsc::Sender<Row>, end: oneshot::Sender<Result<(), Error>> },
    /// Nobody any more; the tag stays taken until the router has ended the command.
    Nobody,
}

/// One command between being queued and its `!done`.
pub(crate) struct Pending {
    pub(crate) command: Arc<str>,
    pub(crate) sink: Sink,
    pub(crate) many_targets: bool,
    pub(crate) traps: Vec<Trap>,
}

impl Pending {
    fn finish(self, done: Sentence) {
        let result = if self.traps.is_empty() {
            Ok(())
        } else {
            let partial = self.many_targets;
            Err(Error::Trap { command: self.command, traps: Traps(self.traps), partial })
        };
        match self.sink {
            Sink::Collect { rows, answer } => {
                _ = answer.send(result.map(|()| Reply { rows, done: Row::new(done) }));
            }
            Sink::Stream { end, .. } => _ = end.send(result),
            Sink::Nobody => {}
        }
    }

    /// Ends a command that will get no reply any more.
    pub(crate) fn fail(self, error: impl FnOnce(Arc<str>) -> Error) {
        match self.sink {
            Sink::Collect { answer, .. } => _ = answer.send(Err(error(self.command))),
            Sink::Stream { end, .. } => _ = end.send(Err(error(self.command))),
            Sink::Nobody => {}
        }
    }
}

/// A reply that asks for something to be done.
#[derive(Debug)]
pub(crate) enum Event {
    /// This stream's reader is too far behind; it has been told, and the command must be cancelled.
    Cancel(u64),
    /// The session is over.
    Over(LostCause),
}

/// All commands under way on one connection, by tag.
#[derive(Default)]
pub(crate) struct PendingSet {
    /// With each command the position of its first byte in everything ever queued for this connection.
    commands: HashMap<u64, (u64, Pending)>,
}

impl PendingSet {
    /// Registers a command; its tag must be registered before its bytes leave, or a fast reply is lost.
    pub(crate) fn insert(&mut self, tag: u64, start: u64, pending: Pending) {
        self.commands.insert(tag, (start, pending));
    }

    pub(crate) fn contains(&self, tag: u64) -> bool {
        self.commands.contains_key(&tag)
    }

    /// Nobody waits for this tag's replies any more.
    pub(crate) fn abandon(&mut self, tag: u64) {
        if let Some((_, pending)) = self.commands.get_mut(&tag) {
            pending.sink = Sink::Nobody;
        }
    }

    /// Hands a sentence from the router to whom it belongs.
    pub(crate) fn dispatch(&mut self, sentence: Sentence) -> Option<Event> {
        let kind = ReplyKind::of(&sentence);
        if kind == ReplyKind::Fatal {
            return Some(Event::Over(LostCause::Fatal(fatal_reason(&sentence))));
        }
        let tag = sentence.tag().and_then(parse_tag);
        let Some((tag, (_, pending))) = tag.and_then(|tag| Some((tag, self.commands.get_mut(&tag)?))) else {
            debug!(?kind, "reply to no command of this connection passed over");
            return None;
        };
        match kind {
            ReplyKind::Re => return pending.row(Row::new(sentence)).then_some(Event::Cancel(tag)),
            ReplyKind::Trap => pending.traps.push(Trap::from_sentence(&sentence)),
            ReplyKind::Done => {
                if let Some((_, pending)) = self.commands.remove(&tag) {
                    pending.finish(sentence);
                }
            }
            ReplyKind::Empty | ReplyKind::Other | ReplyKind::Fatal => {}
        }
        None
    }

    /// Fails everything: `written` bytes have, or may have, left this process.
    pub(crate) fn lose_all(self, written: u64, cause: &LostCause) {
        for (start, pending) in self.commands.into_values() {
            pending.fail(|command| Error::lost(command, start < written, cause.clone()));
        }
    }
}

impl Pending {
    /// Takes a row; true when its reader is too far behind and the stream was given up.
    fn row(&mut self, row: Row) -> bool {
        match &mut self.sink {
            Sink::Collect { rows, .. } => rows.push(row),
            Sink::Stream { rows, .. } => {
                let backlog = match rows.try_send(row) {
                    Ok(()) => return false,
                    Err(mpsc::error::TrySendError::Full(_)) => rows.max_capacity(),
                    // The reader is gone; its cancel is on the way.
                    Err(mpsc::error::TrySendError::Closed(_)) => return false,
                };
                if let Sink::Stream { end, .. } = std::mem::replace(&mut self.sink, Sink::Nobody) {
                    _ = end.send(Err(Error::Backlog { command: self.command.clone(), backlog }));
                }
                return true;
            }
            Sink::Nobody => {}
        }
        false
    }
}

fn parse_tag(tag: &[u8]) -> Option<u64> {
    std::str::from_utf8(tag).ok()?.parse().ok()
}
